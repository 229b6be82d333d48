"""Which files of the project a scenario executes, so that a change of one runs first what goes through it.

Python 3.12 and newer tell of each function that begins (`sys.monitoring`, PEP 669), and can be told to leave alone what
is not the project's. Older ones would slow everything down: there the order goes by the step definitions alone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import CodeType
from typing import Any

from mkdocs_jetty.run.launch import INSTALLED

_MONITORING: Any = getattr(sys, "monitoring", None)
_FREE_TOOLS = (4, 3)
"""The tool ids that Python keeps for nobody (https://docs.python.org/3/library/sys.monitoring.html)."""


class Executed:
    """Notes the files of the project whose functions begin, in any thread, from one scenario to the next.

    Args:
        root: The project's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root) + os.sep
        self._files: set[str] = set()
        tool = _taken()
        if tool is not None:
            started = _MONITORING.events.PY_START
            _MONITORING.register_callback(tool, started, self._begins)
            _MONITORING.set_events(tool, started)

    def begin(self) -> None:
        """A scenario begins."""
        self._files.clear()

    def files(self) -> list[str]:
        """Return what was executed since then, relative to the project."""
        return sorted(name.removeprefix(self._root).replace(os.sep, "/") for name in self._files)

    def _begins(self, code: CodeType, _: int) -> object:
        name = code.co_filename
        if not name.startswith(self._root) or any(folder in name for folder in INSTALLED):
            return _MONITORING.DISABLE  # nobody is told of it again
        self._files.add(name)
        return None


def _taken() -> int | None:
    """A tool id of ours; None where Python has none to give."""
    for tool in _FREE_TOOLS if _MONITORING else ():
        try:
            _MONITORING.use_tool_id(tool, "mkdocs-jetty")
        except ValueError:  # somebody else's
            continue
        return tool
    return None
