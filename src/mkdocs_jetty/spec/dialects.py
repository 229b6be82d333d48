"""The keywords of Markdown with Gherkin, in every language of Gherkin's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gherkin.dialect import DIALECTS

_HEADING = re.compile(r"^[ >]*#{1,6}[ \t]*(?P<word>[^:#]{2,40}):")
_ITEM = re.compile(r"^[ >]*[*+-][ \t]+(?P<text>\S.*)$")


@dataclass(frozen=True)
class Spelling:
    """What headings and steps begin with, in one language."""

    language: str
    headings: Mapping[str, str]
    """Each keyword of a heading, and the kind of part that it opens."""
    steps: tuple[str, ...]
    """The keywords of steps, longest first, each with the blank behind it if it has one."""
    example: str
    """The keyword of a scenario that prose may begin with as well."""


@cache
def spelling(language: str) -> Spelling:
    """The keywords of Markdown with Gherkin in a language of Gherkin's."""
    dialect: Any = DIALECTS[language]
    kinds = {
        "feature": "Feature", "rule": "Rule", "background": "Background", "scenario": "Scenario",
        "scenarioOutline": "Scenario", "examples": "Examples",
    }  # fmt: skip
    headings = {word: kind for section, kind in kinds.items() for word in dialect[section]}
    steps = {word for section in ("given", "when", "then", "and", "but") for word in dialect[section]} - {"* "}
    return Spelling(language, headings, tuple(sorted(steps, key=len, reverse=True)), dialect["scenario"][0])


def language_of(lines: Sequence[str]) -> str:
    """The language whose keywords most headings and items begin with: Markdown has no place to name it."""
    headings = Counter(match["word"].strip() for line in lines if (match := _HEADING.match(line)))
    if not headings:
        return "en"
    items = [f"{match['text']} " for line in lines if (match := _ITEM.match(line))]

    def known(language: str) -> int:
        own = spelling(language)
        steps = sum(item.startswith(own.steps) for item in items)
        return steps + sum(count for word, count in headings.items() if word in own.headings)

    return max(DIALECTS, key=lambda language: (known(language), language == "en"))
