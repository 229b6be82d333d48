"""`pytest docs/` collects and runs the scenarios on the pages, and obeys pytest's own options."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import dedent

import pytest

PAGE = """\
# Login

```gherkin
Scenario: good
  Given all is well

@slow
Scenario: bad
  Given all is well
  Then it is not

@wip
Scenario: agreed
  Then it is not

Scenario Outline: row <n>
  Given all is well

  Examples:
    | n |
    | 1 |
    | 2 |
```
"""
STEPS = """
from pytest_bdd import given, then
@given("all is well")
def well(): pass
@then("it is not")
def not_well():
    value = 1
    assert value == 2
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one good, one bad, one known red scenario, and an outline of two rows."""
    files = {
        "mkdocs.yml": "plugins: [jetty]\n",
        "docs/a.md": PAGE,
        "features/steps.py": STEPS,
        "pytest.ini": "[pytest]",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def run(project: Path, *options: str, target: str = "docs/") -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", target, "-rA", "-v", *options]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_CURRENT", "JETTY"))}
    done = subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False, timeout=60, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(text: str) -> dict[str, str]:
    """Outcome by node id, from the short summary."""
    rows = re.findall(r"^(PASSED|FAILED|XFAIL|SKIPPED|ERROR) (docs/a\.md::.+?)(?: - .*)?$", text, re.MULTILINE)
    return {node.removeprefix("docs/a.md::"): outcome for outcome, node in rows}


ALL = {"good": "PASSED", "bad": "FAILED", "agreed": "XFAIL", "row 1": "PASSED", "row 2": "PASSED"}


def test_every_scenario_and_every_row_is_an_item_with_its_line(project: Path) -> None:
    code, text = run(project, "--strict-markers", "--junitxml=out.xml", "-o", "junit_family=xunit1")
    assert outcomes(text) == ALL
    assert code == 1
    assert "docs/a.md:10: Then it is not" in text
    assert "assert 1 == 2" in text
    assert "site-packages" not in text.split("FAILURES")[1].split("short test summary")[0]
    cases = {case.get("name"): case for case in ET.parse(project / "out.xml").iter("testcase")}  # noqa: S314 - our own
    assert set(cases) == set(ALL)
    assert {case.get("file") for case in cases.values()} == {"docs/a.md"}
    # pytest writes the line as it counts it, from 0.
    lines = {name: int(case.get("line") or 0) + 1 for name, case in cases.items()}
    assert lines == {"good": 4, "bad": 8, "agreed": 13, "row 1": 21, "row 2": 22}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["-k", "row"], {"row 1", "row 2"}),
        (["-m", "slow"], {"bad"}),
        (["-m", "not slow and not wip"], {"good", "row 1", "row 2"}),
    ],
)
def test_items_are_selected_by_name_and_by_tag(project: Path, options: list[str], names: set[str]) -> None:
    _, text = run(project, *options)
    assert outcomes(text) == {name: ALL[name] for name in names}


@pytest.mark.parametrize("name", ["good", "row 2"])
def test_a_node_id_runs_one_scenario(project: Path, name: str) -> None:
    code, text = run(project, target=f"docs/a.md::{name}")
    assert outcomes(text) == {name: "PASSED"}
    assert code == 0


def test_last_failed_runs_what_failed(project: Path) -> None:
    run(project)
    assert outcomes(run(project, "--lf")[1]) == {"bad": "FAILED"}


def test_workers_run_the_same_items(project: Path) -> None:
    code, text = run(project, "-n", "2")
    assert outcomes(text) == ALL
    assert code == 1


def test_an_unexpected_pass_of_a_known_red_scenario_fails(project: Path) -> None:
    page = "# A\n\n```gherkin\n@wip\nScenario: done\n  Given all is well\n```\n"
    (project / "docs/a.md").write_text(page, encoding="utf-8")
    code, text = run(project)
    assert code == 1
    assert outcomes(text) == {"done": "FAILED"}
    assert "XPASS(strict)" in text


def test_what_cannot_prove_anything_fails(project: Path) -> None:
    page = """
        # A

        ```gherkin
        Scenario: empty

        Scenario: unknown
          Given nobody knows
        ```

        ```gherkin
        Scenario: ragged
          Given a table
            | a | b |
            | c |
        ```
    """
    (project / "docs/a.md").write_text(dedent(page).lstrip(), encoding="utf-8")
    code, text = run(project)
    assert code == 1
    assert outcomes(text) == {"empty": "FAILED", "unknown": "FAILED", "line 10": "FAILED"}
    assert "no steps" in text
    assert "docs/a.md:7: Given nobody knows" in text
    assert "docs/a.md:14" in text


WRONG = {
    "an upper-case language": ("```Gherkin\nScenario: x\n  Given all is well\n```\n", 3),
    "an open fence": ("```gherkin\nScenario: x\n  Given all is well\n", 3),
    "front matter": ("```gherkin\nScenario: x\n  Given all is well\n```\n", 2),
    "a misspelt keyword": ("```gherkin\nScenario: x\n  Givn all is well\n```\n", 5),
}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_page_fails_as_it_does_in_a_build(
    project: Path, case: str, options: tuple[str, ...]
) -> None:
    text, line = WRONG[case]
    head = "---\njetty: {ownr: me}\n---\n" if case == "front matter" else "# B\n\n"
    (project / "docs/b.md").write_text(head + text, encoding="utf-8")
    code, said = run(project, *options, target="docs/b.md")
    assert code == 1, said
    assert str(line) in re.findall(r"^docs/b\.md:(\d+)", said, re.MULTILINE), said


def test_a_page_that_cannot_be_read_fails(project: Path) -> None:
    (project / "docs/b.md").write_bytes("# Café\n".encode("latin-1"))
    code, said = run(project, target="docs/b.md")
    assert code == 1
    assert "docs/b.md:1: is not UTF-8" in said


ATTESTED = """
[project]
state = "external"
preset = ["startup-mvp"]
since = 2026-01-01

[[attestation]]
standard = "no-such-standard"
by = "A"
on = 2026-01-01
until = 2026-12-01
link = "https://example.org"
statement = "done"
"""


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-k", "good")])
def test_a_wrong_declaration_stops_everything_first(project: Path, options: tuple[str, ...]) -> None:
    (project / "jetty.toml").write_text(ATTESTED, encoding="utf-8")
    code, said = run(project, *options)
    assert code == 4
    assert "jetty.toml" in said
    assert "no-such-standard" in said
    assert "Traceback" not in said
    assert outcomes(said) == {}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_a_wrong_declaration_is_no_matter_of_other_tests(project: Path, options: tuple[str, ...]) -> None:
    (project / "jetty.toml").write_text(ATTESTED, encoding="utf-8")
    (project / "tests").mkdir()
    (project / "tests/test_it.py").write_text("def test_it(): ...\n", encoding="utf-8")
    code, said = run(project, *options, target="tests")
    assert code == 0, said


def test_without_assertions_nothing_passes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    code, said = run(project, "-k", "good")
    assert code == 1
    assert "Python runs without assertions" in said
    assert "1 passed" not in said


def test_a_step_module_that_does_not_import_is_named(project: Path) -> None:
    (project / "features/other.py").write_text("import no_such_module\n", encoding="utf-8")
    code, text = run(project)
    assert outcomes(text) == ALL
    assert "features/other.py:1" in text
    assert code == 1


@pytest.mark.parametrize("config", ["site_name: A\n", "site_name: A\nplugins: [search]\n", None])
def test_a_site_without_the_plugin_is_left_alone(project: Path, config: str | None) -> None:
    (project / "mkdocs.yml").unlink()
    if config is not None:
        (project / "mkdocs.yml").write_text(config, encoding="utf-8")
    code, text = run(project)
    assert code == 5
    assert outcomes(text) == {}


@pytest.mark.parametrize(
    "inherit", ["INHERIT: base.yml", "INHERIT: './base.yml'  # of all our sites", "INHERIT: middle.yml"]
)
def test_a_plugin_that_a_site_inherits_is_found(project: Path, inherit: str) -> None:
    (project / "base.yml").write_text("plugins: {jetty: {}}\n", encoding="utf-8")
    (project / "middle.yml").write_text("INHERIT: base.yml\n", encoding="utf-8")
    (project / "mkdocs.yml").write_text(f"{inherit}\nplugins: {{search: {{}}}}\n", encoding="utf-8")
    status, text = run(project)
    assert status == 1
    assert outcomes(text)


def test_a_site_that_inherits_from_itself_is_left_alone(project: Path) -> None:
    (project / "mkdocs.yml").write_text("INHERIT: mkdocs.yml\n", encoding="utf-8")
    assert run(project)[0] == 5


def test_a_site_that_only_speaks_of_jetty_is_left_alone(project: Path) -> None:
    (project / "mkdocs.yml").write_text("site_name: The jetty\nplugins: [search]\n", encoding="utf-8")
    code, _ = run(project)
    assert code == 5


def test_a_wrong_setting_is_one_line_of_usage(project: Path) -> None:
    (project / "mkdocs.yml").write_text("plugins:\n  - jetty:\n      stepz: x\n", encoding="utf-8")
    code, text = run(project)
    assert code == 4
    assert "mkdocs.yml:3" in text
    assert "Traceback" not in text


def test_a_run_of_other_tests_loads_no_steps(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n")
    (tmp_path / "docs/a.md").write_text("```gherkin\nScenario: x\n  Given y\n```\n")
    (tmp_path / "features/conftest.py").write_text("from pytest_bdd import given\n\n@given('y')\ndef _(): pass\n")
    (tmp_path / "features/broken.py").write_text("raise RuntimeError('loaded')\n")
    (tmp_path / "tests/conftest.py").write_text("")
    (tmp_path / "tests/test_it.py").write_text("def test_it(): ...\n")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error"]
    alone = subprocess.run([*command, "tests"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert alone.returncode == 0, alone.stdout
    (tmp_path / "features/broken.py").unlink()
    both = subprocess.run([*command, "tests", "docs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in both.stdout, both.stdout


def test_what_the_option_tags_leaves_out_is_left_out(project: Path) -> None:
    (project / "mkdocs.yml").write_text('plugins: [{jetty: {tags: "not @slow"}}]\n', encoding="utf-8")
    status, output = run(project)
    assert status == 0
    assert "1 deselected" in output
    assert "bad" not in output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("steps: nosuch", "mkdocs.yml:3: `steps` names `nosuch`, which does not exist"),
        ('tags: "@smok"', "mkdocs.yml:3: `tags: @smok` selects none of the scenarios"),
        ("features: nosuch", "mkdocs.yml:3: `features` names `nosuch`"),
    ],
)
def test_what_is_wrong_with_the_options_fails_at_its_line(project: Path, options: str, said: str) -> None:
    (project / "mkdocs.yml").write_text(f"plugins:\n- jetty:\n    {options}\n", encoding="utf-8")
    status, output = run(project)
    assert status == 1
    assert said in output
    assert "mkdocs.yml::line 3" in output
