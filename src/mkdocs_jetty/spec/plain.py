"""Find scenarios that are written as plain Markdown in the conversion that renders them.

Lines that look like headings and steps of a specification are marked before they are converted. What the marks have
become says what the page shows: a heading, an item of a list, or neither. A list of steps leaves a token, as a fence
does; all else stays as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

from mkdocs_jetty.spec.alignment import aligned
from mkdocs_jetty.spec.outline import Outline, Part, Slip, outline, written

if TYPE_CHECKING:
    from markdown import Markdown

    from mkdocs_jetty.spec.recording import Recorder

AFTER_FENCES = 24
"""Below superfences (25), above Python-Markdown's raw HTML (20), which takes comments away."""
AFTER_INLINE = 19
"""Below Python-Markdown's inline patterns (20), above the table of contents (5) and lists of attributes (8)."""
_MARK = re.compile("\x02jetty(\\d+)\x03")
_PLACE = re.compile(r"^([ >]*(?:#{1,6}[ \t]*|[*+-][ \t]+|\|[ \t]*|\d+[.)][ \t]+)?)")
_STASHED = re.compile("\x02wzxhzdk:(\\d+)\x03")
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_BLOCKS = frozenset(
    {"p", "ul", "ol", "dl", "table", "pre", "div", "blockquote", "details", "section", "figure", "hr", *_HEADINGS}
)
NO_HEADING = "this scenario will not run: it stands where Markdown shows no heading (a comment or indented code)"
NO_ITEM = "this step is no item of a list on the page, so its scenario will not run; put an empty line above the list"
WITHIN = (
    "this step stands within an item of a list that is no step of its scenario, or elsewhere than its heading, so the "
    "scenario will not run; write the steps as one list below the heading"
)
NO_BACKGROUND = "this scenario will not run: the page does not show its background as a list of steps"


@dataclass
class _Seen:
    """What was found in the text that is being converted."""

    outline: Outline
    holders: dict[int, Element] = field(default_factory=dict)
    """What each marked line has become."""
    stashed: dict[int, str] = field(default_factory=dict)
    """What stands for each doc string, by the index of its first line."""


class PlainMarkdown:
    """Watches one Markdown instance."""

    def __init__(self, md: Markdown, recorder: Recorder, show: Callable[[str], str]) -> None:
        """Watch an instance.

        Args:
            md: The instance.
            recorder: What sees its conversions.
            show: Says what stands for a scenario, by its token, until the page is complete.
        """
        self.md = md
        self.recorder = recorder
        self._show = show
        self._seen: _Seen | None = None
        md.preprocessors.register(_Before(md, self), "jetty_lines", AFTER_FENCES)
        md.treeprocessors.register(_Tree(md, self), "jetty_scenarios", AFTER_INLINE)
        md.postprocessors.register(_After(md), "jetty_marks", 0)

    # ---- before the conversion ----

    def mark(self, lines: list[str]) -> list[str]:
        """The lines with a mark in each that matters."""
        conversion = self.recorder.conversion
        self._seen = None
        if conversion.excluded:
            return lines
        before = conversion.lines or list(lines)
        conversion.lines = before
        found = outline(before, conversion.ranges, self.recorder.syntax)
        if not found.parts and not found.slips:
            return lines
        self._seen = seen = _Seen(found)
        places = _places(before, lines, conversion.ranges)
        marked = list(lines)
        for index in {*(index for part in found.parts for index in part.marks), *(each.index for each in found.slips)}:
            if index in places:
                at = places[index]
                marked[at] = _PLACE.sub(f"\\1\x02jetty{index}\x03", marked[at], count=1)
        for start, end in sorted((each for part in found.parts for each in part.quoted), reverse=True):
            conversion.taken.update(range(start, end))
            self._stash(seen, before, marked, places, start, end)
        return marked

    def _stash(
        self, seen: _Seen, before: list[str], marked: list[str], places: dict[int, int], start: int, end: int
    ) -> None:
        if start in places and end - 1 in places:
            # No fence to the site's own extensions: a doc string all the same.
            text = escape("\n".join(before[start + 1 : end - 1]))
            seen.stashed[start] = self.md.htmlStash.store(f"<pre><code>{text}</code></pre>")
            indent = before[start][: len(before[start]) - len(before[start].lstrip(" >"))]
            marked[places[start] : places[end - 1] + 1] = [indent + seen.stashed[start]]
        elif start - 1 in places and places[start - 1] + 1 < len(marked):
            found = _STASHED.search(marked[places[start - 1] + 1])
            seen.stashed[start] = found[0] if found else ""

    # ---- after it ----

    def settle(self, root: Element) -> None:
        """Put tokens where the page shows steps, and name what it does not show."""
        seen, self._seen = self._seen, None
        if seen is None:
            return
        _unmarked(root, seen)
        parents = {child: parent for parent in root.iter() for child in parent}
        # Blocks of code by what stands for them: a doc string may stand beside its list.
        alone = {
            _said(each.text): each for each in root.iter("p") if each.text and _STASHED.fullmatch(each.text.strip())
        }
        conversion = self.recorder.conversion
        hidden = [part for part in seen.outline.parts if not _is_heading(seen.holders.get(part.start))]
        broken: list[Part] = []
        for part in seen.outline.parts:
            slip = _unseen(part, seen, parents) if part in hidden else _unshown(part, seen, parents, broken)
            if slip is not None:
                conversion.slips.append(slip)
                broken.append(part)
            elif part.kind in {"Background", "Scenario"} and part not in hidden:
                token = secrets.token_hex(16)
                source = "\n".join(conversion.lines[part.start : part.end])
                # What the page does not show holds for nothing on it.
                part.around = tuple(each for each in part.around if each not in hidden)
                conversion.found(token, part.start, source, tuple(written(part)), part.language)
                _Placing(part, seen, alone, parents, self.md).place(self.md.htmlStash.store(self._show(token)))
        conversion.slips += [each for each in seen.outline.slips if each.index in seen.holders]


def _places(before: Sequence[str], after: Sequence[str], ranges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Tell where each line is once fences have been taken out."""
    places: dict[int, int] = {}
    start = cursor = 0
    for opened, closed in [*sorted(ranges), (len(before), len(before))]:
        if opened < start:
            continue
        gap = list(before[start:opened])
        found = next((at for at in range(cursor, cursor + 4) if list(after[at : at + len(gap)]) == gap), None)
        if found is None:
            return {place: index for index, place in enumerate(aligned(list(after), list(before))) if place is not None}
        places.update((start + each, found + each) for each in range(len(gap)))
        start, cursor = closed, found + len(gap)
    return places


def _unmarked(root: Element, seen: _Seen) -> None:
    """Take the marks out of a page, and note what holds each."""

    def taken(text: str | None, holder: Element) -> str | None:
        if not text or "\x02jetty" not in text:
            return text
        for match in _MARK.finditer(text):
            seen.holders[int(match[1])] = holder
        return type(text)(_MARK.sub("", text))

    for parent in root.iter():
        parent.text = taken(parent.text, parent)
        for child in parent:
            child.tail = taken(child.tail, parent)


def _is_heading(holder: Element | None) -> bool:
    return holder is not None and holder.tag in _HEADINGS


def _unseen(part: Part, seen: _Seen, parents: dict[Element, Element]) -> Slip | None:
    """Return what to say of a part whose heading the page does not show: of a comment nothing, but of its scenarios."""
    shown = any(_item(holder, parents) is not None for index in part.items if (holder := seen.holders.get(index)))
    return Slip(part.start, NO_HEADING) if part.kind == "Scenario" or shown else None


def _unshown(part: Part, seen: _Seen, parents: dict[Element, Element], broken: Sequence[Part]) -> Slip | None:
    """Return what the page shows otherwise than it is meant."""
    if part.kind == "Scenario" and any(each in broken for each in part.around):
        return Slip(part.start, NO_BACKGROUND)
    items = _items(part, seen, parents)
    for index in part.items:
        if index not in items:
            return Slip(index, NO_ITEM)
        if _list(items[index], list(items.values()), parents, parents[seen.holders[part.start]]) is None:
            return Slip(index, WITHIN)
    lost = next((index for index in (*part.examples, *part.rows) if index not in seen.holders), None)
    return Slip(lost, "the page does not show this line, so its scenario will not run") if lost is not None else None


def _items(part: Part, seen: _Seen, parents: dict[Element, Element]) -> dict[int, Element]:
    """The items of lists that the steps of a part are, by their lines."""
    found = {index: _item(seen.holders[index], parents) for index in part.items if index in seen.holders}
    return {index: item for index, item in found.items() if item is not None}


def _list(item: Element, items: Sequence[Element], parents: dict[Element, Element], home: Element) -> Element | None:
    """The outermost list around a step; None where that does not stand beside the heading."""
    around = parents.get(item)
    above = parents.get(around) if around is not None else None
    if above is home:
        return around
    return _list(above, items, parents, home) if above is not None and above in items else None


def _item(holder: Element, parents: dict[Element, Element]) -> Element | None:
    """The item of a list that begins with what an element holds."""
    if holder.tag == "li":
        return holder
    parent = parents.get(holder)
    return parent if holder.tag == "p" and parent is not None and parent.tag == "li" else None


class _Placing:
    """Puts a token in the place of the steps of one part."""

    def __init__(
        self, part: Part, seen: _Seen, alone: dict[str, Element], parents: dict[Element, Element], md: Markdown
    ) -> None:
        self.md = md
        self.part = part
        self.seen = seen
        self.alone = alone
        self.parents = parents
        self.items = list(_items(part, seen, parents).values())
        self.stashed = {seen.stashed[start] for start, _ in part.quoted if seen.stashed.get(start)}
        self.rows = {seen.holders[index] for index in part.rows}
        self.own = set(self.items)

    def place(self, stashed: str) -> None:
        """Put the token there."""
        heading = self.seen.holders[self.part.start]
        around = (_list(each, self.items, self.parents, self.parents[heading]) for each in self.items)
        lists = list(dict.fromkeys(each for each in around if each is not None))
        token = Element("p")
        token.text = stashed
        token.tail = "\n"
        if lists:
            self._before(lists[0], token)
        else:
            parent = self.parents[heading]
            parent.insert(list(parent).index(heading) + 1, token)
            self.parents[token] = parent
        left = [extra for each in lists for extra in self._left(each)]
        for extra in reversed(left):
            parent = self.parents[token]
            parent.insert(list(parent).index(token) + 1, extra)
        for each in (*lists, *self._arguments(), *(self.seen.holders[index] for index in self.part.examples)):
            parent = self.parents[each]
            if each in list(parent):
                parent.remove(each)

    def _before(self, element: Element, new: Element) -> None:
        parent = self.parents[element]
        parent.insert(list(parent).index(element), new)
        self.parents[new] = parent

    def _left(self, around: Element) -> Iterator[Element]:
        """Return what stands in a list of steps and is none."""
        for item in list(around):
            if item not in self.items:
                alone = Element(around.tag)
                alone.append(item)
                yield alone
                continue
            yield from self._beside(item)
            first = True
            for child in item:
                if child.tag in {"ul", "ol"} and any(each in self.items for each in child):
                    yield from self._left(child)
                elif (
                    child.tag in _BLOCKS and not (first and self._is_step(child, item)) and not self._is_argument(child)
                ):
                    yield child
                first = False

    def _beside(self, item: Element) -> Iterator[Element]:
        """Blocks of code that Markdown takes for the text of an item, for want of an empty line."""
        own = [item, *(child for child in item if child.tag == "p")]
        texts = [*(each.text for each in own), *(child.tail for each in own for child in each)]
        blocks = self.md.htmlStash.rawHtmlBlocks
        for found in _STASHED.finditer("".join(filter(None, texts))):
            block = blocks[int(found[1])]
            if found[0] not in self.stashed and isinstance(block, str) and block.startswith(("<div", "<pre", "<table")):
                alone = Element("p")
                alone.text = found[0]
                yield alone

    @staticmethod
    def _is_step(child: Element, item: Element) -> bool:
        """Tell whether an item of a loose list says its step in this paragraph."""
        return child.tag == "p" and not _said(item.text)

    def _is_argument(self, element: Element) -> bool:
        text = _said("".join(element.itertext()))
        if text in self.stashed:
            return True
        if element.tag == "table":
            return any(each in self.rows for each in element.iter())
        return element in self.rows and all(line.strip().startswith("|") for line in text.split("\n"))

    def _arguments(self) -> list[Element]:
        """Tables and doc strings that stand beside the lists."""
        found = [self.alone[each] for each in self.stashed if each in self.alone]
        found += [table for each in self.rows if (table := self._whole(each)) is not None]
        return list(dict.fromkeys(each for each in found if self._is_argument(each)))

    def _whole(self, row: Element) -> Element | None:
        """The table or the paragraph that a row belongs to, unless that is part of a step."""
        above: Element | None = row
        while above is not None and above.tag not in {"table", "p"}:
            above = self.parents.get(above)
        inside = above
        while inside is not None and inside not in self.own:
            inside = self.parents.get(inside)
        return above if inside is None else None


def _said(text: str | None) -> str:
    return (text or "").strip()


class _Before(Preprocessor):
    def __init__(self, md: Markdown, plain: PlainMarkdown) -> None:
        super().__init__(md)
        self.plain = plain

    def run(self, lines: list[str]) -> list[str]:
        return self.plain.mark(lines)


class _Tree(Treeprocessor):
    def __init__(self, md: Markdown, plain: PlainMarkdown) -> None:
        super().__init__(md)
        self.plain = plain

    def run(self, root: Element) -> None:
        self.plain.settle(root)


class _After(Postprocessor):
    """Takes out the marks of lines that are neither heading nor item: comments and code."""

    def run(self, text: str) -> str:
        return _MARK.sub("", text) if "\x02jetty" in text else text
