"""Orders in a background."""

from pytest_bdd import given, parsers, then, when


@given(parsers.parse('an order for "{item}"'))
def _(item: str) -> None:
    assert item


@when("an action")
def _() -> None:
    pass


@then("an outcome")
def _() -> None:
    pass
