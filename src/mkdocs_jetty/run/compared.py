"""The two sides of a comparison that did not hold, whole: pytest's own message shortens what is long."""

from __future__ import annotations

import json
import pprint

PLAIN = (str, bytes, int, float, bool, type(None), list, tuple, dict, set, frozenset)
LONGEST = 20_000
"""Characters of a side that are kept: what is longer is no text that a person compares."""
MOST = 2_000
"""Entries of a collection that are looked at."""
_WIDTH = 80


def sides(left: object, right: object) -> tuple[str, str] | None:
    """Return what was expected and what it was compared with, by pytest's convention `assert got == expected`.

    Returns:
        Both as texts; None where one of them is no plain value.
    """
    if not (isinstance(left, PLAIN) and isinstance(right, PLAIN)):
        return None
    bare = isinstance(left, str) and isinstance(right, str)
    got, expected = shown(left, bare=bare), shown(right, bare=bare)
    return None if got is None or expected is None or got == expected else (expected, got)


def shown(value: object, *, bare: bool = False) -> str | None:
    """A value as a person reads it: JSON where it can be; None where it is too long or cannot be shown."""
    if isinstance(value, (list, tuple, dict, set, frozenset)) and len(value) > MOST:
        return None
    try:
        text = value if bare and isinstance(value, str) else _text(value)
    except Exception:  # noqa: BLE001 # a value of the project's own may raise anything as it is shown
        return None
    return text if len(text) <= LONGEST else None


def _text(value: object) -> str:
    if isinstance(value, (dict, list)):
        try:
            return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError):
            pass
    return pprint.pformat(value, width=_WIDTH)
