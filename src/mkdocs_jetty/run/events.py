"""The channel from the child to its parent: one JSON object a line, written as things happen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class EventLog:
    """Appends events to a file of their own, which no test can close or print into by mistake."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._identity = self._stat()

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = os.fstat(self._file)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def write(self, event: str, **fields: Any) -> None:
        """Write one event, with the process it happened in."""
        line = json.dumps({"e": event, "pid": os.getpid(), **fields}, default=str) + "\n"
        data = line.encode("utf-8", "backslashreplace")
        if self._stat() != self._identity:
            # A step closed every file it could find, and the number may be another file's by now.
            self._open()
        os.write(self._file, data)
