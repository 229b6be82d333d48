"""What each step module offers a scenario: its steps, its fixtures, the scenarios it binds. And whose fixtures hold.

pytest gives the fixtures of a test module to the tests in it. Pages stand in no module, so the modules come to them:
the fixtures of a test module are there for the scenarios that it binds or serves a step of, and for the pages that name
it; those of a plain step module are there for all. Where two modules still offer a fixture of one name, pytest would
take the one that was loaded last. Here a scenario that asks for it is ambiguous instead.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pytest
from _pytest.fixtures import FixtureFunctionDefinition
from _pytest.nodes import Node
from pytest_bdd.scenario import scenario_wrapper_template_registry
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry
from pytest_bdd.utils import registry_get_safe

if TYPE_CHECKING:
    from mkdocs_jetty.spec.model import Page, Scenario

Function = Callable[..., object]
Kind = Literal["conftest", "plain", "test"]


class AmbiguousFixtureError(Exception):
    """Several step modules of one rank define the fixture that a scenario asks for."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        """Take the name of the fixture and where it is defined, as `features/a.py:3`."""
        self.places = list(places)
        super().__init__(
            f"{len(places)} step modules define the fixture `{name}`: {', '.join(places)}; "
            "give one of them another name, or name the module that holds in `steps:` of the page"
        )


class Holder(Node):
    """Where the fixtures of one module are registered in pytest's tree: only a scenario that reaches it sees them."""


@dataclass(frozen=True, eq=False)
class Offer:
    """One step module, with what it defines or imports."""

    path: Path
    kind: Kind
    fixtures: Mapping[str, Function]
    """All but the steps, by the names they are asked for by."""
    autouse: tuple[str, ...]
    steps: tuple[StepFunctionContext, ...]
    holder: Holder | None
    """None where pytest has its fixtures already (a `conftest.py`, a module in `pytest_plugins`), or there are none."""


@dataclass(frozen=True, eq=False)
class Reach:
    """The step modules whose fixtures hold for one scenario."""

    own: tuple[Offer, ...]
    """Those that its page names, or the test module that binds it."""
    others: tuple[Offer, ...]
    """First those that serve one of its steps, then the plain ones and the `conftest.py` files."""

    @cached_property
    def near(self) -> tuple[Node, ...]:
        """Where to look before any `conftest.py`."""
        return tuple(offer.holder for offer in self.own if offer.holder)

    @cached_property
    def far(self) -> tuple[Node, ...]:
        """Where to look after the `conftest.py` files beside the page."""
        return tuple(offer.holder for offer in self.others if offer.holder)

    @cached_property
    def autouse(self) -> tuple[str, ...]:
        """The fixtures that hold unasked, beside those that pytest sees to itself."""
        return tuple(dict.fromkeys(name for each in (*self.others, *self.own) if each.holder for name in each.autouse))

    def rivals(self, name: str) -> list[Offer]:
        """The modules of the first rank that offers a fixture of this name."""
        return [each for each in self.own if name in each.fixtures] or [
            each for each in self.others if name in each.fixtures
        ]


class Offers:
    """All step modules of a session."""

    def __init__(self, session: pytest.Session, root: Path) -> None:
        self.root = root
        self.by_path: dict[Path, Offer] = {}
        self.contested: frozenset[str] = frozenset()
        """Names of fixtures that several modules define, each its own."""
        self.need_serving = False
        """Whether it matters which modules serve a scenario's steps."""
        self._session = session
        if not hasattr(manager := session._fixturemanager, "_arg2node2fixturedefs"):  # noqa: SLF001
            _order_by_place(manager)
        self._everywhere: set[tuple[str, Function]] = set()
        self._bindings: dict[Path, dict[str, list[Path]]] = {}
        self._reaches: dict[tuple[object, ...], Reach] = {}

    def add(self, module: ModuleType, path: Path, *, placed: bool = False) -> Offer:
        """Take in a module; `placed` says that pytest has its fixtures and steps already."""
        steps, fixtures, autouse = _parts(module)
        bound = _bound(module)
        for file, name in bound:
            self._bindings.setdefault(file, {}).setdefault(name, []).append(path)
        offered = {_name(attribute, value): _function(value) for attribute, value in vars(fixtures).items()}
        kind: Kind = "test" if bound or is_test_module(path) else "plain"
        kind = "conftest" if path.name == "conftest.py" else kind
        holder = None if placed else self._holder(fixtures, path, kind)
        offer = Offer(path, kind, offered, autouse, () if placed else steps, holder)
        self.by_path[path] = offer
        self._compare()
        return offer

    def _holder(self, fixtures: ModuleType, path: Path, kind: Kind) -> Holder | None:
        """Register the fixtures where those that the module shall serve can reach them."""
        for attribute, value in list(vars(fixtures).items()):
            named = (_name(attribute, value), _function(value))
            if named in self._everywhere:  # imported from a plain module: made once, where that is for its session
                delattr(fixtures, attribute)
            elif kind == "plain":
                self._everywhere.add(named)
        if not vars(fixtures):
            return None
        holder: Holder = Holder.from_parent(self._session, name=path.name, nodeid=f"jetty-steps {path}")
        _register(self._session, fixtures, holder)
        return holder

    def _compare(self) -> None:
        functions: dict[str, set[Function]] = defaultdict(set)
        for offer in self.by_path.values():
            for name, function in offer.fixtures.items():
                functions[name].add(function)
        self.contested = frozenset(name for name, found in functions.items() if len(found) > 1)
        self.need_serving = bool(self.contested) or any(
            each.kind == "test" and each.holder for each in self.by_path.values()
        )

    def named(self, page: Page, scenario: Scenario) -> tuple[Path, ...]:
        """The step modules that come first: those that the page names, or the test module that binds the scenario."""
        bound: Iterable[Path] = ()
        if self._bindings and page.path.endswith(".feature"):
            names = self._bindings.get((self.root / page.path).resolve(), {})
            bound = names.get(scenario.outline or scenario.name) or [path for each in names.values() for path in each]
        return tuple(dict.fromkeys((*(self.root / step for step in page.steps), *bound)))

    def reach(self, named: Sequence[Path], serving: Iterable[Path]) -> Reach:
        """The modules whose fixtures hold, for a scenario with these modules named and these serving its steps."""
        served = frozenset(serving)
        key = (tuple(named), served)
        if key not in self._reaches:
            own = [each for each in self.by_path.values() if any(_is_in(each.path, path) for path in named)]
            rest = [each for each in self.by_path.values() if each not in own]
            first = [each for each in rest if each.path in served]
            # A module that is loaded later overrides an earlier one, as everywhere in pytest: so it comes first.
            last = [each for each in reversed(rest) if each not in first and each.kind != "test"]
            self._reaches[key] = Reach(tuple(own), (*first, *last))
        return self._reaches[key]

    # ---- two fixtures of one name ----

    def check_autouse(self, item: pytest.Item, reach: Reach) -> None:
        """Refuse an item for which a fixture that holds unasked is not the one that its module means."""
        for offer in (*reach.own, *reach.others) if self.contested else ():
            self.check(item, reach, offer.autouse, offer.path)

    def check(self, item: pytest.Item, reach: Reach, names: Iterable[str], asks: Path | None) -> None:
        """Refuse fixtures, and what they ask for in their turn, that could be another module's.

        Args:
            item: For which the fixtures would be made.
            reach: The modules that hold for it.
            names: Of the fixtures.
            asks: The file of the step or fixture that asks for them.

        Raises:
            AmbiguousFixtureError: If pytest would take one of several that hold equally.
        """
        if not self.contested:
            return
        manager: Any = item.session._fixturemanager  # noqa: SLF001 - pytest has no public way to ask
        seen: set[tuple[str, Path | None]] = set()
        left = [(name, asks) for name in names]
        while left:
            if (now := left.pop()) in seen:
                continue
            seen.add(now)
            if found := manager.getfixturedefs(now[0], item):
                self.refuse(reach, found[-1], now[1])
                left += [(name, file_of(found[-1].func)) for name in found[-1].argnames if name != now[0]]

    def refuse(self, reach: Reach, fixture: pytest.FixtureDef[Any], asks: Path | None) -> None:
        """Refuse one fixture, unless nothing else could be meant."""
        name, function = fixture.argname, fixture.func
        if name not in self.contested or name in fixture.argnames:  # one that asks for its namesake extends it
            return
        rivals = reach.rivals(name)
        found = [each for each in (*reach.own, *reach.others) if each.fixtures.get(name) is function]
        beside_page = fixture.baseid and all(each.kind == "conftest" for each in found)
        if not found or beside_page or all(each.fixtures[name] is function for each in rivals):
            return
        if any(each.fixtures[name] is function for each in rivals) and self._meant(name, asks) is function:
            return
        raise AmbiguousFixtureError(name, sorted({self._place(each.fixtures[name]) for each in (*rivals, *found)}))

    def _meant(self, name: str, asks: Path | None) -> Function | None:
        """The fixture that the author of a file means by a name: of the same file, or of a `conftest.py` above it."""
        if asks is None:
            return None
        here = self.by_path.get(asks)
        if here and name in here.fixtures:
            return here.fixtures[name]
        above = [
            offer for offer in self.by_path.values()
            if offer.kind == "conftest" and name in offer.fixtures and asks.is_relative_to(offer.path.parent)
        ]  # fmt: skip
        return max(above, key=lambda offer: len(offer.path.parts)).fixtures[name] if above else None

    def _place(self, function: Function) -> str:
        file = file_of(function)
        line = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_firstlineno", 1)
        name = file.relative_to(self.root).as_posix() if file and file.is_relative_to(self.root) else str(file)
        return f"{name}:{line}"


def is_test_module(path: Path) -> bool:
    """Whether pytest takes a file for a test module by its name."""
    return path.name.startswith("test_") or path.stem.endswith("_test")


def file_of(function: Function) -> Path | None:
    """The file that a function is written in."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Path(code.co_filename) if code else None


def _is_in(path: Path, place: Path) -> bool:
    return path == place or path.is_relative_to(place)


def _parts(module: ModuleType) -> tuple[tuple[StepFunctionContext, ...], ModuleType, tuple[str, ...]]:
    """Its steps, a module with nothing but its other fixtures, and which of these hold unasked."""
    steps, autouse, rest = [], [], ModuleType(module.__name__)
    vars(rest).clear()
    for attribute, value in list(vars(module).items()):
        if type(value) is not FixtureFunctionDefinition:
            continue
        context = registry_get_safe(step_function_context_registry, _function(value))
        if context is not None:
            steps.append(context)
            continue
        setattr(rest, attribute, value)
        if value._fixture_function_marker.autouse:  # noqa: SLF001
            autouse.append(_name(attribute, value))
    return tuple(steps), rest, tuple(autouse)


def _function(definition: FixtureFunctionDefinition) -> Function:
    return definition._get_wrapped_function()  # noqa: SLF001


def _name(attribute: str, definition: FixtureFunctionDefinition) -> str:
    return definition._fixture_function_marker.name or attribute  # noqa: SLF001


def _bound(module: ModuleType) -> set[tuple[Path, str]]:
    """The scenarios that a module binds with `scenarios()` or `@scenario`: the file and the name as written."""

    def found() -> Iterator[tuple[Path, str]]:
        for value in list(vars(module).values()):
            if isinstance(value, FunctionType):
                template = registry_get_safe(scenario_wrapper_template_registry, inspect.unwrap(value))
                if template is not None:
                    yield Path(template.feature.filename).resolve(), template.name

    return set(found())


def _register(session: pytest.Session, fixtures: ModuleType, holder: Holder) -> None:
    manager: Any = session._fixturemanager  # noqa: SLF001
    if hasattr(manager, "_arg2node2fixturedefs"):
        manager.parsefactories(holder=fixtures, node=holder)
    else:
        manager.parsefactories(fixtures, holder.nodeid)


def _order_by_place(manager: Any) -> None:
    """Before pytest 9.2, what is registered last is nearest; let it be what stands nearest, as since then."""
    found = manager.getfixturedefs

    def getfixturedefs(name: str, node: Node) -> Sequence[pytest.FixtureDef[Any]] | None:
        every: Sequence[pytest.FixtureDef[Any]] | None = found(name, node)
        chain = list(node.iter_parents())
        if not every or not any(isinstance(each, Holder) for each in chain):
            return every
        places = [each.nodeid for each in chain]
        return sorted(every, key=lambda each: -places.index(each.baseid))

    manager.getfixturedefs = getfixturedefs
