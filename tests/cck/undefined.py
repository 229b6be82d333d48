"""Some steps are defined, the others are not."""

import pytest
from pytest_bdd import given


@given("an implemented step")
def _() -> None:
    pass


@given("a step that will be skipped")
def _() -> None:
    pytest.fail("a step after an undefined one does not run")
