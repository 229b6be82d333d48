"""Follow the application's code, and the data that a run has read, while a site is served.

They stand anywhere in the project. To watch the project's folder itself would never end: a
build writes there, and so may a run. So a thread looks at these alone, and says by one file of its own, which the
server watches, that something has changed.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from mkdocs_jetty.config import Settings
from mkdocs_jetty.run.fingerprint import ELSEWHERE, SOURCES, project_files
from mkdocs_jetty.standards.model import DECLARATION

PAUSE_S = 1.0
"""Between two looks."""

Look = dict[Path, tuple[int, int, bytes]]
"""Of each file when it was written, its size, and the digest of what it holds."""


class CodeFollower:
    """Looks at the project's code until it is stopped.

    Args:
        settings: The project's settings.
        covered: Files and folders that the server watches itself.
    """

    def __init__(self, settings: Settings, covered: Sequence[Path]) -> None:
        self._settings = settings
        self._covered = [path.resolve() for path in covered]
        self._folder = tempfile.TemporaryDirectory(prefix="jetty-")
        self._end = threading.Event()
        self._lock = threading.Lock()
        self._data: set[Path] = set()
        self.signal = Path(self._folder.name, "changed")
        """The file that is touched whenever code has changed."""
        self.signal.touch()
        self._known = self._look({})
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and leave nothing behind."""
        self._end.set()
        self._thread.join()
        self._folder.cleanup()

    def also(self, names: Iterable[str]) -> None:
        """Follow files that a run has read.

        Args:
            names: The files, relative to the project.
        """
        with self._lock:
            new = {self._settings.root / name for name in names if not _is_elsewhere(name)} - self._data
            self._data |= new
            self._known |= self._states(new, {})

    def _follow(self) -> None:
        while not self._end.wait(PAUSE_S):
            with self._lock:
                now = self._look(self._known)
                if _digests(now) != _digests(self._known):
                    self.signal.touch()
                self._known = now

    def _look(self, known: Look) -> Look:
        code = (path for path in project_files(self._settings) if path.suffix in SOURCES)
        return self._states((*code, self._settings.root / DECLARATION, *self._data), known)

    def _states(self, paths: Iterable[Path], known: Look) -> Look:
        """Files as they are; one that is written again with the same text has not changed."""
        found: Look = {}
        for path in paths:
            if any(path.resolve().is_relative_to(place) for place in self._covered):
                continue
            with suppress(OSError):
                state = path.stat()
                stamp = state.st_mtime_ns, state.st_size
                before = known.get(path)
                same = before is not None and before[:2] == stamp
                digest = before[2] if before is not None and same else sha256(path.read_bytes()).digest()
                found[path] = (*stamp, digest)
        return found


def _digests(look: Look) -> dict[Path, bytes]:
    return {path: digest for path, (*_, digest) in look.items()}


def _is_elsewhere(name: str) -> bool:
    return not ELSEWHERE.isdisjoint(Path(name).parts)
