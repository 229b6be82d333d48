"""A regular expression with optional groups."""

from pytest_bdd import given, parsers


@given(parsers.re(r"^a (?P<first>.*?)(?: and a (?P<second>.*?))?(?: and a (?P<third>.*?))?$"))
def _(first: str, second: str | None, third: str | None) -> None:
    assert first == "cucumber"
    assert second in {None, "zucchini"}
    assert third in {None, "gourd"}
