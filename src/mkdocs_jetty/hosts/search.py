"""What a site's search finds of the specification: its own words, as in a block of code, and no result or failure.

A search plugin takes each page's HTML to pieces, which costs more than making it, and most of a block is marks. So
while a search looks at a page, its blocks are what their authors wrote.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import wraps
from hashlib import blake2s
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.plugins import PluginCollection

_MARKED = re.compile(r"<!--jetty ([0-9a-f]+)-->(.*?)<!--/jetty-->", re.DOTALL)


class SearchTexts:
    """What stands for each piece of the specification while a search looks at it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def mark(self, shown: str, source: str = "") -> str:
        """Mark a piece of a page, of which a search sees the source alone."""
        if not shown:
            return shown
        key = blake2s(source.encode("utf-8", "replace"), digest_size=8).hexdigest()
        self._texts[key] = f"<pre><code>{html.escape(source)}</code></pre>" if source else ""
        return f"<!--jetty {key}-->{shown}<!--/jetty-->"

    def stand_in(self, plugins: PluginCollection) -> None:
        """Have every search plugin see the texts."""
        handlers = plugins.events["page_context"]
        handlers[:] = [self._searching(handler) if _is_search(handler) else handler for handler in handlers]

    def _searching(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def search(context: Any, *, page: Any, **kwargs: Any) -> Any:
            pieces: list[str] = []

            def put_away(match: re.Match[str]) -> str:
                pieces.append(match[2])
                return f"<!--jetty {len(pieces) - 1:x}-->{self._texts.get(match[1], match[2])}<!--/jetty-->"

            page.content = _MARKED.sub(put_away, page.content)
            result = handler(context, page=page, **kwargs)
            # Not the page as it was: the search may have changed the rest of it.
            page.content = _MARKED.sub(lambda match: pieces[int(match[1], 16)], page.content)
            return result

        return search


def _is_search(handler: Callable[..., Any]) -> bool:
    return hasattr(getattr(handler, "__self__", None), "search_index")
