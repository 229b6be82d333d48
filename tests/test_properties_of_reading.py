"""What holds for whatever Gherkin, or nearly Gherkin, anyone may write: it is read, and no keyword is lost in it."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mkdocs_jetty.config import Settings, from_options
from mkdocs_jetty.spec.model import Block, ShownBackground, ShownScenario, Spec
from mkdocs_jetty.spec.reader import read

often = settings(
    derandomize=True, deadline=None, max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
KEYWORD = re.compile(
    r"\s*(?:(?:Given|When|Then|And|But) \S|(?:Feature|Rule|Background|Scenario(?: Outline)?|Examples):)"
)
QUOTES = re.compile(r'\s*("""|```)')

STARTS = [
    "Feature: ", "Rule: ", "Background: ", "Scenario: ", "Scenario: ", "Scenario Outline: ", "Examples:",
    "Given ", "When ", "Then ", "And ", "But ", "* ", "given ", "when ", "and ",
    "Givn ", "- Given ", ". When ",
    "\u0422hen ",
    "\uff27iven ", "scenario: ", "Scenario ", "EXAMPLE:", "Scenaro: ", "| a |", "| <x> | b |", '"""', "```",
    "@tag ", "@Production", "@prodcution ",
    "# STABEL MODE ", "# STABLE MODE ", "# language: fr", "Prose ", "It is,", "",
]  # fmt: skip
ENDS = ["a", "it works", "it works.", "<x>", "all of it,", "\u00e9\u00e9 \u2028", "\x0c", "\t", "", "when y"]
lines = st.tuples(st.sampled_from(["", "  ", "    ", "      ", "\t"]), st.sampled_from(STARTS), st.sampled_from(ENDS))
gherkin = st.lists(lines.map("".join), max_size=14).map("\n".join)
anything = st.lists(st.one_of(lines.map("".join), st.text(max_size=12)), max_size=8).map("\n".join)


@lru_cache(maxsize=1)
def project() -> Settings:
    root = Path(mkdtemp(prefix="jetty-reading-"))
    (root / "docs").mkdir()
    return from_options(root, None, "Site", root / "docs", {"features": ["a.feature"]})


def spec_of(text: str) -> Spec:
    (project().root / "a.feature").write_bytes(text.encode("utf-8", "surrogatepass"))
    return read(project())


def outside_doc_strings(text: str) -> list[tuple[int, str]]:
    """The lines of a text that can be Gherkin, with their numbers."""
    found: list[tuple[int, str]] = []
    opened = ""
    for number, line in enumerate(text.split("\n"), 1):
        match = QUOTES.match(line)
        if opened:
            opened = "" if match and match[1] == opened else opened
        elif match and found and KEYWORD.match(found[-1][1] or ""):
            opened = match[1]
        else:
            found.append((number, line))
    return found


def told(block: Block) -> set[int]:
    """The lines that a block shows as steps and headings, or says something of."""
    found = {problem.line or 0 for problem in block.problems}
    for item in block.items:
        found.add(item.line)
        if isinstance(item, (ShownBackground, ShownScenario)):
            found |= {step.line for step in item.steps}
        if isinstance(item, ShownScenario):
            found |= {examples.line for examples in item.examples}
    return found


@often
@given(st.one_of(gherkin, anything, gherkin.map("Feature: F\n{}".format)))
def test_reading_never_raises(text: str) -> None:
    spec = spec_of(text)
    assert all(problem.message for problem in spec.problems)


@often
@given(gherkin.map("Feature: F\n{}".format))
def test_no_keyword_is_lost_without_a_word(text: str) -> None:
    spec = spec_of(text)
    [block] = spec.pages[0].blocks
    lost = [line for line in outside_doc_strings(text) if KEYWORD.match(line[1]) and line[0] not in told(block)]
    # Where nothing runs, one message may stand for many lines.
    assert not lost or (not list(spec.scenarios()) and any(problem.level == "error" for problem in block.problems))


@often
@given(gherkin.map("Feature: F\n{}".format))
def test_nothing_is_said_twice(text: str) -> None:
    said = [(problem.line, problem.message) for problem in spec_of(text).problems]
    assert len(set(said)) == len(said)
