"""Earlier builds: what they came to, what has changed since, and that the file of them stays small and honest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from mkdocs_jetty.assess import assess
from mkdocs_jetty.config import load
from mkdocs_jetty.judge.builds import MOST, Builds, as_json, changes, ci_run, read_builds
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show import html
from mkdocs_jetty.show.trend import dots, red_builds, trend
from mkdocs_jetty.spec.model import Feature, Scenario, Spec, Step
from mkdocs_jetty.spec.reader import read

START = datetime(2026, 11, 1, 12, 0, tzinfo=timezone.utc)
STEP = (Step("Given", "given", "a door", 5),)
RESULTS = {
    "p": ScenarioResult("passed", None, (StepResult("passed"),)),
    "f": ScenarioResult("failed", "assertion", (StepResult("failed", message="it jams"),)),
    "l": ScenarioResult("passed", None, (StepResult("passed"),), attempts=("failed: it jams",)),
    "s": ScenarioResult("skipped", None, (StepResult("skipped"),)),
    "u": ScenarioResult("unknown", "not-selected", (StepResult("unknown"),)),
}


def verdict_of(**codes: str) -> Verdict:
    """The verdict on scenarios of these names that came to these codes."""
    scenarios = tuple(Scenario(f"door/{name}", name, "Scenario", "speed", (), 4, STEP) for name in codes)
    results = Results({f"door/{name}": RESULTS[code] for name, code in codes.items()})
    spec = Spec((Feature("door", "Door", "docs/door.md", 1, scenarios),))
    return judge(spec, results, name="Shop", state="internal", fail_on=(), commit="6678bad")


def after(*verdicts: Verdict) -> Builds:
    builds = Builds()
    for number, verdict in enumerate(verdicts):
        builds = builds.with_now(verdict, START + timedelta(days=number))
    return builds


def test_each_scenario_has_a_character_for_each_build() -> None:
    builds = after(verdict_of(a="p", b="f"), verdict_of(a="f"), verdict_of(a="l", c="s"))
    assert dict(builds.statuses) == {"door/a": "pfl", "door/b": "f..", "door/c": "..s"}
    assert [(each.red, each.scenarios, each.commit) for each in builds.records] == [
        (1, 2, "6678bad"), (1, 1, "6678bad"), (0, 2, "6678bad"),
    ]  # fmt: skip


def test_the_file_says_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    builds = after(verdict_of(a="p", b="f"), verdict_of(a="f"))
    path = tmp_path / "history.json"
    path.write_text(json.dumps(as_json(builds)))
    assert read_builds(path) == builds


def test_it_is_bounded_and_forgets_what_has_long_gone() -> None:
    builds = after(verdict_of(a="p", gone="p"), *[verdict_of(a="p")] * MOST)
    assert (len(builds.records), list(builds.statuses)) == (MOST, ["door/a"])
    assert len(json.dumps(as_json(after(*[verdict_of(a="p")] * 100)))) < 6000


@pytest.mark.parametrize(("text", "why"), [
    ("{", "it is no history"), ("[]", "it is no history"), ('{"schema": 9}', "it has schema 9"),
    ('{"schema": 1, "builds": [{"at": "yesterday", "red": 0, "scenarios": 1}], "scenarios": {}}', "it is no history"),
    ('{"schema": 1, "builds": [], "scenarios": {"a": "pp"}}', "not as many statuses as there are builds"),
])  # fmt: skip
def test_a_file_that_cannot_be_understood_holds_nothing_and_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(text)
    builds = read_builds(path)
    assert (builds.records, why in builds.problem) == ((), True), builds.problem
    assert read_builds(tmp_path / "none.json") == Builds()


def test_what_has_changed_since_the_last_build_is_told() -> None:
    before = after(verdict_of(a="p", b="f", c="p", d="p", gone="p"))
    found = changes(replace(verdict_of(a="f", b="p", c="l", d="p", new="p"), builds=before))
    assert found is not None
    assert (found.red, found.fixed, found.flaky, found.added, found.removed) == (
        ("door/a",), ("door/b",), ("door/c",), ("door/new",), ("door/gone",),
    )  # fmt: skip
    assert changes(verdict_of(a="p")) is None


def test_pages_say_what_changed_and_how_long_a_scenario_is_red() -> None:
    now = replace(verdict_of(a="f", b="f"), builds=after(verdict_of(a="p", b="p"), verdict_of(a="f", b="p")))
    a, b = now.features[0].scenarios
    assert (red_builds(now.builds, a), red_builds(now.builds, b)) == (2, 1)
    shown = dots(now.builds, a)
    assert shown is not None
    assert (shown.codes, shown.said) == ("pff", "the last 3 builds: 1 passed, then 2 red")
    chart = trend(now, 2)
    assert chart is not None
    assert chart.said == "Red scenarios in the last 3 builds: between 0 and 1, now 2"
    overview = html.render_overview(now)
    assert "Since 6678bad on 2 Nov 2026:" in overview
    assert "1 new red" in overview
    failures = html.render_failures(now)
    assert "2 builds" in failures
    assert "new in this build" in failures
    assert "Since" not in html.render_overview(verdict_of(a="p"))


def test_a_ci_run_is_named_by_its_number_and_its_address() -> None:
    github = {
        "GITHUB_RUN_NUMBER": "12", "GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "a/b",
        "GITHUB_RUN_ID": "99",
    }  # fmt: skip
    assert ci_run(github) == ("12", "https://github.example/a/b/actions/runs/99")
    assert ci_run({"CI_PIPELINE_IID": "7", "CI_PIPELINE_URL": "https://gitlab.example/7"}) == (
        "7", "https://gitlab.example/7",
    )  # fmt: skip
    assert ci_run({}) == (None, None)


def test_a_wrong_file_is_a_warning_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Shop\nplugins:\n  - jetty:\n      history: last.json\n")
    settings = load(tmp_path / "mkdocs.yml")
    assert assess(settings, read(settings), Results()).problems == ()
    (tmp_path / "last.json").write_text("{")
    (problem,) = assess(settings, read(settings), Results()).problems
    assert (problem.level, problem.page, problem.line) == ("warning", "mkdocs.yml", 4)
    assert "`history`: last.json: it is no history" in problem.message
