"""A skip, and then a failure in the hook after it."""

from collections.abc import Iterator

import pytest
from pytest_bdd import given


@pytest.fixture(autouse=True)
def failing_hook() -> Iterator[None]:
    yield
    pytest.fail("whoops")


@given("a step that skips")
def _() -> None:
    pytest.skip("skipped by its step")
