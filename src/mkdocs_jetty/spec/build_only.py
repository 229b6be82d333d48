"""Remember what only a build can see, so that a command without one can count and name it.

A page that a plugin makes, or changes, is no file: `jetty check` and `pytest docs` would pass over it in silence. The
last build notes such blocks, and the pages that it has left out, beside the results that are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.spec.model import Page, Problem, ShownScenario

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.spec.model import Block
    from mkdocs_jetty.spec.names import FileRead

SCHEMA = 3


@dataclass(frozen=True)
class Made:
    """A page whose specification is not all in its file."""

    page: Page
    by: str | None
    """The plugin that has made the page, where that is known."""


def record_file(root: Path) -> Path:
    """Tell where the note of a project is kept."""
    return root / ".jetty" / "build.json"


@dataclass(frozen=True)
class LastBuild:
    """What the last build has noted."""

    pages: tuple[tuple[str, str | None, Mapping[str, int]], ...] = ()
    """Pages that show what their files do not: each with what has made it, and how many scenarios each of its blocks
    has, by the block's digest."""
    states: Mapping[str, str] = field(default_factory=dict)
    """The digest of the file of each of `pages`, and of the site's, as that build found them."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """The pages that it has left out, each with the same digest."""
    options: tuple[str, ...] = ()
    """The options that had other values in it than the site's file says."""
    site: str = ""
    """The digest of the site's file."""

    @property
    def made(self) -> dict[str, int]:
        """How many scenarios each of `pages` has shown."""
        return {page: sum(blocks.values()) for page, _, blocks in self.pages if sum(blocks.values())}


def keep(
    settings: Settings, pages: Iterable[Made], left_out: Iterable[str] = (), still: Collection[str] = (),
    options: Iterable[str] = (),
) -> None:  # fmt: skip
    """Note what the pages of a build show that their files do not.

    Args:
        settings: The project's settings, as a command without a build has them.
        pages: The pages that are made in a build, or come from elsewhere.
        left_out: The names of files with pages that the build has not shown.
        still: The names of pages that show nothing but for an error: what was noted of them stays.
        options: The options that had other values than the site's file says.
    """
    noted: list[dict[str, Any]] = [
        {
            "page": each.page.path,
            "by": each.by,
            "state": _state(settings, each.page.path),
            "blocks": {_digest(block.source): _count(block) for block in each.page.blocks if block.runs},
        }
        for each in pages
    ]
    before = last_build(settings.root) if still else LastBuild()
    noted += [
        {"page": page, "by": by, "state": before.states[page], "blocks": blocks}
        for page, by, blocks in before.pages
        if page in still
    ]
    out = {name: _state(settings, name) for name in left_out}
    path = record_file(settings.root)
    changed = sorted(options)
    if not noted and not out and not changed:
        path.unlink(missing_ok=True)
        return
    record = {
        "schema": SCHEMA, "site": _state(settings), "options": changed, "pages": noted, "left_out": out,
    }  # fmt: skip
    text = json.dumps(record, indent=1) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.with_name(".gitignore")
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    path.write_text(text, encoding="utf-8")


def last_build(root: Path) -> LastBuild:
    """Return what the last build of a project has noted; nothing, where there is no note or none that can be read."""
    try:
        record: Any = json.loads(record_file(root).read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            return LastBuild()
        pages = tuple(
            (str(each["page"]), each["by"], {str(key): int(count) for key, count in each["blocks"].items()})
            for each in record["pages"]
        )
        return LastBuild(
            pages,
            {str(each["page"]): str(each["state"]) for each in record["pages"]},
            {str(name): str(state) for name, state in record["left_out"].items()},
            tuple(map(str, record["options"])),
            str(record["site"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return LastBuild()


def as_built(settings: Settings, files: Sequence[FileRead]) -> tuple[list[FileRead], list[Problem]]:
    """Return what was read, without the pages that the last build has left out, and what that build alone can see.

    A page that has changed since, or whose site's file has, counts again: nobody knows what a build does with it.

    Args:
        settings: The project's settings.
        files: What was read of the files.
    """
    built = last_build(settings.root)
    kept, problems = [], []
    for each in files:
        name = each.page.path if each.page else ""
        if each.page and name in built.left_out and built.left_out[name] == _state(settings, name):
            problems += _not_published(each.page)
        else:
            kept.append(each)
            if each.page and built.states.get(name) == _state(settings, name):
                problems += _shown_otherwise(built, each.page)
    if built.options and built.site == _state(settings):
        problems.append(_other_options(built, settings))
    return kept, [*problems, *unseen(built, [each.page for each in kept if each.page])]


def _shown_otherwise(built: LastBuild, page: Page) -> list[Problem]:
    """The blocks of a file that the last build has not shown as they stand in it."""
    shown = {digest for name, _, blocks in built.pages if name == page.path for digest in blocks}
    others = [block for block in page.blocks if block.runs and _count(block) and _digest(block.source) not in shown]
    message = (
        "the last build did not show this block as it stands here: a plugin or a hook changes it or takes it away, "
        "so what runs here is not what the site shows; `mkdocs build` runs that"
    )
    return [Problem("warning", page.path, block.line, None, message) for block in others]


def _other_options(built: LastBuild, settings: Settings) -> Problem:
    names = ", ".join(f"`{name}`" for name in built.options)
    message = (
        f"the last build ran with another {names} than this file says: a plugin or a hook sets "
        f"{'it' if len(built.options) == 1 else 'them'}, so this run may differ from the site"
    )
    return Problem("warning", settings.config_file.name if settings.config_file else "", None, None, message)


def _not_published(page: Page) -> list[Problem]:
    count = sum(_count(block) for block in page.blocks)
    if not count:
        return []
    counted = f"its {count} scenarios do" if count > 1 else "its scenario does"
    message = f"the last build left this page out, so {counted} not run here"
    return [Problem("warning", page.path, None, None, message)]


def unseen(built: LastBuild, pages: Sequence[Page]) -> list[Problem]:
    """Return what the last build has shown and the files do not hold, in one warning.

    Args:
        built: What that build has noted.
        pages: What was read of the files.
    """
    seen = {page.path: {_digest(block.source) for block in page.blocks} for page in pages}
    names, makers, scenarios = set(), set(), 0
    for page, by, blocks in built.pages:
        left = [count for digest, count in blocks.items() if digest not in seen.get(page, set()) and count]
        if left:
            names.add(page)
            makers |= {f"`{by}`"} if by else set()
            scenarios += sum(left)
    if not names:
        return []
    made = f" (made by {', '.join(sorted(makers))})" if makers else ""
    counted = f"{scenarios} {'scenario' if scenarios == 1 else 'scenarios'}"
    where = f"{len(names)} pages" if len(names) > 1 else next(iter(names))
    exist = "exists" if scenarios == 1 else "exist"
    message = (
        f"{counted} on {where} {exist} only in a build{made}: `mkdocs build` runs {'it' if scenarios == 1 else 'them'}"
    )
    return [Problem("warning", "", None, None, message)]


def _state(settings: Settings, name: str = "") -> str:
    """A digest of a page's file and of the site's; without a page, of the site's alone."""
    files = [settings.root / name, *([settings.config_file] if settings.config_file else [])]
    return _digest("\0".join(file.read_text("utf-8", "replace") for file in files if file.is_file()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _count(block: Block) -> int:
    return sum(len(item.scenario_ids) for item in block.items if isinstance(item, ShownScenario))
