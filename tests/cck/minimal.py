"""One step with a number."""

from pytest_bdd import given, parsers


@given(parsers.parse("I have {count:d} cukes in my belly"))
def _(count: int) -> None:
    assert count
