"""The steps of the sample that is written in Markdown with Gherkin."""

import pytest
from pytest_bdd import given, parsers, then, when


@given("some TypeScript code:")
@given("some classic Gherkin:")
def _(docstring: str) -> None:
    assert docstring


@when(parsers.parse("we use a data table and attach something and then {what:w}"))
def _(what: str, datatable: list[list[str]]) -> None:
    if what == "fail":
        pytest.fail("You asked me to fail")


@then("this might or might not run")
def _() -> None:
    pass
