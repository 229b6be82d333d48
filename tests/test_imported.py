"""Results from elsewhere: a scenario takes one over only while it still says what was run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = """\
# Door

```gherkin
Scenario: opens
  Given a door
    | oak |

Scenario: jams
  Given a jammed door
```
"""
STEPS = """\
from pytest_bdd import given

@given("a door")
def _(datatable): pass

@given("a jammed door")
def _(): raise AssertionError("it jams")
"""


def build(root: Path, **options: object) -> Any:
    lines = "".join(f"      {name}: {json.dumps(value)}\n" for name, value in options.items())
    (root / "mkdocs.yml").write_text(f"site_name: Door\nplugins:\n  - jetty:\n{lines}")
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], cwd=root, capture_output=True, check=False)
    return json.loads((root / "site/jetty/spec.json").read_text())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "docs/index.md").write_text(PAGE)
    (tmp_path / "features/door.py").write_text(STEPS)
    build(tmp_path, fail_on=[])
    (tmp_path / "site/jetty/messages.ndjson").rename(tmp_path / "elsewhere.ndjson")
    return tmp_path


def statuses(spec: Any) -> dict[str, tuple[str, bool]]:
    return {each["name"]: (each["status"], each["reused"]) for each in spec["features"][0]["scenarios"]}


def test_results_from_elsewhere_stand_where_nothing_is_run_here(project: Path) -> None:
    spec = build(project, execute=False, results=["elsewhere.ndjson"])
    assert statuses(spec) == {"opens": ("passed", True), "jams": ("failed", True)}
    assert spec["features"][0]["scenarios"][1]["steps"][0]["message"].startswith("it jams")
    assert spec["features"][0]["scenarios"][0]["steps"][0]["definition"] == "features/door.py:3"
    assert spec["counts"]["reused"] == 2


def test_a_scenario_that_has_changed_since_is_not_run(project: Path) -> None:
    (project / "docs/index.md").write_text(PAGE.replace("| oak |", "| elm |"))
    spec = build(project, execute=False, results=["elsewhere.ndjson"])
    assert statuses(spec)["opens"] == ("unknown", False)
    (problem,) = spec["problems"]
    assert (problem["level"], problem["page"]) == ("warning", "elsewhere.ndjson")
    assert problem["message"].startswith("1 result matches no scenario")


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_files_the_worst_counts(project: Path, turned: bool) -> None:
    text = (project / "elsewhere.ndjson").read_text()
    (project / "windows.ndjson").write_text(text.replace('"PASSED"', '"FAILED"'))
    names = ["elsewhere.ndjson", "windows.ndjson"]
    spec = build(project, execute=False, results=names[::-1] if turned else names)
    assert statuses(spec) == {"opens": ("failed", True), "jams": ("failed", True)}
    assert not spec["problems"]


def test_results_for_another_page_are_left_to_it(project: Path) -> None:
    (project / "docs/other.md").write_text(PAGE.replace("# Door", "# Gate"))
    command = [sys.executable, "-m", "mkdocs_jetty.cli", "check", "--json", "v.json", "docs/other.md"]
    build(project, execute=False, results=["elsewhere.ndjson"])
    subprocess.run(command, cwd=project, capture_output=True, check=False)
    assert not json.loads((project / "v.json").read_text())["problems"]


def test_what_runs_here_wins(project: Path) -> None:
    (project / "features/door.py").write_text(STEPS.replace('raise AssertionError("it jams")', "pass"))
    spec = build(project, results=["elsewhere.ndjson"])
    assert statuses(spec) == {"opens": ("passed", False), "jams": ("passed", False)}


@pytest.mark.parametrize("text", ["{", '{"testCaseStarted": {}}', "[]\n", None])
def test_results_that_cannot_be_read_are_one_problem_and_prove_nothing(project: Path, text: str | None) -> None:
    path = project / "elsewhere.ndjson"
    path.unlink() if text is None else path.write_text(text)
    spec = build(project, execute=False, results=["elsewhere.ndjson"])
    assert statuses(spec) == {"opens": ("unknown", False), "jams": ("unknown", False)}
    assert [problem["page"] for problem in spec["problems"]] == (["elsewhere.ndjson"] if text != "[]\n" else [])
