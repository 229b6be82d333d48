"""What the step modules offer a page, and where a page's scenario stands among them.

A test module has its place in pytest's tree, and with it the `conftest.py` files that hold for it. A page has none, so
one plain rule gives it one: its scenario runs as if it stood beside the modules that serve it. Where two of these
still define a fixture of one name, pytest would take the one that is nearer by chance. Here a scenario that asks for it
is ambiguous instead.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest

from mkdocs_jetty.run import compat
from mkdocs_jetty.run.compat import Node, StepFunctionContext
from mkdocs_jetty.run.modules import Tree

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


@dataclass(frozen=True, eq=False)
class Offer:
    """One step module, with what it defines or imports."""

    path: Path
    kind: Kind
    node: Node
    """Where pytest has its fixtures and steps: a module, or for a `conftest.py` its directory or the session."""
    fixtures: Mapping[str, Function]
    """All but the steps, by the names they are asked for by."""
    autouse: tuple[str, ...]
    steps: tuple[StepFunctionContext, ...]
    hooks: object | None = None
    """Its hooks, which hold where it does."""

    def hides(self, other: Offer) -> bool:
        """Tell whether it stands below another, and so overrides it."""
        here, there = self.path.parent, other.path.parent
        return here != there and here.is_relative_to(there)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a scenario of a page stands."""

    own: tuple[Offer, ...] = ()
    """The modules that its page names."""
    others: tuple[Offer, ...] = ()
    """The test modules that serve it, and what holds beside the modules that do; the nearest first."""

    @cached_property
    def near(self) -> tuple[Node, ...]:
        """Where to look before any `conftest.py`."""
        return tuple(offer.node for offer in self.own)

    @cached_property
    def far(self) -> tuple[Node, ...]:
        """Where to look after the `conftest.py` files beside the page."""
        return tuple(offer.node for offer in self.others)

    @cached_property
    def hooks(self) -> frozenset[object]:
        """The hooks that hold here and not everywhere."""
        return frozenset(offer.hooks for offer in (*self.own, *self.others) if offer.hooks is not None)

    def rivals(self, name: str) -> list[Offer]:
        """The modules of the first rank that offers a fixture of this name, none of them above another."""
        found = [each for each in self.own if name in each.fixtures] or [
            each for each in self.others if name in each.fixtures
        ]
        return [each for each in found if not any(other.hides(each) for other in found)]


class Offers:
    """All step modules of a session."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.root = tree.root
        self.by_path: dict[Path, Offer] = {}
        self.binding: dict[Path, pytest.Module] = {}
        """The modules that bind scenarios of `.feature` files."""
        self.bound: set[tuple[Path, int]] = set()
        """The scenarios that those of them bind which pytest takes for tests: the file, and the scenario's line."""
        self._places: dict[tuple[object, ...], Place] = {}
        self.nodes: dict[str, Node] = {"": tree.session}
        """All nodes where steps may be registered, by their ids."""
        for path, node in tree.modules.items():
            self._add_conftests(path.parent)
            self._add(path, node)
        for entry in tree.entries:
            place = self.root / entry
            self._add_conftests(place if place.is_dir() else place.parent)
        self.plain_hooks = frozenset(
            offer.hooks for offer in self.by_path.values() if offer.kind == "plain" and offer.hooks is not None
        )
        """Hooks of plain step modules, which stock pytest-bdd would not call."""
        self._at: dict[object, Offer] = {offer.node: offer for offer in self.by_path.values()}
        self._everywhere = [offer for offer in self.by_path.values() if offer.node is tree.session]
        functions: dict[str, set[Function]] = defaultdict(set)
        for offer in self.by_path.values():
            for name, function in offer.fixtures.items():
                functions[name].add(function)
        self.contested = frozenset(name for name, found in functions.items() if len(found) > 1)
        """Names of fixtures that several modules define, each its own."""

    # ---- what there is ----

    def _add(self, path: Path, node: pytest.Module) -> None:
        module: ModuleType = node.obj
        config = node.config
        bound = set(_bound(node))
        if compat.is_test_file(config, path):
            self.bound |= bound
        if bound:
            self.binding[path] = node
        kind: Kind = "test" if bound or is_test_module(path) else "plain"
        hooks = _hooks(module) if kind == "plain" and not config.pluginmanager.is_registered(module) else None
        if hooks:
            name = path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
            compat.placed_hooks(config, hooks, f"jetty-steps {name}")
        self._keep(Offer(path, kind, node, *_parts(module), hooks))

    def _add_conftests(self, directory: Path) -> None:
        for node in self._tree.directory(directory):
            path = node.path / "conftest.py"
            self.nodes.setdefault(node.nodeid, node)
            if path in self.by_path:
                continue
            for module in compat.conftests(node.config, node.path):
                if Path(module.__file__ or "") == path:
                    at = compat.conftest_node(node)
                    self._keep(Offer(path, "conftest", at, *_parts(module), module))

    def _keep(self, offer: Offer) -> None:
        self.by_path[offer.path] = offer
        self.nodes.setdefault(offer.node.nodeid, offer.node)

    def offering(self, context: StepFunctionContext, at: object, file: Path) -> Offer | None:
        """The module that offers a step at a node; None for a plugin's."""
        if at is not self._tree.session:
            return self._at.get(at)
        # Here stand the `conftest.py` of the root directory, modules in `pytest_plugins`, and all plugins.
        if offer := self.by_path.get(file):
            return offer
        return next((offer for offer in self._everywhere if any(step is context for step in offer.steps)), None)

    # ---- where a scenario stands ----

    def place(self, named: Sequence[Path], serving: Iterable[Path]) -> Place:
        """Tell where a scenario stands whose page names some modules, and whose steps some serve."""
        key = (tuple(named), tuple(dict.fromkeys(serving)))
        if key not in self._places:
            served = [self.by_path[path] for path in key[1] if path in self.by_path]
            own = [each for each in self.by_path.values() if self._is_own(each, named, served)]
            tests = [each for each in served if each.kind == "test" and each not in own]
            beside = [each for each in self._beside([*own, *served]) if each not in own]
            beside.sort(key=lambda each: (-len(each.path.parts), each.kind == "conftest", each not in served))
            self._places[key] = Place(tuple(own), (*tests, *beside))
        return self._places[key]

    @staticmethod
    def _is_own(offer: Offer, named: Sequence[Path], served: Sequence[Offer]) -> bool:
        """Whether the page means a module; further below a directory that it names, only beside one that serves."""
        if offer.path in named or offer.path.parent in named:
            return True
        here = offer.path.parent
        beside = any(_is_in(each.path, here) for each in served) if offer.kind != "test" else offer in served
        # Where nothing serves it, all hold: a hook may skip a scenario that is still to be written.
        return (beside or not served) and any(_is_in(offer.path, path) for path in named)

    def _beside(self, offers: Iterable[Offer]) -> Iterator[Offer]:
        """Every `conftest.py` and plain module that holds for these; without any, for the entries of `steps`."""
        entries = [self.root / entry for entry in self._tree.entries]
        directories = {offer.path.parent for offer in offers} or {
            entry if entry.is_dir() else entry.parent for entry in entries
        }
        # A module that is loaded later overrides an earlier one, as everywhere in pytest: so it comes first.
        for offer in reversed(self.by_path.values()):
            if offer.kind != "test" and any(_is_in(place, offer.path.parent) for place in directories):
                yield offer

    # ---- two fixtures of one name ----

    def check_autouse(self, item: pytest.Item, place: Place) -> None:
        """Refuse an item for which a fixture that holds unasked is not the one that its module means."""
        for offer in (*place.own, *place.others) if self.contested else ():
            self.check(item, place, offer.autouse, offer.path)

    def check(self, item: pytest.Item, place: Place, names: Iterable[str], asks: Path | None) -> None:
        """Refuse fixtures, and what they ask for in their turn, that could be another module's.

        Args:
            item: For which the fixtures would be made.
            place: Where it stands.
            names: Of the fixtures.
            asks: The file of the step or fixture that asks for them.

        Raises:
            AmbiguousFixtureError: If pytest would take one of several that hold equally.
        """
        if not self.contested:
            return
        seen: set[tuple[str, Path | None]] = set()
        left = [(name, asks) for name in names]
        while left:
            if (now := left.pop()) in seen:
                continue
            seen.add(now)
            if found := compat.fixtures_for(item.session, now[0], item):
                self.refuse(place, found[-1], now[1])
                left += [(name, file_of(found[-1].func)) for name in found[-1].argnames if name != now[0]]

    def refuse(self, place: Place, fixture: pytest.FixtureDef[Any], asks: Path | None) -> None:
        """Refuse one fixture, unless nothing else could be meant."""
        name, function = fixture.argname, fixture.func
        if name not in self.contested or name in fixture.argnames:  # one that asks for its namesake extends it
            return
        rivals = place.rivals(name)
        found = [each for each in (*place.own, *place.others) if each.fixtures.get(name) is function]
        if not found or all(each.fixtures[name] is function for each in rivals):
            return
        if any(each.fixtures[name] is function for each in rivals) and self._meant(name, asks) is function:
            return
        raise AmbiguousFixtureError(name, sorted({self._shown(each.fixtures[name]) for each in (*rivals, *found)}))

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

    def _shown(self, function: Function) -> str:
        file = file_of(function)
        line = getattr(getattr(inspect.unwrap(function), "__code__", None), "co_firstlineno", 1)
        name = file.relative_to(self.root).as_posix() if file and file.is_relative_to(self.root) else str(file)
        return f"{name}:{line}"


def is_test_module(path: Path) -> bool:
    """Tell whether pytest takes a file for a test module by its name."""
    return path.name.startswith("test_") or path.stem.endswith("_test")


def file_of(function: Function) -> Path | None:
    """The file that a function is written in."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Path(code.co_filename) if code else None


def _is_in(path: Path, place: Path) -> bool:
    return path == place or path.is_relative_to(place)


def _parts(module: ModuleType) -> tuple[dict[str, Function], tuple[str, ...], tuple[StepFunctionContext, ...]]:
    """Its fixtures that are no steps, which of these hold unasked, and its steps."""
    found: dict[str, Function] = {}
    autouse, steps = [], []
    for attribute, value in list(vars(module).items()):
        if type(value) is not compat.FixtureFunctionDefinition:
            continue
        if (step := compat.step_of(value)) is not None:
            steps.append(step)
            continue
        marker = compat.fixture_marker(value)
        name = marker.name or attribute
        found[name] = compat.fixture_function(value)
        if marker.autouse:
            autouse.append(name)
    return found, tuple(autouse), tuple(steps)


def _hooks(module: ModuleType) -> ModuleType | None:
    """Return what pytest shall see of a plain step module as of a plugin: its hooks, which are not for everything."""
    found = {name: value for name, value in vars(module).items() if name.startswith("pytest_")}
    found.pop("pytest_plugins", None)
    if not found:
        return None
    hooks = ModuleType(module.__name__)
    vars(hooks).update(found)
    return hooks


def binds(test_class: type) -> bool:
    """Tell whether tests of a class, or of a class within it, bind scenarios."""
    return any(True for _ in _bindings(test_class, lambda *_: True))


def _bound(node: pytest.Module) -> Iterator[tuple[Path, int]]:
    """The scenarios that tests of a module bind, by `scenarios()` or `@scenario`: the file, and the line."""
    for name, value, template in _bindings(node.obj, node.istestclass):
        if node.istestfunction(value, name):
            yield Path(template.feature.filename).resolve(), template.line_number


def _bindings(
    place: object, is_test_class: Callable[[object, str], bool]
) -> Iterator[tuple[str, object, compat.ScenarioTemplate]]:
    """Return what binds scenarios in a module or a class, and in the classes that stand there."""
    places = [place]
    for each in places:
        above = each.__mro__[:-1] if isinstance(each, type) else (each,)
        for name, value in [pair for one in above for pair in vars(one).items()]:
            if isinstance(value, type):
                places += [value] if value not in places and is_test_class(value, name) else []
            elif inspect.isroutine(value) and (template := compat.template_of(value)) is not None:
                yield name, value, template
