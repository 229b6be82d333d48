"""Scenarios in a page's table of contents, each below the heading that it stands under."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mkdocs.structure.toc import AnchorLink

if TYPE_CHECKING:
    from mkdocs.structure.toc import TableOfContents

_PLACE = re.compile(
    r'<section class="jetty-scenario jetty-(?P<tone>\w+)" id="(?P<anchor>[^"]+)".*?'
    r'<h(?P<level>[1-6]) class="jetty-name">.*?<b>(?P<name>.*?)</b>'
    r'|<section class="jetty-scenario jetty-(?P<plain>\w+) jetty-plain"'
    r'|<h[1-6]\b[^>]*?\sid="(?P<heading>[^"]+)"',
    re.DOTALL,
)
_SIGNS = {"red": "✗", "amber": "◐"}


class ScenarioLink(AnchorLink):
    """A scenario in the table of contents: with its mark for readers, without it for a search."""

    def __init__(self, name: str, anchor: str, level: int, tone: str) -> None:
        sign = _SIGNS.get(tone)
        self.plain = name
        self.shown = f'<span class="jetty-{tone} jetty-strong">{sign}</span> {name}' if sign else name
        super().__init__(self.shown, anchor, level)


def add_scenarios(toc: TableOfContents, content: str) -> None:
    """Put the scenarios that a page shows into its table of contents."""
    links = {link.id: link for link in walked(toc)}
    known = set(links)
    above: AnchorLink | None = next(iter(toc), None)
    added: Counter[str] = Counter()
    for found in _PLACE.finditer(content):
        if found["heading"] in links:
            above = links[found["heading"]]
        elif found["plain"] and above is not None:
            above = links[above.id] = _marked(toc, above, found["plain"])
        anchor = html.unescape(found["anchor"] or "")
        if found["anchor"] is None or above is None or anchor in known:
            continue
        known.add(anchor)
        link = ScenarioLink(found["name"], anchor, above.level + 1, found["tone"])
        above.children.insert(added[above.id], link)
        added[above.id] += 1


def _marked(toc: TableOfContents, link: AnchorLink, tone: str) -> AnchorLink:
    """The entry of a heading that is itself a scenario's, with the scenario's mark."""
    new = ScenarioLink(link.title, link.id, link.level, tone)
    new.children = link.children
    for siblings in (toc.items, *(each.children for each in walked(toc))):
        if link in siblings:
            siblings[siblings.index(link)] = new
            break
    return new


def walked(links: Iterable[AnchorLink]) -> Iterator[AnchorLink]:
    """Every link of a table of contents."""
    for link in links:
        yield link
        yield from walked(link.children)
