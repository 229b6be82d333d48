"""The site's navigation: where each page of the specification stands in it, and sections that show their worst page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mkdocs.structure.nav import Section
from mkdocs.structure.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mkdocs.structure import StructureItem

    from mkdocs_jetty.show.summary import Colour

SIGNS: dict[Colour, str] = {"green": "✓", "red": "✗", "amber": "◐", "grey": "–"}  # noqa: RUF001 # a dash is meant
MEANS: dict[Colour, str] = {
    "red": "red",
    "amber": "with something known red, flaky, ambiguous or open",
}
KNOWN_THEMES = ("material", "mkdocs", "readthedocs")
"""The themes that put a section's title out as HTML; others get plain characters."""


def pages_of(items: Iterable[StructureItem]) -> Iterator[Page]:
    """Every page below some items, in their order."""
    for item in items:
        if isinstance(item, Section):
            yield from pages_of(item.children)
        elif isinstance(item, Page):
            yield item


def section_of(page: Page) -> str:
    """The sections above a page: `Shop / Buying`; empty where it stands at the top."""
    names: list[str] = []
    above = page.parent
    while isinstance(above, Section):
        names.insert(0, above.title)
        above = above.parent
    return " / ".join(names)


def roll_up(items: Iterable[StructureItem], colours: Mapping[int, Colour], *, plain: bool) -> None:
    """Give each section the mark of its worst page, with how many of its pages are as bad.

    Args:
        items: The navigation.
        colours: The colour of each page that has one, by its identity.
        plain: Whether titles may hold no HTML.
    """
    for item in items:
        if not isinstance(item, Section):
            continue
        roll_up(item.children, colours, plain=plain)
        pages = list(pages_of(item.children))
        counts = Counter(colours[id(page)] for page in pages if id(page) in colours)
        worst = next((colour for colour in MEANS if counts[colour]), None)
        if worst is not None:
            item.title += _mark(worst, counts[worst], len(pages), plain=plain)


def _mark(colour: Colour, count: int, pages: int, *, plain: bool) -> str:
    seen = f"{SIGNS[colour]}\N{NO-BREAK SPACE}{count}"
    if plain:
        return f" {seen}"
    said = f"{count} of {pages} {'page' if pages == 1 else 'pages'} {MEANS[colour]}"
    return (
        f' <span class="jetty-nav jetty-{colour}"><span aria-hidden="true">{seen}</span>'
        f'<span class="jetty-hidden">({said})</span></span>'
    )
