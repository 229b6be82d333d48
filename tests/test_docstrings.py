"""A step is given what the same text is in a `.feature` file under pytest-bdd itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_bdd.parser import FeatureParser

from mkdocs_jetty.config import from_options
from mkdocs_jetty.run.execute import bdd_feature, bdd_scenario
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

TEXTS = {
    "at the quotes": ['"""', "a", "  b", '"""'],
    "deeper": ['"""', "    root", "      leaf", '"""'],
    "deeper, one line less": ['"""', "    root", "  leaf", "a", '"""'],
    "left of the quotes": ['    """', "a", "  b", '    """'],
    "blank lines only": ['"""', "   ", "      ", '"""'],
    "a blank line within": ['"""', "    a", "  ", "    b", '"""'],
    "empty lines around": ['"""', "", "    a", "", "", '"""'],
    "blanks at the ends": ['"""', "    a  ", "    b ", '"""'],
    "empty": ['"""', '"""'],
    "one empty line": ['"""', "", '"""'],
    "backticks": ["```", "    a", "    b", "```"],
    "with a media type": ['"""json', "    {", "      1", "    }", '"""'],
    "quotes within": ['"""', '    \\"\\"\\"', "    a", '"""'],
    "no-break spaces": ['"""', "\u00a0\u00a0a", "\u00a0\u00a0b", '"""'],
    "unicode blanks": ['"""', "\u3000", "    a", '"""'],
    "with values": ['"""', "    <x>", "      <x><y>", '"""'],
    "indented quotes, deeper text": ['      """', "          root", "            leaf", '      """'],
    "tabs": ['"""', "\t\ta", "\t\t\tb", '"""'],
    "tabs and blanks": ['"""', "\ta", "    b", '"""'],
    "a blank tab": ['"""', "    a", "\t", "    b", '"""'],
}


def feature(lines: list[str]) -> str:
    step = "\n".join(["    Given a text", *(f"      {line}" if line else "" for line in lines)])
    return f"Feature: F\n  Scenario Outline: x\n{step}\n    Examples:\n      | x | y |\n      | 1 |   |\n"


def given(spec: Spec, root: Path) -> str | None:
    """What the step of the one scenario is given."""
    [(one, scenario)] = spec.scenarios()
    [step] = bdd_scenario(scenario, bdd_feature(one, root / one.page, root)).steps
    return step.docstring


def stock(path: Path) -> str | None:
    parsed = FeatureParser(str(path.parent), path.name).parse()
    [template] = parsed.scenarios.values()
    [context] = template.examples[0].as_contexts()
    [step] = template.render(context).steps
    return step.docstring


@pytest.mark.parametrize("lines", TEXTS.values(), ids=TEXTS)
def test_the_text_of_a_feature_file_is_that_of_pytest_bdd(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "a.feature"
    path.write_text(feature(lines), encoding="utf-8")
    spec = read(from_options(tmp_path, None, "Site", tmp_path / "docs", {"features": ["a.feature"]}))
    assert given(spec, tmp_path) == stock(path)


@pytest.mark.parametrize("lines", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("fence", ["~~~~gherkin\n{}~~~~\n", "- item\n\n    ~~~~gherkin\n{}    ~~~~\n"])
def test_the_text_on_a_page_is_that_of_a_feature_file(tmp_path: Path, lines: list[str], fence: str) -> None:
    text = feature(lines)
    (tmp_path / "a.feature").write_text(text, encoding="utf-8")
    inner = "".join(f"    {line}" if fence.startswith("-") else line for line in text.splitlines(keepends=True))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/page.md").write_text(fence.format(inner), encoding="utf-8")
    spec = read(from_options(tmp_path, None, "Site", tmp_path / "docs", {}))
    assert given(spec, tmp_path) == stock(tmp_path / "a.feature")


def test_what_is_shown_and_exported_stays_the_authors(tmp_path: Path) -> None:
    (tmp_path / "a.feature").write_text(feature(TEXTS["deeper"]), encoding="utf-8")
    spec = read(from_options(tmp_path, None, "Site", tmp_path / "docs", {"features": ["a.feature"]}))
    [(_, scenario)] = spec.scenarios()
    assert scenario.steps[0].docstring == "    root\n      leaf"
