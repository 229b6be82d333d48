"""Numbers as people write them: `10`, `1 minute`, `500 ms`, `15%`, `2 MB`.

A number is compared only with a number of its own kind: 10 minutes are neither more nor less than 10 requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from mkdocs_jetty.standards.model import Direction

Kind = Literal["count", "duration", "percentage", "size"]

SECOND = Fraction(1)
DAY = 86_400 * SECOND
YEAR = 365 * DAY
# Twelve months are a year, so that what a law gives in months compares with what a preset gives in days.
# A bare `m` is neither a minute nor a month for certain, so it is neither.
DURATIONS = {
    "us µs microsecond microseconds": SECOND / 1_000_000,
    "ms msec millisecond milliseconds": SECOND / 1000,
    "s sec secs second seconds": SECOND,
    "min mins minute minutes": 60 * SECOND,
    "h hr hrs hour hours": 3600 * SECOND,
    "d day days": DAY,
    "w week weeks": 7 * DAY,
    "month months": YEAR / 12,
    "y year years": YEAR,
}
SIZES = {
    "b byte bytes": Fraction(1),
    "kb": Fraction(1000),
    "mb": Fraction(1000**2),
    "gb": Fraction(1000**3),
    "tb": Fraction(1000**4),
    "kib": Fraction(1024),
    "mib": Fraction(1024**2),
    "gib": Fraction(1024**3),
    "tib": Fraction(1024**4),
}
COUNTED = (
    "x time times place places region regions user users client clients request requests attempt attempts "
    "query queries character characters item items person people retry retries failure failures "
    "job jobs instance instances"
)
UNITS: dict[str, tuple[Kind, Fraction]] = {
    **{unit: ("duration", factor) for units, factor in DURATIONS.items() for unit in units.split()},
    **{unit: ("size", factor) for units, factor in SIZES.items() for unit in units.split()},
    **dict.fromkeys(COUNTED.split(), ("count", Fraction(1))),
    "": ("count", Fraction(1)),
    "%": ("percentage", Fraction(1)),
    "percent": ("percentage", Fraction(1)),
}
NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?\s*([a-zµ%]*)", re.IGNORECASE)
LONGEST = 40
BETWEEN = "; "
"""Stands between the values of a measurement that was taken several times."""


@dataclass(frozen=True)
class Quantity:
    """A number with its kind, in the smallest common unit of that kind."""

    kind: Kind
    amount: Fraction


def parse(text: str) -> Quantity | None:
    """Read a number with its unit; None for anything else (`AA`, `every 7 days`, `24/7`)."""
    text = text.strip()
    found = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    whole, part, unit = found.groups(default="")
    known = UNITS.get(unit.lower())
    if known is None:
        return None
    kind, factor = known
    return Quantity(kind, Fraction(whole.replace(",", "") + part) * factor)


def satisfies(value: str, direction: Direction, limit: str) -> bool | None:
    """Tell whether a value keeps to a limit; None where the two cannot be compared."""
    ours, theirs = parse(value), parse(limit)
    if ours is None and theirs is None and direction == "exact":
        return _plain(value) == _plain(limit)
    if ours is None or theirs is None or ours.kind != theirs.kind:
        return None
    if direction == "at-most":
        return ours.amount <= theirs.amount
    if direction == "at-least":
        return ours.amount >= theirs.amount
    return ours.amount == theirs.amount


def each_of(measured: str, limit: str) -> list[str]:
    """The single values of a measurement that was taken several times: `500; 5` is two.

    Args:
        measured: What was recorded under one name; several values are joined by `; `.
        limit: What it is held against. A limit may be words with a `; ` in them, which part nothing then.
    """
    parts = measured.split(BETWEEN)
    size = limit.count(BETWEEN) + 1
    return [BETWEEN.join(parts[start : start + size]) for start in range(0, len(parts), size)]


def joined(values: Iterable[str]) -> str:
    """Several values of one measurement as one text, each different one once."""
    return BETWEEN.join(dict.fromkeys(values))


def stricter(direction: Direction, a: str, b: str) -> str:
    """The one of two limits that asks for more; `a` where they ask for the same.

    Raises:
        ValueError: If they cannot be compared, or are two different exact values.
    """
    kept = satisfies(a, direction, b)
    if kept is None or (direction == "exact" and not kept):
        raise ValueError(f"{a!r} and {b!r} cannot be compared")
    return a if kept else b


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
