"""From the events of one child process to scenario results.

An event is a claim by a process that runs foreign code, so each is checked before it counts: wrong process, wrong id,
wrong shape, and it is as if it had never been sent. What has no event stays unknown, and nothing is green by default.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from mkdocs_jetty.run.attached import MOST, Attachment, checked
from mkdocs_jetty.run.model import STATUSES, Cause, ScenarioResult, Status, StepDefinition, StepResult
from mkdocs_jetty.run.tally import UNREACHED, Params, Tally, not_reached
from mkdocs_jetty.spec.model import Problem, Scenario
from mkdocs_jetty.standards.model import ENVIRONMENTS

if TYPE_CHECKING:
    from mkdocs_jetty.run.scrub import Scrubber

Event = Mapping[str, Any]
Row = tuple[str, Params]
"""A test: of which scenario, and which of several."""
_CAUSES = get_args(Cause)
FORKED = "it forked a copy of the process that went on with the run; a copy has to end itself, with `os._exit`"
UNPLANNED = (
    "pytest did not run it: a plugin or a `conftest.py` of the project left it out, or it could not be collected"
)


@dataclass
class _Open:
    """The scenario that is running now."""

    scenario: Scenario
    params: Params
    steps: list[StepResult]
    attempts: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    step: int | None = None
    attachments: dict[int | None, list[Attachment]] = field(default_factory=dict)
    """What was attached, by the step; None outside of any."""

    @property
    def elapsed_ms(self) -> float:
        return round((time.monotonic() - self.since) * 1000, 3)


class Collector:
    """Takes the events of one child and settles the scenarios that it was given, row by row, each once."""

    def __init__(self, tally: Tally, scrub: Scrubber) -> None:
        self.tally = tally
        self._scenarios = dict(tally.left)
        self._scrub = scrub
        self._open: _Open | None = None
        self._planned: frozenset[str] | None = None
        self.settled: dict[Row, ScenarioResult] = {}
        """The rows that this child has settled."""
        self._forked: dict[Row, int | None] = {}
        self.problems: list[Problem] = []
        self.read: frozenset[str] = frozenset()
        """The files of the project that were read."""
        self.written: frozenset[str] = frozenset()
        """Those that were written."""
        self.definitions: list[StepDefinition] = []
        """The step definitions that it loaded."""
        self.finished = False
        self.began = False
        """Whether any scenario was started."""
        self._handlers: dict[str, Callable[[Event], None]] = {
            "problem": self._on_problem,
            "plan": self._on_plan,
            "scenario": self._on_scenario,
            "step-start": self._on_step_start,
            "step": self._on_step,
            "attachment": self._on_attachment,
            "attempt": self._on_attempt,
            "end": self._on_end,
            "opened": self._on_opened,
            "definitions": self._on_definitions,
            "finish": self._on_finish,
            "forked": self._on_forked,
        }

    def feed(self, event: Event) -> None:
        """Take one event of the child's own process."""
        name = event.get("e")
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler:
            handler(event)

    @property
    def running(self) -> str | None:
        """The id of the scenario that is running."""
        return self._open.scenario.id if self._open else None

    @property
    def running_for(self) -> float:
        """The seconds since the running scenario started."""
        return time.monotonic() - self._open.since if self._open else 0.0

    @property
    def place(self) -> str:
        """Where the running scenario is, for a message: `in: <step text>`."""
        if self._open is None:
            return ""
        if self._open.step is not None:
            return f"in: {self._open.scenario.steps[self._open.step].text}"
        untouched = all(step is UNREACHED for step in self._open.steps)
        return "in setup, before its first step" if untouched else "between its steps or in teardown"

    def fail(self, cause: Cause, what: str) -> None:
        """Settle the running scenario as failed, and with it the step that was running."""
        if (now := self._open) is None:
            return
        message = f"{what} {self.place}"
        if now.step is not None:
            said = message if cause == "timeout" else f"{what} in this step"
            now.steps[now.step] = StepResult("failed", message=self._scrub(said))
        self._settle(now, ScenarioResult("failed", cause, message=self._scrub(message), duration_ms=now.elapsed_ms))

    def abandon(self, message: str) -> None:
        """Settle the running scenario as not reached: it was stopped through no fault of its own."""
        if self._open:
            self._settle(self._open, not_reached(self._open.scenario, message))

    def forget(self) -> None:
        """Take the running scenario as never started, so that it runs again."""
        self._open = None

    def leave_out(self) -> None:
        """Settle what a child that came to its end never meant to run: another child would not either."""
        if self.finished and self._planned is not None:
            for scenario_id in self._scenarios.keys() - self._planned:
                self.tally.give_up(scenario_id, not_reached(self._scenarios[scenario_id], UNPLANNED))

    def _settle(self, now: _Open, result: ScenarioResult) -> None:
        self._open = None
        row = now.scenario.id, now.params
        steps = [
            dataclasses.replace(step, attachments=tuple(now.attachments[at])) if at in now.attachments else step
            for at, step in enumerate(now.steps)
        ]
        result = dataclasses.replace(
            result, steps=tuple(steps), attempts=tuple(now.attempts), attachments=tuple(now.attachments.get(None, ()))
        )
        # The first result stands: a second attempt that happens to pass does not undo a failure.
        if row not in self.settled:
            self.settled[row] = result
            self.tally.settle(*row, _forked(result, self._forked[row]) if row in self._forked else result)

    def _on_plan(self, event: Event) -> None:
        rows = event.get("rows")
        if isinstance(rows, dict):
            self._planned = frozenset(rows)
            self.tally.plan({name: map(_params, each) for name, each in rows.items() if isinstance(each, list)})

    def _on_problem(self, event: Event) -> None:
        message = self._text(event, "message")
        if message:
            level: Literal["warning", "error"] = "warning" if event.get("level") == "warning" else "error"
            line, column = _whole(event, "line"), _whole(event, "column")
            problem = Problem(level, self._text(event, "page") or "", line, column, message)
            if problem not in self.problems:
                self.problems.append(problem)

    def _on_scenario(self, event: Event) -> None:
        self.began = True
        scenario = self._scenarios.get(str(event.get("id")))
        if scenario:
            self.fail("crash", "the run went on to the next scenario without a result")
            self._open = _Open(scenario, _params(event.get("params")), [UNREACHED] * len(scenario.steps))

    def _on_step_start(self, event: Event) -> None:
        now, index = self._of_running(event)
        if now and index is not None:
            now.step = index

    def _on_step(self, event: Event) -> None:
        now, index = self._of_running(event)
        if now and index is not None:
            now.step = None
            now.steps[index] = self._step_result(event)

    def _on_attachment(self, event: Event) -> None:
        now, _ = self._of_running(event)
        made = checked(*(event.get(key) for key in ("name", "media_type", "text", "data")))
        if now and made and sum(map(len, now.attachments.values())) < MOST:
            text = None if made.text is None else self._scrub(made.text)
            clean = dataclasses.replace(made, name=self._scrub(made.name), text=text)
            now.attachments.setdefault(now.step, []).append(clean)

    def _on_attempt(self, event: Event) -> None:
        """Note how an attempt ended that is followed by another: the last one counts."""
        now, _ = self._of_running(event)
        if now:
            messages = (self._text(event, "message"), *(step.message for step in now.steps))
            message = next(filter(None, messages), None)
            now.attempts.append(f"{_status(event)}: {message}" if message else _status(event))
            now.steps[:] = [UNREACHED] * len(now.steps)
            now.step = None

    def _on_end(self, event: Event) -> None:
        now, _ = self._of_running(event)
        if now:
            self._settle(now, self._scenario_result(event, now))

    def _on_opened(self, event: Event) -> None:
        read, written = event.get("read"), event.get("written")
        if isinstance(read, list) and isinstance(written, list):
            self.read, self.written = frozenset(map(str, read)), frozenset(map(str, written))

    def _on_definitions(self, event: Event) -> None:
        found = event.get("found")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict) and (place := self._text(each, "place")):
                self.definitions.append(
                    StepDefinition(
                        place=place,
                        type=self._text(each, "type"),
                        pattern=self._text(each, "pattern") or "",
                        description=self._text(each, "description") or "",
                        stock=each.get("stock") is True,
                        used=each.get("used") is True,
                    )
                )

    def _on_finish(self, _: Event) -> None:
        self.finished = True

    def _on_forked(self, event: Event) -> None:
        """Take the word of a copy of the process: it can only make its scenario red, and may come after the end."""
        scenario_id = str(event.get("id"))
        if scenario_id not in self._scenarios:
            self.problems.append(Problem("error", "", None, None, f"Before any scenario ran: {FORKED}"))
            return
        row = scenario_id, _params(event.get("params"))
        self._forked[row] = _whole(event, "index")
        if settled := self.settled.get(row):
            self.tally.amend(*row, _forked(settled, self._forked[row]))

    def _of_running(self, event: Event) -> tuple[_Open | None, int | None]:
        now = self._open
        if now is None or (event.get("id"), _params(event.get("params"))) != (now.scenario.id, now.params):
            return None, None
        index = _whole(event, "index")
        return now, index if index is not None and 0 <= index < len(now.steps) else None

    def _step_result(self, event: Event) -> StepResult:
        return StepResult(
            status=_status(event),
            duration_ms=_number(event, "duration_ms"),
            definition=self._text(event, "definition"),
            message=self._explained(event),
            location=self._text(event, "location"),
            traceback=self._text(event, "traceback"),
            candidates=self._texts(event, "candidates"),
            overrides=self._text(event, "overrides"),
            warnings=self._texts(event, "warnings"),
            stock=event.get("stock") is True,
            compared=self._texts(event, "compared"),
            spans=_spans(event),
        )

    def _scenario_result(self, event: Event, now: _Open) -> ScenarioResult:
        status, message = _status(event), self._explained(event)
        cause = event.get("cause") if event.get("cause") in _CAUSES else None
        if status == "passed" and not (now.steps and all(step.status == "passed" for step in now.steps)):
            status, cause = "unknown", "inconclusive"
            message = message or "reported as passed, but not every step was seen to pass"
        if cause is None:
            cause = {"failed": "error", "unknown": "inconclusive"}.get(status)
        return ScenarioResult(
            status=status,
            cause=cast("Cause | None", cause),
            duration_ms=_number(event, "duration_ms"),
            started=_number(event, "started"),
            message=message,
            output=self._text(event, "output"),
            measured=self._measured(event),
            environment=self._environment(event, now),
            outside=event.get("outside") is True,
            executed=self._texts(event, "executed"),
        )

    def _explained(self, event: Event) -> str | None:
        """Return what an event says; that a module is broken explains each undefined step in the same words."""
        message = self._text(event, "message")
        broken = [each for each in self.problems if each.level == "error" and each.page.endswith(".py")]
        if _status(event) != "undefined" or not message or not broken:
            return message
        places = ", ".join(f"{each.page}:{each.line}" if each.line else each.page for each in broken)
        return f"no step definition matches, and its step module may be the one that does not import: {places}"

    def _measured(self, event: Event) -> dict[str, str]:
        values = event.get("measured")
        pairs = values.items() if isinstance(values, dict) else ()
        return {self._scrub(str(name)): self._scrub(str(value)) for name, value in pairs}

    def _environment(self, event: Event, now: _Open) -> str | None:
        value = self._text(event, "environment")
        if value is None or value in ENVIRONMENTS:
            return value
        message = f"`jetty.environment` is {value!r} in {now.scenario.id}; it must be one of {', '.join(ENVIRONMENTS)}"
        self.problems.append(Problem("error", "", None, None, message))
        return None

    def _text(self, event: Event, key: str) -> str | None:
        value = event.get(key)
        return None if value is None else self._scrub(str(value))

    def _texts(self, event: Event, key: str) -> tuple[str, ...]:
        values = event.get(key)
        return tuple(self._scrub(str(each)) for each in values) if isinstance(values, list) else ()


def _forked(result: ScenarioResult, index: int | None) -> ScenarioResult:
    """A result that passed or was let off, as the failure it is: its step left a copy of the process behind."""
    if result.status not in ("passed", "skipped", "unknown"):
        return result
    steps = list(result.steps)
    if index is not None and 0 <= index < len(steps):
        steps[index] = dataclasses.replace(steps[index], status="failed", message=FORKED)
    return dataclasses.replace(result, status="failed", cause="error", message=FORKED, steps=tuple(steps))


def _params(value: object) -> Params:
    return None if value is None else str(value)


def _status(event: Event) -> Status:
    status = event.get("status")
    return cast("Status", status) if status in STATUSES else "unknown"


def _whole(event: Event, key: str) -> int | None:
    value = event.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _spans(event: Event) -> tuple[tuple[int, ...], ...] | None:
    """Parts of a text, one after the other; None where they are not told, or cannot be that."""
    found = event.get("spans")
    if not isinstance(found, list):
        return None
    spans, at = [], 0
    try:
        for start, end in found:
            if not at <= int(start) <= int(end):
                return None
            spans.append((int(start), int(end)))
            at = int(end)
    except (TypeError, ValueError):
        return None
    return tuple(spans)


def _number(event: Event, key: str) -> float | None:
    value = event.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
