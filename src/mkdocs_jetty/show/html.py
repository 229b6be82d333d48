"""The verdict as HTML for the pages of features; what shows the whole project has modules of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mkdocs_jetty.show.catalogue import render_steps
from mkdocs_jetty.show.failures import render_failures
from mkdocs_jetty.show.layers import layers, open_standards
from mkdocs_jetty.show.overview import render_overview
from mkdocs_jetty.show.rendering import ASSETS, SCRIPT, STYLESHEET, render
from mkdocs_jetty.show.standards_html import render_standards
from mkdocs_jetty.show.views import BlockView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
    from mkdocs_jetty.spec.model import Block

__all__ = [
    "ASSETS",
    "SCRIPT",
    "STYLESHEET",
    "render_block",
    "render_failures",
    "render_overview",
    "render_standards",
    "render_status",
    "render_steps",
]

_FIRST_LINKS = 3
TOP = 2
"""The level of a block's headings on a page without any but its title."""


def render_block(
    verdict: Verdict,
    block: Block,
    source_url: str | None = None,
    *,
    level: int = TOP,
    unfolded: bool = False,
    attached_at: str | None = None,
) -> str:
    """Return what stands where the fence stood.

    Args:
        verdict: What is shown.
        block: The fence.
        source_url: How a link to a line of the project's sources looks.
        level: The level of its headings, 2 to 6.
        unfolded: Whether passed scenarios are open.
        attached_at: Where the site has what steps attached; None where it has to stand in the page itself.
    """
    if not block.runs:
        return render("example.html", block=block)
    if not block.items:
        return render("broken.html", block=block)
    view = BlockView(verdict, block)
    return render(
        "block.html", block=block, view=view, source_url=source_url, level=level, unfolded=unfolded,
        attached_at=attached_at,
    )  # fmt: skip


def _not_green(feature: FeatureVerdict) -> list[JudgedScenario]:
    return sorted(
        (judged for judged in feature.scenarios if not judged.proven),
        key=lambda judged: (not judged.red, judged.known_red),
    )


def render_status(verdict: Verdict, page: str, links: Mapping[str, str] | None = None) -> str:
    """Tell where the features of a page stand; empty for a page that specifies nothing."""
    features = verdict.by_page.get(page, ())
    problems = verdict.problems_by_page.get(page, ())
    if not features and not problems:
        return ""
    # What is wrong with a block is said where the block stands, and said once.
    in_blocks = verdict.problems_of_blocks.get(page, ())
    problems = tuple(problem for problem in problems if problem not in in_blocks)
    shown = [
        {
            "verdict": item,
            "layers": layers(item, verdict.finish_line),
            "missing": _not_green(item),
            "open": open_standards(item),
        }
        for item in features
    ]
    return render(
        "status.html", verdict=verdict, features=shown, problems=problems, below=in_blocks, first=_FIRST_LINKS,
        links=links or {},
    )  # fmt: skip
