"""Which files of the project a run reads: what it depends on beside its code, and what a server can follow.

A file that the run writes is none of them: to follow it would have a server run in circles.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

MOST = 10_000
"""Files that are named; a run that reads more is not followed file by file."""
_EVENTS = ("open", "sqlite3.connect", "os.remove", "os.rename", "os.truncate", "shutil.copyfile", "shutil.move")
"""What Python tells of files (https://docs.python.org/3/library/audit_events.html); all but `open` count as writing."""
_CODE = (".py", ".pyc", ".pyo", ".so", ".pyd")


class OpenedFiles:
    """Notes the files below a directory that this process opens, from now to its end.

    Args:
        root: The project's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root) + os.sep
        self._read: set[str] = set()
        self._written: set[str] = set()
        sys.addaudithook(self._hook)  # which nothing can take out again

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS or len(self._read) + len(self._written) >= MOST:
            return
        path, *how = arguments
        # Whatever happens here would happen to whoever opens a file.
        if isinstance(path, (str, bytes)):
            name = os.fsdecode(path)
            if not name.endswith(_CODE):
                reads = event == "open" and not _writes(*how)
                (self._read if reads else self._written).add(name)
                if event == "sqlite3.connect":
                    self._written.update(name + end for end in ("-journal", "-wal", "-shm"))

    def read(self) -> list[str]:
        """The files that were read and never written, relative to the project."""
        return sorted(self._below(self._read) - self._below(self._written))

    def written(self) -> list[str]:
        """The files that were written, relative to the project."""
        return sorted(self._below(self._written))

    def _below(self, names: set[str]) -> set[str]:
        found = (os.path.abspath(name) for name in names)  # noqa: PTH100 - links stay links
        return {name.removeprefix(self._root) for name in found if name.startswith(self._root)}


def _writes(mode: object, flags: object) -> bool:
    """Whether a file is opened to be written: by the words of `open`, or the flags of `os.open`."""
    if isinstance(mode, str):
        return not set("wax+").isdisjoint(mode)
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
