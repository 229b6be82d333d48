"""What results depend on, as one digest: while it stays the same, there is no reason to run again.

When in doubt it changes. Beside the scenarios and their steps it covers every file of the project but its prose, as
the application under test usually stands there, and whatever else the site watches.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.run.store import scenario_digest
from mkdocs_jetty.spec.model import Spec

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

# Compared by what they hold; any other file by its size and time, since it may be of any length.
SOURCES = (".py", ".toml", ".ini", ".cfg", ".feature")
ELSEWHERE = {"__pycache__", "node_modules"}


def dependencies_digest(settings: Settings, spec: Spec, watched: Sequence[Path] = ()) -> str:
    """Digest everything that a change of which asks for another run.

    Args:
        settings: The project's settings.
        spec: The specification; its prose does not count.
        watched: Files and folders that the site's author says it depends on.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for feature, scenario in spec.scenarios():
        digest.update(scenario_digest(feature, scenario).encode())
    named = {file for page in spec.pages for file in page.steps}
    # The run repeats the problems of the reading, with their lines.
    digest.update(repr((sorted(named), spec.problems)).encode())
    whole = [settings.root / name for name in (*named, *settings.steps, *settings.features, *settings.results)]
    files = {file for place in (*whole, *watched) for file in _files(place)}
    # Prose may change as it likes; what runs of it has its own digest above.
    files.update(file for file in _files(settings.root) if not file.is_relative_to(settings.docs_dir))
    files.update(file for file in _files(settings.docs_dir) if file.suffix in SOURCES)
    for path in sorted(files):
        digest.update(f"\0{path}\0".encode())
        digest.update(_state(path))
    return digest.hexdigest()


def _state(path: Path) -> bytes:
    try:
        if path.suffix in SOURCES:
            return path.read_bytes()
        state = path.stat()
    except OSError:
        return b"\0"
    return f"{state.st_size} {state.st_mtime_ns}".encode()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if not _is_elsewhere(folder, name)]
        yield from (Path(folder, name) for name in names)


def _is_elsewhere(folder: str, name: str) -> bool:
    """Whether a folder holds nothing of the project's own: hidden, a cache, a virtual environment."""
    return name.startswith(".") or name in ELSEWHERE or Path(folder, name, "pyvenv.cfg").exists()
