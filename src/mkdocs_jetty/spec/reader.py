"""Read a project, each page and `.feature` file on its own, so that one bad file spoils itself only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.stream.id_generator import IdGenerator

from mkdocs_jetty.spec.build import BlockBuilder, Draft, free, slug
from mkdocs_jetty.spec.fences import Fence, Lookalike, MarkdownPage, parse_markdown
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES, find, is_included, relative, specification_files
from mkdocs_jetty.spec.front_matter import FrontMatter, missing_steps, read_front_matter, step_module
from mkdocs_jetty.spec.gherkin import Document, leaves_background, parse_block
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, Spec
from mkdocs_jetty.spec.modes import mode_sections
from mkdocs_jetty.spec.names import FileRead, with_ids_of_their_own
from mkdocs_jetty.spec.place import Place

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

__all__ = ["MARKDOWN_SUFFIXES", "is_included", "read", "read_file", "read_page", "specification_files"]

TRAIT_TAG = "@trait:"


def read(settings: Settings) -> Spec:
    """Read everything that the settings include.

    Never raises for what a file holds: what cannot be read is a problem of the spec, with its place.
    """
    paths, problems = find(settings)
    files = with_ids_of_their_own([read_file(settings, path) for path in paths])
    problems += [problem for each in files for problem in each.problems]
    pages = [each.page for each in files if each.page]
    problems += [problem for page in pages for block in page.blocks for problem in block.problems]
    return Spec(tuple(feature for each in files for feature in each.features), tuple(pages), tuple(problems))


def read_page(settings: Settings, path: Path) -> tuple[Page, tuple[Feature, ...]]:
    """Read one file by itself; a file that cannot be read is a page without blocks."""
    read = read_file(settings, path)
    return read.page or Page(relative(settings.root, path), path.stem, ()), tuple(read.features)


def read_file(settings: Settings, path: Path) -> FileRead:
    """Read one file by itself."""
    name = relative(settings.root, path)
    text = _text(path, name)
    if isinstance(text, Problem):
        return FileRead(problems=[text])
    link = _leaves(settings, path)
    outside = FileRead(problems=[Problem("error", name, None, None, link)]) if link else None
    if path.suffix == ".feature":
        return outside or _read_feature_file(name, path, text)
    markdown = parse_markdown(text)
    meta, problems = read_front_matter(markdown.meta, text, name)
    if meta.exclude:
        return FileRead()
    problems = [*_wrong(markdown, name), *problems, *missing_steps(meta, settings, name)]
    if not markdown.fences:
        return FileRead(problems=problems)
    return outside or _PageReader(name, markdown, meta, settings, problems).read()


def _wrong(markdown: MarkdownPage, name: str) -> list[Problem]:
    found = [Problem("error", name, each.line, None, each.message) for each in markdown.lookalikes]
    if markdown.meta_error:
        found.append(Problem("error", name, markdown.meta_error[0], None, markdown.meta_error[1]))
    return found


def _leaves(settings: Settings, path: Path) -> str | None:
    """What to say of a file that seems to lie in the project and, by a link, does not."""
    named = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the link
    bases = [Path(os.path.abspath(base)) for base in (settings.root, settings.docs_dir)]  # noqa: PTH100
    inside = any(named.is_relative_to(base) for base in bases)
    if not inside or any(path.resolve().is_relative_to(base.resolve()) for base in bases):
        return None
    return "is a link to a file outside the project, so its specification is not read; put the file itself here"


class _PageReader:
    """Reads the fences of one page into its features."""

    def __init__(
        self, name: str, markdown: MarkdownPage, meta: FrontMatter, settings: Settings, problems: list[Problem]
    ) -> None:
        self.name = name
        self.markdown = markdown
        self.meta = meta
        self.problems = problems
        self.title = meta.name or str(markdown.meta.get("title") or markdown.title or Path(name).stem)
        self.steps = tuple(step_module(settings, step) for step in meta.steps)
        # Nameless until it holds a scenario: a feature that stands before it may have the name by then.
        self.own = Draft("", self.title, 1)
        self.drafts: list[Draft] = [self.own]
        self.background: list[dict[str, Any]] = []
        self.lost_background = ""
        """Why the page's background cannot hold from here on, if so."""
        self.ids = IdGenerator()

    def read(self) -> FileRead:
        blocks: dict[int, Block] = {}
        # Footnotes are rendered at the page's end; what is said first, and holds for later fences, goes by the lines.
        every: list[Fence | Lookalike] = [*self.markdown.fences, *self.markdown.lookalikes]
        for each in sorted(every, key=lambda each: each.line):
            if isinstance(each, Fence):
                blocks[each.line] = self._block(each)
            else:
                self._note_lost_background(each.line, each.source)
        shown = [blocks[fence.line] for fence in self.markdown.fences]
        settled = (
            replace(block, feature_id=self.own.id or None) if block.feature_id == "" else block for block in shown
        )
        page = Page(self.name, self.title, tuple(settled), self.steps)
        explicit = self.own.scenarios and self.own.id == self.meta.id
        own_id = (self.own.id, self.meta.lines.get("jetty.id", 1)) if explicit else None
        return FileRead(page, self._features(), self.problems, own_id)

    def _block(self, fence: Fence) -> Block:
        parsed = self._parsed(fence)
        if isinstance(parsed, Document):
            self.background = parsed.background
            return self._built(fence, parsed)
        if parsed:
            self._note_lost_background(fence.line, fence.source)
        return Block(self.name, fence.line, fence.source, fence.runs, None, (), tuple(parsed or ()))

    def _note_lost_background(self, line: int, source: str) -> None:
        if leaves_background(source) and not self.lost_background:
            self.lost_background = f"The background in the block at line {line} cannot be read, so this cannot run."

    def _parsed(self, fence: Fence) -> Document | list[Problem] | None:
        if not fence.runs:
            return None
        return parse_block(fence.source, self.name, fence.line, fence.indent, self.title, self.background, self.ids)

    def _built(self, fence: Fence, document: Document) -> Block:
        draft = self._named(document.feature) if document.named else self._own(document.feature)
        # Without what is around the fence, such as the marks of a quote, but on the page's line numbers.
        lines = [""] * fence.line + fence.source.split("\n")
        place = Place(self.name, fence.line, fence.heading)
        builder = BlockBuilder(document, draft, place, lines, "" if document.named else self.lost_background)
        block = builder.build(fence.source)
        if not document.named:
            self.lost_background = self.lost_background or builder.lost_background
        return block

    def _own(self, node: dict[str, Any]) -> Draft:
        if not self.own.id and any("background" not in child for child in node["children"]):
            wanted = self.meta.id or slug(self.title) or "feature"
            self.own.id = free(wanted, self._taken())
            if self.meta.id and self.own.id != wanted:
                other = next(draft for draft in self.drafts if draft.id == wanted)
                message = f"the `id` `{wanted}` is already that of the feature `{other.name}` in line {other.line}"
                self.problems.append(Problem("error", self.name, self.meta.lines.get("jetty.id", 1), None, message))
        return self.own

    def _taken(self) -> set[str]:
        return {draft.id for draft in self.drafts if draft.scenarios or draft is self.own}

    def _named(self, node: dict[str, Any]) -> Draft:
        unique = free(slug(node["name"]) or "feature", self._taken())
        draft = Draft(
            unique, node["name"], node["location"]["line"], tuple(tag["name"] for tag in node["tags"]),
            (node["description"] or "").strip(), node["language"],
        )  # fmt: skip
        self.drafts.append(draft)
        return draft

    def _features(self) -> list[Feature]:
        features = []
        for draft in self.drafts:
            traits, declared = _traits(draft.tags, self.meta.traits or (), declared=self.meta.traits is not None)
            features.append(Feature(
                draft.id, draft.name, self.name, draft.line, tuple(draft.scenarios), draft.tags, draft.description,
                draft.language, traits, self.meta.owner, declared,
            ))  # fmt: skip
        return [feature for feature in features if feature.scenarios]


def _read_feature_file(name: str, path: Path, text: str) -> FileRead:
    lines = text.split("\n")
    parsed = parse_block(text, name, 0, 0, path.stem, [], IdGenerator())
    if isinstance(parsed, list):
        return FileRead(Page(name, path.stem, (Block(name, 0, text, True, None, (), tuple(parsed)),)))
    node = parsed.feature
    title = node["name"] or path.stem
    tags = tuple(tag["name"] for tag in node["tags"])
    draft = Draft(
        slug(title) or "feature", title, node["location"]["line"], tags, node["description"].strip(), node["language"]
    )
    block = BlockBuilder(parsed, draft, Place(name, 0, (), tuple(mode_sections(parsed.comments))), lines).build(text)
    traits, declared = _traits(tags, (), declared=False)
    feature = Feature(
        draft.id, title, name, draft.line, tuple(draft.scenarios), tags, draft.description, draft.language, traits,
        traits_declared=declared,
    )  # fmt: skip
    return FileRead(Page(name, title, (block,)), [feature] if draft.scenarios else [])


def _traits(tags: Sequence[str], traits: Sequence[str], *, declared: bool) -> tuple[tuple[str, ...], bool]:
    """The traits of the front matter and those of tags such as `@trait:authentication`, `@trait:none` for none."""
    tagged = [tag.removeprefix(TRAIT_TAG) for tag in tags if tag.startswith(TRAIT_TAG)]
    own = dict.fromkeys((*traits, *(trait for trait in tagged if trait != "none")))
    return tuple(own), declared or bool(tagged)


def _text(path: Path, name: str) -> str | Problem:
    if path.exists() and not path.is_file():
        kind = "it is a directory" if path.is_dir() else "it is no regular file"
        return Problem("error", name, None, None, f"cannot be read: {kind}")
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Problem("error", name, None, None, f"cannot be read: {error.strerror or error}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problem("error", name, line, None, f"is not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
