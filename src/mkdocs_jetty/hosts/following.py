"""Follow the application's code while a site is served.

The steps import it, and it stands anywhere in the project. To watch the project's folder itself would never end: a
build writes there, and so may a run. So a thread looks at the code alone, and says by one file of its own, which the
server watches, that something has changed.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from mkdocs_jetty.config import Settings
from mkdocs_jetty.run.fingerprint import SOURCES, project_files
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
        self.signal = Path(self._folder.name, "changed")
        """The file that is touched whenever code has changed."""
        self.signal.touch()
        self._thread = threading.Thread(target=self._follow, args=(self._look({}),), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and leave nothing behind."""
        self._end.set()
        self._thread.join()
        self._folder.cleanup()

    def _follow(self, known: Look) -> None:
        while not self._end.wait(PAUSE_S):
            now = self._look(known)
            if {path: digest for path, (*_, digest) in now.items()} != {path: d for path, (*_, d) in known.items()}:
                self.signal.touch()
            known = now

    def _look(self, known: Look) -> Look:
        """The code as it is; a file that a run writes again with the same text has not changed."""
        found: Look = {}
        code = (path for path in project_files(self._settings) if path.suffix in SOURCES)
        for path in (*code, self._settings.root / DECLARATION):
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
