"""Hooks around each scenario, whose attachments are left out."""

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
