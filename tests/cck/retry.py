"""Steps that pass at the second or third attempt, each of which is made in a process of its own: files count them."""

from pathlib import Path

import pytest
from pytest_bdd import given


def attempt(name: str, passes_at: int) -> None:
    counter = Path(__file__).with_name(f"{name}.count")
    attempts = len(counter.read_text()) + 1 if counter.exists() else 1
    counter.write_text("x" * attempts)
    if attempts < passes_at:
        pytest.fail("Exception in step")


@given("a step that always passes")
def _() -> None:
    pass


@given("a step that passes the second time")
def _() -> None:
    attempt("second", 2)


@given("a step that passes the third time")
def _() -> None:
    attempt("third", 3)


@given("a step that always fails")
def _() -> None:
    pytest.fail("Exception in step")
