"""What results depend on, as digests: while they stay the same, there is no reason to run again.

When in doubt they change. Beside the scenarios and their steps they cover every file of the project but its prose, as
the application under test usually stands there, and whatever else the site watches.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.spec.model import Feature, Scenario, Spec

SOURCES = (".py", ".toml", ".ini", ".cfg", ".feature")
ELSEWHERE = {"__pycache__", "node_modules"}
LARGEST = 1_000_000
"""Bytes of a file that is compared by what it holds; a larger one goes by its size and time."""


@dataclass(frozen=True)
class Fingerprint:
    """Everything that a change of which asks for another run."""

    specification: str
    sources: str
    """Of the options that a run depends on, and of code: what people write."""
    others: str
    """Of every other file of the project: templates, data. A run may write some of them itself."""


def fingerprint(settings: Settings, spec: Spec, watched: Sequence[Path] = ()) -> Fingerprint:
    """What results depend on now.

    Args:
        settings: The project's settings.
        spec: The specification; its prose does not count.
        watched: Files and folders that the site's author says it depends on.
    """
    said = [scenario_digest(feature, scenario) for feature, scenario in spec.scenarios()]
    # The run repeats the problems of the reading, with their lines.
    specification = hashlib.sha256(repr((said, spec.problems)).encode()).hexdigest()
    named = sorted({file for page in spec.pages for file in page.steps})
    run = (settings.tags, settings.execute, settings.show_output, settings.ambiguous, settings.retries)
    options = (settings.steps, settings.features, *run, named)
    files = project_files(settings, (*(settings.root / name for name in named), *watched))
    sources = [path for path in files if path.suffix in SOURCES]
    others = [path for path in files if path.suffix not in SOURCES]
    return Fingerprint(
        specification, _digest(settings.root, sources, repr(options)), _digest(settings.root, others, "")
    )


def after_run(before: Fingerprint, settings: Settings, spec: Spec, watched: Sequence[Path] = ()) -> Fingerprint:
    """What the results of a run stand for that began at `before`: with the files that it has written itself."""
    return replace(before, others=fingerprint(settings, spec, watched).others)


def project_files(settings: Settings, more: Iterable[Path] = ()) -> list[Path]:
    """The files that results may depend on; not prose, nor what is read anew for every verdict."""
    whole = [settings.root / name for name in (*settings.steps, *settings.features, *settings.results)]
    files = {file for place in (*whole, *more) for file in _files(place)}
    docs, site = settings.docs_dir, settings.site_dir
    files.update(file for file in _files(settings.root) if not file.is_relative_to(docs))
    files.update(file for file in _files(docs) if file.suffix in SOURCES)
    apart = {settings.root / "jetty.toml", settings.config_file}
    return sorted(file for file in files if file not in apart and not file.is_relative_to(site))


def scenario_digest(feature: Feature, scenario: Scenario) -> str:
    """What a scenario says and where it belongs, but not the line it stands on."""
    steps = [[s.keyword, s.type, s.text, s.table, s.docstring, s.media_type, s.background] for s in scenario.steps]
    place = [scenario.id, scenario.name, feature.name, feature.page, scenario.mode]
    said = [place, sorted(scenario.tags), steps, scenario.defect]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _digest(root: Path, files: Sequence[Path], options: str) -> str:
    digest = hashlib.sha256(options.encode())
    for path in files:
        digest.update(f"\0{os.path.relpath(path, root)}\0".encode("utf-8", "surrogateescape"))
        digest.update(_state(path))
    return digest.hexdigest()


def _state(path: Path) -> bytes:
    try:
        state = path.stat()
        if path.suffix in SOURCES or state.st_size <= LARGEST:
            return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b"\0"
    return f"{state.st_size} {state.st_mtime_ns}".encode()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if not _is_elsewhere(folder, name)]
        # A pipe or a socket would never end.
        yield from (path for name in names if (path := Path(folder, name)).is_file())


def _is_elsewhere(folder: str, name: str) -> bool:
    """Whether a folder holds nothing of the project's own: hidden, a cache, a virtual environment."""
    return name.startswith(".") or name in ELSEWHERE or Path(folder, name, "pyvenv.cfg").exists()
