"""Parse the text of one block with the reference parser, on the author's own line numbers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from gherkin.ast_builder import AstBuilder
from gherkin.dialect import DIALECTS, Dialect
from gherkin.errors import CompositeParserException, NoSuchLanguageException, ParserException
from gherkin.pickles.compiler import Compiler
from gherkin.stream.id_generator import IdGenerator
from gherkin.token_matcher import TokenMatcher

from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.parser import QuickParser, scanner
from mkdocs_jetty.spec.spelling import meant

LANGUAGE = re.compile(r"^\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*$")
# How the parser says what it expected, and how a person would.
UNEXPECTED = re.compile(r"(?:unexpected end of file, )?expected: (?P<tokens>.*?)(?:, got '(?P<got>.*)')?\Z", re.DOTALL)
TOKENS = {
    "#FeatureLine": "a feature", "#RuleLine": "a rule", "#BackgroundLine": "a background",
    "#ScenarioLine": "a scenario", "#ExamplesLine": "examples", "#StepLine": "a step", "#TableRow": "a table row",
    "#DocStringSeparator": "a doc string's quotes", "#TagLine": "a tag",
}  # fmt: skip
NO_SCENARIO_BELOW = "these tags hold for nothing: put them into the same block as the scenario, right above it"
PARSER_PLACE = re.compile(r"^\(\d+:\d+\):\s*")


@dataclass(frozen=True)
class Document:
    """A block that parsed: its syntax tree, and the scenarios compiled from it."""

    feature: dict[str, Any]
    pickles: list[dict[str, Any]]
    named: bool
    """Whether the block names its feature itself."""
    background: list[dict[str, Any]]
    """The backgrounds of the page that hold from here on."""
    comments: list[tuple[int, str]]
    """Each comment with its line; what looks like one in a doc string is none."""


def parse_block(
    source: str,
    page: str,
    line: int,
    indent: int,
    name: str,
    background: list[dict[str, Any]],
    ids: IdGenerator,
    *,
    whole: bool = False,
    numbers: Sequence[int] = (),
) -> Document | list[Problem]:
    """Parse the text of a block.

    Args:
        source: The text between the fences.
        page: The file, for messages.
        line: The line before the text's first: that of the opening fence.
        indent: The columns in front of the text.
        name: The feature's name where the text gives none.
        background: The page's backgrounds so far.
        ids: Where nodes get their identifiers from.
        whole: Whether the text is a whole `.feature` file.
        numbers: The number of each line of the text, where they do not follow each other.

    Returns:
        The document, or all that is wrong with it.
    """
    lines = source.split("\n")
    numbers = numbers or range(line + 1, line + 1 + len(lines))
    language = language_of(lines)
    dialect = _dialect(language)
    if dialect is None:
        at = next((n for n, text in enumerate(lines) if LANGUAGE.match(text)), 0)
        message = f"unknown language `{language}`; see Gherkin's list of languages"
        return [Problem("error", page, numbers[at], indent + 1, message)]
    named = _names_feature(lines, dialect)
    # The feature that the block belongs to takes the place of its opening fence.
    above = [f"{dialect.feature_keywords[0]}: {' '.join(name.split())}"] if not named and not whole else []
    text = scanner([*above, *lines], [*(numbers[0] - 1 for _ in above), *numbers])
    try:
        tree: Any = QuickParser(AstBuilder(ids)).parse(text, TokenMatcher(language))
    except CompositeParserException as error:
        tags = _hanging_tags(lines)
        if tags and len(error.errors) == 1 and "unexpected end of file" in str(error.errors[0]):
            return [Problem("error", page, numbers[tags - 1], None, NO_SCENARIO_BELOW)]
        return [_problem(each, page, indent, language) for each in error.errors]
    except ParserException as error:
        return [_problem(error, page, indent, language)]
    feature = tree.get("feature")
    if feature is None:
        return [Problem("warning", page, numbers[0], None, "nothing is specified here: the text holds no feature")]
    own = [child["background"] for child in feature["children"] if "background" in child]
    inherited = [] if named else background
    compiled: Any = {**feature, "children": [{"background": each} for each in inherited] + feature["children"]}
    pickles: Any = Compiler(ids).compile(cast("Any", {**tree, "feature": compiled, "uri": page}))
    comments = [(each["location"]["line"], each["text"]) for each in tree["comments"]]
    return Document(feature, pickles, named, background if named else background + own, comments)


def leaves_background(source: str) -> bool:
    """Tell whether a text that does not parse seems to hold a background for the later blocks of its page."""
    lines = source.split("\n")
    heads = [_head(text) for text in lines if text.strip() and not text.lstrip().startswith(("#", "@"))]
    if any(head in _heads("feature") for head in heads[:1]):
        return False
    return any(
        head in _heads("background") or difflib.get_close_matches(head, ["background"], 1, 0.85) for head in heads
    )


def _head(text: str) -> str:
    return re.split("[:\uff1a]", text, maxsplit=1)[0].strip(" \t>").casefold()


@lru_cache(maxsize=2)
def _heads(section: str) -> frozenset[str]:
    """A section's keywords in all languages: the text may not even say rightly which one is its own."""
    dialects: Any = DIALECTS.values()
    return frozenset(word.casefold() for dialect in dialects for word in dialect[section])


def _dialect(language: str) -> Any:
    try:
        return Dialect.for_name(language)  # newer parsers answer None, older ones raise
    except NoSuchLanguageException:
        return None


def language_of(lines: Sequence[str]) -> str:
    """The language that a text names at its top, `en` where it names none."""
    for text in lines:
        match = LANGUAGE.match(text)
        if match:
            return match.group(1)
        if text.strip() and not text.lstrip().startswith("#"):
            break
    return "en"


def _hanging_tags(lines: Sequence[str]) -> int:
    """The first of the lines of tags that a text ends with; 0 if it ends otherwise."""
    found = 0
    for number, text in enumerate(lines, 1):
        if text.lstrip().startswith("@"):
            found = found or number
        elif text.strip() and not text.lstrip().startswith("#"):
            found = 0
    return found


def _names_feature(lines: Sequence[str], dialect: Any) -> bool:
    for text in lines:
        stripped = text.strip()
        if stripped and not stripped.startswith(("#", "@")):
            return any(stripped.startswith(f"{keyword}:") for keyword in dialect.feature_keywords)
    return False


def _problem(error: Any, page: str, indent: int, language: str) -> Problem:
    location = error.location
    column = location.get("column")
    message = _in_words(PARSER_PLACE.sub("", str(error)), language)
    return Problem(
        "error", page, location["line"], column + indent if column else None, f"not valid Gherkin: {message}"
    )


def _in_words(message: str, language: str) -> str:
    match = UNEXPECTED.match(message)
    if not match:
        return message
    right = meant(match.group("got"), language) if match.group("got") else None
    if right:
        return f"`{match.group('got')}` cannot stand here; write `{right}`"
    expected = [words for token, words in TOKENS.items() if token in match.group("tokens").split(", ")]
    got = f"`{match.group('got')}` cannot stand here" if match.group("got") else "the text ends too early"
    return f"{got}; expected {' or '.join(filter(None, [', '.join(expected[:-1]), expected[-1]]))}" if expected else got
