"""Which step definition serves a step, through an index instead of asking every definition for every step.

pytest-bdd asks pytest for the visibility of each registered fixture at every step, so its cost is steps times
definitions. Here the definitions that a directory sees are listed once, filed by the literal text their pattern
begins with, and the answer for a text is remembered.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd import parsers
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

if TYPE_CHECKING:
    from mkdocs_jetty.run.offers import Offers, Reach
    from mkdocs_jetty.spec.model import Scenario

LIBRARY = Path(__file__).parents[1] / "steps"
"""Where the phrases stand that ship with this package."""
STEP_FIXTURE = "pytestbdd_stepdef_"
PLAIN = re.compile(r"[^\\.^$*+?{}\[\]()|]*")


@dataclass(frozen=True, eq=False)
class Definition:
    """A step definition as seen from some page."""

    context: StepFunctionContext
    file: Path
    line: int
    prefix: str
    """What every matching text begins with: lower case, runs of white space as one blank."""
    sources: frozenset[Path] = frozenset()
    """The step modules that offer it, be it because they import it."""

    def matches(self, kind: str, text: str) -> bool:
        """Whether it serves a step of this type and text."""
        if self.context.type is not None and self.context.type != kind:
            return False
        return bool(self.context.parser.is_matching(text))


class Definitions:
    """All definitions visible from one place, indexed."""

    def __init__(self, found: Iterable[Definition]) -> None:
        self._by_prefix: dict[int, dict[str, list[Definition]]] = defaultdict(lambda: defaultdict(list))
        for definition in found:
            self._by_prefix[len(definition.prefix)][definition.prefix].append(definition)
        self._memo: dict[tuple[str, str], tuple[Definition, ...]] = {}

    def matching(self, kind: str, text: str) -> tuple[Definition, ...]:
        """Every definition that matches, whatever its level."""
        key = (kind, text)
        if key not in self._memo:
            folded = _fold(text)
            self._memo[key] = tuple(
                definition
                for length, filed in self._by_prefix.items()
                for definition in filed.get(folded[:length], ())
                if definition.matches(kind, text)
            )
        return self._memo[key]


class Lookup:
    """Finds the definition of a step for the items of one session."""

    def __init__(self, root: Path, step_files: Callable[[Path], bool], offers: Offers) -> None:
        self.root = root
        self.offers = offers
        self._is_step_file = step_files
        self._seen: dict[pytest.Collector, Definitions] = {}

    @cached_property
    def _offered(self) -> list[Definition]:
        """What the step modules offer, which is the same for every page."""
        return [
            _definition(context, frozenset({offer.path}))
            for offer in self.offers.by_path.values()
            for context in offer.steps
        ]

    def find(self, page: pytest.Collector, kind: str, text: str, named: Sequence[Path]) -> list[Definition]:
        """The definitions of the nearest level that match: none is undefined, several are ambiguous.

        Args:
            page: The page of the scenario, which decides what can be seen.
            kind: `given`, `when` or `then`.
            text: The step without its keyword.
            named: The step modules that the page names, or that bind the scenario, which come first.
        """
        matching = self._visible(page).matching(kind, text)
        if len(matching) < 2:  # noqa: PLR2004 - nothing to choose from
            return list(matching)
        levels: dict[tuple[int, int], list[Definition]] = defaultdict(list)
        for definition in matching:
            levels[self._level(definition, named)].append(definition)
        return levels[min(levels)]

    def overridden(self, page: pytest.Collector, kind: str, text: str, serving: Definition) -> Definition | None:
        """The definition of the step library that another one serves in the place of."""
        if serving.file.is_relative_to(LIBRARY):
            return None
        every = self._visible(page).matching(kind, text)
        return next((each for each in every if each.file.is_relative_to(LIBRARY)), None)

    def reach(self, page: pytest.Collector, scenario: Scenario, named: Sequence[Path]) -> Reach:
        """The step modules whose fixtures hold for a scenario."""
        serving: set[Path] = set()
        for step in scenario.steps if self.offers.need_serving else ():
            # What a pattern raises is told when the scenario runs, as any error of a step.
            with contextlib.suppress(Exception):
                for each in self.find(page, step.type, step.text, named):
                    serving |= {each.file} if each.file in self.offers.by_path else each.sources
        return self.offers.reach(named, serving)

    def _visible(self, page: pytest.Collector) -> Definitions:
        # Pages hold no definitions of their own, so all pages of a directory see the same ones.
        scope = page.parent if isinstance(page.parent, pytest.Collector) else page.session
        if scope not in self._seen:
            self._seen[scope] = Definitions(_distinct([*_registered(page), *self._offered]))
        return self._seen[scope]

    def _level(self, definition: Definition, named: Sequence[Path]) -> tuple[int, int]:
        file = definition.file
        if any(place.is_relative_to(path) for path in named for place in (file, *definition.sources)):
            return (0, 0)
        if self._is_step_file(file):
            offer = self.offers.by_path.get(file)
            return (2, 0) if offer and offer.kind == "test" else (1, 0)
        if file.name == "conftest.py" and file.is_relative_to(self.root):
            return (1, -len(file.parent.relative_to(self.root).parts))
        return (3, 0)


def _registered(page: pytest.Collector) -> Iterator[Definition]:
    """What pytest itself has of step definitions for a page: those of plugins and of every `conftest.py`."""
    manager = page.session._fixturemanager
    for name in get_fixture_names(fixturemanager=manager):
        if not name.startswith(STEP_FIXTURE):
            continue
        for fixture in getfixturedefs(manager, name, page) or ():
            context = step_function_context_registry.get(fixture.func)
            if context is not None:
                yield _definition(context)


def _distinct(every: Iterable[Definition]) -> list[Definition]:
    """Each once: a module that pytest loads twice is one place all the same, and so is what several import."""
    found: dict[tuple[Path, int, str, str | None], Definition] = {}
    for each in every:
        place = (each.file, each.line, each.context.parser.name, each.context.type)
        known = found.get(place)
        found[place] = replace(each, sources=known.sources | each.sources) if known else each
    return list(found.values())


def _definition(context: StepFunctionContext, sources: frozenset[Path] = frozenset()) -> Definition:
    function = inspect.unwrap(context.step_func)
    code = getattr(function, "__code__", None)
    file = Path(code.co_filename) if code else Path(inspect.getfile(type(function)))
    return Definition(context, file, code.co_firstlineno if code else 1, _prefix(context.parser), sources)


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
