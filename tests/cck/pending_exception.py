"""A step that says in an exception that it is not implemented."""

from pytest_bdd import given


@given("an unimplemented pending step")
def _() -> None:
    raise NotImplementedError("TODO")
