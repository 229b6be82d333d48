"""Which mode a scenario belongs to: by its tags, the headings around it, or the comments of its file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from mkdocs_jetty.spec.mistyped import is_mistyped
from mkdocs_jetty.spec.model import MODES, Mode

HEADING = re.compile(r"\W*(speed|stable|production)\b", re.IGNORECASE)
# `# STABLE MODE SCENARIOS` and `# STABLE MODE: Edge cases` head a section; `# SPEED MODE: All … above` ends one and
# `# STABLE MODE: Will add …` only promises one.
SECTION = re.compile(r"^\s*#[\s=#*-]*(speed|stable|production)\s+mode\b(?P<rest>.*)$", re.IGNORECASE)
MEANT_SECTION = re.compile(r"^\s*#[\s=#*-]*(\w+)\s+mode\b", re.IGNORECASE)
MEANT_HEADING = re.compile(r"\W*(\w+)")
# Tags that say something to us, each with a value behind its colon.
VALUED = ("standard", "trait", "owner")
# Words that people use, one slip away from a mode.
INNOCENT = frozenset(
    {
        "sable",
        "seed",
        "sped",
        "speeds",
        "speedy",
        "spied",
        "stables",
        "stabled",
        "stabler",
        "stabile",
        "staple",
        "stale",
    }
    | {"produktion", "productions"}
)
RESEMBLES = 0.85
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


def mode_sections(comments: Iterable[tuple[int, str]]) -> list[tuple[int, Mode]]:
    """The comments of a `.feature` file that head a mode's section, with their line numbers."""
    sections = []
    for number, line in comments:
        match = SECTION.match(line)
        if match and not NO_SECTION.search(match.group("rest")):
            sections.append((number, _mode(match.group(1))))
    return sections


def meant_by_tag(tag: str) -> str | None:
    """The tag that one was meant for which says nothing as it is spelt: `@production` for `@Prodcution`."""
    word, colon, value = tag.removeprefix("@").partition(":")
    known: Sequence[str] = VALUED if colon and value else () if colon else (*MODES, "wip")
    right = next((each for each in known if word != each and _is_meant(word, each)), None)
    return f"@{right}{colon}{value}" if right else None


def meant_by_heading(heading: str) -> Mode | None:
    """The mode that a heading was meant for: `Stabel`, `Prodution mode`."""
    match = MEANT_HEADING.match(heading)
    word = match[1].casefold() if match else ""
    return next((mode for mode in MODES if word != mode and _is_meant(word, mode)), None)


def meant_by_comments(comments: Iterable[tuple[int, str]]) -> list[tuple[int, str, Mode]]:
    """The comments that were meant to head a mode's section, with their numbers and what was meant."""
    found = []
    for number, line in comments:
        match = MEANT_SECTION.match(line)
        mode = next((mode for mode in MODES if match and not SECTION.match(line) and _is_meant(match[1], mode)), None)
        if mode:
            found.append((number, line.strip(), mode))
    return found


def _is_meant(word: str, known: str) -> bool:
    said = word.casefold()
    if said == known or said in INNOCENT or not said.isalpha() or len(known) <= len("wip"):
        return said == known
    alike = said[0] == known[0] and difflib.SequenceMatcher(None, said, known).ratio() >= RESEMBLES
    return alike or is_mistyped(said, known)


def _mode(word: str) -> Mode:
    return next(mode for mode in MODES if mode == word.lower())
