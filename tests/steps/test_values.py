"""Numbers in sentences are read as people mean them, and what is not a number is not read as one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_bdd import parsers

from mkdocs_jetty.standards.quantities import parse
from mkdocs_jetty.steps.values import TYPES, Count, Duration, Percent, Reader, Size, spoken, spoken_size

PHRASE = parsers.parse("I {action} {n:Count} times in {span:Duration}", extra_types=TYPES)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("one minute", 60), ("a minute", 60), ("1 minute", 60), ("500 ms", 0.5), ("500 milliseconds", 0.5),
        ("2.5 seconds", 2.5), ("5 minutes", 300), ("an hour", 3600), ("twenty seconds", 20), ("1 year", 31_536_000),
        ("24 hours", 86_400), ("7 days", 604_800),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert Duration(text).total_seconds() == seconds


@pytest.mark.parametrize(
    ("text", "number"), [("10", 10), ("1,000", 1000), ("ten", 10), ("an", 1), ("twice", 2), ("a hundred", 100)]
)
def test_counts(text: str, number: int) -> None:
    assert Count(text) == number


def test_percentages_and_sizes() -> None:
    assert Percent("99.5%") == 99.5
    assert Percent("5 percent") == 5
    assert Size("2 MB") == 2_000_000
    assert Size("64 KiB") == 65_536


@pytest.mark.parametrize(("read", "text"), [(Count, "1.5"), (Count, "2 MB"), (Duration, "10"), (Size, "5 minutes")])
def test_another_kind_of_number_is_refused(read: Reader[object], text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read(text)


@pytest.mark.parametrize(
    ("text", "n", "seconds"),
    [
        ("I log in 10 times in one minute", 10, 60), ("I log in ten times in a minute", 10, 60),
        ("I change a name 5 times in 500 ms", 5, 0.5),
    ],
)  # fmt: skip
def test_a_sentence(text: str, n: int, seconds: float) -> None:
    found = PHRASE.parse_arguments(text)
    assert found is not None
    assert (found["n"], found["span"]) == (n, timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "text", ["I log in 10 times in minute", "I log in many times in one minute", "I log in 3 times in 5"]
)
def test_no_sentence(text: str) -> None:
    assert not PHRASE.is_matching(text)


@pytest.mark.parametrize("seconds", [0.5, 1, 60, 90, 3600, 86_400, 31_536_000])
def test_what_is_recorded_compares_with_a_preset(seconds: float) -> None:
    read = parse(spoken(timedelta(seconds=seconds)))
    assert read is not None
    assert float(read.amount) == seconds


@pytest.mark.parametrize("number", [1, 1000, 2_000_000, 1234])
def test_a_size_that_is_recorded_too(number: int) -> None:
    read = parse(spoken_size(number))
    assert read is not None
    assert read.amount == number
