"""Find the files that may hold specification: no more than the site shows, and none left out in silence."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pathspec import GitIgnoreSpec

from mkdocs_jetty.site_file import option_place
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

EVERY_PAGE = "**/*.md"
# What MkDocs renders: `mkdocs.utils.markdown_extensions`. The first is what patterns are written with.
MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
FEATURE = ".feature"
# Left out of every site, unless `exclude_docs` brings it back: `!.well-known/`.
HIDDEN = ".*"
WILD = re.compile(r"[*?]")
# What a pattern such as `**/*.feature` does not mean, beside hidden directories and the site itself.
FOREIGN = frozenset({"node_modules", "__pycache__"})
DEFAULT_STEPS = "features"


def find(settings: Settings) -> tuple[list[Path], list[Problem]]:
    """All files that may hold specification, in the order of their paths, pages first, and what is wrong with that."""
    unread: list[OSError] = []
    every = _files(settings.docs_dir, MARKDOWN_SUFFIXES, unread)
    shown = _one_for_each_address([path for path in every if _is_published(settings, path)])
    pages = [path for path in shown if is_included(settings, path)]
    extra, problems = find_features(settings)
    problems += [_unread(settings, error) for error in unread if _matters(settings, Path(str(error.filename)))]
    problems += unmatched(settings, [_name(settings, path) for path in shown])
    return pages + extra, problems + missing_steps(settings)


def _one_for_each_address(pages: Sequence[Path]) -> list[Path]:
    """The pages of a site, without those that MkDocs drops for another of their address: `README.md` for `index.md`."""
    first: dict[Path, Path] = {}
    dropped = set()
    for path in pages:
        address = path.with_name("index" if path.stem == "README" else path.stem)
        if first.setdefault(address, path) is not path:
            dropped.add(first[address])
    return [path for path in pages if path not in dropped]


def find_features(settings: Settings) -> tuple[list[Path], list[Problem]]:
    """The `.feature` files that the option `features` names, and what is wrong with that."""
    unread: list[OSError] = []
    problems: list[Problem] = []
    extra = _extra(settings, unread, problems)
    return extra, problems + [_unread(settings, error) for error in unread]


def unmatched(settings: Settings, names: Sequence[str]) -> list[Problem]:
    """Return what is wrong with `include`, given the names of the site's pages as seen from `docs_dir`.

    A pattern without a page is a warning; where none of them has one, so that nothing runs, it is an error.
    """
    # A site without pages is no slip of its author's.
    wrong = [
        pattern
        for pattern in settings.include
        if pattern != EVERY_PAGE and not any(_matches(name, (pattern,)) for name in names)
    ]
    nothing = bool(names) and len(wrong) == len(settings.include)
    what = ", so none of them is read" if nothing else ""
    return [
        _wrong(
            settings,
            "include",
            f"`include`: no page of the site matches `{pattern}`, as seen from `docs_dir`{what}",
            "error" if nothing else "warning",
        )
        for pattern in wrong
    ]


def _extra(settings: Settings, unread: list[OSError], problems: list[Problem]) -> list[Path]:
    """The `.feature` files that the option `features` names, without those that `exclude` names."""
    extra: dict[Path, None] = {}
    for entry in settings.features:
        path = settings.root / entry
        if path.is_dir():
            found = _files(path, (FEATURE,), unread)
            if not found:
                message = f"`features`: no `.feature` file was found in `{entry}`"
                problems.append(_wrong(settings, "features", message, "warning"))
        elif os.path.lexists(path):
            found = [path]
        else:
            found = _globbed(settings, entry, unread)
            if not found:
                missing = "which matches no `.feature` file" if WILD.search(entry) else "which does not exist"
                problems.append(_wrong(settings, "features", f"`features` names `{entry}`, {missing}"))
        extra |= dict.fromkeys(each for each in found if not _glob_any(relative(settings.root, each), settings.exclude))
    return list(extra)


def _globbed(settings: Settings, pattern: str, unread: list[OSError]) -> list[Path]:
    """The `.feature` files that a pattern names, and those in the directories that it names."""
    base = base_of(settings.root, pattern)
    if not base.is_dir():
        return []
    wanted = (relative(settings.root, settings.root / pattern),)

    def is_named(path: Path) -> bool:
        name = Path(relative(settings.root, path))
        return any(_glob_any(each.as_posix(), wanted) for each in (name, *name.parents) if each.name)

    found = _files(base, (FEATURE,), unread, lambda each: each == settings.site_dir or _is_foreign(each))
    return [path for path in found if is_named(path)]


def base_of(root: Path, entry: str) -> Path:
    """The file or directory that an entry of `features` names, or that all its pattern names lies in."""
    path = root / entry
    wild = itertools.takewhile(lambda part: not WILD.search(part), Path(entry).parts)
    return path if path.exists() else root.joinpath(*wild)


def _is_foreign(directory: Path) -> bool:
    """Tell whether a directory holds what others made, such as installed packages: no pattern means those."""
    return directory.name.startswith(".") or directory.name in FOREIGN or (directory / "pyvenv.cfg").exists()


def missing_steps(settings: Settings) -> list[Problem]:
    """Return what the option `steps` names and nobody has; its default may be missing."""
    return [
        _wrong(settings, "steps", f"`steps` names `{entry}`, which does not exist")
        for entry in settings.steps
        if entry != DEFAULT_STEPS and not (settings.root / entry).exists() and not is_module_name(settings.root, entry)
    ]


def is_module_name(root: Path, entry: str) -> bool:
    """Tell whether an entry of `steps` names an installed module, such as `mkdocs_jetty.steps.http`, and no file."""
    dotted = "." in entry and not entry.endswith(".py") and all(part.isidentifier() for part in entry.split("."))
    return dotted and not (root / entry).exists()


def specification_files(settings: Settings) -> list[Path]:
    """All files that may hold specification, in the order of their paths, pages first."""
    return find(settings)[0]


def is_included(settings: Settings, path: Path) -> bool:
    """Tell whether a page of the documentation is to be read: it is published, and `include` and `exclude` agree."""
    return _is_published(settings, path) and is_chosen(settings, _name(settings, path))


def is_chosen(settings: Settings, name: str) -> bool:
    """Tell whether `include` and `exclude` agree on a page, by its name as seen from `docs_dir`."""
    # A pattern for `.md` means pages, whatever their suffix; what is excluded is only what was named.
    return _matches(name, settings.include) and not _glob_any(name, settings.exclude)


def relative(root: Path, path: Path) -> str:
    """A path as the spec names it: relative to the project, with forward slashes."""
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _files(
    directory: Path,
    suffixes: tuple[str, ...],
    unread: list[OSError],
    leave_out: Callable[[Path], bool] = lambda _: False,
) -> list[Path]:
    """Everything below a directory that is named so, links followed as MkDocs follows them, but never in circles."""
    found = []
    for place, directories, files in os.walk(directory, onerror=unread.append, followlinks=True):
        here = Path(place)
        found += [here / name for name in (*files, *directories) if name.endswith(suffixes)]
        above = (here.resolve(), *here.resolve().parents)
        directories[:] = [
            name for name in directories if (here / name).resolve() not in above and not leave_out(here / name)
        ]
    return sorted(found)


def _name(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.docs_dir).as_posix()


def _is_published(settings: Settings, path: Path) -> bool:
    return not _gitignore((HIDDEN, *settings.unpublished)).match_file(_name(settings, path))


# ---- what is wrong ----


def _unread(settings: Settings, error: OSError) -> Problem:
    place = relative(settings.root, Path(str(error.filename)))
    if settings.docs_dir == Path(str(error.filename)) and isinstance(error, FileNotFoundError):
        at = settings.config_file.name if settings.config_file else "mkdocs.yml"
        return Problem("error", at, None, None, f"`docs_dir` names `{place}`, which does not exist")
    message = f"this directory cannot be read, nor anything below it: {error.strerror or error}"
    return Problem("error", place, None, None, message)


def _matters(settings: Settings, directory: Path) -> bool:
    """Tell whether pages in a directory would be read, were it readable."""
    if not directory.is_relative_to(settings.docs_dir) or directory == settings.docs_dir:
        return True
    page = directory / "index.md"
    return _is_published(settings, page) and not _glob_any(_name(settings, page), settings.exclude)


def _wrong(settings: Settings, option: str, message: str, level: Literal["error", "warning"] = "error") -> Problem:
    """Return what is wrong with an option, at the line where it stands."""
    return Problem(level, *option_place(settings.config_file, option), None, message)


# ---- patterns ----


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a pattern names a page, be it by the suffix `.md` for all that Markdown has."""
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
