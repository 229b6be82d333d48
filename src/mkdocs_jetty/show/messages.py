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

from mkdocs_jetty import __version__
from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
from mkdocs_jetty.judge.verdict import GREY_CAUSES
from mkdocs_jetty.run.attached import Attachment
from mkdocs_jetty.run.model import STATUSES, ScenarioResult, StepResult
from mkdocs_jetty.show import gherkin_document
from mkdocs_jetty.show.gherkin_document import Message
from mkdocs_jetty.show.spec_json import paired

PROTOCOL = "34.2.0"
"""The version of Cucumber's messages that these are written by."""
RUN = "run"
HOOK = "scenario-outcome"
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NANOS = 1_000_000_000
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
"""Line ends to some readers of lines, though not to JSON."""


def messages_ndjson(verdict: Verdict, started: datetime = _EPOCH) -> str:
    """All messages of the run, in the order in which Cucumber sends them."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    text = "".join(f"{encode(envelope)}\n" for envelope in _envelopes(verdict, _Clock(started)))
    # A lone surrogate, as undecodable output leaves behind, stops strict readers even when escaped.
    return text if text.isascii() else text.translate(_LINE_ENDS).encode("utf-8", "replace").decode()


class _Clock:
    """The time of each message: where a scenario says when it began, from there what its steps took."""

    def __init__(self, started: datetime) -> None:
        self._nanos = int(started.timestamp()) * _NANOS
        self._latest = 0

    def turn_to(self, seconds: float | None) -> None:
        """Go to the time at which a scenario began, if that is known."""
        if seconds is not None and math.isfinite(seconds) and seconds >= 0:
            self._nanos = int(seconds * 1000) * 1_000_000

    def pass_by(self, nanos: int) -> None:
        self._nanos += nanos
        self._latest = max(self._latest, self._nanos)

    def end(self) -> Message:
        """The time at which all is over."""
        return _time(max(self._latest, self._nanos))

    def now(self) -> Message:
        return _time(self._nanos)


def _time(nanos: int) -> Message:
    return {"seconds": nanos // _NANOS, "nanos": nanos % _NANOS}


def _nanos(milliseconds: float | None) -> int:
    finite = milliseconds is not None and math.isfinite(milliseconds)
    return int(max(milliseconds or 0, 0) * 1_000_000) if finite else 0


def _envelopes(verdict: Verdict, clock: _Clock) -> Iterator[Message]:
    yield {"meta": _meta()}
    uris = gherkin_document.uris(feature.feature for feature in verdict.features)
    for feature in verdict.features:
        yield {"gherkinDocument": gherkin_document.document(feature.feature, uris[feature.feature.id])}
    for feature in verdict.features:
        for scenario in feature.feature.scenarios:
            yield {"pickle": gherkin_document.pickle(feature.feature, scenario, uris[feature.feature.id])}
    yield from _parse_errors(verdict)
    yield from _definitions(verdict)
    ran = [judged for feature in verdict.features for judged in _ran(feature)]
    clock.turn_to(min((at for judged in ran if (at := _began(judged)) is not None), default=None))
    yield {"testRunStarted": {"timestamp": clock.now(), "id": RUN}}
    for judged in ran:
        yield {"testCase": _test_case(judged)}
    for judged in ran:
        yield from _attempts(judged, clock)
    yield {"testRunFinished": _run_finished(verdict, clock)}


def _began(judged: JudgedScenario) -> float | None:
    """When a scenario began in this run; one whose result is kept began in another."""
    return None if judged.result.reused else judged.result.started


def _meta() -> Message:
    return {
        "protocolVersion": PROTOCOL,
        "implementation": {"name": "mkdocs-jetty", "version": __version__},
        "runtime": {"name": platform.python_implementation(), "version": platform.python_version()},
        "os": {"name": platform.system() or "unknown"},
        "cpu": {"name": platform.machine() or "unknown"},
    }


def _parse_errors(verdict: Verdict) -> Iterator[Message]:
    for problem in verdict.spec.problems:
        if problem.level == "error" and problem.page:
            source: Message = {"uri": problem.page}
            if problem.line:
                column = {} if problem.column is None else {"column": problem.column}
                source["location"] = {"line": problem.line, **column}
            yield {"parseError": {"message": problem.message, "source": source}}


# ---- step definitions ----


def _definitions(verdict: Verdict) -> Iterator[Message]:
    results = [judged.result for feature in verdict.features for judged in feature.scenarios]
    patterns = {each.place: each.pattern for each in verdict.definitions}
    for place in dict.fromkeys(place for result in results for step in result.steps for place in _places(step)):
        path, _, line = place.rpartition(":")
        known = path and line.isdecimal() and int(line) > 0
        source = {"uri": path, "location": {"line": int(line)}} if known else {"uri": place}
        pattern = {"source": patterns.get(place, ""), "type": "REGULAR_EXPRESSION"}
        yield {"stepDefinition": {"id": _definition_id(place), "pattern": pattern, "sourceReference": source}}
    if any(_outcome(judged) for feature in verdict.features for judged in _ran(feature)):
        yield {"hook": {"id": HOOK, "sourceReference": {}, "name": "outcome of the scenario"}}


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


def _test_case(judged: JudgedScenario) -> Message:
    scenario = judged.scenario
    steps = [
        _test_step(scenario.id, number, step.text, result)
        for number, (step, result) in enumerate(paired(scenario.steps, judged.result.steps))
    ]
    if _outcome(judged):
        steps.insert(_outcome_index(judged.result, len(steps)), {"id": f"{scenario.id}:outcome", "hookId": HOOK})
    return {"id": f"{scenario.id}:case", "pickleId": scenario.id, "testSteps": steps, "testRunStartedId": RUN}


def _test_step(scenario_id: str, number: int, text: str, result: StepResult) -> Message:
    places = _places(result)
    step: Message = {
        "id": _test_step_id(scenario_id, number),
        "pickleStepId": gherkin_document.pickle_step_id(scenario_id, number),
    }
    # Cucumber reads an empty list as "undefined": what was never reached must not claim that.
    if places or result.status == "undefined":
        step["stepDefinitionIds"] = [_definition_id(place) for place in places]
        captured = [
            {"group": {"start": start, "value": text[start:end], "children": []}} for start, end in result.spans or ()
        ]
        step["stepMatchArgumentsLists"] = [{"stepMatchArguments": captured} for _ in places]
    return step


def _test_step_id(scenario_id: str, number: int) -> str:
    return f"{scenario_id}:test-step:{number}"


def _attempts(judged: JudgedScenario, clock: _Clock) -> Iterator[Message]:
    scenario, result = judged.scenario, judged.result
    step_ids = [_test_step_id(scenario.id, number) for number, _ in enumerate(scenario.steps)]
    outcome_id = f"{scenario.id}:outcome"
    clock.turn_to(_began(judged))
    for number, ended in enumerate(result.attempts):
        # Nobody kept how far an earlier attempt came: the hook tells how it ended.
        rest = [(step_id, _result("skipped", None, None, None), 0) for step_id in step_ids]
        yield from _attempt(judged, number, [(outcome_id, _ended(ended), 0), *rest], clock)
    events = [
        (step_id, _step_result(step, result), _nanos(step.duration_ms))
        for step_id, (_, step) in zip(step_ids, paired(scenario.steps, result.steps), strict=True)
    ]
    if outcome := _outcome(judged):
        events.insert(_outcome_index(result, len(events)), (outcome_id, outcome, 0))
    yield from _attempt(judged, len(result.attempts), events, clock)


def _ended(attempt: str) -> Message:
    """The result of an earlier attempt, from how it is told: `failed: it is red`."""
    status, _, message = attempt.partition(": ")
    known = status in STATUSES
    return _result(status if known else "failed", None, message if known else attempt, "failed")


def _attempt(
    judged: JudgedScenario, number: int, events: list[tuple[str, Message, int]], clock: _Clock
) -> Iterator[Message]:
    id_ = f"{judged.scenario.id}:attempt" + (f":{number}" if number else "")
    attempt = {"testCaseStartedId": id_}
    started = {"attempt": number, "id": id_, "testCaseId": f"{judged.scenario.id}:case"}
    yield {"testCaseStarted": {**started, "timestamp": clock.now()}}
    held = _attached(judged) if number == len(judged.result.attempts) else {}
    for step_id, result, nanos in events:
        step = {**attempt, "testStepId": step_id}
        yield {"testStepStarted": {**step, "timestamp": clock.now()}}
        for each in held.get(step_id, ()):
            yield {"attachment": {**step, **_attachment(each), "timestamp": clock.now()}}
        clock.pass_by(nanos)
        yield {"testStepFinished": {**step, "testStepResult": result, "timestamp": clock.now()}}
    retried = number < len(judged.result.attempts)
    yield {"testCaseFinished": {**attempt, "timestamp": clock.now(), "willBeRetried": retried}}


def _attached(judged: JudgedScenario) -> dict[str, tuple[Attachment, ...]]:
    """Return what each step attached, by its id."""
    steps = enumerate(judged.result.steps)
    return {_test_step_id(judged.scenario.id, at): step.attachments for at, step in steps if step.attachments}


def _attachment(made: Attachment) -> Message:
    text = made.data is None
    return {
        "body": made.text or "" if text else made.data, "contentEncoding": "IDENTITY" if text else "BASE64",
        "mediaType": made.media_type, "fileName": made.name,
    }  # fmt: skip


def _step_status(step: StepResult, whole: ScenarioResult) -> str:
    if step.status == "unknown" and whole.status not in {"unknown", "passed"}:
        return "skipped"  # Cucumber's word for the steps after the one that stopped the scenario
    return step.status


def _step_result(step: StepResult, whole: ScenarioResult) -> Message:
    status = _step_status(step, whole)
    message = "\n".join(part for part in (step.message, f"at {step.location}" if step.location else None) if part)
    return _result(status, step.duration_ms, message, status if status == "failed" else None)


def _result(status: str, milliseconds: float | None, message: str | None, kind: str | None) -> Message:
    result: Message = {"duration": _time(_nanos(milliseconds)), "status": status.upper()}
    told = {"message": message} if message else {}
    if kind:
        result["exception"] = {"type": kind, **told}
    return {**result, **told}


def _outcome(judged: JudgedScenario) -> Message | None:
    """The scenario's own result, where no step of it tells."""
    result = judged.result
    steps = paired(judged.scenario.steps, result.steps)
    if result.flaky:
        return _result("passed", None, None, None)
    told = any(_step_status(step, result) == result.status for _, step in steps)
    if result.status == "passed" or (told and not result.attempts):
        return None
    kind = result.cause if result.status == "failed" else None
    return _result(result.status, None, result.message or result.cause, kind)


def _outcome_index(result: ScenarioResult, steps: int) -> int:
    return 0 if result.cause == "setup" or result.attempts else steps


def _run_finished(verdict: Verdict, clock: _Clock) -> Message:
    errors = [str(problem) for problem in verdict.problems if problem.level == "error"]
    finished: Message = {"success": not verdict.red, "timestamp": clock.end(), "testRunStartedId": RUN}
    return {**finished, "message": "\n".join(errors)} if errors else finished
