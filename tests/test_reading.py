"""What is read from a page: which blocks, which scenarios, on which lines, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Scenario, Spec
from mkdocs_jetty.spec.reader import read

Read = Callable[..., Spec]


@pytest.fixture
def read_pages(tmp_path: Path) -> Read:
    def act(page: str | bytes = "", *, options: dict[str, object] | None = None, **files: str) -> Spec:
        (tmp_path / "docs").mkdir(exist_ok=True)
        target = tmp_path / "docs/page.md"
        target.write_bytes(page if isinstance(page, bytes) else page.encode())
        for name, text in files.items():
            (tmp_path / name.replace("__", "/").replace("_md", ".md").replace("_feature", ".feature")).write_text(text)
        return read(from_options(tmp_path, None, "Site", tmp_path / "docs", options or {}))

    return act


def scenarios(spec: Spec) -> list[Scenario]:
    return [scenario for _, scenario in spec.scenarios()]


def messages(spec: Spec) -> list[str]:
    return [str(problem) for problem in spec.problems]


FENCED = [
    ("plain", "```gherkin\nScenario: x\n  Given y\n```\n", 2),
    ("tildes", "~~~gherkin\nScenario: x\n  Given y\n~~~\n", 2),
    ("four backticks", "````gherkin\nScenario: x\n  Given y\n````\n", 2),
    ("attribute list", "``` { .gherkin }\nScenario: x\n  Given y\n```\n", 2),
    ("list", "- item\n\n    ```gherkin\n    Scenario: x\n      Given y\n    ```\n", 4),
    ("admonition", "!!! note\n\n    ```gherkin\n    Scenario: x\n      Given y\n    ```\n", 4),
    ("details", '??? note "More"\n    ```gherkin\n    Scenario: x\n      Given y\n    ```\n', 3),
    ("tab", '=== "One"\n\n    ```gherkin\n    Scenario: x\n      Given y\n    ```\n', 4),
    ("quote", "> ```gherkin\n> Scenario: x\n>   Given y\n> ```\n", 2),
    ("front matter", "---\ntitle: T\n---\n\n```gherkin\nScenario: x\n  Given y\n```\n", 6),
    ("Windows lines", "# T\r\n\r\n```gherkin\r\nScenario: x\r\n  Given y\r\n```\r\n", 4),
    ("byte order mark", "\ufeff# T\n\n```gherkin\nScenario: x\n  Given y\n```\n", 4),
]


@pytest.mark.parametrize(("page", "line"), [case[1:] for case in FENCED], ids=[case[0] for case in FENCED])
def test_a_fence_is_specification_wherever_markdown_allows_one(read_pages: Read, page: str, line: int) -> None:
    spec = read_pages(page)
    assert [(each.name, each.line, each.steps[0].line) for each in scenarios(spec)] == [("x", line, line + 1)]
    assert not spec.problems


@pytest.mark.parametrize(
    "page",
    [
        "``` { .gherkin run=false }\nScenario: x\n```\n",
        "```gherkin {run=false}\nScenario: x\n```\n",
        "````md\n```gherkin\nScenario: x\n```\n````\n",
        "```text\nScenario: x\n```\n",
        "Only prose about gherkin.\n",
    ],
)
def test_what_is_only_shown_does_not_run_and_is_no_problem(read_pages: Read, page: str) -> None:
    spec = read_pages(page)
    assert not scenarios(spec)
    assert not spec.problems


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("```Gherkin\nScenario: x\n```\n", "docs/page.md:1: this block will not run: its language is `Gherkin`"),
        ("\n```gherkin\nScenario: x\n", "docs/page.md:2: this block will not run: its fence is never closed"),
        ("<!--\n```gherkin\nScenario: x\n```\n-->\n", "docs/page.md:2: this block will not run: it stands where"),
        ("a\n\n    ```gherkin\n    Scenario: x\n    ```\n", "docs/page.md:3: this block will not run: it stands where"),
        ("```gherkin\nScenario: x\n  Given y\n  nonsense\n```\n", "docs/page.md:4:3: not valid Gherkin: `nonsense`"),
        ("- a\n\n    ```gherkin\n    Scenario: x\n      Given y\n      no\n    ```\n", "docs/page.md:6:7: not valid"),
        ("```gherkin\nScenario: x\n  Given y\n  | a |\n  | a | b |\n```\n", "docs/page.md:5:3: not valid Gherkin"),
        ('```gherkin\nScenario: x\n  Given y\n  """\n  a\n```\n', "docs/page.md:6: not valid Gherkin: the text ends"),
        ("```gherkin\n# language: xx\nScenario: x\n```\n", "docs/page.md:2:1: unknown language `xx`"),
        ("```gherkin\nScenario: x\n  Givn y\n  Then z\n```\n", "docs/page.md:3: this line is read as description"),
        ("```gherkin\nScenario: x\n  Given\n```\n", "docs/page.md:3: this line is read as description"),
        ("```gherkin\nScenaro: x\n  Given y\n```\n", "docs/page.md:2: this line is read as description"),
        ("```gherkin\nnonsense\n```\n", "docs/page.md:1: nothing here runs: this block holds no scenario"),
        ("---\njetty: {nam: X}\n---\n```gherkin\nScenario: x\n  Given y\n```\n", "docs/page.md:2: unknown key `nam`"),
        ("---\na: [\n---\n```gherkin\nScenario: x\n  Given y\n```\n", "docs/page.md:3: the front matter"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(read_pages: Read, page: str, message: str) -> None:
    assert any(each.startswith(message) for each in messages(read_pages(page))), messages(read_pages(page))


def test_a_page_that_is_not_utf_8_spoils_itself_only(read_pages: Read) -> None:
    spec = read_pages(b"# T\n\n\xff\n", docs__other_md="```gherkin\nScenario: x\n  Given y\n```\n")
    assert [each.name for each in scenarios(spec)] == ["x"]
    assert messages(spec) == ["docs/page.md:3: is not UTF-8 (byte 0xff); save it as UTF-8"]


def test_a_broken_block_leaves_its_neighbours_alone(read_pages: Read) -> None:
    good = "```gherkin\nScenario: {}\n  Given y\n```\n\n"
    spec = read_pages(
        good.format("before") + "```gherkin\nScenario: x\n  Given z\n  no\n```\n\n" + good.format("after")
    )
    assert [each.name for each in scenarios(spec)] == ["before", "after"]
    assert [bool(block.problems) for block in spec.pages[0].blocks] == [False, True, False]


def test_every_row_is_a_scenario_with_its_own_line_and_tags(read_pages: Read) -> None:
    spec = read_pages("""\
```gherkin
@a
Scenario Outline: adds <n>
  Given <n>
    | <n> |

  @b
  Examples: small
    | n |
    | 1 |
    | 2 |
```
""")
    assert [(each.id, each.name, each.row_line, each.tags) for each in scenarios(spec)] == [
        ("page/adds-1", "adds 1", 10, ("@a", "@b")),
        ("page/adds-2", "adds 2", 11, ("@a", "@b")),
    ]
    assert scenarios(spec)[1].steps[0].table == (("2",),)


@pytest.mark.parametrize(
    ("body", "defect"),
    [
        ("Scenario: x", "no-steps"),
        ("Scenario Outline: x\n  Given y", "no-rows"),
        ("Scenario Outline: x\n  Given <y>\n  Examples:\n    | y |", "no-rows"),
        ("Background:\n  Given b\nScenario: x", "no-steps"),
    ],
)
def test_what_can_never_run_is_a_scenario_all_the_same(read_pages: Read, body: str, defect: str) -> None:
    assert [each.defect for each in scenarios(read_pages(f"```gherkin\n{body}\n```\n"))] == [defect]


def test_scenarios_of_one_name_all_stay_and_are_warned_of(read_pages: Read) -> None:
    spec = read_pages("```gherkin\nScenario: x\n  Given a\nScenario: x\n  Given b\n```\n")
    assert [each.id for each in scenarios(spec)] == ["page/x", "page/x-2"]
    assert [problem.level for problem in spec.problems] == ["warning"]


def test_the_background_of_a_page_holds_for_its_later_fences_only(read_pages: Read) -> None:
    fence = "```gherkin\n{}\n```\n\n"
    spec = read_pages(
        fence.format("Scenario: before\n  Given a")
        + fence.format("Background:\n  Given b")
        + fence.format("Scenario: after\n  Given c")
        + fence.format("Feature: own\n  Scenario: alone\n    Given d")
    )
    assert {each.name: [step.text for step in each.steps] for each in scenarios(spec)} == {
        "before": ["a"], "after": ["b", "c"], "alone": ["d"],
    }  # fmt: skip
    assert [feature.name for feature in spec.features] == ["page", "own"]


@pytest.mark.parametrize(
    ("page", "mode"),
    [
        ("```gherkin\nScenario: x\n  Given y\n```\n", "speed"),
        ("## Stable: errors\n\n### More\n\n```gherkin\nScenario: x\n  Given y\n```\n", "stable"),
        ("## Stable\n\n## Other\n\n```gherkin\nScenario: x\n  Given y\n```\n", "speed"),
        ("## Stable\n\n```gherkin\n@production\nScenario: x\n  Given y\n```\n", "production"),
        ("```gherkin\n@stable\nFeature: f\n  Scenario: x\n    Given y\n```\n", "stable"),
        ("```gherkin\n@stable\nFeature: f\n  @production\n  Scenario: x\n    Given y\n```\n", "production"),
    ],
)
def test_the_mode_is_that_of_the_tag_or_else_of_the_nearest_heading(read_pages: Read, page: str, mode: str) -> None:
    assert [each.mode for each in scenarios(read_pages(page))] == [mode]


def test_the_mode_in_a_feature_file_is_also_that_of_its_comments(read_pages: Read) -> None:
    text = """\
Feature: Door
  # SPEED MODE SCENARIOS
  Scenario: a
    Given x
  # SPEED MODE: All success scenarios above
  # STABLE MODE: Will add error handling
  Scenario: b
    Given x
  # STABLE MODE SCENARIOS - errors
  Scenario: c
    Given x
"""
    spec = read_pages(options={"features": ["door.feature"]}, door_feature=text)
    assert [(each.mode, each.line) for each in scenarios(spec)] == [("speed", 3), ("speed", 7), ("stable", 10)]


def test_a_language_of_gherkin_needs_no_feature_line(read_pages: Read) -> None:
    spec = read_pages("# Porte\n\n```gherkin\n# language: fr\nScénario: ouvre\n  Soit x\n  Quand y\n  Et z\n```\n")
    [scenario] = scenarios(spec)
    assert [(step.keyword, step.type, step.line) for step in scenario.steps] == [
        ("Soit", "given", 6), ("Quand", "when", 7), ("Et", "when", 8),
    ]  # fmt: skip


def test_features_of_one_name_on_two_pages_keep_their_scenarios_apart(read_pages: Read) -> None:
    page = "# Login\n\n```gherkin\nScenario: x\n  Given y\n```\n"
    spec = read_pages(page, docs__other_md=page)
    assert sorted(each.id for each in scenarios(spec)) == ["login-page/x", "login/x"]
    for page_read in spec.pages:
        shown = [row for block in page_read.blocks for item in block.items for row in getattr(item, "scenario_ids", ())]
        assert shown == [each.id for f, each in spec.scenarios() if f.page == page_read.path]
