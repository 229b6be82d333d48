"""One pytest session that runs specification: which tests there are, what becomes of them, and who is told."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mkdocs_jetty.config import ConfigError, load
from mkdocs_jetty.hosts.pytest_items import KNOWN_RED, BrokenBlock, PageModule, ScenarioItem, refuse_defect
from mkdocs_jetty.hosts.pytest_reporter import Case, Reporter
from mkdocs_jetty.kinds import coded
from mkdocs_jetty.run import compat
from mkdocs_jetty.run.afterwards import Afterwards
from mkdocs_jetty.run.capture import CaptureKeeper
from mkdocs_jetty.run.copies import Copies
from mkdocs_jetty.run.definitions import Choice, Lookup
from mkdocs_jetty.run.execute import ScenarioRun, Script, place_of
from mkdocs_jetty.run.job import Job, read_job
from mkdocs_jetty.run.launch import make_importable
from mkdocs_jetty.run.modules import StepModule, Tree
from mkdocs_jetty.run.offers import binds
from mkdocs_jetty.run.rows import row_names
from mkdocs_jetty.run.selection import chosen
from mkdocs_jetty.run.tracebacks import NoTracebacks
from mkdocs_jetty.run.unrun import refuse_unrun_body
from mkdocs_jetty.spec.docstrings import as_given
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES, relative
from mkdocs_jetty.spec.model import MODES, Page, Problem, Scenario, Spec

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

OUTPUT = "output.txt"
"""What the process of a build prints to, beside its job."""
PAGES = (*MARKDOWN_SUFFIXES, ".feature")


def ordered(config: pytest.Config, order: Path) -> JettySession:
    """The session of a child process: all it is to do stands in its job."""
    job = read_job(order)
    _leave_with(job.parent)
    _write_no_bytecode()
    session = JettySession(config, Path(job.root), job.steps, warn=job.ambiguous == "warn", job=job)
    session.output = order.with_name(OUTPUT)
    return session


def _leave_with(parent: int | None) -> None:
    """End a process whose parent was gone before anybody could watch over the two."""
    if sys.platform != "win32" and parent not in (None, os.getppid()):  # on Windows a launcher stands between
        os._exit(1)


def _write_no_bytecode() -> None:
    """Leave no bytecode of the project from here on: it is older than its source by the next edit within a second.

    The plugins are loaded by now: pytest keeps what it rewrote of them, so the next process need not do it again.
    """
    if os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1"):
        sys.dont_write_bytecode = True


def asked(config: pytest.Config, path: Path) -> JettySession | None:
    """The session of somebody who runs pytest by hand, if it can concern the specification."""
    try:
        settings = load(path)
    except ConfigError as error:
        raise pytest.UsageError(coded(str(error))) from error
    session = JettySession(config, settings.root, settings.steps, warn=settings.ambiguous == "warn", settings=settings)
    return session if session.is_asked_for() else None


class JettySession:
    """All that one pytest session knows of the specification."""

    def __init__(
        self, config: pytest.Config, root: Path, steps: tuple[str, ...], *,
        warn: bool, job: Job | None = None, settings: Settings | None = None,
    ) -> None:  # fmt: skip
        self.config = config
        self.root = root
        self.steps = steps
        self.job = job
        self._warn = warn
        self._settings = settings
        self.reporter = Reporter(config, root, job, self.case, self._definitions)
        if job:
            _limit_memory(job.memory_limit)
        self.output: Path | None = None
        """The file that the process itself prints to."""
        self._cases: dict[pytest.Item, Case | None] = {}
        self._collected = False
        self._deselected: list[Case] = []
        self._left: frozenset[str] = frozenset()
        """The scenarios to run that no test module binds."""

    # ---- before anything is collected ----

    def register(self) -> None:
        """Join in, with what sees to it that a step spoils its own scenario only, whatever it does to the process."""
        plugins = self.config.pluginmanager
        plugins.register(self, "jetty-session")
        plugins.register(self.reporter, "jetty-reporter")
        plugins.register(CaptureKeeper(self.config, self.output), "jetty-capture")
        plugins.register(Copies(self.reporter.log), "jetty-copies")
        if self.job and not self.job.output:
            plugins.register(NoTracebacks(self.config), "jetty-no-tracebacks")
        plugins.register(Afterwards(self.config, self.reporter.log), "jetty-afterwards")

    @property
    def entries(self) -> list[str]:
        """What of `steps` pytest is to collect itself; a `conftest.py` comes with its directory."""
        return [entry for entry in self.steps if (self.root / entry).exists() and Path(entry).name != "conftest.py"]

    def is_asked_for(self) -> bool:
        """Tell whether what pytest was told to run can hold specification."""
        assert self._settings
        places = [self._settings.docs_dir, *(self.root / entry for entry in self._settings.features)]
        known = self.config.known_args_namespace
        names = known.file_or_dir or self.config.getini("testpaths") or ["."]
        asked = [Path(os.path.normpath(self.config.invocation_params.dir / each.split("::", 1)[0])) for each in names]
        return any(each.is_relative_to(place) or place.is_relative_to(each) for each in asked for place in places)

    @contextmanager
    def loading(self) -> Iterator[None]:
        """While pytest loads its first `conftest.py` files: one of the steps that does not import ends nothing."""
        make_importable(str(self.root))
        if not self.job:
            yield
        release = compat.guard_conftests(self.config, self._broken)
        try:
            if self.job:
                yield
            for entry in self.steps:
                place = self.root / entry
                if place.exists():
                    compat.load_conftests(self.config, place if place.is_dir() else place.parent)
        finally:
            release()

    def _broken(self, error: BaseException, path: Path) -> None:
        self._early[path] = error

    @cached_property
    def _early(self) -> dict[Path, BaseException]:
        """The `conftest.py` files that did not import before the session began."""
        return {}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        for mode in MODES:
            config.addinivalue_line("markers", f"{mode}: a scenario in {mode} mode (mkdocs-jetty)")
        context = ExitStack()
        context.enter_context(compat.executing(self._bound))
        config.add_cleanup(context.close)

    # ---- collection ----

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        self.reporter.emit("start")
        compat.order_by_place(session)
        self.tree = Tree(session, self.root, self.steps, self.reporter.problem, whole=self.job is not None)
        for path, error in self._early.items():
            self.tree.tell(error, path)
        self.config.pluginmanager.register(self.tree, "jetty-steps")
        # The process that only deals out the work to pytest-xdist's workers collects nothing itself.
        if self.config.getoption("dist", "no") != "no":
            self._check_declaration()

    def _check_declaration(self) -> None:
        """Stop for a wrong `jetty.toml` before anything runs; a build has done that before it started its child."""
        if self._settings is None or hasattr(self.config, "workerinput"):
            return
        from mkdocs_jetty.assess import declared

        try:
            declared(self._settings, self.spec)
        except ConfigError as error:
            raise pytest.UsageError(coded(str(error))) from error

    @cached_property
    def lookup(self) -> Lookup:
        """The step definitions, loaded for the first page: a run of unit tests has no business with them."""
        return Lookup(self.tree, warn=self._warn)

    @cached_property
    def spec(self) -> Spec:
        """The specification: what was handed over, or else read once."""
        if self.job:
            return self.job.spec
        from mkdocs_jetty.spec.reader import read

        assert self._settings
        return read(self._settings)

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
        pages = {page.path: page for page in self.spec.pages}
        pages |= {path: Page(path, path, ()) for path in self.errors if path and path not in pages}
        return {Path(os.path.abspath(self.root / path)): page for path, page in pages.items()}  # noqa: PTH100 - links stay links

    @cached_property
    def _by_place(self) -> dict[tuple[Path, int], list[Scenario]]:
        """The scenarios of each `.feature` file by their line; the rows of an outline in their order."""
        found: dict[tuple[Path, int], list[Scenario]] = {}
        for feature in self.spec.features:
            path = (self.root / feature.page).resolve()
            for scenario in feature.scenarios if path.suffix == ".feature" else ():
                found.setdefault((path, scenario.line), []).append(scenario)
        return found

    def case(self, item: pytest.Item) -> Case | None:
        """Return what is known of an item that runs a scenario; asked of every test of a project."""
        if item not in self._cases:
            scenario = item.scenario if isinstance(item, ScenarioItem) else self._scenario_of(item)
            self._cases[item] = Case(scenario) if scenario else None
        return self._cases[item]

    def _scenario_of(self, item: pytest.Item) -> Scenario | None:
        """The scenario that a test function binds."""
        template = compat.template_of(getattr(item, "function", None))
        if template is None:
            return None
        rows = self._by_place.get((Path(template.feature.filename).resolve(), template.line_number), [])
        row = compat.row_of(item)
        return rows[row] if row < len(rows) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        found = yield
        if self.job:  # only what binds scenarios matters
            return [each for each in found if type(each) in {pytest.Module, StepModule}]
        if file_path.suffix in PAGES and (page := self.pages.get(file_path)):
            self._collected = True
            return [*found, PageModule.from_parent(parent, path=file_path, jetty=self, page=page)]
        return found

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, obj: object) -> list[pytest.Item] | None:
        """In a build, thousands of unit tests beside the steps cost nothing."""
        if self.job is None or isinstance(collector, PageModule) or compat.template_of(obj) is not None:
            return None
        return None if isinstance(obj, type) and binds(obj) else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        compat.note_parameters(metafunc)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        if self.job:
            items[:] = self._wanted(session, items, self.job)
            return
        if self._collected:
            self._check_declaration()
            self._obey_options(session, items)
        for item in items:
            case = None if isinstance(item, ScenarioItem) else self.case(item)
            if case:
                item.add_marker(getattr(pytest.mark, case.scenario.mode))
                if case.scenario.wip:
                    item.add_marker(KNOWN_RED)

    def _obey_options(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Leave out what the option `tags` leaves out, and fail for what is wrong with the site's file."""
        assert self._settings
        wanted, problems = chosen(self.spec, self._settings)
        if problems or wanted is None:
            wanted = frozenset(each.id for _, each in self.spec.scenarios())
        left_out = {item for item in items if isinstance(item, ScenarioItem) and item.scenario.id not in wanted}
        if left_out:
            self.config.hook.pytest_deselected(items=[*left_out])
            items[:] = [item for item in items if item not in left_out]
        config_file = self._settings.config_file
        name = config_file.name if config_file else ""
        problems += [each for page in ("", name) for each in self.errors.get(page, ())]
        items += BrokenBlock.of_file(session, self.root / name, dict.fromkeys(problems))

    def _wanted(self, session: pytest.Session, items: list[pytest.Item], job: Job) -> list[pytest.Item]:
        """The tests of the scenarios that are to run: those that modules bind, and all others as the pages' own."""
        self._left = frozenset(job.ids)
        known = {item.getparent(pytest.Module) for item in items}
        nodes = [node for node in self.lookup.offers.binding.values() if node not in known]
        taken = [node for node in nodes if self._is_taken(node.path)]
        found = self._bound_by([*items, *self._items(session, taken)])
        # A module that pytest would not take for tests, such as one that others import, binds what is left.
        found += self._bound_by(self._items(session, [node for node in nodes if node not in taken]))
        for path, page in self.pages.items():
            if any(scenario.id in self._left for scenario in self._scenarios(page)):
                *_, above = (session, *self.tree.directory(path.parent))
                if not self._stands_below_broken(path):
                    module = PageModule.from_parent(above, path=path, jetty=self, page=page)
                    found += [item for item in session.genitems(module) if self.case(item)]
        self._name_rows(found)
        return self._urgent_first([item for item in found if not self._is_settled(item, job)], job.first)

    def _urgent_first(self, items: list[pytest.Item], first: Sequence[str]) -> list[pytest.Item]:
        """Module by module, as a fixture may belong to a whole module: the one with the most urgent scenario first."""
        rank = {scenario_id: number for number, scenario_id in enumerate(first)}
        urgency: dict[object, int] = {}
        for item in items:
            case, module = self.case(item), item.getparent(pytest.Module)
            if case:
                own = rank.get(case.scenario.id, len(rank))
                urgency[module] = min(own, urgency.get(module, own))
        return sorted(items, key=lambda item: urgency.get(item.getparent(pytest.Module), len(rank)))

    def _is_taken(self, path: Path) -> bool:
        return path in [self.root / entry for entry in self.steps] or compat.is_test_file(self.config, path)

    def _items(self, session: pytest.Session, nodes: Iterable[pytest.Module]) -> list[pytest.Item]:
        return [item for node in nodes for item in session.genitems(node)]

    def _bound_by(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Those of some tests that bind a scenario which is left, and nothing of it is left then."""
        found = {item: case.scenario.id for item in items if (case := self.case(item))}
        found = {item: one for item, one in found.items() if one in self._left}
        self._left -= {*found.values()}
        return [*found]

    def _stands_below_broken(self, path: Path) -> bool:
        return any(file.name == "conftest.py" and path.is_relative_to(file.parent) for file in self.tree.broken)

    def _scenarios(self, page: Page) -> Iterator[Scenario]:
        for feature in self.spec.features:
            if feature.page == page.path:
                yield from feature.scenarios

    def is_left(self, path: Path, scenario: Scenario) -> bool:
        """Tell whether a scenario of a page is the page's own to run, and no test module's."""
        if self.job:
            return scenario.id in self._left
        return not self.lookup.offers.bound or (path.resolve(), scenario.line) not in self.lookup.offers.bound

    def skipped_with(self, path: Path, scenario: Scenario) -> str:
        """Why the test module that would bind a scenario skips itself; empty where none does."""
        named = scenario.outline or scenario.name
        found = (each for each in self.tree.skipped.values() if each.skips(path.resolve(), named))
        return next((f"{relative(self.root, each.path)}: {each.reason}" for each in found), "")

    def _name_rows(self, items: list[pytest.Item]) -> None:
        by_scenario: dict[str, list[pytest.Item]] = {}
        for item in items:
            if case := self.case(item):
                by_scenario.setdefault(case.scenario.id, []).append(item)
        for several in by_scenario.values():
            for item, params in zip(several, row_names(several, self.root), strict=True):
                self._cases[item].params = params  # type: ignore[union-attr]

    def _is_settled(self, item: pytest.Item, job: Job) -> bool:
        case = self.case(item)
        return case is None or case.params in job.settled.get(case.scenario.id, ())

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note what the project's own configuration of pytest leaves out: `-m`, `-k`, `--deselect`, a hook."""
        if self.job:
            self._deselected += [case for item in items if (case := self.case(item))]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        cases = [case for item in session.items if self.job and (case := self.case(item))]
        rows: dict[str, list[str | None]] = {}
        for case in (*cases, *self._deselected):
            rows.setdefault(case.scenario.id, []).append(case.params)
        self.reporter.emit("plan", rows=rows)
        for case in self._deselected:
            given = {"id": case.scenario.id, "params": case.params}
            self.reporter.emit("scenario", **given)
            self.reporter.emit("end", **given, status="unknown", cause="not-selected", message=self._left_out())

    def _left_out(self) -> str:
        options = ((name, self.config.getoption(name, None)) for name in ("-m", "-k"))
        said = " ".join(f'`{name} "{value}"`' for name, value in options if value)
        return f"left out by the project's own configuration of pytest{f': {said}' if said else ''}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
        item = compat.item_of(request)
        if isinstance(item, ScenarioItem):
            item.check_one(fixturedef, request)

    # ---- running ----

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        if isinstance(pyfuncitem, ScenarioItem) or self.case(pyfuncitem) is None:
            return (yield)
        with compat.checking_value(pyfuncitem, refuse_unrun_body):
            return (yield)

    def run_page(self, item: ScenarioItem, script: Script, request: pytest.FixtureRequest) -> None:
        """Run the steps of a page's scenario."""
        __tracebackhide__ = True
        case = self.case(item)
        assert case
        self._run(case, script, request)

    def _run(self, case: Case, script: Script, request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        case.renew()
        emit = partial(self.reporter.emit, id=case.scenario.id, params=case.params)
        ScenarioRun(request, script, case.record, emit).run()

    def _bound(self, stock: compat.Execute) -> compat.Execute:
        """Return what stands in for the step loop of pytest-bdd, for the scenarios of the specification."""

        def execute(feature: Any, scenario: compat.BddScenario, request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            case = self.case(request.node)
            if case is None:
                stock(feature, scenario, request)
                return
            refuse_defect(case.scenario)
            compat.leave_out(scenario, "when" if self.job and self.job.without_when else None)
            _refuse_other_steps(case.scenario, scenario)
            choices = [self.lookup.bound(request.node, step.type, step.name) for step in scenario.steps]
            self._lend(request, choices)
            hook = compat.hooks_without(self.config, self.lookup.offers.plain_hooks)
            self._run(case, Script(case.scenario, scenario, choices, hook), request)

        return execute

    def _lend(self, request: pytest.FixtureRequest, choices: list[Choice]) -> None:
        """Give a test function the fixtures of plain step modules that serve it, as if it stood below them."""
        lent = [choice.definition.offer for choice in choices if choice.lent and choice.definition]
        offers = [offer for offer in dict.fromkeys(lent) if offer]
        if offers:
            compat.stand_below(request.node, [offer.node for offer in offers])
            for name in dict.fromkeys(name for offer in offers for name in offer.autouse):
                request.getfixturevalue(name)

    def _definitions(self) -> list[dict[str, object]] | None:
        """The step definitions of the project, and others that serve a step; None where nobody has asked for any."""
        if "lookup" not in vars(self):
            return None
        return [
            {
                "place": place_of(each, self.config.rootpath),
                "type": each.context.type,
                "pattern": each.context.parser.name,
                "description": " ".join((inspect.getdoc(each.context.step_func) or "").split("\n\n")[0].split()),
                "stock": each.is_stock,
                "used": used,
            }
            for each, used in self.lookup.every()
            if used or each.file.is_relative_to(self.root)
        ]


def _refuse_other_steps(shown: Scenario, ran: compat.BddScenario) -> None:
    """Refuse to run anything but what was read and is shown."""
    told = [(step.text, _cells(step.table), _lines(step.docstring)) for step in shown.steps]
    made = [(step.name, _cells(step.datatable and step.datatable.raw()), _lines(step.docstring)) for step in ran.steps]
    if told != made:
        said, done = next(
            ((one, other) for one, other in zip([*told, None], [*made, None], strict=False) if one != other),
            (told[-1:], made[-1:]),
        )
        pytest.fail(
            f"what would run is not what is shown: pytest-bdd read {_first(done)} where the specification has "
            f"{_first(said)}; has the file been changed during the run?",
            pytrace=False,
        )


def _first(step: Any) -> str:
    return repr(step[0]) if step else "nothing"


def _cells(table: Any) -> list[list[str]] | None:
    return None if table is None else [[str(cell) for cell in row] for row in table]


def _lines(text: str | None) -> list[str] | None:
    return None if text is None else [line.rstrip() for line in as_given(text).splitlines()]


def _limit_memory(mebibytes: int | None) -> None:
    if mebibytes:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))
