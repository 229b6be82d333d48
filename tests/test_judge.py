"""What is green, what is red, and what follows for modes, levels, features and the gate."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from mkdocs_jetty.judge.model import JudgedScenario, State, Verdict
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.spec.model import MODES, Feature, Problem, Scenario, Spec, Step

STEPS = (Step("Given", "given", "a door", 3), Step("Then", "then", "it is open", 4))
PASSED = ScenarioResult("passed", steps=(StepResult("passed"), StepResult("passed")))
FAILED = ScenarioResult("failed", "assertion", (StepResult("passed"), StepResult("failed", message="shut")))
NOT_SELECTED = ScenarioResult("unknown", "not-selected")
SKIPPED = ScenarioResult("skipped", message="not today")
FINISH = Problem("error", "docs/door.md", 1, 1, "broken")

Row = tuple[str, "ScenarioResult | None", tuple[str, ...]]


def scenario(number: int = 0, mode: Any = "speed", **fields: Any) -> Scenario:
    values: dict[str, Any] = {
        "id": f"door/{number}",
        "name": f"Open {number}",
        "keyword": "Scenario",
        "mode": mode,
        "tags": (),
        "line": 2,
        "steps": STEPS,
    }
    return Scenario(**{**values, **fields})


def verdict_of(
    rows: Sequence[Row], state: State = "internal", fail_on: Sequence[str] = ("red",), **run: Any
) -> Verdict:
    scenarios = tuple(scenario(number, mode, tags=tags) for number, (mode, _, tags) in enumerate(rows))
    results = {f"door/{number}": result for number, (_, result, _) in enumerate(rows) if result is not None}
    spec = Spec((Feature("door", "Door", "docs/door.md", 1, scenarios),))
    return judge(spec, Results(results, **run), name="Doors", state=state, fail_on=fail_on)


def judged(one: Scenario, result: ScenarioResult | None, *, executed: bool = True) -> JudgedScenario:
    spec = Spec((Feature("door", "Door", "docs/door.md", 1, (one,)),))
    results = Results({one.id: result} if result else {}, executed=executed)
    return judge(spec, results, name="Doors", state="internal", fail_on=()).features[0].scenarios[0]


# ---- one scenario ----


def test_a_pass_for_every_step_is_green() -> None:
    outcome = judged(scenario(), PASSED)
    assert (outcome.result, outcome.red) == (PASSED, False)


@pytest.mark.parametrize(
    "result",
    [
        FAILED,
        *(ScenarioResult("failed", cause) for cause in ("error", "timeout", "crash", "setup", "teardown")),
        *(ScenarioResult(status) for status in ("pending", "undefined", "ambiguous", "unknown")),
        *(ScenarioResult("unknown", cause) for cause in ("not-reached", "unavailable", "inconclusive", "no-steps")),
    ],
    ids=lambda result: f"{result.status}-{result.cause}",
)
def test_red_fails_unless_it_is_known(result: ScenarioResult) -> None:
    plain, wip = judged(scenario(), result), judged(scenario(tags=("@wip",)), result)
    assert (plain.red, plain.known_red) == (True, False)
    assert (wip.red, wip.known_red) == (True, True)
    assert wip.result == result


@pytest.mark.parametrize("result", [NOT_SELECTED, ScenarioResult("unknown", "execute-off"), SKIPPED])
@pytest.mark.parametrize("tags", [(), ("@wip",)])
def test_what_nobody_ran_is_grey(result: ScenarioResult, tags: tuple[str, ...]) -> None:
    outcome = judged(scenario(tags=tags), result)
    assert (outcome.result, outcome.red, outcome.known_red) == (result, False, False)


@pytest.mark.parametrize(("executed", "cause", "red"), [(True, "not-reached", True), (False, "execute-off", False)])
def test_a_scenario_without_an_entry_is_unknown(*, executed: bool, cause: str, red: bool) -> None:
    outcome = judged(scenario(), None, executed=executed)
    assert (outcome.result.status, outcome.result.cause, outcome.red) == ("unknown", cause, red)
    assert [step.status for step in outcome.result.steps] == ["unknown", "unknown"]


@pytest.mark.parametrize("defect", ["no-steps", "no-rows", "invalid-gherkin"])
@pytest.mark.parametrize("executed", [True, False])
def test_a_defect_outweighs_any_result(defect: Any, *, executed: bool) -> None:
    outcome = judged(scenario(defect=defect), PASSED, executed=executed)
    assert (outcome.result.status, outcome.result.cause, outcome.red) == ("unknown", defect, True)
    assert outcome.result.message


@pytest.mark.parametrize(
    "steps",
    [(), (StepResult("passed"),), (StepResult("passed"), StepResult("unknown")), (StepResult("passed"),) * 3],
    ids=["none", "too-few", "one-unknown", "too-many"],
)
def test_a_pass_without_a_pass_for_each_step_is_not_green(steps: tuple[StepResult, ...]) -> None:
    outcome = judged(scenario(), ScenarioResult("passed", steps=steps))
    assert (outcome.result.status, outcome.result.cause, outcome.red) == ("unknown", "not-reached", True)
    assert outcome.result.message


def test_a_pass_of_nothing_is_not_green() -> None:
    outcome = judged(scenario(steps=()), ScenarioResult("passed"))
    assert (outcome.result.status, outcome.red) == ("unknown", True)


def test_an_unexpected_pass_fails_and_says_that_the_tag_has_to_go() -> None:
    outcome = judged(scenario(tags=("@wip",)), PASSED)
    assert (outcome.result.status, outcome.result.cause) == ("failed", "wip-passed")
    assert (outcome.red, outcome.known_red) == (True, False)
    assert "tag has to go" in (outcome.result.message or "")


# ---- modes and levels ----

WIP = ("@wip",)


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], "none"),
        ([(PASSED, ())], "green"),
        ([(PASSED, ()), (FAILED, ())], "red"),
        ([(FAILED, WIP), (FAILED, ())], "red"),
        ([(PASSED, ()), (FAILED, WIP)], "wip"),
        ([(NOT_SELECTED, ()), (FAILED, WIP)], "wip"),
        ([(PASSED, WIP)], "red"),
        ([(NOT_SELECTED, ())], "unknown"),
        ([(PASSED, ()), (NOT_SELECTED, ())], "unknown"),
        ([(PASSED, ()), (SKIPPED, ())], "unknown"),
        ([(None, ())], "red"),
    ],
)
def test_status_of_a_mode(rows: list[Any], status: str) -> None:
    verdict = verdict_of([("speed", result, tags) for result, tags in rows])
    assert verdict.features[0].modes["speed"].status == status


@pytest.mark.parametrize(
    ("speed", "stable", "production", "level", "on_nothing"),
    [
        (None, None, None, "none", ()),
        (PASSED, None, None, "speed", ()),
        (PASSED, PASSED, None, "stable", ()),
        (PASSED, PASSED, PASSED, "production", ()),
        (PASSED, PASSED, FAILED, "stable", ()),
        (PASSED, FAILED, PASSED, "speed", ("production",)),
        (PASSED, None, PASSED, "speed", ("production",)),
        (FAILED, PASSED, PASSED, "none", ("stable", "production")),
        (NOT_SELECTED, PASSED, None, "none", ("stable",)),
    ],
)
def test_level_is_the_highest_green_with_all_green_below(
    speed: Any, stable: Any, production: Any, level: str, on_nothing: tuple[str, ...]
) -> None:
    pairs = zip(MODES, (speed, stable, production), strict=True)
    feature = verdict_of([(mode, result, ()) for mode, result in pairs if result], "external").features[0]
    assert feature.level == level
    assert tuple(mode for mode in MODES if feature.modes[mode].lower_mode_not_green) == on_nothing


def test_a_mode_counts_what_passed() -> None:
    mode = verdict_of([("speed", PASSED, ()), ("speed", SKIPPED, ()), ("speed", FAILED, ())]).features[0].modes["speed"]
    assert (mode.passed, mode.total) == (1, 3)


def test_production_does_not_apply_in_an_internal_project_but_its_red_counts() -> None:
    rows: list[Row] = [("speed", PASSED, ()), ("stable", PASSED, ()), ("production", FAILED, ())]
    verdict = verdict_of(rows)
    feature = verdict.features[0]
    assert (feature.modes["production"].status, feature.level, feature.complete) == ("not-applicable", "stable", True)
    assert verdict.red


@pytest.mark.parametrize(
    ("state", "line", "complete"), [("internal", "stable", True), ("external", "production", False)]
)
def test_complete_means_that_the_finish_line_is_reached(state: Any, line: str, *, complete: bool) -> None:
    verdict = verdict_of([("speed", PASSED, ()), ("stable", PASSED, ())], state)
    assert (verdict.finish_line, verdict.features[0].complete) == (line, complete)


def test_adding_a_red_scenario_never_improves_anything() -> None:
    rank = {"none": 0, "speed": 1, "stable": 2, "production": 3}
    pool: list[Row] = [
        (mode, result, tags)
        for mode in MODES
        for result, tags in ((PASSED, ()), (FAILED, ()), (FAILED, WIP), (SKIPPED, ()), (NOT_SELECTED, ()))
    ]
    reds = [row for row in pool if row[1] is FAILED]
    for rows, red in itertools.product(itertools.combinations(pool, 3), reds):
        before, after = (verdict_of(some, "external") for some in (rows, (*rows, red)))
        then, now = before.features[0], after.features[0]
        greens = [{mode for mode in MODES if feature.modes[mode].status == "green"} for feature in (then, now)]
        assert greens[1] <= greens[0]
        assert now.modes[red[0]].status in {"red", "wip"}
        assert then.modes[red[0]].status != "red" or now.modes[red[0]].status == "red"
        assert rank[now.level] <= rank[then.level]
        assert now.complete <= then.complete
        assert after.red >= before.red


# ---- the project and its gate ----


def test_counts_add_up() -> None:
    reused = ScenarioResult("passed", steps=PASSED.steps, reused=True)
    rows: list[Row] = [
        *(("speed", result, ()) for result in (PASSED, reused, FAILED, SKIPPED, None, ScenarioResult("pending"))),
        ("stable", ScenarioResult("undefined"), WIP),
    ]
    assert verdict_of(rows).counts == {
        "scenarios": 7,
        "passed": 2,
        "failed": 1,
        "pending": 1,
        "undefined": 1,
        "ambiguous": 0,
        "skipped": 1,
        "unknown": 1,
        "wip": 1,
        "reused": 1,
        "flaky": 0,
    }


@pytest.mark.parametrize(
    ("row", "fail_on", "fails"),
    [
        (("speed", PASSED, ()), ["red"], False),
        (("speed", FAILED, ()), ["red"], True),
        (("speed", FAILED, ()), [], False),
        (("speed", FAILED, WIP), ["red"], False),
        (("speed", PASSED, WIP), ["red"], True),
        (("speed", PASSED, ()), ["incomplete"], True),
        (("speed", PASSED, ("@standard:throttling",)), ["standards"], False),
        (("speed", NOT_SELECTED, ("@standard:throttling",)), ["standards"], True),
        (("speed", NOT_SELECTED, ("@standard:throttling",)), ["red"], False),
    ],
)
def test_the_gate_fails_for_what_it_was_told_to(row: Row, fail_on: list[str], *, fails: bool) -> None:
    assert verdict_of([row], fail_on=fail_on).fails is fails


def test_an_interrupted_run_is_red() -> None:
    assert verdict_of([("speed", PASSED, ())], interrupted=True).red


def test_an_error_of_the_run_is_red_and_a_warning_is_not() -> None:
    warning = Problem("warning", "", None, None, "odd")
    assert verdict_of([("speed", PASSED, ())], problems=(FINISH,)).red
    assert not verdict_of([("speed", PASSED, ())], problems=(warning,)).red


def test_problems_of_reading_and_run_are_joined_without_repeats() -> None:
    other = Problem("error", "", None, None, "no such module")
    verdict = judge(
        Spec(problems=(FINISH,)), Results(problems=(FINISH, other)), name="", state="internal", fail_on=["red"]
    )
    assert verdict.problems == (FINISH, other)
    assert verdict.fails


def test_an_empty_project_is_not_red() -> None:
    verdict = judge(Spec(), Results(), name="", state="internal", fail_on=["red", "standards", "incomplete"])
    assert (verdict.red, verdict.fails) == (False, False)
