"""A step that forks and lets the copy run on: the copy ends at once, and the scenario is red.

Otherwise the copy would run every later step and scenario once more. Copies that end themselves within the step, as
those of `multiprocessing` do, never come here.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from mkdocs_jetty.run.collect import FORKED
from mkdocs_jetty.run.events import high

if TYPE_CHECKING:
    from mkdocs_jetty.run.events import EventLog


class Copies:
    """A pytest plugin that looks after each step and each phase of a test which process this is."""

    def __init__(self, log: EventLog | None) -> None:
        self._log = log
        self._pid = os.getpid()
        self._running = ""
        self._reported: set[str] = set()
        # Where no build listens, the copy tells the original itself.
        self._reader, self._writer = (-1, -1) if log else map(high, os.pipe())
        if self._reader >= 0:
            os.set_blocking(self._reader, False)

    def _end_copy(self) -> None:
        if os.getpid() == self._pid:
            return
        if self._log:
            self._log.end_copy()
        try:
            os.write(self._writer, f"{self._running}\n".encode())
        finally:
            os._exit(1)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        self._running = item.nodeid
        try:
            yield
        finally:
            self._end_copy()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None]:
        try:
            yield
        finally:
            self._end_copy()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        try:
            yield
        finally:
            self._end_copy()
        if item.nodeid in self._heard():
            self._reported.discard(item.nodeid)
            pytest.fail(FORKED, pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_after_step(self) -> None:
        self._end_copy()

    @pytest.hookimpl(tryfirst=True)
    def pytest_bdd_step_error(self) -> None:
        self._end_copy()

    def _heard(self) -> set[str]:
        if self._reader >= 0:
            try:
                said = os.read(self._reader, 1 << 16).decode()
            except OSError:
                said = ""
            self._reported.update(said.splitlines())
        return self._reported

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        if self._heard() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        yield

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for nodeid in sorted(self._reported):
            terminalreporter.write_line(f"FAILED {nodeid} - {FORKED}", red=True)
