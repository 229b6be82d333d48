"""Hooks around each scenario."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(autouse=True)
def around_a_scenario() -> Iterator[None]:
    print("before")
    yield
    print("after")


@when("a step passes")
def _() -> None:
    pass


@when("a step fails")
def _() -> None:
    pytest.fail("Exception in step")
