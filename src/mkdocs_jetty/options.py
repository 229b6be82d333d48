"""What an option of the plugin is: its default, what it may be, and what it means.

A reader turns what stands in the site's file into what the settings hold, or raises ValueError: what would be right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cucumber_tag_expressions import TagExpressionError
from cucumber_tag_expressions import parse as parse_tags

from mkdocs_jetty.errors import alternatives, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

SYNTAXES = ("fences", "mdg", "openspec")
FAIL_ON = ("red", "flaky", "standards", "incomplete")
AMBIGUOUS = ("error", "warn")


@dataclass(frozen=True)
class Option:
    """One option, as it is declared beside the setting that it fills."""

    default: Any
    read: Callable[[Any], Any]
    written: str
    """The default, as the guide shows it."""
    meaning: str
    """A line of the guide's table of options."""


def boolean(value: Any) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def text(value: Any) -> str:
    """Read a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("a text")


def optional_text(value: Any) -> str | None:
    """Read a text, or nothing."""
    return None if value is None else text(value)


def texts(value: Any) -> tuple[str, ...]:
    """Read a path or several."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(item, str) and item.strip() for item in values):
        return tuple(values)
    raise ValueError("a path or a list of paths")


def some_texts(value: Any) -> tuple[str, ...]:
    """Read at least one path."""
    if found := texts(value):
        return found
    raise ValueError("a path or a list of at least one path")


def tags(value: Any) -> str:
    """Read a tag expression."""
    if not isinstance(value, str):
        raise ValueError("a tag expression such as `@fast and not @wip`")  # noqa: TRY004 # one kind for all readers
    try:
        parse_tags(value)
    except TagExpressionError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"a tag expression such as `@fast and not @wip` ({reason})") from None
    return value


def seconds(value: Any) -> float:
    """Read a time."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise ValueError("a number of seconds above 0")


def mebibytes(value: Any) -> int | None:
    """Read an amount of memory, or nothing."""
    if value is None or (_is_integer(value) and value > 0):
        return cast("int | None", value)
    raise ValueError("a whole number of MiB above 0")


def workers(value: Any) -> int | str:
    """Read a number of workers."""
    if value == "auto" or (_is_integer(value) and value > 0):
        return cast("int | str", value)
    raise ValueError("`auto` or a whole number above 0")


def boolean_or_auto(value: Any) -> bool | str:
    """Read true, false or `auto`."""
    if isinstance(value, bool) or value == "auto":
        return cast("bool | str", value)
    raise ValueError("true, false or `auto`")


def fail_on(value: Any) -> tuple[str, ...]:
    """Read what closes the gate."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise ValueError(f"a list of {alternatives(FAIL_ON)}")  # noqa: TRY004 # one kind for all readers
    for item in values:
        if item not in FAIL_ON:
            raise ValueError(f"a list of {alternatives(FAIL_ON)}{did_you_mean(str(item), FAIL_ON)}")
    return tuple(dict.fromkeys(values))


def syntaxes(value: Any) -> tuple[str, ...]:
    """Read which spellings of a specification count."""
    return _some_of(SYNTAXES, value)


def _some_of(known: tuple[str, ...], value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise ValueError(f"a list of {alternatives(known)}")
    for item in values:
        if item not in known:
            raise ValueError(f"a list of {alternatives(known)}{did_you_mean(str(item), known)}")
    return tuple(dict.fromkeys(values))


def ambiguous(value: Any) -> str:
    """Read what two matching definitions mean."""
    if value in AMBIGUOUS:
        return cast("str", value)
    raise ValueError(f"{alternatives(AMBIGUOUS)}{did_you_mean(str(value), AMBIGUOUS)}")


def count(value: Any) -> int:
    """Read how often."""
    if _is_integer(value) and value >= 0:
        return cast("int", value)
    raise ValueError("a whole number, 0 or more")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
