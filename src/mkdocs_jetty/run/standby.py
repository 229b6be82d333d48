"""Processes that have pytest loaded already, and wait for a run, while a site is served.

Nothing of the project is loaded in them, so none of its changes can make them stale. They end with the process that
started them: their standard input comes to its end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mkdocs_jetty.run import launch

MOST = 4
"""Processes that wait at one time; a run with more workers starts the others itself."""


class Standby:
    """Has processes wait for the next run: as many as the last one had workers.

    Args:
        root: The project's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._waiting: list[subprocess.Popen[bytes]] = []
        self._taken = 1

    def prepare(self) -> None:
        """Start what is missing; this does not wait until they are ready."""
        self._taken, wanted = 0, min(max(self._taken, 1), MOST)
        with suppress(OSError):  # the next run starts its own
            while len(self._waiting) < wanted:
                self._waiting.append(start(launch.standby_command(str(self._root)), self._root, stdin=subprocess.PIPE))

    def take(self, arguments: Sequence[str], output: Path) -> subprocess.Popen[bytes] | None:
        """Have a waiting process run pytest.

        Args:
            arguments: Those of pytest.
            output: The file that it prints to.

        Returns:
            The process, from now on the caller's; None where none waits.
        """
        self._taken += 1
        order = {"arguments": [*arguments], "environment": environment(), "output": str(output)}
        while self._waiting:
            process = self._waiting.pop()
            with suppress(OSError):
                assert process.stdin
                process.stdin.write(json.dumps(order).encode() + b"\n")
                process.stdin.close()
                return process
            _end(process)
        return None

    def close(self) -> None:
        """End those that wait."""
        while self._waiting:
            _end(self._waiting.pop())


def environment() -> dict[str, str]:
    """The variables that a process of ours has."""
    env = {**os.environ, "JETTY": "1"}
    if sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        env["PYTHONUTF8"] = "1"  # under LC_ALL=C pytest cannot even note the name of a test that is not ASCII
    env.pop("PYTHONOPTIMIZE", None)  # without assertions every scenario would pass
    return env


def start(command: Sequence[str], root: Path, **streams: Any) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own; what it prints is lost unless the streams say otherwise.

    Raises:
        OSError: If it cannot be started.
    """
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    given: Mapping[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **streams}
    return subprocess.Popen(command, cwd=root, env=environment(), **given, **apart)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()
