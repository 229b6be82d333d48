"""On which line of a TOML file each table and key stands.

The parsers for TOML keep values and drop lines; a mistake in a long declaration is worth little without one.
So the text is read once more, only for its headers and keys: strings, arrays and comments are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mkdocs_jetty.errors import ConfigError, parse_toml

Path = tuple[str | int, ...]

_KEY = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)[ \t]*({_KEYS})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEYS})[ \t]*=")
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""+|\'\'\'.*?\'\'\'+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\#[^\n]*|[\[\]{}\n]''', re.DOTALL
)


class Places:
    """Finds the line of a value by the way to it: `("attestation", 1, "until")`."""

    def __init__(self, text: str) -> None:
        self._lines = dict(_places(text))

    def line(self, *path: str | int) -> int | None:
        """The line of the value, or else of the nearest thing around it that has one."""
        for end in range(len(path), 0, -1):
            if (line := self._lines.get(path[:end])) is not None:
                return line
        return None


def _places(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    for line, statement in _statements(text):
        if header := _HEADER.match(statement):
            table = _opened(_names(header[2]), header[1] == "[[", counts)
            yield table, line
            if isinstance(table[-1], int) and table[-1] == 0:
                yield table[:-1], line
        elif key := _ASSIGNMENT.match(statement):
            yield (*table, *_names(key[1])), line


def _opened(names: tuple[str, ...], is_array: bool, counts: dict[Path, int]) -> Path:
    """The table that a header opens: a name of an array of tables stands for its last entry."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if is_array and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header and assignment with its line; those that go over several lines are one."""
    start, depth = 0, 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            yield text.count("\n", 0, start) + 1, text[start : token.start()]
            start, depth = token.end(), 0
    yield text.count("\n", 0, start) + 1, text[start:]


def _names(key: str) -> tuple[str, ...]:
    """The parts of a dotted key, quotes and escapes undone."""
    try:
        value = parse_toml("key", f"{key} = 0")
    except ConfigError:
        return (key,)
    names: list[str] = []
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        names.append(name)
    return tuple(names)
