"""The whole project on one page: the answer, what needs a person, then every feature by its section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from mkdocs_jetty.show import words
from mkdocs_jetty.show.failures import cause_views, quiet_groups
from mkdocs_jetty.show.layers import Layer, layers, open_standards
from mkdocs_jetty.show.rendering import render
from mkdocs_jetty.show.review import left_to_do
from mkdocs_jetty.show.standards_html import is_ready, missing, project_standards
from mkdocs_jetty.show.trend import changed_in_words, name_of, trend
from mkdocs_jetty.spec.owners import OWNER_TAG

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
    from mkdocs_jetty.show.words import Mark

Place = tuple[int, str]
"""Where a page stands in the site: its rank, and the section it belongs to."""
FIRST_CAUSES = 5
"""How many causes the overview names; the page of failures has all."""
_LEVELS = ("none", "speed", "stable", "production")
_COUNTS = (
    ("failed", "failed"), ("ambiguous", "ambiguous"), ("undefined", "undefined"), ("pending", "pending"),
    ("wip", "known red"), ("flaky", "flaky"), ("skipped", "skipped"), ("unknown", "not run"), ("passed", "passed"),
)  # fmt: skip
_FILTERS: tuple[tuple[str, str, Mark], ...] = (
    ("red", "Red", words.MODE["red"]),
    ("wip", "Known red", words.MODE["wip"]),
    ("flaky", "Flaky or ambiguous", words.MODE["flaky"]),
    ("idle", "Not run", words.MODE["unknown"]),
    ("open", "Standards open", words.STANDARD["claimed"]._replace(icon="half")),
    ("complete", "Complete", words.MODE["green"]),
)
"""The chips: the word of a row that each shows, what it says, its mark."""


class Row(NamedTuple):
    """One feature as a row."""

    name: str
    href: str
    layers: tuple[Layer, ...]
    level: str
    states: tuple[str, ...]
    """The words that the chips filter by."""
    open: tuple[tuple[Mark, str], ...]
    """What is open, the worst first."""
    weight: int
    """How much is open, for sorting."""
    owner: str
    traits: tuple[str, ...]
    tags: tuple[str, ...]
    scenarios: int
    note: str


class Section(NamedTuple):
    """The features of one part of the site."""

    name: str
    rows: tuple[Row, ...]
    complete: int
    open: tuple[tuple[Mark, str], ...]
    worst: int


def sections(verdict: Verdict, url_for: Callable[[str], str], places: Mapping[str, Place]) -> list[Section]:
    """The features by the part of the site in which they stand, in its order; without one, by their folders."""
    grouped: dict[str, list[tuple[int, FeatureVerdict]]] = {}
    ranks: dict[str, int] = {}
    for number, feature in enumerate(verdict.features):
        rank, name = places.get(feature.feature.page) or (len(places) + number, _folder(feature.feature.page))
        grouped.setdefault(name, []).append((rank, feature))
        ranks[name] = min(rank, ranks.get(name, rank))
    names = sorted(grouped, key=ranks.__getitem__)
    return [
        _section(name, [each for _, each in sorted(grouped[name], key=lambda pair: pair[0])], verdict, url_for)
        for name in names
    ]


def _folder(page: str) -> str:
    parts = PurePosixPath(page).parent.parts
    return " / ".join(parts[1:] if len(parts) > 1 else ())


def _section(name: str, features: list[FeatureVerdict], verdict: Verdict, url_for: Callable[[str], str]) -> Section:
    rows = tuple(_row(feature, verdict, url_for) for feature in features)
    judged = [one for feature in features for one in feature.scenarios]
    return Section(
        name,
        rows,
        sum(feature.complete for feature in features),
        tuple(_open(judged, sum(map(open_standards, features)))),
        sum(one.red and not one.known_red for one in judged),
    )


def _row(feature: FeatureVerdict, verdict: Verdict, url_for: Callable[[str], str]) -> Row:
    left = open_standards(feature)
    tags = dict.fromkeys(tag for judged in feature.scenarios for tag in judged.scenario.tags)
    owners = dict.fromkeys(filter(None, (words.owner(feature.feature, one.scenario) for one in feature.scenarios)))
    return Row(
        name=feature.feature.name,
        href=url_for(feature.feature.page),
        layers=tuple(layers(feature, verdict.finish_line)),
        level=feature.level,
        states=tuple(_states(feature)),
        open=tuple(_open(feature.scenarios, left)),
        weight=_weight(feature, left),
        owner=", ".join(owners) or feature.feature.owner or "",
        traits=feature.feature.traits,
        tags=tuple(tag for tag in tags if not tag.startswith(OWNER_TAG)),
        scenarios=len(feature.scenarios),
        note="regression" if feature.regressed else "complete" if feature.complete else "",
    )


def _states(feature: FeatureVerdict) -> Iterable[str]:
    judged = feature.scenarios
    if any(one.red and not one.known_red for one in judged):
        yield "red"
    if any(one.known_red for one in judged):
        yield "wip"
    if any(one.result.status == "passed" and not one.proven for one in judged):
        yield "flaky"
    if any(one.result.status in ("skipped", "unknown") and not one.red for one in judged):
        yield "idle"
    if open_standards(feature):
        yield "open"
    if feature.complete:
        yield "complete"


def _open(judged: Iterable[JudgedScenario], standards: int) -> Iterable[tuple[Mark, str]]:
    counts: Counter[str] = Counter()
    for one in judged:
        if one.known_red:
            counts["known red"] += 1
        elif one.red:
            counts["red"] += 1
        elif one.result.status == "passed" and not one.proven:
            counts["flaky" if one.result.flaky else "ambiguous"] += 1
        elif one.result.status != "passed":
            counts["skipped" if one.result.status == "skipped" else "not run"] += 1
    marks = {
        "red": words.MODE["red"], "known red": words.MODE["wip"], "flaky": words.MODE["flaky"],
        "ambiguous": words.MODE["ambiguous"], "skipped": words.STEP["skipped"], "not run": words.STEP["unknown"],
    }  # fmt: skip
    yield from ((mark, f"{counts[kind]} {kind}") for kind, mark in marks.items() if counts[kind])
    if standards:
        yield words.Mark("grey", "half", ""), f"{words.plural(standards, 'standard')} open"


def _weight(feature: FeatureVerdict, standards: int) -> int:
    red = sum(one.red and not one.known_red for one in feature.scenarios)
    quiet = sum(not one.proven for one in feature.scenarios) - red
    return 10_000 * red + 100 * min(quiet, 99) + min(standards, 99)


# ---- the answer ----


def answer(verdict: Verdict) -> tuple[str, str, str]:
    """The verdict in one sentence: its tone, its first words, the rest."""
    return _readiness(verdict) if verdict.preset is not None else _whether_it_works(verdict)


def _whether_it_works(verdict: Verdict) -> tuple[str, str, str]:
    counts = {key: verdict.counts.get(key, 0) for key, _ in _COUNTS}
    named = {key: f"{counts[key]} {word}" for key, word in _COUNTS if counts[key]}
    errors = sum(problem.level == "error" for problem in verdict.problems)
    if verdict.red or errors:
        wrong = [text for key, text in named.items() if key not in ("passed", "skipped", "wip", "flaky")]
        wrong += [words.plural(errors, "problem")] if errors else []
        return "red", "Not everything works" + (":" if wrong else "."), ", ".join(wrong) + "." * bool(wrong)
    if not verdict.features:
        return "grey", "Nothing is specified yet.", ""
    if not counts["passed"]:
        idle = ", ".join(text for key, text in named.items() if key != "passed")
        return "grey", "Nothing is proven yet" + (":" if idle else "."), idle + "." * bool(idle)
    judged = [one for feature in verdict.features for one in feature.scenarios]
    doubtful = sum(not one.proven and one.result.status == "passed" and not one.result.flaky for one in judged)
    quiet = [f"{doubtful} {words.DOUBTFUL.word}"] if doubtful else []
    quiet += [named[key] for key in ("flaky", "wip", "skipped", "unknown") if key in named]
    if quiet:
        tone = "amber" if counts["wip"] or counts["flaky"] or doubtful else "grey"
        return tone, "All that ran works, but not everything is proven:", ", ".join(quiet) + "."
    return "green", "Everything specified here works.", ""


def _readiness(verdict: Verdict) -> tuple[str, str, str]:
    """The plain answer for a project whose finish line is production."""
    if is_ready(verdict):
        return "green", "Ready for production.", ""
    if not verdict.features:
        return "grey", "Nothing is specified yet.", ""
    unfinished = sum(not feature.complete for feature in verdict.features)
    standards = sum(len(left_to_do(feature)) for feature in verdict.features)
    system = sum(not item.settled for item in verdict.standards)
    reds = sum(judged.red and not judged.known_red for feature in verdict.features for judged in feature.scenarios)
    errors = sum(problem.level == "error" for problem in verdict.problems)
    parts = [
        f"{unfinished} of {words.plural(len(verdict.features), 'feature')} not complete" if unfinished else "",
        f"{words.plural(reds, 'scenario')} red" if reds else "",
        f"{words.plural(standards, 'standard')} of features open" if standards else "",
        f"{words.plural(system, 'standard')} of the system open" if system else "",
        words.plural(errors, "problem") if errors else "",
    ]
    said = ", ".join(filter(None, parts))
    tone = "red" if verdict.red else "amber"
    return tone, "Not ready for production" + (":" if said else "."), said + "." * bool(said)


# ---- the page ----


def regressions(verdict: Verdict) -> list[tuple[FeatureVerdict, list[JudgedScenario]]]:
    """Features that were complete and whose first layer has turned red: nothing above it holds."""
    return [
        (feature, [one for one in feature.scenarios if one.scenario.mode == "speed" and one.red])
        for feature in verdict.features
        if feature.regressed
    ]


def render_overview(
    verdict: Verdict,
    url_for: Callable[[str], str] = quote,
    source_url: str | None = None,
    *,
    page: str = "",
    problems: bool = True,
    places: Mapping[str, Place] | None = None,
    links: Mapping[str, str] | None = None,
) -> str:
    """The dashboard.

    Args:
        verdict: What is shown.
        url_for: The address of a page of the specification, from the page that is rendered.
        source_url: How a link to a line of the project's sources looks.
        page: The page that is rendered, relative to the project.
        problems: Off where the list of failures, which names them too, stands on the same page.
        places: Where each page stands in the site.
        links: The addresses of the pages `failures` and `steps`, where there are any.
    """
    external = verdict.preset is not None
    tone, opening, rest = answer(verdict)
    shown = sections(verdict, url_for, places or {})
    rows = [row for section in shown for row in section.rows]
    chips = [(key, word, mark, sum(key in row.states for row in rows)) for key, word, mark in _FILTERS]
    most = max((section.worst for section in shown), default=0)
    context: dict[str, Any] = {
        "chips": [chip for chip in chips if chip[3]],
        "causes": cause_views(verdict, url_for)[:FIRST_CAUSES],
        "cause_count": len(cause_views(verdict, url_for)) if verdict.red else 0,
        "trend": trend(verdict, sum(section.worst for section in shown)),
        "changed": changed_in_words(verdict),
        "quiet": [each for each in quiet_groups(verdict, url_for) if each.mark.tone == "amber"],
        "sections": shown,
        "opened": next((section.name for section in shown if section.worst == most and most), None),
        "owners": sorted({row.owner for row in rows if row.owner}),
        "traits": sorted({trait for row in rows for trait in row.traits}),
        "levels": [level for level in _LEVELS if any(row.level == level for row in rows)],
    }
    return render(
        "overview.html", verdict=verdict, tone=tone, opening=opening, rest=rest, url_for=url_for,
        complete=sum(feature.complete for feature in verdict.features), links=links or {},
        regressions=regressions(verdict), missing=missing(verdict, url_for, "") if external else (),
        standards=project_standards(verdict, page, url_for) if external else None,
        problems=verdict.problems if problems else (), source_url=source_url, name_of=name_of, **context,
    )  # fmt: skip
