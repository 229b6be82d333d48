"""What a step gives back that should have been run and was not: a coroutine, or a generator behind a decorator.

pytest-bdd awaits nothing, and runs a generator only where it sees that the step itself is one. Else the body of the
step never happens, and the step would be green.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial
from types import CodeType, FunctionType, MethodType


class AsyncStepError(Exception):
    """A step definition is asynchronous, which pytest-bdd never awaits."""


class UnrunStepError(Exception):
    """A step definition, or the body of a test function, gave back a generator that nothing ran."""


ASYNC = (
    "this step is `async def`, which pytest-bdd never awaits, so nothing would be checked; make it a plain function, "
    "or install pytest-asyncio or anyio, and it runs on their event loop"
)
AWAITABLE = (
    "this step gave back something to await, which nothing awaits, so nothing was checked; wait for it in the step"
)
GENERATOR = (
    "this step gave back a generator that nothing ran, so nothing was checked; a decorator hides its `yield`: "
    "take the decorator away, or let it pass on what the step yields"
)
BODY = (
    "the function that binds this scenario gave back a generator that nothing ran, so its body has checked nothing; "
    "take its `yield` away"
)


def refuse_unrun_body(value: object) -> None:
    """Refuse what a test function gave back if it is its own body that nobody ran."""
    if _is_unrun(value):
        raise UnrunStepError(BODY)


def refuse_unrun(value: object, function: Callable[..., object], *, keeps: bool) -> None:
    """Refuse what a step definition gave back if it is work that nobody did.

    Args:
        value: What it gave back.
        function: The step definition.
        keeps: Whether the value becomes a fixture. Then it may be a generator or an awaitable that later steps use,
            unless it is the step's own body.
    """
    if inspect.iscoroutine(value):
        value.close()
        raise AsyncStepError(ASYNC)
    if not keeps:
        if inspect.isawaitable(value):
            raise AsyncStepError(AWAITABLE)
        # What `contextmanager` makes of a function holds its generator.
        if isinstance(value, (contextlib.AbstractContextManager, contextlib.AbstractAsyncContextManager)):
            value = getattr(value, "gen", value)
    if _is_unrun(value) and (not keeps or _code(value) in _bodies(function)):
        raise UnrunStepError(GENERATOR)


def _is_unrun(value: object) -> bool:
    if isinstance(value, Generator):
        return inspect.isgenerator(value) and inspect.getgeneratorstate(value) == inspect.GEN_CREATED
    # Nobody but a step could have begun it, and a step is not asynchronous.
    return isinstance(value, AsyncGenerator)


def _code(value: object) -> CodeType | None:
    code: CodeType | None = getattr(value, "gi_code", getattr(value, "ag_code", None))
    return code


def _bodies(function: Callable[..., object]) -> set[CodeType]:
    """The code of a function and of all that it wraps, whether or not its decorators say so."""
    found: set[CodeType] = set()
    left: list[object] = [function]
    while left:
        each = left.pop()
        if isinstance(each, partial):
            left.append(each.func)
        elif isinstance(each, MethodType):
            left.append(each.__func__)
        elif isinstance(each, FunctionType) and each.__code__ not in found:
            found.add(each.__code__)
            left.append(getattr(each, "__wrapped__", None))
            for cell in each.__closure__ or ():
                with contextlib.suppress(ValueError):  # nothing is in it yet
                    left.append(cell.cell_contents)
    return found
