"""What a page holds, as far as a specification is concerned: taken from its conversion."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

from mkdocs_jetty.spec.lost import Level, Lost, lookalikes
from mkdocs_jetty.spec.origins import Lines
from mkdocs_jetty.spec.recording import Conversion

MARK = r'<div data-jetty="(?P<token>[0-9a-f]{32})"><pre><code>.*?</code></pre></div>'
"""What stands for a fence until its results are known, as a pattern."""
FOUND = re.compile(
    MARK + r"|<h(?P<level>[1-6])(?P<attributes>[^>]*)>(?P<inner>.*?)</h(?P=level)>|<!--.*?-->",
    re.DOTALL,
)
_ID = re.compile(r"""\bid=["']([^"']*)["']""")


def mark(token: str, source: str) -> str:
    """Return what stands for a fence: its text, for whoever takes the page's HTML before anything has run."""
    return f'<div data-jetty="{token}"><pre><code>{html.escape(source)}</code></pre></div>'


@dataclass(frozen=True)
class Fence:
    """A fence of ours as the page renders it."""

    token: str
    """What stands for it in the HTML."""
    line: int
    """The line of its opening."""
    indent: int
    """How many columns of its lines belong to what is around it."""
    source: str
    runs: bool
    heading: tuple[str, ...]
    """The headings around it, the nearest last."""
    gherkin: tuple[tuple[int, str], ...] = ()
    """Of what is written as plain Markdown: its lines in Gherkin, each with its number."""
    language: str = ""
    """And the language of its keywords."""


@dataclass(frozen=True)
class Lookalike:
    """A line that opens a block of Gherkin which will not run."""

    line: int
    message: str
    source: str
    """The text of the block, if the page shows it as a block of its own."""
    level: Level = "error"


@dataclass(frozen=True)
class MarkdownPage:
    """What a page holds; its lines are those of the converted text until `lines` has settled them."""

    meta: dict[str, Any]
    title: str | None
    fences: tuple[Fence, ...]
    lookalikes: tuple[Lookalike, ...]
    """What was meant as a fence, and will not run."""
    meta_error: tuple[int, str] | None = None
    lines: Lines = field(default_factory=Lines)
    """Where the lines of the text stand."""
    missing: tuple[str, ...] = ()
    """The files that it was to include and that were not found."""


def page_of(
    conversion: Conversion, shown: str, lines: Lines, meta: dict[str, Any], meta_error: tuple[int, str] | None = None
) -> MarkdownPage:
    """Put together what a page holds.

    Args:
        conversion: What was seen while it was converted.
        shown: The HTML that it became.
        lines: Where the lines of the converted text stand.
        meta: Its front matter.
        meta_error: What is wrong with that, and on which line.
    """
    fences: list[Fence] = []
    headings: dict[int, str] = {}
    title: str | None = None
    running: set[int] = set()
    for match in FOUND.finditer(shown):
        found = conversion.fences.get(match["token"] or "")
        if found is not None:
            around = tuple(headings[depth] for depth in sorted(headings))
            line = lines.number(conversion, found.start)
            gherkin = tuple((lines.number(conversion, index), text) for index, text in found.gherkin)
            fences.append(
                Fence(match["token"], line, found.columns, found.source, found.runs, around, gherkin, found.language)
            )
            running.add(found.start)
        elif match["level"]:
            words = _words(match)
            headings = {depth: name for depth, name in headings.items() if depth < int(match["level"])}
            headings[int(match["level"])] = words
            title = words if title is None and match["level"] == "1" else title
    lost = [_lookalike(each, conversion, lines) for each in lookalikes(conversion, running | conversion.taken)]
    slips = sorted(conversion.slips, key=lambda each: each.index)
    lost += [Lookalike(lines.number(conversion, each.index), each.message, "", each.level) for each in slips]
    return MarkdownPage(meta, title, tuple(fences), tuple(lost), meta_error, lines, tuple(conversion.missing))


def _lookalike(lost: Lost, conversion: Conversion, lines: Lines) -> Lookalike:
    blamed = f"line {lines.number(conversion, lost.other)}" if lost.other is not None else ""
    return Lookalike(
        lines.number(conversion, lost.index), f"{lost.message}{blamed}{lost.after}", lost.source, lost.level
    )


def _words(heading: re.Match[str]) -> str:
    """The text of a heading, without the link to itself that some sites put there."""
    inner = heading["inner"]
    own = _ID.search(heading["attributes"])
    if own:
        link = re.compile(rf"""<a\b[^>]*href=["']\#{re.escape(own[1])}["'][^>]*>.*?</a>""", re.DOTALL)
        inner = link.sub("", inner) if _text(link.sub("", inner)) else inner
    return _text(inner)


def _text(inner: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", inner)).strip()
