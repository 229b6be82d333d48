"""Results that were produced elsewhere: Cucumber Messages (NDJSON), matched to the scenarios on the pages.

A result counts only for a scenario that still says what was run: same file, same name, same steps with their tables
and doc strings. Everything else is reported, and nothing becomes green by it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mkdocs_jetty.run.model import STATUSES, Results, ScenarioResult, Status, StepResult
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Spec

SEVERITY: tuple[Status, ...] = ("passed", "skipped", "unknown", "pending", "undefined", "ambiguous", "failed")
NANOS = 1_000_000
KINDS = ("pickle", "testCase", "testCaseStarted", "testStepFinished", "stepDefinition")
Key = tuple[str, str, tuple[Any, ...]]


@dataclass
class _Messages:
    """The envelopes of one file, by what they are."""

    pickles: dict[str, dict[str, Any]] = field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """All attempts at each test case, in their order."""
    finished: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """By attempt, then by test step."""
    definitions: dict[str, str] = field(default_factory=dict)


class _File:
    """The results of one file, in its order, until each is taken by the scenario it belongs to."""

    def __init__(self, name: str, results: Iterable[tuple[Key, ScenarioResult]], wanted: Counter[Key]) -> None:
        self.name = name
        self.wanted = wanted
        self.by_key: dict[Key, list[ScenarioResult]] = defaultdict(list)
        self.rows: dict[Key, dict[str, list[ScenarioResult]]] = defaultdict(lambda: defaultdict(list))
        """By the key of the scenario whose name stands before the parameters."""
        for key, result in results:
            page, scenario, steps = key
            name, bracket, params = scenario.rpartition(" [")
            if key not in wanted and bracket and params.endswith("]") and (page, name, steps) in wanted:
                self.rows[page, name, steps][params.removesuffix("]")].append(result)
            else:
                self.by_key[key].append(result)

    def take(self, key: Key) -> ScenarioResult | None:
        """The result of the next scenario of this key; where a file has more than there are, the worst counts."""
        if rows := self.rows.get(key):
            found = {params: _worst(results) for params, results in rows.items()}
            return replace(_worst(found.values()), rows=found)
        results = self.by_key.get(key)
        if not results or not self.wanted[key]:
            return None
        if len(results) > self.wanted[key]:
            results[:] = [_worst(results)] * self.wanted[key]
        self.wanted[key] -= 1
        return results.pop(0)

    def pages(self) -> set[str]:
        return {page for page, _, _ in self.by_key}

    def left(self, elsewhere: Collection[str]) -> Problem | None:
        """What matches no scenario of the pages that were looked at: it has changed since, or has gone."""
        left = [key for key, results in self.by_key.items() for _ in results if key[0] not in elsewhere]
        if not left:
            return None
        page, scenario, _ = left[0]
        count = "1 result matches" if len(left) == 1 else f"{len(left)} results match"
        message = (
            f"{count} no scenario as it stands on the pages and counts for nothing; the first: {scenario} ({page})"
        )
        return Problem("warning", self.name, None, None, message)


def _worst(results: Iterable[ScenarioResult]) -> ScenarioResult:
    return max(results, key=lambda result: (SEVERITY.index(result.status), result.flaky, result.ambiguous_steps))


def with_imported(spec: Spec, results: Results, root: Path, names: Iterable[str]) -> Results:
    """Fill in what was not run here with what was run elsewhere; of several files the worst counts.

    Args:
        spec: The specification as it stands.
        results: What was run here; it wins.
        root: The project's directory.
        names: The files, relative to it.
    """
    wanted = Counter(_key(feature, scenario) for feature, scenario in spec.scenarios())
    files: list[_File] = []
    problems: list[Problem] = []
    for name in names:
        try:
            files.append(_File(name, _read(root / name), wanted.copy()))
        except OSError as error:  # noqa: PERF203 - one file spoils itself
            problems.append(Problem("error", name, None, None, f"these results cannot be read: {error.strerror}"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"these results cannot be read as Cucumber Messages (NDJSON): {type(error).__name__}: {error}"
            problems.append(Problem("error", name, None, None, message))
    scenarios = dict(results.scenarios)
    used = False
    for feature, scenario in spec.scenarios():
        # Taken from every file, also where it does not count: what is left then matches nothing.
        found = [result for file in files if (result := file.take(_key(feature, scenario)))]
        if found and not scenario.defect and _is_open(scenarios.get(scenario.id)):
            scenarios[scenario.id] = _worst(found)
            used = True
    looked_at = {page.path for page in spec.pages}
    # A page that is there and was not looked at: this run is on a part of the project.
    elsewhere = {page for file in files for page in file.pages() if page not in looked_at and (root / page).exists()}
    problems += filter(None, (file.left(elsewhere) for file in files))
    return Results(
        scenarios, (*results.problems, *problems), results.duration_s, results.interrupted, results.executed or used
    )


def _is_open(result: ScenarioResult | None) -> bool:
    return result is None or (result.status == "unknown" and result.cause in {"execute-off", "not-selected"})


def _key(feature: Feature, scenario: Scenario) -> Key:
    steps = tuple((step.text, step.table, step.docstring) for step in scenario.steps)
    return feature.page, scenario.name, steps


def _read(path: Path) -> Iterable[tuple[Key, ScenarioResult]]:
    messages = _Messages()
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if line.strip():
            try:
                envelope = json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
            _take(messages, envelope)
    for case_id, attempts in messages.attempts.items():
        pickle = messages.pickles[messages.cases[case_id]["pickleId"]]
        *earlier, last = (_result(messages, pickle, attempt) for attempt in attempts)
        ended = tuple(_told(result) for result in earlier if result.status != "passed")
        yield _pickle_key(pickle), replace(last, attempts=ended)


def _told(result: ScenarioResult) -> str:
    """How an attempt ended, as results tell it: `failed: it is red`."""
    first = (result.message or "").strip().split("\n", 1)[0]
    return f"{result.status}: {first}" if first else result.status


def _take(messages: _Messages, envelope: Mapping[str, Any]) -> None:
    kind = next((kind for kind in KINDS if kind in envelope), None)
    if kind is None:
        return
    body = envelope[kind]
    if kind == "pickle":
        messages.pickles[body["id"]] = body
    elif kind == "testCase":
        messages.cases[body["id"]] = body
    elif kind == "testCaseStarted":
        messages.attempts[messages.cases[body["testCaseId"]]["id"]].append(body)
    elif kind == "stepDefinition":
        source = body["sourceReference"]
        line = source.get("location", {}).get("line")
        messages.definitions[body["id"]] = f"{source.get('uri', '')}:{line}" if line else str(source.get("uri", ""))
    else:
        messages.finished[body["testCaseStartedId"]][body["testStepId"]] = body["testStepResult"]


def _pickle_key(pickle: Mapping[str, Any]) -> Key:
    return pickle["uri"], pickle["name"], tuple(_step_key(step) for step in pickle["steps"])


def _step_key(step: Mapping[str, Any]) -> tuple[Any, ...]:
    argument = step.get("argument") or {}
    table = docstring = None
    if argument.get("dataTable"):
        table = tuple(tuple(cell["value"] for cell in row["cells"]) for row in argument["dataTable"]["rows"])
    if argument.get("docString"):
        docstring = argument["docString"]["content"]
    return step["text"], table, docstring


def _result(messages: _Messages, pickle: Mapping[str, Any], attempt: Mapping[str, Any]) -> ScenarioResult:
    case = messages.cases[attempt["testCaseId"]]
    finished = messages.finished[attempt["id"]]
    by_pickle_step: dict[str, StepResult] = {}
    worst: tuple[Status, str | None] = ("passed", None)
    milliseconds = 0.0
    for test_step in case["testSteps"]:
        result = _step(finished.get(test_step["id"]), test_step, messages.definitions)
        milliseconds += result.duration_ms or 0
        if "pickleStepId" in test_step:
            by_pickle_step[test_step["pickleStepId"]] = result
        if SEVERITY.index(result.status) > SEVERITY.index(worst[0]):
            worst = result.status, result.message
    steps = tuple(by_pickle_step.get(step["id"], StepResult("unknown")) for step in pickle["steps"])
    status, message = worst
    cause = {"failed": "error", "unknown": "inconclusive"}.get(status)
    return ScenarioResult(status, cause, steps, milliseconds, message, reused=True)  # type: ignore[arg-type]


def _step(body: Mapping[str, Any] | None, test_step: Mapping[str, Any], definitions: Mapping[str, str]) -> StepResult:
    if body is None:
        return StepResult("unknown")
    word = str(body["status"]).lower()
    status: Status = next((status for status in STATUSES if status == word), "unknown")
    duration = body.get("duration") or {}
    milliseconds = duration.get("seconds", 0) * 1000 + duration.get("nanos", 0) / NANOS
    places = [definitions.get(each, "") for each in test_step.get("stepDefinitionIds") or ()]
    return StepResult(
        status, milliseconds, places[0] if len(places) == 1 else None, body.get("message"),
        candidates=tuple(places) if len(places) > 1 else (),
    )  # fmt: skip
