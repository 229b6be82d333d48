"""What needs a person: red scenarios, those together that fail for one reason, and apart from them what is quiet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.causes import Cause, causes, generalised
from mkdocs_jetty.show.rendering import render
from mkdocs_jetty.show.snippets import render_snippets
from mkdocs_jetty.show.trend import red_builds
from mkdocs_jetty.show.views import Failure, failures_of

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import JudgedScenario, Verdict
    from mkdocs_jetty.show.words import Mark
    from mkdocs_jetty.spec.model import Feature, Step

_FIRST_LINE = 160
"""Characters of a message that stand in a heading."""


class Line(NamedTuple):
    """One scenario in a list."""

    href: str
    title: str
    feature: str
    owner: str
    note: str


class CauseView(NamedTuple):
    """Scenarios that are red for one reason, as shown."""

    anchor: str
    mark: Mark
    title: str
    lines: tuple[Line, ...]
    features: tuple[tuple[str, str, int], ...]
    """Name and address of each feature that it breaks, and how many of its scenarios; the most broken first."""
    owners: tuple[str, ...]
    since: str
    failures: tuple[Failure, ...]
    """Why the first of them is red."""
    snippet: str
    """A definition to start from, where a step has none."""
    first: str
    """The id of the first of them."""


class Quiet(NamedTuple):
    """What is not green and asks for nobody now."""

    mark: Mark
    word: str
    why: str
    lines: tuple[Line, ...]


def cause_views(verdict: Verdict, url_for: Callable[[str], str] = quote) -> list[CauseView]:
    """Every reason why something is red by surprise, the one that breaks most first."""
    found = [each for each in causes(verdict.features) if not each.scenarios[0][1].known_red]
    found.sort(key=lambda each: -len(each.scenarios))
    return [_cause_view(verdict, each, number, url_for) for number, each in enumerate(found, 1)]


def _cause_view(verdict: Verdict, cause: Cause, number: int, url_for: Callable[[str], str]) -> CauseView:
    feature, judged = cause.scenarios[0]
    counted = Counter(each.id for each, _ in cause.scenarios)
    by_id = {each.id: each for each, _ in cause.scenarios}
    owners = dict.fromkeys(filter(None, (words.owner(each, one.scenario) for each, one in cause.scenarios)))
    undefined = list(_undefined(judged)) if judged.result.status == "undefined" else []
    return CauseView(
        anchor=f"cause-{number}",
        mark=words.scenario_mark(judged),
        title=_title(cause),
        lines=tuple(_line(verdict, each, one, url_for) for each, one in cause.scenarios),
        features=tuple((by_id[key].name, url_for(by_id[key].page), count) for key, count in counted.most_common()),
        owners=tuple(owners),
        since=_since_all(verdict, cause),
        failures=failures_of(feature, judged),
        snippet=render_snippets(undefined) if undefined else "",
        first=judged.scenario.id,
    )


def _undefined(judged: JudgedScenario) -> Iterable[Step]:
    pairs = zip(judged.scenario.steps, judged.result.steps, strict=False)
    return (step for step, result in pairs if result.status == "undefined")


def _title(cause: Cause) -> str:
    """The reason as a heading; where several share it, without the values that they differ in."""
    judged = cause.scenarios[0][1]
    steps = list(_undefined(judged)) if judged.result.status == "undefined" else []
    if steps:
        return f"No definition serves: {steps[0].keyword} {steps[0].text}"
    failed = next(
        (
            (step, result)
            for step, result in zip(judged.scenario.steps, judged.result.steps, strict=False)
            if result.status not in ("passed", "unknown")
        ),
        None,
    )
    message = (failed[1].message if failed else None) or judged.result.message or ""
    first = next(iter(message.strip().splitlines()), "")
    if not first or first.startswith("assert "):
        first = f"{failed[0].keyword} {failed[0].text}" if failed else words.scenario_mark(judged).word
    first = generalised(first) if len(cause.scenarios) > 1 else first
    return first if len(first) <= _FIRST_LINE else first[: _FIRST_LINE - 1] + "…"


def _line(verdict: Verdict, feature: Feature, judged: JudgedScenario, url_for: Callable[[str], str]) -> Line:
    scenario = judged.scenario
    title = words.title(scenario)
    row = words.row_of(verdict.spec.by_path.get(feature.page), scenario)
    return Line(
        f"{url_for(feature.page)}#{anchor(scenario.id)}",
        f"{title}: {row}" if row and row not in title else title,
        feature.name,
        words.owner(feature, scenario),
        " · ".join(filter(None, (since(verdict, judged), _builds(verdict, judged)))),
    )


def _builds(verdict: Verdict, judged: JudgedScenario) -> str:
    """In how many builds in a row a scenario is red; empty where no earlier one is known."""
    if not verdict.builds.records or not judged.red or judged.known_red:
        return ""
    count = red_builds(verdict.builds, judged)
    return "new in this build" if count == 1 else f"{count} builds"


def since(verdict: Verdict, judged: JudgedScenario) -> str:
    """Since when a scenario is red, as the ledger has it: `17 Nov 2026 at 34f4a9e`; empty where it does not know."""
    known = verdict.history.get(judged.scenario.id)
    if known is None:
        return ""
    began = known.red_again[-1] if known.red_again else (known.red_on, known.red_commit)
    day, commit = began
    if day is None or (known.green_on and not known.red_again):
        return ""
    return f"{words.day(day)} at {commit}" if commit else words.day(day)


def _since_all(verdict: Verdict, cause: Cause) -> str:
    known = dict.fromkeys(filter(None, (since(verdict, judged) for _, judged in cause.scenarios)))
    return next(iter(known)) if len(known) == 1 else ""


def quiet_groups(verdict: Verdict, url_for: Callable[[str], str] = quote) -> list[Quiet]:
    """Return what somebody expects not to be green, or asked not to run: each kind together."""
    groups: dict[str, list[Line]] = {}
    for feature in verdict.features:
        for judged in feature.scenarios:
            if (kind := _kind(judged)) is not None:
                line = _line(verdict, feature.feature, judged, url_for)
                reason = judged.result.message if kind == "skipped" else ""
                groups.setdefault(kind, []).append(line._replace(note=reason or line.note))
    return [Quiet(mark, word, why, tuple(groups[kind])) for kind, (mark, word, why) in _QUIET.items() if kind in groups]


_QUIET: dict[str, tuple[Mark, str, str]] = {
    "wip": (words.MODE["wip"], "known red", "red by agreement, tagged @wip"),
    "flaky": (words.MODE["flaky"], "flaky", "failed first and then passed, which proves nothing"),
    "doubtful": (words.DOUBTFUL, "ambiguous, but passed", "several definitions match a step"),
    "skipped": (words.STEP["skipped"], "skipped", ""),
    "not-selected": (words.STEP["unknown"], "not selected", "left out by whoever ran it"),
    "execute-off": (words.STEP["unknown"], "not run", "execution is off"),
}


def _kind(judged: JudgedScenario) -> str | None:
    result = judged.result
    if judged.known_red:
        return "wip"
    if judged.red or judged.proven:
        return None
    if result.status == "passed":
        return "flaky" if result.flaky else "doubtful"
    return "skipped" if result.status == "skipped" else str(result.cause or "not-selected")


def render_failures(
    verdict: Verdict,
    url_for: Callable[[str], str] = quote,
    source_url: str | None = None,
    *,
    problems: bool = True,
    attached_at: str | None = None,
) -> str:
    """Everything that is not green: causes of red first, what is expected by somebody in closed groups.

    `problems` is off where the overview, which names them too, stands on the same page.
    """
    found: Sequence[CauseView] = cause_views(verdict, url_for)
    return render(
        "failures.html", causes=found, red=sum(len(each.lines) for each in found),
        quiet=quiet_groups(verdict, url_for), problems=verdict.problems if problems else (), verdict=verdict,
        source_url=source_url, attached_at=attached_at,
    )  # fmt: skip
