"""Which step definition serves a step, through an index instead of asking every definition for every step.

pytest-bdd asks pytest for the visibility of each registered fixture at every step, so its cost is steps times
definitions. Here the definitions that a directory sees are listed once, filed by the literal text their pattern
begins with, and the answer for a text is remembered.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd import parsers
from pytest_bdd.compat import get_fixture_names, getfixturedefs
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

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

    def __init__(self, root: Path, step_files: Callable[[Path], bool]) -> None:
        self.root = root
        self._is_step_file = step_files
        self._seen: dict[pytest.Collector, Definitions] = {}

    def find(self, item: pytest.Item, kind: str, text: str, named: Sequence[Path]) -> list[Definition]:
        """The definitions of the nearest level that match: none is undefined, several are ambiguous.

        Args:
            item: Whose fixtures are visible.
            kind: `given`, `when` or `then`.
            text: The step without its keyword.
            named: The step modules that the page names, which come first.
        """
        matching = self._visible(item).matching(kind, text)
        if len(matching) < 2:  # noqa: PLR2004 - nothing to choose from
            return list(matching)
        levels: dict[tuple[int, int], list[Definition]] = defaultdict(list)
        for definition in matching:
            levels[self._level(definition, named)].append(definition)
        return levels[min(levels)]

    def overridden(self, item: pytest.Item, kind: str, text: str, serving: Definition) -> Definition | None:
        """The definition of the step library that another one serves in the place of."""
        if serving.file.is_relative_to(LIBRARY):
            return None
        every = self._visible(item).matching(kind, text)
        return next((each for each in every if each.file.is_relative_to(LIBRARY)), None)

    def _visible(self, item: pytest.Item) -> Definitions:
        # Pages hold no definitions of their own, so all pages of a directory see the same ones.
        page = item.parent
        scope = page.parent if page is not None and page.parent is not None else item.session
        if scope not in self._seen:
            self._seen[scope] = Definitions(_visible_definitions(item))
        return self._seen[scope]

    def _level(self, definition: Definition, named: Sequence[Path]) -> tuple[int, int]:
        file = definition.file
        if any(file == path or file.is_relative_to(path) for path in named):
            return (0, 0)
        if self._is_step_file(file):
            test_module = file.name.startswith("test_") or file.stem.endswith("_test")
            return (2, 0) if test_module else (1, 0)
        if file.name == "conftest.py" and file.is_relative_to(self.root):
            return (1, -len(file.parent.relative_to(self.root).parts))
        return (3, 0)


def _visible_definitions(item: pytest.Item) -> list[Definition]:
    manager = item.session._fixturemanager
    found: dict[tuple[Path, int, str, str | None], Definition] = {}
    for name in get_fixture_names(fixturemanager=manager):
        if not name.startswith(STEP_FIXTURE):
            continue
        for fixture in getfixturedefs(manager, name, item) or ():
            context = step_function_context_registry.get(fixture.func)
            if context is not None:
                definition = _definition(context)
                # A module that pytest loads twice is one place all the same.
                found[definition.file, definition.line, context.parser.name, context.type] = definition
    merged: dict[tuple[Path, int, str], Definition] = {}
    for (file, line, pattern, _), definition in found.items():
        merged.setdefault((file, line, f"{pattern} {definition.context.type}"), definition)
    return list(merged.values())


def _definition(context: StepFunctionContext) -> Definition:
    function = inspect.unwrap(context.step_func)
    code = getattr(function, "__code__", None)
    file = Path(code.co_filename) if code else Path(inspect.getfile(type(function)))
    return Definition(context, file, code.co_firstlineno if code else 1, _prefix(context.parser))


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
