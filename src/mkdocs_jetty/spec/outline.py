"""Read scenarios that are written as plain Markdown, line by line: headings are keywords, list items are steps.

Two spellings are known: Cucumber's Markdown with Gherkin (`## Scenario: …`, `* Given …`) and OpenSpec's requirements
(`### Requirement: …`, `#### Scenario: …`, `- **WHEN** …`). Each line becomes a line of Gherkin with the same number, so
that all that holds for a block of Gherkin holds for it. Whether the page shows these lines as headings and list items
is for its conversion to say.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mkdocs_jetty.spec.dialects import language_of, spelling

MDG, OPENSPEC = "mdg", "openspec"
_REQUIREMENTS = {"Requirement": "Rule", "Scenario": "Scenario"}
_CAPITALS = re.compile(
    r"(?:(?P<bold>\*\*|__)(?P<marked>GIVEN|WHEN|THEN|AND|BUT):?(?P=bold)|(?P<plain>GIVEN|WHEN|THEN|AND|BUT)):?"
    r"(?:[ \t]+|$)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(?P<before>[ >]*)(?P<marks>#{1,6})(?P<gap>[ \t]*)(?P<text>[^#\s].*?)[ \t]*#*[ \t]*$")
_ATTRIBUTES = re.compile(r"[ \t]+\{:?[^{}]*\}$")
_ITEM = re.compile(r"^(?P<before>[ >]*)(?P<bullet>[*+-][ \t]+)(?P<text>\S.*)$")
_TAGS = re.compile(r"^[ >]*(?:`@[^`\s]+`[ \t,]*)+$")
_TAG = re.compile(r"`(@[^`\s]+)`")
_ROW = re.compile(r"^(?P<before>[ >]*)\|.*\|[ \t]*$")
_LINE_OF_DASHES = re.compile(r"[ >]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*")
_QUOTES = re.compile(r'^(?P<before>[ >]*)(?P<quotes>`{3,}|~{3,}|""")[ \t]*(?P<rest>.*)$')
_EMPHASIS = re.compile(r"^(\*\*|__|\*|_)(\w+):?\1:?")
_REMOVED = re.compile(r"(?:REMOVED|RENAMED)\s+Requirements\b", re.IGNORECASE)
_NUMBER = re.compile(r"^\d+[.)][ \t]+")
NO_LIST = "these steps are no list with bullets, so they do not run; begin each with `*` or `-`"
RESEMBLES = 0.8
TABLE_INDENT = 2


@dataclass
class Part:
    """What a heading opens: a feature, a rule, a background or a scenario with its examples."""

    kind: str
    level: int
    start: int
    """The index of the heading's line."""
    gherkin: list[tuple[int, str]]
    """Its lines in Gherkin, each with the index of the line that it stands for."""
    marks: list[int]
    """The lines that the page must show as what they are: the heading first."""
    items: list[int] = field(default_factory=list)
    """Those of `marks` that are steps."""
    examples: list[int] = field(default_factory=list)
    """Those of `marks` that are headings of examples."""
    rows: list[int] = field(default_factory=list)
    """Those of `marks` that are rows of tables."""
    quoted: list[tuple[int, int]] = field(default_factory=list)
    """Where its doc strings stand: the index of the opening line, and of the first line after."""
    around: tuple[Part, ...] = ()
    """The feature, the backgrounds and the rule that hold for it."""
    language: str = "en"
    last: int = 0
    """The index of the last line that a step goes on in."""
    listless: int | None = None
    """The index of the first line that is a step in all but its bullet."""

    @property
    def is_empty(self) -> bool:
        """Whether it has no step and may be prose; what says that it is a scenario is a promise."""
        word = self.gherkin[-1][1].partition(":")[0]
        return not self.items and (self.kind == "Background" or word == spelling(self.language).example)

    @property
    def end(self) -> int:
        """The index of the first line after it."""
        return max(self.gherkin[-1][0] + 1, self.last + 1, *(end for _, end in self.quoted), self.start + 1)


@dataclass(frozen=True)
class Slip:
    """A line that looks like part of a specification and is none."""

    index: int
    message: str
    level: Literal["error", "warning"] = "error"


def outline(lines: Sequence[str], fences: Collection[tuple[int, int]], syntax: Collection[str]) -> Outline:
    """Read the lines of a text.

    Args:
        lines: The lines.
        fences: Where fences stand: the index of the opening line, and of the first line after.
        syntax: Which spellings count.
    """
    read = Outline(lines, dict(fences), [each for each in (MDG, OPENSPEC) if each in syntax])
    read.read()
    return read


def may_hold(syntax: Collection[str]) -> list[str]:
    """Patterns of what a text holds in which such a specification could stand."""
    steps = r"^[ \t>]*[*+-][ \t]+\W*(?i:given|when)\b"
    if MDG in syntax:
        return [r"^[ \t>]*#{1,6}[ \t]*[^:#\n]{2,40}:", steps]
    return [rf"^[ \t>]*#{{1,6}}[ \t]*(?:{'|'.join(_REQUIREMENTS)}):", steps] if OPENSPEC in syntax else []


class Outline:
    """Goes through the lines once."""

    def __init__(self, lines: Sequence[str], fences: dict[int, int], syntax: Sequence[str]) -> None:
        self.parts: list[Part] = []
        self.slips: list[Slip] = []
        self._lines = lines
        self._fences = fences
        self._syntax = syntax
        self.language = language_of(lines) if MDG in syntax else "en"
        self._mdg = mdg = spelling(self.language)
        self._steps = mdg.steps if MDG in syntax else ()
        self._words = {**(mdg.headings if MDG in syntax else {}), **(_REQUIREMENTS if OPENSPEC in syntax else {})}
        self._feature: Part | None = None
        self._rule: Part | None = None
        self._backgrounds: list[Part] = []
        self._part: Part | None = None
        """The background or scenario that steps belong to."""
        self._tags: list[tuple[int, str]] = []
        self._removed = 0
        """The level of a heading whose requirements are none any more."""
        self._column = -1
        """Where the bullets of the present list of steps stand; -1 outside of one."""
        self._examples = -1
        """Where the heading of the present examples stands; -1 outside of them."""
        self._alone: list[tuple[int, str]] = []
        """Steps of a list that belongs to no scenario."""
        self._doubtful: tuple[int, str] | None = None
        """A heading that no keyword begins, though it looks so, and what would be right."""

    def read(self) -> None:
        """Go through the lines."""
        index, blank = 0, True
        while index < len(self._lines):
            line = self._lines[index]
            if not line.strip(" >\t"):
                index, blank = index + 1, True
                continue
            index, blank = self._line(index, line, blank=blank), False
        self._leave_list()
        for part in [each for each in self.parts if each.is_empty]:
            self.parts.remove(part)
            said = self._lines[part.start].strip("#> \t").partition(":")[0].lower()
            self.slips.append(Slip(part.start, f"this {said} holds no step, so nothing runs for it", "warning"))
        for part in self.parts:
            if part.listless is not None and not part.items:
                self.slips.append(Slip(part.listless, NO_LIST))
            if part.kind == "Rule" and not any(part in each.around for each in self.parts if each.kind == "Scenario"):
                said = self._lines[part.start].strip("#> \t").partition(":")[0].lower()
                message = f"this {said} holds no scenario, so nothing runs for it"
                self.slips.append(Slip(part.start, message, "warning"))

    def _line(self, index: int, line: str, *, blank: bool) -> int:
        if end := self._quoted(index, line):
            return end
        if index in self._fences:
            self._leave_list(line)
            return self._fences[index]
        if heading := _HEADING.match(line):
            self._heading(index, heading)
        elif _TAGS.match(line):
            self._leave_list()
            self._tags.append((index, " ".join(_TAG.findall(line))))
            return index + 1
        elif row := _ROW.match(line):
            self._row(index, line, len(row["before"]))
        elif item := _ITEM.match(line):
            self._item(index, item)
        elif not blank and self._column >= 0:
            self._more(index, line)
        else:
            self._leave_list(line)
            if self._part and self._part.listless is None and self._step(_NUMBER.sub("", line.strip(" >"))):
                self._part.listless = index
        self._tags = []
        return index + 1

    # ---- headings ----

    def _heading(self, index: int, match: re.Match[str]) -> None:
        self._leave_list()
        self._examples = -1
        self._doubtful = None
        level, text = len(match["marks"]), _ATTRIBUTES.sub("", match["text"])
        word, colon, name = text.partition(":")
        kind = self._words.get(word) if colon else None
        if self._removed and level > self._removed:
            return
        self._removed = level if OPENSPEC in self._syntax and _REMOVED.match(text) else 0
        if kind is None:
            self._close(level)
            self._doubtful = (index, self._meant(word)) if colon and self._meant(word) else None
            return
        said = word if word in self._mdg.headings else kind
        written = [*self._tags, (index, f"{said}: {name.strip()}")]
        if kind == "Examples":
            self._open_examples(index, written, len(match["before"]))
        else:
            self._open(Part(kind, level, index, written, [index], language=self.language))

    def _open(self, part: Part) -> None:
        if part.kind == "Feature":
            self._feature, self._rule, self._backgrounds = part, None, []
        elif part.kind == "Rule":
            self._rule = part
            self._backgrounds = [each for each in self._backgrounds if self._rule_of(each) is None]
        own = [part] if part.kind in {"Feature", "Rule"} else []
        around = [self._feature, *self._backgrounds, self._rule]
        part.around = tuple(sorted((each for each in around if each and each not in own), key=lambda each: each.start))
        self._part = None if own else part
        if part.kind == "Background":
            self._backgrounds.append(part)
        self.parts.append(part)

    @staticmethod
    def _rule_of(part: Part) -> Part | None:
        return next((each for each in part.around if each.kind == "Rule"), None)

    def _close(self, level: int) -> None:
        """End what a heading of other prose ends: what is of its level or of a deeper one."""
        if self._part and level <= self._part.level:
            self._part = None
        if self._rule and level <= self._rule.level:
            self._rule = None
            self._backgrounds = [each for each in self._backgrounds if self._rule_of(each) is None]
        if self._feature and level <= self._feature.level:
            self._feature, self._backgrounds = None, []

    def _open_examples(self, index: int, written: list[tuple[int, str]], column: int) -> None:
        if self._part is None or self._part.kind != "Scenario":
            self.slips.append(
                Slip(index, "these examples stand under no scenario, so nothing runs for them", "warning")
            )
            return
        self._part.gherkin += written
        self._part.marks.append(index)
        self._part.examples.append(index)
        self._examples = column

    def _meant(self, word: str) -> str:
        close = difflib.get_close_matches(word.title(), self._words, 1, RESEMBLES)
        return close[0] if close else ""

    # ---- steps and what belongs to them ----

    def _item(self, index: int, match: re.Match[str]) -> None:
        step = self._step(match["text"])
        part = None if self._removed else self._part
        if self._doubtful and step:
            at, right = self._doubtful
            word = self._lines[at].strip("#> \t").partition(":")[0]
            self.slips.append(Slip(at, f"`{word}:` is no keyword, so the steps below it do not run; write `{right}:`"))
            self._doubtful = None
        if part is None:
            if step and not self._removed:
                self._alone.append((index, step.split(" ")[0]))
            return
        if step is None and self._column < 0:
            return
        if step is None and len(match["before"]) > self._column:
            self.slips.append(Slip(index, "this item of a list is no step, so nothing checks it", "warning"))
            return
        # What is no step is said to be none by who reads the Gherkin, in the words for Gherkin.
        part.gherkin.append((index, step or _EMPHASIS.sub(lambda found: found[2].capitalize(), match["text"])))
        part.marks.append(index)
        part.items.append(index)
        self._column = len(match["before"])

    def _step(self, text: str) -> str | None:
        """An item of a list as a step in Gherkin, if it is one."""
        keyword = next((each for each in self._steps if f"{text} ".startswith(each)), None)
        if keyword is not None:
            return f"{keyword}{text[len(keyword) :].strip()}"
        match = _CAPITALS.match(text) if OPENSPEC in self._syntax else None
        if match and (match["marked"] or match["plain"].isupper()):
            return f"{(match['marked'] or match['plain']).capitalize()} {text[match.end() :].strip()}"
        return None

    def _more(self, number: int, line: str) -> None:
        """A step that goes on in the next line, as its reader sees it."""
        part = self._part
        if part and part.items and part.gherkin[-1][0] == part.items[-1]:
            index, text = part.gherkin[-1]
            part.gherkin[-1] = (index, f"{text} {line.strip(' >')}")
            part.last = number

    def _row(self, index: int, line: str, column: int) -> None:
        part = self._part
        of_step = self._column >= 0 and column > self._column
        of_examples = self._examples >= 0 and column >= self._examples + TABLE_INDENT
        if part is None or not (of_step or of_examples):
            if self._examples >= 0 and part and part.gherkin[-1][0] in part.examples:
                message = "this table belongs to no examples; indent its rows by two spaces"
                self.slips.append(Slip(index, message, "warning"))
                self._examples = -1
            self._leave_list(line)
            return
        if _LINE_OF_DASHES.fullmatch(line) and part.gherkin[-1][0] == index - 1:
            return
        part.gherkin.append((index, line.strip(" >")))
        part.marks.append(index)
        part.rows.append(index)

    def _quoted(self, index: int, line: str) -> int:
        """The index of the line after a step's doc string that begins here; 0 if none does."""
        match = _QUOTES.match(line)
        part = self._part
        if match is None or part is None or self._column < 0 or len(match["before"]) <= self._column:
            return 0
        end = self._closed(index, match["quotes"])
        if not end:
            return 0
        part.quoted.append((index, end))
        within = [_without(each, len(match["before"])) for each in self._lines[index + 1 : end - 1]]
        quotes = "```" if any('"""' in each for each in within) else '"""'
        kind = re.match(r"\{?[ \t]*\.?([\w+/.-]*)", match["rest"])
        part.gherkin.append((index, f"{quotes}{kind[1] if kind else ''}"))
        escaped = [each.replace(quotes, "".join(f"\\{mark}" for mark in quotes)) for each in within]
        part.gherkin += list(enumerate(escaped, index + 1))
        part.gherkin.append((end - 1, quotes))
        return end

    def _closed(self, index: int, quotes: str) -> int:
        if index in self._fences:
            return self._fences[index]
        for at in range(index + 1, len(self._lines)):
            said = self._lines[at].strip(" >\t")
            if said.startswith(quotes) and not said.strip(quotes[0]):
                return at + 1
        return 0

    def _leave_list(self, line: str = "") -> None:
        """End the present list of steps, unless a line belongs to its last item."""
        before = len(line) - len(line.lstrip(" >"))
        if self._column >= 0 and line and before > self._column:
            return
        self._column = -1
        words = {word for _, word in self._alone}
        if {"When", "Given"} & words and "Then" in words:
            message = "these steps stand under no heading `Scenario: …`, so they do not run"
            self.slips.append(Slip(self._alone[0][0], message, "warning"))
        self._alone = []


def _without(line: str, columns: int) -> str:
    """A line without the blanks that its surroundings have put in front of it."""
    before = len(line) - len(line.lstrip(" >"))
    return line[min(columns, before) :]


def written(part: Part) -> Iterator[tuple[int, str]]:
    """A part and all that holds for it, in Gherkin."""
    for each in part.around:
        yield from each.gherkin
    yield from part.gherkin
