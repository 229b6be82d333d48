"""Tell the process that asked for a run what becomes of each scenario, and agree with what pytest reports."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mkdocs_jetty.run.attached import Attachment, attachment, pictures, told
from mkdocs_jetty.run.compared import sides
from mkdocs_jetty.run.events import EventLog
from mkdocs_jetty.run.execute import Record, classify
from mkdocs_jetty.run.executed import Executed
from mkdocs_jetty.run.touched import Touched
from mkdocs_jetty.spec.model import Problem, Scenario

if TYPE_CHECKING:
    from mkdocs_jetty.run.job import Job
    from mkdocs_jetty.run.model import Cause

MEASURED = "jetty."
"""How the names of properties begin that are numbers a scenario ran with."""
SEVERAL = "; "
"""Between the values of a name that was recorded more than once."""
GREEN_OR_GREY = ("passed", "skipped")


@dataclass(eq=False)
class Case:
    """One pytest test of a scenario."""

    scenario: Scenario
    params: str | None = None
    """Which of several tests of the scenario it is."""
    record: Record = field(default_factory=Record)
    begun: bool = False
    """Whether its present attempt has begun."""

    def renew(self) -> None:
        """Forget an earlier attempt."""
        self.record = Record()


class Reporter:
    """A pytest plugin that writes down events, where somebody listens.

    Args:
        config: pytest's configuration.
        root: The project's directory.
        job: What the process was asked to do; None where somebody runs pytest by hand.
        case: Gives what is known of an item that runs a scenario.
        definitions: Gives the step definitions, once all is done.
    """

    def __init__(
        self, config: pytest.Config, root: Path, job: Job | None, case: Callable[[pytest.Item], Case | None],
        definitions: Callable[[], list[dict[str, object]] | None],
    ) -> None:  # fmt: skip
        self.config = config
        self.job = job
        self.case = case
        self.log = EventLog(Path(job.events)) if job else None
        self._definitions = definitions
        self._compared: tuple[str, str] | None = None
        """What was expected and what came, in the comparison that failed last."""
        self._touched = Touched(root) if job else None
        self._executed = Executed(root) if job else None
        self._running: tuple[pytest.Item, Case] | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keep both sides of a comparison that did not hold; what pytest says of it stays as it is."""
        if op == "==":
            self._compared = sides(left, right)

    def emit(self, event: str, **fields: Any) -> None:
        """Write an event, where somebody listens."""
        if self.log:
            if not (self.job and self.job.output):
                fields.pop("traceback", None)
            if event == "step-start":
                self._compared = None
                if self._touched:
                    self._touched.step()
            elif event == "step" and fields.get("status") == "failed" and self._compared:
                fields["compared"] = self._compared
            self.log.write(event, **fields)

    def attach(self, item: pytest.Item, made: Attachment) -> None:
        """Tell of what the running scenario has attached; what another test attaches is nobody's."""
        if self._running and self._running[0] is item:
            case = self._running[1]
            self.emit("attachment", id=case.scenario.id, params=case.params, **told(made))

    def problem(self, problem: Problem) -> None:
        """Tell of what is wrong with the run as a whole, or with a step module."""
        self.emit(
            "problem", **{name: getattr(problem, name) for name in ("level", "page", "line", "column", "message")}
        )
        if not self.log:
            self.config.issue_config_time_warning(pytest.PytestWarning(str(problem)), stacklevel=1)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        case = self.case(item)
        if case is None:
            return (yield)
        self._running = item, case
        case.renew()
        case.begun = False
        if self._touched and self._executed:
            self._touched.begin()
            self._executed.begin()
        self.emit("scenario", id=case.scenario.id, params=case.params)
        started, begun = time.perf_counter(), time.time()
        result = yield
        for picture in pictures(self.config, since=begun):
            self.attach(item, attachment(picture))
        self._running = None
        record = case.record
        measured = _measured(item.user_properties)
        self.emit(
            "end", id=case.scenario.id, params=case.params,
            status=record.status, cause=record.cause, message=record.message,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
            started=_told_time(begun), output="".join(record.output) or None,
            environment=measured.pop("environment", None), measured=measured,
            outside=self._touched is not None and self._touched.outside(),
            executed=self._executed.files() if self._executed else None,
        )  # fmt: skip
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Notice another attempt at the same test, as pytest-rerunfailures makes them."""
        if self._running is None or self._running[0] is not item:
            return
        case = self._running[1]
        if case.begun:
            record = case.record
            self.emit(
                "attempt", id=case.scenario.id, params=case.params,
                status=record.status, cause=record.cause, message=record.message,
            )  # fmt: skip
            case.renew()
        case.begun = True
        # Another attempt measures anew.
        item.user_properties[:] = [each for each in item.user_properties if not _is_measured(each)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if case := self.case(item):
            self._note(item, case.record, report, call)
        return report

    def _note(self, item: pytest.Item, record: Record, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        if self.job and self.job.output and report.when == "call":
            record.output.append(report.capstdout + report.capstderr)
        if call.excinfo is None:
            return
        if report.skipped and hasattr(report, "wasxfail"):
            record.status, record.cause, record.message = "skipped", None, f"expected to fail: {report.wasxfail}"
            return
        status, cause, message = classify(call.excinfo.value)
        if report.when == "call":
            if record.status == "passed":
                record.worsen(status, cause, f"in the test function {item.name}, after its steps: {message}")
            elif record.status == "unknown":
                record.worsen(status, cause, message)
        elif status in {"skipped", "unknown", "ambiguous"}:
            record.worsen(status, cause, message)
        else:
            record.worsen("failed", "setup" if report.when == "setup" else "teardown", f"in {report.when}: {message}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Agree with what pytest reports in the end, where a mark or a hook of the project has changed it."""
        if self._running is None or report.nodeid != self._running[0].nodeid:
            return
        record = self._running[1].record
        if report.failed and (record.status in GREEN_OR_GREY or record.is_open):
            causes: dict[str, Cause] = {"setup": "setup", "teardown": "teardown"}
            record.worsen("failed", causes.get(report.when, "assertion"), str(report.longrepr))
        elif report.skipped and record.status == "passed":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            record.worsen("skipped", None, str(reason))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Generator[None]:
        """Say that all is done when it is: other plugins write their reports until now."""
        try:
            yield
        finally:
            if self.job and (found := self._definitions()) is not None:
                self.emit("definitions", found=found)
            if self._touched:
                self.emit("opened", read=self._touched.read(), written=self._touched.written())
            self.emit("finish")


def _told_time(moment: float) -> float | None:
    """A time, unless the build is one that can be repeated (https://reproducible-builds.org/docs/source-date-epoch/)."""
    return None if os.environ.get("SOURCE_DATE_EPOCH") else round(moment, 3)


def _is_measured(entry: tuple[str, object]) -> bool:
    return str(entry[0]).startswith(MEASURED)


def _measured(properties: list[tuple[str, object]]) -> dict[str, str]:
    """Return what the steps recorded with pytest's `record_property`, by the name after `jetty.`."""
    found: dict[str, list[str]] = {}
    for name, value in filter(_is_measured, properties):
        values = found.setdefault(name.removeprefix(MEASURED), [])
        # Measured more than once: the judge holds the worst against the preset.
        values += [str(value)] if str(value) not in values else []
    return {name: SEVERAL.join(values) for name, values in found.items()}
