"""What says nothing as it is spelt, and what runs nothing: told of once, with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_jetty.config import from_options
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.show import html
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.modes import meant_by_heading, meant_by_tag
from mkdocs_jetty.spec.reader import read


def page(root: Path, text: str) -> Spec:
    (root / "page.md").write_text(text, encoding="utf-8")
    return read(from_options(root, None, "Site", root, {}))


def fence(root: Path, gherkin: str) -> Spec:
    return page(root, f"```gherkin\n{gherkin}\n```\n")


def feature_file(root: Path, text: str) -> Spec:
    (root / "a.feature").write_text(text, encoding="utf-8")
    return read(from_options(root, None, "Site", root, {"features": ["a.feature"]}))


def messages(spec: Spec) -> list[str]:
    return [f"{problem.level}: {problem}" for problem in spec.problems]


# ---- modes, claims ----


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("@Production", "@production"), ("@SPEED", "@speed"), ("@WIP", "@wip"), ("@Wip", "@wip"),
        ("@Standard:x", "@standard:x"), ("@standards:x", "@standard:x"), ("@standrad:X-1", "@standard:X-1"),
        ("@Owner:me", "@owner:me"), ("@traits:x", "@trait:x"), ("@prodcution", "@production"),
        ("@Prodcution", "@production"), ("@producton", "@production"), ("@productionn", "@production"),
        ("@stabel", "@stable"), ("@stbale", "@stable"), ("@stabl", "@stable"), ("@speeed", "@speed"),
        *((tag, None) for tag in (
            "@production", "@speed", "@wip", "@standard:x", "@owner:x", "@product", "@prod", "@stables", "@stable-api",
            "@stable2", "@speedy", "@sped", "@seed", "@staple", "@wpi", "@issue:3", "@api:stable", "@staging",
            "@standard", "@unstable", "@table", "@spend", "@slow", "@x", "@trait:", "@ui",
        )),
    ],
)  # fmt: skip
def test_a_tag_one_slip_away_is_told_of_and_an_ordinary_one_is_not(tag: str, meant: str | None) -> None:
    assert meant_by_tag(tag) == meant


@pytest.mark.parametrize(
    ("heading", "mode"),
    [
        ("Stabel", "stable"), ("Stabel: refusals", "stable"), ("Prodution mode", "production"),
        ("\U0001f680 Prodcution", "production"), ("Speeed", "speed"),
        *((heading, None) for heading in (
            "Stable", "Production mode", "Speed: x", "Stability", "Stables", "Speedy delivery", "Product", "Products",
            "Table", "Stale data", "Produktion", "Introduction", "Reproduction", "Seed data", "Steed", "Stabile", "",
            "Unstable", "What production means", "\u65e5\u672c",
        )),
    ],
)  # fmt: skip
def test_a_heading_one_slip_away_is_told_of_and_an_ordinary_one_is_not(heading: str, mode: str | None) -> None:
    assert meant_by_heading(heading) == mode


def test_what_was_meant_is_said_at_its_line_and_once(tmp_path: Path) -> None:
    block = "```gherkin\n@{}\nScenario: {}\n  Given y\n```\n\n"
    spec = page(tmp_path, f"## Stabel\n\n{block.format('x', 'a')}### More\n\n{block.format('Production', 'b')}")
    assert messages(spec) == [
        "warning: page.md:3: the heading `Stabel` above sets no mode; did you mean `Stable`?",
        "warning: page.md:12: the tag `@Production` says nothing here; did you mean `@production`?",
    ]
    assert {scenario.mode for _, scenario in spec.scenarios()} == {"speed"}


def test_a_comment_one_slip_away_from_a_section_is_told_of(tmp_path: Path) -> None:
    text = "Feature: F\n  # STABEL MODE SCENARIOS\n  # dark mode\n  Scenario: a\n    Given x\n"
    assert messages(feature_file(tmp_path, text)) == [
        "warning: a.feature:2: the comment `# STABEL MODE SCENARIOS` heads no section; did you mean `STABLE MODE`?"
    ]


# ---- what runs nothing ----

STEPS = "these steps stand below no scenario, so they do not run: put a line `{}: \u2026` above them"
EXAMPLE = "; if it is only an example, open the fence with ``` { .gherkin run=false }"


@pytest.mark.parametrize(
    ("gherkin", "message"),
    [
        ("Given a\nWhen b\nThen c", f"error: page.md:2: {STEPS.format('Scenario')}{EXAMPLE}"),
        ("given a\nwhen b\nthen c", f"error: page.md:2: {STEPS.format('Scenario')}{EXAMPLE}"),
        ("# why\n\n  Given a\n  And b", f"error: page.md:4: {STEPS.format('Scenario')}{EXAMPLE}"),
        ("Feature: F\n  Given a\n  When b", f"error: page.md:3: {STEPS.format('Scenario')}{EXAMPLE}"),
        ("# language: fr\nSoit a\nQuand b", f"error: page.md:3: {STEPS.format('Scénario')}{EXAMPLE}"),
        ("only prose", f"error: page.md:1: nothing here runs: this block holds no scenario{EXAMPLE}"),
        ("Feature: F", f"error: page.md:1: nothing here runs: this block holds no scenario{EXAMPLE}"),
        ("", "warning: page.md:1: nothing here runs: this block holds no scenario"),
        ("# a comment", "warning: page.md:1: nothing here runs: this block holds no scenario"),
        ("@a @b", "error: page.md:2: these tags hold for nothing: put them into the same block as the scenario, right"),
        ("Scenario: x\n  Given y\n\n@a\n@b", "error: page.md:5: these tags hold for nothing"),
    ],
)
def test_a_fence_that_runs_nothing_is_told_of_once(tmp_path: Path, gherkin: str, message: str) -> None:
    [said] = messages(fence(tmp_path, gherkin))
    assert said.startswith(message)


@pytest.mark.parametrize("heading", ["Scenario lost", "scenario: lost", "Scenaro: lost"])
def test_a_heading_to_mend_is_told_of_without_its_steps(tmp_path: Path, heading: str) -> None:
    [said] = messages(fence(tmp_path, f"{heading}\n  Given a\n  When b"))
    assert said.startswith("error: page.md:2: this line is read as description")
    assert "begin it with `Scenario:`" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "warning: a.feature:1: nothing is specified here: the text holds no feature"),
        ("Feature: Header", "warning: a.feature:1: nothing here runs: this file holds no scenario"),
        (
            "@a\nFeature: Header\n  With prose.\n",
            "warning: a.feature:1: nothing here runs: this file holds no scenario",
        ),
        ("Feature: F\n  Given a\n  When b\n", f"error: a.feature:2: {STEPS.format('Scenario')}"),
        ("Feature: F\n\n  @late\n", "error: a.feature:3: these tags hold for nothing"),
    ],
)
def test_a_file_that_runs_nothing_is_told_of_once(tmp_path: Path, text: str, message: str) -> None:
    [said] = messages(feature_file(tmp_path, text))
    assert said.startswith(message)
    assert "run=false" not in said


def test_an_empty_page_is_no_problem(tmp_path: Path) -> None:
    assert not page(tmp_path, "").problems


def test_an_outline_without_examples_says_so(tmp_path: Path) -> None:
    [(_, scenario)] = fence(tmp_path, "# language: fr\nPlan du scénario: x\n  Soit y").scenarios()
    assert scenario.defect == "no-rows"
    assert scenario.defect_note.startswith("It is an outline without `Exemples:`; add them")
    assert scenario.defect_note.endswith("or begin it with `Scénario:`.")


def test_the_head_of_a_page_leaves_to_a_block_what_the_block_says(tmp_path: Path) -> None:
    spec = fence(tmp_path, "Given a\nWhen b")
    verdict = judge(spec, Results({}), name="Site", state="internal", fail_on=["red"])
    status = html.render_status(verdict, "page.md")
    assert "1 problem named below, where it stands." in status
    assert "stand below no scenario" not in status
    assert "stand below no scenario" in html.render_block(verdict, spec.pages[0].blocks[0])


# ---- lines that the parser refuses ----


@pytest.mark.parametrize(
    ("refused", "right"),
    [
        ("then it holds", "Then it holds"), ("THEN it holds", "Then it holds"), ("Then: it holds", "Then it holds"),
        ("And: it holds", "And it holds"), ("Thne it holds", "Then it holds"), ("- Then it holds", "Then it holds"),
        ("1. Then it holds", "Then it holds"), ("scenario: other", "Scenario: other"),
        ("Scenaro: other", "Scenario: other"), ("Scenario other", "Scenario: other"),
        ("Scenario outline: other", "Scenario Outline: other"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_stand_is_told_with_the_right_one(tmp_path: Path, refused: str, right: str) -> None:
    spec = fence(tmp_path, f"Scenario: one\n  Given a cart\n  {refused}")
    expected = f"error: page.md:4:3: not valid Gherkin: `{refused}` cannot stand here; write `{right}`"
    assert messages(spec)[0] == expected


def test_a_language_has_its_own_right_line(tmp_path: Path) -> None:
    spec = fence(tmp_path, "# language: de\nSzenario: eins\n  Angenommen ein Korb\n  dann ist er voll")
    assert messages(spec)[0].endswith("`dann ist er voll` cannot stand here; write `Dann ist er voll`")


@pytest.mark.parametrize("refused", ["so it goes", "Background:", "Scenarios"])
def test_where_nothing_is_near_the_kinds_that_may_stand_are_named(tmp_path: Path, refused: str) -> None:
    spec = fence(tmp_path, f"Scenario: one\n  Given a cart\n  {refused}")
    assert "cannot stand here; " in messages(spec)[0]
    assert ("expected" in messages(spec)[0]) is (refused != "Scenarios")
