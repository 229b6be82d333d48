"""Where a block stands, and what its surroundings say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_jetty.spec.model import Mode
from mkdocs_jetty.spec.modes import mode_by_headings, mode_by_tags


@dataclass(frozen=True)
class Place:
    """Where a block stands, and what its surroundings say of its mode."""

    page: str
    line: int
    headings: tuple[str, ...] = ()
    sections: tuple[tuple[int, Mode], ...] = ()

    def mode(self, tags: Sequence[str], line: int) -> Mode:
        """The mode of a scenario that stands here."""
        section = next((mode for start, mode in reversed(self.sections) if start < line), None)
        return mode_by_tags(tags) or section or mode_by_headings(self.headings) or "speed"

    @property
    def is_file(self) -> bool:
        """Whether the block is a whole `.feature` file, and no fence of a page."""
        return self.line == 0
