"""What a comparison expected and what it got, read from the message of an assertion, with the difference marked."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from typing import NamedTuple

from mkdocs_jetty.run.compared import LONGEST, sides

_HINTS = (
    re.compile(r"^\s*Use -v+ to get (?:more|the full) diff\s*$"),
    re.compile(r"^\s*Omitting \d+ identical items?, use -v+ to show\s*$"),
    re.compile(r"^\s*\.\.\.Full output truncated .*$"),
)
_COMPARED = re.compile(r"^(?P<said>.*?)^assert (?P<pair>.+? == .+?)$(?P<rest>.*)", re.MULTILINE | re.DOTALL)
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Piece(NamedTuple):
    """A part of a value."""

    text: str
    differs: bool


class Difference(NamedTuple):
    """The two sides of a comparison that did not hold."""

    said: str
    """What the assertion itself says of it; often nothing."""
    expected: tuple[Piece, ...]
    got: tuple[Piece, ...]
    rest: str
    """What pytest says of where the values come from."""


def difference(message: str, compared: tuple[str, ...] = ()) -> Difference | None:
    """The two sides of `assert got == expected`; None where a message is something else.

    Args:
        message: What pytest says of the assertion.
        compared: What was expected and what came, where the run has kept both whole.
    """
    found = _COMPARED.match(message[:LONGEST])
    if found is None:
        return None
    both = compared if len(compared) == 2 else _sides(found["pair"])  # noqa: PLR2004
    if both is None:
        return None
    return Difference(found["said"].strip(), *_marked(*both), _where(found["rest"]))


def without_hints(message: str) -> str:
    """A message without what pytest says to whoever runs it in a terminal."""
    lines = [line for line in message.splitlines() if not any(hint.match(line) for hint in _HINTS)]
    return "\n".join(lines).strip()


def _sides(pair: str) -> tuple[str, str] | None:
    """Return what was expected and what came, from the message alone."""
    if "..." in pair:
        return None  # pytest has shortened it: what is shown would not be what was compared
    try:
        compared = ast.parse(pair, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(compared, ast.Compare) or len(compared.ops) != 1 or not isinstance(compared.ops[0], ast.Eq):
        return None
    try:
        values = [ast.literal_eval(each) for each in (compared.left, compared.comparators[0])]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return sides(*values)


def _marked(expected: str, got: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    several = "\n" in expected or "\n" in got
    first, second = ((text.splitlines(keepends=True) if several else _WORDS.findall(text)) for text in (expected, got))
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        left += _pieces(first[i1:i2], differs=tag != "equal")
        right += _pieces(second[j1:j2], differs=tag != "equal")
    return tuple(each for each in left if each.text), tuple(each for each in right if each.text)


def _pieces(parts: list[str], *, differs: bool) -> Iterator[Piece]:
    if not differs:
        yield Piece("".join(parts), differs=False)
        return
    for line in "".join(parts).splitlines(keepends=True):
        bare = line.lstrip(" ")
        yield Piece(line[: len(line) - len(bare)], differs=False)
        yield Piece(bare, differs=True)


def _where(rest: str) -> str:
    """The lines that say where a value comes from, without the difference that is shown already."""
    return "\n".join(line for line in without_hints(rest).splitlines() if re.match(r"^\s*\+\s+(where|and) ", line))
