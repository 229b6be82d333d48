"""The verdict as HTML for the pages."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mkdocs_jetty.show import words
from mkdocs_jetty.show.rendering import STYLESHEET, render
from mkdocs_jetty.show.review import left_to_do
from mkdocs_jetty.show.standards_html import is_ready, missing, project_standards, render_standards
from mkdocs_jetty.show.views import BlockView, Failure, failures_of
from mkdocs_jetty.spec.model import MODES, Block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mkdocs_jetty.judge.model import FeatureVerdict, Verdict
    from mkdocs_jetty.run.model import StepResult

__all__ = [
    "STYLESHEET",
    "render_block",
    "render_failures",
    "render_overview",
    "render_standards",
    "render_status",
    "render_steps",
]

_FIRST_LINKS = 3
_CHIPS = (
    ("failed", "failed"), ("ambiguous", "ambiguous"), ("undefined", "undefined"), ("pending", "pending"),
    ("wip", "known red"), ("flaky", "flaky"), ("skipped", "skipped"), ("unknown", "not run"), ("passed", "passed"),
)  # fmt: skip


def render_block(verdict: Verdict, block: Block, source_url: str | None = None) -> str:
    """What stands where the fence stood."""
    if not block.runs:
        return render("example.html", block=block)
    if not block.items:
        return render("broken.html", block=block)
    return render("block.html", block=block, view=BlockView(verdict, block), source_url=source_url)


def _layers(feature: FeatureVerdict) -> list[tuple[str, words.Mark]]:
    return [(mode, words.mode_mark(feature.modes[mode])) for mode in MODES if mode in feature.modes]


def _not_green(feature: FeatureVerdict) -> list[dict[str, Any]]:
    open_ = [judged for judged in feature.scenarios if not judged.proven]
    open_.sort(key=lambda judged: (not judged.red, judged.known_red))
    return [
        {"judged": judged, "scenario": judged.scenario, "mark": words.scenario_mark(judged), "red": judged.red}
        for judged in open_
    ]


def render_status(verdict: Verdict, page: str) -> str:
    """Where the features of a page stand; empty for a page that specifies nothing."""
    features = verdict.by_page.get(page, ())
    problems = verdict.problems_by_page.get(page, ())
    if not features and not problems:
        return ""
    # What is wrong with a block is said where the block stands, and said once.
    in_blocks = verdict.problems_of_blocks.get(page, ())
    problems = tuple(problem for problem in problems if problem not in in_blocks)
    shown = [
        {"verdict": item, "layers": _layers(item), "missing": _not_green(item), "open": len(left_to_do(item))}
        for item in features
    ]
    return render(
        "status.html", verdict=verdict, features=shown, problems=problems, below=in_blocks, first=_FIRST_LINKS
    )


def _chips(counts: Mapping[str, int]) -> list[tuple[words.Mark, int]]:
    own = {key: words.MODE[key] for key in ("wip", "flaky")}
    marks: dict[str, words.Mark] = {str(status): mark for status, mark in words.STEP.items()} | own
    return [(marks[key]._replace(word=word), counts[key]) for key, word in _CHIPS if counts.get(key)]


def _answer(verdict: Verdict) -> tuple[str, str, str]:
    """The verdict in one sentence: its tone, its first words, the rest."""
    counts = {key: verdict.counts.get(key, 0) for key, _ in _CHIPS}
    named = {key: f"{counts[key]} {word}" for key, word in _CHIPS if counts[key]}
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


def _bar(feature: FeatureVerdict) -> list[tuple[str, float, float]]:
    """How much of a feature's scenarios and standards is what; what no scenario has shown stays empty."""
    whole = len(feature.scenarios) + len(left_to_do(feature))
    tones = Counter(words.scenario_mark(judged).tone for judged in feature.scenarios)
    bars, start = [], 0.0
    for tone in ("green", "red", "amber", "grey"):
        width = round(100 * tones[tone] / max(whole, 1), 2)
        if width:
            bars.append((tone, start, width))
        start += width
    return bars


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
    return "red", "Not ready for production" + (":" if said else "."), said + "." * bool(said)


def _regressions(verdict: Verdict) -> list[tuple[FeatureVerdict, list[dict[str, Any]]]]:
    """Features that were complete and whose first layer has turned red: nothing above it holds."""
    return [
        (feature, [entry for entry in _not_green(feature) if entry["scenario"].mode == "speed" and entry["red"]])
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
) -> str:
    """The dashboard: the answer first, then what has broken, then every feature and every standard.

    `problems` is off where the list of failures, which names them too, stands on the same page.
    """
    external = verdict.preset is not None
    tone, opening, rest = _readiness(verdict) if external else _answer(verdict)
    return render(
        "overview.html", verdict=verdict, tone=tone, opening=opening, rest=rest, chips=_chips(verdict.counts),
        complete=sum(feature.complete for feature in verdict.features), url_for=url_for, modes=MODES,
        rows=[(item, dict(_layers(item)), _bar(item), len(left_to_do(item))) for item in verdict.features],
        regressions=_regressions(verdict), missing=missing(verdict, url_for, "") if external else (),
        standards=project_standards(verdict, page, url_for) if external else None,
        problems=verdict.problems if problems else (), source_url=source_url,
    )  # fmt: skip


def render_failures(
    verdict: Verdict, url_for: Callable[[str], str] = quote, source_url: str | None = None, *, problems: bool = True
) -> str:
    """Everything that is not green, what is red by surprise first."""
    found: list[tuple[FeatureVerdict, dict[str, Any], tuple[Failure, ...]]] = []
    idle = 0
    for feature in verdict.features:
        for entry in _not_green(feature):
            judged = entry["judged"]
            # Where nothing is to run, each scenario is as every other: one sentence says it of all.
            if judged.result.cause == "execute-off" and not judged.result.message:
                idle += 1
            else:
                found.append((feature, entry, failures_of(feature.feature, judged)))
    found.sort(key=lambda item: ("red", "amber", "grey", "green").index(item[1]["mark"].tone))
    return render(
        "failures.html", found=found, idle=idle, problems=verdict.problems if problems else (), url_for=url_for,
        verdict=verdict, source_url=source_url,
    )  # fmt: skip


def render_steps(verdict: Verdict, source_url: str | None = None) -> str:
    """The step definitions that the run used, and the steps that have none."""
    uses: dict[str, list[str]] = {}
    undefined: dict[str, list[str]] = {}
    for feature in verdict.features:
        for judged in feature.scenarios:
            for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (a crash may cut it short)
                place = words.place(feature.feature, judged.scenario, step)
                _count_use(f"{step.keyword} {step.text}", place, result, uses, undefined)
    return render("steps.html", uses=sorted(uses.items()), undefined=sorted(undefined.items()), source_url=source_url)


def _count_use(
    text: str, place: str, result: StepResult, uses: dict[str, list[str]], undefined: dict[str, list[str]]
) -> None:
    if result.definition:
        uses.setdefault(result.definition, []).append(text)
    elif result.status == "undefined":
        undefined.setdefault(text, []).append(place)
