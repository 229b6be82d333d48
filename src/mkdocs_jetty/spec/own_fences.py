"""Find our fences where a site has no superfences, and leave its other blocks to whoever renders them.

Python-Markdown's own `fenced_code` knows fences at the margin only. To put superfences in its place would find ours
everywhere, and would render every other block of the site in another way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from markdown.blockprocessors import CodeBlockProcessor
from pymdownx.superfences import (
    CodeStash,
    SuperFencesBlockPreprocessor,
    SuperFencesCodeBlockProcessor,
    SuperFencesCodeExtension,
)

if TYPE_CHECKING:
    from markdown import Markdown


class OwnFences(SuperFencesBlockPreprocessor):  # type: ignore[misc] # it has no types
    """Superfences for some languages only; to be registered before `fenced_code`."""

    def __init__(self, md: Markdown, languages: Sequence[str]) -> None:
        super().__init__(md)
        # Never registered with the instance: who copies its extensions would turn superfences on.
        self.extension = SuperFencesCodeExtension()
        self.extension.stash = CodeStash()
        self.config = self.extension.getConfigs()
        self.others: list[tuple[int, int]] = []
        """Where fences of other languages stand."""
        self._active = False
        self._other: re.Pattern[str] | None = None
        self._languages = languages

    def leave(self) -> None:
        """Find nothing: the site has superfences."""
        self._active = False

    def take_part(self, other: Any) -> None:
        """Find our fences, beside the site's preprocessor for other fences if it has one."""
        self._active = True
        self._other = getattr(other, "FENCED_BLOCK_RE", None)
        self.extension.stash.clear_stash()
        blocks = self.md.parser.blockprocessors
        if "code" in blocks and type(blocks["code"]) is CodeBlockProcessor:
            # Takes back what was found in indented code; all else it leaves to what it is made of.
            indented = SuperFencesCodeBlockProcessor(self.md.parser)
            indented.config, indented.extension = self.config, self.extension
            blocks.register(indented, "code", 80)

    def run(self, lines: list[str]) -> list[str]:
        """Find the fences and put placeholders in their place."""
        result: list[str] = super().run(lines) if self._active else lines
        return result

    def get_hl_settings(self) -> None:
        """Highlight nothing."""
        self.attr_list = False
        self.relaxed_headers = False

    def search_nested(self, lines: list[str]) -> list[str]:
        """Find the fences, but none within the site's other fences."""
        self.others = []
        found: list[str] = super().search_nested(_Hiding(lines, self))
        # Where nothing was found it is the list that hides lines; a slice is a plain one that does not.
        return found[:]

    def hidden_from(self, text: str, position: int) -> int:
        """Tell how many lines from here on belong to a fence of another language."""
        match = self._other.match(text, position) if self._other and self.fence is None else None
        if match is None or match["lang"] in self._languages:
            return 0
        first = re.match(r"[ \t]*\.([\w-]+)", match["attrs"] or "")
        return 0 if first and first[1] in self._languages else match.group().count("\n") + 1


class _Hiding(list[str]):
    """Lines that are empty, to whoever goes through them, where a fence of another language stands."""

    def __init__(self, lines: Sequence[str], fences: OwnFences) -> None:
        super().__init__(lines)
        self._fences = fences

    def __iter__(self) -> Iterator[str]:
        lines = list(super().__iter__())
        text = "\n".join(lines)
        position = hidden = 0
        for index, line in enumerate(lines):
            if not hidden and (hidden := self._fences.hidden_from(text, position)):
                self._fences.others.append((index, index + hidden))
            yield "" if hidden else line
            hidden -= bool(hidden)
            position += len(line) + 1
