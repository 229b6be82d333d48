"""Convert a page without its host, with the extensions that the site declares."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markdown import Markdown

from mkdocs_jetty.site_file import read_site_file
from mkdocs_jetty.spec.fences import mark
from mkdocs_jetty.spec.recording import Conversion, Recorder
from mkdocs_jetty.spec.site_markdown import ANYWHERE, SiteMarkdown, instance, site_markdown

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

INCLUDES = re.compile(r"-{1,}8<-{1,}|\{!")
"""What a text may include another file with, by an extension."""


class Converter:
    """One Markdown instance, for one page after another."""

    def __init__(self, site: SiteMarkdown, md: Markdown, wrong: list[str], syntax: tuple[str, ...]) -> None:
        self.site = site
        self.wrong = wrong
        """What the instance lacks of the site's."""
        self._md = md
        self._recorder = Recorder(md, lambda seen, token: mark(token, seen.fences[token].source), syntax=syntax)

    def convert(self, text: str) -> tuple[Conversion, str]:
        """Convert a text; tokens stand for its fences."""
        self._md.reset()
        shown: str = self._md.convert(text)
        return self._recorder.conversion, shown


def converter_of(settings: Settings) -> Converter:
    """The converter of a site; where no file declares one, fences are found wherever Markdown can have them.

    Raises:
        ConfigError: If the site's file cannot be read.
    """
    file = settings.config_file
    stamp = file.stat().st_mtime_ns if file is not None and file.is_file() else 0
    return _converter(file if stamp else None, stamp, settings.root, settings.docs_dir, settings.syntax)


def appends(settings: Settings) -> bool:
    """Tell whether the site adds files to every page."""
    return bool(converter_of(settings).site.extensions.get("pymdownx.snippets", {}).get("auto_append"))


# Building an instance costs more than a page does.
@lru_cache(maxsize=4)
def _converter(file: Path | None, _stamp: int, root: Path, docs_dir: Path, syntax: tuple[str, ...]) -> Converter:
    if file is None:
        site = SiteMarkdown(ANYWHERE, {})
    else:
        site = site_markdown(read_site_file(file), toml=file.suffix == ".toml")
    return Converter(site, *instance(site, root, docs_dir), syntax)
