"""Find what was meant as a block of Gherkin and is none: nothing is lost without a word."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mkdocs_jetty.spec import outline
from mkdocs_jetty.spec.recording import FENCES, LANGUAGES, Conversion

_WORDS = "|".join(LANGUAGES)
# `codehilite` takes the first line of indented code for its language.
_LABEL = rf"^(?:[ ]{{4}}|\t)[ \t]*(?:\#!|:::)(?i:{_WORDS})[ \t]*$"
_PRE = rf"^[ \t>]*<pre\b[^\n]*(?<![\w-])lang(?:uage)?-(?i:{_WORDS})(?![\w-])"
_MAY_HOLD = rf"(?:```|~~~)[^\n]*(?i:{_WORDS})|{_LABEL}|{_PRE}"
_OPENER = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(?P<fence>`{3,}|~{3,})[ \t]*"
    r"(?:\{(?P<attributes>[^}\n]*)\}?|\.?(?P<language>[\w#.+-]+)(?P<rest>(?:[\s{].*)?)$)"
)
_ANY_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(?P<fence>`{3,}|~{3,})[ \t]*(?P<header>\S.*)$")
Level = Literal["error", "warning"]
NO_FENCE = "this block will not run: only a fence does; write it as one, for an example with `{ .gherkin run=false }`"


@lru_cache(maxsize=8)
def may_hold(syntax: tuple[str, ...]) -> re.Pattern[str]:
    """Return what a text holds in which specification could stand, in the spellings that count."""
    fences = [_MAY_HOLD] if FENCES in syntax else []
    return re.compile("|".join([*fences, *outline.may_hold(syntax)]), re.MULTILINE)


@dataclass(frozen=True)
class Lost:
    """A line that opens a block of Gherkin which will not run."""

    index: int
    """Of the line, in the text in which fences are looked for."""
    message: str
    source: str = ""
    """The text of the block, if the page shows it as a block of its own."""
    other: int | None = None
    """The index of the line that is to blame, which stands between `message` and `after`."""
    after: str = ""
    level: Level = "error"


def lookalikes(conversion: Conversion, running: Collection[int]) -> list[Lost]:
    """Find what looks like a fence of ours.

    Args:
        conversion: What was seen of the page's conversion.
        running: The indices of the lines that open fences which the page shows.
    """
    if not conversion.fenced or not may_hold((FENCES,)).search("\n".join(conversion.lines)):
        return []
    found = []
    for index, line in enumerate(conversion.lines):
        level = _code_of_ours(line)
        if level and not any(start <= index < end for start, end in conversion.ranges):
            found.append(Lost(index, NO_FENCE, level=level))
        match = _OPENER.match(line)
        word = _word(match) if match else None
        if match is None or word is None or index in running:
            continue
        around = next(((start, end) for start, end in conversion.ranges if start < index < end), None)
        if around is None:
            found.append(_alone(conversion, index, match, word))
        elif _swallows(conversion.lines[around[0]], match["fence"]):
            found.append(_swallowed(conversion, index, around[0]))
    return found


def _code_of_ours(line: str) -> Level | None:
    """Tell whether a line says that code is ours, without a fence; HTML was hardly meant to run."""
    if re.match(_LABEL, line):
        return "error"
    return "warning" if re.match(_PRE, line) else None


def _word(match: re.Match[str]) -> str | None:
    """The word of an opening line that makes it look like ours."""
    words = re.findall(r"[\w-]+", match["attributes"] or "") or [match["language"] or ""]
    return next((word for word in words if word.lower() in LANGUAGES), None)


def _alone(conversion: Conversion, index: int, match: re.Match[str], word: str) -> Lost:
    end = next((end for start, end in conversion.ranges if start == index), None)
    first = re.match(r"[ \t]*\.([\w-]+)", match["attributes"] or "")
    if word not in LANGUAGES:
        message = f"its language is `{word}`; write `gherkin` in lower case"
    elif match["attributes"] and (first is None or first[1] not in LANGUAGES):
        language = first[1] if first else match["attributes"].strip()
        message = f"its language is `{language}`; put `.{word}` first, as in `{match['fence']} {{ .{word} }}`"
    elif end is not None:
        message = "it stands where Markdown shows no fence (a comment or indented code)"
    elif (match["rest"] or "").strip():
        message = f"its opening line cannot be read; write no more than `{match['fence']}{word}`"
    else:
        message = f"its fence is never closed; end it with a line `{match['fence']}`"
    # What the page shows as other code may hold a background that others count on.
    source = "\n".join(conversion.lines[index + 1 : end - 1]) if end is not None else ""
    return Lost(index, f"this block will not run: {message}", source)


def _swallows(opening: str, fence: str) -> bool:
    """Whether an outer fence was not meant to hold another: for an example it would be longer, or of other marks."""
    match = re.search(r"`{3,}|~{3,}", opening)
    return match is not None and fence[0] == match[0][0] and len(fence) >= len(match[0])


def _swallowed(conversion: Conversion, index: int, outer: int) -> Lost:
    refused = _refused_above(conversion, outer)
    if refused is not None:
        opening = conversion.lines[refused].strip(" \t>")
        after = f", `{opening}`, opens no fence: its options cannot be read, so that its end opens one; mend that line"
        return Lost(index, "this block will not run: it is text in a code block, since ", "", refused, after)
    after = (
        " opens and that is not closed before it; close that one, or, to show a block of Gherkin as an example, "
        "give the outer fence more marks"
    )
    return Lost(index, "this block will not run: it is text in the code block that ", "", outer, after)


def _refused_above(conversion: Conversion, outer: int) -> int | None:
    """The nearest line above a fence without a language that looks like an opening and is none."""
    if _ANY_FENCE.match(conversion.lines[outer]):
        return None
    for index in range(outer - 1, -1, -1):
        if any(start <= index < end for start, end in conversion.ranges):
            return None
        if _ANY_FENCE.match(conversion.lines[index]):
            return index
    return None
