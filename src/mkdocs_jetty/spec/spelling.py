"""Find what was meant as Gherkin but is prose to the parser, so that it would silently not run.

Any line after a `Feature:`, `Rule:`, `Background:`, `Scenario:` or `Examples:` that begins with no keyword is a
description, and only some keywords count at each place. `Givn a cart`, `given a cart` and `- Given a cart` below a
scenario, or `Given a cart` below a feature, are steps that never run; `Scenario pay` swallows a whole scenario.

Descriptions are prose all the same, and prose may begin with `when` or `And`. What is certain is an error wherever it
stands; what prose could begin with counts where it begins a paragraph, or stands right above a step.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from gherkin.dialect import Dialect

# `Givn`, `Gven`, `Whhen` are this close to a keyword; some words that prose begins with are too.
RESEMBLES = 0.85
SHORT = 3
INNOCENT = frozenset({"gives", "thens", "dan", "hewn", "tub", "rules", "features"})
MAIN_KEYWORDS = ("given_keywords", "when_keywords", "then_keywords")
ENGLISH_STEPS = ("Given", "When", "Then")
MORE_KEYWORDS = ("and_keywords", "but_keywords")
SECTION_KEYWORDS = (
    "rule_keywords",
    "background_keywords",
    "scenario_keywords",
    "scenario_outline_keywords",
    "examples_keywords",
)
# The second colon is the full-width one of East Asian keyboards.
SECTION = re.compile(r"([^\W\d_][^:\uff1a]{0,30}?)\s*[:\uff1a]")
BULLET = re.compile(r"\A[\W\d_]+")
# What joins a keyword to a longer word: `Given's`, `Then-clause`.
GLUE = frozenset("'\u2019-_")
SENTENCE_ENDS = (".", "!", "?", ":", "\u2026", "\u3002", "\uff01", "\uff1f")
READ_AS = "this line is read as description and does not run"
OR_PROSE = "if it is prose, begin it with another word"


Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Lost:
    """A line of a description that reads as specification."""

    line: int
    keyword: str
    """What it seems to begin with; the keyword of a section has its colon."""
    message: str
    level: Level = "error"


def misspelt(node: dict[str, Any], lines: Sequence[str], language: str) -> list[Lost]:
    """Find the description lines of a node that were meant as steps or as headings of a section.

    Args:
        node: A feature, rule, background, scenario, outline or examples of the syntax tree.
        lines: The lines of the file.
        language: The language of the block.
    """
    if not (node.get("description") or "").strip():
        return []
    words = _words(language)
    found = []
    above: _Above = "break"
    for line in _described(node, lines):
        lost = None
        if line.text:
            lost = words.heading(line, above) or words.step(line, above) or words.typo(line)
        if lost:
            found.append(lost)
        above = "lost" if lost else _as_above(line.text)
    return found


# ---- the lines of a description ----

_Above = Literal["break", "lost", "sentence", "prose"]


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    """Stripped, and every kind of space made one."""
    below: str
    """The next line that is no comment."""
    ends: bool
    """Whether the description ends with it."""
    steps: bool
    """Whether steps may follow the description."""


def _described(node: dict[str, Any], lines: Sequence[str]) -> Iterator[_Line]:
    """The lines from below a node's keyword to the last of its description; comments in between are left out."""
    described = {line.strip() for line in node["description"].split("\n")}
    number, text, first = 0, "", node["location"]["line"]
    for next_number, raw in enumerate((*islice(lines, first, None), ""), first + 1):
        below = raw.strip()
        if below.startswith("#"):
            continue
        if number:
            yield _Line(number, _plain(text), _plain(below), below not in described, "steps" in node)
        if below and below not in described:
            break
        number, text = next_number, below


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _as_above(text: str) -> _Above:
    if not text:
        return "break"
    return "sentence" if text.endswith(SENTENCE_ENDS) else "prose"


# ---- the words of a language ----


@dataclass(frozen=True)
class _Keyword:
    text: str
    """As the parser wants it, mostly with a space at its end."""
    main: bool
    """Whether it is a Given, When or Then: prose begins with And and But as well."""

    @property
    def word(self) -> str:
        return self.text.strip()


@dataclass(frozen=True)
class _Words:
    steps: tuple[_Keyword, ...]
    """The longest first."""
    sections: tuple[str, ...]
    english: Mapping[str, str]
    """The main keywords of English that the language lacks, each with the language's own."""

    def heading(self, line: _Line, above: _Above) -> Lost | None:
        """A section's heading without its colon, spelt wrong, in lower case, or where none can stand."""
        match = SECTION.match(line.text)
        said = match.group(1).casefold() if match else ""
        close = [word for word in self.sections if _resembles(said, word.casefold(), same=True)]
        if close and said not in INNOCENT:
            return _lost_heading(line, min(close, key=lambda word: word.casefold() != said))
        if match and match.group(1) in self.english:
            return _lost_heading(line, self.english[match.group(1)])
        bare = BULLET.sub("", line.text, count=1)
        named = next((word for word in self.sections if _begins(bare, f"{word} ")), None)
        return _lost_heading(line, named) if named and self._stands_alone(line, above, bare, named) else None

    def _stands_alone(self, line: _Line, above: _Above, bare: str, word: str) -> bool:
        if bare.rstrip(" :").casefold() == word.casefold() or self._is_step(line.below):
            return True
        alone = above in {"break", "lost"} and (line.ends or not line.below)
        return alone and not line.text.endswith(SENTENCE_ENDS)

    def step(self, line: _Line, above: _Above) -> Lost | None:
        """A step where none can stand, or one whose keyword the parser does not take for one."""
        bare = BULLET.sub("", line.text, count=1)
        found = ((each, text) for each in self.steps for text in (line.text, bare) if _begins(text, each.text))
        keyword, text = next(found, (None, ""))
        if keyword:
            level = self._level(line, above, keyword, text)
            return _lost_step(line, keyword.word, level) if level else None
        right = next((self.english.get(word) for word in ENGLISH_STEPS if bare.startswith(f"{word} ")), None)
        return _lost_step(line, right) if right else None

    def _level(self, line: _Line, above: _Above, keyword: _Keyword, text: str) -> Level | None:
        said = text[: len(keyword.word)]
        cased = said == keyword.word or (said.isupper() and len(said) > 1)
        if cased and (keyword.main or line.steps):
            return "error"
        sentence = cased and (above == "sentence" or line.text.endswith(SENTENCE_ENDS))
        if above != "prose" and not sentence:
            # A list in lower case below a feature is more often one of rules than one of steps.
            return "error" if cased or line.steps or text == line.text else "warning"
        if line.steps and self._is_step(line.below):
            return "error"
        return "warning" if cased else None

    def _is_step(self, text: str) -> bool:
        return text.startswith(("* ", *(keyword.text for keyword in self.steps)))

    def typo(self, line: _Line) -> Lost | None:
        """A step whose keyword is spelt wrong."""
        words = line.text.split()
        if len(words) < 2 or not words[0][0].isupper() or words[0].casefold() in INNOCENT:  # noqa: PLR2004 - a step has a text
            return None
        said = words[0].casefold()
        close = (each.word for each in self.steps if _resembles(said, each.word.casefold()))
        keyword = next(close, None)
        return _lost_step(line, keyword) if keyword else None


@lru_cache(maxsize=16)
def _words(language: str) -> _Words:
    dialect: Any = Dialect.for_name(language)
    steps = [
        *(_Keyword(text, main=True) for text in _keywords(dialect, MAIN_KEYWORDS)),
        *(_Keyword(text, main=False) for text in _keywords(dialect, MORE_KEYWORDS)),
    ]
    # Further names of a feature (Ability, Business Need) are words that prose begins with.
    sections = [*_keywords(dialect, SECTION_KEYWORDS), dialect.feature_keywords[0]]
    return _Words(
        tuple(sorted(steps, key=lambda keyword: -len(keyword.text))),
        tuple(sorted(sections, key=len, reverse=True)),
        _english(dialect, {*sections, *(keyword.word for keyword in steps)}),
    )


def _english(dialect: Any, own: Container[str]) -> dict[str, str]:
    pairs = []
    english: Any = Dialect.for_name("en")
    for name in (*MAIN_KEYWORDS, *SECTION_KEYWORDS, "feature_keywords"):
        [word, *_], [right, *_] = _keywords(english, [name]), _keywords(dialect, [name])
        pairs.append((word.strip(), right.strip()))
    return {word: right for word, right in pairs if word not in own}


def _keywords(dialect: Any, names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for name in names for word in getattr(dialect, name) if word.strip() != "*"))


def _begins(text: str, keyword: str) -> bool:
    """Whether a text begins with a keyword, in whatever case, and not with a longer word."""
    word = keyword.strip()
    if text[: len(word)].casefold() != word.casefold():
        return False
    after = text[len(word) : len(word) + 1]
    return not keyword.endswith(" ") or not after or (unicodedata.category(after)[0] not in "LMN" and after not in GLUE)


def _resembles(word: str, keyword: str, *, same: bool = False) -> bool:
    if word == keyword:
        return same
    swapped = sorted(word) == sorted(keyword)
    return swapped or (len(word) > SHORT and difflib.SequenceMatcher(None, word, keyword).ratio() >= RESEMBLES)


# ---- what is said of a line ----


def _lost_heading(line: _Line, word: str) -> Lost:
    keyword = f"{word}:"
    if line.text.startswith(keyword):
        return Lost(line.number, keyword, f"{READ_AS}: `{keyword}` cannot stand here; {OR_PROSE}")
    return Lost(line.number, keyword, f"{READ_AS}; if it should, begin it with `{keyword}`; {OR_PROSE}")


def _lost_step(line: _Line, word: str, level: Level = "error") -> Lost:
    if not line.steps:
        advice = f"a step such as `{word}` belongs below a scenario or a background"
        return Lost(line.number, word, f"{READ_AS}: {advice}; {OR_PROSE}", level)
    return Lost(line.number, word, f"{READ_AS}; if it should, begin it with `{word} `; {OR_PROSE}", level)
