"""What was expected and what came, read from pytest's messages."""

from __future__ import annotations

import pytest

from mkdocs_jetty.run.compared import sides
from mkdocs_jetty.show.difference import Difference, Piece, difference, without_hints

STRINGS = "assert '2 apples' == '3 apples'\n  \n  - 3 apples\n  ? ^\n  + 2 apples\n  ? ^"
DICTS = """\
the order differs
assert {'items': [{'count': 2}], 'total': 240} == {'items': [{'count': 3}], 'total': 240}
  Omitting 1 identical items, use -vv to show
  Differing items:
  {'items': [{'count': 2}]} != {'items': [{'count': 3}]}
  Use -v to get more diff"""


def text(pieces: tuple[Piece, ...], *, differing: bool) -> str:
    return "".join(piece.text for piece in pieces if piece.differs or not differing)


def found(message: str) -> Difference:
    result = difference(message)
    assert result is not None
    return result


def test_two_texts_differ_in_a_word() -> None:
    of = found(STRINGS)
    assert (text(of.expected, differing=False), text(of.got, differing=False)) == ("3 apples", "2 apples")
    assert (text(of.expected, differing=True), text(of.got, differing=True)) == ("3", "2")


def test_dictionaries_stand_as_json_and_differ_in_lines() -> None:
    of = found(DICTS)
    assert of.said == "the order differs"
    assert text(of.expected, differing=True).strip() == '"count": 3'
    assert text(of.got, differing=True).strip() == '"count": 2'
    assert '"total": 240' in text(of.got, differing=False)


def test_where_a_value_comes_from_is_kept() -> None:
    of = found("assert 2 == 3\n +  where 2 = len([1, 2])\n +    and 3 = f()")
    assert (of.expected, of.got) == ((Piece("3", True),), (Piece("2", True),))
    assert of.rest == " +  where 2 = len([1, 2])\n +    and 3 = f()".strip()


def test_what_the_run_kept_stands_whole() -> None:
    of = difference("assert {'a': '...'} == {'a': '...'}", ('{\n  "a": 1\n}', '{\n  "a": 2\n}'))
    assert of is not None
    assert (text(of.expected, differing=True).strip(), text(of.got, differing=True).strip()) == ('"a": 1', '"a": 2')


@pytest.mark.parametrize(("left", "right", "expected"), [
    ("a", "b", ("b", "a")),
    ([1], [2], ("[\n  2\n]", "[\n  1\n]")),
    ({1}, {2}, ("{2}", "{1}")),
    ({("a", 1): {2}}, {}, ("{}", "{('a', 1): {2}}")),
    (object(), 1, None), (1, 1, None), (list(range(3000)), [], None), ("a" * 30_000, "", None),
])  # fmt: skip
def test_plain_values_are_kept(left: object, right: object, expected: tuple[str, str] | None) -> None:
    assert sides(left, right) == expected


def test_a_text_beside_a_number_keeps_its_quotes() -> None:
    of = found("assert '3' == 3")
    assert (text(of.got, differing=False), text(of.expected, differing=False)) == ("'3'", "3")


@pytest.mark.parametrize("message", [
    "no such user", "assert False", "assert <User 1> == <User 2>", "assert 1 == 1", "assert 1 < 2 == 3",
    "assert 'aaaa...zzzz' == 'b'", "assert [1, 2, ...] == [1]", "AssertionError", "assert f(1) == 2", "",
])  # fmt: skip
def test_what_is_no_comparison_of_values_stays_as_it_is(message: str) -> None:
    assert difference(message) is None


def test_hints_for_a_terminal_go() -> None:
    assert without_hints("assert a\n  Use -v to get more diff\n  kept") == "assert a\n  kept"
