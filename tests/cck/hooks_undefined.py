"""Hooks around a scenario with an undefined step."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def around_a_scenario() -> Iterator[None]:
    print("before")
    yield
    print("after")
