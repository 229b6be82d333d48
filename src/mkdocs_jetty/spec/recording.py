"""Find the fences of a page in the conversion that renders it.

Whatever stands in a fence's way or makes one (an extension, an option of the site, another fence) is then seen alike by
the reading and by the page. Superfences formats greedily and takes back what turns out to be indented code, so each
fence leaves a token: those that are left in the HTML are the fences of the page, in the order of the page.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markdown.preprocessors import Preprocessor
from markdown.util import STX
from pymdownx.superfences import SuperFencesBlockPreprocessor

from mkdocs_jetty.spec.alignment import aligned
from mkdocs_jetty.spec.outline import MDG, OPENSPEC, Slip
from mkdocs_jetty.spec.own_fences import OwnFences
from mkdocs_jetty.spec.plain import PlainMarkdown

if TYPE_CHECKING:
    from markdown import Markdown

LANGUAGES = ("gherkin", "cucumber", "feature")
FENCES = "fences"
FIRST = 100_000
"""The priority of what sees a text before anything else does."""
# After the text was put together (snippets at 32), before critic marks are put away (31.1), superfences keeps tabs
# (31.05) and Python-Markdown takes them away (30).
AS_WRITTEN = 31.5
BEFORE_FENCED_CODE = 25.5
NO = {"false", "no", "off", "0"}


@dataclass(frozen=True)
class Found:
    """A fence of ours as the renderer finds it."""

    start: int
    """The index of its opening line."""
    columns: int
    """How many columns of its lines belong to what is around it."""
    source: str
    """Its text as its author wrote it."""
    runs: bool
    gherkin: tuple[tuple[int, str], ...] = ()
    """Of what is written as plain Markdown: its lines in Gherkin, each with the index of the line it stands for."""
    language: str = ""
    """And the language of its keywords."""


@dataclass
class Conversion:
    """What was seen of one conversion."""

    source: str
    """The text that was converted."""
    fenced: bool = True
    """Whether fences count as specification."""
    own: bool = True
    """Whether it is a page's own: not that of a docstring, of an excerpt, of what code has printed."""
    excluded: bool = False
    """Whether the author of the page asked for it to be left alone."""
    raw: list[str] = field(default_factory=list)
    """The lines as written, tabs and blanks included."""
    lines: list[str] = field(default_factory=list)
    """The lines in which fences were looked for."""
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """Where all fences stand, whatever their language: the index of the opening line, and of the first line after."""
    fences: dict[str, Found] = field(default_factory=dict)
    """By their tokens."""
    again: Callable[[str, Found], bool] | None = None
    """Where a page that is known already is converted once more, such as for an excerpt: takes each fence with its
    token, and says whether it will be put in place."""
    slips: list[Slip] = field(default_factory=list)
    """What looks like a specification in plain Markdown and is none."""
    taken: set[int] = field(default_factory=set)
    """The lines of doc strings in plain Markdown."""
    missing: list[str] = field(default_factory=list)
    """The files, and sections of files, that were to be included and that snippets could not find."""
    _written: list[int | None] | None = None

    def found(self, token: str, start: int, source: str, gherkin: tuple[tuple[int, str], ...], language: str) -> None:
        """Note what is written as plain Markdown."""
        self.fences[token] = Found(start, 0, source, runs=True, gherkin=gherkin, language=language)

    def written(self, index: int) -> int | None:
        """The index in `raw` of a line in `lines`; None for one that the conversion has put in."""
        if self._written is None:
            self._written = aligned(list(map(_plain, self.lines)), list(map(_plain, self.raw)))
        return self._written[index] if index < len(self._written) else None


def _plain(line: str) -> str:
    """A line as Python-Markdown leaves it."""
    return line.replace("\x02", "").replace("\x03", "").replace("\r", "").expandtabs(4) if line.strip() else ""


class Recorder:
    """Watches one Markdown instance for a while or for good."""

    def __init__(
        self,
        md: Markdown,
        show: Callable[[Conversion, str], str],
        begin: Callable[[Conversion], None] | None = None,
        syntax: Collection[str] = (FENCES,),
    ) -> None:
        """Watch an instance.

        Args:
            md: The instance.
            show: Says what stands for a fence, by its token, until the page is complete.
            begin: Is told of each conversion as it begins.
            syntax: Which spellings of specification count: the option `syntax`.
        """
        self.md = md
        self.syntax = syntax
        self._languages = LANGUAGES if FENCES in syntax else ()
        self.conversion = Conversion("")
        self._show = show
        self._begin = begin
        self._own_fences = OwnFences(md, self._languages)
        self._connected: list[Any] = []
        self._start, self._end, self._columns = 0, 0, 0
        md.preprocessors.register(_At(md, self._begun), "jetty_begin", FIRST)
        md.preprocessors.register(_At(md, self._written), "jetty_written", AS_WRITTEN)
        md.preprocessors.register(self._own_fences, "jetty_fences", BEFORE_FENCED_CODE)
        if MDG in syntax or OPENSPEC in syntax:
            PlainMarkdown(md, self, lambda token: show(self.conversion, token))

    def _begun(self, lines: list[str]) -> None:
        self.conversion = Conversion("\n".join(lines), FENCES in self.syntax)
        if self._begin:
            self._begin(self.conversion)
        # Now, because extensions may register after ours.
        self._watch_snippets()
        name = "fenced_code_block"
        current: Any = self.md.preprocessors[name] if name in self.md.preprocessors else None  # noqa: SIM401
        if isinstance(current, SuperFencesBlockPreprocessor):
            self._own_fences.leave()
        else:
            self._own_fences.take_part(current)
            current = self._own_fences
        if current not in self._connected:
            self._connected.append(current)
            self._connect(current)

    def _watch_snippets(self) -> None:
        snippets: Any = self.md.preprocessors["snippet"] if "snippet" in self.md.preprocessors else None  # noqa: SIM401
        find = getattr(snippets, "get_snippet_path", None)
        if find is None or not hasattr(snippets, "extract_section") or snippets in self._connected:
            return
        self._connected.append(snippets)
        everywhere = getattr(snippets, "auto_append", ())
        section_of = snippets.extract_section
        named = ""

        def found(path: str) -> Any:
            nonlocal named
            named, file = path, find(path)
            if file is None and path not in everywhere:
                self.conversion.missing.append(path)
            return file

        def section(name: str, lines: list[str]) -> list[str]:
            extracted: list[str] = section_of(name, lines)
            if not extracted:
                self.conversion.missing.append(f"{named}:{name}")
            return extracted

        snippets.get_snippet_path, snippets.extract_section = found, section

    def _written(self, lines: list[str]) -> None:
        self.conversion.raw = list(lines)

    def _connect(self, fences: SuperFencesBlockPreprocessor) -> None:
        for language in self._languages:
            arguments = (language, self._format, self._accept, None)
            # The last one, a function that resets, came with pymdown-extensions 13.
            count = len(inspect.signature(fences.extension.extend_super_fences).parameters)
            fences.extension.extend_super_fences(*arguments[:count])
        search, process = fences.search_nested, fences.process_nested_block

        def search_nested(lines: list[str]) -> list[str]:
            self.conversion.lines = list(lines)
            result: list[str] = search(lines)
            if fences is self._own_fences:
                self.conversion.ranges += self._own_fences.others
            return result

        def process_nested_block(ws: str, content: str, start: int, end: int) -> None:
            self._start, self._end, self._columns = start, end, fences.ws_virtual_len
            self.conversion.ranges.append((start, end))
            process(ws, content, start, end)

        fences.search_nested, fences.process_nested_block = search_nested, process_nested_block

    @staticmethod
    def _accept(
        _language: str, inputs: Mapping[str, Any], options: dict[str, Any], _attrs: dict[str, Any], _md: Markdown
    ) -> bool:
        """Accept every option: a fence that is refused here would silently become plain code."""
        options.update(inputs)
        return True

    def _format(self, src: str = "", options: Mapping[str, Any] | None = None, **_kwargs: Any) -> str:
        runs = str((options or {}).get("run", "true")).strip("\"' ").lower() not in NO
        token = secrets.token_hex(16)
        self.conversion.fences[token] = Found(self._start, self._columns, self._authors(src), runs)
        return self._show(self.conversion, token)

    def _authors(self, given: str) -> str:
        """The text of the fence as written, if that is what was found: superfences hands it over without its tabs."""
        conversion, columns = self.conversion, self._columns
        written = []
        place = conversion.written(self._start)
        for index, line in enumerate(given.split("\n"), self._start + 1):
            # Marks that an extension has put away are not what was written: such a line is known by the one before.
            if place is not None and STX in line:
                place += 1
            else:
                place = conversion.written(index) if index < self._end - 1 else None
            if place is None:
                return given
            raw = conversion.raw[place].rstrip("\r")
            if STX not in line and _plain(raw)[columns:] != _plain(" " * columns + line)[columns:]:
                return given
            written.append(_without(raw, columns, self.md.tab_length))
        return "\n".join(written)


def _without(line: str, columns: int, tab: int) -> str:
    """A line without its first columns, as far as they are what a fence may stand in."""
    column = 0
    for index, character in enumerate(line):
        if column >= columns or character not in "> \t":
            return " " * (column - columns) + line[index:]
        column += tab - column % tab if character == "\t" else 1
    return " " * (column - columns)


class _At(Preprocessor):
    """Shows the lines as they are at some point, and changes nothing."""

    def __init__(self, md: Markdown, see: Callable[[list[str]], None]) -> None:
        super().__init__(md)
        self.see = see

    def run(self, lines: list[str]) -> list[str]:
        self.see(lines)
        return lines
