"""Results from elsewhere: a scenario takes one over only while it still says what was run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from commands import invoke

from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.imported import with_imported
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show.messages import messages_ndjson
from mkdocs_jetty.spec.model import Feature, Scenario, Spec, Step

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


@pytest.mark.parametrize("text", ["{", '{"testCaseStarted": {}}', "[]\n"])
def test_results_that_cannot_be_read_are_one_problem_and_prove_nothing(project: Path, text: str) -> None:
    (project / "elsewhere.ndjson").write_text(text)
    spec = build(project, execute=False, results=["elsewhere.ndjson"])
    assert statuses(spec) == {"opens": ("unknown", False), "jams": ("unknown", False)}
    assert [problem["page"] for problem in spec["problems"]] == ["elsewhere.ndjson"]


def test_results_that_are_missing_are_named_where_the_option_names_them(project: Path) -> None:
    config = "site_name: Door\nplugins:\n  - jetty:\n      execute: false\n      results:\n"
    names = "        - elsewhere.ndjson\n        - gone.ndjson\n"
    (project / "mkdocs.yml").write_text(config + names)
    invoke("check", "--json", str(project / "v.json"), "-f", str(project / "mkdocs.yml"))
    (problem,) = json.loads((project / "v.json").read_text())["problems"]
    assert (problem["page"], problem["line"]) == ("mkdocs.yml", 7)
    assert problem["message"] == "`results` names `gone.ndjson`, which does not exist"


# ---- what a file says of itself ----

STEP = Step("Given", "given", "a door", 5)
DOOR = Scenario("door/opens", "opens", "Scenario", "speed", (), 4, (STEP,))
SPEC = Spec((Feature("door", "Door", "docs/door.md", 1, (DOOR,)),))
PASSED = ScenarioResult("passed", None, (StepResult("passed", 1.0),), 1.0)
FAILED = ScenarioResult("failed", "assertion", (StepResult("failed", 1.0, message="it jams"),), 1.0)
NOW = datetime.now(timezone.utc)


def messages(result: ScenarioResult = PASSED, made: datetime = NOW) -> str:
    verdict = judge(SPEC, Results({DOOR.id: result}), name="", state="internal", fail_on=())
    return messages_ndjson(verdict, made)


def imported(root: Path, *texts: str) -> Results:
    names = [f"{number}.ndjson" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (root / name).write_text(text, encoding="utf-8")
    return with_imported(SPEC, Results(executed=False), root, names)


def said(results: Results) -> str:
    return " ".join(problem.message for problem in results.problems if problem.level == "error")


def test_results_say_the_day_on_which_they_were_made(tmp_path: Path) -> None:
    made = NOW - timedelta(days=3)
    results = imported(tmp_path, messages(), messages(made=made))
    assert results.scenarios[DOOR.id].status == "passed"
    assert (results.made_on, results.problems) == (made.date(), ())


@pytest.mark.parametrize(("made", "why"), [
    (NOW - timedelta(days=31), "31 days old; older than 30 days they prove nothing"),
    (datetime(2001, 1, 1, tzinfo=timezone.utc), "older than 30 days"),
    (NOW + timedelta(days=3), "which is yet to come"),
])  # fmt: skip
def test_results_of_another_time_prove_nothing(tmp_path: Path, made: datetime, why: str) -> None:
    results = imported(tmp_path, messages(made=made))
    assert why in said(results)
    assert DOOR.id not in results.scenarios


def test_results_that_say_no_time_prove_nothing(tmp_path: Path) -> None:
    envelopes = [json.loads(line) for line in messages().splitlines()]
    for body in (body for envelope in envelopes for body in envelope.values()):
        body.pop("timestamp", None)
    undated = "".join(json.dumps(envelope) + "\n" for envelope in envelopes)
    assert "timestamp" not in undated
    results = imported(tmp_path, undated)
    assert "do not say when they were made" in said(results)
    assert DOOR.id not in results.scenarios


@pytest.mark.parametrize("order", [(PASSED, FAILED), (FAILED, PASSED)])
def test_of_two_runs_in_one_file_the_worst_counts(tmp_path: Path, order: tuple[ScenarioResult, ...]) -> None:
    results = imported(tmp_path, "".join(map(messages, order)))
    assert (results.scenarios[DOOR.id].status, results.scenarios[DOOR.id].flaky) == ("failed", False)


@pytest.mark.parametrize("order", [(PASSED, FAILED), (FAILED, PASSED)])
def test_of_two_test_cases_of_one_pickle_the_worst_counts(tmp_path: Path, order: tuple[ScenarioResult, ...]) -> None:
    first, second = map(messages, order)
    again = [line.replace(":case", ":case2").replace(":attempt", ":attempt2") for line in second.splitlines()]
    kept = [
        line for line in again if re.match(r'\{"(testCase|testCaseStarted|testStepFinished|testCaseFinished)"', line)
    ]
    results = imported(tmp_path, first + "\n".join(kept) + "\n")
    assert results.scenarios[DOOR.id].status == "failed"


def test_a_run_that_says_it_failed_is_a_problem(tmp_path: Path) -> None:
    text = messages().replace('"success":true', '"success":false').replace('"success": true', '"success": false')
    assert "false" in text
    assert "says that it failed" in said(imported(tmp_path, text))
    assert said(imported(tmp_path, messages(FAILED))) == ""


def test_a_hook_around_the_run_that_failed_is_a_problem(tmp_path: Path) -> None:
    hook = {
        "testRunHookFinished": {"testRunHookStartedId": "1", "result": {"status": "FAILED", "message": "no sea\nx"}}
    }
    results = imported(tmp_path, messages() + json.dumps(hook) + "\n")
    assert said(results) == "a hook around the whole run failed: no sea"


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out.ndjson").write_text(messages(), encoding="utf-8")
    project = tmp_path / "project"
    project.mkdir()
    for name in ("../out.ndjson", str(tmp_path / "out.ndjson")):
        results = with_imported(SPEC, Results(executed=False), project, [name])
        assert "have to stand inside the project" in said(results)
    assert with_imported(SPEC, Results(), project, ["../out.ndjson"], anywhere=True).scenarios[DOOR.id].reused


def test_what_comes_from_elsewhere_is_cleaned_like_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s3cr3t-of-the-shop")
    message = f"\x1b[31mit jams\x1b[0m s3cr3t-of-the-shop in {tmp_path}/app/door.py"
    bad = replace(FAILED, steps=(StepResult("failed", 1.0, message=message),))
    (step,) = imported(tmp_path, messages(bad)).scenarios[DOOR.id].steps
    assert step.message == "it jams *** in app/door.py"
