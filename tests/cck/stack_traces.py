"""A step that raises."""

from pytest_bdd import when


@when("a step throws an exception")
def _() -> None:
    raise RuntimeError("BOOM")
