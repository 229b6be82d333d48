"""What the option `tags` selects: an expression over the tags of each scenario, and over its mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cucumber_tag_expressions

from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.site_file import option_place
from mkdocs_jetty.spec.model import MODES, Problem, Scenario, Spec

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

MODE_TAGS = frozenset(f"@{mode}" for mode in MODES)
TAG = re.compile(r"@(?:\\.|[^\s()\\])+")


def selected(spec: Spec, tags: str) -> frozenset[str]:
    """The ids of the scenarios that a tag expression selects; all of them where it is empty.

    Raises:
        ValueError: If it is no tag expression.
    """
    scenarios = [scenario for _, scenario in spec.scenarios()]
    if not tags.strip():
        return frozenset(scenario.id for scenario in scenarios)
    try:
        expression = cucumber_tag_expressions.parse(tags)
    except Exception as error:  # noqa: BLE001 - the parser's errors have changed their types between its versions
        raise ValueError(f"`tags`: {tags!r} is not a tag expression: {error}") from None
    return frozenset(scenario.id for scenario in scenarios if expression.evaluate(list(selectors(scenario))))


def chosen(spec: Spec, settings: Settings) -> tuple[frozenset[str] | None, list[Problem]]:
    """The ids of what the option `tags` selects, None where it cannot be read; and what is wrong with it."""
    place = option_place(settings.config_file, "tags")
    try:
        found = selected(spec, settings.tags)
    except ValueError as error:
        return None, [Problem("error", *place, None, str(error))]
    if found or not any(True for _ in spec.scenarios()):
        return found, []
    return found, [Problem("error", *place, None, selects_nothing(spec, settings.tags))]


def selects_nothing(spec: Spec, tags: str) -> str:
    """Say that an expression selects none of the scenarios, and which of its tags no scenario has."""
    known = MODE_TAGS.union(*(selectors(scenario) for _, scenario in spec.scenarios()))
    named = (tag.replace("\\", "") for tag in TAG.findall(tags))
    unknown = [tag for tag in dict.fromkeys(named) if tag not in known]
    hints = (f"; no scenario has `{tag}`{did_you_mean(tag, sorted(known))}" for tag in unknown)
    return f"`tags: {tags}` selects none of the scenarios, so nothing runs{''.join(hints)}"


def selectors(scenario: Scenario) -> frozenset[str]:
    """Return what an expression may name of a scenario: its tags, and its mode however that was set."""
    return frozenset(scenario.tags) - MODE_TAGS | {f"@{scenario.mode}"}
