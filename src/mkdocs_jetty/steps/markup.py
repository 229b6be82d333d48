"""Pages as a browser takes them: by html5lib, which follows the HTML standard in its parsing (the extra `steps`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.run.outcomes import Unavailable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

INERT = frozenset({"template"})
"""What holds elements that are no part of the page."""


def parse(text: str) -> Element:
    """The tree of a page, read as by a browser that runs scripts.

    Raises:
        Unavailable: If html5lib is missing.
    """
    try:
        import html5lib  # noqa: PLC0415 - an extra
    except ImportError:
        raise Unavailable("this needs html5lib, which is not installed: pip install 'mkdocs-jetty[steps]'") from None
    tree: Any = html5lib.HTMLParser(namespaceHTMLElements=False).parse(text, scripting=True)
    return tree  # type: ignore[no-any-return]


def name_of(element: Element) -> str:
    """The name of an element without its namespace; empty for a comment."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def attributes(element: Element) -> dict[str, str]:
    """The attributes of an element by their names as they are written, such as `xlink:href`."""
    return {_written(name): value for name, value in element.attrib.items()}


def elements(root: Element) -> Iterator[Element]:
    """All elements that are part of the page, in their order."""
    name = name_of(root)
    if name:
        yield root
    if name not in INERT:
        for each in root:
            yield from elements(each)


def text_of(element: Element) -> str:
    """All text in an element."""
    return "".join(_texts(element))


def _texts(element: Element) -> Iterator[str]:
    if name_of(element):
        yield element.text or ""
        for each in element:
            yield from _texts(each)
            yield each.tail or ""


def _written(name: str) -> str:
    space, closed, local = name.rpartition("}")
    prefix = {"{http://www.w3.org/1999/xlink": "xlink:", "{http://www.w3.org/XML/1998/namespace": "xml:"}
    return prefix.get(space, "") + local if closed else name
