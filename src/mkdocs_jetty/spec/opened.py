"""Remember which text files are read while a site is put together: whatever is included in a page was opened before.

There is no other way that holds for every plugin and extension. What is kept is the names alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from mkdocs_jetty.spec.files import relative

LARGEST = 1_000_000
"""Bytes of a file in which anybody would look for specification."""
# Of what Python and the site's theme read for themselves.
_NO_TEXT = (
    ".py", ".pyc", ".so", ".pyd", ".html", ".css", ".js", ".map", ".json", ".svg", ".png", ".jpg", ".mo", ".woff2",
    ".pem", ".zip", ".whl", ".gz",
)  # fmt: skip

_opened: dict[str, None] = {}
_watchers: list[object] = []
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _watchers:
        path = arguments[0]
        # Whatever happens here would happen to whoever opens a file.
        if isinstance(path, (str, bytes)):
            name = os.fsdecode(path)
            if not name.endswith(_NO_TEXT):
                # The last one of equals is the likeliest to have been included.
                _opened.pop(name, None)
                _opened[name] = None


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Remember what is opened meanwhile."""
    watcher = start()
    try:
        yield
    finally:
        stop(watcher)


def start() -> object:
    """Begin to remember; what this returns ends it."""
    if not _installed:
        # There is no way to take it out again.
        _installed.append(True)
        sys.addaudithook(_hook)
    watcher = object()
    _watchers.append(watcher)
    return watcher


def stop(watcher: object) -> None:
    """Remember no more, unless somebody else does."""
    if watcher in _watchers:
        _watchers.remove(watcher)
    if not _watchers:
        _opened.clear()


def names() -> list[str]:
    """Return what was opened so far, the last one last."""
    return list(_opened)


def texts(root: Path, opened: Sequence[str], *, apart: Sequence[Path] = ()) -> list[tuple[str, Sequence[str]]]:
    """The names and the lines of text files that were opened, in that order.

    Args:
        root: The project's directory, from which they are named.
        opened: The files.
        apart: Files to leave out.
    """
    out = {os.path.realpath(path) for path in apart}
    found = []
    for name in opened:
        path = os.path.realpath(name)
        lines = None if path in out or is_temporary(Path(path), root) else _lines(path)
        if lines is not None:
            out.add(path)
            found.append((relative(root.resolve(), Path(path)), lines))
    return found


def original(root: Path, copy: Path, text: str) -> Path | None:
    """The file of the project that another one is a copy of, if it was opened to make the copy."""
    for name in list(_opened):
        path = os.path.realpath(name)
        if Path(path).name == copy.name and not is_temporary(Path(path), root):
            lines = _lines(path)
            if lines is not None and "\n".join(lines) == text:
                return Path(path)
    return None


def is_temporary(path: Path, root: Path) -> bool:
    """Tell whether a path is one of a temporary directory, which nobody knows by name."""
    temporary = Path(os.path.realpath(tempfile.gettempdir()))
    here = root.resolve()
    # A project may stand in such a directory itself, as in a test; its neighbours then count as well.
    near = here.parent if here.parent != temporary else here
    return path.resolve().is_relative_to(temporary) and not path.resolve().is_relative_to(near)


@lru_cache(maxsize=256)
def _read(path: str, _size: int, _time: int) -> Sequence[str] | None:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return None
    return tuple(text.split("\n"))


def _lines(path: str) -> Sequence[str] | None:
    try:
        state = Path(path).stat()
    except (OSError, ValueError):
        return None
    if not Path(path).is_file() or state.st_size > LARGEST:
        return None
    return _read(path, state.st_size, state.st_mtime_ns)
