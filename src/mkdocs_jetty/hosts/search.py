"""What a site's search finds of the specification: its own words, as in a block of code, and no result or failure.

A search plugin takes each page's HTML to pieces, which costs more than making it, and most of a block is marks. So
while a search looks at a page, its blocks are what their authors wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.hosts.contents import ScenarioLink, walked

if TYPE_CHECKING:
    from mkdocs.plugins import PluginCollection

_BEGIN, _END = "<!--jetty ", "<!--/jetty-->"
_KEY = re.compile(r"([0-9a-f]+)-->")


class SearchTexts:
    """What stands for each piece of the specification while a search looks at it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def mark(self, shown: str, seen: str = "") -> str:
        """Mark a piece of a page, of which a search sees something else."""
        if not shown:
            return shown
        key = blake2s(seen.encode("utf-8", "replace"), digest_size=8).hexdigest()
        self._texts[key] = seen
        return _piece(key, shown)

    def stand_in(self, plugins: PluginCollection) -> None:
        """Have every search plugin see the texts."""
        handlers = plugins.events["page_context"]
        handlers[:] = [self._searching(handler) if _is_search(handler) else handler for handler in handlers]

    def _searching(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def search(context: Any, *, page: Any, **kwargs: Any) -> Any:
            pieces: list[str] = []

            def put_away(key: str, shown: str) -> str:
                pieces.append(shown)
                return _piece(f"{len(pieces) - 1:x}", self._texts.get(key, shown))

            page.content = _replaced(page.content, put_away)
            scenarios = [link for link in walked(page.toc) if isinstance(link, ScenarioLink)]
            for link in scenarios:
                link.title = link.plain
            result = handler(context, page=page, **kwargs)
            for link in scenarios:
                link.title = link.shown
            # Not the page as it was: the search may have changed the rest of it.
            page.content = _replaced(page.content, lambda key, _: pieces[int(key, 16)])
            return result

        return search


def _piece(key: str, shown: str) -> str:
    return f"{_BEGIN}{key}-->{shown}{_END}"


def _replaced(text: str, piece: Callable[[str, str], str]) -> str:
    """A text with other pieces. Not by a pattern: it would look at each character of what is large."""
    before, *rest = text.split(_BEGIN)
    parts = [before]
    for each in rest:
        key = _KEY.match(each)
        shown, end, after = each.partition(_END)
        parts += [piece(key[1], shown[key.end() :]), after] if key and end else [_BEGIN, each]
    return "".join(parts)


def _is_search(handler: Callable[..., Any]) -> bool:
    return hasattr(getattr(handler, "__self__", None), "search_index")
