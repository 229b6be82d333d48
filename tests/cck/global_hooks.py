"""Hooks around the whole run."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(scope="session", autouse=True)
def first_hook() -> Iterator[None]:
    yield
    print("after all, last")


@pytest.fixture(scope="session", autouse=True)
def second_hook(first_hook: None) -> Iterator[None]:
    yield
    print("after all, first")


@when("a step passes")
def _() -> None:
    pass


@when("a step fails")
def _() -> None:
    pytest.fail("Exception in step")
