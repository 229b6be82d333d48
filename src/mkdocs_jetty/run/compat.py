"""Every private name of pytest and pytest-bdd that a run rests on, in one place.

What stands here has no public way. A new release of either is checked against this file first.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import _pytest.python
import pytest
from _pytest.config import ConftestImportFailure
from _pytest.fixtures import FixtureFunctionDefinition, call_fixture_func
from _pytest.main import FSHookProxy
from _pytest.nodes import Node
from _pytest.outcomes import Exit, Failed, OutcomeException, Skipped, XFailed
from _pytest.pathlib import (
    CouldNotResolvePathError,
    ImportPathMismatchError,
    fnmatch_ex,
    import_path,
    module_name_from_path,
    resolve_pkg_root_and_module_name,
)
from pytest_bdd import parsers
from pytest_bdd.compat import get_fixture_names, getfixturedefs, inject_fixture
from pytest_bdd.parser import Scenario as BddScenario
from pytest_bdd.parser import ScenarioTemplate, Step
from pytest_bdd.scenario import iterparentnodeids, parse_step_arguments, scenario_wrapper_template_registry
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry
from pytest_bdd.utils import get_required_args, registry_get_safe

__all__ = [
    "BddScenario", "ConftestImportFailure", "Exit", "Failed", "FixtureFunctionDefinition", "ImportPathMismatchError",
    "Node", "OutcomeException", "ScenarioTemplate", "Skipped", "StepFunctionContext", "XFailed", "call_fixture_func",
    "get_required_args", "inject_fixture",
]  # fmt: skip

EXAMPLE = "_pytest_bdd_example"
"""The argument by which pytest-bdd hands an Examples row to a test function."""
STEP_FIXTURE = "pytestbdd_stepdef_"
Function = Callable[..., Any]
Key = object
"""Where a fixture is registered: a node, or before pytest 9.1 the id of one."""
Execute = Callable[[Any, BddScenario, pytest.FixtureRequest], None]

# `from pytest_bdd import scenario` is the decorator; its module has to be asked for by name.
_scenario_module: Any = importlib.import_module("pytest_bdd.scenario")


# ---- test functions ----


def generate(collector: pytest.Module, name: str, function: Function, item: type, definition: type) -> list[Any]:
    """Let pytest make the items of a test function, of classes of our own: parameters, marks and all."""
    known = _pytest.python.PyCollector._genfunctions
    namespace = {**known.__globals__, "Function": item, "FunctionDefinition": definition}
    make = types.FunctionType(known.__code__, namespace, known.__name__, known.__defaults__, known.__closure__)
    return list(make(collector, name, function))


def allow_mark(name: str) -> None:
    """Let `--strict-markers` accept a mark: a tag is no typing error."""
    marks: Any = pytest.mark
    marks._markers.add(name)


def template_of(function: object) -> ScenarioTemplate | None:
    """The scenario that a test function binds, if it does."""
    with contextlib.suppress(ValueError):  # wrapped in a circle
        function = inspect.unwrap(function) if callable(function) else function
    template: ScenarioTemplate | None = registry_get_safe(scenario_wrapper_template_registry, function)
    return template


def is_test_file(config: pytest.Config, path: Path) -> bool:
    """Tell whether pytest takes a file for a test module, by the project's `python_files`."""
    return any(fnmatch_ex(pattern, path) for pattern in config.getini("python_files"))


@contextlib.contextmanager
def checking_value(item: pytest.Function, check: Callable[[object], None]) -> Iterator[None]:
    """Have what a test function gives back checked, while pytest calls it."""
    function = item.obj

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> object:
        __tracebackhide__ = True
        value = function(*args, **kwargs)
        check(value)
        return value

    item.obj = checked
    try:
        yield
    finally:
        item.obj = function


def row_of(item: pytest.Item) -> int:
    """Which row of its outline a test function has been given, counted over all its Examples."""
    callspec = getattr(item, "callspec", None)
    row = callspec.params.get(EXAMPLE) if callspec else None
    if row is not None:
        for mark in item.iter_markers("parametrize"):
            if mark.args[0] == EXAMPLE:
                return next(number for number, each in enumerate(mark.args[1]) if each.values[0] is row)
    return 0


def note_parameters(metafunc: pytest.Metafunc) -> None:
    """Note the arguments of each `parametrize`, because an item only knows the ids."""
    noted: list[bool] = []
    parametrize = metafunc.parametrize

    def noting(argnames: Any, *args: Any, **kwargs: Any) -> None:
        parametrize(argnames, *args, **kwargs)
        noted.append(EXAMPLE in (argnames.split(",") if isinstance(argnames, str) else argnames))

    metafunc.parametrize = noting  # type: ignore[method-assign]
    _noted[metafunc.function] = noted


_noted: weakref.WeakKeyDictionary[Function, list[bool]] = weakref.WeakKeyDictionary()
"""For each `parametrize` of a test function, whether it hands out the rows of an outline."""


def parameter_ids(item: pytest.Function) -> list[str]:
    """The ids of an item's parameters, one for each `parametrize`; without the row of an outline."""
    callspec: Any = getattr(item, "callspec", None)
    rows = _noted.get(item.obj, [])
    return [
        each for number, each in enumerate(callspec._idlist if callspec else ()) if not any(rows[number : number + 1])
    ]


def leave_out(scenario: BddScenario, kind: str | None) -> None:
    """Leave the steps of a kind out of a scenario that is about to run."""
    scenario.steps = [step for step in scenario.steps if step.type != kind]


@contextlib.contextmanager
def executing(execute: Callable[[Execute], Execute]) -> Iterator[None]:
    """Run the steps of pytest-bdd's test functions by a loop of our own, which is made from stock's."""
    stock = _scenario_module._execute_scenario
    _scenario_module._execute_scenario = execute(stock)
    try:
        yield
    finally:
        _scenario_module._execute_scenario = stock


# ---- fixtures ----


def manager_of(session: pytest.Session) -> Any:
    """Return what knows all fixtures of a session."""
    return session._fixturemanager


def fixtures_for(session: pytest.Session, name: str, node: Node) -> Sequence[pytest.FixtureDef[Any]]:
    """The fixtures of a name that a node sees, the nearest last."""
    return getfixturedefs(manager_of(session), name, node) or ()


def step_definitions(session: pytest.Session) -> Iterator[tuple[Key, StepFunctionContext]]:
    """Every step definition with the place it is registered at; of one place, in the order of pytest-bdd's choice.

    Where several of the nearest place match, pytest-bdd takes the last of them.
    """
    manager = manager_of(session)
    for name in get_fixture_names(fixturemanager=manager):
        if not name.startswith(STEP_FIXTURE):
            continue
        for fixture in _registered(manager, name):
            context = step_function_context_registry.get(fixture.func)
            if context is not None:
                yield place_of(fixture), context


def order_by_place(session: pytest.Session) -> None:
    """Let what stands nearest win among fixtures of one name, as in pytest 9.2; before, the last registered does.

    That is the same along one line of directories, but a page's scenario may stand beside modules of several.
    """
    manager = manager_of(session)
    if hasattr(manager, "_arg2node2fixturedefs"):
        return
    found = manager.getfixturedefs

    def getfixturedefs(name: str, node: Node) -> Sequence[pytest.FixtureDef[Any]] | None:
        every: Sequence[pytest.FixtureDef[Any]] | None = found(name, node)
        if not every or len(every) == 1:
            return every
        places = [each.nodeid for each in node.iter_parents()]
        return sorted(every, key=lambda each: -places.index(each.baseid))

    manager.getfixturedefs = getfixturedefs


def place_of(fixture: pytest.FixtureDef[Any]) -> Key:
    """The node at which a fixture is registered, or the id of it."""
    return getattr(fixture, "node", None) or fixture.baseid


def _registered(manager: Any, name: str) -> Iterator[pytest.FixtureDef[Any]]:
    if not hasattr(manager, "_arg2node2fixturedefs"):
        yield from manager._arg2fixturedefs[name]
        return
    # Of one node the nearest comes first here, and last where pytest-bdd looks.
    for registry in (manager._arg2node2fixturedefs, manager._arg2nodeid2fixturedefs):
        for fixtures in registry.get(name, {}).values():
            yield from reversed(fixtures)


def depth(key: Key) -> list[str]:
    """Tell how near a place is, as pytest-bdd orders them."""
    return list(iterparentnodeids(key if isinstance(key, str) else getattr(key, "nodeid", "")))


def fixture_function(definition: FixtureFunctionDefinition) -> Function:
    """The function that a `@pytest.fixture` decorates."""
    return definition._get_wrapped_function()


def fixture_marker(definition: FixtureFunctionDefinition) -> Any:
    """Return what a `@pytest.fixture` says: `name`, `scope`, `autouse`."""
    return definition._fixture_function_marker


def step_of(definition: FixtureFunctionDefinition) -> StepFunctionContext | None:
    """The step that a fixture stands for, if it is one of pytest-bdd's."""
    context: StepFunctionContext | None = registry_get_safe(
        step_function_context_registry, fixture_function(definition)
    )
    return context


Spans = list[tuple[int, int]]
"""Parts of a step's text, by where each begins and ends."""


class _Parsed:
    """Stands for a definition whose pattern has been matched already, and for its parser."""

    def __init__(self, context: StepFunctionContext, arguments: dict[str, Any] | None) -> None:
        self.parser = self
        self.converters = context.converters
        self._arguments = arguments

    def parse_arguments(self, _: str) -> dict[str, Any] | None:
        return self._arguments


def step_arguments(step: Step, context: StepFunctionContext) -> tuple[dict[str, Any], Spans | None]:
    """Return what a step definition captures of a step, and where; None where its parser does not tell.

    Raises:
        Exception: Whatever pytest-bdd, or a pattern or a converter of the project, raises.
    """
    parser: Any = context.parser
    spans: Spans | None = None
    if type(parser) in {parsers.parse, parsers.cfparse} and (found := parser.parser.parse(step.name)):
        arguments, spans = found.named, sorted(found.spans.values())
    elif type(parser) is parsers.re and (match := parser.regex.fullmatch(step.name)):
        arguments = match.groupdict()
        spans = sorted({match.span(name) for name, value in arguments.items() if value is not None})
    else:
        arguments, spans = parser.parse_arguments(step.name), [] if type(parser) is parsers.string else None
    return dict(parse_step_arguments(step, _Parsed(context, arguments))), spans  # type: ignore[arg-type]


def asking_fixture(request: pytest.FixtureRequest) -> pytest.FixtureDef[Any] | None:
    """The fixture that asks for the one that is being made."""
    asking = getattr(getattr(request, "_parent_request", None), "_fixturedef", None)
    return asking if isinstance(asking, pytest.FixtureDef) else None


def item_of(request: pytest.FixtureRequest) -> pytest.Item:
    """The item for which a fixture is being made."""
    item: pytest.Item = request._pyfuncitem
    return item


def stand_below(item: pytest.Item, nodes: Sequence[Node]) -> None:
    """Let an item see the fixtures of some nodes, after all that it sees anyway."""
    found = type(item).iter_parents
    vars(item)["iter_parents"] = lambda: iter((*found(item), *nodes))


# ---- the tree ----


def collect(session: pytest.Session, node: pytest.Collector) -> tuple[pytest.CollectReport, bool]:
    """Collect a node once in a session; with whether that had happened before."""
    return session._collect_one_node(node)


def forget(session: pytest.Session, node: pytest.Collector) -> None:
    """Let pytest collect a node again."""
    session._collection_cache.pop(node, None)


def error_of(report: pytest.CollectReport) -> BaseException | None:
    """Why a node could not be collected."""
    call: Any = getattr(report, "call", None)
    return call.excinfo.value if call and call.excinfo else None


def rewrite(config: pytest.Config, path: Path) -> None:
    """Let the assertions of a module explain themselves, by the name under which pytest imports it."""
    try:
        namespace = bool(config.getini("consider_namespace_packages"))
        name = resolve_pkg_root_and_module_name(path, consider_namespace_packages=namespace)[1]
    except CouldNotResolvePathError:
        name = path.stem
    _rewriting(config).mark_rewrite(name)


def import_apart(config: pytest.Config, path: Path) -> types.ModuleType:
    """Import a module under a name that is made from where it stands."""
    _rewriting(config).mark_rewrite(module_name_from_path(path, config.rootpath))
    namespace = bool(config.getini("consider_namespace_packages"))
    return import_path(path, mode="importlib", root=config.rootpath, consider_namespace_packages=namespace)


def _rewriting(config: pytest.Config) -> Any:
    return config.pluginmanager.rewrite_hook


def is_ignored(session: pytest.Session, path: Path) -> bool:
    """Tell whether a project tells pytest to leave a file or a directory alone (`collect_ignore`, a hook).

    What pytest does not descend into by its name (`norecursedirs`: `build`, `dist`, …) may hold steps all the same.
    """
    if path.is_dir() and any(fnmatch_ex(pattern, path) for pattern in session.config.getini("norecursedirs")):
        return False
    hook = session.gethookproxy(path.parent)
    return bool(hook.pytest_ignore_collect(collection_path=path, config=session.config))


def is_in_reach(config: pytest.Config, directory: Path) -> bool:
    """Tell whether pytest looks for a `conftest.py` in a directory."""
    manager: Any = config.pluginmanager
    return bool(manager._is_in_confcutdir(directory))


def conftests(config: pytest.Config, directory: Path) -> Sequence[types.ModuleType]:
    """The `conftest.py` modules that pytest applies to a directory."""
    manager: Any = config.pluginmanager
    found: Sequence[types.ModuleType] = manager._getconftestmodules(directory)
    return found


def load_conftests(config: pytest.Config, directory: Path) -> None:
    """Load every `conftest.py` that applies to a directory, as pytest does for what it is told to run."""
    manager: Any = config.pluginmanager
    manager._loadconftestmodules(
        directory, config.known_args_namespace.importmode, config.rootpath,
        consider_namespace_packages=config.getini("consider_namespace_packages"),
    )  # fmt: skip


def guard_conftests(config: pytest.Config, broken: Callable[[BaseException, Path], None]) -> Callable[[], None]:
    """Keep a `conftest.py` that does not import from ending everything, until what is returned is called.

    From then on it fails the collection of its own directory, as everywhere in pytest.
    """
    manager: Any = config.pluginmanager
    load = manager._loadconftestmodules

    def told(path: Path, *args: Any, **kwargs: Any) -> None:
        try:
            load(path, *args, **kwargs)
        except SystemExit as error:  # its author's slip, no wish to end the run
            cause = RuntimeError(f"SystemExit: {error}").with_traceback(error.__traceback__)
            raise ConftestImportFailure(path / "conftest.py", cause=cause) from error

    def guarded(path: Path, *args: Any, **kwargs: Any) -> None:
        try:
            told(path, *args, **kwargs)
        except ConftestImportFailure as error:
            broken(error, error.path)

    manager._loadconftestmodules = guarded
    return lambda: setattr(manager, "_loadconftestmodules", told)


def placed_hooks(config: pytest.Config, plugin: object, name: str) -> None:
    """Register hooks that hold for some places only, as those of a `conftest.py` do."""
    manager: Any = config.pluginmanager
    manager.register(plugin, name)
    manager._conftest_plugins.add(plugin)


def hooks_without(config: pytest.Config, plugins: frozenset[object]) -> Any:
    """The hooks of all plugins but these."""
    return FSHookProxy(config.pluginmanager, plugins) if plugins else config.hook


def hooks_of(config: pytest.Config, plugins: Iterable[object]) -> Any:
    """The hooks of all plugins for everything, and of these among the placed ones."""
    manager: Any = config.pluginmanager
    others = manager._conftest_plugins.difference(plugins)
    return FSHookProxy(manager, others) if others else config.hook


def conftest_node(directory: pytest.Collector) -> Node:
    """Tell where pytest registers the fixtures of the `conftest.py` of a directory."""
    return directory.session if directory.path == directory.config.rootpath else directory


def version_of(session: pytest.Session) -> object:
    """Return what stays the same for as long as no more step definitions come in, while tests are collected."""
    manager: Any = session.config.pluginmanager
    return len(manager._conftest_plugins), session.testscollected
