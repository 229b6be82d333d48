"""Orders, in three features that may run in any order."""

from pytest_bdd import given, parsers


@given(parsers.parse('an order for "{item}"'))
def _(item: str) -> None:
    assert item
