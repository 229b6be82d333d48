"""A step that skips with a message."""

import pytest
from pytest_bdd import given


@given("I skip a step")
def _() -> None:
    pytest.skip("skipping")
