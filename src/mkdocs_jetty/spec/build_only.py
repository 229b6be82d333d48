"""Remember what only a build can see, so that a command without one can count and name it.

A page that a plugin makes, or changes, is no file: `jetty check` and `pytest docs` would pass over it in silence. The
last build notes such blocks beside the results that are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.spec.model import Page, Problem, ShownScenario

if TYPE_CHECKING:
    from mkdocs_jetty.spec.model import Block

SCHEMA = 1


@dataclass(frozen=True)
class Made:
    """A page whose specification is not all in its file."""

    page: Page
    by: str | None
    """The plugin that has made the page, where that is known."""


def record_file(root: Path) -> Path:
    """Where the note of a project is kept."""
    return root / ".jetty" / "build.json"


def keep(root: Path, pages: Iterable[Made]) -> None:
    """Note what the pages of a build show that their files do not."""
    noted = [
        {
            "page": each.page.path,
            "by": each.by,
            "blocks": {_digest(block): _count(block) for block in each.page.blocks if block.runs},
        }
        for each in pages
    ]
    path = record_file(root)
    if not noted:
        path.unlink(missing_ok=True)
        return
    text = json.dumps({"schema": SCHEMA, "pages": noted}, indent=1) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.with_name(".gitignore")
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    path.write_text(text, encoding="utf-8")


def unseen(root: Path, pages: Sequence[Page]) -> list[Problem]:
    """What the last build has shown and the files do not hold, in one warning.

    Args:
        root: The project's directory.
        pages: What was read of the files.
    """
    seen = {page.path: {_digest(block) for block in page.blocks} for page in pages}
    names, makers, scenarios = set(), set(), 0
    for page, by, blocks in _noted(root):
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


def _noted(root: Path) -> list[tuple[str, str | None, dict[str, int]]]:
    try:
        record: Any = json.loads(record_file(root).read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            return []
        return [
            (str(each["page"]), each["by"], {str(key): int(count) for key, count in each["blocks"].items()})
            for each in record["pages"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _digest(block: Block) -> str:
    return hashlib.sha256(block.source.encode("utf-8", "replace")).hexdigest()[:16]


def _count(block: Block) -> int:
    return sum(len(item.scenario_ids) for item in block.items if isinstance(item, ShownScenario))
