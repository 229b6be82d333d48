"""Run the steps of one scenario under pytest-bdd's own rules and hooks, and record what became of each.

pytest-bdd's loop passes what it should not: a coroutine that nobody awaits, a scenario without steps, one of two
matching definitions chosen silently. This loop calls the same hooks and fixtures and closes those.
"""

from __future__ import annotations

import inspect
import time
import unittest
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import parser as bdd
from pytest_bdd.exceptions import StepDefinitionNotFoundError
from pytest_bdd.gherkin_parser import Cell, DataTable, Location, Row

from mkdocs_jetty.run import awaiting, compat
from mkdocs_jetty.run.definitions import LIBRARY, Choice, Definition
from mkdocs_jetty.run.doubts import Threads, doubts_about, refuse_missing
from mkdocs_jetty.run.model import Cause, Status
from mkdocs_jetty.run.offers import AmbiguousFixtureError
from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.run.stock import HINT, is_stock, with_further_ports
from mkdocs_jetty.run.tally import SEVERITY
from mkdocs_jetty.run.tracebacks import ShownTraceback
from mkdocs_jetty.run.unrun import AsyncStepError, refuse_unrun
from mkdocs_jetty.spec.docstrings import as_given
from mkdocs_jetty.spec.files import relative
from mkdocs_jetty.spec.model import Feature, Scenario, Step

Check = Callable[[Sequence[str], Path], None]
"""Refuses fixtures that a file asks for and that could be another module's."""
Emit = Callable[..., None]


class AmbiguousStepError(Exception):
    """Two step definitions of the same level match one step."""


@dataclass
class Record:
    """What happened to the scenario of one item."""

    status: Status = "unknown"
    cause: Cause | None = None
    message: str | None = None
    failed_step: Step | None = None
    output: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether nothing has been said of it yet: unknown for no cause is where every scenario begins."""
        return self.status == "unknown" and self.cause is None

    def worsen(self, status: Status, cause: Cause | None = None, message: str | None = None) -> None:
        """Take on a status if it is worse than the one so far."""
        if self.is_open or SEVERITY.index(status) > SEVERITY.index(self.status):
            self.status, self.cause, self.message = status, cause, message


def bdd_feature(feature: Feature, path: Path, root: Path) -> bdd.Feature:
    """A feature as pytest-bdd's hooks and fixtures expect it."""
    return bdd.Feature(
        scenarios=OrderedDict(), filename=str(path), rel_filename=relative(root, path),
        language=feature.language, keyword="Feature", name=feature.name, tags=_names(feature.tags), background=None,
        line_number=feature.line, description=feature.description,
    )  # fmt: skip


def bdd_scenario(scenario: Scenario, feature: bdd.Feature) -> bdd.Scenario:
    """A scenario as pytest-bdd's hooks and fixtures expect it, with every step in it."""
    rule = bdd.Rule("Rule", scenario.rule, "", set()) if scenario.rule is not None else None
    return bdd.Scenario(
        feature=feature, keyword=scenario.keyword, name=scenario.name, line_number=scenario.line,
        steps=[_bdd_step(step) for step in scenario.steps], description=scenario.description,
        tags=_names(scenario.own_tags), rule=rule,
    )  # fmt: skip


@dataclass(frozen=True)
class Script:
    """What to run for one item, and by whose rules."""

    scenario: Scenario
    """As it was read: what the page shows."""
    bdd: compat.BddScenario
    """As pytest-bdd knows it: what its hooks and fixtures get."""
    choices: Sequence[Choice]
    """What serves each step."""
    hook: Any
    """The hooks that hold for it."""
    check: Check = lambda _, __: None


class ScenarioRun:
    """One execution of one scenario."""

    def __init__(self, request: pytest.FixtureRequest, script: Script, record: Record, emit: Emit) -> None:
        self.request = request
        self.script = script
        self.scenario = script.scenario
        self.bdd = script.bdd
        self.record = record
        self.emit = emit
        self.hook = script.hook
        self.root = request.config.rootpath
        self.threads = Threads()
        self._spans: compat.Spans | None = None
        """What the definition of the present step captured of its text."""
        self._waiting: awaiting.Runner | None = None

    def run(self) -> None:
        """Run the steps until one does not pass; name the undefined and ambiguous ones among the rest."""
        __tracebackhide__ = True
        given = {"request": self.request, "feature": self.bdd.feature, "scenario": self.bdd}
        self.hook.pytest_bdd_before_scenario(**given)
        index = 0
        try:
            self._prepare()
            with self.threads.watched():
                for index in range(len(self.scenario.steps)):
                    self._step(index)
            self.record.worsen("passed")
        except BaseException:
            if self.record.status != "skipped":  # a skip says that the rest does not matter
                self._unserved_after(index)
            raise
        finally:
            self.hook.pytest_bdd_after_scenario(**given)

    def _prepare(self) -> None:
        """Start the event loop before any fixture is asked for that could share it."""
        for choice in self.script.choices:
            if choice.definition and awaiting.is_async(choice.definition.context.step_func):
                try:
                    self._waiting = awaiting.prepare(self.request)
                except AsyncStepError:
                    return  # the step says so itself
                return

    def _unserved_after(self, index: int) -> None:
        for rest in range(index + 1, len(self.scenario.steps)):
            choice = self.script.choices[rest]
            if choice.definition is None and choice.error is None:
                self._unserved(rest)

    def _step(self, index: int) -> None:
        __tracebackhide__ = True
        choice = self.script.choices[index]
        definition = choice.definition
        if definition is None and choice.error is None:
            error = self._unserved(index)
            self.record.failed_step = self.scenario.steps[index]
            if isinstance(error, StepDefinitionNotFoundError):
                self.hook.pytest_bdd_step_func_lookup_error(
                    request=self.request,
                    feature=self.bdd.feature,
                    scenario=self.bdd,
                    step=self.bdd.steps[index],
                    exception=error,
                )
            raise error
        place = self._place(definition) if definition else None
        self.emit("step-start", index=index)
        self._spans = None
        started = time.perf_counter()
        try:
            doubts = self._call(index, choice)
        except BaseException as error:
            self._failed(index, error, place, started)
            raise
        self._emit(
            index, "passed", (started, time.perf_counter()), place,
            candidates=self._places(choice.rivals) or None, warnings=[*doubts, *self.threads.failed()] or None,
        )  # fmt: skip

    def _call(self, index: int, choice: Choice) -> list[str]:
        """Call a step definition by pytest-bdd's rules; return what is strange about its pass."""
        __tracebackhide__ = True
        definition, step = choice.definition, self.bdd.steps[index]
        if definition is None:
            raise choice.error or StepDefinitionNotFoundError(step.name)
        context = definition.context
        function = context.step_func
        given: dict[str, Any] = {
            "request": self.request, "feature": self.bdd.feature, "scenario": self.bdd, "step": step,
            "step_func": function, "step_func_args": {},
        }  # fmt: skip
        self.hook.pytest_bdd_before_step(**{key: value for key, value in given.items() if key != "step_func_args"})
        try:
            refuse_missing(function)
            arguments = self._arguments(definition, step)
            given["step_func_args"] = arguments
            self.hook.pytest_bdd_before_step_call(**given)
            value = self._value(function, arguments)
            refuse_unrun(value, function, keeps=context.target_fixture is not None)
        except (Exception, compat.Failed) as error:
            self.hook.pytest_bdd_step_error(exception=error, **given)
            raise
        if context.target_fixture is not None:
            compat.inject_fixture(self.request, context.target_fixture, value)
        self.hook.pytest_bdd_after_step(**given)
        return doubts_about(value, self.scenario.steps[index].type) if context.target_fixture is None else []

    def _arguments(self, definition: Definition, step: bdd.Step) -> dict[str, Any]:
        __tracebackhide__ = True
        context = definition.context
        parameters, required = _signature(context.step_func)
        captured, self._spans = compat.step_arguments(step, context)
        arguments = {key: value for key, value in captured.items() if key in parameters}
        if "datatable" in parameters and step.datatable is not None:
            arguments["datatable"] = step.datatable.raw()
        if "docstring" in parameters and step.docstring is not None:
            arguments["docstring"] = step.docstring
        wanted = [name for name in required if name not in arguments]
        self.script.check(wanted, definition.file)
        return arguments | {name: self.request.getfixturevalue(name) for name in wanted}

    def _value(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Return what a step gives back, waited for where it can be."""
        __tracebackhide__ = True
        if awaiting.is_async(function):
            return awaiting.call(function, arguments, self.request, self._waiting or awaiting.prepare(self.request))
        value = compat.call_fixture_func(fixturefunc=function, request=self.request, kwargs=arguments)
        if self._waiting and inspect.iscoroutine(value):
            return self._waiting(lambda: value)
        return value

    def _unserved(self, index: int) -> Exception:
        """Record a step that no definition serves, or more than one."""
        step, found = self.scenario.steps[index], self.script.choices[index].rivals
        self._spans = None
        if not found:
            message = f"no step definition matches: {step.keyword} {step.text}"
            if is_stock(step):
                message = f"{message}\n{HINT}"
            self.record.worsen("undefined", None, message)
            self._emit(index, "undefined", None, None, message=message)
            return StepDefinitionNotFoundError(message)
        places = self._places(found)
        taken = self._place(found[-1])
        message = f"{len(places)} step definitions match: {', '.join(places)}; pytest-bdd would take {taken}"
        self.record.worsen("ambiguous", None, message)
        self._emit(index, "ambiguous", None, taken, message=message, candidates=places)
        return AmbiguousStepError(f"{message}; for: {step.keyword} {step.text}")

    def _failed(self, index: int, error: BaseException, place: str | None, started: float) -> None:
        stopped = time.perf_counter()
        status, cause, message = classify(error)
        if cause == "unavailable":
            message = with_further_ports(message, self.request, self._definitions_from(index))
        self.record.failed_step = self.scenario.steps[index]
        self.record.worsen(status, cause, message if status in {"skipped", "unknown", "ambiguous"} else None)
        info = pytest.ExceptionInfo.from_exception(error)
        self._emit(
            index, status, (started, stopped), place, message=message, location=self._location(info),
            traceback=ShownTraceback(info) if status == "failed" else None,
            candidates=error.places if isinstance(error, AmbiguousFixtureError) else None,
            warnings=self.threads.failed() or None,
        )  # fmt: skip

    def _definitions_from(self, index: int) -> list[Callable[..., object]]:
        return [each.definition.context.step_func for each in self.script.choices[index:] if each.definition]

    def _location(self, info: pytest.ExceptionInfo[BaseException]) -> str | None:
        for entry in reversed(list(info.traceback)):
            path = Path(str(entry.path))
            if path.is_relative_to(self.root) and "site-packages" not in path.parts and path != Path(__file__):
                return f"{path.relative_to(self.root).as_posix()}:{entry.lineno + 1}"
        return None

    def _places(self, found: Sequence[Definition]) -> list[str]:
        return sorted(map(self._place, found))

    def _place(self, definition: Definition) -> str:
        return place_of(definition, self.root)

    def _emit(
        self, index: int, status: Status, span: tuple[float, float] | None, definition: str | None, **more: Any
    ) -> None:
        duration = None if span is None else round((span[1] - span[0]) * 1000, 3)
        choice = self.script.choices[index]
        stock = choice.definition is not None and choice.definition.is_stock
        self.emit(
            "step", index=index, status=status, duration_ms=duration, definition=definition,
            overrides=self._place(choice.overrides) if choice.overrides else None, stock=stock or None,
            spans=self._spans, **more,
        )  # fmt: skip


def place_of(definition: Definition, root: Path) -> str:
    """Tell where a step definition stands, `features/steps.py:17`."""
    return f"{_shown(definition.file, root)}:{definition.line}"


UNDECIDED = "the run could not tell"


def classify(error: BaseException) -> tuple[Status, Cause | None, str]:
    """Return what an exception from a step or a fixture means for the scenario, in the words of a reader."""
    if isinstance(error, NotImplementedError):
        return "pending", None, str(error) or "not implemented yet"
    if isinstance(error, (Unavailable, Inconclusive)):
        return "unknown", "unavailable" if isinstance(error, Unavailable) else "inconclusive", str(error) or UNDECIDED
    if isinstance(error, AmbiguousFixtureError):
        return "ambiguous", None, str(error)
    text = str(error)
    if isinstance(error, (compat.XFailed, compat.Skipped, unittest.SkipTest)):
        return "skipped", None, f"expected to fail: {text}" if isinstance(error, compat.XFailed) else text
    if isinstance(error, (AssertionError, compat.Failed)):
        return "failed", "assertion", text or type(error).__name__
    if isinstance(error, compat.Exit):
        text = f"the step ended the whole run: {error.msg}"
    else:
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return "failed", "error", text


@cache
def _signature(function: Callable[..., object]) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(inspect.signature(function).parameters), tuple(compat.get_required_args(function))


@cache
def _shown(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else _package_path(file)


def _package_path(file: Path) -> str:
    """A file of an installed package, without the machine's own directories."""
    if file.is_relative_to(LIBRARY):  # wherever this package is installed from
        return file.relative_to(LIBRARY.parents[1]).as_posix()
    parts = file.parts
    at = max(
        (number for number, part in enumerate(parts) if part in {"site-packages", "dist-packages"}),
        default=len(parts) - 3,
    )
    return "/".join(parts[at + 1 :])


def _bdd_step(step: Step) -> bdd.Step:
    table = None
    if step.table is not None:
        place = Location(column=1, line=step.line)
        table = DataTable(place, [Row("", place, [Cell(place, cell) for cell in row]) for row in step.table])
    return bdd.Step(
        name=step.text,
        type=step.type,
        indent=0,
        line_number=step.line,
        keyword=step.keyword,
        datatable=table,
        docstring=None if step.docstring is None else as_given(step.docstring),
    )


def _names(tags: Sequence[str]) -> set[str]:
    return {tag.removeprefix("@") for tag in tags}
