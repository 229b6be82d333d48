"""How the pages of a build are named, wherever plugins have put their files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mkdocs_jetty.spec import opened
from mkdocs_jetty.spec.files import relative

if TYPE_CHECKING:
    from mkdocs.structure.files import File

    from mkdocs_jetty.config import Settings


class Names:
    """How the pages of a build are named: by the file that their author knows."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._docs = docs_name(settings)
        self._known: dict[str, str] = {}
        self.generated: dict[str, str] = {}
        """The page of the specification that each page of ours shows."""
        self.placed: dict[str, str] = {}
        """Where what shows the whole project stands, by its marker."""

    def of(self, file: File) -> str:
        """The name of a page."""
        if file.src_uri in self.generated:
            return self.generated[file.src_uri]
        if file.src_uri not in self._known:
            name = self._of(file)
            taken = name in self._known.values()
            self._known[file.src_uri] = self._in_docs(file) if taken else name
        return self._known[file.src_uri]

    def _of(self, file: File) -> str:
        root = self._settings.root
        path = Path(file.abs_src_path) if file.abs_src_path else None
        if path is None:
            return self._in_docs(file)
        if not opened.is_temporary(path, root):
            return relative(root, path)
        copied = opened.original(root, path, text_of(file) or "")
        return relative(root, copied) if copied else self._in_docs(file)

    def _in_docs(self, file: File) -> str:
        return (PurePosixPath(self._docs) / file.src_uri).as_posix()


def docs_name(settings: Settings) -> str:
    """The directory of the pages, as the project knows it."""
    if opened.is_temporary(settings.docs_dir, settings.root):
        return "docs"
    return relative(settings.root, settings.docs_dir)


def text_of(file: File) -> str | None:
    """Return what a page's file holds, if it can be read."""
    try:
        return file.content_string
    except (OSError, ValueError):
        return None
