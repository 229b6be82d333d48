"""The shapes of the marks. Few differ and each is shown hundreds of times, so each is made once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from mkdocs_jetty.show.words import Mark

_DISC = "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20"
SHAPES = {
    "pass": f"{_DISC}m-2 15-5-5 1.4-1.4 3.6 3.6 7.6-7.6L19 8z",
    "fail": f"{_DISC}m5 13.6L15.6 17 12 13.4 8.4 17 7 15.6l3.6-3.6L7 8.4 8.4 7l3.6 3.6L15.6 7 17 8.4 13.4 12z",
    "wait": f"{_DISC}m-1 5h2v6h-2zm0 8h2v2h-2z",
    "ask": (
        f"{_DISC}m-1 17h2v-2h-2zm4.1-7.8-.9.9c-.7.8-1.2 1.4-1.2 2.9h-2v-.5c0-1.1.5-2.1 1.2-2.8l1.2-1.3"
        "a2 2 0 1 0-3.4-1.4H8a4 4 0 1 1 7.1 2.2"
    ),
    "skip": f"{_DISC}m5 11H7v-2h10z",
    "clock": f"{_DISC}m4.2 14.2L11 13V7h1.5v5.2l4.5 2.7z",
    "sign": (f"{_DISC}M7 17v-2.6l6.3-6.3 2.6 2.6L9.6 17zm10-7.4-.9.9-2.6-2.6.9-.9a.7.7 0 0 1 1 0l1.6 1.6c.3.3.3.7 0 1"),
    "half": f"{_DISC}m0 2a8 8 0 0 1 0 16z",
    "dot": "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
    "none": f"{_DISC}m0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16",
}


def icon(name: str) -> Markup:
    """An icon that a status is seen by; words beside it say the same."""
    svg = f'<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{SHAPES[name]}"/></svg>'
    return Markup('<span class="jetty-mark" aria-hidden="true">{}</span>').format(Markup(svg))  # noqa: S704 (all ours)


@lru_cache(maxsize=256)
def sign(mark: Mark, *, spoken: bool = False) -> Markup:
    """The icon of a mark; with its word, for those who do not see it, where none stands beside it."""
    hidden = Markup('<span class="jetty-hidden">{}: </span>').format(mark.word) if spoken else ""
    return icon(mark.icon) + hidden
