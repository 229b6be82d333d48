"""What a person reads in an answer: the text of a page without what browsers do not show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.steps.markup import attributes, name_of, parse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# https://html.spec.whatwg.org/multipage/rendering.html#hidden-elements, and what only shows without scripts.
NEVER_SHOWN = frozenset({"script", "style", "template", "noscript", "datalist", "noembed", "noframes", "iframe"})
INLINE = frozenset({"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "i", "kbd", "mark", "q", "s",
                    "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"})  # fmt: skip
HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)


def shown(response: Any) -> str:
    """The text of an answer as a person reads it, with single spaces; all of it where it is no page."""
    kind, text = response.headers.get("content-type", ""), str(response.text)
    if "html" in kind or (not kind and text.lstrip().startswith("<")):
        text = "".join(_shown(parse(text)))
    return " ".join(text.split())


def _shown(element: Element) -> Iterator[str]:
    """The text of an element that a person sees; what is no part of a line stands apart."""
    tag = name_of(element)
    if not tag or _is_hidden(tag, attributes(element)):
        return
    apart = "" if tag in INLINE else " "
    yield apart + (element.text or "")
    for each in element:
        yield from _shown(each)
        yield each.tail or ""
    yield apart


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    closed = tag == "dialog" and "open" not in attributes
    return tag in NEVER_SHOWN or closed or "hidden" in attributes or bool(HIDING.search(attributes.get("style", "")))
