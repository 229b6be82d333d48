"""Exported features, read again, say what the pages say: scenarios, steps, tags, modes."""

from __future__ import annotations

import re
import shutil
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from gherkin.dialect import Dialect
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mkdocs_jetty.config import from_options, load
from mkdocs_jetty.show.feature_file import feature_file
from mkdocs_jetty.spec.model import MODES, Spec
from mkdocs_jetty.spec.reader import read

QUOTES = '"""'
ESCAPED = r"\"\"\""


@lru_cache(maxsize=1)
def root() -> Path:
    return Path(mkdtemp(prefix="jetty-round-trip-")).resolve()


@pytest.fixture(scope="module", autouse=True)
def _removed_afterwards() -> object:
    yield
    shutil.rmtree(root())


def spec_of(page: str | None, features: dict[str, str]) -> Spec:
    shutil.rmtree(root())
    (root() / "docs").mkdir(parents=True)
    (root() / "out").mkdir()
    if page is not None:
        (root() / "docs/page.md").write_text(page, encoding="utf-8")
    for name, text in features.items():
        (root() / "out" / name).write_text(text, encoding="utf-8")
    options = {"features": ["out"]} if features else {}
    return read(from_options(root(), None, "Site", root() / "docs", options))


def told(spec: Spec) -> list[tuple[object, ...]]:
    """All that a scenario says; the mode and the traits of a page are tags in a file."""
    return sorted(
        (
            feature.name, one.name, one.mode, one.rule or "", one.defect or "",
            tuple(sorted(tag for tag in one.tags if tag[1:] not in MODES and not tag.startswith("@trait:"))),
            tuple((s.type, s.text, s.table or (), s.docstring or "", s.media_type or "") for s in one.steps),
        )
        for feature in spec.features
        for one in feature.scenarios
    )  # fmt: skip


def exported(spec: Spec) -> dict[str, str]:
    return {f"{number}.feature": feature_file(feature, spec) for number, feature in enumerate(spec.features)}


def survives(page: str) -> dict[str, str]:
    """Export a page, read that, and export it once more."""
    spec = spec_of(page, {})
    assert spec.features
    files = exported(spec)
    again = spec_of(None, files)
    assert [problem for problem in again.problems if problem.level == "error"] == []
    assert told(again) == told(spec), "\n".join(files.values())
    assert sorted(exported(again).values()) == sorted(files.values())
    return files


def fence(text: str, language: str = "gherkin") -> str:
    return f"````{language}\n{text}\n````\n\n"


def test_two_rules_of_one_name_on_two_fences_stay_two() -> None:
    first = "Rule: A key opens\n  Scenario: one\n    Given a key"
    second = "@wip\nRule: A key opens\n  Scenario: two\n    Given a key"
    (text,) = survives(f"# Door\n\n{fence(first)}{fence(second)}").values()
    assert text.count("Rule: A key opens") == 2


def test_the_background_of_a_feature_file_is_filled_by_each_row(tmp_path: Path) -> None:
    text = (
        'Feature: Door\n\n  Background:\n    Given the sign "<name>" on the door\n      | <name> |\n\n'
        "  Scenario Outline: Ring\n    When I ring for <name>\n\n"
        "    Examples:\n      | name |\n      | Ada  |\n      | Bo   |\n"
    )
    found = []
    for number, source in enumerate((text, text)):
        (tmp_path / "f").mkdir(exist_ok=True)
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "mkdocs.yml").write_text("plugins: [{jetty: {features: [f]}}]\n")
        (tmp_path / "f/door.feature").write_text(source if not number else found[0][1])
        spec = read(load(tmp_path / "mkdocs.yml"))
        said = [step.text for _, scenario in spec.scenarios() for step in scenario.steps]
        found.append((said, feature_file(spec.features[0], spec)))
    assert found[0] == found[1]
    assert found[0][0][0] == 'the sign "Ada" on the door'
    assert found[0][0][2] == 'the sign "Bo" on the door'


def test_a_background_with_placeholders_stays_literal() -> None:
    background = 'Background:\n  Given the sign "<name>" on the door\n    | <name> |'
    outline = (
        "Scenario Outline: Ring for <name>\n  When I ring for <name>\n\n"
        "  @loud\n  Examples:\n    | name |\n    | Ada |\n    | Bo |"
    )
    plain = "Scenario: Knock\n  When I knock"
    (text,) = survives(f"# Door\n\n{fence(background)}{fence(outline)}").values()
    assert "Scenario Outline" in text
    # Where a scenario stands before the background, it cannot be that of the file.
    (text,) = survives(f"# Door\n\n{fence(plain)}{fence(background)}{fence(outline)}").values()
    assert "| Ada  | <name>" in text
    other = outline.replace("name", "who")
    (text,) = survives(f"# Door\n\n{fence(plain)}{fence(background)}{fence(other)}").values()
    assert "in the background" not in text


@pytest.mark.parametrize("content", [QUOTES, ESCAPED, f"a {QUOTES} b", r"\`\`\`", r"\\", "  deep\n\n    deeper", ""])
@pytest.mark.parametrize("quotes", [QUOTES, "```"])
def test_doc_strings_survive_whatever_quotes_they_hold(content: str, quotes: str) -> None:
    if quotes == QUOTES and content == QUOTES:
        content = ESCAPED
    lines = "\n".join(f"    {line}" if line else "" for line in content.split("\n"))
    survives("# A\n\n" + fence(f"Scenario: a\n  Given it\n    {quotes}json\n{lines}\n    {quotes}"))


@pytest.mark.parametrize("cell", ["a \\| b", "\\\\", "\\n", "\\\\n", "a\\b", "\\\\\\|", "", '"""', "#no", "@no", "<x>"])
def test_cells_survive_their_escapes(cell: str) -> None:
    survives(f"# A\n\n{fence(f'Scenario: a{chr(10)}  Given it{chr(10)}    | a | {cell} |{chr(10)}    | {cell} | b |')}")


def test_several_languages_on_one_page_become_one() -> None:
    french = (
        "# language: fr\nContexte:\n  Soit une porte\n  Et une clé\n\nPlan du scénario: ouvrir <quoi>\n"
        "  De la prose.\n\n  Quand j'ouvre <quoi>\n  Mais pas tout\n  Alors c'est ouvert\n  * fini\n\n"
        "  Exemples:\n    | quoi |\n    | la porte |"
    )
    english = "Scenario: open\n  When I open it\n  And more\n  Then it is open"
    for blocks in ([french], [french, english], [english, french], [english, english, french]):
        survives("# Porte\n\n" + "".join(map(fence, blocks)))


@pytest.mark.parametrize("language", ["fr", "de", "ja", "zh-CN", "ru", "ar", "en-lol", "em", "ht", "nl"])
def test_every_language_survives(language: str) -> None:
    dialect = Dialect.for_name(language)
    assert dialect is not None
    steps = [
        f"  {word}it" for kind in ("given", "when", "then", "and", "but")
        for word in getattr(dialect, f"{kind}_keywords") if word.strip() != "*"
    ]  # fmt: skip
    lines = [f"# language: {language}", *(f"{word}: {n}" for n, word in enumerate(dialect.scenario_keywords))]
    survives("# A\n\n" + fence("\n".join([*lines, *steps])))


def test_modes_names_and_tags_survive() -> None:
    outline = (
        "@own\nScenario Outline:\n  Given <a>\n\n  @few\n  Examples: few\n    | a |\n    | 1 |\n\n"
        "  @production @many\n  Examples:\n    | a |\n    | 2 |\n    | 3 |"
    )
    empty = "Scenario:\n  # STABLE MODE SCENARIOS\n  A description.\n\n  Given it\n\nScenario:\n  Given it"
    docs = f"Scenario: c\n  Given it\n    {QUOTES}\n    # PRODUCTION MODE\n    {QUOTES}\n\nScenario: d\n  Given it"
    page = f"# A\n\n## Stable\n\n{fence(outline)}{fence(empty)}## Speed\n\n{fence(docs)}"
    survives(page)
    named = "@smoke\nFeature: Named\n  Prose.\n\n  Rule: R\n    Scenario: s\n      * it\n\n    Scenario: t\n      * it"
    survives(page + fence(named))


def test_a_scenario_outside_of_rules_stays_outside() -> None:
    rule = "Rule: R\n  Scenario: in\n    Given it"
    survives(f"# A\n\n{fence(rule)}{fence('Scenario: out' + chr(10) + '  Given it')}{fence(rule)}")


# ---- random pages ----

texts = st.sampled_from(
    [
        "a door",
        "<x>",
        "<y>",
        '"<x>" and 3',
        "Given",
        "ünï 日本",
        "a | b",
        "\\n \\| \\\\",
        "# no",
        "@no",
        '"""',
        "```",
        "And so",
        "",
    ]
)
cells = st.sampled_from(["a", "<x>", "\\|", "\\\\", "\\n", "\\\\n", "", "<y> b", "ü", '"""'])
tags = st.sets(st.sampled_from(["@a", "@b", "@stable", "@wip", "@standard:x"]), max_size=2).map(sorted)


@st.composite
def step(draw: st.DrawFn, background: bool = False) -> list[str]:
    lines = [f"    {draw(st.sampled_from(['Given', 'When', 'Then', 'And', '*']))} {draw(texts)}"]
    kind = draw(st.sampled_from(["", "", "table", QUOTES, "```"]))
    if kind == "table":
        width = draw(st.integers(1, 2))
        lines += [f"      | {' | '.join(draw(cells) for _ in range(width))} |" for _ in range(draw(st.integers(1, 2)))]
    elif kind:
        content = draw(
            st.lists(st.sampled_from(["x", "  deep", "", ESCAPED, r"\`\`\`", "<x>", "| a |", "# STABLE MODE"]))
        )
        lines += [f"      {kind}", *(f"      {line}" if line else "" for line in content), f"      {kind}"]
    return lines


@st.composite
def scenario(draw: st.DrawFn) -> list[str]:
    outline = draw(st.booleans())
    own = draw(tags)
    lines = [f"  {' '.join(own)}"] if own else []
    lines.append(f"  Scenario{' Outline' if outline else ''}: {draw(texts)}")
    lines += ["    Some prose.", ""] if draw(st.booleans()) else []
    lines += [line for each in draw(st.lists(step(), min_size=1, max_size=3)) for line in each]
    if outline:
        for _ in range(draw(st.integers(1, 2))):
            of = draw(tags)
            lines += ["", f"    {' '.join(of)}" if of else "", f"    Examples: {draw(texts)}", "      | x | y |"]
            lines += [f"      | {draw(cells)} | {draw(cells)} |" for _ in range(draw(st.integers(1, 2)))]
    return [*lines, ""]


@st.composite
def block(draw: st.DrawFn) -> str:
    lines: list[str] = []
    if draw(st.booleans()) and draw(st.booleans()):
        lines += [" ".join(draw(tags)), f"Feature: {draw(st.sampled_from(['One', 'Two', '']))}", ""]
    if draw(st.booleans()):
        lines += ["  Background:", *draw(step()), ""]
    if draw(st.booleans()):
        lines += [f"  {' '.join(draw(tags))}", f"  Rule: {draw(st.sampled_from(['R', 'S', '']))}", ""]
        lines += ["  Background:", *draw(step()), ""] if draw(st.booleans()) else []
    lines += [line for each in draw(st.lists(scenario(), min_size=1, max_size=2)) for line in each]
    return "\n".join(lines)


@given(st.lists(st.tuples(st.sampled_from(["", "## Stable\n\n", "## Speed\n\n"]), block()), min_size=1, max_size=3))
@settings(
    derandomize=True, deadline=None, max_examples=100, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
def test_whatever_a_page_says_survives(blocks: list[tuple[str, str]]) -> None:
    page = "# Page\n\n" + "".join(heading + fence(text) for heading, text in blocks)
    spec = spec_of(page, {})
    if any(problem.level == "error" for problem in spec.problems):
        return
    files = exported(spec)
    again = spec_of(None, files)
    names = {feature.name for feature in spec.features if not feature.name}
    if not names:  # a file names what has no name
        assert told(again) == told(spec), "\n".join(files.values())
    assert re.sub(r"\s", "", "".join(files.values()))
