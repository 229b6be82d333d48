"""What happened: one result for a scenario, one for each of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from mkdocs_jetty.run.attached import Attachment
from mkdocs_jetty.spec.model import Problem

Status = Literal["passed", "failed", "pending", "undefined", "ambiguous", "skipped", "unknown"]
STATUSES: tuple[Status, ...] = ("passed", "failed", "pending", "undefined", "ambiguous", "skipped", "unknown")
Cause = Literal[
    # of `failed`
    "assertion", "error", "timeout", "crash", "setup", "teardown", "wip-passed",
    # of `unknown`
    "not-selected", "execute-off",
    "no-steps", "no-rows", "invalid-gherkin", "not-reached", "unavailable", "inconclusive",
]  # fmt: skip


@dataclass(frozen=True)
class StepResult:
    """What became of one step; `unknown` where it was never reached."""

    status: Status
    duration_ms: float | None = None
    definition: str | None = None
    """Where its step definition stands, `features/login_steps.py:17`; of several, the one pytest-bdd takes."""
    message: str | None = None
    """Why it did not pass, in the words of the exception."""
    location: str | None = None
    """Where in the project's code it went wrong, `features/login_steps.py:21`."""
    traceback: str | None = None
    candidates: tuple[str, ...] = ()
    """The places of all step definitions that matched, for an ambiguous step.

    Where it passed all the same, `ambiguous: warn` let the one run that pytest-bdd would take.
    """
    overrides: str | None = None
    """The step definition of the library that a nearer one took the place of."""
    warnings: tuple[str, ...] = ()
    """What makes its pass doubtful: a `Then` that returned False, a thread that failed meanwhile."""
    stock: bool = False
    """Whether a phrase of the step library served it."""
    compared: tuple[str, ...] = ()
    """What was expected and what came, where a comparison of plain values did not hold."""
    attachments: tuple[Attachment, ...] = ()
    """What it attached."""
    spans: tuple[tuple[int, ...], ...] | None = None
    """The parts of its text that its definition captured, by beginning and end; None where that is not known."""


@dataclass(frozen=True)
class ScenarioResult:
    """What became of one scenario. `steps` has one entry for each step of the scenario, in order."""

    status: Status
    cause: Cause | None = None
    steps: tuple[StepResult, ...] = ()
    duration_ms: float | None = None
    message: str | None = None
    """What went wrong outside any step: in setup or teardown, a crash, the reason of a skip."""
    reused: bool = False
    output: str | None = None
    """What it printed, where that was asked for."""
    measured: Mapping[str, str] = field(default_factory=dict)
    """The numbers its steps ran with or observed, as they recorded them: `users` → `500`."""
    outside: bool = field(default=False, compare=False)
    """Whether it depends on more than this process and the project's files: on other processes, on the network."""
    environment: str | None = None
    """Where it was observed: `local`, `ci`, `staging` or `production`, where its steps say so."""
    attempts: tuple[str, ...] = ()
    """How each earlier attempt ended, the first first: `failed: it is red`. None where the first one counts."""
    attachments: tuple[Attachment, ...] = ()
    """What was attached outside any step: in setup or teardown, by a plugin."""
    rows: Mapping[str, ScenarioResult] = field(default_factory=dict)
    """Where pytest made several tests of the scenario, the result of each by its `params`; this is then the worst."""
    executed: tuple[str, ...] = field(default=(), compare=False)
    """The files of the project that it executed, where Python tells of them."""
    started: float | None = field(default=None, compare=False)
    """When it began, in seconds since 1970; None where that is not known, or times are left out on purpose."""

    @property
    def flaky(self) -> bool:
        """Whether it passed only after it had failed."""
        return self.status == "passed" and bool(self.attempts)

    @property
    def ambiguous_steps(self) -> bool:
        """Whether it passed although several definitions matched a step (`ambiguous: warn`)."""
        return self.status == "passed" and any(step.candidates for step in self.steps)


@dataclass(frozen=True)
class StepDefinition:
    """A step definition of a project, or one of the library that a step uses."""

    place: str
    """The file and the line."""
    type: str | None
    """`given`, `when` or `then`; None where it serves steps of every type."""
    pattern: str
    """What a step has to say, as its author wrote it."""
    description: str
    """The first paragraph of its docstring."""
    stock: bool = False
    """Whether it ships with this package."""
    used: bool = True
    """Whether it serves any step of what was run, reached or not."""


@dataclass(frozen=True)
class Results:
    """The outcome of a run, by scenario id. A scenario without an entry has no evidence at all."""

    scenarios: Mapping[str, ScenarioResult] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    """What went wrong with the run as a whole: a step module that does not import, a configuration pytest refuses."""
    duration_s: float = 0.0
    interrupted: bool = False
    executed: bool = True
    """False where nothing was run, because `execute` is off."""
    made_on: date | None = None
    """The day on which they were made, where that is not now."""
    commit: str | None = None
    """What was checked out then."""
    read: frozenset[str] = frozenset()
    """The files of the project that were read and not written; code is not among them."""
    written: frozenset[str] = frozenset()
    """Those that were written."""
    definitions: tuple[StepDefinition, ...] = ()
    """The step definitions that there are."""

    def reused(self) -> Results:
        """The same results once more, for a specification that did not have to run again."""
        return replace(self, scenarios={id_: replace(each, reused=True) for id_, each in self.scenarios.items()})


def together(several: Iterable[StepDefinition]) -> tuple[StepDefinition, ...]:
    """Step definitions that several processes have told of, each once: it is used if any of them uses it."""
    found: dict[str, StepDefinition] = {}
    for each in several:
        known = found.get(each.place)
        found[each.place] = known if known and known.used else each
    return tuple(found[place] for place in sorted(found, key=_by_line))


def _by_line(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line) if line.isdigit() else 0
