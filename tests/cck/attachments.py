"""Attachments; they are left out here, what becomes of their steps is not."""

import json
from base64 import b64encode

import pytest
from pytest_bdd import parsers, when


@when(parsers.re(r'^the string "(?P<text>[^"]*)" is attached as "(?P<media_type>[^"]*)"$'))
def _(text: str, media_type: str) -> None:
    assert (text, media_type) == ("hello", "application/octet-stream")


@when(parsers.parse('the string "{text}" is logged'))
def _(text: str) -> None:
    print(text)


@when("text with ANSI escapes is logged")
def _() -> None:
    print("This displays a \x1b[31mr\x1b[0m\x1b[91ma\x1b[0m\x1b[33mi\x1b[0m\x1b[32mn\x1b[0mbow")


@when(parsers.parse('the following string is attached as "{media_type}":'))
def _(media_type: str, docstring: str) -> None:
    assert media_type == "application/json"
    assert json.loads(docstring)["foo"] == "bar"


@when(parsers.parse('an array with {length:d} bytes is attached as "{media_type}"'))
def _(length: int, media_type: str) -> None:
    assert len(b64encode(bytes(range(length)))) == 16


@when("a PDF document is attached and renamed")
def _() -> None:
    pass


@when(parsers.parse('a link to "{uri}" is attached'))
def _(uri: str) -> None:
    assert uri == "https://cucumber.io"


@when(parsers.parse('the string "{text}" is attached as "{media_type}" before a failure'))
def _(text: str, media_type: str) -> None:
    pytest.fail("whoops")
