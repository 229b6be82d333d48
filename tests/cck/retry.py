"""Steps that pass at the second or third attempt."""

from collections import Counter

import pytest
from pytest_bdd import given

ATTEMPTS: Counter[str] = Counter()


def attempt(name: str, passes_at: int) -> None:
    ATTEMPTS[name] += 1
    if ATTEMPTS[name] < passes_at:
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
