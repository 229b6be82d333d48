"""The names by which a page's scenarios are linked to."""

from __future__ import annotations


def anchor(scenario_id: str) -> str:
    """The `id` attribute of a scenario on its page."""
    return "scenario-" + scenario_id.replace("/", "--")
