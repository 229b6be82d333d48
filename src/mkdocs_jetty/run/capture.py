"""pytest's capture, made whole again where a step broke it: what a step does to its output costs no other scenario.

A step may close `sys.stdout`, or every descriptor it can find. pytest reads what was printed after each phase of a
test, and from then on every read would fail. So after each phase, before pytest reads, the capture is looked at.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.run.events import high, identity

STREAMS = ("stdin", "stdout", "stderr")


class CaptureKeeper:
    """A pytest plugin that checks the capture after each phase, and makes a new one where it is broken."""

    def __init__(self, config: pytest.Config, output: Path | None) -> None:
        self._config = config
        self._output = output
        """The file that the process itself prints to, where that is known."""
        self._manager: Any = config.pluginmanager.getplugin("capturemanager")
        self._streams = [getattr(sys, name) for name in STREAMS]
        # Spares with high numbers, since pytest's own have low ones.
        self._spares = [_spare(number) for number in range(len(STREAMS))]
        self._files = [identity(number) for number in range(len(STREAMS))]
        self._first_free = os.open(os.devnull, os.O_RDONLY)
        os.close(self._first_free)
        self._broken: list[object] = []
        """Kept, because closing one would close numbers that may be another's by now."""
        self._known = self._state()

    def _state(self) -> list[tuple[int, int] | None] | None:
        """Which files the capture stands on; None where it cannot work."""
        capturing = self._manager and self._manager._global_capturing
        shown = [] if capturing and capturing.out else [getattr(sys, name) for name in STREAMS]
        if not all(map(_usable, (*self._streams, *shown))) or None in map(identity, range(len(STREAMS))):
            return None
        try:
            return [identity(number) for number in _descriptors(capturing)]
        except (OSError, ValueError):
            return None

    def _mend(self) -> None:
        state = self._state()
        if state is None or state != self._known:
            self._renew()

    def _renew(self) -> None:
        manager, broken = self._manager, self._manager and self._manager._global_capturing
        started = broken is not None and broken.is_started()
        self._broken.append(broken)
        for number, name in enumerate(STREAMS):
            self._reopen(number)
            stream = self._streams[number] = _opened(self._streams[number], number)
            setattr(sys, name, stream)
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None and not _usable(reporter._tw._file):
            reporter._tw._file = self._streams[1]
        self._plug()
        if broken is not None:
            manager._global_capturing = None
            manager.start_global_capturing()
            if not started:
                manager.suspend_global_capture()
        self._known = self._state()

    def _plug(self) -> None:
        """Take up the numbers that a step closed: others still hold them, and will close them in the end."""
        while (taken := os.open(os.devnull, os.O_RDONLY)) < self._first_free:
            pass
        os.close(taken)

    def _reopen(self, number: int) -> None:
        """Have a standard descriptor stand for what it stood for at the start, or for nothing."""
        spare = self._spares[number]
        if identity(spare) == self._files[number] is not None:
            os.dup2(spare, number)
        elif identity(number) != self._files[number]:
            path = self._output if number and self._output else os.devnull
            opened = os.open(path, os.O_RDWR | os.O_APPEND)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)
            self._spares[number], self._files[number] = _spare(number), identity(number)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        self._mend()
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Generator[None]:
        with self._mended():
            yield

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None]:
        with self._mended():
            yield

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Generator[None]:
        with self._mended():
            yield

    @contextlib.contextmanager
    def _mended(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._mend()


def _spare(number: int) -> int:
    try:
        return high(os.dup(number))
    except OSError:
        return -1


def _descriptors(capturing: Any) -> Iterator[int]:
    """The descriptors that a capture cannot do without; raises ValueError where what it keeps cannot be read."""
    for each in (capturing.in_, capturing.out, capturing.err) if capturing else ():
        if hasattr(each, "targetfd_save"):
            yield from (each.targetfd_save, each.tmpfile.fileno())
        elif hasattr(getattr(each, "tmpfile", None), "getvalue"):
            each.tmpfile.getvalue()


def _usable(stream: Any) -> bool:
    """Tell whether a stream can be printed to; None is what Python has where there is no such stream at all."""
    try:
        return stream is None or not stream.closed
    except (ValueError, AttributeError):  # its buffer has been detached; it is no stream
        return False


def _opened(stream: Any, number: int) -> Any:
    if _usable(stream):
        return stream
    return open(number, "w" if number else "r", encoding="utf-8", errors="replace", closefd=False)
