"""Eating cucumbers, where most amounts are no numbers."""

from pytest_bdd import given, parsers, then, when


@given(parsers.parse("there are {start:d} cucumbers"), target_fixture="cucumbers")
def _(start: int) -> list[int]:
    return [start]


@when(parsers.parse("I eat {count:d} cucumbers"))
def _(cucumbers: list[int], count: int) -> None:
    cucumbers[0] -= count


@then(parsers.parse("I should have {left:d} cucumbers"))
def _(cucumbers: list[int], left: int) -> None:
    assert cucumbers == [left]
