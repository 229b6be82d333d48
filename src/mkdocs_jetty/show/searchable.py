"""What a search sees of a block: each scenario as an entry of its own, in its author's words and no others."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mkdocs_jetty.show.views import BlockView
from mkdocs_jetty.spec.model import ShownHeading, ShownScenario

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.spec.model import Block, ShownStep


def searchable(verdict: Verdict, block: Block, level: int) -> str:
    """The block for a search, with headings of a level; its source where it is an example or cannot be read."""
    if not block.runs or not block.items:
        return f"<pre><code>{html.escape(block.source)}</code></pre>"
    view = BlockView(verdict, block)
    return "\n".join(_parts(view, block, min(level, 6)))


def _parts(view: BlockView, block: Block, level: int) -> Iterator[str]:
    for item in block.items:
        if isinstance(item, ShownScenario):
            yield f'<h{level} id="{html.escape(view.anchor_of(item))}">{html.escape(item.name)}</h{level}>'
            said = [item.description, *_said(item.steps), *(" ".join(item.tags),)]
            for table in item.examples:
                said += [table.name, " ".join(table.header), *(" ".join(cells) for cells, _ in table.rows)]
        elif isinstance(item, ShownHeading) and block.plain:
            continue
        elif isinstance(item, ShownHeading):
            said = [item.name, item.description]
        else:
            said = [item.name, item.description, *_said(item.steps)]
        yield f"<pre><code>{html.escape(chr(10).join(filter(None, said)))}</code></pre>"


def _said(steps: Iterable[ShownStep]) -> Iterator[str]:
    for step in steps:
        yield f"{step.keyword} {step.text}"
        yield from (" ".join(row) for row in step.table or ())
        yield step.docstring or ""
