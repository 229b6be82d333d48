"""What the project's hooks do when the last scenario is over: an error there is an error of the run.

No scenario is to blame, and each has its result by then; without a word of it the run would pass.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator
from pathlib import Path

import pytest

from mkdocs_jetty.run.events import EventLog


class Afterwards:
    """A pytest plugin that reports what the hooks after the run raise, and lets it go on."""

    def __init__(self, config: pytest.Config, log: EventLog | None) -> None:
        self._root = config.rootpath
        self._log = log

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None]:
        """Watch the hooks that end the session."""
        yield from self._watch("pytest_sessionfinish")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Generator[None]:
        """Watch the hooks that end the process."""
        yield from self._watch("pytest_unconfigure")

    def _watch(self, hook: str) -> Generator[None]:
        try:
            yield
        except Exception as error:
            if self._log:
                page, line = self._place(error)
                message = f"after the last scenario, in `{hook}`: {type(error).__name__}: {error}"
                self._log.write("problem", level="error", page=page, line=line, column=None, message=message)
            raise

    def _place(self, error: Exception) -> tuple[str, int | None]:
        """The project's own line that it came from."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            if path.is_relative_to(self._root) and "site-packages" not in path.parts and path != Path(__file__):
                return path.relative_to(self._root).as_posix(), frame.lineno
        return "", None
