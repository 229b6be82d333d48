"""The pytest plugin: `pytest docs/` collects the scenarios on the pages as ordinary items, and so does the build.

With `--jetty-run` (the build's own child process) what happens is also written to an event log as it happens.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Generator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from mkdocs_jetty.config_names import CONFIG_NAMES

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.hosts.pytest_items import ScenarioItem
    from mkdocs_jetty.run.definitions import Lookup
    from mkdocs_jetty.run.events import EventLog
    from mkdocs_jetty.run.model import Cause
    from mkdocs_jetty.spec.model import Page, Problem, Spec

MEASURED = "jetty."
"""How the names of properties begin that are numbers a scenario ran with."""
SEVERAL = "; "
"""Between the values of a name that was recorded more than once."""
# Named in a list or as a key: a site that only speaks of a jetty has not asked for anything.
DECLARED = re.compile(r"""(?:^|[\[,{.-])[ \t]*["']?(?:mkdocs_)?jetty["']?[ \t]*(?:$|[:,\]}#])""", re.MULTILINE)
OUTPUT = "output.txt"
"""What the process of a build prints to, beside its job."""
GREEN_OR_GREY = ("passed", "skipped")
# What a project's own options would hide from a build, undone: tryfirst, so that no other plugin has read them yet.
UNHIDE: dict[str, Any] = {
    "collectonly": False, "setuponly": False, "setupplan": False, "lf": False, "failedfirst": False,
    "stepwise": False, "stepwise_skip": False, "deselect": None, "ignore": None, "ignore_glob": None,
    # Workers of pytest-xdist: the build deals out the scenarios itself.
    "numprocesses": 0, "dist": "no", "tx": [],
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("jetty", "living specifications (mkdocs-jetty)")
    group.addoption(
        "--jetty-run", default=None, metavar="FILE", help="a run that a build asks for; not for use by hand"
    )
    parser.addini("jetty_config", "the mkdocs.yml to read, relative to the root directory", default="")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    order = config.getoption("--jetty-run")
    request = json.loads(Path(order).read_text("utf-8")) if order else {}
    if request:
        _leave_with(request.get("parent"))
        vars(config.option).update((name, value) for name, value in UNHIDE.items() if hasattr(config.option, name))
    path = Path(request["config"]) if request else _config_file(config)
    if path is not None:
        session = JettySession(config, path, request)
        config.pluginmanager.register(session, "jetty-session")
        output = Path(order).with_name(OUTPUT) if order else None
        _register_guards(config, session.log, output, output_shown=session.output)


def _leave_with(parent: int | None) -> None:
    """End a process whose parent was gone before anybody could watch over the two."""
    if sys.platform != "win32" and parent not in (None, os.getppid()):  # on Windows a launcher stands between
        os._exit(1)


def _register_guards(config: pytest.Config, log: EventLog | None, output: Path | None, *, output_shown: bool) -> None:
    """See to it that a step spoils its own scenario only, whatever it does to the process."""
    from mkdocs_jetty.run.afterwards import Afterwards
    from mkdocs_jetty.run.capture import CaptureKeeper
    from mkdocs_jetty.run.copies import Copies

    config.pluginmanager.register(CaptureKeeper(config, output), "jetty-capture")
    config.pluginmanager.register(Copies(log), "jetty-copies")
    if log and not output_shown:
        from mkdocs_jetty.run.tracebacks import NoTracebacks

        config.pluginmanager.register(NoTracebacks(config), "jetty-no-tracebacks")
    config.pluginmanager.register(Afterwards(config, log), "jetty-afterwards")


def _config_file(config: pytest.Config) -> Path | None:
    named = config.getini("jetty_config")
    for name in [named] if named else CONFIG_NAMES:
        path = config.rootpath / name
        # A site without the plugin is left alone, before anything heavy is imported.
        if path.is_file() and (named or DECLARED.search(path.read_text("utf-8", "replace"))):
            return path
    return None


class JettySession:
    """All that one pytest session knows of the specification."""

    def __init__(self, config: pytest.Config, path: Path, request: dict[str, Any]) -> None:
        from mkdocs_jetty.config import ConfigError, load

        self.config = config
        self.wanted: frozenset[str] | None = frozenset(request["ids"]) if request else None
        self.log: EventLog | None = None
        if request:
            # Loaded while there is memory for it: under a limit, an import fails in any way.
            from mkdocs_jetty.run import capture, copies, tracebacks  # noqa: F401
            from mkdocs_jetty.run.events import EventLog

            self.log = EventLog(Path(request["events"]))
            _limit_memory(request.get("memory_limit"))
        self._running: ScenarioItem | None = None
        self._collected = False
        self.output = bool(request.get("output"))
        self.without_when = bool(request.get("without_when"))
        try:
            self.settings: Settings = load(path)
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from error
        if request:
            self.settings = replace(self.settings, unpublished=tuple(request["unpublished"]))

    # ---- collection ----

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        self.emit("start")
        self.session = session
        # The process that only deals out the work to pytest-xdist's workers collects nothing itself.
        if self.config.getoption("dist", "no") != "no" and self._is_asked_for():
            self._check_declaration()

    def _is_asked_for(self) -> bool:
        """Whether what pytest was told to run can hold specification."""
        places = [self.settings.docs_dir, *(self.settings.root / entry for entry in self.settings.features)]
        asked = [self.config.invocation_params.dir / each.split("::", 1)[0] for each in self.config.args]
        return any(each.is_relative_to(place) or place.is_relative_to(each) for each in asked for place in places)

    def _check_declaration(self) -> None:
        """Stop for a wrong `jetty.toml` before anything runs; a build has done that before it started its child."""
        if self.wanted is not None or hasattr(self.config, "workerinput"):
            return
        from mkdocs_jetty.assess import declared
        from mkdocs_jetty.config import ConfigError

        try:
            declared(self.settings, self.spec)
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from error

    @cached_property
    def lookup(self) -> Lookup:
        """The step definitions, loaded for the first page: a run of unit tests has no business with them."""
        from mkdocs_jetty.run.definitions import Lookup
        from mkdocs_jetty.run.modules import load_steps, step_files

        root = self.settings.root
        offers = load_steps(self.session, root, self.settings.steps, self._report)
        return Lookup(root, frozenset(step_files(root, self.settings.steps)).__contains__, offers)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        # Unit tests load nothing of ours, not even the suffixes of pages.
        if file_path.suffix in {".py", ".pyc"}:
            return None
        from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES

        if file_path.suffix not in {*MARKDOWN_SUFFIXES, ".feature"}:
            return None
        page = self.pages.get(file_path)
        if page is None:
            return None
        from mkdocs_jetty.hosts.pytest_items import PageModule

        self._collected = True
        module: pytest.Collector = PageModule.from_parent(parent, path=file_path, jetty=self, page=page)
        return module

    @cached_property
    def spec(self) -> Spec:
        """The specification, read once."""
        from mkdocs_jetty.spec.reader import read

        spec = read(self.settings)
        if self.without_when:
            from mkdocs_jetty.run.narrow import without_when

            spec = without_when(spec)
        return spec

    @cached_property
    def errors(self) -> dict[str, list[Problem]]:
        """What is wrong with the pages, by their paths in the project."""
        found: dict[str, list[Problem]] = {}
        for problem in self.spec.problems:
            if problem.level == "error":
                found.setdefault(problem.page, []).append(problem)
        return found

    @cached_property
    def pages(self) -> dict[Path, Page]:
        """The pages that hold specification, or were meant to, by their files."""
        from mkdocs_jetty.spec.model import Page

        pages = {page.path: page for page in self.spec.pages}
        if self.wanted is None:
            pages |= {path: Page(path, path, ()) for path in self.errors if path and path not in pages}
        root = self.settings.root
        return {Path(os.path.abspath(root / path)): page for path, page in pages.items()}  # noqa: PTH100 - links stay links

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._collected:
            self._check_declaration()
        if self.wanted is None:
            return
        keep = [item for item in items if (one := self._own(item)) and one.scenario.id in self.wanted]
        gone = [item for item in items if item not in keep]
        items[:] = keep
        config.hook.pytest_deselected(items=gone)

    def _own(self, item: object) -> ScenarioItem | None:
        """The item as a scenario, if it is one; asked of every test of a project, so without an import."""
        return cast("ScenarioItem", item) if getattr(item, "jetty", None) is self else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
        if item := self._own(request._pyfuncitem):
            item.check_one(fixturedef, request)

    # ---- events ----

    def emit(self, event: str, **fields: Any) -> None:
        """Write an event, where somebody listens."""
        if self.log:
            if not self.output:
                fields.pop("traceback", None)
            self.log.write(event, **fields)

    def _report(self, problem: Problem) -> None:
        self.emit(
            "problem", **{name: getattr(problem, name) for name in ("level", "page", "line", "column", "message")}
        )
        if not self.log:
            self.config.issue_config_time_warning(pytest.PytestWarning(str(problem)), stacklevel=1)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        one = self._running = self._own(item)
        if one is None:
            return (yield)
        one.reset()
        # A second attempt measures anew.
        one.user_properties[:] = [each for each in one.user_properties if not _is_measured(each)]
        self.emit("scenario", id=one.scenario.id)
        started = time.perf_counter()
        result = yield
        self._running = None
        record = one.record
        measured = _measured(one.user_properties)
        self.emit(
            "end", id=one.scenario.id, status=record.status, cause=record.cause, message=record.message,
            duration_ms=round((time.perf_counter() - started) * 1000, 3), output="".join(record.output) or None,
            environment=measured.pop("environment", None), measured=measured,
        )  # fmt: skip
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if one := self._own(item):
            self._note(one, report, call)
        return report

    def _note(self, item: ScenarioItem, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        from mkdocs_jetty.run.execute import classify

        record = item.record
        if self.output and report.when == "call":
            record.output.append(report.capstdout + report.capstderr)
        if call.excinfo is None:
            return
        if report.skipped and hasattr(report, "wasxfail"):
            record.status, record.cause, record.message = "skipped", None, f"expected to fail: {report.wasxfail}"
            return
        status, cause, message = classify(call.excinfo.value)
        if report.when == "call":
            if record.status in {"unknown", "passed"}:
                record.worsen(status, cause, message)
        elif status in {"skipped", "unknown", "ambiguous"}:
            record.worsen(status, cause, message)
        else:
            record.worsen("failed", "setup" if report.when == "setup" else "teardown", f"in {report.when}: {message}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Agree with what pytest reports in the end, where a mark or a hook of the project has changed it."""
        item = self._running
        if item is None or report.nodeid != item.nodeid:
            return
        record = item.record
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
            self.emit("finish")


def _is_measured(entry: tuple[str, object]) -> bool:
    return str(entry[0]).startswith(MEASURED)


def _measured(properties: list[tuple[str, object]]) -> dict[str, str]:
    """What the steps recorded with pytest's `record_property`, by the name after `jetty.`."""
    found: dict[str, list[str]] = {}
    for name, value in filter(_is_measured, properties):
        values = found.setdefault(name.removeprefix(MEASURED), [])
        # Measured more than once: the judge holds the worst against the preset.
        values += [str(value)] if str(value) not in values else []
    return {name: SEVERAL.join(values) for name, values in found.items()}


def _limit_memory(mebibytes: int | None) -> None:
    if mebibytes:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
