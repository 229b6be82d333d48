"""The whole specification as one HTML file, to mail, to attach to a build or to keep: it needs nothing beside it."""

from __future__ import annotations

import base64
import html
import mimetypes
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from markupsafe import Markup

from mkdocs_jetty.hosts.markdown import looked_up
from mkdocs_jetty.hosts.presenting import PageContext, present
from mkdocs_jetty.show.html import SCRIPT, STYLESHEET, render_block, render_failures, render_overview, render_steps
from mkdocs_jetty.show.rendering import render_whole
from mkdocs_jetty.show.summary import page_colour
from mkdocs_jetty.spec.convert import converter_of
from mkdocs_jetty.spec.front_matter import split_front_matter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.spec.model import Page

LARGEST_IMAGE = 1_000_000
"""Bytes of an image that are put into the file."""
_OURS = ("scenario-", "outline-", "standard-", "cause-")
_ID = re.compile(r'(?P<before>\s(?:id|for|aria-labelledby)="|\shref="#)(?P<id>[^"]+)"')
_HREF = re.compile(r'(?P<before>\shref=")(?P<path>[^"#:]+\.md)(?P<anchor>#[^"]*)?"')
_IMAGE = re.compile(r'(?P<before>\ssrc=")(?P<path>[^":]+)"')
_COMMENT = re.compile(r"<!--\s*jetty/\w+\s*-->")


def render_report(settings: Settings, verdict: Verdict) -> str:
    """Render the verdict and every page of the specification, prose and all.

    Args:
        settings: The project's settings, by which its pages are converted.
        verdict: What is shown.
    """
    return _rendered(settings, verdict, verdict.spec.pages, lambda _: "")


def render_overview_page(settings: Settings, verdict: Verdict, url_for: Callable[[str], str]) -> str:
    """Render the overview as a page of the site, for a host that has no page of ours.

    Args:
        settings: The project's settings.
        verdict: What is shown.
        url_for: The address of a page of the site, from this one.
    """
    # What the site has no page for stands here.
    own = [page for page in verdict.spec.pages if page.path.endswith(".feature")]
    return _rendered(settings, verdict, own, url_for)


def _rendered(settings: Settings, verdict: Verdict, held: Sequence[Page], elsewhere: Callable[[str], str]) -> str:
    places = {page.path: f"page-{number}" for number, page in enumerate(held, 1)}

    def url_for(page: str) -> str:
        return f"#{places[page]}" if page in places else elsewhere(page)

    pages = [
        (places[page.path], page.title, page_colour(verdict, page.path), Markup(_page(settings, verdict, page, places)))  # noqa: S704
        for page in held
    ]
    links = {"failures": "#failures", "steps": "#steps"}

    def within(text: str) -> Markup:
        return Markup(_anchored(text, "", places))  # noqa: S704 (rendered by our own templates)

    return render_whole(
        "report.html", verdict=verdict, pages=pages,
        overview=within(render_overview(verdict, url_for, settings.source_url, links=links, problems=False)),
        failures=within(render_failures(verdict, url_for, settings.source_url)),
        steps=within(render_steps(verdict, url_for, settings.source_url)),
        style=Markup(STYLESHEET.read_text(encoding="utf-8")),  # noqa: S704 (our own file)
        script=Markup(SCRIPT.read_text(encoding="utf-8")),  # noqa: S704 (our own file)
    )  # fmt: skip


def _page(settings: Settings, verdict: Verdict, page: Page, places: dict[str, str]) -> str:
    path = settings.root / page.path
    if path.suffix != ".md":
        blocks = "\n".join(render_block(verdict, block, settings.source_url) for block in page.blocks)
        return f"<h1>{html.escape(page.title)}</h1>\n{blocks}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return f"<h1>{html.escape(page.title)}</h1>"
    conversion, shown = converter_of(settings).convert(split_front_matter(text)[1])
    context = PageContext(
        verdict,
        page.path,
        lambda name: f"#{places[name]}" if name in places else "",
        source_url=settings.source_url,
        links={"overview": "#overview", "failures": "#failures", "steps": "#steps"},
    )
    shown = present(_COMMENT.sub("", shown), context, looked_up(shown, conversion, page))
    shown = _HREF.sub(lambda found: _linked(found, page.path, places), shown)
    shown = _IMAGE.sub(lambda found: _embedded(found, path), shown)
    return _anchored(shown, f"{places[page.path]}--", places)


def _anchored(text: str, prefix: str, places: dict[str, str]) -> str:
    """Names that no other page of the file has; what is unique already keeps its own, and so do links to pages."""
    known = {*places.values(), "overview", "failures", "steps"}

    def replaced(found: re.Match[str]) -> str:
        name = found["id"]
        own = name.startswith(_OURS) or name in known
        return f'{found["before"]}{name if own else prefix + name}"'

    # `#page-3#scenario-…`, from a page's address and an anchor on it, is the anchor alone.
    return _ID.sub(replaced, re.sub(r'href="#page-\d+#', 'href="#', text).replace('href="#failures#', 'href="#'))


def _linked(found: re.Match[str], page: str, places: dict[str, str]) -> str:
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(found["path"])))
    if target not in places:
        return found[0]
    anchor = f"{places[target]}--{found['anchor'][1:]}" if found["anchor"] else places[target]
    return f'{found["before"]}#{anchor}"'


def _embedded(found: re.Match[str], page: Path) -> str:
    path = page.parent / unquote(found["path"])
    kind = mimetypes.guess_type(path.name)[0] or ""
    try:
        if not kind.startswith("image/") or path.stat().st_size > LARGEST_IMAGE:
            return found[0]
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError:
        return found[0]
    return f'{found["before"]}data:{kind};base64,{data}"'
