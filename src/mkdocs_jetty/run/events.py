"""The channel from the child to its parent: one JSON object a line, written as things happen."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

CANNOT_TELL = 74
"""The exit status of a child whose events cannot be written (EX_IOERR); all that it did from then on is lost."""
FIRST_HIGH = 512
"""Where our own descriptors begin: a step that closes or reuses the low numbers does not meet them."""


def high(descriptor: int) -> int:
    """Move a descriptor to a high number, where the system has such numbers.

    Returns:
        The new number; the old one is closed.
    """
    with contextlib.suppress(ImportError, OSError):
        import fcntl  # noqa: PLC0415 - Windows has none

        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_HIGH)
        os.close(descriptor)
        return moved
    return descriptor


def identity(descriptor: int) -> tuple[int, int] | None:
    """Tell which file a descriptor stands for; None where it is closed."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class EventLog:
    """Appends events to a file of their own, which no test can close or print into by mistake."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pid = os.getpid()
        self._running: dict[str, Any] = {}
        """The scenario that is running, and its step."""
        self._open()

    def _open(self) -> None:
        self._file = high(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        self._identity = identity(self._file)

    def write(self, event: str, **fields: Any) -> None:
        """Write one event; a copy of the process that a step made by forking is ended instead."""
        self.end_copy()
        if event in ("scenario", "step-start"):
            self._running = fields
        elif event == "end":
            self._running = {}
        self._write(event, fields)

    def end_copy(self) -> None:
        """End this process if it is a copy that went on with the run: it would run every later step once more."""
        if os.getpid() != self._pid:
            self._write("forked", self._running)
            os._exit(1)

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        line = json.dumps({"e": event, "pid": os.getpid(), **fields}, default=str) + "\n"
        data = line.encode("utf-8", "backslashreplace")
        try:
            if identity(self._file) != self._identity:
                # A step closed every file it could find, and the number may be another file's by now.
                self._open()
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            # A run that nobody hears of goes on in vain.
            os._exit(CANNOT_TELL)
