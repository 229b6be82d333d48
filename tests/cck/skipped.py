"""Steps that skip the rest of their scenario."""

import pytest
from pytest_bdd import given


@given("a step that does not skip")
def _() -> None:
    pass


@given("a step that is skipped")
def _() -> None:
    pytest.fail("a step after a skip does not run")


@given("I skip a step")
def _() -> None:
    pytest.skip("skipped by its step")
