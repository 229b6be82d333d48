"""The verdict as Cucumber Messages, for every tool that reads Cucumber's results: one JSON envelope a line.

What Cucumber has no word for (a setup that failed, a crash between steps, a pass that should not be) is told
as a hook of the scenario, so that a reader who only looks at steps still sees that it is red.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

import cucumber_messages as m

from mkdocs_jetty import __version__
from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
from mkdocs_jetty.judge.verdict import GREY_CAUSES
from mkdocs_jetty.run.model import ScenarioResult, StepResult
from mkdocs_jetty.show import gherkin_document
from mkdocs_jetty.show.spec_json import paired

RUN = "run"
HOOK = "scenario-outcome"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NANOS = 1_000_000_000
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""Line ends to some readers of lines, though not to JSON."""


def messages_ndjson(verdict: Verdict, started: datetime = _EPOCH) -> str:
    """All messages of the run, in the order in which Cucumber sends them."""
    to_dict = m.message_converter.to_dict
    lines = (json.dumps(to_dict(envelope), ensure_ascii=False) for envelope in _envelopes(verdict, _Clock(started)))
    # A lone surrogate, as undecodable output leaves behind, stops strict readers even when escaped.
    return "".join(f"{line.translate(_LINE_ENDS)}\n" for line in lines).encode("utf-8", "replace").decode()


class _Clock:
    """The time of each message: what the steps took, one after the other."""

    def __init__(self, started: datetime) -> None:
        self._nanos = int(started.timestamp()) * _NANOS

    def pass_by(self, milliseconds: float | None) -> None:
        self._nanos += _nanos(milliseconds)

    def now(self) -> Any:
        return m.Timestamp(seconds=self._nanos // _NANOS, nanos=self._nanos % _NANOS)


def _nanos(milliseconds: float | None) -> int:
    finite = milliseconds is not None and math.isfinite(milliseconds)
    return int(max(milliseconds or 0, 0) * 1_000_000) if finite else 0


def _envelopes(verdict: Verdict, clock: _Clock) -> Iterator[Any]:
    yield m.Envelope(meta=_meta())
    for feature in verdict.features:
        yield m.Envelope(gherkin_document=gherkin_document.document(feature.feature))
    for feature in verdict.features:
        for scenario in feature.feature.scenarios:
            yield m.Envelope(pickle=gherkin_document.pickle(feature.feature, scenario))
    yield from _parse_errors(verdict)
    yield from _definitions(verdict)
    yield m.Envelope(test_run_started=m.TestRunStarted(timestamp=clock.now(), id=RUN))
    ran = [judged for feature in verdict.features for judged in _ran(feature)]
    for judged in ran:
        yield m.Envelope(test_case=_test_case(judged))
    for judged in ran:
        yield from _attempt(judged, clock)
    yield m.Envelope(test_run_finished=_run_finished(verdict, clock))


def _meta() -> Any:
    return m.Meta(
        protocol_version=metadata.version("cucumber-messages"),
        implementation=m.Product(name="mkdocs-jetty", version=__version__),
        runtime=m.Product(name=platform.python_implementation(), version=platform.python_version()),
        os=m.Product(name=platform.system() or "unknown"),
        cpu=m.Product(name=platform.machine() or "unknown"),
    )


def _parse_errors(verdict: Verdict) -> Iterator[Any]:
    for problem in verdict.spec.problems:
        if problem.level == "error" and problem.page:
            place = m.Location(line=problem.line, column=problem.column) if problem.line else None
            source = m.SourceReference(uri=problem.page, location=place)
            yield m.Envelope(parse_error=m.ParseError(message=problem.message, source=source))


# ---- step definitions: known by their place, since their pattern is not part of a result ----


def _definitions(verdict: Verdict) -> Iterator[Any]:
    results = [judged.result for feature in verdict.features for judged in feature.scenarios]
    for place in dict.fromkeys(place for result in results for step in result.steps for place in _places(step)):
        path, _, line = place.rpartition(":")
        known = path and line.isdecimal() and int(line) > 0
        source = m.SourceReference(uri=path, location=m.Location(int(line))) if known else m.SourceReference(uri=place)
        pattern = m.StepDefinitionPattern(source="", type=m.StepDefinitionPatternType.regular_expression)
        yield m.Envelope(step_definition=m.StepDefinition(_definition_id(place), pattern, source))
    if any(_outcome(judged) for feature in verdict.features for judged in _ran(feature)):
        yield m.Envelope(hook=m.Hook(id=HOOK, source_reference=m.SourceReference(), name="outcome of the scenario"))


def _places(step: StepResult) -> tuple[str, ...]:
    return step.candidates or ((step.definition,) if step.definition else ())


def _definition_id(place: str) -> str:
    return f"definition:{place}"


# ---- test cases ----


def _ran(feature: FeatureVerdict) -> list[JudgedScenario]:
    """All but what somebody chose not to run: those stay pickles without a test case, as with Cucumber's filters."""
    return [
        judged
        for judged in feature.scenarios
        if judged.result.status != "unknown" or judged.result.cause not in GREY_CAUSES
    ]


def _test_case(judged: JudgedScenario) -> Any:
    scenario = judged.scenario
    steps = [
        _test_step(scenario.id, number, result)
        for number, (_, result) in enumerate(paired(scenario.steps, judged.result.steps))
    ]
    if _outcome(judged):
        steps.insert(_outcome_index(judged.result, len(steps)), m.TestStep(id=f"{scenario.id}:outcome", hook_id=HOOK))
    return m.TestCase(id=f"{scenario.id}:case", pickle_id=scenario.id, test_steps=steps, test_run_started_id=RUN)


def _test_step(scenario_id: str, number: int, result: StepResult) -> Any:
    places = _places(result)
    # Cucumber reads an empty list as "undefined": what was never reached must not claim that.
    matched = bool(places) or result.status == "undefined"
    return m.TestStep(
        id=_test_step_id(scenario_id, number),
        pickle_step_id=gherkin_document.pickle_step_id(scenario_id, number),
        step_definition_ids=[_definition_id(place) for place in places] if matched else None,
        step_match_arguments_lists=[m.StepMatchArgumentsList([]) for _ in places] if matched else None,
    )


def _test_step_id(scenario_id: str, number: int) -> str:
    return f"{scenario_id}:test-step:{number}"


def _attempt(judged: JudgedScenario, clock: _Clock) -> Iterator[Any]:
    scenario, attempt = judged.scenario, f"{judged.scenario.id}:attempt"
    started = m.TestCaseStarted(attempt=0, id=attempt, test_case_id=f"{scenario.id}:case", timestamp=clock.now())
    yield m.Envelope(test_case_started=started)
    events = [
        (_test_step_id(scenario.id, number), _step_result(result, judged.result))
        for number, (_, result) in enumerate(paired(scenario.steps, judged.result.steps))
    ]
    outcome = _outcome(judged)
    if outcome:
        events.insert(_outcome_index(judged.result, len(events)), (f"{scenario.id}:outcome", outcome))
    for step_id, result in events:
        yield m.Envelope(test_step_started=m.TestStepStarted(attempt, step_id, clock.now()))
        clock.pass_by((result.duration.seconds * _NANOS + result.duration.nanos) / 1_000_000)
        yield m.Envelope(test_step_finished=m.TestStepFinished(attempt, step_id, result, clock.now()))
    yield m.Envelope(test_case_finished=m.TestCaseFinished(attempt, clock.now(), will_be_retried=False))


def _step_result(step: StepResult, whole: ScenarioResult) -> Any:
    status = step.status
    if status == "unknown" and whole.status not in {"unknown", "passed"}:
        status = "skipped"  # Cucumber's word for the steps after the one that stopped the scenario
    message = "\n".join(part for part in (step.message, f"at {step.location}" if step.location else None) if part)
    return _result(status, step.duration_ms, message, status if status == "failed" else None)


def _result(status: str, milliseconds: float | None, message: str | None, kind: str | None) -> Any:
    nanos = _nanos(milliseconds)
    return m.TestStepResult(
        duration=m.Duration(nanos=nanos % _NANOS, seconds=nanos // _NANOS),
        status=m.TestStepResultStatus(status.upper()),
        message=message or None,
        exception=m.Exception(type=kind, message=message or None) if kind else None,
    )


def _outcome(judged: JudgedScenario) -> Any | None:
    """The scenario's own result, where no step of it tells."""
    result = judged.result
    steps = paired(judged.scenario.steps, result.steps)
    if result.status == "passed" or any(_step_result(step, result).status.name == result.status for _, step in steps):
        return None
    kind = result.cause if result.status == "failed" else None
    return _result(result.status, None, result.message or result.cause, kind)


def _outcome_index(result: ScenarioResult, steps: int) -> int:
    return 0 if result.cause == "setup" else steps


def _run_finished(verdict: Verdict, clock: _Clock) -> Any:
    errors = [str(problem) for problem in verdict.problems if problem.level == "error"]
    return m.TestRunFinished(
        success=not verdict.red,
        timestamp=clock.now(),
        message="\n".join(errors) or None,
        test_run_started_id=RUN,
    )
