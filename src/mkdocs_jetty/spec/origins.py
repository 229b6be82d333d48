"""Say where the lines of a converted text stand: in the page's file, in one that was included, or in none.

The text that a site converts is not always what a file holds: plugins and extensions put other files in, print what
code has made, or replace words. A message must name the line that its author can mend.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property

from mkdocs_jetty.spec.alignment import aligned, says_something
from mkdocs_jetty.spec.model import (
    Block,
    Feature,
    Page,
    Problem,
    Scenario,
    ShownExamples,
    ShownHeading,
    ShownItem,
    ShownScenario,
    Step,
)
from mkdocs_jetty.spec.names import FileRead
from mkdocs_jetty.spec.recording import Conversion

RESEMBLES = 0.4
"""Of two texts, one of which may be the other with some words filled in."""
FEW = 3
"""Lines of a file that says little."""
_BLANK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
MADE = " (no file holds this text: a plugin or a hook has made it)"
Texts = Callable[[], Sequence[tuple[str, Sequence[str]]]]
"""The files that may have been included: the name of each, and its lines."""


@dataclass(frozen=True)
class Origin:
    """Where a line stands."""

    line: int
    source: str | None = None
    """The file, where that is not the page's own."""
    made: bool = False
    """Whether no file holds it, so that only the nearest line of the page is known."""


class Lines:
    """Where the lines of a converted text stand, in a text that is a file's or the end of one."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def number(self, conversion: Conversion, index: int) -> int:
        """The number of a line, given its index among those in which fences are looked for."""
        written = next((place for at in range(index, -1, -1) if (place := conversion.written(at)) is not None), 0)
        return written + 1 + self.offset

    def settle(self, read: FileRead) -> FileRead:
        """Return what was read of the text, on the lines as their authors see them."""
        return read


class MovedLines(Lines):
    """Where the lines of a text stand that no file holds as a whole."""

    def __init__(self, page: str, raw: Sequence[str], body: Sequence[str], others: Texts) -> None:
        """Compare the text with the page's file.

        Args:
            page: The name of the page.
            raw: The lines that were converted.
            body: The lines of the page's file.
            others: The files that may have been included.
        """
        super().__init__()
        self._page = page
        self._raw = raw
        self._body = body
        self._others = others

    @cached_property
    def _own(self) -> list[int | None]:
        raw, body = _trimmed(self._raw), _trimmed(self._body)
        own = aligned(raw, body)
        for index in range(1, len(own)):
            before, place = own[index - 1], own[index]
            if (
                before is not None
                and place is not None
                and place > before + 1
                and _resembles(raw[index], body[before + 1])
            ):
                # Its own line with a word filled in, rather than a later one that is equal by chance.
                own[index] = before + 1
        return own

    @cached_property
    def _origins(self) -> list[Origin]:
        """The origin of each line of the text."""
        own = self._own
        origins = []
        start = 0
        while start < len(own):
            end = start + 1
            if own[start] is not None:
                origins.append(Origin(own[start] + 1))  # type: ignore[operator] # not None here
            else:
                while end < len(own) and own[end] is None:
                    end += 1
                origins += self._put_in(start, end)
            start = end
        return origins

    def _put_in(self, start: int, end: int) -> list[Origin]:
        """The origins of lines that stand between two lines of the page, or at one of its ends."""
        before = self._own[start - 1] if start else -1
        after = self._own[end] if end < len(self._own) else len(self._body)
        assert before is not None
        assert after is not None
        put_in, left_out = self._raw[start:end], self._body[before + 1 : after]
        if len(put_in) == len(left_out) and _resembles("\n".join(put_in), "\n".join(left_out)):
            return [Origin(before + 2 + index) for index in range(end - start)]
        return self._included(put_in, before + 1, after)

    def _included(self, lines: Sequence[str], start: int, end: int) -> list[Origin]:
        """The origins of lines that were put in the place of some of the page, by one file or by several."""
        found = _best(lines, self._others()) if lines else None
        if found is None:
            own = aligned(lines, self._body[start:end], anchors=False)
            nearest = [min(start + 1 + index, max(end, 1)) for index in range(len(lines))]
            return [
                Origin(line, made=True) if place is None else Origin(start + place + 1)
                for line, place in zip(nearest, own, strict=True)
            ]
        name, places = found
        first = next(index for index, place in enumerate(places) if place is not None)
        last = max(index for index, place in enumerate(places) if place is not None) + 1
        return [
            *self._included(lines[:first], start, end),
            *_filled(places[first:last], name),
            *self._included(lines[last:], start, end),
        ]

    def at(self, number: int) -> Origin:
        """Tell where a line of the text stands."""
        return self._origins[min(number, len(self._origins)) - 1] if self._origins else Origin(1)

    def on_page(self, number: int) -> int:
        """The line of the page that a line of the text stands for: for what was put in, the line that asks for it."""
        for index in range(min(number, len(self._origins)) - 1, -1, -1):
            origin = self._origins[index]
            if origin.source is None:
                return origin.line if index == number - 1 else min(origin.line + 1, len(self._body))
        return 1

    def settle(self, read: FileRead) -> FileRead:
        """Return what was read of the text, on the lines as their authors see them."""
        return replace(
            read,
            page=self._moved_page(read.page) if read.page else None,
            features=[self._feature(feature) for feature in read.features],
            problems=[self._problem(problem) for problem in read.problems],
        )

    def _problem(self, problem: Problem) -> Problem:
        if problem.line is None:
            return problem
        origin = self.at(problem.line)
        message = self._text(problem.message) + MADE * origin.made
        return replace(problem, page=origin.source or problem.page, line=origin.line, message=message)

    def _text(self, message: str) -> str:
        """A message whose lines are those that their authors see."""

        def moved(match: re.Match[str]) -> str:
            origin = self.at(int(match[1]))
            return f"line {origin.line}" + (f" of {origin.source}" if origin.source else "")

        return re.sub(r"\bline (\d+)\b", moved, message)

    def _feature(self, feature: Feature) -> Feature:
        scenarios = tuple(map(self._scenario, feature.scenarios))
        # What has no `Feature:` line of its own begins with the page.
        line = self.on_page(feature.line) if feature.line > 1 else 1
        return replace(feature, line=line, scenarios=scenarios)

    def _scenario(self, scenario: Scenario) -> Scenario:
        origin = self.at(scenario.line)
        return replace(
            scenario,
            line=origin.line,
            source=origin.source,
            row_line=self.at(scenario.row_line).line if scenario.row_line else None,
            defect_note=self._text(scenario.defect_note),
            steps=tuple(self._step(step, origin.source) for step in scenario.steps),
        )

    def _step(self, step: Step, source: str | None) -> Step:
        origin = self.at(step.line)
        return replace(step, line=origin.line, source=None if origin.source == source else origin.source or self._page)

    def _moved_page(self, page: Page) -> Page:
        return replace(page, blocks=tuple(map(self._block, page.blocks)))

    def _block(self, block: Block) -> Block:
        return replace(
            block,
            line=self.on_page(block.line),
            items=tuple(map(self._item, block.items)),
            problems=tuple(map(self._problem, block.problems)),
        )

    def _item(self, item: ShownItem) -> ShownItem:
        line = self.at(item.line).line
        if isinstance(item, ShownHeading):
            return replace(item, line=line)
        steps = tuple(replace(step, line=self.at(step.line).line) for step in item.steps)
        if isinstance(item, ShownScenario):
            return replace(item, line=line, steps=steps, examples=tuple(map(self._examples, item.examples)))
        return replace(item, line=line, steps=steps)

    def _examples(self, examples: ShownExamples) -> ShownExamples:
        return replace(examples, line=self.at(examples.line).line)


def lines_of(page: str, raw: Sequence[str], text: str | None, others: Texts) -> Lines:
    """Tell where the lines of a converted text stand.

    Args:
        page: The name of the page.
        raw: The lines that were converted.
        text: What the page's file holds, front matter included; None where there is no such file.
        others: The files that may have been included.
    """
    if text is None:
        return Lines()
    body, converted = _trimmed(text.split("\n")), _trimmed(raw)
    if body[len(body) - len(converted) :] == list(converted):
        return Lines(len(body) - len(converted))
    return MovedLines(page, raw, body, others)


def _trimmed(lines: Sequence[str]) -> list[str]:
    """The lines without the empty ones at the end, which plugins take away or add."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return list(lines[:end])


def _resembles(text: str, other: str) -> bool:
    """Tell whether a text is another one with some words changed, or filled in where it has a place for them."""
    parts = _BLANK.split(other)
    if len(parts) > 1 and re.search(r"\w", "".join(parts)):
        return re.fullmatch(".*".join(map(re.escape, parts)), text) is not None
    matcher = SequenceMatcher(None, text, other, autojunk=False)
    return matcher.real_quick_ratio() >= RESEMBLES and matcher.ratio() >= RESEMBLES


def _best(lines: Sequence[str], others: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, list[int | None]] | None:
    """The file that holds most of some lines, with their places in it; of equals the one that was opened last."""
    wanted = [line.strip() for line in lines]
    said = {line for line in wanted if says_something(line)}
    best, most = None, 0
    for name, text in reversed(others):
        there = [line.strip() for line in text]
        if len(said.intersection(there)) <= most:
            continue
        found = aligned(wanted, there)
        here = [index for index, place in enumerate(found) if place is not None and says_something(wanted[index])]
        # Within what it holds, no more than half may be another's.
        around = [line for line in wanted[here[0] : here[-1] + 1] if says_something(line)] if here else []
        # One line that is equal may be so by chance, unless the file holds little more.
        enough = len(here) > 1 or sum(map(says_something, there)) <= FEW
        if len(here) > most and enough and 2 * len(here) > len(around):
            best, most = (name, found), len(here)
    return best


def _filled(found: Sequence[int | None], name: str) -> list[Origin]:
    """Each line's origin; what was changed or put in between goes by the line before it."""
    first = next(place for place in found if place is not None)
    origins: list[Origin] = []
    last = first - 1
    for place in found:
        last = place if place is not None else min(last + 1, _next(found, len(origins), last + 1))
        origins.append(Origin(max(last, 0) + 1, name))
    return origins


def _next(found: Sequence[int | None], start: int, otherwise: int) -> int:
    return next((place for place in found[start:] if place is not None), otherwise)
