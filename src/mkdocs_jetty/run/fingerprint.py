"""What results depend on, as digests: while they stay the same, there is no reason to run again.

When in doubt they change. Beside the scenarios and their steps they cover every file of the project but its prose, as
the application under test usually stands there, and whatever else the site watches.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.spec.model import Feature, Scenario, Spec

SOURCES = (".py", ".toml", ".ini", ".cfg", ".feature")
PROSE = (".md", ".markdown", ".rst")
"""What is written for readers; of pages, the scenarios are compared by themselves."""
ELSEWHERE = frozenset({
    "__pycache__", "node_modules", ".git", ".hg", ".svn", ".cache", ".jetty", ".pytest_cache", ".mypy_cache",
    ".ruff_cache", ".hypothesis", ".tox", ".nox", ".idea",
})  # fmt: skip
"""Folders that hold nothing of the project's own."""
ENVIRONMENT = re.compile(r"""(?:environ(?:\.get|\.setdefault)?\s*[\[(]|getenv\s*\()\s*["'](\w+)["']""")
"""Where code reads a variable of the environment by a name that stands in it."""
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
    files: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The digest of each file by its name, to say what has changed."""
    options: str = field(default="", compare=False)
    """Of the options and of what code reads of the environment; `sources` covers both as well."""


def fingerprint(settings: Settings, spec: Spec, watched: Sequence[Path] = ()) -> Fingerprint:
    """Return what results depend on now.

    Args:
        settings: The project's settings.
        spec: The specification; its prose does not count.
        watched: Files and folders that the site's author says it depends on.
    """
    said = [scenario_digest(feature, scenario) for feature, scenario in spec.scenarios()]
    # The run repeats the problems of the reading, with their lines.
    specification = hashlib.sha256(repr((said, spec.problems)).encode()).hexdigest()
    named = sorted({file for page in spec.pages for file in page.steps})
    run = (
        settings.tags, settings.execute, settings.show_output, settings.ambiguous, settings.retries, settings.timeout,
        settings.run_timeout, settings.memory_limit, settings.results,
    )  # fmt: skip
    options = (settings.steps, settings.features, *run, named)
    files = project_files(settings, (*(settings.root / name for name in named), *watched))
    sources = [path for path in files if path.suffix in SOURCES]
    others = [path for path in files if path.suffix not in SOURCES]
    states = {path: _state(path) for path in files}
    of_sources = {path: states[path] for path in sources}
    given = repr((options, _environment(sources)))
    return Fingerprint(
        specification,
        _digest(settings.root, of_sources, given),
        _digest(settings.root, {path: states[path] for path in others}, ""),
        {_name(settings.root, path): state.hex()[:16] for path, state in states.items()},
        hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest(),
    )


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the files that differ, are new or have gone."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _environment(sources: Iterable[Path]) -> list[tuple[str, str | None]]:
    """The variables that the project's code names, with their values, as they are digested and never kept."""
    names: set[str] = set()
    for path in sources:
        if path.suffix == ".py":
            try:
                names.update(ENVIRONMENT.findall(path.read_text(encoding="utf-8", errors="replace")))
            except OSError:
                continue
    return [(name, os.environ.get(name)) for name in sorted(names)]


def after_run(
    before: Fingerprint,
    settings: Settings,
    spec: Spec,
    watched: Sequence[Path] = (),
    written: Collection[str] | None = None,
) -> Fingerprint:
    """Return what the results of a run stand for that began at `before`: with the files that it has written itself.

    Args:
        before: What they depended on when it began.
        settings: The project's settings.
        spec: The specification; its prose does not count.
        watched: Files and folders that the site's author says it depends on.
        written: The files that the run has written; None where any but code may be one, as those of a process that the
            run has started.
    """
    now = fingerprint(settings, spec, watched)

    def is_its_own(name: str) -> bool:
        # Code that was edited meanwhile is not what ran, so the next build sees that it has changed.
        return not name.endswith(SOURCES) and (written is None or name in written)

    kept = {name: state for name, state in before.files.items() if not is_its_own(name)}
    own = {name: state for name, state in now.files.items() if is_its_own(name)}
    changed = (name for name in changed_files(before.files, now.files) if not name.endswith(SOURCES))
    foreign = any(not is_its_own(name) for name in changed)
    return replace(before, others=before.others if foreign else now.others, files=kept | own)


def project_files(settings: Settings, more: Iterable[Path] = ()) -> list[Path]:
    """The files that results may depend on; not prose, nor what is read anew for every verdict."""
    whole = [settings.root / name for name in (*settings.steps, *settings.features, *settings.results)]
    files = {file for place in (*whole, *more) for file in _files(place)}
    places = (_files(place) for place in (settings.root, settings.docs_dir))
    files.update(file for place in places for file in place if file.suffix not in PROSE)
    history = settings.root / settings.history if settings.history else None
    apart = {settings.root / "jetty.toml", settings.config_file, history}
    return sorted(file for file in files if file not in apart and not file.is_relative_to(settings.site_dir))


def scenario_digest(feature: Feature, scenario: Scenario) -> str:
    """Return what a scenario says and where it belongs, but not the line it stands on."""
    steps = [[s.keyword, s.type, s.text, s.table, s.docstring, s.media_type, s.background] for s in scenario.steps]
    place = [scenario.id, scenario.name, feature.name, feature.page, scenario.mode]
    said = [place, sorted(scenario.tags), steps, scenario.defect]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _digest(root: Path, files: Mapping[Path, bytes], options: str) -> str:
    digest = hashlib.sha256(options.encode("utf-8", "surrogateescape"))
    for path, state in files.items():
        digest.update(f"\0{_name(root, path)}\0".encode("utf-8", "surrogateescape"))
        digest.update(state)
    return digest.hexdigest()


def _name(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


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
    seen: set[str] = set()
    # What a link leads to is read as if it stood here.
    for folder, folders, names in os.walk(place, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not _is_elsewhere(folder, name)]
        # A pipe or a socket would never end.
        yield from (path for name in names if (path := Path(folder, name)).is_file())


def _is_elsewhere(folder: str, name: str) -> bool:
    """Tell whether a folder holds nothing of the project's own: a cache, a virtual environment."""
    return name in ELSEWHERE or name.endswith(".egg-info") or Path(folder, name, "pyvenv.cfg").exists()
