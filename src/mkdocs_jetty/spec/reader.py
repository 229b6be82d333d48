"""Read a project, each page and `.feature` file on its own, so that one bad file spoils itself only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gherkin.stream.id_generator import IdGenerator

from mkdocs_jetty.spec.build import BlockBuilder, Draft, Place, slug
from mkdocs_jetty.spec.fences import MarkdownPage, parse_markdown
from mkdocs_jetty.spec.gherkin import parse_block
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, ShownScenario, Spec
from mkdocs_jetty.spec.modes import mode_sections

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

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
                unique = _free(f"{unique}-{slug(Path(page.path).stem)}", taken)
                renamed[feature.id] = unique
            taken[unique] = feature
        pages.append(_renamed_page(page, renamed))
        features.extend(_renamed_feature(feature, renamed) for feature in found)
        problems.extend(problem for block in page.blocks for problem in block.problems)
    return Spec(tuple(features), tuple(pages), tuple(problems))


def specification_files(settings: Settings) -> list[Path]:
    """All files that may hold specification, in the order of their paths, pages first."""
    docs = settings.docs_dir
    found = sorted(docs.rglob("*.md")) if docs.is_dir() else []
    pages = [path for path in found if is_included(settings, path)]
    extra: list[Path] = []
    for entry in settings.features:
        path = settings.root / entry
        extra.extend(sorted(path.rglob("*.feature")) if path.is_dir() else [path])
    return pages + list(dict.fromkeys(extra))


def is_included(settings: Settings, path: Path) -> bool:
    """Whether a page of the documentation is to be read, by `include` and `exclude`."""
    name = path.relative_to(settings.docs_dir).as_posix()
    if any(part.startswith(".") for part in name.split("/")):
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
    if path.suffix == ".feature":
        return _read_feature_file(name, path, text)
    markdown = parse_markdown(text)
    wrong = [Problem("error", name, line, None, message) for line, message in markdown.lookalikes]
    if markdown.meta_error:
        wrong.append(Problem("error", name, markdown.meta_error[0], None, markdown.meta_error[1]))
    meta, complaints = _jetty_meta(markdown, name)
    wrong.extend(complaints)
    if meta.get("exclude") or not markdown.fences:
        return None, [], [] if meta.get("exclude") else wrong
    page, features = _PageReader(name, markdown, meta, text.split("\n"), settings).read()
    return page, features, wrong


def relative(root: Path, path: Path) -> str:
    """A path as the spec names it: relative to the project where it lies inside, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


class _PageReader:
    """Reads the fences of one page into its features."""

    def __init__(
        self, name: str, markdown: MarkdownPage, meta: dict[str, Any], lines: list[str], settings: Settings
    ) -> None:
        self.name = name
        self.markdown = markdown
        self.meta = meta
        self.lines = lines
        self.title = str(meta.get("name") or markdown.meta.get("title") or markdown.title or Path(name).stem)
        self.steps = tuple(_inside(settings, step) for step in _strings(meta.get("steps")))
        own = Draft(str(meta.get("id") or slug(self.title) or "feature"), self.title, 1)
        self.drafts: dict[str, Draft] = {"": own}
        self.ids = IdGenerator()

    def read(self) -> tuple[Page, list[Feature]]:
        background: list[dict[str, Any]] = []
        blocks = []
        for fence in self.markdown.fences:
            if not fence.runs:
                blocks.append(Block(self.name, fence.line, fence.source, False, None))
                continue
            parsed = parse_block(fence.source, self.name, fence.line, fence.indent, self.title, background, self.ids)
            if isinstance(parsed, list):
                blocks.append(Block(self.name, fence.line, fence.source, True, None, (), tuple(parsed)))
                continue
            background = parsed.background
            draft = self._draft(parsed.feature) if parsed.named else self.drafts[""]
            builder = BlockBuilder(parsed, draft, Place(self.name, fence.line, fence.heading), self.lines)
            blocks.append(builder.build(fence.source))
        return Page(self.name, self.title, tuple(blocks), self.steps), self._features()

    def _draft(self, node: dict[str, Any]) -> Draft:
        wanted = slug(node["name"]) or "feature"
        taken = {draft.id: draft for draft in self.drafts.values() if draft.scenarios}
        draft = Draft(
            _free(wanted, taken), node["name"], node["location"]["line"], tuple(tag["name"] for tag in node["tags"]),
            (node["description"] or "").strip(), node["language"],
        )  # fmt: skip
        self.drafts[f"{len(self.drafts)} {draft.id}"] = draft
        return draft

    def _features(self) -> list[Feature]:
        traits = tuple(_strings(self.meta.get("traits")))
        owner = self.meta.get("owner")
        return [
            Feature(
                draft.id, draft.name, self.name, draft.line, tuple(draft.scenarios), draft.tags, draft.description,
                draft.language, traits, str(owner) if owner else None,
            )
            for draft in self.drafts.values()
            if draft.scenarios
        ]  # fmt: skip


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
    feature = Feature(
        draft.id, title, name, draft.line, tuple(draft.scenarios), tags, draft.description, draft.language
    )
    return Page(name, title, (block,)), [feature] if draft.scenarios else [], []


def _text(path: Path, name: str) -> str | Problem:
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
    return meta, [
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


def _free(wanted: str, taken: Iterable[str]) -> str:
    unique, count = wanted, 1
    while unique in taken:
        count += 1
        unique = f"{wanted}-{count}"
    return unique


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


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """A glob as MkDocs users write them: `*` within a directory, `**/` over any number of them."""
    escaped = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return re.compile(escaped.replace(r"\*", "[^/]*").replace(r"\?", "[^/]") + r"\Z")
