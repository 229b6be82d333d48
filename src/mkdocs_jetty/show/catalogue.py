"""The step definitions of a project, as a glossary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.run.model import StepDefinition

_FIELD = re.compile(r"(?<!\{)\{(?P<name>[^{}:]*)(?::[^{}]*)?\}(?!\})")
"""A field of `parse` (https://github.com/r1chardj0n3s/parse#format-syntax)."""
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)")
"""A named group of a regular expression; within it, groups that hold none themselves."""


class Use(NamedTuple):
    """A step that a definition serves, or that none does."""

    text: str
    spans: tuple[tuple[int, ...], ...] | None
    href: str
    scenario: str


class Entry(NamedTuple):
    """A step definition and what is known of it."""

    place: str
    sentence: tuple[tuple[str, bool], ...]
    """What a step says: pieces of text, each with whether a value stands for it."""
    description: str
    uses: tuple[Use, ...]
    rival: bool
    """Whether another definition matches a step of its own."""


def render_steps(verdict: Verdict, url_for: Callable[[str], str] = quote, source_url: str | None = None) -> str:
    """The step definitions with the scenarios that use each, those that none uses, and the steps that have none."""
    uses: dict[str, dict[str, Use]] = {}
    undefined: dict[str, list[tuple[str, Use]]] = {}
    overridden: dict[str, str] = {}
    rivals: set[str] = set()
    for feature in verdict.features:
        page = url_for(feature.feature.page)
        for judged in feature.scenarios:
            for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (may be cut short)
                text = f"{step.keyword} {step.text}"
                moved = tuple(
                    (len(step.keyword) + 1 + start, len(step.keyword) + 1 + end) for start, end in result.spans or ()
                )
                spans = None if result.spans is None else moved
                use = Use(text, spans, f"{page}#{anchor(judged.scenario.id)}", words.title(judged.scenario))
                rivals.update(result.candidates)
                if result.overrides and result.definition:
                    overridden[result.overrides] = result.definition
                if result.definition:
                    uses.setdefault(result.definition, {}).setdefault(use.href, use)
                elif result.status == "undefined":
                    place = words.place(feature.feature, judged.scenario, step)
                    undefined.setdefault(text, []).append((place, use))
    known = {each.place: each for each in verdict.definitions}
    places = [*known, *(place for place in sorted(uses) if place not in known)]
    entries = [_entry(place, known.get(place), tuple(uses.get(place, {}).values()), rivals) for place in places]
    unused = _unused(verdict, known, uses)
    return render(
        "steps.html", used=[each for each in entries if each.uses],
        unused=[each for each in entries if each.place in unused],
        undefined=sorted(undefined.items()), overridden=sorted(overridden.items()), source_url=source_url,
    )  # fmt: skip


def sentence(definition: StepDefinition) -> tuple[tuple[str, bool], ...]:
    """What a step has to say to be served, as a person reads it: values by their names, no syntax of a pattern."""
    pattern, pieces, end = definition.pattern, [], 0
    regular = "(?P<" in pattern
    for match in (_GROUP if regular else _FIELD).finditer(pattern):
        pieces += [(_plain(pattern[end : match.start()], regular=regular), False), (match["name"] or "…", True)]
        end = match.end()
    pieces.append((_plain(pattern[end:], regular=regular), False))
    word = (definition.type or "*").capitalize()
    return ((f"{word} ", False), *((text, value) for text, value in pieces if text))


def _plain(text: str, *, regular: bool) -> str:
    if not regular:
        return text.replace("{{", "{").replace("}}", "}")
    return re.sub(r"\\([^\w\s])", r"\1", text.removeprefix("^").removesuffix("$"))


def _entry(place: str, definition: StepDefinition | None, uses: tuple[Use, ...], rivals: Iterable[str]) -> Entry:
    shown = sentence(definition) if definition else ((uses[0].text, False),)
    return Entry(place, shown, definition.description if definition else "", uses, place in rivals)


def _unused(verdict: Verdict, known: Mapping[str, StepDefinition], uses: Mapping[str, object]) -> set[str]:
    """The places of what serves no step; nobody can tell while a scenario has not run."""
    results = [judged.result for feature in verdict.features for judged in feature.scenarios]
    if any(result.status == "unknown" for result in results):
        return set()
    return {place for place, each in known.items() if not each.used and place not in uses}
