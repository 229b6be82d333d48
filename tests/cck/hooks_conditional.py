"""Hooks for the scenarios with a tag."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(autouse=True)
def conditional_hooks(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("fail-before"):
        pytest.fail("Exception in conditional hook")
    yield
    if request.node.get_closest_marker("fail-after"):
        pytest.fail("Exception in conditional hook")


@when("a step passes")
def _() -> None:
    pass
