"""Find what was meant as Gherkin but is prose to the parser, so that it would silently not run.

Any line after a `Feature:`, `Rule:`, `Background:` or `Scenario:` that begins with no keyword is a description.
`Givn a cart` there is a step that never runs, and `Scenaro: pay` swallows a whole scenario.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from gherkin.dialect import Dialect

# `Givn`, `Gven`, `Whhen` are this close to a keyword; some words that prose begins with are too.
RESEMBLES = 0.85
SHORT = 3
INNOCENT = frozenset({"gives", "thens"})
STEP_KEYWORDS = ("given_keywords", "when_keywords", "then_keywords", "and_keywords", "but_keywords")
SECTION_KEYWORDS = (
    "rule_keywords",
    "background_keywords",
    "scenario_keywords",
    "scenario_outline_keywords",
    "examples_keywords",
)
SECTION = re.compile(r"\s*([^\W\d_][^:]{2,30}?)\s*:")


def misspelt(node: dict[str, Any], lines: Sequence[str], language: str) -> list[tuple[int, str]]:
    """Find the description lines of a node that were meant as steps or as headings of a section.

    Args:
        node: A feature, rule, background, scenario or outline of the syntax tree.
        lines: The lines of the file.
        language: The language of the block.

    Returns:
        The number of each line, and how it should begin.
    """
    description = node.get("description") or ""
    if not description.strip():
        return []
    dialect: Any = Dialect.for_name(language)
    steps = _keywords(dialect, STEP_KEYWORDS)
    sections = _keywords(dialect, SECTION_KEYWORDS)
    found: list[tuple[int, str]] = []
    first = node["location"]["line"]
    described = {line.strip() for line in description.split("\n") if line.strip()}
    for number, text in enumerate(lines[first:], first + 1):
        if text.strip() and text.strip() not in described:
            break
        found.extend((number, keyword) for keyword in _meant(text, steps, sections))
    return found


def _meant(text: str, steps: Sequence[str], sections: Sequence[str]) -> list[str]:
    heading = SECTION.match(text)
    if heading:
        said = heading.group(1).lower()
        found = [f"{word}:" for word in sections if _resembles(said, word.lower(), same=True)]
        return sorted(found, key=lambda word: word.lower() != f"{said}:")[:1]
    words = text.split()
    if len(words) == 1 and words[0] in steps:
        return [f"{words[0]} …"]
    if len(words) < 2 or not words[0][0].isupper() or words[0].lower() in INNOCENT:  # noqa: PLR2004 - a step has a text
        return []
    return [word for word in steps if _resembles(words[0].lower(), word.lower())][:1]


def _keywords(dialect: Any, names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word.strip() for name in names for word in getattr(dialect, name) if word.strip() != "*"))


def _resembles(word: str, keyword: str, *, same: bool = False) -> bool:
    if word == keyword:
        return same
    swapped = sorted(word) == sorted(keyword)
    return swapped or (len(word) > SHORT and difflib.SequenceMatcher(None, word, keyword).ratio() >= RESEMBLES)
