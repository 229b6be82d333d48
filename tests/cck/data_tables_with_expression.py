"""A table beside an argument of the text."""

from pytest_bdd import given, parsers


@given(parsers.parse('a "{name}" with a table'))
def _(name: str, datatable: list[list[str]]) -> None:
    assert name == "Cucumber"
    assert datatable == [["Species", "Cucumis sativus"]]
