"""Run the steps of one scenario under pytest-bdd's own rules and hooks, and record what became of each.

pytest-bdd's loop passes what it should not: a coroutine that nobody awaits, a scenario without steps, one of two
matching definitions chosen silently. This loop calls the same hooks and fixtures and closes those.
"""

from __future__ import annotations

import inspect
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.fixtures import call_fixture_func
from _pytest.outcomes import Exit, Failed, Skipped, XFailed
from pytest_bdd import parser as bdd
from pytest_bdd.compat import inject_fixture
from pytest_bdd.exceptions import StepDefinitionNotFoundError
from pytest_bdd.gherkin_parser import Cell, DataTable, Location, Row
from pytest_bdd.scenario import parse_step_arguments
from pytest_bdd.utils import get_required_args

from mkdocs_jetty.run.definitions import LIBRARY, Definition, Lookup
from mkdocs_jetty.run.model import Cause, Status
from mkdocs_jetty.run.offers import AmbiguousFixtureError
from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.run.tracebacks import ShownTraceback
from mkdocs_jetty.run.unrun import refuse_async, refuse_unrun
from mkdocs_jetty.spec.docstrings import as_given
from mkdocs_jetty.spec.files import relative
from mkdocs_jetty.spec.model import Feature, Scenario, Step

Check = Callable[[Sequence[str], Path], None]
"""Refuses fixtures that a file asks for and that could be another module's."""
SEVERITY: tuple[Status, ...] = ("passed", "skipped", "unknown", "pending", "undefined", "ambiguous", "failed")


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
        tags=_names(scenario.tags), rule=rule,
    )  # fmt: skip


class ScenarioRun:
    """One execution of one scenario."""

    def __init__(
        self, request: pytest.FixtureRequest, scenario: Scenario, feature: bdd.Feature, record: Record,
        emit: Callable[..., None], lookup: Lookup, named: Sequence[Path], check: Check,
    ) -> None:  # fmt: skip
        self.request = request
        self.check = check
        self.scenario = scenario
        self.bdd = bdd_scenario(scenario, feature)
        self.record = record
        self.emit = emit
        self.hook = request.config.hook
        self.root = request.config.rootpath
        page = request.node.parent
        self.found = [lookup.find(page, step.type, step.text, named) for step in scenario.steps]
        self.overridden = [
            lookup.overridden(page, step.type, step.text, found[0]) if len(found) == 1 else None
            for step, found in zip(scenario.steps, self.found, strict=True)
        ]

    def run(self) -> None:
        """Run the steps until one does not pass; name the undefined and ambiguous ones among the rest."""
        __tracebackhide__ = True
        given = {"request": self.request, "feature": self.bdd.feature, "scenario": self.bdd}
        self.hook.pytest_bdd_before_scenario(**given)
        index = 0
        try:
            for index in range(len(self.scenario.steps)):
                self._step(index)
            self.record.worsen("passed")
        except BaseException:
            if self.record.status != "skipped":  # a skip says that the rest does not matter
                self._unserved_after(index)
            raise
        finally:
            self.hook.pytest_bdd_after_scenario(**given)

    def _unserved_after(self, index: int) -> None:
        for rest in range(index + 1, len(self.scenario.steps)):
            if len(self.found[rest]) != 1:
                self._unserved(rest)

    def _step(self, index: int) -> None:
        __tracebackhide__ = True
        if len(self.found[index]) != 1:
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
        definition = self.found[index][0]
        place = self._place(definition)
        self.emit("step-start", id=self.scenario.id, index=index)
        started = time.perf_counter()
        try:
            self._call(index, definition)
        except BaseException as error:
            self._failed(index, error, place, started)
            raise
        self._emit(index, "passed", (started, time.perf_counter()), place)

    def _call(self, index: int, definition: Definition) -> None:
        __tracebackhide__ = True
        context, step = definition.context, self.bdd.steps[index]
        function = context.step_func
        given: dict[str, Any] = {
            "request": self.request, "feature": self.bdd.feature, "scenario": self.bdd, "step": step,
            "step_func": function, "step_func_args": {},
        }  # fmt: skip
        self.hook.pytest_bdd_before_step(**{key: value for key, value in given.items() if key != "step_func_args"})
        try:
            refuse_async(function)
            parameters, required = _signature(function)
            arguments = {
                key: value
                for key, value in parse_step_arguments(step=step, context=context).items()
                if key in parameters
            }
            if "datatable" in parameters and step.datatable is not None:
                arguments["datatable"] = step.datatable.raw()
            if "docstring" in parameters and step.docstring is not None:
                arguments["docstring"] = step.docstring
            wanted = [name for name in required if name not in arguments]
            self.check(wanted, definition.file)
            arguments |= {name: self.request.getfixturevalue(name) for name in wanted}
            given["step_func_args"] = arguments
            self.hook.pytest_bdd_before_step_call(**given)
            value = call_fixture_func(fixturefunc=function, request=self.request, kwargs=arguments)
            refuse_unrun(value, function, keeps=context.target_fixture is not None)
        except (Exception, Failed) as error:
            self.hook.pytest_bdd_step_error(exception=error, **given)
            raise
        if context.target_fixture is not None:
            inject_fixture(self.request, context.target_fixture, value)
        self.hook.pytest_bdd_after_step(**given)

    def _unserved(self, index: int) -> Exception:
        """Record a step that no definition serves, or more than one."""
        step, found = self.scenario.steps[index], self.found[index]
        if not found:
            message = f"no step definition matches: {step.keyword} {step.text}"
            self.record.worsen("undefined", None, message)
            self._emit(index, "undefined", None, None, message=message)
            return StepDefinitionNotFoundError(message)
        places = sorted(self._place(each) for each in found)
        message = f"{len(places)} step definitions match: {', '.join(places)}"
        self.record.worsen("ambiguous", None, message)
        self._emit(index, "ambiguous", None, None, message=message, candidates=places)
        return AmbiguousStepError(f"{message}; for: {step.keyword} {step.text}")

    def _failed(self, index: int, error: BaseException, place: str, started: float) -> None:
        stopped = time.perf_counter()
        status, cause, message = classify(error)
        self.record.failed_step = self.scenario.steps[index]
        self.record.worsen(status, cause, message if status in {"skipped", "unknown", "ambiguous"} else None)
        info = pytest.ExceptionInfo.from_exception(error)
        self._emit(
            index, status, (started, stopped), place, message=message, location=self._location(info),
            traceback=ShownTraceback(info) if status == "failed" else None,
            candidates=error.places if isinstance(error, AmbiguousFixtureError) else None,
        )  # fmt: skip

    def _location(self, info: pytest.ExceptionInfo[BaseException]) -> str | None:
        for entry in reversed(list(info.traceback)):
            path = Path(str(entry.path))
            if path.is_relative_to(self.root) and "site-packages" not in path.parts and path != Path(__file__):
                return f"{path.relative_to(self.root).as_posix()}:{entry.lineno + 1}"
        return None

    def _place(self, definition: Definition) -> str:
        file = definition.file
        name = file.relative_to(self.root).as_posix() if file.is_relative_to(self.root) else _package_path(file)
        return f"{name}:{definition.line}"

    def _emit(
        self, index: int, status: Status, span: tuple[float, float] | None, definition: str | None, **more: Any
    ) -> None:
        duration = None if span is None else round((span[1] - span[0]) * 1000, 3)
        stock = self.overridden[index]
        self.emit(
            "step", id=self.scenario.id, index=index, status=status, duration_ms=duration, definition=definition,
            overrides=self._place(stock) if stock else None, **more,
        )  # fmt: skip


UNDECIDED = "the run could not tell"


def classify(error: BaseException) -> tuple[Status, Cause | None, str]:
    """What an exception from a step or a fixture means for the scenario, in the words of a reader."""
    if isinstance(error, NotImplementedError):
        return "pending", None, str(error) or "not implemented yet"
    if isinstance(error, (Unavailable, Inconclusive)):
        return "unknown", "unavailable" if isinstance(error, Unavailable) else "inconclusive", str(error) or UNDECIDED
    if isinstance(error, AmbiguousFixtureError):
        return "ambiguous", None, str(error)
    if isinstance(error, (XFailed, Skipped)):
        return "skipped", None, f"expected to fail: {error.msg}" if isinstance(error, XFailed) else str(error.msg)
    text = str(error)
    if isinstance(error, (AssertionError, Failed)):
        return "failed", "assertion", text or type(error).__name__
    if isinstance(error, Exit):
        text = f"the step ended the whole run: {error.msg}"
    else:
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return "failed", "error", text


@cache
def _signature(function: Callable[..., object]) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(inspect.signature(function).parameters), tuple(get_required_args(function))


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
