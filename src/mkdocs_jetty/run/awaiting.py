"""Asynchronous steps, run on the one event loop that pytest-asyncio or anyio keeps for the scenario.

By their own configuration, so that asynchronous fixtures of theirs share the loop with the steps. Without either
plugin there is no loop, and such a step fails.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import cache
from typing import Any

import pytest

from mkdocs_jetty.run import compat
from mkdocs_jetty.run.unrun import ASYNC, AsyncStepError

Runner = Callable[[Callable[[], Awaitable[Any]]], Any]
"""Calls what gives something to await, and waits for it."""


@cache
def is_async(function: Callable[..., object]) -> bool:
    """Tell whether a step definition can only be awaited."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def prepare(request: pytest.FixtureRequest) -> Runner:
    """Return what runs the asynchronous steps of a scenario, before it asks for fixtures that may be asynchronous.

    Raises:
        AsyncStepError: If no plugin is there to run them.
    """
    plugins = request.config.pluginmanager
    asyncio, anyio = plugins.has_plugin("asyncio"), plugins.has_plugin("anyio")
    if anyio and ("anyio_backend" in request.fixturenames or not asyncio):
        return _anyio(request)
    if asyncio:
        return _asyncio(request)
    raise AsyncStepError(ASYNC)


def call(function: Callable[..., Any], arguments: dict[str, Any], request: pytest.FixtureRequest, run: Runner) -> Any:
    """Run an asynchronous step; what stands after its `yield` runs when the scenario ends."""
    if not inspect.isasyncgenfunction(function):
        return run(lambda: function(**arguments))
    generator: AsyncGenerator[Any, None] = function(**arguments)
    value = run(generator.__anext__)

    def finish() -> None:
        with contextlib.suppress(StopAsyncIteration):
            run(generator.__anext__)
            pytest.fail("a step may yield only once")

    request.addfinalizer(finish)
    return value


def _asyncio(request: pytest.FixtureRequest) -> Runner:
    if compat.fixtures_for(request.session, "_function_scoped_runner", request.node):
        runner = request.getfixturevalue("_function_scoped_runner")
        return lambda start: runner.run(_awaited(start))
    loop = request.getfixturevalue("event_loop")  # before pytest-asyncio 1.0
    return lambda start: loop.run_until_complete(_awaited(start))


def _anyio(request: pytest.FixtureRequest) -> Runner:
    from anyio.pytest_plugin import extract_backend_and_options, get_runner  # noqa: PLC0415 # where it is installed

    name, options = extract_backend_and_options(_backend(request))
    context = get_runner(name, options)
    runner = context.__enter__()
    request.addfinalizer(lambda: context.__exit__(None, None, None))
    return lambda start: runner.run_fixture(_awaited, {"start": start})


def _backend(request: pytest.FixtureRequest) -> Any:
    """The backend that the project sets; anyio's own fixture runs everything once for each, which nobody asked for."""
    if "anyio_backend" in request.fixturenames:
        return request.getfixturevalue("anyio_backend")
    (*_, nearest) = compat.fixtures_for(request.session, "anyio_backend", request.node)
    if nearest.params:
        compat.inject_fixture(request, "anyio_backend", "asyncio")
    return request.getfixturevalue("anyio_backend")


async def _awaited(start: Callable[[], Awaitable[Any]]) -> Any:
    return await start()
