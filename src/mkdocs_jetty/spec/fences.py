"""Find the fences of a page exactly where the renderer finds them.

The page is converted with the extension that renders it, `pymdownx.superfences`, so that whatever Markdown allows
around a fence (lists, tabs, admonitions, quotes) is seen alike by the reading and by the page. A pattern over the
lines would disagree in more than half of the cases.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

import markdown
import yaml

FRONT_MATTER = re.compile(r"\A-{3}[ \t]*\n(.*?\n)(?:-{3}|\.{3})[ \t]*(?:\n|\Z)", re.DOTALL)
LOOKS_LIKE_GHERKIN = re.compile(
    r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(`{3,}|~{3,})[ \t]*(?:\{[ \t]*\.?)?(gherkin)\b", re.IGNORECASE
)
MARKER = re.compile(r"<jetty-fence-(\d+)>|<h([1-6])[^>]*>(.*?)</h\2>|<!--.*?-->", re.DOTALL)
EXTENSIONS = (
    "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables",
    "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed",
)  # fmt: skip
EXTENSION_CONFIGS: dict[str, dict[str, Any]] = {"pymdownx.tabbed": {"alternate_style": True}}


@dataclass(frozen=True)
class Fence:
    """A `gherkin` fence as the page will render it."""

    line: int
    """The line of its opening, from 1."""
    indent: int
    """How many columns of its lines belong to what is around it."""
    source: str
    runs: bool
    heading: tuple[str, ...]
    """The headings around it, the nearest last."""


@dataclass(frozen=True)
class Lookalike:
    """A line that opens a block of Gherkin which will not run."""

    line: int
    message: str
    source: str
    """The text of the block, if the page shows it as a block of its own."""


@dataclass(frozen=True)
class MarkdownPage:
    """What a page holds, as far as a specification is concerned."""

    meta: dict[str, Any]
    title: str | None
    fences: tuple[Fence, ...]
    lookalikes: tuple[Lookalike, ...]
    """What was meant as a fence, and will not run."""
    meta_error: tuple[int, str] | None = None


def accepts_run_option(
    language: str,  # noqa: ARG001 - superfences calls validators with these five
    inputs: dict[str, str],
    options: dict[str, Any],
    attrs: dict[str, Any],  # noqa: ARG001
    md: markdown.Markdown,  # noqa: ARG001
) -> bool:
    """Accept a `gherkin` fence with any options, as superfences asks a validator to; note `run`."""
    options["run"] = str(inputs.get("run", "true")).strip("\"' ").lower() not in {"false", "no", "off", "0"}
    return True


def split_front_matter(text: str) -> tuple[dict[str, Any], str, tuple[int, str] | None]:
    """Split a page into its front matter and its body; the body keeps its line numbers.

    Returns:
        The front matter, the body with empty lines in the place of the front matter, and the line and message of
        an error in the front matter, if there is one.
    """
    match = FRONT_MATTER.match(text)
    if not match:
        return {}, text, None
    body = "\n" * text.count("\n", 0, match.end()) + text[match.end() :]
    try:
        meta = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        return {}, body, (mark.line + 2 if mark else 1, f"the front matter cannot be read: {problem}")
    return (meta, body, None) if isinstance(meta, dict) else ({}, text, None)


class _Finder:
    """Collects the fences of one conversion."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.found: list[tuple[int, int, str, bool]] = []
        self._start = 0
        self._indent = 0
        fences = [{"name": "gherkin", "class": "gherkin", "format": self._format, "validator": accepts_run_option}]
        configs = {**EXTENSION_CONFIGS, "pymdownx.superfences": {"custom_fences": fences}}
        self.md = markdown.Markdown(extensions=list(EXTENSIONS), extension_configs=configs)
        self._watch(self.md.preprocessors["fenced_code_block"])

    def _watch(self, preprocessor: Any) -> None:
        process = preprocessor.process_nested_block

        def watched(ws: str, content: str, start: int, end: int) -> None:
            self._start, self._indent = start, len(preprocessor.ws or "")
            self.ranges.append((start + 1, end))
            process(ws, content, start, end)

        preprocessor.process_nested_block = watched

    def _format(self, source: str, _language: str, _class: str, options: dict[str, Any], _md: Any, **_: Any) -> str:
        self.found.append((self._start + 1, self._indent, source, bool(options.get("run", True))))
        return f"<jetty-fence-{len(self.found) - 1}>"

    def convert(self, body: str) -> str:
        self.ranges.clear()
        self.found.clear()
        self.md.reset()
        return self.md.convert(body)


_finder: _Finder | None = None


def parse_markdown(text: str) -> MarkdownPage:
    """Find the specification on a page.

    Args:
        text: The page with its front matter, its lines ended by newlines.
    """
    global _finder  # noqa: PLW0603 - building the converter costs more than a page does
    meta, body, meta_error = split_front_matter(text)
    if "gherkin" not in body.lower():
        heading = re.search(r"^#[ \t]+(.+?)[ \t#]*$", body, re.MULTILINE)
        return MarkdownPage(meta, heading.group(1) if heading else None, (), (), meta_error)
    _finder = _finder or _Finder()
    fences: list[Fence] = []
    headings: dict[int, str] = {}
    title: str | None = None
    for match in MARKER.finditer(_finder.convert(body)):
        index, level, inner = match.groups()
        if index is not None:
            line, indent, source, runs = _finder.found[int(index)]
            around = tuple(headings[depth] for depth in sorted(headings))
            fences.append(Fence(line, indent, source, runs, around))
        elif level is not None:
            words = html.unescape(re.sub(r"<[^>]+>", "", inner)).strip()
            headings = {depth: name for depth, name in headings.items() if depth < int(level)}
            headings[int(level)] = words
            title = words if title is None and level == "1" else title
    lookalikes = _lookalikes(body, {fence.line for fence in fences}, _finder.ranges)
    return MarkdownPage(meta, title, tuple(fences), lookalikes, meta_error)


def _lookalikes(body: str, running: set[int], ranges: list[tuple[int, int]]) -> tuple[Lookalike, ...]:
    found = []
    lines = body.split("\n")
    for number, line in enumerate(lines, 1):
        match = LOOKS_LIKE_GHERKIN.match(line)
        if not match or number in running or any(start < number <= end for start, end in ranges):
            continue
        word, source = match.group(2), ""
        if word != "gherkin":
            message = f"this block will not run: its language is `{word}`; write `gherkin` in lower case"
            end = next((end for start, end in ranges if start == number), number)
            source = "\n".join(lines[number : end - 1])
        elif any(start == number for start, _ in ranges):
            message = "this block will not run: it stands where Markdown shows no fence (a comment or indented code)"
        else:
            message = f"this block will not run: its fence is never closed; end it with a line `{match.group(1)}`"
        found.append(Lookalike(number, message, source))
    return tuple(found)
