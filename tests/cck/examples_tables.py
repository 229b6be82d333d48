"""Eating cucumbers, alone and with friends."""

from pytest_bdd import given, parsers, then, when


@given(parsers.parse("there are {start:d} cucumbers"), target_fixture="cucumbers")
def _(start: int) -> list[int]:
    return [start]


@given(parsers.parse("there are {count:d} friends"), target_fixture="friends")
def _(count: int) -> int:
    return count


@when(parsers.parse("I eat {count:d} cucumbers"))
def _(cucumbers: list[int], count: int) -> None:
    cucumbers[0] -= count


@then(parsers.parse("I should have {left:d} cucumbers"))
def _(cucumbers: list[int], left: int) -> None:
    assert cucumbers == [left]


@then(parsers.parse("each person can eat {share:d} cucumbers"))
def _(cucumbers: list[int], friends: int, share: int) -> None:
    assert cucumbers[0] // (friends + 1) == share
