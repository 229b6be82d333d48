"""Say which line of a changed text is which line of the text that it was made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher


def aligned(lines: Sequence[str], others: Sequence[str], *, anchors: bool = True) -> list[int | None]:
    """For each line, the index of the line that it is among others; None for one that was put in.

    Args:
        lines: The lines of the text to account for.
        others: The lines of the text that they come from.
        anchors: Whether lines that say nothing need a neighbour that does.
    """
    head = 0
    while head < min(len(lines), len(others)) and lines[head] == others[head]:
        head += 1
    tail = 0
    while tail < min(len(lines), len(others)) - head and lines[-1 - tail] == others[-1 - tail]:
        tail += 1
    found: list[int | None] = [*range(head)]
    middle = lines[head : len(lines) - tail]
    if middle:
        found += _middle(middle, others[head : len(others) - tail], head, anchors=anchors)
    return found + [len(others) - tail + index for index in range(tail)]


def _middle(lines: Sequence[str], others: Sequence[str], offset: int, *, anchors: bool) -> list[int | None]:
    # Lines without a word are everywhere; they hold on to their neighbours and are no anchors of their own.
    matcher = SequenceMatcher(lambda line: anchors and not says_something(line), others, lines, autojunk=False)
    found: list[int | None] = [None] * len(lines)
    for block in matcher.get_matching_blocks():
        for index in range(block.size):
            found[block.b + index] = offset + block.a + index
    return found


def says_something(line: str) -> bool:
    """Tell whether a line tells where it comes from: not an empty one, nor the opening or the end of a fence."""
    return re.search(r"\w", line) is not None and not re.match(r"[ \t>]*(`{3,}|~{3,})", line)
