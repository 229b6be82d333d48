"""The quicker parser and the reference parser say the same of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gherkin.ast_builder import AstBuilder
from gherkin.dialect import DIALECTS
from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.stream.id_generator import IdGenerator
from gherkin.token_matcher import TokenMatcher
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_jetty.spec.parser import QuickParser, scanner
from tests.test_properties_of_reading import anything, gherkin, often

TEXTS = sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in {".md", ".feature"})


def told(parser: type[Parser], text: Any, language: str = "en") -> Any:
    try:
        return parser(AstBuilder(IdGenerator())).parse(text, TokenMatcher(language))
    except CompositeParserException as error:
        return [(str(each), each.location) for each in error.errors]
    except ParserException as error:
        return str(error), error.location


def agree(text: str, language: str = "en") -> None:
    assert told(QuickParser, text, language) == told(Parser, text, language)


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_they_agree_on_every_text_of_these_tests(newline: str) -> None:
    for path in TEXTS:
        text = path.read_bytes().decode("utf-8", "replace").replace("\n", newline)
        agree(text)
        # A page holds much that is not Gherkin, and the parser gives up after ten mistakes.
        for part in text.split("```"):
            agree(part.partition("gherkin")[2] or part)


@often
@given(st.one_of(gherkin, anything), st.sampled_from(["", "Feature: x\n", "Feature: x\nScenario: y\n"]))
def test_they_agree_on_whatever_anyone_may_write(text: str, above: str) -> None:
    agree(above + text)


@pytest.mark.parametrize("language", DIALECTS)
def test_they_agree_in_every_language(language: str) -> None:
    words: Any = DIALECTS[language]
    heads = [f"{word}: x" for section in ("rule", "background", "scenario", "scenarioOutline", "examples")
             for word in words[section]]  # fmt: skip
    steps = [f"{word}y" for section in ("given", "when", "then", "and", "but") for word in words[section]]
    for feature in words["feature"]:
        agree(
            "\n".join([f"{feature}: x", "prose", *(f"{head}\n{step}" for head in heads for step in steps[:3])]),
            language,
        )
    body = "\n".join([f"{words['feature'][0]}: x", f"{words['scenario'][0]}: y", *steps, "| a |", '"""', *steps, '"""'])
    agree(body, language)
    # A text may name its language itself, and then another one.
    agree(f"# language: {language}\n{body}")
    agree(f"# language: {language}\n# language: fr\n{body}")


def test_a_text_may_begin_further_down_in_its_file() -> None:
    text = "Feature: x\n@tag\nScenario: y\nGiven z\n| a |\nnonsense"
    for each in (text, f"{text}\nScenario: v", "", "\n"):
        lines = each.split("\n")
        assert told(QuickParser, scanner(lines, range(8, 8 + len(lines)))) == told(Parser, "\n" * 7 + each)
