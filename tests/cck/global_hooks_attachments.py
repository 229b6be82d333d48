"""Hooks around the whole run, whose attachments are left out."""

from collections.abc import Iterator

import pytest
from pytest_bdd import when


@pytest.fixture(scope="session", autouse=True)
def around_the_run() -> Iterator[None]:
    print("before all")
    yield
    print("after all")


@when("a step passes")
def _() -> None:
    pass
