"""Steps that the step library would serve, if the project loaded it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs_jetty.spec.model import Step

MODULE = "mkdocs_jetty.steps"
HINT = f"it is a phrase of the step library: add `{MODULE}` to the option `steps`"


def is_stock(step: Step) -> bool:
    """Whether a step is a phrase of the step library."""
    return _served(step.type, step.text)


@cache
def _served(kind: str, text: str) -> bool:
    # It loads every family of steps, which nobody needs who has defined all of theirs.
    from mkdocs_jetty.steps.listing import phrases  # noqa: PLC0415

    return any(each.kind == kind and each.parser.is_matching(text) for each in phrases())
