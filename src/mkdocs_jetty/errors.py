"""What is wrong with a configuration, said the same way for every file that people write."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal or a log might obey: control characters rewrite it, bidirectional overrides reorder what it shows."""
# GitHub's runner obeys `::command::` at the start of a line and `##[command]` anywhere in one.
WORKFLOW_COMMAND = re.compile(r"(?:(?<=\s)|^):(?=:)|##(?=\[)")


def plain(value: object) -> str:
    """Text as one harmless line: no control characters, no workflow commands."""
    text = UNPRINTABLE.sub(" ", " ".join(str(value).splitlines()))
    return WORKFLOW_COMMAND.sub(lambda found: f"{found[0]} ", text)


def plain_lines(value: object) -> str:
    """Text as harmless lines, for a log."""
    return "\n".join(map(plain, str(value).splitlines()))


class ConfigError(Exception):
    """A setting that cannot be right; the message is a line for each mistake, with file and line where known."""


def says_something(text: object) -> bool:
    """Tell whether a text holds a word at all: `.` and `-` tell nobody anything."""
    return isinstance(text, str) and re.search(r"[^\W\d_]{2,}", text) is not None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The end of a sentence that names the closest of the known words, if one is close."""
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean `{close[0]}`?)" if close else ""


def alternatives(words: Sequence[str]) -> str:
    """The words as a choice: `a`, `b` or `c`."""
    return f"{', '.join(f'`{word}`' for word in words[:-1])} or `{words[-1]}`"


def read_text(path: Path) -> str:
    """The text of a file that people write.

    Raises:
        ConfigError: If it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name}: this file is not UTF-8") from None
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; name one with -f") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None


def parse_toml(name: str, text: str) -> dict[str, Any]:
    """The values of a TOML file.

    Raises:
        ConfigError: If it is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at_end = text.count("\n") + 1 if "end of document" in str(error) else None
        place = f"{name}:{line[1] if line else at_end}" if line or at_end else name
        raise ConfigError(f"{place}: this is not valid TOML: {error}") from None
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{name}: this is not valid TOML: {reason}") from None
