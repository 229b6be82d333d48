"""The traceback of a failed step, made where somebody will see it: pytest parses whole files to show a few lines."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

OURS = frozenset({"_pytest", "pluggy", "pytest_bdd", "mkdocs_jetty"})
"""Packages whose frames are no news to the author of a step."""


@dataclass(frozen=True)
class ShownTraceback:
    """A traceback that is made when it is written into an event."""

    info: pytest.ExceptionInfo[BaseException]

    def __str__(self) -> str:
        self.info.traceback = own_frames(self.info)
        return str(self.info.getrepr(style="short", abspath=False))


def own_frames(info: pytest.ExceptionInfo[BaseException]) -> Any:
    """Return the frames of the project's own code; all of them where there are none."""
    own = info.traceback.filter(lambda entry: OURS.isdisjoint(Path(entry.path).parts))
    return own or info.traceback


class NoTracebacks:
    """A pytest plugin that has pytest make no traceback while tests run; what cannot be collected keeps its own."""

    def __init__(self, config: pytest.Config) -> None:
        self._option: Any = config.option

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        style, self._option.tbstyle = self._option.tbstyle, "no"
        try:
            return (yield)
        finally:
            self._option.tbstyle = style
