"""Which mode a scenario belongs to: by its tags, the headings around it, or the comments of its file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mkdocs_jetty.spec.model import MODES, Mode

HEADING = re.compile(r"\W*(speed|stable|production)\b", re.IGNORECASE)
# `# STABLE MODE SCENARIOS` and `# STABLE MODE: Edge cases` head a section; `# SPEED MODE: All … above` ends one and
# `# STABLE MODE: Will add …` only promises one.
SECTION = re.compile(r"^\s*#[\s=#*-]*(speed|stable|production)\s+mode\b(?P<rest>.*)$", re.IGNORECASE)
NO_SECTION = re.compile(r"\babove\b|^\W*will\b", re.IGNORECASE)


def mode_by_tags(tags: Iterable[str]) -> Mode | None:
    """The mode a scenario's tags name; the last one wins, since inherited tags come first."""
    named: Mode | None = None
    for tag in tags:
        for mode in MODES:
            if tag == f"@{mode}":
                named = mode
    return named


def mode_by_headings(headings: Sequence[str]) -> Mode | None:
    """The mode named by the nearest enclosing heading that begins with one."""
    for heading in reversed(headings):
        match = HEADING.match(heading)
        if match:
            return _mode(match.group(1))
    return None


def mode_sections(lines: Sequence[str]) -> list[tuple[int, Mode]]:
    """The comment lines of a `.feature` file that head a mode's section, with their line numbers."""
    sections = []
    for number, line in enumerate(lines, 1):
        match = SECTION.match(line)
        if match and not NO_SECTION.search(match.group("rest")):
            sections.append((number, _mode(match.group(1))))
    return sections


def _mode(word: str) -> Mode:
    return next(mode for mode in MODES if mode == word.lower())
