"""What a build's pages hold, from their own conversions, and the results put in their place.

MkDocs converts every page before it renders the first template. So each page's conversion is recorded as it happens,
and once all are known the specification runs, and results take the place of the tokens that the fences have left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mkdocs.plugins import get_plugin_logger
from mkdocs.utils import get_relative_url

from mkdocs_jetty.hosts.anchors import with_room
from mkdocs_jetty.hosts.contents import add_scenarios
from mkdocs_jetty.hosts.mkdocs_names import Names, text_of
from mkdocs_jetty.hosts.mkdocs_pages import NAME
from mkdocs_jetty.hosts.navigation import pages_of, section_of
from mkdocs_jetty.hosts.presenting import (
    NOT_READ,
    NOT_SHOWN,
    PageContext,
    Shown,
    fill,
    has_tokens,
    marked,
    plain,
    present,
)
from mkdocs_jetty.show.concealed import concealed
from mkdocs_jetty.show.export import ATTACHMENTS, FOLDER
from mkdocs_jetty.show.summary import Colour, page_colour
from mkdocs_jetty.spec import opened
from mkdocs_jetty.spec.build_only import last_build
from mkdocs_jetty.spec.fences import MARK, MarkdownPage, page_of
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES, is_chosen
from mkdocs_jetty.spec.front_matter import split_front_matter
from mkdocs_jetty.spec.lost import may_hold
from mkdocs_jetty.spec.model import Block, Problem, ShownScenario
from mkdocs_jetty.spec.model import Page as SpecPage
from mkdocs_jetty.spec.names import FileRead
from mkdocs_jetty.spec.origins import lines_of
from mkdocs_jetty.spec.page import read_markdown
from mkdocs_jetty.spec.replaced import Source, replaced

if TYPE_CHECKING:
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.hosts.search import SearchTexts
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.show.overview import Place
    from mkdocs_jetty.spec.recording import Conversion, Found

SCENARIOS = ("scenario-", "outline-")
log = get_plugin_logger(__name__)
LEFT_OVER = re.compile(MARK, re.DOTALL)
_ID = re.compile(r' id="([^"]+)"')


@dataclass
class Converted:
    """A page of the build, as it was converted."""

    page: Page
    name: str
    """As the specification names it, relative to the project."""
    excluded: bool
    """Whether its author asked for its fences to be left alone."""
    markdown: MarkdownPage
    read: FileRead
    hidden: frozenset[str] = frozenset()
    """What stands for fences that the page does not show, such as those in comments; that was said where they stand."""
    tokens: dict[str, Shown] = field(default_factory=dict)
    context: PageContext = field(default_factory=PageContext)

    def shown_again(self) -> Callable[[str, Found], bool]:
        """Have the fences of another conversion of the same text stand for the same blocks, in the same order."""
        left = list(self.tokens.values())

        def same(token: str, found: Found) -> bool:
            known = next((each for each in left if each.source == found.source), None)
            if known is not None:
                left.remove(known)
                self.tokens[token] = known
            return known is not None

        return same


class Build:
    """One build of the site; where builds nest, each has one."""

    def __init__(self, settings: Settings, search: SearchTexts) -> None:
        self.settings = settings
        self._search = search
        self.names = Names(settings)
        self.pages: dict[int, Converted] = {}
        """By the identity of the host's page."""
        self.announced: set[str] = set()
        """The names of all pages that the build shows."""
        self.late: list[Problem] = []
        """What was found wrong once the verdict was known."""
        self.nav: Navigation | None = None
        self._announced: Page | None = None
        self._own: Conversion | None = None

    # ---- as pages are converted ----

    def announce(self, page: Page) -> None:
        """Expect a page to be converted next."""
        self._announced, self._own = page, None
        self.announced.add(self.names.of(page.file))

    def begin(self, conversion: Conversion) -> None:
        """Decide whether a conversion is that of the page that was announced."""
        page = self._announced
        conversion.own = page is not None and self._own is None and page.markdown == conversion.source
        if conversion.own:
            self._own = conversion
            conversion.excluded = page is not None and _is_excluded(self.settings, page)
        else:
            conversion.again = self._again(conversion.source)

    def _again(self, source: str) -> Callable[[str, Found], bool] | None:
        """Recognise the text of a page that has its results: a blog cuts excerpts from one more conversion."""
        known = (each for each in self.pages.values() if each.tokens and each.page.markdown)
        return next((each.shown_again() for each in known if source.endswith(each.page.markdown or "")), None)

    def converted(self, page: Page, shown: str) -> None:
        """Take note of what a page has become."""
        conversion, self._announced, self._own = self._own, None, None
        if conversion is None:
            return
        name = self.names.of(page.file)
        excluded = _is_excluded(self.settings, page)
        markdown, read = MarkdownPage(dict(page.meta), None, (), ()), FileRead()
        holds = may_hold(self.settings.syntax)
        concerned = conversion.fences or conversion.missing or "jetty" in page.meta
        if not excluded and (concerned or holds.search("\n".join(conversion.lines))):
            markdown, read = self._read(page, name, conversion, shown)
        elif excluded:
            markdown = page_of(conversion, shown, lines_of(name, conversion.raw, None, list), dict(page.meta))
        if not excluded and name.endswith(MARKDOWN_SUFFIXES):
            read = self._with_replaced(read, Source(name, text_of(page.file) or "", conversion.source))
        if page.markdown and page.markdown.startswith("---"):
            error = split_front_matter(page.markdown)[2]
            if error:
                problem = Problem("error", name, error[0], None, error[1])
                read = replace(read, problems=[problem, *read.problems])
        read = _with_maker(read, page.file.generated_by)
        hidden = frozenset(conversion.fences) - {fence.token for fence in markdown.fences}
        self.pages[id(page)] = Converted(page, name, excluded, markdown, read, hidden)

    def _with_replaced(self, read: FileRead, source: Source) -> FileRead:
        """Return what was read of a page, with what another plugin has kept from it."""
        problem = replaced(source, self.settings.syntax, self._made_before)
        if problem is None:
            return read
        shown = SpecPage(source.name, PurePosixPath(source.name).stem, ()) if problem.level == "error" else None
        return replace(read, page=read.page or shown, problems=[*read.problems, problem])

    @cached_property
    def _made_before(self) -> dict[str, int]:
        return last_build(self.settings.root).made

    def _read(self, page: Page, name: str, conversion: Conversion, shown: str) -> tuple[MarkdownPage, FileRead]:
        text = text_of(page.file)
        path = page.file.abs_src_path
        names = opened.names()
        root = self.settings.root

        def others() -> Sequence[tuple[str, Sequence[str]]]:
            return opened.texts(root, names, apart=[Path(path)] if path else [])

        lines = lines_of(name, conversion.raw, text, others)
        markdown = page_of(conversion, shown, lines, dict(page.meta))
        return markdown, read_markdown(self.settings, name, text or "", markdown)

    # ---- once all are known ----

    def places(self) -> dict[str, Place]:
        """Tell where each page of the specification stands in the site's navigation."""
        items = self.nav.items if self.nav is not None else ()
        ranks = {id(page): (rank, section_of(page)) for rank, page in enumerate(pages_of(items))}
        return {each.name: ranks[key] for key, each in self.pages.items() if key in ranks}

    def concealed(self) -> set[str]:
        """The pages that a plugin encrypts, which notes it on them."""
        return {each.name for each in self.pages.values() if getattr(each.page, "encryptcontent", None)}

    def reads(self) -> list[FileRead]:
        """Return what was read of the pages, in the order of their paths; what no page shows any more cannot count."""
        ordered = sorted(self.pages.values(), key=lambda each: PurePosixPath(each.name))
        written = {each.page.file.dest_uri: each.name for each in self.pages.values()}
        return [_with_other(_without_unshown(each), written[each.page.file.dest_uri]) for each in ordered]

    def put_in_place(
        self,
        verdict: Verdict,
        url_for: Callable[[str], str],
        review_url: Callable[[str], str],
        hidden: Collection[str] = (),
        places: Mapping[str, Place] | None = None,
    ) -> dict[int, Colour]:
        """Put the results on the pages; the colour of each page that has one, by its identity.

        Args:
            verdict: The verdict.
            url_for: The address of a page of the specification in the site.
            review_url: That of a page's review, by the page's own.
            hidden: The pages that nobody else may quote.
            places: Where each page stands in the site.
        """
        public = concealed(verdict, hidden)
        blocks = {page.path: page.blocks for page in verdict.spec.pages}
        concerned = {feature.feature.page for feature in verdict.features} | {each.page for each in verdict.problems}
        colours = {}
        whole = {each.page.file.src_uri: each.page.url for each in self.pages.values()}
        for key, each in self.pages.items():
            url = each.page.url
            each.context = PageContext(
                verdict if each.name in hidden else public,
                each.name,
                lambda path, url=url: get_relative_url(url_for(path), url),  # type: ignore[misc]
                each.excluded,
                source_url=self.settings.source_url,
                places=places or {},
                links={
                    name: get_relative_url(whole[uri], url) if whole[uri] != url else ""
                    for name, uri in self.names.placed.items()
                    if uri in whole
                },
                attached_at=None if each.name in hidden else get_relative_url(f"{FOLDER}/{ATTACHMENTS}/", url),
                unfolded=self.settings.expand_passed,
                review_url=get_relative_url(review_url(url), url),
                search=self._search,
            )
            each.tokens = _tokens(each, blocks.get(each.name, ()))
            if each.name in concerned or each.name in blocks or has_tokens(each.page.content or ""):
                self._fill(each, concealed=each.name in hidden)
                colour = page_colour(verdict, each.name)
                if colour is not None:
                    colours[key] = colour
        return colours

    def _fill(self, each: Converted, *, concealed: bool) -> None:
        page = each.page
        before = page.content or ""
        content, renamed = with_room(present(before, each.context, each.tokens), page.toc)
        for name in renamed:
            if name.startswith(SCENARIOS):  # no heading has such an id but by its author's will
                log.warning("%s: the id `%s` is that of a scenario on this page; give it another one", each.name, name)
        # Some plugins keep a page's HTML under a name of their own.
        for name, value in list(vars(page).items()):
            if isinstance(value, str) and (value == before or has_tokens(value)):
                setattr(page, name, content if value == before else fill(value, each.context, each.tokens))
        page.content = content
        if page.present_anchor_ids is not None:
            page.present_anchor_ids |= set(_ID.findall(content))
        if not concealed:  # a table of contents is no part of what is encrypted
            add_scenarios(page.toc, content)

    def unwritten(self) -> list[Problem]:
        """The pages with specification that were counted, and whose file was never written."""
        return [
            Problem("error", each.name, None, None, "nobody sees this page: the site holds no file of it")
            for each in self.pages.values()
            if each.read.features and not Path(each.page.file.abs_dest_path).is_file()
        ]

    def finish(self, output: str, page: Page) -> str:
        """Put in place what a plugin has kept elsewhere; what nobody knows any more says so."""
        own = self.pages.get(id(page))
        if not has_tokens(output):
            return output
        for each in self.pages.values():
            if each.tokens and has_tokens(output):
                output = _only_blocks(output, each)
        if own:
            output = fill(output, own.context, {})
        hidden = {token for each in self.pages.values() for token in each.hidden}
        if any(match["token"] not in hidden for match in LEFT_OVER.finditer(output)):
            message = f"{NOT_READ[0].lower()}{NOT_READ[1:]}: a plugin shows it where it is no part of the page"
            self.late.append(Problem("error", self.names.of(page.file), None, None, message))
            output = LEFT_OVER.sub(lambda _: plain("", "jetty-error", NOT_READ), output)
        return output


def rewrite_marked(builds: Sequence[Build], verdict: Verdict) -> list[str]:
    """Have the overviews of pages that were written before all was known say what is true now.

    Args:
        builds: All builds of the site, in the order in which they judged.
        verdict: The verdict on all of them.

    Returns:
        The names of the pages whose file was changed by others, so that this could not be done.
    """
    written = {each.page.file.abs_dest_path: each for build in builds for each in build.pages.values()}
    left = []
    for target, each in written.items():
        marks = each.context.marks if each.context.verdict is not verdict else []
        text = Path(target).read_text("utf-8") if marks and Path(target).is_file() else ""
        now = replace(each.context, verdict=verdict, marks=[])
        for name, before in marks:
            true_now = marked(name, now, set())
            if before and before in text:
                text = text.replace(before, true_now)
            elif before and true_now not in text:
                left.append(each.name)
        if text:
            Path(target).write_text(text, "utf-8")
    return left


def _only_blocks(output: str, each: Converted) -> str:
    def shown(match: re.Match[str]) -> str:
        return fill(match[0], each.context, each.tokens)

    return LEFT_OVER.sub(shown, output)


def _tokens(each: Converted, blocks: Sequence[Block]) -> dict[str, Shown]:
    """Return what each token of a page stands for."""
    known: Iterable[Block | None] = blocks if len(blocks) == len(each.markdown.fences) else [None] * 10_000
    return {
        fence.token: Shown(fence.source, fence.runs, None if each.excluded else block)
        for fence, block in zip(each.markdown.fences, known)  # noqa: B905 # as many as there are fences
    }


def _without_unshown(each: Converted) -> FileRead:
    """Return what was read of a page; what another plugin has taken off it since cannot be proven there."""
    read, content = each.read, each.page.content or ""
    if read.page is None:
        return read
    lost = [
        block for fence, block in zip(each.markdown.fences, read.page.blocks, strict=True) if fence.token not in content
    ]
    if not lost:
        return read
    ids = {
        one for block in lost for item in block.items if isinstance(item, ShownScenario) for one in item.scenario_ids
    }
    note = "The page does not show it, so it proves nothing."
    features = [
        replace(
            feature,
            scenarios=tuple(
                replace(one, defect=one.defect or "invalid-gherkin", defect_note=one.defect_note or note)
                if one.id in ids
                else one
                for one in feature.scenarios
            ),
        )
        for feature in read.features
    ]
    problems = [Problem("error", each.name, block.line, None, NOT_SHOWN) for block in lost]
    return replace(read, features=features, problems=[*read.problems, *problems])


def _with_other(read: FileRead, written: str) -> FileRead:
    """Return what was read of a page, unless another one is written over it."""
    if read.page is None or read.page.path == written:
        return read
    message = f"nobody sees this page: `{written}` is written to the same address; give one of them another name"
    return replace(read, problems=[*read.problems, Problem("error", read.page.path, None, None, message)])


def _with_maker(read: FileRead, plugin: str | None) -> FileRead:
    """Return what was read of a page, with who made the page in every message: its author cannot find it otherwise."""
    if plugin is None:
        return read
    made = f" (`{plugin}` has made this page)"
    page = read.page and replace(
        read.page,
        blocks=tuple(
            replace(block, problems=tuple(replace(each, message=each.message + made) for each in block.problems))
            for block in read.page.blocks
        ),
    )
    return replace(read, page=page, problems=[replace(each, message=each.message + made) for each in read.problems])


def _is_excluded(settings: Settings, page: Page) -> bool:
    own: Any = page.meta.get("jetty")
    if page.file.generated_by == NAME:  # what others add to every page is no specification of ours
        return True
    return (isinstance(own, dict) and own.get("exclude") is True) or not is_chosen(settings, page.file.src_uri)
