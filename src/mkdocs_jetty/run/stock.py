"""What the step library would serve if the project loaded it, and which of its ports nobody has filled."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.run import compat

if TYPE_CHECKING:
    import pytest

    from mkdocs_jetty.spec.model import Step

MODULE = "mkdocs_jetty.steps"
HINT = f"it is a phrase of the step library: add `{MODULE}` to the option `steps`"


def is_stock(step: Step) -> bool:
    """Tell whether a step is a phrase of the step library."""
    return _served(step.type, step.text)


@cache
def _served(kind: str, text: str) -> bool:
    # It loads every family of steps, which nobody needs who has defined all of theirs.
    from mkdocs_jetty.steps.listing import phrases  # noqa: PLC0415

    return any(each.kind == kind and each.parser.is_matching(text) for each in phrases())


# ---- ports ----

PORT = re.compile(r"override the fixture `(jetty_\w+)`")
"""How a message names a port that nobody has filled."""
NAMED = re.compile(r"`(jetty_\w+)`")
"""The names of ports in a message."""
ALSO = "the scenario also needs: "


def with_further_ports(message: str, request: pytest.FixtureRequest, functions: Iterable[Callable[..., object]]) -> str:
    """Return what a port says that nobody has filled, with all others that the scenario will ask for.

    Args:
        message: What it says.
        request: That of the scenario's test.
        functions: The step definitions that are still to run.
    """
    if not PORT.search(message):
        return message
    from mkdocs_jetty.steps.examples import EXAMPLES, TAKEN_FROM  # noqa: PLC0415 (for who uses the library)

    seen = set(PORT.findall(message))
    further = []
    for function in functions:
        for name in _asked(function, request):
            places = (name, TAKEN_FROM.get(name, name))
            if name in EXAMPLES and name not in seen and all(_is_unfilled(each, request) for each in places):
                further.append(f"`{name}` returns {EXAMPLES[name]}")
            seen.add(name)
    return f"{message}\n{ALSO}{'; '.join(further)}" if further else message


def _asked(function: Callable[..., object], request: pytest.FixtureRequest) -> Iterator[str]:
    """The fixtures that a function asks for, and those that they ask for in turn."""
    waiting, seen = list(inspect.signature(function).parameters), set()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen.add(name)
            yield name
            for fixture in _fixtures(name, request)[-1:]:
                waiting += fixture.argnames


def _is_unfilled(name: str, request: pytest.FixtureRequest) -> bool:
    return all(_is_ours(each.func) for each in _fixtures(name, request)[-1:])


def _fixtures(name: str, request: pytest.FixtureRequest) -> list[pytest.FixtureDef[Any]]:
    item = compat.item_of(request)
    return list(compat.fixtures_for(item.session, name, item) or ())


def _is_ours(function: Callable[..., object]) -> bool:
    return str(getattr(function, "__module__", "")).startswith(f"{MODULE}.")
