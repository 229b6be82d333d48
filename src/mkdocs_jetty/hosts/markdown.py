"""The Markdown extension: finds fences of Gherkin, and shows them with the results that are known.

In a build of MkDocs the fences leave tokens until everything has run. Zensical, and whoever else renders with
Python-Markdown, has the results put in place at once; what ran is then not decided here: a fence is looked up among the
blocks that were read, and one that was not read says so instead of looking like specification that holds.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.treeprocessors import Treeprocessor

from mkdocs_jetty.hosts.presenting import (
    MARKED,
    MARKER,
    NOT_RUN_HERE,
    PageContext,
    Shown,
    page_of,
    plain,
    present,
)
from mkdocs_jetty.hosts.zensical import declared_syntax, is_excluded, links, stored_verdict
from mkdocs_jetty.show.html import STYLESHEET
from mkdocs_jetty.spec.fences import FOUND, mark
from mkdocs_jetty.spec.recording import FENCES, Conversion, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from xml.etree.ElementTree import Element

    from markdown import Markdown

    from mkdocs_jetty.spec.model import Block, Page


class JettyExtension(Extension):
    """Finds `gherkin` fences."""

    def __init__(
        self,
        context: PageContext | None = None,
        begin: Callable[[Conversion], None] | None = None,
        syntax: Collection[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Say what becomes of the fences.

        Args:
            context: The page, for a host that shows one at once; without it, the host's own context is asked.
            begin: For a host that puts results in place later: is told of each conversion, and says whether it is a
                page's own.
            syntax: The option `syntax`; without it, that of the project in whose directory this runs.
            kwargs: As every extension takes them.
        """
        super().__init__(**kwargs)
        self.context = context
        self.begin = begin
        self.syntax = syntax
        self.md: Markdown | None = None

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 # Python-Markdown's name
        # Whoever copies the extensions of an instance copies this one as well, and then fences are named as not run.
        md.registerExtension(self)
        self.md = md
        syntax = self.syntax if self.syntax is not None else declared_syntax(Path.cwd())
        # Fences of a page that is excluded are shown as examples; headings and lists stay what they are.
        begin = self.begin or (self._begun if set(syntax) - {FENCES} else None)
        recorder = Recorder(md, _token, begin, syntax)
        # Before `raw_html` (30): a marker is a comment of its own in the stash; others strip comments afterwards.
        md.postprocessors.register(_Markers(md, recorder), "jetty_markers", 35)
        if self.begin is None:
            show = _ShowResults(md, self.context, recorder)
            # After `raw_html`, which brings the placeholders of the fences back.
            md.postprocessors.register(show, "jetty_results", 5)
            # After `toc` and its like, which send single headings through the postprocessors.
            md.treeprocessors.register(_PageIsNext(md, show), "jetty_page", -1000)

    def _begun(self, conversion: Conversion) -> None:
        if self.md is not None:
            conversion.excluded = current_context(self.md, self.context).excluded


def _token(conversion: Conversion, token: str) -> str:
    if conversion.own or (conversion.again and conversion.again(token, conversion.fences[token])):
        return mark(token, conversion.fences[token].source)
    return plain(conversion.fences[token].source, "jetty-example", NOT_RUN_HERE)


class _Markers(Postprocessor):
    """Puts tokens where the author marked a place for the project's overviews."""

    def __init__(self, md: Markdown, recorder: Recorder) -> None:
        super().__init__(md)
        self.recorder = recorder

    def run(self, text: str) -> str:
        blocks = self.md.htmlStash.rawHtmlBlocks
        for index, block in enumerate(blocks if self.recorder.conversion.own else ()):
            # Code in the stash is escaped already: a literal comment there is a comment.
            if isinstance(block, str) and "<!--" in block:
                blocks[index] = MARKER.sub(lambda match: MARKED.format(match[1]), block)
        return text


# ---- results in place at once ----


class _PageIsNext(Treeprocessor):
    def __init__(self, md: Markdown, show: _ShowResults) -> None:
        super().__init__(md)
        self.show = show

    def run(self, root: Element) -> None:  # noqa: ARG002 # the tree itself is not looked at
        self.show.page_is_next = True


class _ShowResults(Postprocessor):
    """Puts each fence in its place, with its results, and the page's status below its title."""

    def __init__(self, md: Markdown, context: PageContext | None, recorder: Recorder) -> None:
        super().__init__(md)
        self.context = context
        self.recorder = recorder
        self.page_is_next = False
        """Whether the next text to be finished is the page, and not a single heading of it."""

    def run(self, text: str) -> str:
        if not self.page_is_next:
            return text
        self.page_is_next = False
        context = current_context(self.md, self.context)
        page = page_of(context.verdict, context.page)
        text = present(text, context, looked_up(text, self.recorder.conversion, page))
        if context.carries_style and 'class="jetty-' in text:
            text = f"{text}\n<style>\n{STYLESHEET.read_text(encoding='utf-8')}</style>"
        return text


def looked_up(text: str, conversion: Conversion, page: Page | None) -> dict[str, Shown]:
    """Return the block of each token: by the text that was read, equal ones by their order."""
    seen: Counter[str] = Counter()
    tokens = {}
    for match in FOUND.finditer(text):
        found = conversion.fences.get(match["token"] or "")
        if found is not None:
            key = normal(found.source)
            tokens[match["token"]] = Shown(found.source, found.runs, _nth(page, key, seen[key]))
            seen[key] += 1
    return tokens


def normal(source: str) -> str:
    """A block's text without what renderers are free to change: trailing blanks and the last line's end."""
    return "\n".join(line.rstrip() for line in source.expandtabs(4).strip("\n").split("\n"))


def _nth(page: Page | None, key: str, index: int) -> Block | None:
    equal = [block for block in page.blocks if normal(block.source) == key] if page else []
    return equal[index] if index < len(equal) else None


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
