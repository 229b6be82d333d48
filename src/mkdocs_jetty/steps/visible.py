"""What a person reads in an answer: the text of a page without what browsers do not show."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

# https://html.spec.whatwg.org/multipage/rendering.html#hidden-elements, and what only shows without scripts.
NEVER_SHOWN = frozenset({"script", "style", "template", "noscript", "datalist", "noembed", "noframes", "iframe"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
INLINE = frozenset({"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "i", "kbd", "mark", "q", "s",
                    "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"})  # fmt: skip
# Their end tags may be left out: the next of its kind ends them.
OPEN_ENDED = frozenset({"dd", "dt", "li", "option", "p", "td", "th", "tr"})
HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)


def shown(response: Any) -> str:
    """The text of an answer as a person reads it, with single spaces; all of it where it is no page."""
    kind, text = response.headers.get("content-type", ""), str(response.text)
    if "html" in kind or (not kind and text.lstrip().startswith("<")):
        reader = _Reader()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    return " ".join(text.split())


class _Reader(HTMLParser):
    """Collects text outside of elements that are not shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self.parts.append(" ")
            if self._open and self._open[-1][0] in OPEN_ENDED & {tag, "p"}:
                self._open.pop()
        if tag not in VOID:
            self._open.append((tag, self._hidden or _is_hidden(tag, dict(attrs))))

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self.parts.append(" ")
        at = next((at for at in reversed(range(len(self._open))) if self._open[at][0] == tag), None)
        if at is not None:
            del self._open[at:]

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    @property
    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def _is_hidden(tag: str, attributes: dict[str, str | None]) -> bool:
    closed = tag == "dialog" and "open" not in attributes
    return tag in NEVER_SHOWN or closed or "hidden" in attributes or bool(HIDING.search(attributes.get("style") or ""))
