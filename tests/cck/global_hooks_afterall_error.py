"""A hook after the whole run that fails, between two that do not."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(scope="session", autouse=True)
def hook() -> Iterator[None]:
    yield
    print("cleaned up")


def pytest_sessionfinish() -> None:
    raise RuntimeError("AfterAll hook went wrong")


@when("a step passes")
def _() -> None:
    pass
