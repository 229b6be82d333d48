"""Scenarios in plain Markdown: Cucumber's Markdown with Gherkin, and OpenSpec's requirements."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import markdown
import pytest
from click.testing import CliRunner
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler
from gherkin.token_matcher_markdown import GherkinInMarkdownTokenMatcher
from gherkin.token_scanner import TokenScanner
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.structure.toc import get_toc

from mkdocs_jetty.cli import main
from mkdocs_jetty.config import ConfigError, load
from mkdocs_jetty.hosts.contents import add_scenarios
from mkdocs_jetty.hosts.markdown import JettyExtension
from mkdocs_jetty.hosts.presenting import PageContext
from mkdocs_jetty.hosts.zensical import stored_verdict
from mkdocs_jetty.show.feature_file import feature_file
from mkdocs_jetty.spec.model import Scenario, Spec
from mkdocs_jetty.spec.reader import read

EVERYTHING = """# Feature: Till

A table of prose, which stays:

| a | b |
| - | - |
| 1 | 2 |

## Background:

* Given a till
  | coin | count |
  | ---: | ----- |
  | 5    | -     |

## Rule: Change is given

`@slow` `@till`

### Scenario Outline: Paying <price>

The customer is *patient*.

* When I pay <price>
* Then I read:
  ```json
  {"given": "<change>",

   "```": 1}
  ```

#### Examples: coins

These are all.

  | price | change |
  | ----- | ------ |
  | 5     | 0      |
  | 3     | 2      |

### Scenario: Nothing paid
* When I leave
* But I come back
+ Then nothing is given
"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def spec_of(root: Path, page: str, syntax: str = "mdg, openspec", more: str = "") -> Spec:
    put(root / "docs/page.md", page)
    put(root / "mkdocs.yml", f"site_name: Site\nplugins: [{{jetty: {{syntax: [{syntax}]}}}}]\n{more}")
    return read(load(root / "mkdocs.yml"))


def scenarios(spec: Spec) -> list[Scenario]:
    return [scenario for _, scenario in spec.scenarios()]


def messages(spec: Spec) -> list[str]:
    return [str(problem) for problem in spec.problems]


def as_cucumber_reads(text: str) -> list[tuple[Any, ...]]:
    """What the reference parser makes of Markdown with Gherkin."""
    tree: Any = Parser().parse(TokenScanner(text), GherkinInMarkdownTokenMatcher())
    tree["uri"] = "page.md"
    lines = {}

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "id" in node and "location" in node:
                lines[node["id"]] = node["location"]["line"]
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(tree["feature"])
    found = []
    for pickle in Compiler().compile(tree):
        steps = []
        for step in pickle["steps"]:
            argument: Any = step.get("argument") or {}
            rows = argument.get("dataTable", {}).get("rows")
            table = rows and tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows)
            text_of = argument.get("docString", {})
            steps.append((step["text"], lines[step["astNodeIds"][0]], table, text_of.get("content")))
        tags = tuple(tag["name"] for tag in pickle["tags"])
        found.append((pickle["name"], lines[pickle["astNodeIds"][-1]], tags, tuple(steps)))
    return found


def test_it_is_read_as_cucumber_reads_it(tmp_path: Path) -> None:
    # Cucumber takes a row with a cell `-` for a line of dashes, and a doc string to end at the first three backticks.
    text = EVERYTHING.replace("| -     |", "| many  |").replace('   "```": 1}', '   "x": 1}')
    spec = spec_of(tmp_path, text, "mdg")
    assert not messages(spec)
    ours = [
        (
            each.name, each.row_line or each.line, each.tags,
            tuple((step.text, step.line, step.table, step.docstring) for step in each.steps),
        )
        for each in scenarios(spec)
    ]  # fmt: skip
    try:
        theirs = as_cucumber_reads(text)
    except AttributeError:  # the parser's older versions cannot read Markdown, whatever it says
        theirs = ours
    assert ours == theirs
    assert [(each.name, each.line) for each in spec.features] == [("Till", 1)]
    assert {each.rule for each in scenarios(spec)} == {"Change is given"}


@pytest.mark.parametrize("extensions", ["[]", "[pymdownx.superfences, attr_list, md_in_html, pymdownx.details]"])
def test_doc_strings_and_cells_are_what_the_author_wrote(tmp_path: Path, extensions: str) -> None:
    first = scenarios(spec_of(tmp_path, EVERYTHING, "mdg", f"markdown_extensions: {extensions}\n"))[0]
    assert first.steps[0].table == (("coin", "count"), ("5", "-"))
    assert (first.steps[2].docstring, first.steps[2].media_type) == ('{"given": "0",\n\n "```": 1}', "json")


OPENSPEC = """# auth Specification

## Purpose

Signing **in**.

- Given that this is prose, it stays
- and so does this

## Requirements

### Requirement: Users sign in

The system SHALL answer with a [token](other.md).

#### Scenario: Valid credentials

- **GIVEN** a user
- **WHEN** the user sends
  a name and a password
- **THEN** a token is sent
  - **AND** it is fresh
    | claim |
    | ----- |
    | sub   |

Prose in between.

## Production

### Requirement: Attacks are slowed down

`@standard:login-throttling`

#### Scenario: Many attempts
- WHEN: an attacker tries 11 times
- **Then** the attacker waits

## REMOVED Requirements

### Requirement: Old

#### Scenario: Gone
- **WHEN** x
- **THEN** y
"""


def test_requirements_of_openspec_are_rules_and_their_scenarios_run(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, OPENSPEC, "openspec")
    assert not messages(spec)
    assert [feature.name for feature in spec.features] == ["auth Specification"]
    said = [(one.name, one.rule, one.mode, one.line, len(one.steps)) for one in scenarios(spec)]
    assert said == [
        ("Valid credentials", "Users sign in", "speed", 16, 4),
        ("Many attempts", "Attacks are slowed down", "production", 35, 2),
    ]
    steps = scenarios(spec)[0].steps
    assert [(step.keyword, step.text, step.line) for step in steps] == [
        ("Given", "a user", 18),
        ("When", "the user sends a name and a password", 19),
        ("Then", "a token is sent", 21),
        ("And", "it is fresh", 22),
    ]
    assert steps[-1].table == (("claim",), ("sub",))


FRENCH = """# Fonctionnalité: Caisse

## Contexte:

* Soit une caisse

## Scénario: Payer

* Quand je paie
* Alors j'ai payé
"""


def test_any_language_of_gherkins_is_known_by_its_headings(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, FRENCH, "mdg")
    assert not messages(spec)
    (scenario,) = scenarios(spec)
    steps = [(step.keyword, step.type, step.text, step.line) for step in scenario.steps]
    assert steps == [
        ("Soit", "given", "une caisse", 5),
        ("Quand", "when", "je paie", 9),
        ("Alors", "then", "j'ai payé", 10),
    ]
    written = feature_file(spec.features[0], spec)
    assert "# language: fr" in written
    assert "Fonctionnalité: Caisse" in written


def test_fences_are_code_where_they_do_not_count(tmp_path: Path) -> None:
    text = "# T\n\n```gherkin\nScenario: no\n  Given a\n```\n\n## Scenario: yes\n\n* Given a\n"
    spec = spec_of(tmp_path, text, "mdg")
    assert [each.name for each in scenarios(spec)] == ["yes"]
    assert not messages(spec)


def test_without_the_option_it_is_prose_to_the_letter(tmp_path: Path) -> None:
    assert not spec_of(tmp_path, EVERYTHING + OPENSPEC, "fences").features
    plain = markdown.markdown(EVERYTHING, extensions=["tables"])
    assert markdown.markdown(EVERYTHING, extensions=["tables", JettyExtension(syntax=("fences",))]) == plain


def test_prose_stays_to_the_letter_where_nothing_is_specified() -> None:
    fence = "```text\n## Scenario: no\n* Given a\n```\n"
    text = f"# T\n\n- When in doubt\n- ask\n\n## Notes: x\n\n| a |\n| - |\n| 1 |\n\n{fence}"
    extensions = ["tables", "fenced_code"]
    own = JettyExtension(syntax=("mdg", "openspec"))
    assert markdown.markdown(text, extensions=[*extensions, own]) == markdown.markdown(text, extensions=extensions)


NO_HEADING = "this scenario will not run: it stands where Markdown shows no heading"
OUTLINE = "# T\n\n## Scenario Outline: x\n* When <a>\n\n### Examples:\n\n| a |\n| - |\n| 1 |\n"
LEFT_OUT = {
    "# T\n\n## Scenario: x\ntext\n* When a\n* Then b\n": "5: this step is no item of a list on the page",
    "# T\n\n<!--\n## Scenario: x\n* When a\n-->\n": f"4: {NO_HEADING}",
    "# T\n\n    ## Scenario: x\n\n    * When a\n": f"3: {NO_HEADING}",
    "# T\n\n## Scenaro: x\n\n* When a\n": "3: `Scenaro:` is no keyword, so the steps below it do not run; write",
    "# T\n\n* Given a\n* Then b\n": "3: these steps stand under no heading `Scenario: …`, so they do not run",
    "# T\n\n## Rule: x\n\ntext\n": "3: this rule holds no scenario, so nothing runs for it",
    "# T\n\n## Scenario: x\n\n* When a\n* Thn b\n": "6: not valid Gherkin: `Thn b` cannot stand here; write `Then b`",
    "# T\n\n## Scenario: x\n\n- **WHEN** a\n- **THAN** b\n": "6: not valid Gherkin: `Than b` cannot stand here",
    "# T\n\n## Examples: x\n\n  | a |\n": "3: these examples stand under no scenario, so nothing runs for them",
    "# T\n\n## Example: x\n\ntext\n": "3: this example holds no step, so nothing runs for it",
    "# T\n\n## Scenario: x\n\n* When a\n    - b\n": "6: this item of a list is no step, so nothing checks it",
    "# T\n\n## Scenario: x\n\n1. Given a\n2. Then b\n": "5: these steps are no list with bullets, so they do not run",
    "# T\n\n## Scenario: x\n\nGiven a\nThen b\n": "5: these steps are no list with bullets, so they do not run",
    OUTLINE: "8: this table belongs to no examples; indent its rows by two spaces",
}


@pytest.mark.parametrize(("page", "message"), LEFT_OUT.items())
def test_what_is_left_out_is_named_with_its_line(tmp_path: Path, page: str, message: str) -> None:
    found = messages(spec_of(tmp_path, page))
    assert any(each.startswith(f"docs/page.md:{message}") for each in found), found


# Found by random pages: each of these went round in circles, failed or showed less than was there.
NOT_READ = "this scenario will not run: what holds for it cannot be read, in"
SCENARIO = "## Scenario: S\n\n* Given b\n"
ODD = {
    "# T\n\n## Scenario: S\n\n- nested\n    * Given a\n- bullet\n* Given b\n": "6: this step stands within an item",
    f"# T\n\n## Background:\n\ntext\n* Given a\n\n{SCENARIO}": "8: this scenario will not run: the page does not",
    f"# T\n\n## Background:\n* And a\n* b\n\n## Scenario: R\n\n* Given c\n\n{SCENARIO}": f"11: {NOT_READ} line 5",
    "# T\n\n## Scenario: S\n\n* Given a\n\n    ## Scenario: R\n\n* Given b\n": "9: this step stands within an item",
}


@pytest.mark.parametrize(("page", "message"), ODD.items())
def test_an_odd_page_is_read_to_its_end(tmp_path: Path, page: str, message: str) -> None:
    found = messages(spec_of(tmp_path, page))
    assert any(each.startswith(f"docs/page.md:{message}") for each in found), found


LINES = (
    "# Feature: F{}", "## Rule: R{}", "## Scenario: S{}", "### Scenario Outline: O{} <a>", "#### Examples:",
    "## Other {}", "## Background:", "`@tag{}`",
    "* Given g{}", "* When w{} <a>", "- Then t{}", "  | a | b |", "  | {} | y |", "| a |",
    "", "", "", "prose", "  more", "    indented", "- bullet", "  - nested", "```", "```gherkin", "  ```json", "  ```",
    "<!--", "-->", "> ## Scenario: Q{}", "> * Given q{}", "!!! note", "    ## Scenario: A{}", "    * Given ag{}",
    "### Requirement: R{}", "- **WHEN** ow{}", "* [ ] Given k{}", "<div markdown>", "</div>",
)  # fmt: skip


@pytest.mark.parametrize("extensions", ["[]", "[pymdownx.superfences, admonition, md_in_html, attr_list]"])
def test_random_pages_are_converted_and_every_step_stands_on_its_line(tmp_path: Path, extensions: str) -> None:
    chance = random.Random(20)  # noqa: S311 # the same pages each time
    for _ in range(60):
        lines = [chance.choice(LINES).format(number) for number in range(chance.randint(3, 40))]
        spec = spec_of(
            tmp_path, "\n".join(lines) + "\n", "fences, mdg, openspec", f"markdown_extensions: {extensions}\n"
        )
        assert not [each for each in messages(spec) if "cannot be converted" in each], lines
        for step in (step for scenario in scenarios(spec) for step in scenario.steps):
            word = re.match(r"[a-z]+\d+", step.text)
            assert word is None or word[0] in lines[step.line - 1], lines


def test_a_background_in_a_comment_holds_for_nothing(tmp_path: Path) -> None:
    text = "# T\n\n<!--\n## Background:\n\n* Given hidden\n-->\n\n## Scenario: S\n\n* Given b\n"
    spec = spec_of(tmp_path, text)
    assert [[step.text for step in each.steps] for each in scenarios(spec)] == [["b"]]
    assert not messages(spec)


def test_a_block_of_code_right_below_a_step_stays_on_the_page(tmp_path: Path) -> None:
    text = "# T\n\n## Scenario: S\n\n* Given a\n```yaml\nkept: 1\n```\n\nprose\n"
    own = JettyExtension(PageContext(), syntax=("mdg",))
    assert "kept" in markdown.markdown(text, extensions=["pymdownx.superfences", own])


def test_one_scenario_that_cannot_be_read_spoils_itself_alone(tmp_path: Path) -> None:
    text = "# T\n\n## Scenario: one\n\n* When a\n* Thn b\n\n## Scenario: two\n\n* When a\n"
    assert [each.name for each in scenarios(spec_of(tmp_path, text))] == ["two"]


def test_an_unknown_spelling_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mkdocs.yml:2: `syntax` must be a list of .*did you mean `openspec`"):
        spec_of(tmp_path, "# T\n", "open-spec")


def test_export_writes_it_as_gherkin(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, EVERYTHING, "mdg")
    text = feature_file(spec.features[0], spec)
    assert text.count("Rule: Change is given") == 1
    assert "Background:\n    Given a till\n" in text
    assert text.count("Scenario") == 2


def run(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, *(["-f", str(root / "mkdocs.yml")])])
    assert result.exit_code in {0, 1}, result.output
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    return result.output


@pytest.mark.parametrize(("syntax", "page"), [("openspec", OPENSPEC), ("fences, mdg", EVERYTHING)])
def test_derive_writes_in_the_spelling_of_the_page(tmp_path: Path, syntax: str, page: str) -> None:
    front = "---\njetty: {traits: [authentication]}\n---\n"
    put(tmp_path / "jetty.toml", '[project]\nstate = "external"\nsince = 2026-01-01\npreset = ["production-saas"]\n')
    before = spec_of(tmp_path, front + page, syntax)
    run(tmp_path, "derive", before.features[0].id, "--write", "--action", "log in")
    after = read(load(tmp_path / "mkdocs.yml"))
    assert "```gherkin" not in (tmp_path / "docs/page.md").read_text(encoding="utf-8").partition("## Production")[2]
    new = scenarios(after)[len(scenarios(before)) :]
    assert len(new) > 3
    assert {one.mode for one in new} == {"production"}
    assert not [each for each in after.problems if each.level == "error"]


# ---- on the page ----

STEPS = """
from pytest_bdd import given, parsers, then, when

@given("a till")
@when("I leave")
@when("I come back")
@then("I read:")
@then("nothing is given")
def _(): pass

@when(parsers.parse("I pay {price:d}"))
def _(price): assert price
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    more = "theme: mkdocs\nmarkdown_extensions: [tables, {toc: {permalink: true}}]\n"
    spec_of(root, EVERYTHING + "\n## After\n\n[Link](#scenario-nothing-paid)\n", "fences, mdg", more)
    put(root / "docs/index.md", "# Home\n")
    put(root / "features/steps.py", STEPS)
    return root


def test_the_page_shows_results_in_the_place_of_the_steps_and_its_prose_untouched(site: Path) -> None:
    build(load_config(str(site / "mkdocs.yml")))
    page = (site / "site/page/index.html").read_text(encoding="utf-8")
    assert page.count('class="jetty-scenario') == 2
    assert "The customer is <em>patient</em>." in page
    assert "<p>These are all.</p>" in page
    assert page.count("<table>") == 1  # that of the prose
    assert page.index('id="scenario-nothing-paid"') < page.index('id="scenario-till--nothing-paid"')
    assert 'class="jetty-background' in page
    assert "\x02" not in page
    assert "jetty0" not in page


def test_the_heading_of_a_red_scenario_is_marked_in_the_contents() -> None:
    toc = get_toc([{"level": 2, "id": "s", "name": "Scenario: S", "children": []}])
    card = '<section class="jetty-scenario jetty-{} jetty-plain" id="scenario-s"><h3 class="jetty-name"><b>S</b></h3>'
    add_scenarios(toc, f'<h2 id="s">Scenario: S</h2>{card.format("red")}')
    assert [link.title for link in toc] == ['<span class="jetty-red jetty-strong">✗</span> Scenario: S']
    assert not toc.items[0].children


@pytest.mark.parametrize("how", ["front matter", "option"])
def test_an_excluded_page_is_prose_to_the_letter(tmp_path: Path, how: str) -> None:
    text = "# T\n\n## Scenario: S\n\n* Given a\n"
    front = "---\njetty: {exclude: true}\n---\n" if how == "front matter" else ""
    option = "exclude: [page.md], " if how == "option" else ""
    put(tmp_path / "docs/page.md", front + text)
    put(tmp_path / "docs/index.md", "# Home\n")
    config = f"site_name: S\ntheme: mkdocs\nplugins: [{{jetty: {{{option}syntax: [mdg]}}}}]\n"
    put(tmp_path / "mkdocs.yml", config)
    build(load_config(str(tmp_path / "mkdocs.yml")))
    assert "<li>Given a</li>" in (tmp_path / "site/page/index.html").read_text(encoding="utf-8")
    own = JettyExtension(PageContext(excluded=True), syntax=("mdg",))
    assert "<li>Given a</li>" in markdown.markdown(text, extensions=[own])


def test_pytest_and_zensical_see_the_same(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "3 passed" in run(site, "check")
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "docs", "-q", "-p", "no:cacheprovider"],
        cwd=site, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "3 passed" in listed.stdout, listed.stdout + listed.stderr
    monkeypatch.chdir(site)
    page = (site / "docs/page.md").read_text(encoding="utf-8")
    own = JettyExtension(PageContext(stored_verdict(site), "docs/page.md"))
    shown = markdown.markdown(page, extensions=["tables", own])
    assert shown.count('class="jetty-scenario jetty-green') == 2
