"""The verdict as HTML for the pages.

Every text from a specification or a run is data: it is escaped where it is put out, and its line breaks become
character references, so that Markdown sees neither a blank line nor an indented one in what it is handed.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gherkin.dialect import Dialect
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.views import BlockView, Failure, failures_of
from mkdocs_jetty.spec.model import MODES, Block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mkdocs_jetty.judge.model import FeatureVerdict, Verdict
    from mkdocs_jetty.run.model import StepResult

_HERE = Path(__file__).parent
STYLESHEET = _HERE / "assets" / "jetty.css"

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Markdown keeps its own placeholders between control characters, and a lone surrogate cannot be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ARGUMENT = re.compile(
    r'"[^"\n]*"|(?<!\w)\'[^\'\n]*\'(?!\w)|(?P<placeholder><[^<>\s][^<>\n]*>)|(?<![\w.])\d+(?:[.,:]\d+)*%?(?!\w)'
)
_FIRST_LINKS = 3
_CHIPS = (
    ("failed", "failed"), ("ambiguous", "ambiguous"), ("undefined", "undefined"), ("pending", "pending"),
    ("wip", "known red"), ("skipped", "skipped"), ("unknown", "not run"), ("passed", "passed"),
)  # fmt: skip


def _data(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup()
    text = _UNPRINTABLE.sub("\ufffd", _ANSI.sub("", str(value).replace("\r\n", "\n").replace("\r", "\n")))
    return Markup(str(escape(text)).replace("\n", "&#10;"))  # noqa: S704 (escaped in this very line)


def _span(css: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(css, _data(text))


def _arguments(text: str) -> Markup:
    parts, end = [], 0
    for match in _ARGUMENT.finditer(text):
        css = "jetty-placeholder" if match["placeholder"] else "jetty-arg"
        parts += [_data(text[end : match.start()]), _span(css, match[0])]
        end = match.end()
    return Markup().join([*parts, _data(text[end:])])


@cache
def _keywords(language: str) -> re.Pattern[str]:
    dialect = Dialect.for_name(language) or Dialect.for_name("en")
    assert dialect is not None
    headings = (
        *dialect.feature_keywords, *dialect.rule_keywords, *dialect.background_keywords,
        *dialect.scenario_keywords, *dialect.scenario_outline_keywords, *dialect.examples_keywords,
    )  # fmt: skip
    steps = (
        *dialect.given_keywords, *dialect.when_keywords, *dialect.then_keywords,
        *dialect.and_keywords, *dialect.but_keywords,
    )  # fmt: skip
    spellings = sorted({f"{word}:" for word in headings} | set(steps), key=len, reverse=True)
    return re.compile(r"(\s*)(" + "|".join(map(re.escape, spellings)) + ")(.*)", re.DOTALL)


def _gherkin(source: str) -> Markup:
    """A source as it stands, with its keywords, tags, comments and values marked."""
    declared = re.search(r"^\s*#\s*language\s*:\s*([\w-]+)", source, re.MULTILINE)
    keywords = _keywords(declared[1] if declared else "en")
    lines = []
    for line in source.rstrip().splitlines():
        bare = line.lstrip()
        if bare.startswith(("#", "@")):
            lines.append(_span("jetty-comment" if bare[0] == "#" else "jetty-at", line))
        elif match := keywords.fullmatch(line):
            lines.append(_data(match[1]) + _span("jetty-keyword", match[2]) + _arguments(match[3]))
        else:
            lines.append(_arguments(line))
    return Markup("&#10;").join(lines)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        finalize=_data,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        arguments=_arguments, gherkin=_gherkin, paragraphs=_paragraphs, anchor=anchor,
        duration=words.duration, plural=words.plural,
    )  # fmt: skip
    return environment


def _render(template: str, **context: Any) -> str:
    rendered = _environment().get_template(template).render(**context)
    return "\n".join(line.strip() for line in rendered.split("\n") if line.strip())


def render_block(verdict: Verdict, block: Block) -> str:
    """What stands where the fence stood."""
    if not block.runs:
        return _render("example.html", block=block)
    if not block.items:
        return _render("broken.html", block=block)
    return _render("block.html", block=block, view=BlockView(verdict, block))


def _layers(feature: FeatureVerdict) -> list[tuple[str, words.Mark]]:
    return [(mode, words.mode_mark(feature.modes[mode])) for mode in MODES if mode in feature.modes]


def _not_passed(feature: FeatureVerdict) -> list[dict[str, Any]]:
    missing = [judged for judged in feature.scenarios if judged.result.status != "passed"]
    missing.sort(key=lambda judged: (not judged.red, judged.known_red))
    return [{"scenario": judged.scenario, "mark": words.scenario_mark(judged)} for judged in missing]


def render_status(verdict: Verdict, page: str) -> str:
    """Where the features of a page stand; empty for a page that specifies nothing."""
    features = [feature for feature in verdict.features if feature.feature.page == page]
    problems = [problem for problem in verdict.problems if problem.page == page]
    if not features and not problems:
        return ""
    shown = [{"verdict": item, "layers": _layers(item), "missing": _not_passed(item)} for item in features]
    return _render(
        "status.html", features=shown, problems=problems, finish_line=verdict.finish_line, first=_FIRST_LINKS
    )


def _chips(counts: Mapping[str, int]) -> list[tuple[words.Mark, int]]:
    marks = {str(status): mark for status, mark in words.STEP.items()} | {"wip": words.MODE["wip"]}
    return [(marks[key]._replace(word=word), counts[key]) for key, word in _CHIPS if counts.get(key)]


def _answer(verdict: Verdict) -> tuple[str, str, str]:
    """The verdict in one sentence: its tone, its first words, the rest."""
    counts = {key: verdict.counts.get(key, 0) for key, _ in _CHIPS}
    named = {key: f"{counts[key]} {word}" for key, word in _CHIPS if counts[key]}
    errors = sum(problem.level == "error" for problem in verdict.problems)
    if verdict.red or errors:
        wrong = [text for key, text in named.items() if key not in ("passed", "skipped", "wip")]
        wrong += [words.plural(errors, "problem")] if errors else []
        return "red", "Not everything works" + (":" if wrong else "."), ", ".join(wrong) + "." * bool(wrong)
    if not verdict.features:
        return "grey", "Nothing is specified yet.", ""
    if not counts["passed"]:
        idle = ", ".join(text for key, text in named.items() if key != "passed")
        return "grey", "Nothing is proven yet" + (":" if idle else "."), idle + "." * bool(idle)
    quiet = [named[key] for key in ("wip", "skipped", "unknown") if key in named]
    if quiet:
        return "amber" if counts["wip"] else "grey", "All that ran works, but not everything:", ", ".join(quiet) + "."
    return "green", "Everything specified here works.", ""


def _bar(feature: FeatureVerdict) -> list[tuple[str, float, float]]:
    tones = Counter(words.scenario_mark(judged).tone for judged in feature.scenarios)
    bars, start = [], 0.0
    for tone in ("green", "red", "amber", "grey"):
        width = round(100 * tones[tone] / max(len(feature.scenarios), 1), 2)
        if width:
            bars.append((tone, start, width))
        start += width
    return bars


def render_overview(verdict: Verdict, url_for: Callable[[str], str] = quote) -> str:
    """The dashboard: the answer first, then the counts, then every feature."""
    tone, opening, rest = _answer(verdict)
    return _render(
        "overview.html", verdict=verdict, tone=tone, opening=opening, rest=rest, chips=_chips(verdict.counts),
        complete=sum(feature.complete for feature in verdict.features), url_for=url_for, modes=MODES,
        rows=[(feature, dict(_layers(feature)), _bar(feature)) for feature in verdict.features],
    )  # fmt: skip


def render_failures(verdict: Verdict, url_for: Callable[[str], str] = quote) -> str:
    """Everything that has not passed, what is red by surprise first."""
    found: list[tuple[FeatureVerdict, dict[str, Any], tuple[Failure, ...]]] = []
    for feature in verdict.features:
        judged = {item.scenario.id: item for item in feature.scenarios}
        found += [
            (feature, entry, failures_of(feature.feature, judged[entry["scenario"].id]))
            for entry in _not_passed(feature)
        ]
    found.sort(key=lambda item: ("red", "amber", "grey", "green").index(item[1]["mark"].tone))
    return _render("failures.html", found=found, problems=verdict.problems, url_for=url_for, verdict=verdict)


def render_steps(verdict: Verdict) -> str:
    """The step definitions that the run used, and the steps that have none."""
    uses: dict[str, list[str]] = {}
    undefined: dict[str, list[str]] = {}
    for feature in verdict.features:
        for judged in feature.scenarios:
            for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (a crash may cut it short)
                place = f"{feature.feature.page}:{step.line}"
                _count_use(f"{step.keyword} {step.text}", place, result, uses, undefined)
    return _render("steps.html", uses=sorted(uses.items()), undefined=sorted(undefined.items()))


def _count_use(
    text: str, place: str, result: StepResult, uses: dict[str, list[str]], undefined: dict[str, list[str]]
) -> None:
    if result.definition:
        uses.setdefault(result.definition, []).append(text)
    elif result.status == "undefined":
        undefined.setdefault(text, []).append(place)
