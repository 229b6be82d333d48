"""Numbers as people write them in a sentence: `one minute`, `500 ms`, `ten times`, `2 MB`, `99.5%`.

For `parsers.parse("... {n:Count} times in {span:Duration}", extra_types=TYPES)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Generic, TypeVar

from mkdocs_jetty.standards.quantities import DURATIONS, SIZES, Kind, parse

T = TypeVar("T")
SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
WORDS: dict[str, int] = {
    **{word: number for number, word in enumerate(SMALL.split())},
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "a hundred": 100,
    "one hundred": 100,
    "a thousand": 1000,
    "one thousand": 1000,
    "a dozen": 12,
    "a": 1,
    "an": 1,
    "once": 1,
    "twice": 2,
}
SPAN_UNITS = [unit for units in DURATIONS for unit in units.split()]
SIZE_UNITS = [unit for units in SIZES for unit in units.split()]
SPOKEN = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Reader(Generic[T]):
    """A type for the parsers of pytest-bdd: what it looks like, and what it means."""

    def __init__(self, pattern: str, read: Callable[[str], T]) -> None:
        self.pattern = pattern
        self._read = read

    def __call__(self, text: str) -> T:
        return self._read(text)


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|(?:{_any(list(WORDS))})(?=\W|$))"


def amount(text: str, kind: Kind) -> Fraction:
    """The amount that a text says, in the smallest common unit of its kind.

    Raises:
        ValueError: If it says something else.
    """
    found = parse(_in_digits(text))
    if found is None or found.kind != kind:
        raise ValueError(f"{text!r} is no {kind}")
    return found.amount


def _in_digits(text: str) -> str:
    text = " ".join(text.split())
    for word in sorted(WORDS, key=len, reverse=True):
        if re.match(rf"{word}(?=\W|$)", text, re.IGNORECASE):
            return f"{WORDS[word]}{text[len(word) :]}"
    return text


def duration(text: str) -> timedelta:
    """`one minute`, `500 ms`, `2 years`."""
    return timedelta(microseconds=round(amount(text, "duration") * 1_000_000))


def count(text: str) -> int:
    """`10`, `1,000`, `ten`, `twice`.

    Raises:
        ValueError: If it is no whole number.
    """
    number = amount(text, "count")
    if number.denominator != 1:
        raise ValueError(f"{text!r} is no whole number")
    return int(number)


def percent(text: str) -> float:
    """`99.5%`, `5 percent`; as a number out of 100."""
    return float(amount(text, "percentage"))


def size(text: str) -> int:
    """`2 MB`, `64 KiB`; in bytes."""
    return int(amount(text, "size"))


def spoken(span: timedelta) -> str:
    """A duration as people write it, in the largest unit that it is a whole number of."""
    whole = span.total_seconds()
    for unit, seconds in SPOKEN:
        if whole >= seconds and whole % seconds == 0:
            number = int(whole // seconds)
            return f"{number} {unit}{'s' * (number != 1)}"
    return f"{round(whole * 1000, 1):g} ms"


def spoken_size(number: int) -> str:
    """A size as people write it."""
    for unit, factor in (("GB", 1000**3), ("MB", 1000**2), ("KB", 1000)):
        if number >= factor and number % factor == 0:
            return f"{number // factor} {unit}"
    return f"{number} bytes"


Duration = Reader(rf"{NUMBER}\s*(?:{_any(SPAN_UNITS)})(?=\W|$)", duration)
Count = Reader(NUMBER, count)
Percent = Reader(r"\d+(?:\.\d+)?\s*(?:%|percent)", percent)
Size = Reader(rf"{NUMBER}\s*(?:{_any(SIZE_UNITS)})(?=\W|$)", size)
Path = Reader(r"(?:/|https?://)\S*", str)

TYPES = {"Duration": Duration, "Count": Count, "Percent": Percent, "Size": Size, "Path": Path}
