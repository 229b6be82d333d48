"""A hook before the whole run that fails: no scenario runs. Installed as a `conftest.py`."""

from collections.abc import Generator

import pytest
from pytest_bdd import when


def before_all() -> None:
    raise RuntimeError("BeforeAll hook went wrong")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    try:
        before_all()
        return (yield)
    finally:
        print("cleaned up")


@when("a step passes")
def _() -> None:
    pass
