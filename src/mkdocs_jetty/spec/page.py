"""Turn what a page holds, or a `.feature` file, into features and the blocks that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.stream.id_generator import IdGenerator

from mkdocs_jetty.spec.build import BlockBuilder, Draft, free, slug
from mkdocs_jetty.spec.fences import Fence, Lookalike, MarkdownPage
from mkdocs_jetty.spec.front_matter import FrontMatter, missing_steps, read_front_matter, step_module
from mkdocs_jetty.spec.gherkin import Document, leaves_background, parse_block
from mkdocs_jetty.spec.missing import missing_snippets
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, ShownHeading
from mkdocs_jetty.spec.modes import mode_sections
from mkdocs_jetty.spec.names import FileRead
from mkdocs_jetty.spec.owners import tagged_owner
from mkdocs_jetty.spec.place import Place

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

TRAIT_TAG = "@trait:"


def read_markdown(settings: Settings, name: str, text: str, markdown: MarkdownPage) -> FileRead:
    """Read a page that was converted.

    Args:
        settings: The project's settings.
        name: The page, relative to the project.
        text: What its file holds.
        markdown: What its conversion has shown.
    """
    meta, problems = read_front_matter(markdown.meta, text, name)
    if meta.exclude:
        return FileRead()
    if markdown.meta_error:
        problems.insert(0, Problem("error", name, markdown.meta_error[0], None, markdown.meta_error[1]))
    problems += missing_steps(meta, settings, name)
    read = _PageReader(name, markdown, meta, settings, problems).read() if markdown.fences else FileRead()
    lost = [Problem(each.level, name, each.line, None, each.message) for each in markdown.lookalikes]
    read = markdown.lines.settle(replace(read, problems=lost))
    return replace(read, problems=[*read.problems, *missing_snippets(name, text, markdown.missing), *problems])


class _PageReader:
    """Reads the fences of one page into its features."""

    def __init__(
        self, name: str, markdown: MarkdownPage, meta: FrontMatter, settings: Settings, problems: list[Problem]
    ) -> None:
        self.name = name
        self.markdown = markdown
        self.meta = meta
        self.problems = problems
        """What is wrong with the front matter."""
        self.title = meta.name or str(markdown.meta.get("title") or markdown.title or Path(name).stem)
        self.steps = tuple(step_module(settings, step) for step in meta.steps)
        # Nameless until it holds a scenario: a feature that stands before it may have the name by then.
        self.own = Draft("", self.title, 1)
        self.drafts: list[Draft] = [self.own]
        self.background: list[dict[str, Any]] = []
        self.lost_background = ""
        """Why the page's background cannot hold from here on, if so."""
        self.ids = IdGenerator()
        self.written: dict[int, Draft] = {}
        """The features that headings name, by the line of the heading."""
        self.told: set[Problem] = set()
        """What was found wrong with what holds for several scenarios."""

    def read(self) -> FileRead:
        blocks: dict[str, Block] = {}
        # Footnotes are rendered at the page's end; what is said first, and holds for later fences, goes by the lines.
        every: list[Fence | Lookalike] = [*self.markdown.fences, *self.markdown.lookalikes]
        for each in sorted(every, key=lambda each: each.line):
            if isinstance(each, Fence):
                blocks[each.token] = self._block(each)
            else:
                self._note_lost_background(each.line, each.source)
        shown = [blocks[fence.token] for fence in self.markdown.fences]
        settled = (
            replace(block, feature_id=self.own.id or None) if block.feature_id == "" else block for block in shown
        )
        page = Page(self.name, self.title, tuple(settled), self.steps)
        explicit = self.own.scenarios and self.own.id == self.meta.id
        own_id = (self.own.id, self.meta.lines.get("jetty.id", 1)) if explicit else None
        return FileRead(page, self._features(), own_id=own_id)

    def _block(self, fence: Fence) -> Block:
        if fence.gherkin:
            return self._in_plain_markdown(fence)
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

    def _in_plain_markdown(self, fence: Fence) -> Block:
        """A background or a scenario whose heading and steps are the page's own."""
        numbers, texts = zip(*fence.gherkin, strict=True)
        if fence.language != "en":
            numbers, texts = (numbers[0] - 1, *numbers), (f"# language: {fence.language}", *texts)
        source = "\n".join(texts)
        parsed = parse_block(
            source, self.name, numbers[0] - 1, 0, self.title, self.background, self.ids, numbers=numbers
        )
        if not isinstance(parsed, Document):
            message = f"this scenario will not run: what holds for it cannot be read, in line {parsed[0].line}"
            found = self._news(parsed) or (Problem("error", self.name, fence.line, None, message),)
            return Block(self.name, fence.line, fence.source, True, None, (), found, plain=True)
        draft = self._own(parsed.feature) if not parsed.named else self._written(parsed.feature)
        place = Place(self.name, fence.line, fence.heading)
        spoiled = "" if parsed.named else self.lost_background
        lines = [""] * numbers[-1]
        for number, text in fence.gherkin:
            lines[number - 1] = text
        built = BlockBuilder(parsed, draft, place, lines, spoiled).build(source)
        rule = [item for item in built.items if isinstance(item, ShownHeading) and item.kind == "rule"]
        own = [item for item in built.items if item.line >= fence.line]
        problems = self._news(built.problems)
        return replace(
            built,
            line=fence.line,
            source=fence.source,
            items=(*rule, *own),
            problems=problems,
            plain=True,
            language=fence.language,
        )

    def _written(self, node: dict[str, Any]) -> Draft:
        line = node["location"]["line"]
        if line not in self.written:
            self.written[line] = self._named(node)
        return self.written[line]

    def _news(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        """Problems that were not told of with an earlier block; their columns are those of other lines."""
        found = [replace(each, column=None) for each in problems]
        new = tuple(each for each in dict.fromkeys(found) if each not in self.told)
        self.told.update(new)
        return new

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
                draft.language, traits, tagged_owner(draft.tags) or self.meta.owner, declared,
                self.meta.public,
            ))  # fmt: skip
        return [feature for feature in features if feature.scenarios]


def read_feature_file(name: str, path: Path, text: str) -> FileRead:
    """Read a `.feature` file."""
    lines = text.split("\n")
    parsed = parse_block(text, name, 0, 0, path.stem, [], IdGenerator(), whole=True)
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
        tagged_owner(tags), traits_declared=declared,
    )  # fmt: skip
    return FileRead(Page(name, title, (block,)), [feature] if draft.scenarios else [])


def _traits(tags: Sequence[str], traits: Sequence[str], *, declared: bool) -> tuple[tuple[str, ...], bool]:
    """The traits of the front matter and those of tags such as `@trait:authentication`, `@trait:none` for none."""
    tagged = [tag.removeprefix(TRAIT_TAG) for tag in tags if tag.startswith(TRAIT_TAG)]
    own = dict.fromkeys((*traits, *(trait for trait in tagged if trait != "none")))
    return tuple(own), declared or bool(tagged)
