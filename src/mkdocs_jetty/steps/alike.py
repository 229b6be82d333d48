"""Whether two kinds of answers can be told apart: by what they say, or by how long they take.

Each kind is asked for several times, in turns. Whatever differs between two answers of one kind, such as a token, a
reference or the time of day, says nothing; what all of one kind have and none of the other kind has tells them apart.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from statistics import median
from typing import Any
from urllib.parse import parse_qsl

WORD = re.compile(r"[\w+/=.-]+")
"""A token of any usual alphabet is one word."""
APART_S = 0.05
"""Medians that are closer than this count as equal. Judgement: sending a mail or hashing a password takes longer, and
the pauses of a busy machine are shorter."""
MOSTLY = 0.8
"""In this share of all pairs the slower kind has to be the slower one: a single pause decides nothing. Judgement;
among ten answers of each kind that are alike, it happens by chance in one of a hundred cases."""


def told_apart_by(ones: Sequence[Any], others: Sequence[Any]) -> str | None:
    """Return what in the status, place or text of two kinds of answers tells them apart, if anything does.

    Args:
        ones: At least two answers of one kind, of type `httpx.Response`.
        others: As many of the other kind.
    """
    counted = [[Counter(_words(each)) for each in kind] for kind in (ones, others)]
    for word in sorted({word for kind in counted for each in kind for word in each}):
        if _apart(*([each[word] for each in kind] for kind in counted)):
            return repr(word)
    if _apart(*([sum(each.values()) for each in kind] for kind in counted)):
        return "the number of words"
    return None


def changed(before: Sequence[Any], after: Any) -> bool:
    """Tell whether an answer lacks or repeats words that all answers before had, or has more or fewer words than they.

    Args:
        before: At least two answers that should be alike, of type `httpx.Response`.
        after: The one to be compared.
    """
    counted, other = [Counter(_words(each)) for each in before], Counter(_words(after))
    steady = set.intersection(*map(set, counted))
    return any(_apart([each[word] for each in counted], [other[word]]) for word in steady) or _apart(
        [sum(each.values()) for each in counted], [sum(other.values())]
    )


def slower(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Tell whether one kind of answers takes longer than the other."""
    first, second = ([each.elapsed.total_seconds() for each in kind] for kind in (ones, others))
    if median(first) < median(second):
        first, second = second, first
    pairs = [bool(one > other) for one, other in product(first, second)]
    return bool(median(first) - median(second) > APART_S) and sum(pairs) >= MOSTLY * len(pairs)


def _apart(ones: Sequence[int], others: Sequence[int]) -> bool:
    return max(ones) < min(others) or max(others) < min(ones)


def _words(response: Any) -> Iterator[str]:
    yield f"status {response.status_code}"
    text = f"{response.headers.get('location', '')} {response.text}"
    for value in sorted(_sent(response.request), key=len, reverse=True):
        # That an answer repeats the address it was given says nothing of whether it is known.
        for written in (value, html.escape(value)):
            text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", "", text, flags=re.IGNORECASE)
    yield from WORD.findall(text)


def _sent(request: Any) -> set[str]:
    """Every value that a request carries."""
    body = request.content.decode("utf-8", "replace")
    with suppress(ValueError):
        return set(filter(None, _texts(json.loads(body))))
    return {value for _, value in parse_qsl(body) + parse_qsl(request.url.query.decode()) if value}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
