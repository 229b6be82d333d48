"""The step definitions that the specification uses, as a glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs_jetty.judge.model import Verdict


class Use(NamedTuple):
    """A step that a definition serves, or that none does."""

    text: str
    href: str
    scenario: str


def render_steps(verdict: Verdict, url_for: Callable[[str], str] = quote, source_url: str | None = None) -> str:
    """The step definitions that the run used, and the steps that have none, each with the scenarios that use it."""
    uses: dict[str, dict[str, Use]] = {}
    undefined: dict[str, list[tuple[str, Use]]] = {}
    overridden: dict[str, str] = {}
    rivals: set[str] = set()
    for feature in verdict.features:
        page = url_for(feature.feature.page)
        for judged in feature.scenarios:
            for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (may be cut short)
                text = f"{step.keyword} {step.text}"
                use = Use(text, f"{page}#{anchor(judged.scenario.id)}", words.title(judged.scenario))
                rivals.update(result.candidates)
                if result.overrides and result.definition:
                    overridden[result.overrides] = result.definition
                if result.definition:
                    uses.setdefault(result.definition, {}).setdefault(use.href, use)
                elif result.status == "undefined":
                    place = words.place(feature.feature, judged.scenario, step)
                    undefined.setdefault(text, []).append((place, use))
    return render(
        "steps.html", uses=[(place, tuple(found.values())) for place, found in sorted(uses.items())],
        undefined=sorted(undefined.items()), overridden=sorted(overridden.items()), rivals=rivals,
        source_url=source_url,
    )  # fmt: skip
