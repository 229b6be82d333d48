"""A hook after the whole run that fails, between two that do not."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(scope="session", autouse=True)
def first_hook() -> Iterator[None]:
    yield
    print("still cleaned up")


@pytest.fixture(scope="session", autouse=True)
def failing_hook(first_hook: None) -> Iterator[None]:
    yield
    raise RuntimeError("AfterAll hook went wrong")


@pytest.fixture(scope="session", autouse=True)
def last_hook(failing_hook: None) -> Iterator[None]:
    yield
    print("cleaned up")


@when("a step passes")
def _() -> None:
    pass
