"""The lines of a description, each with what stands around it: that tells prose from what was lost in it."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

SENTENCE_ENDS = (".", "!", "?", ":", "\u2026", "\u3002", "\uff01", "\uff1f")
GOES_ON = (",", ";", "(", "-", "\u2013", "\u2014", "\u3001", "\uff0c", "\u060c")

Above = Literal["break", "lost", "sentence", "prose", "goes on"]
"""What stands above a line: nothing, something lost, or prose that has ended, may go on, or does go on."""


@dataclass(frozen=True)
class Line:
    """A line of a description."""

    number: int
    text: str
    """Stripped, and every kind of space made one."""
    indent: int
    rest: tuple[str, ...]
    """The lines of the description that follow in the same paragraph."""
    below: str
    """The line below, of the description or not; empty at a paragraph's end."""
    next: str
    """The next line with a text."""
    next_indent: int
    ends: bool
    """Whether the description ends with it."""
    steps: bool
    """Whether steps may follow the description."""


def described(node: dict[str, Any], lines: Sequence[str]) -> list[Line]:
    """The lines from below a node's keyword to the last of its description; comments in between are left out."""
    said = {line.strip() for line in node["description"].split("\n")}
    first = node["location"]["line"]
    numbered = (
        (number, raw) for number, raw in enumerate(lines[first:], first + 1) if not raw.lstrip().startswith("#")
    )
    inside: list[tuple[int, str]] = []
    after = ""
    for number, raw in numbered:
        if raw.strip() and raw.strip() not in said:
            after = raw
            break
        inside.append((number, raw))
    texts = [plain(raw) for _, raw in inside]
    ends = max((at for at, text in enumerate(texts) if text), default=0)
    around = [raw for _, raw in inside] + [after]
    return [
        Line(
            number, text, indent(raw), tuple(itertools.takewhile(bool, texts[at + 1 :])), plain(around[at + 1]),
            *_next(around[at + 1 :]), at == ends, "steps" in node,
        )
        for at, ((number, raw), text) in enumerate(zip(inside, texts, strict=True))
    ]  # fmt: skip


def plain(text: str) -> str:
    """A line without its indentation, with one kind of space and of accents."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def indent(raw: str) -> int:
    """The columns that a line is indented by."""
    expanded = raw.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def seen_from_below(text: str) -> Above:
    """Return what a line of prose is to the line below it."""
    if not text:
        return "break"
    return "sentence" if text.endswith(SENTENCE_ENDS) else "goes on" if text.endswith(GOES_ON) else "prose"


def _next(lines: Sequence[str]) -> tuple[str, int]:
    raw = next((line for line in lines if line.strip()), "")
    return plain(raw), indent(raw)
