"""Steps that run and check nothing: what makes a pass doubtful, and what is no step at all yet."""

from __future__ import annotations

import ast
import concurrent.futures
import inspect
import itertools
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

NO_BODY = "not implemented yet: the body of this step is {}"
LAZY = (map, filter, zip)


def refuse_missing(function: Callable[..., object]) -> None:
    """Refuse a step definition that is none yet.

    Raises:
        NotImplementedError: If its body is `...` or a docstring alone.
    """
    if missing := _missing_body(function):
        raise NotImplementedError(missing)


@cache
def _missing_body(function: Callable[..., object]) -> str | None:
    """Why a step definition is none yet: its body is `...` or a docstring alone. `pass` is a body."""
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None or code.co_names or len(code.co_code) > 24:  # noqa: PLR2004 - what returns None and no more
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    defined = tree.body[0]
    if not isinstance(defined, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    values = [each.value if isinstance(each, ast.Expr) else None for each in defined.body]
    constants = [each.value for each in values if isinstance(each, ast.Constant)]
    if len(constants) != len(values):
        return None
    return NO_BODY.format("`...`" if ... in constants else "a docstring")


def doubts_about(value: object, kind: str) -> list[str]:
    """Return what is strange about what a step gave back, where nobody uses it."""
    if value is False and kind == "then":
        return ["it returned False, which nothing looks at; assert it"]
    if isinstance(value, concurrent.futures.Future):
        return ["it returned a future that nothing waits for; ask it for its result in the step"]
    if isinstance(value, LAZY) or type(value).__module__ == itertools.__name__:
        name = type(value).__name__
        return [f"it returned a lazy `{name}` that nothing runs through, so it may have done nothing; make it a list"]
    return []


class Threads:
    """The threads that fail while steps run."""

    def __init__(self) -> None:
        self._failed: list[str] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note every thread that ends with an exception; whoever else listens still hears of it."""
        others = threading.excepthook

        def note(info: Any) -> None:
            if info.exc_type is not SystemExit:
                name = info.thread.name if info.thread else "a thread"
                self._failed.append(f"{name} failed meanwhile: {info.exc_type.__name__}: {info.exc_value}".strip(": "))
            others(info)

        threading.excepthook = note
        try:
            yield
        finally:
            if threading.excepthook is note:
                threading.excepthook = others

    def failed(self) -> list[str]:
        """Return what failed since this was last asked."""
        found, self._failed = self._failed, []
        return found
