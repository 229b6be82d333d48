"""Anchors of scenarios stay unique on their page: an id that an author has given away makes room."""

from __future__ import annotations

import html
import re
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

from mkdocs_jetty.hosts.contents import walked

if TYPE_CHECKING:
    from mkdocs.structure.toc import TableOfContents

_WITH_ID = re.compile(
    r"""(?P<before><[a-zA-Z][^<>]*?\sid=(?P<quote>["']))(?P<id>[^"'<>]+)(?P<after>(?P=quote)[^<>]*>)"""
)
_OURS = re.compile(r"""\sclass=["']jetty-""")


def with_room(content: str, toc: TableOfContents) -> tuple[str, dict[str, str]]:
    """Rename the ids of a page that scenarios and standards on it have as well, in its text and table of contents.

    Args:
        content: The page's HTML, with its results.
        toc: Its table of contents, which is changed in place.

    Returns:
        The HTML, and the new name of each id that was renamed.
    """
    ids = Counter(match["id"] for match in _WITH_ID.finditer(content))
    doubled = {name for name, times in ids.items() if times > 1}
    if not doubled:
        return content, {}
    ours = {match["id"] for match in _WITH_ID.finditer(content) if _OURS.search(match[0])}
    renamed: dict[str, str] = {}

    def with_another(match: re.Match[str]) -> str:
        name = match["id"]
        if name not in doubled & ours or _OURS.search(match[0]):
            return match[0]
        new = next(each for number in count(1) if (each := f"{name}_{number}") not in ids)
        ids[new] += 1
        renamed.setdefault(html.unescape(name), html.unescape(new))
        return match["before"] + new + match["after"]

    content = _WITH_ID.sub(with_another, content)
    for link in walked(toc):
        link.id = renamed.get(link.id, link.id)
    return content, renamed
