"""Which step definition serves a step, through an index instead of asking every definition for every step.

pytest-bdd asks pytest for the visibility of each registered fixture at every step, so its cost is steps times
definitions. Here the definitions are listed once, filed by the literal text their pattern begins with, and the answer
for a text is remembered for all scenarios that stand in one place.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import parsers

from mkdocs_jetty.run import compat
from mkdocs_jetty.run.compat import Node, StepFunctionContext
from mkdocs_jetty.run.modules import Tree
from mkdocs_jetty.run.offers import Offer, Offers, Place
from mkdocs_jetty.spec.model import Scenario, Step

LIBRARY = Path(__file__).parents[1] / "steps"
"""Where the phrases stand that ship with this package."""
PLAIN = re.compile(r"[^\\.^$*+?{}\[\]()|]*")


@dataclass(frozen=True, eq=False)
class Definition:
    """A step definition, as one place offers it."""

    context: StepFunctionContext
    at: object
    """The node where it is registered."""
    offer: Offer | None
    """The step module that offers it, be it because it imports it; None for a plugin's."""
    file: Path
    line: int
    prefix: str
    """What every matching text begins with: lower case, runs of white space as one blank."""
    order: int

    @property
    def is_exact(self) -> bool:
        """Whether it is the very text of a step, and no pattern."""
        return type(self.context.parser) is parsers.string

    @cached_property
    def is_stock(self) -> bool:
        """Whether it ships with this package."""
        return self.file.is_relative_to(LIBRARY)

    @cached_property
    def identity(self) -> tuple[Path, int, str, str | None]:
        """What it is, wherever it is offered: a module that is loaded twice is one place all the same."""
        return self.file, self.line, self.context.parser.name, self.context.type

    def matches(self, kind: str, text: str) -> bool:
        """Tell whether it serves a step of this type and text."""
        if self.context.type is not None and self.context.type != kind:
            return False
        return bool(self.context.parser.is_matching(text))


Level = tuple[int, int]
"""How near a definition is; the smallest comes first."""
BESIDE: Level = (2, 0)
"""A `conftest.py` of the steps, or a plain step module."""
TESTS: Level = (3, 0)
"""A test module that a page does not name."""
Found = list[tuple[Level, Definition]]


@dataclass(frozen=True)
class Choice:
    """What serves a step."""

    definition: Definition | None = None
    """The definition to run: none where the step is undefined, or ambiguous and that is an error."""
    rivals: tuple[Definition, ...] = ()
    """All that match on the same level, where there is more than one; pytest-bdd would take the last."""
    overrides: Definition | None = None
    """The definition of the step library that it serves in the place of."""
    error: Exception | None = None
    """What a pattern raised when it was asked."""
    lent: bool = False
    """Whether it comes from a plain step module that stock pytest-bdd would not look into."""


@dataclass(frozen=True)
class Standing:
    """A scenario of a page among the step modules: what serves its steps, and where that makes it stand."""

    choices: tuple[Choice, ...]
    place: Place
    named: tuple[Path, ...]


class Index:
    """All step definitions of a session, filed by what they begin with."""

    def __init__(self, session: pytest.Session, offers: Offers) -> None:
        self._by_prefix: dict[int, dict[str, list[Definition]]] = defaultdict(lambda: defaultdict(list))
        for order, (key, context) in enumerate(compat.step_definitions(session)):
            at = offers.nodes.get(key, key) if isinstance(key, str) else key
            definition = _definition(context, at, offers, order)
            self._by_prefix[len(definition.prefix)][definition.prefix].append(definition)

    def every(self) -> Iterator[Definition]:
        """All of them, each once wherever it is offered."""
        filed = (each for by_prefix in self._by_prefix.values() for found in by_prefix.values() for each in found)
        yield from _unique(filed)

    def candidates(self, text: str) -> Iterator[Definition]:
        """Every definition that may match a text."""
        folded = _fold(text)
        for length, filed in self._by_prefix.items():
            yield from filed.get(folded[:length], ())


@dataclass
class _Memory:
    """What has been found out, for as long as no more definitions come in."""

    version: object
    index: Index
    found: dict[tuple[object, ...], Found] = field(default_factory=dict)


class Lookup:
    """Finds the definition of a step for the items of one session."""

    def __init__(self, tree: Tree, *, warn: bool) -> None:
        """Take the step modules; `warn` says that a step that several definitions match runs all the same."""
        self.tree = tree
        self.offers = Offers(tree)
        self._warn = warn
        self._now: _Memory | None = None
        self._serving: set[object] = set()
        """What serves any step that was asked about, or would."""

    def every(self) -> Iterator[tuple[Definition, bool]]:
        """All step definitions, each with whether it serves any step that was asked about."""
        for each in self._memory.index.every():
            yield each, each.identity in self._serving

    @property
    def _memory(self) -> _Memory:
        version = compat.version_of(self.tree.session)
        if self._now is None or self._now.version != version:
            self._now = _Memory(version, Index(self.tree.session, self.offers))
        return self._now

    # ---- tests that pytest-bdd has made ----

    def bound(self, item: pytest.Item, kind: str, text: str) -> Choice:
        """The definition that stock would take for a test function, or else one of a plain step module."""
        chain = {each: depth for depth, each in enumerate([*item.iter_parents()][1:])}

        def level(definition: Definition) -> Level | None:
            near = chain.get(definition.at) if isinstance(definition.at, Node) else _by_id(chain, definition.at)
            if near is None:
                return (1, 0) if definition.offer and definition.offer.kind == "plain" else None
            # At the session's level, a `conftest.py` is nearer than plugins.
            return (0, 2 * near + (definition.offer is None))

        found = self._matching(item.parent, kind, text, level)
        nearest = [each for at, each in found if at == found[0][0]]
        rivals = _unique(nearest)
        if len(rivals) > 1 and sum(each.is_exact for each in rivals) == 1:
            rivals = []  # the exact text is no rival of a pattern, and stock runs what it runs
        lent = bool(found) and found[0][0][0] == 1
        return self._choice(nearest[-1:], rivals, (each for _, each in found), lent=lent)

    # ---- pages ----

    def page(self, chain: Sequence[pytest.Collector], named: tuple[Path, ...], scenario: Scenario) -> Standing:
        """Return what serves the steps of a page's scenario, and where it stands.

        Args:
            chain: The directories above the page, the topmost first.
            named: The step modules that the page names, which come first.
            scenario: With its steps.
        """
        found = [self._seen_from(chain, named, step) for step in scenario.steps]
        sure = (_among_modules(each) for each in found if not isinstance(each, Exception))
        anchors = [*named, *(each[0][1].offer.path for each in sure if len(_distinct(each)) == 1 and each[0][1].offer)]
        choices = tuple(self._settled(each, anchors) for each in found)
        serving = (choice.definition.offer.path for choice in choices if choice.definition and choice.definition.offer)
        return Standing(choices, self.offers.place(named, serving), named)

    def _seen_from(self, chain: Sequence[pytest.Collector], named: tuple[Path, ...], step: Step) -> Found | Exception:
        """Every definition that matches, the nearest level first; or what a pattern raised."""
        depths: dict[object, int] = {each: len(chain) - number for number, each in enumerate(chain)}

        def level(definition: Definition) -> Level | None:
            offer, at = definition.offer, definition.at
            if offer and any(_is_in(place, path) for path in named for place in (offer.path, definition.file)):
                return (0, 0)
            if at in depths:
                return (1, depths[at])
            if offer:
                return TESTS if offer.kind == "test" else BESIDE
            return (4, 0) if at is self.tree.session or not isinstance(at, Node) else None

        try:
            return self._matching((chain[-1] if chain else None, named), step.type, step.text, level)
        except Exception as error:  # noqa: BLE001 - a pattern may raise anything; the scenario tells when it runs
            return error

    def _settled(self, found: Found | Exception, anchors: list[Path]) -> Choice:
        if isinstance(found, Exception):
            return Choice(error=found)
        every = [each for _, each in found]
        pool = _among_modules(found)
        if len(_distinct(pool)) > 1 and (beside := [pair for pair in pool if _is_beside(pair[1], anchors)]):
            found, offers = beside, [each.offer for _, each in beside if each.offer]
            found = [pair for pair in beside if not any(pair[1].offer and each.hides(pair[1].offer) for each in offers)]
        group = [each for level, each in found if level == found[0][0]]
        group = [each for each in group if each.is_exact] or group
        return self._choice(group[-1:], _unique(group), every)

    # ---- both ----

    def _matching(self, scope: object, kind: str, text: str, level: Callable[[Definition], Level | None]) -> Found:
        """Every definition that a scope sees and that matches, the nearest level first; remembered."""
        memory = self._memory
        key = (scope, kind, text)
        if key not in memory.found:
            found = []
            for each in memory.index.candidates(text):
                at = level(each)
                if at is not None and each.matches(kind, text):
                    found.append((at, each))
            memory.found[key] = sorted(found, key=lambda pair: (pair[0], pair[1].order))
        return memory.found[key]

    def _choice(
        self, taken: list[Definition], rivals: list[Definition], every: Iterable[Definition], *, lent: bool = False
    ) -> Choice:
        if not taken:
            return Choice()
        self._serving.update(each.identity for each in (*taken, *rivals))
        ambiguous = tuple(rivals) if len(rivals) > 1 else ()
        if ambiguous and not self._warn:
            return Choice(rivals=ambiguous)
        (definition,) = taken
        overrides = None
        if not definition.is_stock:
            overrides = next((each for each in every if each.is_stock), None)
        return Choice(definition, ambiguous, overrides, lent=lent)


def _among_modules(found: Found) -> Found:
    """What competes by where it stands: unless something nearer matches, the `conftest.py` files and the modules."""
    return [pair for pair in found if pair[0] in (BESIDE, TESTS)] if found and found[0][0] in (BESIDE, TESTS) else []


def _is_beside(definition: Definition, anchors: list[Path]) -> bool:
    """Tell whether it stands beside, or above, what surely serves a scenario."""
    directory = (definition.offer.path if definition.offer else definition.file).parent
    return any(_is_in(path.parent, directory) for path in anchors)


def _distinct(found: Found) -> list[Definition]:
    return _unique(each for _, each in found)


def _unique(every: Iterable[Definition]) -> list[Definition]:
    """Each once, though several modules may offer it; pytest-bdd's choice stays the last."""
    found: dict[object, Definition] = {}
    for each in every:
        found.pop(each.identity, None)
        found[each.identity] = each
    return list(found.values())


def _definition(context: StepFunctionContext, at: object, offers: Offers, order: int) -> Definition:
    function = inspect.unwrap(context.step_func)
    code = getattr(function, "__code__", None)
    file = Path(code.co_filename) if code else Path(inspect.getfile(type(function)))
    offer = offers.offering(context, at, file)
    return Definition(context, at, offer, file, code.co_firstlineno if code else 1, _prefix(context.parser), order)


def _by_id(chain: dict[Node, int], nodeid: object) -> int | None:
    return next((depth for node, depth in chain.items() if node.nodeid == nodeid), None)


def _is_in(path: Path, place: Path) -> bool:
    return path == place or path.is_relative_to(place)


def _prefix(parser: Any) -> str:
    if type(parser) is parsers.string:
        return _fold(parser.name)
    if type(parser) in {parsers.parse, parsers.cfparse}:
        return _fold(parser.name.split("{")[0])
    if type(parser) is parsers.re:
        pattern = parser.name.lstrip("^")
        if "|" in pattern or parser.regex.flags & re.VERBOSE:
            return ""
        literal = PLAIN.match(pattern)
        text = literal.group() if literal else ""
        # A quantifier after the literal part makes its last character optional.
        return _fold(text[:-1] if pattern[len(text) : len(text) + 1] in {"*", "?", "{"} else text)
    return ""


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()
