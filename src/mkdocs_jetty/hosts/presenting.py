"""Put results where tokens stand in a page's HTML: the same for every host."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from mkdocs_jetty.show.html import (
    TOP,
    render_block,
    render_failures,
    render_overview,
    render_standards,
    render_status,
    render_steps,
)
from mkdocs_jetty.show.searchable import searchable
from mkdocs_jetty.spec.fences import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs_jetty.hosts.search import SearchTexts
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.show.overview import Place
    from mkdocs_jetty.spec.model import Block, Page

NOT_READ = "This block was not read as specification, so it did not run"
NOT_SHOWN = (
    "This specification was read and counts, but the page does not show it where it stands: "
    "something takes its fence away"
)
NOT_RUN = "Not run: no result is known for this specification"
NOT_RUN_HERE = "Not run here: only the text of a page itself is specification, not what code or another page puts there"
MARKER = re.compile(r"<!--\s*jetty/(overview|standards|failures|steps|page)\s*-->")
MARKED = '<div data-jetty-marker="{}"></div>'
_TOKEN = re.compile(MARK + r'|<div data-jetty-marker="(?P<marker>[a-z]+)"></div>', re.DOTALL)
_HEADING = re.compile(r"<h([1-6])\b", re.IGNORECASE)
_FIRST_HEADING_END = re.compile(r"<!--.*?-->|(</h1\s*>)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """What a token stands for."""

    source: str
    runs: bool
    block: Block | None = None
    """The block, if it was read as specification."""


@dataclass
class PageContext:
    """What the host knows about the page that is being rendered."""

    verdict: Verdict | None = None
    page: str = ""
    """The page, relative to the project's directory."""
    url_for: Callable[[str], str] = quote
    """The address of a page of the specification, from the page that is being rendered."""
    excluded: bool = False
    """Whether its author asked for its fences to be left alone."""
    carries_style: bool = False
    """Whether the page has to bring its own style, because no plugin adds a file to the site."""
    source_url: str | None = None
    """How a link to a line of the project's sources looks."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each page of the specification stands in the site."""
    links: Mapping[str, str] = field(default_factory=dict)
    """The addresses of the pages for the whole project: `overview`, `failures`, `steps`."""
    attached_at: str | None = None
    """Where the site has what steps attached, from the page; None where it has to stand in the page itself."""
    unfolded: bool = False
    """Whether passed scenarios are open."""
    review_url: str | None = None
    """Where the page's review in Markdown is served, from the page itself; None where no host writes it."""
    search: SearchTexts | None = None
    """What the site's search gets to see in place of what is shown; None where the host has no such search."""
    marks: list[tuple[str, str]] = field(default_factory=list)
    """What its author marked, and what stands there."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Page and source of each fence that was rendered as specification but had not been read."""
    unshown: list[tuple[str, int]] = field(default_factory=list)
    """Page and line of each fence that had been read but was not rendered as one."""

    def piece(self, shown: str, seen: Callable[[], str] = str) -> str:
        """A piece of HTML for a page, of which a search sees something else, or nothing."""
        return shown if self.search is None else self.search.mark(shown, seen())


def has_tokens(text: str) -> bool:
    """Tell whether anything in a text waits for results."""
    return "data-jetty" in text and _TOKEN.search(text) is not None


def present(text: str, context: PageContext, tokens: Mapping[str, Shown]) -> str:
    """Complete a page: its blocks with their results, what its author marked, its status below its title."""
    page = page_of(context.verdict, context.page)
    markers = {match["marker"] for match in _TOKEN.finditer(text) if match["marker"]}
    shown = {match["token"] for match in _TOKEN.finditer(text) if match["token"]}
    text = fill(text, context, tokens)
    if page is None or context.verdict is None:
        return text
    text = _below_title(text, context.piece(render_status(context.verdict, context.page, context.links)))
    if "page" not in markers:
        seen = [each.block for token, each in tokens.items() if token in shown and each.block]
        text += _unshown(page, seen, context)
    if "standards" not in markers:
        text = _at_the_end(text, context.verdict, context)
    return text


def fill(text: str, context: PageContext, tokens: Mapping[str, Shown]) -> str:
    """Put what tokens stand for in their place, and nothing else."""
    before: set[str] = set()
    headings = [(match.start(), int(match[1])) for match in _HEADING.finditer(text)]

    def replaced(match: re.Match[str]) -> str:
        if match["token"]:
            known = tokens.get(match["token"])
            above = [level for start, level in headings if start < match.start()]
            return _shown(context, known, min(above[-1] + 1, 6) if above else TOP) if known else match[0]
        shown = marked(match["marker"], context, before)
        before.add(match["marker"])
        context.marks.append((match["marker"], shown))
        return context.piece(shown) if match["marker"] != "page" else shown

    return _TOKEN.sub(replaced, text)


def marked(name: str, context: PageContext, before: set[str]) -> str:
    """Return what stands where the author marked a place.

    Args:
        name: What was marked.
        context: The page.
        before: The markers that the page has had so far.
    """
    verdict = context.verdict
    if verdict is None:
        return f'<p class="jetty-unknown">{NOT_RUN}</p>'
    if name == "page":
        return _whole_page(verdict, context)
    if name == "steps":
        return render_steps(verdict, context.url_for, context.source_url)
    if name == "standards":
        return render_standards(verdict, context.page, context.url_for, context.source_url)
    # Both name the problems of the project: once a page is enough.
    problems = not before & {"overview", "failures"}
    if name == "failures":
        return render_failures(
            verdict, context.url_for, context.source_url, problems=problems, attached_at=context.attached_at
        )
    return render_overview(
        verdict, context.url_for, context.source_url, problems=problems, places=context.places, links=context.links
    )


def _whole_page(verdict: Verdict, context: PageContext) -> str:
    page = page_of(verdict, context.page)
    if page is None:
        return ""
    blocks = "\n".join(_block(verdict, block, context) for block in page.blocks)
    return f"<h1>{html.escape(page.title)}</h1>\n{blocks}"


def _shown(context: PageContext, known: Shown, level: int) -> str:
    if context.verdict is not None and known.block is not None:
        return _block(context.verdict, known.block, context, level)
    if context.excluded or not known.runs:
        return plain(known.source, "jetty-example", "Example: not run")
    if context.verdict is None:
        return plain(known.source, "jetty-unknown", NOT_RUN)
    context.unread.append((context.page, known.source))
    return plain(known.source, "jetty-error", NOT_READ)


def _block(verdict: Verdict, block: Block, context: PageContext, level: int = TOP) -> str:
    shown = render_block(
        verdict, block, context.source_url, level=level, unfolded=context.unfolded,
        attached_at=context.attached_at,
    )  # fmt: skip
    return context.piece(shown, lambda: searchable(verdict, block, level))


def _unshown(page: Page, seen: list[Block], context: PageContext) -> str:
    """Return what was read and is nowhere on the page, with its results: nothing counts that nobody can see."""
    assert context.verdict is not None
    left = [block for block in page.blocks if not any(block is each for each in seen)]
    context.unshown += [(page.path, block.line) for block in left]
    return "".join(
        f'\n<section class="jetty-error"><p class="jetty-message">Line {block.line}: {html.escape(NOT_SHOWN)}.</p>'
        f"{_block(context.verdict, block, context)}</section>"
        for block in left
    )


def plain(source: str, kind: str, message: str) -> str:
    """A block without results, and why."""
    return (
        f'<section class="jetty-block {kind}"><p class="jetty-message">{message}</p>'
        f'<pre><code class="language-gherkin">{html.escape(source)}</code></pre></section>'
    )


def _below_title(text: str, status: str) -> str:
    for match in _FIRST_HEADING_END.finditer(text):
        if match[1]:
            return f"{text[: match.end()]}\n{status}{text[match.end() :]}"
    return f"{status}\n{text}"


def _at_the_end(text: str, verdict: Verdict, context: PageContext) -> str:
    asked = any(item.standards for item in verdict.by_page.get(context.page, ()))
    if verdict.state != "external" or not asked:
        return text
    standards = render_standards(verdict, context.page, context.url_for, context.source_url, heading=True)
    text += "\n" + context.piece(standards)
    if context.review_url is None:
        return text
    return f'{text}\n<p class="jetty-more"><a href="{html.escape(context.review_url)}">This review as Markdown</a></p>'


def page_of(verdict: Verdict | None, path: str) -> Page | None:
    """The page of a specification, by its path relative to the project."""
    return verdict.spec.by_path.get(path) if verdict else None
