"""A page as a pytest module: its scenarios are test functions, and what is wrong with it fails.

pytest itself makes the tests of these functions, with marks, parameters and fixtures. All that is told it besides is
where they stand: beside the step modules that serve them.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd.exceptions import StepDefinitionNotFoundError

from mkdocs_jetty.errors import plain, plain_lines
from mkdocs_jetty.run import compat
from mkdocs_jetty.run.compat import Node
from mkdocs_jetty.run.execute import AmbiguousStepError, Script, bdd_feature, bdd_scenario
from mkdocs_jetty.run.offers import AmbiguousFixtureError, Place, file_of

if TYPE_CHECKING:
    from mkdocs_jetty.hosts.pytest_session import JettySession
    from mkdocs_jetty.run.definitions import Standing
    from mkdocs_jetty.spec.model import Feature, Page, Problem, Scenario

# Frames of these are no news to the author of a step.
OURS = {"_pytest", "pluggy", "pytest_bdd", "mkdocs_jetty"}
DEFECTS = {
    "no-steps": "this scenario has no steps, so it proves nothing",
    "no-rows": "this outline has no Examples row, so nothing runs",
    "invalid-gherkin": "this is not valid Gherkin",
}
OPTIMIZED = (
    "Python runs without assertions (-O or PYTHONOPTIMIZE), so this scenario would prove nothing; run it without them"
)
KNOWN_RED = pytest.mark.xfail(strict=True, reason="known red (@wip)")
# Names that mean something to pytest in a module; a scenario may bear them all the same.
RESERVED = frozenset(
    {
        *dir(types.ModuleType("")), "__builtins__", "__file__", "__cached__", "__test__", "pytestmark",
        "pytest_generate_tests", "setup_module", "setUpModule", "teardown_module", "tearDownModule",
        "setup_function", "teardown_function",
    }
)  # fmt: skip


def refuse_defect(scenario: Scenario) -> None:
    """Fail what cannot run by what is wrong with it, before any of its steps."""
    __tracebackhide__ = True
    if scenario.defect:
        pytest.fail(scenario.defect_note or DEFECTS[scenario.defect], pytrace=False)


class Told:
    """What a test function of a scenario carries for its items."""

    def __init__(self, scenario: Scenario, bdd: Any, standing: Standing) -> None:
        self.scenario = scenario
        self.bdd = bdd
        self.standing = standing
        self.refused: str | None = None
        """Why it cannot run at all."""


class PageModule(pytest.Module):
    """A page as a module."""

    def __init__(self, *, jetty: JettySession, page: Page, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.jetty = jetty
        self.page = page
        self.told: dict[object, Told] = {}
        """What is behind each test function."""
        self._making: Place | None = None
        self._above: dict[Place, tuple[Node, ...]] = {}

    @cached_property
    def chain(self) -> tuple[pytest.Collector, ...]:
        """The directories above the page, the topmost first, but for the root directory, which is above everything."""
        root = self.config.rootpath
        return tuple(each for each in self.listchain() if isinstance(each, pytest.Directory) and each.path != root)

    @cached_property
    def packages(self) -> tuple[Node, ...]:
        """The packages of the modules that serve the page: their fixtures live as long as the page runs."""
        nodes = [node for told in self.told.values() for node in (*told.standing.place.near, *told.standing.place.far)]
        return tuple(
            dict.fromkeys(node for node in nodes if isinstance(node, pytest.Package) and node not in self.chain)
        )

    @cached_property
    def own_parents(self) -> tuple[Node, ...]:
        """The page and what it stands in, the session last."""
        return tuple(self.iter_parents())

    def above(self, place: Place) -> tuple[Node, ...]:
        """Tell where a scenario finds fixtures: in what is above the page, and in the step modules that serve it."""
        if place not in self._above:
            page, *directories = self.own_parents
            at = next((number for number, node in enumerate(directories) if _is_root(node)), len(directories))
            nodes = [page, *place.near, *directories[:at], *place.far, *directories[at:]]
            self._above[place] = tuple(dict.fromkeys(nodes))
        return self._above[place]

    def hooks_at(self, place: Place | None) -> Any:
        """The hooks that hold for a scenario of the page."""
        above = self.chain[-1].path if self.chain else self.config.rootpath
        placed = place.hooks if place else frozenset()
        return compat.hooks_of(self.config, {*placed, *compat.conftests(self.config, above)})

    @property
    def ihook(self) -> Any:
        return self.hooks_at(self._making)

    # ---- its tests ----

    def _getobj(self) -> Any:
        """The page as a module of functions, one for each scenario."""
        module = types.ModuleType(self.path.stem.replace("-", "_").replace(".", "_"))
        module.__file__ = str(self.path)
        taken = set(RESERVED)
        jetty = self.jetty
        named = tuple(jetty.root / step for step in self.page.steps)
        for feature in jetty.spec.features:
            if feature.page == self.page.path:
                bdd = bdd_feature(feature, self.path, jetty.root)
                for scenario in feature.scenarios:
                    if jetty.is_left(self.path, scenario):
                        function = _function(feature, scenario, module.__name__)
                        standing = jetty.lookup.page(self.chain, named, scenario)
                        self.told[function] = Told(scenario, bdd, standing)
                        vars(module)[_free(plain(scenario.name) or "(no name)", taken)] = function
        self._taken = taken
        return module

    def istestfunction(self, obj: object, name: str) -> bool:
        """Every function of the page is a test, whatever its name."""
        return obj in self.told

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Every scenario of the page, and an item that fails for whatever is wrong with the page."""
        yield from super().collect()
        if self.jetty.job is None:
            yield from self._wrong(self._taken)

    def _genfunctions(self, name: str, funcobj: Any) -> Iterator[pytest.Function]:
        told = self.told[funcobj]
        self._making = told.standing.place
        try:
            self._tag(funcobj, told.scenario)
            yield from compat.generate(self, name, funcobj, ScenarioItem, ScenarioDefinition)
        except pytest.exit.Exception:
            raise
        except (Exception, compat.OutcomeException) as error:  # noqa: BLE001 - a project's hook may raise anything
            # One scenario that cannot be made must not take its neighbours away.
            tags = " ".join(told.scenario.tags)
            told.refused = f"pytest cannot make a test of it (its tags: {tags}): {type(error).__name__}: {error}"
            funcobj.pytestmark = []
            yield ScenarioItem.from_parent(self, name=name, callobj=funcobj)
        finally:
            self._making = None

    def _tag(self, function: Any, scenario: Scenario) -> None:
        if scenario.wip and self.jetty.job is None:
            KNOWN_RED(function)
        getattr(pytest.mark, scenario.mode)(function)
        if reason := self.jetty.skipped_with(self.path, scenario):
            pytest.mark.skip(reason=reason)(function)
        hook = self.ihook
        for tag in dict.fromkeys(scenario.tags):
            if tag != f"@{scenario.mode}":
                compat.allow_mark(tag[1:])
            hook.pytest_bdd_apply_tag(tag=tag[1:], function=function)
        if any(mark.name == "parametrize" and not mark.args for mark in function.pytestmark):
            raise ValueError("`parametrize` is a mark of pytest's own, which takes values; give the tag another name")

    def _wrong(self, taken: set[str]) -> Iterator[pytest.Item]:
        left = dict.fromkeys(self.jetty.errors.get(self.page.path, ()))
        for block in self.page.blocks:
            errors = [problem for problem in block.problems if problem.level == "error"]
            if errors:
                yield BrokenBlock.from_parent(self, name=_free(f"line {block.line}", taken), problems=errors)
            for problem in errors:
                left.pop(problem, None)
        for problem in left:
            name = f"line {problem.line}" if problem.line else "page"
            yield BrokenBlock.from_parent(self, name=_free(name, taken), problems=[problem])


class ScenarioNode(pytest.Function):
    """A test function of a page: where it stands decides which fixtures and hooks it has."""

    parent: PageModule

    @property
    def told(self) -> Told:
        """What its function carries."""
        return self.parent.told[self.obj]

    @property
    def scenario(self) -> Scenario:
        """The scenario that it runs."""
        return self.told.scenario

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.told.standing.place

    def iter_parents(self) -> Iterator[Node]:
        """Tell where fixtures are looked for: in what is above the page, and in the step modules that serve it."""
        yield self
        yield from self.parent.above(self.place)

    def iter_markers_with_node(self, name: str | None = None) -> Iterator[tuple[Node, pytest.Mark]]:
        """The marks of the page's own nodes: beside a test module is not within it."""
        for node in (self, *self.parent.own_parents):
            for mark in node.own_markers:
                if name is None or mark.name == name:
                    yield node, mark

    @property
    def ihook(self) -> Any:
        return self._hook

    @cached_property
    def _hook(self) -> Any:
        return self.parent.hooks_at(self.place)


class ScenarioDefinition(ScenarioNode):
    """What pytest makes the tests of a function from."""

    def listchain(self) -> list[Node]:
        """Tell where autouse fixtures come from."""
        return [*self.iter_parents()][::-1]

    def runtest(self) -> None:
        """Refuse to run: it is no test."""
        raise RuntimeError("function definitions are not supposed to be run as tests")

    setup = runtest


class ScenarioItem(ScenarioNode):
    """One scenario, or one row of an outline."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asks: Path | None = None
        """The file of the step that runs now."""

    def listchain(self) -> list[Node]:
        """Return what is set up for it: the nodes above the page, and the packages of its steps."""
        chain = super().listchain()
        at = next((number for number, node in enumerate(chain) if not _is_root(node)), len(chain))
        return [*chain[:at], *self.parent.packages, *chain[at:]]

    def setup(self) -> None:
        """Refuse what must not run, before any fixture is made."""
        self.asks = None
        if self.told.refused:
            pytest.fail(self.told.refused, pytrace=False)
        if sys.flags.optimize:
            pytest.fail(OPTIMIZED, pytrace=False)
        self.parent.jetty.lookup.offers.check_autouse(self, self.place)
        super().setup()

    def check(self, names: Iterable[str], asks: Path | None) -> None:
        """Refuse fixtures that a file asks for and that could be another module's."""
        self.asks = asks
        self.parent.jetty.lookup.offers.check(self, self.place, names, asks)

    def check_one(self, fixture: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
        """The same for a fixture that is being made, by whatever way it was asked for."""
        asks = self.asks
        if (asking := compat.asking_fixture(request)) is not None:
            asks = None if asking.argname == fixture.argname else file_of(asking.func)  # its namesake: it extends it
        if asks is not None:
            self.parent.jetty.lookup.offers.refuse(self.place, fixture, asks)

    def run_scenario(self, request: pytest.FixtureRequest) -> None:
        """Run the steps, as the item's test function."""
        __tracebackhide__ = True
        told, jetty = self.told, self.parent.jetty
        refuse_defect(self.scenario)
        bdd = bdd_scenario(self.scenario, told.bdd)
        script = Script(self.scenario, bdd, told.standing.choices, self.ihook, self.check)
        jetty.run_page(self, script, request)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, (self.scenario.row_line or self.scenario.line) - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        jetty = self.parent.jetty
        case = jetty.case(self)
        step = case.record.failed_step if case else None
        page = jetty.root / self.parent.page.path
        place = page.relative_to(self.config.rootpath) if page.is_relative_to(self.config.rootpath) else page
        head = f"{place}:{step.line}: {step.keyword} {step.text}" if step else f"{place}:{self.scenario.line}"
        known = (AmbiguousFixtureError, AmbiguousStepError, StepDefinitionNotFoundError)
        if excinfo.errisinstance(known) or self.scenario.defect or self.told.refused:
            return f"{plain(head)}\n{plain_lines(excinfo.value)}"
        own = excinfo.traceback.filter(lambda entry: not OURS.intersection(Path(entry.path).parts))
        excinfo.traceback = own or excinfo.traceback
        return f"{plain(head)}\n\n{plain_lines(super().repr_failure(excinfo))}"


class BrokenBlock(pytest.Item):
    """What is wrong with a block, or with a page: it fails, and leaves its neighbours alone."""

    def __init__(self, *, problems: Sequence[Problem], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problems = problems

    @classmethod
    def of_file(cls, session: pytest.Session, path: Path, problems: Iterable[Problem]) -> list[BrokenBlock]:
        """An item for each thing that is wrong with a file that is no page."""
        names: set[str] = set()
        named = [(_free(f"line {each.line}" if each.line else "file", names), each) for each in problems]
        return [
            cls.from_parent(session, name=name, path=path, nodeid=f"{path.name}::{name}", problems=[each])
            for name, each in named
        ]

    def runtest(self) -> None:
        """Fail with what is wrong."""
        pytest.fail("\n".join(map(str, self.problems)), pytrace=False)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.problems[0].line, self.name


def _is_root(node: Node) -> bool:
    """Tell whether a node is above everything: the session, or the root directory."""
    return isinstance(node, pytest.Session) or (
        isinstance(node, pytest.Directory) and node.path == node.config.rootpath
    )


def _function(feature: Feature, scenario: Scenario, module: str) -> types.FunctionType:
    """The test function of a scenario, before its tags are applied."""

    def run(request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        request.node.run_scenario(request)

    run.__doc__ = f"{feature.name}: {scenario.name}"
    run.__module__ = module
    assert isinstance(run, types.FunctionType)
    return run


def _free(name: str, taken: set[str]) -> str:
    unique, count = name, 1
    while unique in taken:
        count += 1
        unique = f"{name} ({count})"
    taken.add(unique)
    return unique
