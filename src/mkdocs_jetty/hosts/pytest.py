"""The pytest plugin: `pytest docs/` collects the scenarios on the pages as ordinary items, and so does the build.

With `--jetty-run` (the build's own child process) what happens is also written to an event log as it happens.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.run.definitions import Lookup
    from mkdocs_jetty.run.events import EventLog
    from mkdocs_jetty.run.execute import Record
    from mkdocs_jetty.spec.model import Feature, Page, Problem, Scenario, Spec

CONFIG_NAMES = ("mkdocs.yml", "mkdocs.yaml", "properdocs.yml", "properdocs.yaml")
MEASURED = "jetty."
"""How the names of properties begin that are numbers a scenario ran with."""
SEVERAL = "; "
"""Between the values of a name that was recorded more than once."""
# Named in a list or as a key: a site that only speaks of a jetty has not asked for anything.
DECLARED = re.compile(r"""(?:^|[\[,{-])[ \t]*["']?(?:mkdocs_)?jetty["']?[ \t]*(?:$|[:,\]}#])""", re.MULTILINE)
# What a project's own options would hide from a build, undone: tryfirst, so that no other plugin has read them yet.
UNHIDE = {
    "collectonly": False, "setuponly": False, "setupplan": False, "lf": False, "failedfirst": False,
    "stepwise": False, "stepwise_skip": False, "deselect": None, "ignore": None, "ignore_glob": None,
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
        vars(config.option).update((name, value) for name, value in UNHIDE.items() if hasattr(config.option, name))
    path = Path(request["config"]) if request else _config_file(config)
    if path is not None:
        config.pluginmanager.register(JettySession(config, path, request), "jetty-session")


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
            from mkdocs_jetty.run.events import EventLog

            self.log = EventLog(Path(request["events"]))
            _limit_memory(request.get("memory_limit"))
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

    @cached_property
    def lookup(self) -> Lookup:
        """The step definitions, loaded for the first page: a run of unit tests has no business with them."""
        from mkdocs_jetty.run.definitions import Lookup
        from mkdocs_jetty.run.modules import load_steps, step_files

        root = self.settings.root
        load_steps(self.session, root, self.settings.steps, self._report)
        return Lookup(root, frozenset(step_files(root, self.settings.steps)).__contains__)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path.suffix not in {".md", ".feature"}:
            return None
        page = self.pages.get(file_path)
        return PageModule.from_parent(parent, path=file_path, jetty=self, page=page) if page else None

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
    def pages(self) -> dict[Path, Page]:
        """The pages that hold specification, by their files."""
        root = self.settings.root
        return {Path(os.path.abspath(root / page.path)): page for page in self.spec.pages}  # noqa: PTH100 - links stay links

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self.wanted is None:
            return
        keep = [item for item in items if isinstance(item, ScenarioItem) and item.scenario.id in self.wanted]
        gone = [item for item in items if item not in keep]
        items[:] = keep
        config.hook.pytest_deselected(items=gone)

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
        if not isinstance(item, ScenarioItem):
            return (yield)
        item.reset()
        # A second attempt measures anew.
        item.user_properties[:] = [each for each in item.user_properties if not _is_measured(each)]
        self.emit("scenario", id=item.scenario.id)
        started = time.perf_counter()
        result = yield
        record = item.record
        measured = _measured(item.user_properties)
        self.emit(
            "end", id=item.scenario.id, status=record.status, cause=record.cause, message=record.message,
            duration_ms=round((time.perf_counter() - started) * 1000, 3), output="".join(record.output) or None,
            environment=measured.pop("environment", None), measured=measured,
        )  # fmt: skip
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, ScenarioItem):
            self._note(item.record, report, call)
        return report

    def _note(self, record: Record, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        from mkdocs_jetty.run.execute import classify

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
        elif status in {"skipped", "unknown"}:
            record.worsen(status, cause, message)
        else:
            record.worsen("failed", "setup" if report.when == "setup" else "teardown", f"in {report.when}: {message}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.emit("finish", exitstatus=int(exitstatus))


class PageModule(pytest.Module):
    """A page as a module: its scenarios are its items."""

    def __init__(self, *, jetty: JettySession, page: Page, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.jetty = jetty
        self.page = page

    def _getobj(self) -> Any:
        import types

        module = types.ModuleType(self.path.stem.replace("-", "_").replace(".", "_"))
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """Every scenario of the page, and an item that fails for each block that cannot be read."""
        from mkdocs_jetty.run.execute import bdd_feature

        taken: set[str] = set()
        _ = self.jetty.lookup  # loaded before any item asks which fixtures it sees
        for feature in self.jetty.spec.features:
            if feature.page == self.page.path:
                bdd = bdd_feature(feature, self.path, self.jetty.settings.root)
                for scenario in feature.scenarios:
                    yield self._item(feature, scenario, bdd, taken)
        if self.jetty.wanted is None:
            for block in self.page.blocks:
                if block.problems and not block.items:
                    yield BrokenBlock.from_parent(self, name=f"line {block.line}", problems=block.problems)

    def _item(self, feature: Feature, scenario: Scenario, bdd: Any, taken: set[str]) -> ScenarioItem:
        name, count = scenario.name or "(no name)", 1
        while name in taken:
            count += 1
            name = f"{scenario.name} ({count})"
        taken.add(name)

        def run(request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            request.node.run_scenario(request)

        run.__doc__ = f"{feature.name}: {scenario.name}"
        marks: Any = pytest.mark
        for tag in scenario.tags:
            marks._markers.add(tag[1:])  # a tag is no typing error, so `--strict-markers` has nothing to say
            self.config.hook.pytest_bdd_apply_tag(tag=tag[1:], function=run)
        item = ScenarioItem.from_parent(self, name=name, callobj=run)
        item.jetty, item.scenario, item.bdd = self.jetty, scenario, bdd
        if scenario.wip and self.jetty.wanted is None:
            item.add_marker(pytest.mark.xfail(strict=True, reason="known red (@wip)"))
        item.reset()
        return item


class ScenarioItem(pytest.Function):
    """One scenario, or one row of an outline."""

    jetty: JettySession
    scenario: Scenario
    bdd: Any
    record: Record

    def reset(self) -> None:
        """Forget an earlier attempt."""
        from mkdocs_jetty.run.execute import Record

        self.record = Record()

    def run_scenario(self, request: pytest.FixtureRequest) -> None:
        """Run the steps, as the item's test function."""
        __tracebackhide__ = True
        from mkdocs_jetty.run.execute import ScenarioRun

        self.reset()
        if self.scenario.defect:
            pytest.fail(DEFECTS[self.scenario.defect], pytrace=False)
        root = self.jetty.settings.root
        page = getattr(self.parent, "page", None)
        named = [root / step for step in page.steps] if page else []
        ScenarioRun(request, self.scenario, self.bdd, self.record, self.jetty.emit, self.jetty.lookup, named).run()

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, (self.scenario.row_line or self.scenario.line) - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        from pytest_bdd.exceptions import StepDefinitionNotFoundError

        from mkdocs_jetty.run.execute import AmbiguousStepError

        step = self.record.failed_step
        page = self.jetty.settings.root / getattr(self.parent, "page").path  # noqa: B009 - the parent is a PageModule
        place = page.relative_to(self.config.rootpath) if page.is_relative_to(self.config.rootpath) else page
        head = f"{place}:{step.line}: {step.keyword} {step.text}" if step else f"{place}:{self.scenario.line}"
        if excinfo.errisinstance((AmbiguousStepError, StepDefinitionNotFoundError)) or self.scenario.defect:
            return f"{head}\n{excinfo.value}"
        own = excinfo.traceback.filter(lambda entry: not OURS.intersection(Path(entry.path).parts))
        excinfo.traceback = own or excinfo.traceback
        return f"{head}\n\n{super().repr_failure(excinfo)}"


# Frames of these are no news to the author of a step.
OURS = {"_pytest", "pluggy", "pytest_bdd", "mkdocs_jetty"}
DEFECTS = {
    "no-steps": "this scenario has no steps, so it proves nothing",
    "no-rows": "this outline has no Examples row, so nothing runs",
    "invalid-gherkin": "this is not valid Gherkin",
}


class BrokenBlock(pytest.Item):
    """A block that cannot be read: it fails, and leaves its neighbours alone."""

    def __init__(self, *, problems: tuple[Problem, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problems = problems

    def runtest(self) -> None:
        """Fail with what is wrong, unless that is only worth a warning."""
        if any(problem.level == "error" for problem in self.problems):
            pytest.fail("\n".join(str(problem) for problem in self.problems), pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.problems[0].line, self.name


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
