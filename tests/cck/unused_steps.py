"""One definition more than the scenario needs."""

from pytest_bdd import given


@given("a step that is used")
def _() -> None:
    pass


@given("a step that is not used")
def _() -> None:
    pass
