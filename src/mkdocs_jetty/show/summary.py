"""How a page and a project stand, in a colour, a word and a line: for navigations and logs."""

from __future__ import annotations

from typing import Literal

from mkdocs_jetty.judge.model import Verdict

Colour = Literal["red", "green", "amber", "grey"]


def page_colour(verdict: Verdict, path: str) -> Colour | None:
    """The colour of a page, by the worst that is on it; none for a page that specifies nothing."""
    here = verdict.by_page.get(path, ())
    judged = [item for feature in here for item in feature.scenarios]
    page = verdict.spec.by_path.get(path)
    if any(problem.level == "error" for problem in verdict.problems_by_page.get(path, ())):
        return "red"
    if not judged:
        return "grey" if page is not None and any(block.runs for block in page.blocks) else None
    if any(item.red and not item.known_red for item in judged):
        return "red"
    if any(item.known_red or (item.result.status == "passed" and not item.proven) for item in judged):
        return "amber"
    if any(item.result.status != "passed" for item in judged):
        return "grey"
    return "green" if all(standard.settled for feature in here for standard in feature.standards) else "amber"


def summary(verdict: Verdict) -> str:
    """The counts in one line."""
    counts = verdict.counts
    words = ("passed", "failed", "pending", "undefined", "ambiguous", "skipped", "unknown", "wip", "flaky")
    shown = [f"{counts[word]} {word}" for word in words if counts.get(word)]
    errors = sum(problem.level == "error" for problem in verdict.problems)
    shown += [f"{errors} problem{'s' * (errors != 1)}"] if errors else []
    return ", ".join(shown) or "no scenarios"
