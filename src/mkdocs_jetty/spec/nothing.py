"""Say once why a block runs nothing, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.place import Place
from mkdocs_jetty.spec.spelling import Lost

ONLY_SHOWN = "if it is only an example, open the fence with ``` { .gherkin run=false }"


def nothing_runs(
    place: Place, source: str, lost: Sequence[Lost], problems: Sequence[Problem], dialect: Any
) -> list[Problem]:
    """Say what is wrong with a block that holds no scenario.

    Args:
        place: Where the block stands.
        source: Its text.
        lost: What was found in its descriptions.
        problems: All that was found so far.
        dialect: The keywords of its language.

    Returns:
        What is to be said of the block instead of what was found.
    """
    certain = [each for each in lost if each.level == "error"]
    steps = [each.line for each in certain if each.is_step]
    if len(steps) < len(certain):
        # With its heading mended, the steps below it are as they should be.
        return [problem for problem in problems if problem.line not in steps]
    other = [problem for problem in problems if problem.line not in steps]
    if steps:
        heading = f"`{scenario_keyword(dialect)}: \u2026`"
        message = f"these steps stand below no scenario, so they do not run: put a line {heading} above them"
        return [*other, Problem("error", place.page, steps[0], None, _with_way_out(place, message))]
    if place.is_file or not any(_says_something(line) for line in source.split("\n")):
        kind = "file" if place.is_file else "block"
        return [
            *other,
            Problem("warning", place.page, place.line or 1, None, f"nothing here runs: this {kind} holds no scenario"),
        ]
    message = _with_way_out(place, "nothing here runs: this block holds no scenario")
    return [*other, Problem("error", place.page, place.line, None, message)]


def scenario_keyword(dialect: Any) -> str:
    """The keyword of a scenario that is no `Example`, where a language has both."""
    words: Sequence[str] = dialect.scenario_keywords
    return words[1] if len(words) > 1 else words[0]


def _with_way_out(place: Place, message: str) -> str:
    return message if place.is_file else f"{message}; {ONLY_SHOWN}"


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
