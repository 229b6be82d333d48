"""Hooks with a name: here, the name of the fixture."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(autouse=True)
def a_named_hook() -> Iterator[None]:
    print("before")
    yield
    print("after")


@when("a step passes")
def _() -> None:
    pass
