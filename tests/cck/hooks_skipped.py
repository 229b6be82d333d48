"""Skipping from a step, from a hook before it and from a hook after it."""

from collections.abc import Iterator

import pytest
from pytest_bdd import given


@pytest.fixture(autouse=True)
def outer_hook() -> Iterator[None]:
    yield
    print("after, whatever was skipped")


@pytest.fixture(autouse=True)
def skipping_hook(request: pytest.FixtureRequest, outer_hook: None) -> Iterator[None]:
    if request.node.get_closest_marker("skip-before"):
        pytest.skip("skipped before its steps")
    yield
    if request.node.get_closest_marker("skip-after"):
        pytest.skip("skipped after its steps")


@given("a normal step")
def _() -> None:
    pass


@given("a step that skips")
def _() -> None:
    pytest.skip("skipped by its step")
