"""A table and a docstring on one step, in either order."""

from pytest_bdd import given


@given("a step with a data table a doc string")
def _(datatable: list[list[str]], docstring: str) -> None:
    assert datatable == [["hello"]]
    assert docstring == "world"


@given("a step with a doc string a data table")
def _(docstring: str, datatable: list[list[str]]) -> None:
    assert docstring == "hello"
    assert datatable == [["world"]]
