"""Find doc strings that were left open: they end at the quotes of a later one, and what lies between is their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mkdocs_jetty.spec.description import indent, plain

SECTIONS = ("feature", "rule", "background", "scenario", "scenario_outline", "examples")
STEPS = ("given", "when", "then", "and", "but")


@dataclass(frozen=True)
class Swallowed:
    """What a doc string has taken in."""

    opened: int
    line: int
    text: str
    closed: int
    delimiter: str

    @property
    def message(self) -> str:
        """What is wrong and what would be right."""
        return (
            f"the doc string that opens here ends only in line {self.closed}, so `{self.text}` in line {self.line} is "
            f"its text and does not run; close it with `{self.delimiter}` above, or indent its text like its quotes"
        )


def swallowed(node: dict[str, Any], lines: Sequence[str], dialect: Any) -> list[Swallowed]:
    """Find the doc strings of a node's steps that hold a heading or a step left of their quotes.

    A text that is Gherkin itself is indented like its quotes, or stands left of them from its first line on.
    """
    with_text = [step for step in node["steps"] if "docString" in step]
    if not with_text:
        return []
    headings = tuple(f"{word}:" for name in SECTIONS for word in getattr(dialect, f"{name}_keywords"))
    steps = tuple(word for name in STEPS for word in getattr(dialect, f"{name}_keywords") if word.strip() != "*")
    found = []
    scenario = indent(lines[node["location"]["line"] - 1])
    for step in with_text:
        first, delimiter = step["docString"]["location"]["line"], step["docString"]["delimiter"]
        closed = first + step["docString"]["content"].count("\n") + 2
        around = (scenario, indent(lines[step["location"]["line"] - 1]))
        lost = _lost(lines[first : closed - 1], indent(lines[first - 1]), around, headings, steps)
        if lost is not None:
            found.append(Swallowed(first, first + 1 + lost, plain(lines[first + lost]), closed, delimiter))
    return found


def _lost(
    text: Sequence[str], quotes: int, around: tuple[int, int], headings: tuple[str, ...], steps: tuple[str, ...]
) -> int | None:
    """The first line that stands where the scenario or its steps do, once the text has begun at the quotes."""
    begun = False
    for number, raw in enumerate(text):
        if not raw.strip():
            continue
        column, line = indent(raw), plain(raw)
        begun = begun or column >= quotes
        heading = line.startswith(headings) and (begun or column == around[0])
        if column < quotes and (heading or (begun and line.startswith(steps) and column == around[1])):
            return number
    return None
