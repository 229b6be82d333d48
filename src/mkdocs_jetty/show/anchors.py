"""The names by which a page's scenarios are linked to."""

from __future__ import annotations

import re


def anchor(scenario_id: str) -> str:
    """The `id` attribute of a scenario on its page."""
    own, bracket, params = scenario_id.partition("[")
    # What parameters are called is anyone's: blanks and brackets have no place in an address.
    suffix = re.sub(r"[^\w.-]", lambda found: f"~{ord(found[0]):x}", params.removesuffix("]"))
    return "scenario-" + own.replace("/", "--") + (f".{suffix}" if bracket else "")


def standard_anchor(owner: str, standard_id: str) -> str:
    """The `id` attribute of a standard's row, for a feature or for the system."""
    return f"standard-{owner}--{standard_id}".replace(" ", "-")
