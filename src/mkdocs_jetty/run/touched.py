"""What a run touches beside its code: the files of the project that it reads, and whatever is outside.

A file that the run writes is not among those that it reads: to follow it would have a server run in circles. What other
processes and machines answer may be another thing tomorrow, so nothing that asked them is ever reused.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

MOST = 10_000
"""Files that are named; a run that reads more is not followed file by file."""
_EVENTS = ("open", "sqlite3.connect", "os.remove", "os.rename", "os.truncate", "shutil.copyfile", "shutil.move")
"""What Python tells of files (https://docs.python.org/3/library/audit_events.html); all but `open` count as writing."""
_ONE = ("open", "sqlite3.connect", "os.remove", "os.truncate")
"""Those that are about one file, and not about two."""
_STARTS = (
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
)
_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"})  # noqa: S104 (nothing is bound)
"""The names of this machine."""
_CODE = (".py", ".pyc", ".pyo", ".so", ".pyd")


class Touched:
    """Notes what this process opens, starts and connects to, from now to its end.

    Args:
        root: The project's directory.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root) + os.sep
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._listening: WeakSet[Any] = WeakSet()
        self._outside = False
        self._always_outside = False
        self._in_a_step = False
        sys.addaudithook(self._hook)  # which nothing can take out again

    # ---- what is outside ----

    def begin(self) -> None:
        """A scenario begins; its fixtures are set up."""
        self._outside = self._in_a_step = False

    def step(self) -> None:
        """Its first step begins: what happens now is the scenario's own."""
        self._in_a_step = True

    def outside(self) -> bool:
        """Tell whether anything that the scenario may depend on has been outside this process and its files."""
        return self._outside or self._always_outside

    def _note_outside(self) -> None:
        self._outside = True
        # A fixture may be there for later scenarios too, and a thread for all of them.
        if not self._in_a_step or threading.current_thread() is not threading.main_thread():
            self._always_outside = True

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        try:
            self._note(event, arguments)
        except Exception:  # noqa: BLE001 (whatever is raised here is raised where a step opens a file or connects)
            self._note_outside()

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _STARTS or (event in _CONNECTS and not self._is_own(arguments[1])):
            self._note_outside()
        elif event == "socket.bind":
            self._bound_to(arguments[0])
        else:
            self._note_file(event, arguments)

    def _bound_to(self, listening: object) -> None:
        with suppress(TypeError):
            self._listening.add(listening)

    def _is_own(self, address: object) -> bool:
        """Tell whether this process listens there itself."""
        if not isinstance(address, tuple) or str(address[0]) not in LOOPBACK:
            return False
        return address[1] in set(map(_port, list(self._listening)))

    # ---- files ----

    def _note_file(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS or len(self._read) + len(self._written) >= MOST:
            return
        reads = event == "open" and not _writes(*arguments[1:])
        # What is moved or copied is written at its other place.
        for path in arguments[: 1 if event in _ONE else 2]:
            name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
            if name and not name.endswith(_CODE):
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


def _port(listening: Any) -> int | None:
    """Tell where a socket listens; the system may have chosen that after it was asked."""
    try:
        return int(listening.getsockname()[1])
    except (OSError, LookupError, ValueError, TypeError):
        return None


def _writes(mode: object, flags: object) -> bool:
    """Tell whether a file is opened to be written: by the words of `open`, or the flags of `os.open`."""
    if isinstance(mode, str):
        return not set("wax+").isdisjoint(mode)
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
