"""Convert a page without its host, with the extensions that the site declares."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import markdown

from mkdocs_jetty.spec.fences import FENCE_MARK
from mkdocs_jetty.spec.recording import Conversion, Recorder

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

# What a text includes, or what an extension may include.
INCLUDES = re.compile(r"-{1,}8<-{1,}")
# Where nothing is declared: whatever Markdown lets a fence stand in.
EXTENSIONS = (
    "toc", "tables", "admonition", "attr_list", "def_list", "footnotes", "md_in_html",
    "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed",
)  # fmt: skip
EXTENSION_CONFIGS: dict[str, dict[str, Any]] = {"pymdownx.tabbed": {"alternate_style": True}}


class Converter:
    """One Markdown instance, for one page after another."""

    def __init__(self, extensions: list[Any], configs: dict[str, Any]) -> None:
        self.includes = INCLUDES
        self._md = markdown.Markdown(extensions=extensions, extension_configs=configs)
        self._recorder = Recorder(self._md, lambda _conversion, token: FENCE_MARK.format(token))

    def convert(self, text: str) -> tuple[Conversion, str]:
        """Convert a text; tokens stand for its fences."""
        self._md.reset()
        shown: str = self._md.convert(text)
        return self._recorder.conversion, shown


@lru_cache(maxsize=1)
def _default() -> Converter:
    return Converter(list(EXTENSIONS), EXTENSION_CONFIGS)


def converter_of(settings: Settings) -> Converter:  # noqa: ARG001
    """The converter of a site."""
    return _default()
