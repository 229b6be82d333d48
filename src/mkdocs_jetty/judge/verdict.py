"""Says what is true now: pure, from the specification and the results to the verdict.

It trusts no status by itself. A scenario is green when there is a pass for every one of its steps;
whatever has less evidence than that is unknown, and says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from mkdocs_jetty.judge.model import (
    FeatureVerdict,
    JudgedScenario,
    Level,
    ModeStatus,
    ModeVerdict,
    State,
    Verdict,
)
from mkdocs_jetty.run.model import STATUSES, Cause, Results, ScenarioResult, StepResult
from mkdocs_jetty.spec.model import MODES, Feature, Mode, NotRunnable, Scenario, Spec

GREY_CAUSES: frozenset[Cause | None] = frozenset({"not-selected", "execute-off"})
"""The causes of `unknown` that somebody asked for; every other one is red."""

FINISH_LINES: Mapping[State, Mode] = {"internal": "stable", "external": "production"}

WIP_PASSED = "It passed, though its tag @wip says that it must fail: the tag has to go."
INCOMPLETE_EVIDENCE = "It was reported as passed, but only {passed} of its {total} steps are known to have passed."
DEFECTS: Mapping[NotRunnable, str] = {
    "invalid-gherkin": "It is not valid Gherkin, so it cannot run.",
    "no-rows": "Its Examples have no rows, so there is nothing to run.",
    "no-steps": "It has no steps, so there is nothing to run.",
}


def judge(spec: Spec, results: Results, *, name: str, state: State, fail_on: Collection[str]) -> Verdict:
    """Judge every scenario, every mode, every feature and the project."""
    features = tuple(_judge_feature(feature, results, state) for feature in spec.features)
    scenarios = [scenario for feature in features for scenario in feature.scenarios]
    # The run may repeat what the reading has already said.
    problems = tuple(dict.fromkeys((*spec.problems, *results.problems)))
    red = (
        results.interrupted
        or any(problem.level == "error" for problem in problems)
        or any(scenario.red and not scenario.known_red for scenario in scenarios)
    )
    return Verdict(
        name=name,
        state=state,
        finish_line=FINISH_LINES[state],
        spec=spec,
        features=features,
        problems=problems,
        counts=_counts(scenarios),
        red=red,
        fails=_gate(fail_on, red=red, features=features),
        duration_s=results.duration_s,
        executed=results.executed,
    )


def mode_status(scenarios: Sequence[JudgedScenario]) -> ModeStatus:
    """The status that these scenarios have together: of a mode, or of anything else that holds scenarios."""
    if not scenarios:
        return "none"
    if any(scenario.red and not scenario.known_red for scenario in scenarios):
        return "red"
    if any(scenario.red for scenario in scenarios):
        return "wip"
    if all(scenario.result.status == "passed" for scenario in scenarios):
        return "green"
    return "unknown"


def is_red(result: ScenarioResult) -> bool:
    """Whether a result is red, known red included."""
    if result.status == "unknown":
        return result.cause not in GREY_CAUSES
    return result.status not in {"passed", "skipped"}


# ---- one scenario ----


def judge_scenario(scenario: Scenario, results: Results) -> JudgedScenario:
    """Settle the result of one scenario, and say whether it is red."""
    result = _settle(scenario, results)
    red = is_red(result)
    # An unexpected pass is the one kind of red that @wip does not excuse.
    return JudgedScenario(scenario, result, red=red, known_red=red and scenario.wip and result.cause != "wip-passed")


def _settle(scenario: Scenario, results: Results) -> ScenarioResult:
    if scenario.defect is not None:
        return _without_evidence(scenario, scenario.defect, DEFECTS[scenario.defect])
    result = results.scenarios.get(scenario.id)
    if result is None:
        return _without_evidence(scenario, "not-reached" if results.executed else "execute-off")
    if result.status != "passed":
        return result
    if not _proven(scenario, result):
        return _demoted(scenario, result)
    return replace(result, status="failed", cause="wip-passed", message=WIP_PASSED) if scenario.wip else result


def _without_evidence(scenario: Scenario, cause: Cause, message: str | None = None) -> ScenarioResult:
    steps = tuple(StepResult("unknown") for _ in scenario.steps)
    return ScenarioResult("unknown", cause, steps, message=message)


def _proven(scenario: Scenario, result: ScenarioResult) -> bool:
    return len(result.steps) == len(scenario.steps) >= 1 and all(step.status == "passed" for step in result.steps)


def _demoted(scenario: Scenario, result: ScenarioResult) -> ScenarioResult:
    passed = sum(step.status == "passed" for step in result.steps)
    message = INCOMPLETE_EVIDENCE.format(passed=passed, total=len(scenario.steps))
    return replace(result, status="unknown", cause="not-reached", message=message)


# ---- one feature ----


def _judge_feature(feature: Feature, results: Results, state: State) -> FeatureVerdict:
    scenarios = tuple(judge_scenario(scenario, results) for scenario in feature.scenarios)
    modes = _modes(scenarios, state)
    level = _level(modes)
    return FeatureVerdict(feature, scenarios, modes, level, complete=_complete(level, FINISH_LINES[state]))


def _modes(scenarios: Sequence[JudgedScenario], state: State) -> dict[Mode, ModeVerdict]:
    modes: dict[Mode, ModeVerdict] = {}
    solid = True
    for mode in MODES:
        own = [scenario for scenario in scenarios if scenario.scenario.mode == mode]
        applies = mode != "production" or state == "external"
        status = mode_status(own) if applies else "not-applicable"
        green = status == "green"
        passed = sum(scenario.result.status == "passed" for scenario in own)
        modes[mode] = ModeVerdict(status, passed, len(own), standing_on_nothing=green and not solid)
        solid = solid and green
    return modes


def _level(modes: Mapping[Mode, ModeVerdict]) -> Level:
    level: Level = "none"
    for mode in MODES:
        if modes[mode].status != "green":
            break
        level = mode
    return level


def _complete(level: Level, finish_line: Mode) -> bool:
    return level != "none" and MODES.index(level) >= MODES.index(finish_line)


# ---- the project ----


def _counts(scenarios: Sequence[JudgedScenario]) -> dict[str, int]:
    statuses = Counter(scenario.result.status for scenario in scenarios)
    return {
        "scenarios": len(scenarios),
        **{status: statuses[status] for status in STATUSES},
        "wip": sum(scenario.known_red for scenario in scenarios),
        "reused": sum(scenario.result.reused for scenario in scenarios),
    }


def _gate(fail_on: Collection[str], *, red: bool, features: Sequence[FeatureVerdict]) -> bool:
    reasons = {
        "red": red,
        "standards": any(_open_claims(feature.scenarios) for feature in features),
        "incomplete": any(not feature.complete for feature in features),
    }
    return any(reasons[name] for name in reasons if name in fail_on)


def _open_claims(scenarios: Iterable[JudgedScenario]) -> set[str]:
    """The standards that a scenario claims and does not prove: it is red, or it was not run."""
    return {
        standard
        for scenario in scenarios
        for standard in scenario.scenario.standards
        if scenario.result.status != "passed"
    }
