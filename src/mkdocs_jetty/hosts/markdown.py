"""The Python-Markdown extension: the one place where specification on a page becomes HTML.

Every host that renders with Python-Markdown shows the same page. What ran is not decided here: a fence is looked up
among the blocks that were read, and one that was not read says so instead of looking like specification that holds.
"""

from __future__ import annotations

import html
import inspect
import os
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.treeprocessors import Treeprocessor
from pymdownx.superfences import SuperFencesBlockPreprocessor, SuperFencesCodeExtension

from mkdocs_jetty.hosts.zensical import is_excluded, links, stored_verdict
from mkdocs_jetty.show.html import (
    STYLESHEET,
    render_block,
    render_failures,
    render_overview,
    render_standards,
    render_status,
    render_steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from mkdocs_jetty.hosts.search import SearchTexts
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.spec.model import Block, Page

LANGUAGE = "gherkin"
NOT_READ = "This block was not read as specification, so it did not run"
NOT_SHOWN = (
    "This specification was read and counts, but the site's Markdown shows no fence where it stands: "
    "an extension is missing, such as `admonition`, or something takes the fence away"
)
NOT_RUN = "Not run: no result is known for this specification"
MARKER = re.compile(r"<!--\s*jetty/(overview|standards|failures|steps|page)\s*-->")
_FIRST_HEADING_END = re.compile(r"<!--.*?-->|(</h1\s*>)", re.DOTALL | re.IGNORECASE)


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
    review_url: str | None = None
    """Where the page's review in Markdown is served, from the page itself; None where no host writes it."""
    search: SearchTexts | None = None
    """What the site's search gets to see in place of what is shown; None where the host has no such search."""
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Page and source of each fence that was rendered as specification but had not been read."""
    unshown: list[tuple[str, int]] = field(default_factory=list)
    """Page and line of each fence that had been read but was not rendered as one."""

    def piece(self, shown: str, source: str = "") -> str:
        """A piece of HTML for a page, of which a search sees the source alone."""
        return shown if self.search is None else self.search.mark(shown, source)


class JettyExtension(Extension):
    """Shows `gherkin` fences with their results."""

    def __init__(self, context: PageContext | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.context = context
        self._fences: _Fences | None = None

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 # Python-Markdown's name
        self._fences = _Fences(md)
        md.registerExtension(self)
        # After `raw_html` (30), which brings the placeholders of the fences back.
        md.postprocessors.register(_ShowResults(md, self.context, self._fences), "jetty_results", 5)
        # After `toc` and its like, which send single headings through the postprocessors.
        md.treeprocessors.register(_PageIsNext(md, self._fences), "jetty_page", -1000)
        # Before `raw_html`: a marker is a comment of its own in the stash; others strip comments afterwards.
        md.postprocessors.register(_ShowMarkers(md, self.context, self._fences), "jetty_markers", 35)

    def reset(self) -> None:
        """Wire the fences: called once all extensions are registered, whatever their order."""
        if self._fences is not None:
            self._fences.connect()


class _Fences:
    """The `gherkin` fences of one Markdown instance, by the token that stands in for each until the page is complete.

    SuperFences formats greedily and takes back what turns out to be indented code. Only the tokens that are left at the
    end are fences of the page, and they stand in the order of the page, which tells equal texts apart.
    """

    def __init__(self, md: Markdown) -> None:
        self.md = md
        self.sources: dict[str, tuple[str, bool]] = {}
        self.marked: set[str] = set()
        """The markers that the page has had so far."""
        self.page_is_next = False
        """Whether the next text to be finished is the page, and not a single heading of it."""

    def connect(self) -> None:
        fences = self._superfences()
        if not any(getattr(entry["formatter"], "__self__", None) is self for entry in fences.superfences):
            arguments = (LANGUAGE, self.format, self.accept, None)
            # The last one, a function that resets, came with pymdown-extensions 13.
            count = len(inspect.signature(fences.extend_super_fences).parameters)
            fences.extend_super_fences(*arguments[:count])

    def _superfences(self) -> SuperFencesCodeExtension:
        current = self._current()
        if isinstance(current, SuperFencesBlockPreprocessor):
            return current.extension
        for extension in self.md.registeredExtensions:
            if isinstance(extension, SuperFencesCodeExtension):
                # `fenced_code` came later and took the place; blocks would be found at the margin only.
                extension.patch_fenced_rule()
                return extension
        # Takes the place of Python-Markdown's own `fenced_code`, which it is registered under.
        self.md.registerExtensions([SuperFencesCodeExtension()], {})
        return self._current().extension

    def _current(self) -> Any:
        name = "fenced_code_block"
        # A registry has no `get`.
        return self.md.preprocessors[name] if name in self.md.preprocessors else None  # noqa: SIM401

    @staticmethod
    def accept(
        _language: str, inputs: Mapping[str, Any], options: dict[str, Any], _attrs: dict[str, Any], _md: Markdown
    ) -> bool:
        """Accept every option: a fence that is refused here would silently become plain code."""
        options.update(inputs)
        return True

    def format(self, src: str = "", options: Mapping[str, Any] | None = None, **_kwargs: Any) -> str:
        token = secrets.token_hex(16)
        runs = str((options or {}).get("run", "true")).strip("\"' ").lower() not in {"false", "no", "off", "0"}
        self.sources[token] = (src, runs)
        return f'<div data-jetty="{token}"></div>'


class _PageIsNext(Treeprocessor):
    def __init__(self, md: Markdown, fences: _Fences) -> None:
        super().__init__(md)
        self.fences = fences

    def run(self, root: Element) -> None:  # noqa: ARG002 # the tree itself is not looked at
        self.fences.page_is_next = True


class _ShowMarkers(Postprocessor):
    """Puts the project's overviews where the author marked their place."""

    def __init__(self, md: Markdown, context: PageContext | None, fences: _Fences) -> None:
        super().__init__(md)
        self.context = context
        self.fences = fences

    def run(self, text: str) -> str:
        blocks = self.md.htmlStash.rawHtmlBlocks
        for index, block in enumerate(blocks):
            # Code in the stash is escaped already: a literal comment there is a comment.
            if isinstance(block, str) and MARKER.search(block):
                blocks[index] = MARKER.sub(self._marked, block)
        return text

    def _marked(self, match: re.Match[str]) -> str:
        context = current_context(self.md, self.context)
        shown = _marked(match[1], context, self.fences.marked)
        self.fences.marked.add(match[1])
        return context.piece(shown) if match[1] != "page" else shown


def _marked(name: str, context: PageContext, before: set[str]) -> str:
    verdict = context.verdict
    if verdict is None:
        return f'<p class="jetty-unknown">{NOT_RUN}</p>'
    if name == "page":
        return _whole_page(verdict, context)
    if name == "steps":
        return render_steps(verdict, context.source_url)
    if name == "standards":
        return render_standards(verdict, context.page, context.url_for, context.source_url)
    # Both name the problems of the project: once a page is enough.
    problems = not before & {"overview", "failures"}
    show = {"overview": render_overview, "failures": render_failures}[name]
    return show(verdict, context.url_for, context.source_url, problems=problems)


def _whole_page(verdict: Verdict, context: PageContext) -> str:
    page = page_of(verdict, context.page)
    if page is None:
        return ""
    blocks = "\n".join(_block(verdict, block, context) for block in page.blocks)
    return f"<h1>{html.escape(page.title)}</h1>\n{blocks}"


class _ShowResults(Postprocessor):
    """Puts each fence in its place, with its results, and the page's status below its title."""

    def __init__(self, md: Markdown, context: PageContext | None, fences: _Fences) -> None:
        super().__init__(md)
        self.context = context
        self.fences = fences

    def run(self, text: str) -> str:
        if not self.fences.page_is_next:
            return text
        self.fences.page_is_next = False
        context = current_context(self.md, self.context)
        page = page_of(context.verdict, context.page)
        text, shown = self._resolve(text, context, page)
        if page is not None and context.verdict is not None:
            text = _below_title(text, context.piece(render_status(context.verdict, context.page)))
            if "page" not in self.fences.marked:
                text += _unshown(page, shown, context)
            if "standards" not in self.fences.marked:
                text = _at_the_end(text, context.verdict, context)
        self.fences.marked.clear()
        self.fences.sources.clear()
        if context.carries_style and 'class="jetty-' in text:
            text = f"{text}\n<style>\n{STYLESHEET.read_text(encoding='utf-8')}</style>"
        return text

    def _resolve(self, text: str, context: PageContext, page: Page | None) -> tuple[str, set[int]]:
        """The text with its fences, and the lines of the blocks that were found among them."""
        seen: Counter[str] = Counter()
        lines: set[int] = set()

        def show(match: re.Match[str]) -> str:
            if match[1] not in self.fences.sources:
                return match[0]
            source, runs = self.fences.sources[match[1]]
            key = normal(source)
            block = _nth(page, key, seen[key])
            seen[key] += 1
            if block is not None:
                lines.add(block.line)
            return _shown(context, block, source, runs)

        return re.sub(r'<div data-jetty="([0-9a-f]{32})"></div>', show, text), lines


def normal(source: str) -> str:
    """A block's text without what renderers are free to change: trailing blanks and the last line's end."""
    return "\n".join(line.rstrip() for line in source.expandtabs(4).strip("\n").split("\n"))


def _nth(page: Page | None, key: str, index: int) -> Block | None:
    equal = [block for block in page.blocks if normal(block.source) == key] if page else []
    return equal[index] if index < len(equal) else None


def _shown(context: PageContext, block: Block | None, source: str, runs: bool) -> str:
    if context.verdict is not None and block is not None:
        return _block(context.verdict, block, context)
    if context.excluded or not runs:
        return _plain(source, "jetty-example", "Example: not run")
    if context.verdict is None:
        return _plain(source, "jetty-unknown", NOT_RUN)
    context.unread.append((context.page, source))
    return _plain(source, "jetty-error", NOT_READ)


def _block(verdict: Verdict, block: Block, context: PageContext) -> str:
    return context.piece(render_block(verdict, block, context.source_url), block.source)


def _unshown(page: Page, shown: set[int], context: PageContext) -> str:
    """What was read and is nowhere on the page, with its results: nothing counts that nobody can see."""
    assert context.verdict is not None
    left = [block for block in page.blocks if block.line not in shown]
    context.unshown += [(page.path, block.line) for block in left]
    return "".join(
        f'\n<section class="jetty-error"><p class="jetty-message">Line {block.line}: {html.escape(NOT_SHOWN)}.</p>'
        f"{_block(context.verdict, block, context)}</section>"
        for block in left
    )


def _plain(source: str, kind: str, message: str) -> str:
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


def current_context(md: Markdown, context: PageContext | None) -> PageContext:
    """The host's context; without one, what Zensical's own rendering context says about the page."""
    if context is not None:
        return context
    name = "rendering_context"
    rendering: Any = md.preprocessors[name] if name in md.preprocessors else None  # noqa: SIM401
    if rendering is None:
        return PageContext(stored_verdict(Path.cwd()))
    config: Mapping[str, Any] = rendering.config
    root = Path(str(config.get("root_dir") or ".")).absolute()
    docs = root / str(config.get("docs_dir") or "docs")
    path = docs / str(rendering.page.path)
    directories = bool(config.get("use_directory_urls", True))
    return PageContext(
        stored_verdict(root),
        PurePosixPath(os.path.relpath(path, root)).as_posix(),
        links(PurePosixPath(os.path.relpath(docs, root)).as_posix(), str(rendering.page.url), directories=directories),
        is_excluded(root, path, rendering.page.meta),
        carries_style=True,
    )
