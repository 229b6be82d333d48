"""A parameter type of the project's own."""

from pytest_bdd import given, parsers


def flight(text: str) -> tuple[str, str]:
    origin, destination = text.split("-")
    return origin, destination


@given(parsers.re(r"^(?P<route>[A-Z]{3}-[A-Z]{3}) has been delayed$"), converters={"route": flight})
def _(route: tuple[str, str]) -> None:
    assert route == ("LHR", "CDG")
