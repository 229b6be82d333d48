"""Read a project, each page and `.feature` file on its own, so that one bad file spoils itself only."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.stream.id_generator import IdGenerator
from pathspec import GitIgnoreSpec

from mkdocs_jetty.spec.build import BlockBuilder, Draft, Place, free, slug
from mkdocs_jetty.spec.fences import Fence, MarkdownPage, parse_markdown
from mkdocs_jetty.spec.gherkin import Document, parse_block
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, ShownScenario, Spec
from mkdocs_jetty.spec.modes import mode_sections

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

TRAIT_TAG = "@trait:"
META_KEYS = ("name", "id", "traits", "owner", "steps", "exclude")


def read(settings: Settings) -> Spec:
    """Read everything that the settings include.

    Never raises for what a file holds: what cannot be read is a problem of the spec, with its place.
    """
    features: list[Feature] = []
    pages: list[Page] = []
    problems: list[Problem] = []
    taken: dict[str, Feature] = {}
    for path in specification_files(settings):
        page, found, wrong = read_file(settings, path)
        problems.extend(wrong)
        if page is None:
            continue
        renamed = {}
        for feature in found:
            unique = feature.id
            if unique in taken:
                unique = free(f"{unique}-{slug(Path(page.path).stem)}", taken)
                renamed[feature.id] = unique
            taken[unique] = feature
        pages.append(_renamed_page(page, renamed))
        features.extend(_renamed_feature(feature, renamed) for feature in found)
        problems.extend(problem for block in page.blocks for problem in block.problems)
    return Spec(tuple(features), tuple(pages), tuple(problems))


def specification_files(settings: Settings) -> list[Path]:
    """All files that may hold specification, in the order of their paths, pages first."""
    pages = [path for path in _files(settings.docs_dir, ".md") if is_included(settings, path)]
    extra: list[Path] = []
    for entry in settings.features:
        path = settings.root / entry
        extra.extend(_files(path, ".feature") if path.is_dir() else [path])
    return pages + list(dict.fromkeys(extra))


def _files(directory: Path, suffix: str) -> list[Path]:
    """Everything below a directory that is named so, links followed as MkDocs follows them, but never in circles."""
    found = []
    for place, directories, files in os.walk(directory, followlinks=True):
        here = Path(place)
        found += [here / name for name in (*files, *directories) if name.endswith(suffix)]
        above = (here.resolve(), *here.resolve().parents)
        directories[:] = [name for name in directories if (here / name).resolve() not in above]
    return sorted(found)


def is_included(settings: Settings, path: Path) -> bool:
    """Whether a page of the documentation is to be read: it is published, and `include` and `exclude` agree."""
    name = path.relative_to(settings.docs_dir).as_posix()
    if any(part.startswith(".") for part in name.split("/")):
        return False
    if settings.unpublished and _gitignore(settings.unpublished).match_file(name):
        return False
    return _matches(name, settings.include) and not _matches(name, settings.exclude)


def read_page(settings: Settings, path: Path) -> tuple[Page, tuple[Feature, ...]]:
    """Read one file by itself; a file that cannot be read is a page without blocks."""
    page, features, _ = read_file(settings, path)
    return page or Page(relative(settings.root, path), path.stem, ()), tuple(features)


def read_file(settings: Settings, path: Path) -> tuple[Page | None, list[Feature], list[Problem]]:
    """Read one file: its page if it holds specification, its features, and what is wrong outside its blocks."""
    name = relative(settings.root, path)
    text = _text(path, name)
    if isinstance(text, Problem):
        return None, [], [text]
    link = _leaves(settings, path)
    if path.suffix == ".feature":
        if link:
            return None, [], [Problem("error", name, None, None, link)]
        return _read_feature_file(name, path, text)
    markdown = parse_markdown(text)
    wrong = [Problem("error", name, line, None, message) for line, message in markdown.lookalikes]
    if markdown.meta_error:
        wrong.append(Problem("error", name, markdown.meta_error[0], None, markdown.meta_error[1]))
    meta, complaints = _jetty_meta(markdown, name)
    wrong.extend(complaints)
    if meta.get("exclude") or not markdown.fences:
        return None, [], [] if meta.get("exclude") else wrong
    if link:
        return None, [], [Problem("error", name, None, None, link)]
    page, features = _PageReader(name, markdown, meta, settings).read()
    return page, features, wrong


def relative(root: Path, path: Path) -> str:
    """A path as the spec names it: relative to the project, with forward slashes."""
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


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

    def __init__(self, name: str, markdown: MarkdownPage, meta: dict[str, Any], settings: Settings) -> None:
        self.name = name
        self.markdown = markdown
        self.meta = meta
        self.title = str(meta.get("name") or markdown.meta.get("title") or markdown.title or Path(name).stem)
        self.steps = tuple(_inside(settings, step) for step in _strings(meta.get("steps")))
        # Nameless until it holds a scenario: a feature that stands before it may have the name by then.
        self.own = Draft("", self.title, 1)
        self.drafts: list[Draft] = [self.own]
        self.ids = IdGenerator()

    def read(self) -> tuple[Page, list[Feature]]:
        background: list[dict[str, Any]] = []
        blocks: dict[int, Block] = {}
        # Footnotes are rendered at the page's end; what is said first, and holds for later fences, goes by the lines.
        for fence in sorted(self.markdown.fences, key=lambda fence: fence.line):
            parsed = self._parsed(fence, background)
            if isinstance(parsed, Document):
                background = parsed.background
                blocks[fence.line] = self._built(fence, parsed)
            else:
                problems = tuple(parsed or ())
                blocks[fence.line] = Block(self.name, fence.line, fence.source, fence.runs, None, (), problems)
        shown = [blocks[fence.line] for fence in self.markdown.fences]
        settled = (
            replace(block, feature_id=self.own.id or None) if block.feature_id == "" else block for block in shown
        )
        return Page(self.name, self.title, tuple(settled), self.steps), self._features()

    def _parsed(self, fence: Fence, background: list[dict[str, Any]]) -> Document | list[Problem] | None:
        if not fence.runs:
            return None
        return parse_block(fence.source, self.name, fence.line, fence.indent, self.title, background, self.ids)

    def _built(self, fence: Fence, document: Document) -> Block:
        draft = self._named(document.feature) if document.named else self._own(document.feature)
        # Without what is around the fence, such as the marks of a quote, but on the page's line numbers.
        lines = [""] * fence.line + fence.source.split("\n")
        place = Place(self.name, fence.line, fence.heading)
        return BlockBuilder(document, draft, place, lines).build(fence.source)

    def _own(self, node: dict[str, Any]) -> Draft:
        if not self.own.id and any("background" not in child for child in node["children"]):
            self.own.id = free(str(self.meta.get("id") or slug(self.title) or "feature"), self._taken())
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
        owner = self.meta.get("owner")
        own = _strings(self.meta.get("traits"))
        # An empty `traits:` was left to be filled in; `[]` says that there are none.
        said = self.meta.get("traits") is not None
        features = []
        for draft in self.drafts:
            traits, declared = _traits(draft.tags, own, declared=said)
            features.append(Feature(
                draft.id, draft.name, self.name, draft.line, tuple(draft.scenarios), draft.tags, draft.description,
                draft.language, traits, str(owner) if owner else None, declared,
            ))  # fmt: skip
        return [feature for feature in features if feature.scenarios]


def _read_feature_file(name: str, path: Path, text: str) -> tuple[Page | None, list[Feature], list[Problem]]:
    lines = text.split("\n")
    parsed = parse_block(text, name, 0, 0, path.stem, [], IdGenerator())
    if isinstance(parsed, list):
        return Page(name, path.stem, (Block(name, 0, text, True, None, (), tuple(parsed)),)), [], []
    node = parsed.feature
    title = node["name"] or path.stem
    tags = tuple(tag["name"] for tag in node["tags"])
    draft = Draft(
        slug(title) or "feature", title, node["location"]["line"], tags, node["description"].strip(), node["language"]
    )
    block = BlockBuilder(parsed, draft, Place(name, 0, (), tuple(mode_sections(lines))), lines).build(text)
    traits, declared = _traits(tags, (), declared=False)
    feature = Feature(
        draft.id, title, name, draft.line, tuple(draft.scenarios), tags, draft.description, draft.language, traits,
        traits_declared=declared,
    )  # fmt: skip
    return Page(name, title, (block,)), [feature] if draft.scenarios else [], []


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


def _jetty_meta(markdown: MarkdownPage, name: str) -> tuple[dict[str, Any], list[Problem]]:
    meta = markdown.meta.get("jetty")
    if meta is None:
        return {}, []
    if not isinstance(meta, dict):
        return {}, [Problem("error", name, 1, None, f"`jetty:` in the front matter takes keys: {', '.join(META_KEYS)}")]
    unknown = [key for key in meta if key not in META_KEYS]
    wrong = []
    if "id" in meta and not re.fullmatch(r"[\w.-]+", str(meta["id"])):
        meta = {key: value for key, value in meta.items() if key != "id"}
        message = "`id` under `jetty:` in the front matter is made of letters, digits, `-`, `_` and `.`"
        wrong.append(Problem("error", name, 1, None, message))
    return meta, wrong + [
        Problem(
            "error",
            name,
            1,
            None,
            f"unknown key `{key}` under `jetty:` in the front matter; known: {', '.join(META_KEYS)}",
        )
        for key in unknown
    ]


def _strings(value: Any) -> Sequence[str]:
    if value is None:
        return ()
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _inside(settings: Settings, step: str) -> str:
    """A step module that a page names: relative to the project, or to one of its step directories."""
    for base in ("", *settings.steps):
        if (settings.root / base / step).exists():
            return (Path(base) / step).as_posix()
    return step


def _renamed_feature(feature: Feature, renamed: dict[str, str]) -> Feature:
    if feature.id not in renamed:
        return feature
    unique = renamed[feature.id]
    scenarios = tuple(replace(each, id=_moved(each.id, renamed)) for each in feature.scenarios)
    return replace(feature, id=unique, scenarios=scenarios)


def _moved(scenario_id: str, renamed: dict[str, str]) -> str:
    feature_id, rest = scenario_id.split("/", 1)
    return f"{renamed.get(feature_id, feature_id)}/{rest}"


def _renamed_page(page: Page, renamed: dict[str, str]) -> Page:
    if not renamed:
        return page
    return replace(page, blocks=tuple(_renamed_block(block, renamed) for block in page.blocks))


def _renamed_block(block: Block, renamed: dict[str, str]) -> Block:
    items = tuple(_renamed_item(item, renamed) if isinstance(item, ShownScenario) else item for item in block.items)
    feature_id = renamed.get(block.feature_id, block.feature_id) if block.feature_id else None
    return replace(block, items=items, feature_id=feature_id)


def _renamed_item(item: ShownScenario, renamed: dict[str, str]) -> ShownScenario:
    examples = tuple(
        replace(each, rows=tuple((cells, _moved(row, renamed)) for cells, row in each.rows)) for each in item.examples
    )
    return replace(item, examples=examples, scenario_ids=tuple(_moved(each, renamed) for each in item.scenario_ids))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(_glob(pattern).match(name) for pattern in patterns)


@lru_cache(maxsize=8)
def _gitignore(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as MkDocs users write them: `*` within a directory, `**/` over any number of them."""
    escaped = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + r"\Z")
