"""What CI services and older tools read: nothing in a specification can speak in its name."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show.ci import MOST, code_quality, job_summary, tell_github, workflow_commands
from mkdocs_jetty.show.cucumber_json import cucumber_json
from mkdocs_jetty.show.layers import layer_mark
from mkdocs_jetty.show.llms import feature_markdown, llms_txt
from mkdocs_jetty.spec.model import Feature, Mode, Problem, Scenario, Spec, Step
from mkdocs_jetty.standards.presets import resolve

NASTY = "a,b:c%d\n::stop-commands::x\r##[error]y | <b>`*z*`"
STEPS = (Step("Given", "given", "a door", 5), Step("Then", "then", f"it {NASTY}", 6, table=(("a",), ("b",))))


def scenario(name: str, **more: Any) -> Scenario:
    return Scenario(f"door/{name}", f"{name} {NASTY}", "Scenario", "speed", more.pop("tags", ()), 4, STEPS, **more)


def verdict_of(count: int = 1) -> Verdict:
    red = [scenario(f"red{number}", tags=("@owner:us",)) for number in range(count)]
    scenarios = (*red, scenario("good"), scenario("late", tags=("@wip",)), scenario("after"))
    passed = StepResult("passed", 1.5, "features/door.py:7")
    failed = ScenarioResult("failed", "assertion", (passed, StepResult("failed", 2.0, "features/door.py:9", NASTY)))
    results = {each.id: failed for each in (*red, scenarios[count + 1])}
    results["door/good"] = ScenarioResult("passed", None, (passed, passed))
    results["door/after"] = ScenarioResult("failed", "teardown", (passed, passed), message="could not close")
    spec = Spec(
        (Feature("door", f"Door {NASTY}", "docs/door.md", 1, scenarios),),
        problems=(Problem("error", "docs/x,y.md", 7, 3, NASTY), Problem("warning", "", None, None, "odd")),
    )
    return judge(spec, Results(results), name=f"Shop {NASTY}", state="internal", fail_on=["red"])


def test_a_red_scenario_is_annotated_at_its_line_and_known_red_is_not() -> None:
    told = list(workflow_commands(verdict_of()))
    assert [each.partition("::")[2].split(" ")[0] for each in told] == ["error", "warning", "error", "error"]
    assert told[0].startswith("::error file=docs/x%2Cy.md,line=7,col=3,title=Specification (JTY000)::a,b:c%25d%0A")
    assert told[2].startswith("::error file=docs/door.md,line=4,title=red0 a%2Cb%3Ac%25d%0A")
    assert all("\n" not in each and "\r" not in each for each in told)
    assert told[3].endswith("::failed: could not close")


def test_a_thousand_failures_do_not_drown_the_log() -> None:
    told = list(workflow_commands(verdict_of(200)))
    assert len(told) == MOST + 1
    assert re.fullmatch(r"::notice::\d+ more are red; the site and the exports name them all", told[-1])


def test_github_is_told_where_it_runs_and_nobody_elsewhere(tmp_path: Path) -> None:
    stream, summary = io.StringIO(), tmp_path / "summary.md"
    tell_github(verdict_of(), stream, {"GITHUB_STEP_SUMMARY": str(summary)})
    assert (stream.getvalue(), summary.exists()) == ("", False)
    tell_github(verdict_of(), stream, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    assert len(stream.getvalue().splitlines()) == 4
    assert "specification" in summary.read_text("utf-8")
    tell_github(verdict_of(), stream, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)})  # no file


def test_the_summary_is_a_table_that_nothing_breaks() -> None:
    text = job_summary(verdict_of(3))
    rows = [line for line in text.splitlines() if line.startswith("| 3 ")]
    (row,) = rows
    assert len(re.findall(r"(?<!\\)\|", row)) == 6
    assert "docs/door\\.md:4" in row.replace(".md", "\\.md").replace("\\\\", "\\")
    assert "| us |" in row
    assert "<b>" not in text


def test_code_quality_has_what_gitlab_asks_for() -> None:
    found = code_quality(verdict_of(2))
    for each in found:
        assert set(each) == {"description", "check_name", "severity", "fingerprint", "location"}
        assert each["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert each["location"]["lines"]["begin"] >= 1
    assert len({each["fingerprint"] for each in found}) == len(found) == 4
    assert json.loads(json.dumps(found)) == found


def test_cucumbers_old_json_says_of_each_scenario_what_it_came_to() -> None:
    (feature,) = cucumber_json(verdict_of())
    assert (feature["uri"], feature["keyword"]) == ("docs/door.md", "Feature")
    red, good, _, after = feature["elements"]
    assert [each["result"]["status"] for each in red["steps"]] == ["passed", "failed"]
    assert red["steps"][0]["result"]["duration"] == 1_500_000
    assert red["steps"][1]["rows"] == [{"cells": ["a"]}, {"cells": ["b"]}]
    assert "after" not in good
    assert after["after"][0]["result"]["error_message"] == "could not close"


def test_llms_txt_names_the_level_and_what_is_not_green() -> None:
    text = llms_txt(verdict_of(), lambda page: page.removeprefix("docs/").replace(".md", "/"))
    assert "](door/): level none, not complete" in text
    assert "speed: 1 of 4 pass" in text
    assert text.count("\n  - ") == 4  # the mode, two that are red and one that is known to be
    assert "known red, late" in text
    assert "<b>" not in text


def test_a_feature_by_itself_says_status_evidence_and_what_is_missing(external: Verdict) -> None:
    def url_for(page: str) -> str:
        return page.removeprefix("docs/").replace(".md", "/")

    whole = verdict_of()
    text = feature_markdown(whole, whole.features[0], url_for)
    assert "Page: <../../door/>" in text
    assert "Proven level: none. The finish line is stable: not complete." in text
    assert "\n## Missing\n\n- speed: 1 of 4 passed\n" in text
    lines = [line for line in text.splitlines() if line.startswith("- speed: ") and "`docs/door.md:" in line]
    assert sum(line.endswith(": passed") for line in lines) == 1
    assert "<b>" not in text
    (feature,) = external.features
    text = feature_markdown(external, feature, url_for)
    assert "## Standards" in text
    assert re.search(r"^- [a-z-]+: uncovered", text, re.MULTILINE)


def test_green_production_scenarios_are_half_of_production_while_standards_are_open(external: Verdict) -> None:
    (feature,) = external.features
    mark = layer_mark(feature, "production")
    assert (mark.tone, mark.icon) == ("amber", "half")
    assert re.fullmatch(r"1 of 1 pass · 0 of \d+ standards met", mark.word)


def test_what_is_red_beyond_the_finish_line_is_red(red_beyond: Verdict) -> None:
    mark = layer_mark(red_beyond.features[0], "production")
    assert (mark.tone, mark.word) == ("red", "0 of 1 pass, beyond the finish line")


@pytest.fixture
def red_beyond() -> Verdict:
    one = Scenario("door/p", "P", "Scenario", "production", (), 4, STEPS)
    results = Results({one.id: ScenarioResult("failed", "assertion", (StepResult("failed"), StepResult("unknown")))})
    spec = Spec((Feature("door", "Door", "docs/door.md", 1, (one,)),))
    return judge(spec, results, name="Shop", state="internal", fail_on=["red"])


@pytest.fixture
def external() -> Verdict:
    modes: tuple[Mode, ...] = ("speed", "stable", "production")
    every = tuple(Scenario(f"door/{mode}", mode, "Scenario", mode, (), 4, STEPS) for mode in modes)
    passed = StepResult("passed", 1.0)
    results = Results({one.id: ScenarioResult("passed", None, (passed, passed)) for one in every})
    feature = Feature("door", "Door", "docs/door.md", 1, every, traits=("authentication",), traits_declared=True)
    preset = resolve(("startup-mvp",), (), (), Path())
    return judge(
        Spec((feature,)),
        results,
        name="Shop",
        state="external",
        fail_on=["red"],
        preset=preset,
        today=date(2026, 11, 22),
    )
