"""The marks. Their shapes stand in the stylesheet, cut out of the text's colour: a page only names them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from mkdocs_jetty.show.words import Mark


@lru_cache(maxsize=64)
def icon(name: str) -> Markup:
    """An icon that a status is seen by; words beside it say the same."""
    return Markup('<span class="jetty-mark jetty-i-{}" aria-hidden="true"></span>').format(name)


@lru_cache(maxsize=256)
def sign(mark: Mark, *, spoken: bool = False) -> Markup:
    """The icon of a mark; with its word, for those who do not see it, where none stands beside it."""
    hidden = Markup('<span class="jetty-hidden">{}: </span>').format(mark.word) if spoken else ""
    return icon(mark.icon) + hidden
