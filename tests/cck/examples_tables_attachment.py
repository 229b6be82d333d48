"""Images; their attachment is left out."""

from pytest_bdd import when


@when("a JPEG image is attached")
def _() -> None:
    pass


@when("a PNG image is attached")
def _() -> None:
    pass
