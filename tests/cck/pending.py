"""Steps that are not implemented."""

import pytest
from pytest_bdd import given


@given("an implemented non-pending step")
def _() -> None:
    pass


@given("an implemented step that is skipped")
def _() -> None:
    pytest.fail("a step after a pending one does not run")


@given("an unimplemented pending step")
def _() -> None:
    raise NotImplementedError
