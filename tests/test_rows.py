"""Several tests of one scenario: each is judged, counted, shown, kept and exported as a row of its own."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from mkdocs_jetty.cli.terminal import show_failures
from mkdocs_jetty.config import from_options
from mkdocs_jetty.judge import ledger as ledgers
from mkdocs_jetty.judge.ledger import Ledger
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.judge.rows import expanded
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run import store
from mkdocs_jetty.run.fingerprint import fingerprint
from mkdocs_jetty.run.imported import with_imported
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show import html
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.badges import badge_of
from mkdocs_jetty.show.causes import log_lines
from mkdocs_jetty.show.export import junit_xml, messages_ndjson, spec_json
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.spec_json import SCHEMA
from mkdocs_jetty.show.summary import page_colour, summary
from mkdocs_jetty.spec.model import (
    Block,
    Feature,
    Page,
    Scenario,
    ShownExamples,
    ShownScenario,
    ShownStep,
    Spec,
    Step,
)

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=timezone.utc)
TODAY = datetime.now(timezone.utc)
DAYS = [date(2026, 11, day) for day in range(1, 10)]
PAGE = "docs/engine.md"
PASS = StepResult("passed", 1.0, "features/engine.py:3")
PASSED = ScenarioResult("passed", None, (PASS, PASS), 2.0)
FAILED = ScenarioResult("failed", "assertion", (PASS, StepResult("failed", message="it coughs")), 2.0)
FLAKY = ScenarioResult("passed", None, (PASS, PASS), 2.0, attempts=("failed: it coughs", "failed: it stalls"))
DOUBTFUL = StepResult("passed", 1.0, "features/b.py:9", candidates=("features/a.py:3", "features/b.py:9"))
WARNED = ScenarioResult("passed", None, (DOUBTFUL, PASS), 2.0)
ROWED = ScenarioResult("failed", "assertion", FAILED.steps, rows={"petrol": PASSED, "diesel 2/3": FAILED})
STEPS = (Step("Given", "given", "an engine", 4), Step("Then", "then", "it runs", 5))


def scenario(name: str, **fields: Any) -> Scenario:
    values: dict[str, Any] = {"mode": "speed", "tags": (), "line": 3, "steps": STEPS}
    return Scenario(f"engine/{name}", name, "Scenario", **{**values, **fields})


def spec_of(*scenarios: Scenario) -> Spec:
    shown = tuple(ShownStep(step.keyword, step.text, step.line) for step in STEPS)
    items = tuple(ShownScenario(one.keyword, one.name, "", (), one.line, shown, (), (one.id,)) for one in scenarios)
    block = Block(PAGE, 2, "", True, "engine", items)
    feature = Feature("engine", "Engine", PAGE, 1, scenarios, owner="motor team")
    return Spec((feature,), (Page(PAGE, "Engine", (block,)),))


def verdict_of(spec: Spec, results: Results, fail_on: Any = ("red",)) -> Verdict:
    spec, results = expanded(spec, results)
    return judge(spec, results, name="Engines", state="internal", fail_on=fail_on)


def one(result: ScenarioResult, fail_on: Any = ("red",), **fields: Any) -> Verdict:
    return verdict_of(spec_of(scenario("starts", **fields)), Results({"engine/starts": result}), fail_on)


def block_of(verdict: Verdict) -> str:
    return html.render_block(verdict, verdict.spec.pages[0].blocks[0])


def as_json(verdict: Verdict) -> dict[str, Any]:
    found = spec_json(verdict, lambda page: f"{page}/", NOW)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
    return found


# ---- rows ----


def test_each_row_becomes_a_scenario_of_its_own() -> None:
    found = as_json(one(ROWED))
    assert found["counts"] | {"passed": 1, "failed": 1, "scenarios": 2} == found["counts"]
    told = [(each["id"], each["params"], each["status"]) for each in found["features"][0]["scenarios"]]
    assert told == [
        ("engine/starts[petrol]", "petrol", "passed"),
        ("engine/starts[diesel 2/3]", "diesel 2/3", "failed"),
    ]
    assert (
        found["features"][0]["modes"]["speed"] | {"status": "red", "passed": 1, "total": 2}
        == (found["features"][0]["modes"]["speed"])
    )


def test_a_scenario_without_rows_stays_the_same_object() -> None:
    spec, results = spec_of(scenario("starts")), Results({"engine/starts": PASSED})
    assert expanded(spec, results) == (spec, results)
    assert expanded(spec, results)[0] is spec


def test_the_page_shows_every_row_with_its_parameters_and_why_it_failed() -> None:
    text = block_of(one(ROWED))
    for row in ("petrol", "diesel 2/3"):
        assert f"<td>{row}</td>" in text
        assert f'id="{anchor(f"engine/starts[{row}]")}"' in text
    assert text.count("it coughs") == 1
    assert "1 of 2 rows red" in text


def test_rows_of_an_examples_table_stand_under_each_other() -> None:
    spec = spec_of(scenario("starts", row_line=8))
    shown = spec.pages[0].blocks[0].items[0]
    assert isinstance(shown, ShownScenario)
    table = ShownExamples("Examples", "", "", (), 7, ("fuel",), ((("any",), "engine/starts"),))
    outline = ShownScenario(*[*list(vars(shown).values())[:6], (table,), shown.scenario_ids])
    spec = Spec(spec.features, (Page(PAGE, "Engine", (Block(PAGE, 2, "", True, "engine", (outline,)),)),))
    text = block_of(verdict_of(spec, Results({"engine/starts": ROWED})))
    assert text.count("<td>any</td>") == 2
    assert '<th scope="col">Test</th>' in text
    assert "<td>petrol</td>" in text


def test_anchors_of_rows_are_addresses_and_differ() -> None:
    anchors = [anchor(f"engine/starts[{params}]") for params in ("a b", "a_b", "a/b", "a-b", "[a]", "ü", "")]
    assert len(set(anchors)) == len(anchors)
    assert all(not set(" []/") & set(each) for each in anchors)
    assert anchor("engine/starts") == "scenario-engine--starts"


def test_junit_and_messages_tell_the_rows_apart() -> None:
    verdict = one(ROWED)
    root = ET.fromstring(junit_xml(verdict))  # noqa: S314 - our own
    assert [case.get("name") for case in root.iter("testcase")] == ["starts [petrol]", "starts [diesel 2/3]"]
    messages = [json.loads(line) for line in messages_ndjson(verdict).splitlines()]
    assert [each["pickle"]["name"] for each in messages if "pickle" in each] == [
        "starts [petrol]", "starts [diesel 2/3]",
    ]  # fmt: skip


def test_rows_come_back_from_messages_and_the_worst_counts(tmp_path: Path) -> None:
    (tmp_path / "m.ndjson").write_text(messages_ndjson(one(ROWED), TODAY), encoding="utf-8")
    results = with_imported(spec_of(scenario("starts")), Results(executed=False), tmp_path, ["m.ndjson"])
    assert not results.problems
    assert results.scenarios["engine/starts"].status == "failed"
    assert {key: row.status for key, row in results.scenarios["engine/starts"].rows.items()} == {
        "petrol": "passed", "diesel 2/3": "failed",
    }  # fmt: skip


def test_of_several_results_for_one_scenario_in_one_file_the_worst_counts(tmp_path: Path) -> None:
    spec = spec_of(scenario("starts"), scenario("again"))
    twice = Results({"engine/starts": PASSED, "engine/again": FAILED})
    text = messages_ndjson(verdict_of(spec, twice), TODAY).replace('"name": "again"', '"name": "starts"')
    (tmp_path / "m.ndjson").write_text(text.replace('"name":"again"', '"name":"starts"'), encoding="utf-8")
    results = with_imported(spec_of(scenario("starts")), Results(executed=False), tmp_path, ["m.ndjson"])
    assert results.scenarios["engine/starts"].status == "failed"


def test_kept_results_hold_rows_attempts_and_warnings(tmp_path: Path) -> None:
    settings = from_options(tmp_path, None, "Site", tmp_path / "docs", {})
    spec = spec_of(scenario("starts"), scenario("stops"))
    warned = ScenarioResult("passed", None, (StepResult("passed", warnings=("it returned False",)), PASS), 1.0)
    results = Results({"engine/starts": ROWED, "engine/stops": warned})
    flaky = Results({**results.scenarios, "engine/starts": FLAKY})
    for each in (results, flaky):
        store.save(each, spec, settings, fingerprint(settings, spec))
        loaded = store.load(spec, settings)
        assert loaded is not None
        assert loaded.scenarios == each.reused().scenarios


def test_reused_rows_say_so() -> None:
    results = Results({"engine/starts": ROWED}).reused()
    assert verdict_of(spec_of(scenario("starts")), results).counts["reused"] == 2


# ---- the ledger ----


def recorded(*results: ScenarioResult) -> Ledger:
    ledger = Ledger()
    for number, result in enumerate(results):
        ledger = ledgers.update(ledger, one(result), DAYS[number])
    return ledger


def test_the_history_of_a_scenario_is_that_of_its_rows() -> None:
    ledger = recorded(FAILED, PASSED, ROWED)
    assert sorted(ledger.entries) == ["engine/starts[diesel 2/3]", "engine/starts[petrol]"]
    known = ledgers.history(ledger, one(ROWED).spec)
    assert {key: (each.red_on, each.green_on, len(each.red_again)) for key, each in known.items()} == {
        "engine/starts[petrol]": (DAYS[0], DAYS[1], 0),
        "engine/starts[diesel 2/3]": (DAYS[0], DAYS[1], 1),
    }


def test_a_scenario_that_loses_its_rows_has_shown_what_all_of_them_have() -> None:
    both = ScenarioResult("passed", None, PASSED.steps, rows={"petrol": PASSED, "diesel 2/3": PASSED})
    ledger = recorded(ROWED, both, PASSED)
    (entry,) = ledger.entries.values()
    assert (entry.id, entry.red, entry.green) == ("engine/starts", None, (DAYS[1], None))


def test_a_run_that_left_the_scenario_out_keeps_what_its_rows_have_shown() -> None:
    ledger = recorded(ROWED, ScenarioResult("unknown", "not-selected"))
    assert ledger == recorded(ROWED)


# ---- flaky, ambiguous, warned ----


@pytest.mark.parametrize(("result", "word"), [(FLAKY, "flaky"), (WARNED, "ambiguous")])
def test_a_doubtful_pass_is_amber_everywhere_and_no_level_is_reached(result: ScenarioResult, word: str) -> None:
    verdict = one(result)
    (feature,) = verdict.features
    assert (feature.modes["speed"].status, feature.level, feature.complete) == (word, "none", False)
    assert (verdict.red, verdict.fails) == (False, False)
    assert page_colour(verdict, PAGE) == "amber"
    assert f": {word}" in badge_of(feature, "speed")[0]
    assert as_json(verdict)["project"]["verdict"] == word
    assert 'class="jetty-scenario jetty-amber"' in block_of(verdict)
    assert word in html.render_overview(verdict)
    assert word in html.render_failures(verdict)
    assert "1 scenario not green" in html.render_status(verdict, PAGE)


def test_a_flaky_scenario_names_its_attempts() -> None:
    verdict = one(FLAKY)
    told = "failed twice, then passed: it coughs; it stalls"
    assert told in block_of(verdict)
    found = as_json(verdict)
    assert found["counts"] | {"passed": 1, "flaky": 1} == found["counts"]
    (entry,) = found["features"][0]["scenarios"]
    assert (entry["status"], entry["flaky"], entry["attempts"]) == ("passed", True, list(FLAKY.attempts))
    assert "1 flaky" in summary(verdict)


def test_the_gate_closes_for_what_is_flaky_where_that_is_asked() -> None:
    assert not one(FLAKY).fails
    assert one(FLAKY, fail_on=("flaky",)).fails
    assert not one(PASSED, fail_on=("flaky",)).fails
    (line,) = gate_lines(one(FLAKY), ("flaky",))
    assert line == "docs/engine.md:3: starts: flaky: failed twice, then passed: it coughs; it stalls"


def test_junit_tells_the_attempts_of_a_flaky_scenario() -> None:
    (case,) = ET.fromstring(junit_xml(one(FLAKY))).iter("testcase")  # noqa: S314 - our own
    assert [each.tag for each in case] == ["flakyFailure", "flakyFailure"]
    assert case[0].get("message") == "failed: it coughs"


def test_attempts_survive_messages(tmp_path: Path) -> None:
    text = messages_ndjson(one(FLAKY), TODAY)
    started = [
        json.loads(line)["testCaseStarted"]["attempt"] for line in text.splitlines() if 'testCaseStarted"' in line
    ]
    retried = [json.loads(line)["testCaseFinished"]["willBeRetried"] for line in text.splitlines() if "willBe" in line]
    assert (started, retried) == ([0, 1, 2], [True, True, False])
    (tmp_path / "m.ndjson").write_text(text, encoding="utf-8")
    results = with_imported(spec_of(scenario("starts")), Results(executed=False), tmp_path, ["m.ndjson"])
    assert results.scenarios["engine/starts"].attempts == FLAKY.attempts
    assert results.scenarios["engine/starts"].flaky


def test_what_is_ambiguous_is_named_once_for_each_set_of_definitions() -> None:
    places = ("features/a.py:3", "features/b.py:9")
    step = StepResult("ambiguous", definition=places[1], message="2 match", candidates=places)
    names = ("one", "two", "three")
    result = ScenarioResult("ambiguous", None, (step, StepResult("unknown")))
    verdict = verdict_of(spec_of(*map(scenario, names)), Results({f"engine/{name}": result for name in names}))
    (problem,) = verdict.problems
    assert problem.level == "error"
    assert problem.message == (
        "`features/a.py:3` and `features/b.py:9` both match; pytest-bdd would take `features/b.py:9`: "
        "3 scenarios, the first: docs/engine.md:4: Given an engine"
    )
    (warning,) = one(WARNED).problems
    assert warning.level == "warning"
    assert "what ran is pytest-bdd's choice, `features/b.py:9`" in warning.message


def test_known_red_ambiguity_does_not_fail_the_build() -> None:
    step = StepResult("ambiguous", candidates=("a.py:1", "b.py:1"))
    assert not one(ScenarioResult("ambiguous", None, (step, StepResult("unknown"))), tags=("@wip",)).red


def test_the_log_names_what_is_ambiguous_and_what_is_undefined() -> None:
    undefined = StepResult("undefined", message="no step definition matches: Given an engine")
    ambiguous = StepResult("ambiguous", message="2 match", candidates=("a.py:1", "b.py:1"))
    (line,) = log_lines(one(ScenarioResult("ambiguous", None, (undefined, ambiguous), message="2 match")).features)
    assert line == ("docs/engine.md:3: starts: ambiguous: Then it runs (a.py:1, b.py:1); undefined: Given an engine")


def test_the_page_shows_which_of_several_definitions_ran() -> None:
    text = block_of(one(WARNED))
    assert "2 step definitions match" in text
    assert "<code>features/b.py:9</code> ran" in text
    assert "<code>features/a.py:3</code> ran" not in text


def test_a_warning_stands_on_its_step_and_the_scenario_stays_green() -> None:
    warned = StepResult("passed", 1.0, "features/engine.py:3", warnings=("it returned False",))
    verdict = one(ScenarioResult("passed", None, (PASS, warned), 2.0))
    assert verdict.features[0].modes["speed"].status == "green"
    assert block_of(verdict).count("it returned False") == 1
    assert as_json(verdict)["features"][0]["scenarios"][0]["steps"][1]["warnings"] == ["it returned False"]


# ---- one reason, one line ----


def test_what_fails_for_one_reason_is_told_once() -> None:
    names = [f"s{number}" for number in range(300)]
    results = {
        f"engine/{name}": ScenarioResult(
            "failed",
            "assertion",
            (PASS, StepResult("failed", definition="e.py:9", message=f"got {number}, not '{name}'")),
        )
        for number, name in enumerate(names)
    }
    results["engine/s7"] = ScenarioResult("failed", "error", (PASS, StepResult("failed", message="OSError")))
    lines = log_lines(verdict_of(spec_of(*map(scenario, names)), Results(results)).features)
    assert lines == [
        "docs/engine.md:3: s0: failed: got 0, not 's0'",
        "  the same in 298 other scenarios:",
        "  docs/engine.md:3: s1",
        "  docs/engine.md:3: s2",
        "  and 296 more; the pages and the exports name them all",
        "docs/engine.md:3: s7: failed: OSError",
    ]


def on_terminal(verdict: Verdict) -> list[str]:
    report = Console(file=io.StringIO(), width=200)
    show_failures(report, verdict)
    assert isinstance(report.file, io.StringIO)
    return report.file.getvalue().splitlines()


def test_the_terminal_tells_what_is_ambiguous_once() -> None:
    places = ("features/a.py:3", "features/b.py:9")
    message = f"2 step definitions match: {', '.join(places)}"
    step = StepResult("ambiguous", message=message, candidates=places)
    result = ScenarioResult("ambiguous", None, (step, StepResult("unknown")), message=message)
    names = ("one", "two", "three", "four", "five")
    verdict = verdict_of(spec_of(*map(scenario, names)), Results({f"engine/{name}": result for name in names}))
    assert on_terminal(verdict) == [
        "docs/engine.md:3: ambiguous: one",
        "  docs/engine.md:4: ambiguous: Given an engine",
        "  | matches features/a.py:3",
        "  | matches features/b.py:9",
        "  the same in 4 other scenarios:",
        "  docs/engine.md:3: two",
        "  docs/engine.md:3: three",
        "  and 2 more; the pages and the exports name them all",
        f"error: {verdict.problems[0].message} [JTY402]",
    ]


def test_the_terminal_tells_doubts() -> None:
    warned = StepResult("passed", 1.0, "features/engine.py:3", warnings=("it returned False",))
    spec = spec_of(scenario("starts"), scenario("stops"))
    results = Results({"engine/starts": FLAKY, "engine/stops": ScenarioResult("passed", None, (PASS, warned), 2.0)})
    assert on_terminal(verdict_of(spec, results)) == [
        "docs/engine.md:3: flaky: starts: failed twice, then passed: it coughs; it stalls",
        "docs/engine.md:5: warning: Then it runs: it returned False",
    ]


# ---- lines of another file ----


def test_what_stands_in_an_included_file_is_named_by_it() -> None:
    verdict = one(FAILED, source="parts/engine.md")
    (entry,) = as_json(verdict)["features"][0]["scenarios"]
    assert (entry["source"], entry["steps"][0]["source"]) == ("parts/engine.md", "parts/engine.md")
    assert as_json(verdict)["features"][0]["owner"] == "motor team"
    assert log_lines(verdict.features) == ["parts/engine.md:3: starts: failed: it coughs"]
    assert "parts/engine.md:5" in block_of(verdict)
    (case,) = ET.fromstring(junit_xml(verdict)).iter("testcase")  # noqa: S314 - our own
    assert case.get("file") == "parts/engine.md"
