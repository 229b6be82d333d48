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
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, event: str, **fields: Any) -> None:
        """Write one event, with the process it happened in."""
        line = json.dumps({"e": event, "pid": os.getpid(), **fields}, default=str) + "\n"
        data = line.encode("utf-8", "backslashreplace")
        try:
            os.write(self._file, data)
        except OSError:
            # A step closed every file it could find: open it again rather than lose the evidence.
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(self._file, data)
