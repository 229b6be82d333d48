"""Reads Cucumber Messages (NDJSON): what each scenario came to in each run that a file holds, and when.

A file may hold several runs, one after the other. Whatever says that a run failed counts, also where no scenario did.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mkdocs_jetty.run.model import STATUSES, ScenarioResult, Status, StepResult
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES

SEVERITY: tuple[Status, ...] = ("passed", "skipped", "unknown", "pending", "undefined", "ambiguous", "failed")
NANOS = 1_000_000
Key = tuple[str, str, tuple[Any, ...]]
"""What a result belongs to: the file, the scenario's name, its steps with their tables and doc strings."""
Clean = Callable[[str], str]


@dataclass
class MessagesFile:
    """What a file holds."""

    results: list[tuple[Key, ScenarioResult]] = field(default_factory=list)
    newest: datetime | None = None
    """When the last thing in it happened."""
    failures: list[str] = field(default_factory=list)
    """What says that a run failed, where no scenario of it tells."""


@dataclass
class _Run:
    """The envelopes of one run, by what they are."""

    pickles: dict[str, dict[str, Any]] = field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """All attempts at each test case, in their order."""
    finished: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    """By attempt, then by test step."""
    definitions: dict[str, str] = field(default_factory=dict)
    started: bool = False
    success: bool = True
    said: str = ""
    hooks: list[str] = field(default_factory=list)
    """What hooks around the whole run failed with."""


def read_messages(path: Path, clean: Clean) -> MessagesFile:
    """Read a file.

    Args:
        path: The file.
        clean: Makes a text from outside fit to be shown.

    Raises:
        OSError: If it cannot be read.
        ValueError, KeyError, TypeError, AttributeError: If it holds something else.
    """
    found, run = MessagesFile(), _Run()
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            envelope = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not isinstance(envelope, dict):
            raise TypeError(f"line {number}: not an object")
        if ("meta" in envelope and run != _Run()) or ("testRunStarted" in envelope and run.started):
            _close(found, run, clean)
            # A second run of one reading has its pickles in front of the first.
            run = _Run() if "meta" in envelope else _Run(pickles=run.pickles, definitions=run.definitions)
        _take(run, envelope)
        if moment := _moment(envelope):
            found.newest = max(found.newest or moment, moment)
    _close(found, run, clean)
    return found


def _close(found: MessagesFile, run: _Run, clean: Clean) -> None:
    results = list(_results(run, clean))
    found.results += results
    failed = any(result.status not in ("passed", "skipped") for _, result in results)
    found.failures += [clean(said) for said in run.hooks]
    if not run.success and not failed and not run.hooks:
        found.failures.append(clean(run.said) or "the run says that it failed, though no scenario of it did")


def _results(run: _Run, clean: Clean) -> Iterator[tuple[Key, ScenarioResult]]:
    for case_id, attempts in run.attempts.items():
        pickle = run.pickles[run.cases[case_id]["pickleId"]]
        *earlier, last = (_result(run, pickle, attempt, clean) for attempt in attempts)
        ended = tuple(_told(result) for result in earlier if result.status != "passed")
        yield _pickle_key(pickle), replace(last, attempts=ended)


def _told(result: ScenarioResult) -> str:
    """Tell how an attempt ended, as results tell it: `failed: it is red`."""
    first = (result.message or "").strip().split("\n", 1)[0]
    return f"{result.status}: {first}" if first else result.status


def _take(run: _Run, envelope: Mapping[str, Any]) -> None:
    for kind, body in envelope.items():
        if kind == "pickle":
            run.pickles[body["id"]] = body
        elif kind == "testCase":
            run.cases[body["id"]] = body
        elif kind == "testCaseStarted":
            run.attempts[run.cases[body["testCaseId"]]["id"]].append(body)
        elif kind == "stepDefinition":
            source = body["sourceReference"]
            line = source.get("location", {}).get("line")
            run.definitions[body["id"]] = f"{source.get('uri', '')}:{line}" if line else str(source.get("uri", ""))
        elif kind == "testStepFinished":
            run.finished[body["testCaseStartedId"]][body["testStepId"]] = body["testStepResult"]
        elif kind == "testRunStarted":
            run.started = True
        elif kind == "testRunFinished":
            run.success, run.said = body.get("success") is not False, str(body.get("message") or "")
        elif kind == "testRunHookFinished" and str(body["result"]["status"]).lower() not in ("passed", "skipped"):
            said = str(body["result"].get("message") or "").strip().split("\n", 1)[0]
            run.hooks.append(f"a hook around the whole run failed{': ' if said else ''}{said}")


def _moment(envelope: Mapping[str, Any]) -> datetime | None:
    for kind, body in envelope.items():
        if kind.startswith("test") and isinstance(body, Mapping) and isinstance(body.get("timestamp"), Mapping):
            try:
                return datetime.fromtimestamp(float(body["timestamp"]["seconds"]), timezone.utc)
            except (ValueError, OverflowError, OSError, KeyError, TypeError):
                return None
    return None


def _pickle_key(pickle: Mapping[str, Any]) -> Key:
    return _file(pickle["uri"]), pickle["name"], tuple(_step_key(step) for step in pickle["steps"])


def _file(uri: str) -> str:
    """The file of a document; of several features on one page, all but the first have a fragment behind it."""
    file, _, fragment = uri.rpartition("#")
    return file if file.endswith(MARKDOWN_SUFFIXES) and not fragment.endswith(MARKDOWN_SUFFIXES) else uri


def _step_key(step: Mapping[str, Any]) -> tuple[Any, ...]:
    argument = step.get("argument") or {}
    table = docstring = None
    if argument.get("dataTable"):
        table = tuple(tuple(cell["value"] for cell in row["cells"]) for row in argument["dataTable"]["rows"])
    if argument.get("docString"):
        docstring = argument["docString"]["content"]
    return step["text"], table, docstring


def _result(run: _Run, pickle: Mapping[str, Any], attempt: Mapping[str, Any], clean: Clean) -> ScenarioResult:
    case = run.cases[attempt["testCaseId"]]
    finished = run.finished[attempt["id"]]
    by_pickle_step: dict[str, StepResult] = {}
    worst: tuple[Status, str | None] = ("passed", None)
    milliseconds = 0.0
    for test_step in case["testSteps"]:
        result = _step(finished.get(test_step["id"]), test_step, run.definitions, clean)
        milliseconds += result.duration_ms or 0
        if "pickleStepId" in test_step:
            by_pickle_step[test_step["pickleStepId"]] = result
        if SEVERITY.index(result.status) > SEVERITY.index(worst[0]):
            worst = result.status, result.message
    steps = tuple(by_pickle_step.get(step["id"], StepResult("unknown")) for step in pickle["steps"])
    status, message = worst
    cause = {"failed": "error", "unknown": "inconclusive"}.get(status)
    return ScenarioResult(status, cause, steps, milliseconds, message, reused=True)  # type: ignore[arg-type]


def _step(
    body: Mapping[str, Any] | None, test_step: Mapping[str, Any], definitions: Mapping[str, str], clean: Clean
) -> StepResult:
    if body is None:
        return StepResult("unknown")
    word = str(body["status"]).lower()
    status: Status = next((status for status in STATUSES if status == word), "unknown")
    duration = body.get("duration") or {}
    milliseconds = duration.get("seconds", 0) * 1000 + duration.get("nanos", 0) / NANOS
    places = [clean(definitions.get(each, "")) for each in test_step.get("stepDefinitionIds") or ()]
    message = body.get("message")
    return StepResult(
        status, milliseconds, places[0] if len(places) == 1 else None, None if message is None else clean(str(message)),
        candidates=tuple(places) if len(places) > 1 else (),
    )  # fmt: skip


def worst_of(results: Iterable[ScenarioResult]) -> ScenarioResult:
    """The one of several results of a scenario that counts."""
    return max(results, key=lambda result: (SEVERITY.index(result.status), result.flaky, result.ambiguous_steps))
