"""No child outlives its parent, however the parent ended: a small process that outlives both sees to it.

It reads which groups of processes run (`+12`) and which have ended (`-12`) from a pipe that only the parent holds, so
the pipe ends when the parent does. A thread in the child could do the same, but then every step that forks would fork
a process with threads, which Python warns of; and what a child watches, a step can close.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

# Run by its path, without the packages of the environment, this module imports the standard library alone.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

POLL_S = 1.0
"""Between looks at who our parent is, for a pipe that another copy of the parent holds open."""


class Watchdog:
    """The parent's end of the pipe."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Without it, all but a parent that is killed outright is still taken care of.
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(os.getpid())],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()

    def watch(self, group: int) -> None:
        """Kill this group of processes when we are gone."""
        self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        """Leave this group alone: it is gone, and its number may be another's."""
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                os.write(self._process.stdin.fileno(), line.encode())


def _lines(parent: int) -> bytes:
    """All that the parent says, until it is gone."""
    said = b""
    while True:
        if sys.platform != "win32":
            import select  # noqa: PLC0415 - Windows cannot wait for a pipe

            if not select.select([0], [], [], POLL_S)[0]:
                if os.getppid() != parent:
                    return said
                continue
        chunk = os.read(0, 4096)
        if not chunk:
            return said
        said += chunk


def _kill(group: int) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(group)], check=False, capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main(parent: int) -> None:
    """Wait for the end of the parent, and end what it left behind."""
    running: set[int] = set()
    for word in _lines(parent).split():
        (running.add if word[:1] == b"+" else running.discard)(int(word[1:]))
    for group in running:
        _kill(group)


if __name__ == "__main__":
    main(int(sys.argv[1]))
