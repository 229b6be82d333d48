"""A step that would end a CDATA section."""

from pytest_bdd import given, parsers


@given(parsers.parse("I have {count:d} <![CDATA[cukes]]> in my belly"))
def _(count: int) -> None:
    assert count
