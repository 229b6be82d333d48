"""Write Gherkin as plain Markdown, in the spelling that a page has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_STEP = re.compile(r"(Given|When|Then|And|But) (.*)")
_HEADING = re.compile(r"(Scenario|Scenario Outline|Examples):(.*)")


def plain_markdown(lines: Sequence[str], *, openspec: bool) -> Iterator[str]:
    """Scenarios as headings and lists.

    Args:
        lines: The scenarios in Gherkin, with `Scenario:`, steps, tags and tables.
        openspec: Whether as OpenSpec writes them; otherwise as Cucumber's Markdown with Gherkin does.
    """
    level = "####" if openspec else "###"
    in_list = False
    for line in map(str.strip, lines):
        step, heading = _STEP.match(line), _HEADING.match(line)
        if step:
            yield from () if in_list else ("",)
            yield f"- **{step[1].upper()}** {step[2]}" if openspec else f"* {line}"
        elif heading:
            yield f"{level}{'#' * (heading[1] == 'Examples')} {heading[1]}:{heading[2]}"
        elif line.startswith("@"):
            yield " ".join(f"`{tag}`" for tag in line.split())
            yield ""
        else:
            yield f"  {line}" if line else ""
        in_list = bool(step) or (in_list and line.startswith("|"))
