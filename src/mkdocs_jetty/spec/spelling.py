"""Find what was meant as Gherkin but is prose to the parser, so that it would silently not run.

Any line after a `Feature:`, `Rule:`, `Background:`, `Scenario:` or `Examples:` that begins with no keyword is a
description, and only some keywords count at each place. `Givn a cart`, `given a cart` and `- Given a cart` below a
scenario, or `Given a cart` below a feature, are steps that never run; `Scenario pay` swallows a whole scenario.

Descriptions are prose all the same, and prose may begin with `when` or `And`. What is certain is an error: a keyword
spelt wrong, or where none can stand. What may be either is a warning: there the lines around decide, how they end,
how they are indented, and whether the step below goes on from what seems lost. A line that begins with a full stop,
quotes or parentheses is prose: nobody begins a step like that.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from gherkin.dialect import Dialect

from mkdocs_jetty.spec.description import GOES_ON, Above, Line, described, seen_from_below
from mkdocs_jetty.spec.lookalikes import is_disguised, letters, odd_one
from mkdocs_jetty.spec.mistyped import is_mistyped

# `Scenaro:`, `Backgroud:` are this close to a keyword; some words that prose begins with are too.
RESEMBLES = 0.85
SHORT = 3
INNOCENT = frozenset({"rules", "features"})
STEP_KEYWORDS = ("and_keywords", "but_keywords", "given_keywords", "when_keywords", "then_keywords")
MORE, GIVEN = 0, 2
"""The places of `And` and `But`, and of the first that prose does not begin with, in the order of a scenario."""
ENGLISH_STEPS = ("Given", "When", "Then")
SECTION_KEYWORDS = (
    "rule_keywords",
    "background_keywords",
    "scenario_keywords",
    "scenario_outline_keywords",
    "examples_keywords",
)
# Beside the colon, those of East Asian keyboards and of other alphabets.
COLON = ":\uff1a\u2236\ua789\u02d0\ufe55"
SECTION = re.compile(rf"([^\W\d_][^{COLON}]{{0,30}}?)\s*[{COLON}](?P<name>.*)")
# List markers, marks of emphasis, arrows, invisible characters: not what a sentence or a remark begins with.
BULLET = re.compile(
    r"\A(?:[^\w.,;:!?\u2026'\"()\[\]{}<|/\\@#$%&\u201c-\u201f\u2018-\u201b\xab\xbb\xa1\xbf]|\d+[.)]|\[[ xX]?\])+"
)
EMPHASIS = re.compile(r"\A_+(\w+?)_+(?!\w)")
STRAY = re.compile(r"\A[.,;:!]+(?=\w)")
# What joins a keyword to a longer word: `Given's`, `Then-clause`.
GLUE = frozenset("'\u2019-_")
SENTENCES = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")
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

    @property
    def is_step(self) -> bool:
        """Whether it reads as a step, and not as the heading of a section."""
        return not self.keyword.endswith(":")


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
    above: Above = "goes on" if node["name"].endswith(GOES_ON) else "break"
    for line in described(node, lines):
        lost = None
        if line.text:
            lost = (
                words.lookalike(line)
                or words.heading(line, above)
                or words.step(line, above)
                or words.typo(line, above)
            )
        if lost:
            found.append(lost)
        above = "lost" if lost and lost.level == "error" else seen_from_below(line.text)
    return found


def meant(text: str, language: str) -> str | None:
    """The line that was meant by one that the parser refuses: `Then it holds` for `then it holds` and `Then: it holds`.

    Args:
        text: The line, without its indentation.
        language: The language of the block.

    Returns:
        The right line; None where it begins with nothing like a keyword, or is right in itself.
    """
    words = _words(language)
    bare = STRAY.sub("", _bare(text))
    first = next(words.corrections(bare), None)
    return first if first != text.strip() else None


# ---- the words of a language ----


@dataclass(frozen=True)
class _Keyword:
    text: str
    """As the parser wants it, mostly with a space at its end."""
    place: int
    """Where it stands in the order of a scenario; prose begins with the first two of `STEP_KEYWORDS` as well."""

    @property
    def word(self) -> str:
        return self.text.strip()

    @property
    def main(self) -> bool:
        return self.place >= GIVEN


@dataclass(frozen=True)
class _Words:
    steps: tuple[_Keyword, ...]
    """The longest first."""
    sections: tuple[str, ...]
    feature: str
    """The first word for a feature, which is one of the sections."""
    english: Mapping[str, str]
    """The main keywords of English that the language lacks, each with the language's own."""

    def lookalike(self, line: Line) -> Lost | None:
        """A keyword in letters that only look like its own."""
        bare = _bare(line.text)
        seen = letters(bare)
        for word in (*(f"{section}:" for section in self.sections), *(keyword.text for keyword in self.steps)):
            if _begins(seen, letters(word.strip()) + word[len(word.rstrip()) :]) and not _begins(bare, word):
                said = SECTION.match(bare)
                head = said[1] if word.endswith(":") and said else " ".join(bare.split()[: len(word.split())])
                if is_disguised(head) and letters(head) != head:
                    return _lost_letters(line, word.strip(), head)
        return None

    def heading(self, line: Line, above: Above) -> Lost | None:
        """A section's heading without its colon, spelt wrong, in lower case, or where none can stand."""
        match = SECTION.match(line.text)
        said = match[1].casefold() if match else ""
        numbered = any(char.isdigit() for char in said)
        close = [word for word in self.sections if not numbered and _resembles(said, word.casefold())]
        word = max(close, key=lambda word: _likeness(said, word.casefold())) if close and said not in INNOCENT else None
        word = word or (self.english.get(match[1]) if match else None)
        if match and word:
            level = self._heading_level(line, word, named=bool(match["name"].strip()))
            return _lost_heading(line, word, level) if level else None
        bare = _bare(line.text)
        named = next((word for word in self.sections if _begins(bare, f"{word} ")), None)
        level = self._bare_level(line, above, cased=bare.startswith(named)) if named else None
        return _lost_heading(line, named, level) if named and level else None

    def _heading_level(self, line: Line, word: str, *, named: bool) -> Level | None:
        """Tell how certain a heading with its colon is: `EXAMPLE:` with prose below it is prose itself."""
        exact = line.text.startswith(f"{word}:")
        if self._is_step(line.next) or line.next.startswith("|") or not line.next or (exact and word == self.feature):
            return "error"
        if self._is_heading(line.next):
            return "error" if named else "warning"
        certain: Level = "error" if named and line.steps else "warning"
        return certain if named or exact else None

    def _bare_level(self, line: Line, above: Above, *, cased: bool) -> Level | None:
        """Tell how certain a heading without its colon is: it stands alone, or above its steps."""
        if line.text.endswith(SENTENCES):
            return None
        alone = above in {"break", "lost"} and (line.ends or not line.below)
        if self._is_step(line.next) and (line.below or alone):
            if line.indent < line.next_indent or not line.steps:
                return "error"
            return "warning" if cased else None
        return "warning" if cased and alone and self._is_heading(line.next) else None

    def step(self, line: Line, above: Above) -> Lost | None:
        """A step where none can stand, or one whose keyword the parser does not take for one."""
        bare = _bare(line.text)
        if line.steps and self._is_step(STRAY.sub("", bare)):
            bare = STRAY.sub("", bare)
        found = ((each, text) for each in self.steps for text in (line.text, bare) if _begins(text, each.text))
        keyword, text = next(found, (None, ""))
        if keyword:
            said = text[: len(keyword.word)]
            cased = said == keyword.word or (said.isupper() and len(said) > 1)
            listed = text != line.text
            level = self._cased(line, above, keyword) if cased else self._in_lower_case(line, above, keyword, listed)
            return _lost_step(line, keyword.word, level) if level else None
        right = next((self.english.get(word) for word in ENGLISH_STEPS if bare.startswith(f"{word} ")), None)
        return _lost_step(line, right) if right else None

    def _cased(self, line: Line, above: Above, keyword: _Keyword) -> Level:
        """Tell how certain a step with its right keyword is: below a feature a sentence may begin like one."""
        if line.steps or above == "lost":
            return "error"
        sentence = (*line.rest[-1:], line.text)[0].endswith(SENTENCES) and not any(map(self._is_step, line.rest))
        return "warning" if sentence or not (keyword.main or above == "break") else "error"

    def _in_lower_case(self, line: Line, above: Above, keyword: _Keyword, listed: bool) -> Level | None:
        """Tell how certain a step in lower case is: the line of a sentence that goes on from the line above is none."""
        directly = line.steps and self._is_step(line.below)
        hangs = directly and line.indent > line.next_indent
        goes_on = directly and not hangs and self._goes_on(keyword, line.below)
        if above == "goes on" or (hangs and (above == "prose" or not keyword.main)):
            return None
        if above == "prose":
            return "error" if goes_on else "warning" if directly else None
        if above == "sentence" or listed or hangs or self._is_prose(line.below) or line.text.endswith(SENTENCES):
            return "error" if goes_on else "warning"
        return "error" if line.steps or above == "lost" or keyword.place == GIVEN else "warning"

    def _goes_on(self, keyword: _Keyword, below: str) -> bool:
        """Tell whether the step below goes on from a keyword: `Then` from `when`, and `And` from anything."""
        after = next((each.place for each in self.steps if below.startswith(each.text)), MORE)
        return not after >= GIVEN or keyword.place == GIVEN or (keyword.main and after > keyword.place)

    def _is_prose(self, text: str) -> bool:
        """Tell whether a line goes on with prose: neither a step, in whatever case, nor a heading."""
        return (
            text[:1].isalpha()
            and not self._is_heading(text)
            and not any(_begins(text, each.text) for each in self.steps)
        )

    def _is_step(self, text: str) -> bool:
        return text.startswith(("* ", *(keyword.text for keyword in self.steps)))

    def _is_heading(self, text: str) -> bool:
        return text.startswith(("@", *(f"{section}:" for section in self.sections)))

    def corrections(self, bare: str) -> Iterator[str]:
        """The lines that may be meant by one that cannot stand where it stands, the likeliest first."""
        match = SECTION.match(bare)
        said = match[1].casefold() if match else ""
        keyword = next((each for each in self.steps if each.word.casefold() == said), None)
        if match and keyword:
            yield f"{keyword.text}{match['name'].strip()}"
        close = [word for word in self.sections if _resembles(said, word.casefold())]
        section = max(close, key=lambda word: _likeness(said, word.casefold()), default=None)
        if match and section:
            yield f"{section}: {match['name'].strip()}".rstrip()
        section = next((word for word in self.sections if _begins(bare, f"{word} ")), None)
        if section and not match:
            yield f"{section}: {bare[len(section) :].strip()}".rstrip()
        first, _, rest = bare.partition(" ")
        found = (each for each in self.steps if _begins(bare, each.text) or is_mistyped(first, each.word))
        keyword = next(found, None)
        if keyword and rest:
            yield f"{keyword.text}{(bare[len(keyword.word) :] if _begins(bare, keyword.text) else rest).strip()}"
        elif first in self.english and rest:
            yield f"{self.english[first]} {rest}"

    def typo(self, line: Line, above: Above) -> Lost | None:
        """A step whose keyword is spelt wrong."""
        words = _bare(line.text).split()
        if len(words) < 2:  # noqa: PLR2004 - a step has a text
            return None
        listed = line.steps and above in {"break", "lost"} and self._is_step(line.below)
        if not (words[0][0].isupper() or (listed and line.indent <= line.next_indent)):
            return None
        keyword = next((each.word for each in self.steps if is_mistyped(words[0], each.word)), None)
        return _lost_step(line, keyword) if keyword else None


@lru_cache(maxsize=16)
def _words(language: str) -> _Words:
    dialect: Any = Dialect.for_name(language)
    steps = [_Keyword(text, place) for place, name in enumerate(STEP_KEYWORDS) for text in _keywords(dialect, [name])]
    # Further names of a feature (Ability, Business Need) are words that prose begins with.
    sections = [*_keywords(dialect, SECTION_KEYWORDS), dialect.feature_keywords[0]]
    return _Words(
        tuple(sorted(steps, key=lambda keyword: -len(keyword.text))),
        tuple(sorted(sections, key=len, reverse=True)),
        dialect.feature_keywords[0],
        _english(dialect, {*sections, *(keyword.word for keyword in steps)}),
    )


def _english(dialect: Any, own: Container[str]) -> dict[str, str]:
    pairs = []
    english: Any = Dialect.for_name("en")
    for name in (*STEP_KEYWORDS[GIVEN:], *SECTION_KEYWORDS, "feature_keywords"):
        [word, *_], [right, *_] = _keywords(english, [name]), _keywords(dialect, [name])
        pairs.append((word.strip(), right.strip()))
    return {word: right for word, right in pairs if word not in own}


def _keywords(dialect: Any, names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for name in names for word in getattr(dialect, name) if word.strip() != "*"))


def _bare(text: str) -> str:
    return EMPHASIS.sub(r"\1", BULLET.sub("", text, count=1))


def _begins(text: str, keyword: str) -> bool:
    """Tell whether a text begins with a keyword, in whatever case, and not with a longer word."""
    word = keyword.strip()
    if text[: len(word)].casefold() != word.casefold():
        return False
    after = text[len(word) : len(word) + 1]
    return not keyword.endswith(" ") or not after or (unicodedata.category(after)[0] not in "LMN" and after not in GLUE)


def _resembles(word: str, keyword: str) -> bool:
    return word == keyword or (len(word) > SHORT and _likeness(word, keyword) >= RESEMBLES)


def _likeness(word: str, keyword: str) -> float:
    return difflib.SequenceMatcher(None, word, keyword).ratio()


# ---- what is said of a line ----


def _lost_heading(line: Line, word: str, level: Level) -> Lost:
    keyword = f"{word}:"
    if line.text.startswith(keyword):
        return Lost(line.number, keyword, f"{READ_AS}: `{keyword}` cannot stand here; {OR_PROSE}", level)
    return Lost(line.number, keyword, f"{READ_AS}; if it should, begin it with `{keyword}`; {OR_PROSE}", level)


def _lost_step(line: Line, word: str, level: Level = "error") -> Lost:
    if not line.steps:
        advice = f"a step such as `{word}` belongs below a scenario or a background"
        return Lost(line.number, word, f"{READ_AS}: {advice}; {OR_PROSE}", level)
    return Lost(line.number, word, f"{READ_AS}; if it should, begin it with `{word} `; {OR_PROSE}", level)


def _lost_letters(line: Line, word: str, said: str) -> Lost:
    looks = f"its `{said}` only looks like `{word}`: it holds {odd_one(said, word)}"
    return Lost(line.number, word, f"{READ_AS}: {looks}; type `{word}` anew")
