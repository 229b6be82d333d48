"""The same text twice."""

from pytest_bdd import given


@given("an ambiguous step")
def _() -> None:
    pass


@given("an ambiguous step")
def _() -> None:
    pass
