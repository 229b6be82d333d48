"""Steps of every status, to follow one another."""

import pytest
from pytest_bdd import given, parsers


@given("a step")
def _() -> None:
    pass


@given("a failing step")
def _() -> None:
    pytest.fail("whoops")


@given("a pending step")
def _() -> None:
    raise NotImplementedError


@given("a skipped step")
def _() -> None:
    pytest.skip("skipped by its step")


@given(parsers.re(r"^an ambiguous (.*?)$"))
@given(parsers.re(r"^(.*?) ambiguous step$"))
def _() -> None:
    raise AssertionError("an ambiguous step does not run")
