"""Letting time pass for the system under test, and saying by which strategy.

- `in-process`: the application runs in this process and `time-machine` moved its clock. Believed only where it shows.
- `hook`: the port `jetty_clock`, as with an endpoint for tests.
- `contract`: nothing was moved; the promise in `Retry-After` was checked instead, which proves no release.
- `wait`: time really passed.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.client import blocked, described
from mkdocs_jetty.steps.ports import Clock, Target
from mkdocs_jetty.steps.values import spoken

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client"]

TOLERANCE = timedelta(seconds=2)
SHORT = timedelta(seconds=5)
"""What is worth really waiting for."""
Again = Callable[[], Any]


class Wait:
    """Time really passes; fill the port `jetty_clock` with it where a slow test is worth it."""

    name = "wait"

    def pass_by(self, span: timedelta) -> None:
        """Sleep."""
        time.sleep(span.total_seconds())


class InProcess:
    """The clock of this process, moved by `time-machine`."""

    name = "in-process"

    def __init__(self, module: Any) -> None:
        self._module = module
        self._travel: Any = None
        self._coordinates: Any = None

    def pass_by(self, span: timedelta) -> None:
        """Shift the clock, which goes on ticking."""
        if self._travel is None:
            self._travel = self._module.travel(time.time(), tick=True)
            self._coordinates = self._travel.start()
        self._coordinates.shift(span)

    def stop(self) -> None:
        """Return to the present."""
        if self._travel is not None:
            self._travel.stop()
            self._travel = None


class Time:
    """The clocks there are for one scenario."""

    def __init__(self, target: Target, hook: Clock | None, measure: Callable[[str, object], None]) -> None:
        self.hook = hook
        self.measure = measure
        self.own = InProcess(module) if target.app is not None and (module := _time_machine()) else None

    def pass_by(self, span: timedelta) -> None:
        """Let time pass, by whichever clock there is.

        Raises:
            Unavailable: If there is none, and the time is too long to wait.
        """
        clock: Clock | None = self.hook or self.own or (Wait() if span <= SHORT else None)
        if clock is None:
            raise Unavailable(f"nothing here can let {spoken(span)} pass: override the fixture `jetty_clock`")
        clock.pass_by(span)
        self.measure("clock", clock.name)

    def blocked_for(self, span: timedelta, first: Any, again: Again) -> bool:
        """Check that a block holds for a span and then ends; whether it has ended now.

        Args:
            span: How long it has to hold.
            first: The refusal that began it.
            again: Makes the same attempt once more.
        """
        promised = retry_after(first)
        if promised is not None:
            close_to(promised, span)
        if self.own is not None and self._moves(self.own, span, promised, again):
            self.measure("clock", self.own.name)
            return True
        clock = self.hook or (Wait() if span <= SHORT else None)
        if clock is not None:
            self.measure("clock", clock.name)
            _holds_and_ends(clock, span, again)
            return True
        if promised is None:
            raise Unavailable(
                f"it is blocked now, but nothing shows for how long: the answer has no Retry-After, and there is no "
                f"clock to let {spoken(span)} pass (override the fixture `jetty_clock`)"
            )
        still = again()
        assert blocked(still), f"the very next attempt was let through: {described(still)}"
        self.measure("clock", "contract")
        return False

    def _moves(self, clock: InProcess, span: timedelta, promised: timedelta | None, again: Again) -> bool:
        """Tell whether the application's own clock follows ours; if so, the block was seen to hold and to end."""
        margin = _margin(span)
        clock.pass_by(span - margin)
        during = again()
        left = retry_after(during)
        follows = left is not None and promised is not None and promised - left >= (span - margin) / 2
        if blocked(during) and left is not None and not follows:
            clock.stop()
            return False
        assert blocked(during), f"the block ended before {spoken(span)} were over: {described(during)}"
        clock.pass_by(2 * margin)
        after = again()
        if blocked(after) and not follows:
            clock.stop()
            return False
        assert not blocked(after), f"still blocked after {spoken(span)}: {described(after)}"
        return True

    def stop(self) -> None:
        """Return to the present."""
        if self.own is not None:
            self.own.stop()


def _holds_and_ends(clock: Clock, span: timedelta, again: Again) -> None:
    margin = _margin(span)
    clock.pass_by(span - margin)
    during = again()
    assert blocked(during), f"the block ended before {spoken(span)} were over: {described(during)}"
    clock.pass_by(2 * margin)
    after = again()
    assert not blocked(after), f"still blocked after {spoken(span)}: {described(after)}"


def _margin(span: timedelta) -> timedelta:
    return min(TOLERANCE, span / 4)


def retry_after(response: Any) -> timedelta | None:
    """What an answer says in `Retry-After`, in seconds or as a date; None where it says nothing that can be read."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return timedelta(seconds=int(text))
    with suppress(ValueError):
        until = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %Z")  # noqa: DTZ007 - HTTP dates are in GMT
        sent = datetime.strptime(response.headers.get("date", ""), "%a, %d %b %Y %H:%M:%S %Z")  # noqa: DTZ007
        return until - sent
    return None


def close_to(promised: timedelta, span: timedelta) -> None:
    """Fail where a promise differs from what was asked for."""
    assert abs(promised - span) <= TOLERANCE, (
        f"Retry-After promises {spoken(promised)}, where {spoken(span)} were asked for"
    )


def _time_machine() -> Any:
    try:
        return importlib.import_module("time_machine")
    except ImportError:
        return None


@pytest.fixture
def jetty_time(
    jetty_target: Target, jetty_clock: Clock | None, jetty_measure: Callable[[str, object], None]
) -> Iterator[Time]:
    """The clocks there are for the scenario; the present returns when it ends."""
    keeper = Time(jetty_target, jetty_clock, jetty_measure)
    yield keeper
    keeper.stop()
