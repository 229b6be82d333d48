"""What keeps a feature, or the project, from its finish line, in lines of plain text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from mkdocs_jetty.judge.model import STANDARD_STATUSES, FeatureVerdict, ModeVerdict, StandardVerdict, Verdict
from mkdocs_jetty.judge.standards import open_standards
from mkdocs_jetty.judge.verdict import open_claims
from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import MODES


def missing(judged: FeatureVerdict, verdict: Verdict) -> list[str]:
    """Return what keeps a feature from its project's finish line, nearest first."""
    needed = MODES[: MODES.index(verdict.finish_line) + 1]
    lacks = [lack for mode in needed if (lack := lacking(mode, judged.modes[mode]))]
    if verdict.state == "external" and not judged.feature.traits_declared:
        lacks.append("traits are not declared, so nobody knows which standards apply")
    lacks += missing_standards(judged.standards)
    return lacks or ([] if judged.complete else ["not every standard that applies is met"])


def missing_standards(standards: Iterable[StandardVerdict]) -> list[str]:
    """The standards that nothing settles, one line for each state."""
    unsettled = [each for each in standards if not each.settled]
    return [
        f"standards {word}: {', '.join(named)}"
        for word in STANDARD_STATUSES
        if (named := [each.standard.id for each in unsettled if each.status == word])
    ]


def lacking(mode: str, found: ModeVerdict) -> str:
    """Return what a mode lacks; empty where it is green."""
    return {
        "none": f"no {mode} scenario",
        "red": f"{mode}: {found.passed} of {found.total} passed",
        "wip": f"{mode}: {found.passed} of {found.total} passed, the rest is known red",
        "flaky": f"{mode}: flaky, a scenario passed only after it had failed",
        "ambiguous": f"{mode}: ambiguous, several step definitions match a step",
        "unknown": f"{mode}: not run",
    }.get(found.status, "")


def gate_lines(verdict: Verdict, fail_on: Collection[str]) -> Iterator[str]:
    """Why the gate of `fail_on` is shut, beside what is red: each feature and the system, with what is missing."""
    if "flaky" in fail_on:
        for judged in verdict.features:
            yield from (
                f"{words.place(judged.feature, one.scenario)}: {words.title(one.scenario)}: flaky: "
                f"{words.attempts(one.result.attempts)}"
                for one in judged.scenarios
                if one.result.flaky
            )
    for judged in verdict.features:
        place = f"{judged.feature.page}: {judged.feature.name}"
        claims = open_claims(judged.scenarios)
        if "incomplete" in fail_on and not judged.complete:
            yield f"{place} is not complete: {'; '.join(missing(judged, verdict))}"
        elif "standards" in fail_on and (lacks := missing_standards(open_standards(judged.standards))):
            yield f"{place}: {'; '.join(lacks)}"
        elif "standards" in fail_on and claims:
            yield f"{place}: claimed and not proved: {', '.join(sorted(claims))}"
    if "standards" in fail_on:
        yield from (f"the system: {lack}" for lack in missing_standards(open_standards(verdict.standards)))
