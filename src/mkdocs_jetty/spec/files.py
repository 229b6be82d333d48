"""Find the files that may hold specification: no more than the site shows, and none left out in silence."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

EVERY_PAGE = "**/*.md"
# What MkDocs renders: `mkdocs.utils.markdown_extensions`. The first is what patterns are written with.
MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")


def find(settings: Settings) -> tuple[list[Path], list[Problem]]:
    """All files that may hold specification, in the order of their paths, pages first, and what is wrong with that."""
    unread: list[OSError] = []
    problems: list[Problem] = []
    every = _files(settings.docs_dir, MARKDOWN_SUFFIXES, unread)
    shown = [path for path in every if _is_published(settings, path)]
    pages = [path for path in shown if is_included(settings, path)]
    extra: list[Path] = []
    for entry in settings.features:
        path = settings.root / entry
        found = _files(path, (".feature",), unread) if path.is_dir() else [path]
        extra.extend(found)
        if not found:
            problems.append(_nothing(settings, f"`features`: no `.feature` file was found in `{entry}`"))
    problems += [_unread(settings, error) for error in unread if _matters(settings, Path(str(error.filename)))]
    for pattern in settings.include:
        # A site without pages is no slip of its author's.
        if pattern != EVERY_PAGE and not any(_matches(_name(settings, path), (pattern,)) for path in shown):
            message = f"`include`: no page of the site matches `{pattern}`, as seen from `docs_dir`"
            problems.append(_nothing(settings, message))
    return pages + list(dict.fromkeys(extra)), problems


def specification_files(settings: Settings) -> list[Path]:
    """All files that may hold specification, in the order of their paths, pages first."""
    return find(settings)[0]


def is_included(settings: Settings, path: Path) -> bool:
    """Whether a page of the documentation is to be read: it is published, and `include` and `exclude` agree."""
    name = _name(settings, path)
    # A pattern for `.md` means pages, whatever their suffix; what is excluded is only what was named.
    return _is_published(settings, path) and _matches(name, settings.include) and not _glob_any(name, settings.exclude)


def relative(root: Path, path: Path) -> str:
    """A path as the spec names it: relative to the project, with forward slashes."""
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _files(directory: Path, suffixes: tuple[str, ...], unread: list[OSError]) -> list[Path]:
    """Everything below a directory that is named so, links followed as MkDocs follows them, but never in circles."""
    found = []
    for place, directories, files in os.walk(directory, onerror=unread.append, followlinks=True):
        here = Path(place)
        found += [here / name for name in (*files, *directories) if name.endswith(suffixes)]
        above = (here.resolve(), *here.resolve().parents)
        directories[:] = [name for name in directories if (here / name).resolve() not in above]
    return sorted(found)


def _name(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.docs_dir).as_posix()


def _is_published(settings: Settings, path: Path) -> bool:
    name = _name(settings, path)
    if any(part.startswith(".") for part in name.split("/")):
        return False
    return not (settings.unpublished and _gitignore(settings.unpublished).match_file(name))


# ---- what is wrong ----


def _unread(settings: Settings, error: OSError) -> Problem:
    place = relative(settings.root, Path(str(error.filename)))
    message = f"this directory cannot be read, nor anything below it: {error.strerror or error}"
    return Problem("error", place, None, None, message)


def _matters(settings: Settings, directory: Path) -> bool:
    """Whether pages in a directory would be read, were it readable."""
    if not directory.is_relative_to(settings.docs_dir) or directory == settings.docs_dir:
        return True
    page = directory / "index.md"
    return _is_published(settings, page) and not _glob_any(_name(settings, page), settings.exclude)


def _nothing(settings: Settings, message: str) -> Problem:
    return Problem("warning", settings.config_file.name if settings.config_file else "", None, None, message)


# ---- patterns ----


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern names a page, be it by the suffix `.md` for all that Markdown has."""
    page = Path(name)
    other = page.with_suffix(".md").as_posix() if page.suffix in MARKDOWN_SUFFIXES else name
    return _glob_any(name, patterns) or _glob_any(other, patterns)


def _glob_any(name: str, patterns: Sequence[str]) -> bool:
    return any(_glob(pattern).match(name) for pattern in patterns)


@lru_cache(maxsize=8)
def _gitignore(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as MkDocs users write them: `*` within a directory, `**/` over any number of them."""
    escaped = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + r"\Z")
