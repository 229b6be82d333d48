"""The command: its answers, its exit status, and that nothing in a specification can speak in its name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import Result
from commands import invoke

from mkdocs_jetty import cli
from mkdocs_jetty.run.model import Results

STEPS = """
from pytest_bdd import given, parsers, then

@given("a door")
def door():
    pass

@then(parsers.parse("it says {word}"))
def says(word):
    assert word == "open", "it said\\n::error::" + word
"""

GREEN = """# Door

```gherkin
Scenario: The door opens
  Given a door
  Then it says open
```
"""

RED = """# Gate

```gherkin
Scenario: The gate opens
  Given a door
  Then it says shut
```
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "mkdocs.yml": "site_name: Doors\nplugins: [jetty]\n",
        "features/door_steps.py": STEPS,
        "docs/index.md": "# Doors\n",
        "docs/door.md": GREEN,
        "docs/gate.md": RED,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def jetty(*arguments: str | Path) -> Result:
    return invoke(*arguments)


# ---- check ----


def test_check_names_page_line_step_and_message_of_what_is_red(project: Path) -> None:
    result = jetty("check")
    assert result.exit_code == 1, result.output
    assert "docs/gate.md:4: failed (assertion): The gate opens" in result.output
    assert "docs/gate.md:6: failed: Then it says shut" in result.output
    assert "| " in result.output
    assert result.output.splitlines()[-1].startswith("red: 2 scenarios: 1 passed, 1 failed in ")


def test_check_of_a_green_page_alone_exits_0(project: Path) -> None:
    result = jetty("check", "docs/door.md")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].startswith("ok: 1 scenario: 1 passed")
    assert "gate" not in result.output


def test_a_page_may_be_named_from_docs_dir(project: Path) -> None:
    assert jetty("check", "door.md").exit_code == 0


def test_check_reads_a_configuration_elsewhere(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.parent)
    assert jetty("check", "-f", project / "mkdocs.yml", "docs/door.md").exit_code == 0


@pytest.mark.parametrize(
    ("page", "said"), [("nowhere.md", "there is no such page"), ("docs/index.md", "holds no specification")]
)
def test_a_page_that_cannot_be_checked_is_wrong_use(project: Path, page: str, said: str) -> None:
    result = jetty("check", page)
    assert result.exit_code == 2
    assert said in result.stderr


def test_without_a_configuration_check_says_so_and_exits_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = jetty("check")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: mkdocs.yml: there is no such file")


def test_a_wrong_option_is_one_line_on_stderr_and_exits_2(project: Path) -> None:
    (project / "mkdocs.yml").write_text("site_name: D\nplugins:\n  - jetty:\n      timeout: soon\n", encoding="utf-8")
    result = jetty("check")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_json_and_junit_are_written_also_when_red(project: Path) -> None:
    result = jetty("check", "--json", "out/spec.json", "--junit", "out/junit.xml")
    assert result.exit_code == 1, result.output
    spec = json.loads((project / "out/spec.json").read_text(encoding="utf-8"))
    assert spec["schema"] == 1
    assert (spec["counts"]["passed"], spec["counts"]["failed"]) == (1, 1)
    assert [feature["url"] for feature in spec["features"]] == ["door/", "gate/"]
    assert len(list(ET.parse(project / "out/junit.xml").iter("testcase"))) == 2  # noqa: S314


def test_json_to_stdout_is_nothing_but_json(project: Path) -> None:
    result = jetty("check", "--json", "-", "docs/door.md")
    assert json.loads(result.stdout)["counts"]["scenarios"] == 1
    assert "ok: 1 scenario" in result.stderr


def test_no_line_of_the_output_is_a_workflow_command(project: Path) -> None:
    (project / "docs/gate.md").write_text(RED.replace("The gate opens", "::error::owned ##[group]x"), encoding="utf-8")
    result = jetty("check")
    assert "owned" in result.output
    assert not [line for line in result.output.splitlines() if line.strip().startswith("::") or "##[" in line]


def test_an_interrupted_run_exits_3(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Results:
        raise KeyboardInterrupt

    monkeypatch.setattr("mkdocs_jetty.run.runner.run", interrupted)
    result = jetty("check")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1] == "Error: interrupted"


def test_a_run_cut_short_is_shown_and_exits_3(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mkdocs_jetty.run.runner.run", lambda *_, **__: Results(interrupted=True))
    result = jetty("check")
    assert result.exit_code == 3
    assert "docs/door.md:4: unknown" in result.output


# ---- status ----


def test_status_shows_modes_level_and_what_is_missing(project: Path) -> None:
    result = jetty("status")
    assert result.exit_code == 0, result.output
    for words in ("green 1/1", "red 0/1", "no stable scenario", "0 of 2 complete; the finish line is stable"):
        assert words in result.stdout


def test_status_as_json_narrows_to_one_feature(project: Path) -> None:
    result = jetty("status", "gate", "--json")
    (feature,) = json.loads(result.stdout)["features"]
    assert feature["id"] == "gate"
    assert feature["missing"] == ["speed: 0 of 1 passed", "no stable scenario"]


def test_status_of_an_unknown_feature_names_those_there_are(project: Path) -> None:
    result = jetty("status", "window")
    assert result.exit_code == 2
    assert "known: door, gate" in result.stderr


# ---- init ----


def test_init_makes_a_project_that_is_green_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = jetty("init", tmp_path / "new: project")
    assert result.exit_code == 0, result.output
    assert len([line for line in result.output.splitlines() if line.startswith("created  ")]) == 6
    monkeypatch.chdir(tmp_path / "new: project")
    assert yaml.safe_load(Path("mkdocs.yml").read_text(encoding="utf-8"))["site_name"] == "new: project"
    checked = jetty("check")
    assert checked.exit_code == 0, checked.output
    assert "1 passed" in checked.output


SUITE = {
    "tests/features/shop/pay.feature": (
        "Feature: Pay\n  Scenario: one\n    Given a thing\n  Scenario: two\n    Given a bad thing\n"
    ),
    "tests/features/cart.feature": "Feature: Cart\n  Scenario: three\n    Given a thing\n",
    "tests/steps/test_all.py": (
        "from pytest_bdd import scenarios, given\nscenarios('../features')\n"
        "@given('a thing')\ndef _():\n    assert True\n@given('a bad thing')\ndef _():\n    assert False\n"
    ),
    ".venv/pyvenv.cfg": "", ".venv/x.feature": "Feature: X\n", "requirements.txt": "", "pyproject.toml": "[project]\n",
}  # fmt: skip


def test_init_builds_on_the_suite_that_is_there_and_says_whether_both_agree(tmp_path: Path) -> None:
    for name, text in SUITE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    result = jetty("init", "--yes", tmp_path)
    assert result.exit_code == 0, result.output
    assert "found 2 `.feature` files in tests/features; steps in tests/steps" in result.stdout
    assert "stock pytest: 1 failed, 2 passed\njetty:        2 passed, 1 failed\nthey agree\n" in result.stdout
    options = yaml.safe_load((tmp_path / "mkdocs.yml").read_text())["plugins"][1]["jetty"]
    assert options == {"features": ["tests/features"], "steps": ["tests/steps"]}
    assert not (tmp_path / "features").exists()
    workflow = (tmp_path / ".github/workflows/docs.yml").read_text()
    runs = [step["run"] for step in yaml.safe_load(workflow)["jobs"]["docs"]["steps"] if "run" in step]
    assert runs[1:] == ["pip install .", "pip install -r requirements.txt", "mkdocs build"]
    assert "<!-- jetty/overview -->" in (tmp_path / "docs/index.md").read_text()


def test_init_finds_scenarios_in_plain_markdown(tmp_path: Path) -> None:
    for name, text in {
        "openspec/specs/auth/spec.md": "### Requirement: A\n\n#### Scenario: B\n\n- **WHEN** c\n- **THEN** d\n",
        "docs/till.md": "# T\n\n## Scenario: B\n\n* When c\n",
        "docs/about.md": "# T\n\n```markdown\n## Scenario: B\n\n* When c\n```\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    result = jetty("init", "--yes", tmp_path)
    assert "found 2 pages with scenarios in plain Markdown, such as docs/till.md\n" in result.stdout
    assert "only pages below docs count: move or link the others there" in result.stdout
    options = yaml.safe_load((tmp_path / "mkdocs.yml").read_text())["plugins"][1]["jetty"]
    assert options == {"syntax": ["fences", "mdg", "openspec"]}
    assert not (tmp_path / "docs/features").exists()


def test_init_names_the_suite_to_a_configuration_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: Shop\nplugins:\n  - search\n")
    (tmp_path / "a.feature").write_text("Feature: A\n")
    result = jetty("init", tmp_path)
    assert "  - jetty:\n      features: [.]\n" in result.stdout
    assert (tmp_path / "mkdocs.yml").read_text() == "site_name: Shop\nplugins:\n  - search\n"


def test_init_twice_changes_nothing(tmp_path: Path) -> None:
    jetty("init", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    result = jetty("init", tmp_path)
    assert "created" not in result.output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("config", "expected", "unexpected"),
    [
        ("site_name: x\n", "plugins:\n  - search\n  - jetty", None),
        ("site_name: x\nplugins:\n  - search\n", "Add to the plugins in mkdocs.yml:\n\n  - jetty", "  - search"),
        ("site_name: x\nplugins:\n  - jetty:\n      timeout: 5\n", "kept     mkdocs.yml", "Add to"),
        ("site_name: x\nplugins: [search, jetty]\n", "kept     mkdocs.yml", "Add to"),
    ],
)
def test_init_tells_what_an_existing_configuration_lacks(
    tmp_path: Path, config: str, expected: str, unexpected: str | None
) -> None:
    (tmp_path / "mkdocs.yml").write_text(config, encoding="utf-8")
    result = jetty("init", tmp_path)
    assert (tmp_path / "mkdocs.yml").read_text(encoding="utf-8") == config
    assert expected in result.output
    assert unexpected is None or unexpected not in result.output


def test_init_follows_docs_dir(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: 'pages'\nplugins: [jetty]\n", encoding="utf-8")
    jetty("init", tmp_path)
    assert (tmp_path / "pages/features/welcome.md").is_file()
    assert not (tmp_path / "docs").exists()


def test_init_where_a_file_bars_the_way_exits_2(tmp_path: Path) -> None:
    (tmp_path / "features").write_text("", encoding="utf-8")
    result = jetty("init", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: cannot set up")


# ---- the words themselves ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a\x1b[31mb\r", "a [31mb "),
        ("one\n::error::two", "one : :error::two"),
        ("::add-mask::x", ": :add-mask::x"),
        ("##[error]x", "## [error]x"),
        ("std::vector", "std::vector"),
        ("\u202egnp.exe", " gnp.exe"),
    ],
)
def test_text_is_printed_as_one_harmless_line(given: str, expected: str) -> None:
    assert cli.plain(given).rstrip() == expected.rstrip()


def test_help_does_not_import_pytest_or_rich() -> None:
    code = (
        "import sys; from mkdocs_jetty.cli import main; main(['--help'], standalone_mode=False);"
        "print([name for name in ('pytest', 'rich', 'gherkin') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_says_first_and_once_that_a_step_module_does_not_import(project: Path) -> None:
    (project / "features/door_steps.py").write_text("import os\nimport no_such_thing\n", encoding="utf-8")
    printed = jetty("check").output
    (told,) = [text for text in printed.splitlines() if "no_such_thing" in text]
    assert told.startswith("error: features/door_steps.py:2: ")
    assert printed.index(told) < printed.index(": undefined: ")


def test_a_command_that_does_not_exist_is_answered_with_the_one_that_was_meant() -> None:
    result = invoke("chekc")
    assert result.exit_code == 2
    assert "there is no command `chekc` (did you mean `check`?)" in result.stderr


def test_the_site_is_found_from_a_folder_below_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "docs")
    result = invoke("check", "door.md")
    assert result.exit_code == 0, result.output
    assert "1 passed" in result.output


def test_undefined_steps_are_told_with_the_way_on(project: Path) -> None:
    (project / "docs/gate.md").write_text(RED.replace("a door", "nobody knows") + RED.replace("opens", "shuts"))
    output = invoke("check").output
    assert "`jetty snippets` prints definitions for 1 undefined step" in output


def test_the_last_line_says_why_it_is_red(project: Path) -> None:
    (project / "docs/gate.md").write_text("# Gate\n\n```gherkin\nScenario Whn\n```\n")
    last = invoke("check").output.splitlines()[-1]
    assert last.startswith("red: ")
    assert "1 problem" in last
