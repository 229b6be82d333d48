"""An exception outside all hooks and steps; installed as a `conftest.py`."""

from pytest_bdd import given


@given("a step")
def _() -> None:
    pass


def pytest_collection_modifyitems() -> None:
    raise RuntimeError("Whoops!")
