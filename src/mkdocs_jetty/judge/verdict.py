"""Says what is true now: pure, from the specification and the results to the verdict.

It trusts no status by itself. A scenario is green when there is a pass for every one of its steps;
whatever has less evidence than that is unknown, and says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from mkdocs_jetty.judge.ambiguity import ambiguities
from mkdocs_jetty.judge.model import (
    FeatureVerdict,
    History,
    JudgedScenario,
    Level,
    ModeStatus,
    ModeVerdict,
    StandardVerdict,
    State,
    Verdict,
)
from mkdocs_jetty.judge.standards import judge_standards, open_standards
from mkdocs_jetty.run.model import STATUSES, Cause, Results, ScenarioResult, StepResult
from mkdocs_jetty.spec.model import MODES, Feature, Mode, NotRunnable, Problem, Scenario, Spec
from mkdocs_jetty.standards.model import Declaration, Preset, ReportFinding

GREY_CAUSES: frozenset[Cause | None] = frozenset({"not-selected", "execute-off"})
"""The causes of `unknown` that somebody asked for; every other one is red."""

FINISH_LINES: Mapping[State, Mode] = {"internal": "stable", "external": "production"}

NOTHING_DECLARED = Declaration()
NO_HISTORY: Mapping[str, History] = MappingProxyType({})
WIP_PASSED = "It passed, though its tag @wip says that it must fail: the tag has to go."
INCOMPLETE_EVIDENCE = "It was reported as passed, but only {passed} of its {total} steps are known to have passed."
DEFECTS: Mapping[NotRunnable, str] = {
    "invalid-gherkin": "It is not valid Gherkin, so it cannot run.",
    "no-rows": "Its Examples have no rows, so there is nothing to run.",
    "no-steps": "It has no steps, so there is nothing to run.",
}


def judge(
    spec: Spec,
    results: Results,
    *,
    name: str,
    state: State,
    fail_on: Collection[str],
    preset: Preset | None = None,
    declaration: Declaration = NOTHING_DECLARED,
    findings: Sequence[ReportFinding] = (),
    history: Mapping[str, History] = NO_HISTORY,
    today: date | None = None,
    commit: str | None = None,
    problems: Sequence[Problem] = (),
    partial: bool = False,
) -> Verdict:
    """Judge every scenario, every mode, every feature and the project.

    Args:
        spec: What the pages say.
        results: What happened.
        name: The project's name.
        state: Internal or external.
        fail_on: What makes the gate fail.
        preset: What an external project has to meet; an internal one may have chosen it already.
        declaration: What people have declared.
        findings: What the reports of other tools say.
        history: What the ledger knows, by scenario id.
        today: The day for which to judge; without it no standard is judged, since records run out.
        commit: What is checked out.
        problems: What was found wrong beside the specification and the run.
        partial: Whether this is a part of the project only, which says nothing of the system.
    """
    features = tuple(_judge_feature(feature, results, state, history) for feature in spec.features)
    standards = _Standards()
    if preset is not None and state == "external" and today is not None:
        by_feature, system = judge_standards(
            features, preset, declaration, findings, today, [key for key, past in history.items() if past.challenged_on]
        )
        standards = _Standards(by_feature, () if partial else system)
        features = tuple(_with_standards(feature, by_feature[feature.feature.id], state) for feature in features)
    scenarios = [scenario for feature in features for scenario in feature.scenarios]
    # The run may repeat what the reading has already said.
    problems = tuple(dict.fromkeys((*spec.problems, *results.problems, *problems, *ambiguities(features))))
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
        fails=_gate(fail_on, red=red, features=features, standards=standards),
        duration_s=results.duration_s,
        executed=results.executed,
        standards=standards.system,
        preset=preset,
        declaration=declaration,
        history=history,
        today=today,
        commit=commit,
        definitions=results.definitions,
    )


def mode_status(scenarios: Sequence[JudgedScenario]) -> ModeStatus:
    """The status that these scenarios have together: of a mode, or of anything else that holds scenarios."""
    if not scenarios:
        return "none"
    if any(scenario.red and not scenario.known_red for scenario in scenarios):
        return "red"
    if any(scenario.red for scenario in scenarios):
        return "wip"
    if any(scenario.result.flaky for scenario in scenarios):
        return "flaky"
    if any(scenario.result.ambiguous_steps for scenario in scenarios):
        return "ambiguous"
    return "green" if all(scenario.proven for scenario in scenarios) else "unknown"


def is_red(result: ScenarioResult) -> bool:
    """Tell whether a result is red, known red included."""
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
        return _without_evidence(scenario, scenario.defect, scenario.defect_note or DEFECTS[scenario.defect])
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


def _judge_feature(feature: Feature, results: Results, state: State, history: Mapping[str, History]) -> FeatureVerdict:
    scenarios = tuple(judge_scenario(scenario, results) for scenario in feature.scenarios)
    modes = _modes(scenarios, state)
    level = _level(modes)
    complete = _complete(level, FINISH_LINES[state])
    return FeatureVerdict(feature, scenarios, modes, level, complete, regressed=_regressed(scenarios, history))


def _with_standards(feature: FeatureVerdict, standards: tuple[StandardVerdict, ...], state: State) -> FeatureVerdict:
    # Without traits nobody knows which standards apply, so nothing says that all of them are met.
    settled = feature.feature.traits_declared and all(standard.settled for standard in standards)
    level: Level = "stable" if feature.level == "production" and not settled else feature.level
    return replace(feature, standards=standards, level=level, complete=_complete(level, FINISH_LINES[state]))


def _regressed(scenarios: Sequence[JudgedScenario], history: Mapping[str, History]) -> bool:
    speed = [one for one in scenarios if one.scenario.mode == "speed"]
    was_green = all(one.scenario.id in history and history[one.scenario.id].green_on for one in speed)
    return was_green and any(one.red and not one.known_red for one in speed)


def _modes(scenarios: Sequence[JudgedScenario], state: State) -> dict[Mode, ModeVerdict]:
    modes: dict[Mode, ModeVerdict] = {}
    solid = True
    for mode in MODES:
        own = [scenario for scenario in scenarios if scenario.scenario.mode == mode]
        applies = mode != "production" or state == "external"
        status = mode_status(own) if applies else "not-applicable"
        green = status == "green"
        passed = sum(scenario.result.status == "passed" for scenario in own)
        modes[mode] = ModeVerdict(status, passed, len(own), lower_mode_not_green=green and not solid)
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
        "flaky": sum(scenario.result.flaky for scenario in scenarios),
    }


@dataclass(frozen=True)
class _Standards:
    """The standards that were judged: none in an internal project."""

    by_feature: Mapping[str, tuple[StandardVerdict, ...]] = field(default_factory=dict)
    system: tuple[StandardVerdict, ...] = ()

    def open(self) -> bool:
        return any(open_standards(each) for each in (*self.by_feature.values(), self.system))


def _gate(fail_on: Collection[str], *, red: bool, features: Sequence[FeatureVerdict], standards: _Standards) -> bool:
    reasons = {
        "red": red,
        "flaky": any(scenario.result.flaky for feature in features for scenario in feature.scenarios),
        "standards": standards.open() or any(open_claims(feature.scenarios) for feature in features),
        "incomplete": any(not feature.complete for feature in features),
    }
    return any(reasons[name] for name in reasons if name in fail_on)


def open_claims(scenarios: Iterable[JudgedScenario]) -> set[str]:
    """The standards that a scenario claims and does not prove: it is red, doubtful, or it was not run."""
    return {standard for scenario in scenarios for standard in scenario.scenario.standards if not scenario.proven}
