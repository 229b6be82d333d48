"""Docstrings with either delimiter."""

from pytest_bdd import given


@given("a doc string:")
def _(docstring: str) -> None:
    assert docstring.count("\n") in {1, 2}
