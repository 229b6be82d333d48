"""Read a project, each page and `.feature` file on its own, so that one bad file spoils itself only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.spec import opened
from mkdocs_jetty.spec.build_only import as_built
from mkdocs_jetty.spec.convert import INCLUDES, appends, converter_of
from mkdocs_jetty.spec.fences import Fence, MarkdownPage, page_of
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES, find, is_included, relative, specification_files
from mkdocs_jetty.spec.front_matter import split_front_matter
from mkdocs_jetty.spec.languages import language_rank
from mkdocs_jetty.spec.lost import may_hold
from mkdocs_jetty.spec.model import Feature, Page, Problem, Spec
from mkdocs_jetty.spec.names import FileRead, with_ids_of_their_own
from mkdocs_jetty.spec.origins import lines_of
from mkdocs_jetty.spec.page import TRAIT_TAG, read_feature_file, read_markdown
from mkdocs_jetty.spec.site_markdown import finished_by, inherited_meta, with_meta

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

__all__ = ["MARKDOWN_SUFFIXES", "TRAIT_TAG", "is_included", "read", "read_file", "read_page", "specification_files"]


def read(settings: Settings) -> Spec:
    """Read everything that the settings include.

    Never raises for what a file holds: what cannot be read is a problem of the spec, with its place.
    """
    paths, problems = find(settings)
    with opened.watching():
        files = [read_file(settings, path) for path in paths]
    if any(each.page for each in files):
        problems += _lacking(settings)
    files, apart = as_built(settings, files)
    problems += apart
    rank = language_rank(converter_of(settings).site.plugins, relative(settings.root, settings.docs_dir))
    return spec_of(with_ids_of_their_own(files, rank=rank), problems)


def _lacking(settings: Settings) -> list[Problem]:
    """Return what reading lacks of the site's own extensions."""
    name = settings.config_file.name if settings.config_file else ""
    return [Problem("warning", name, None, None, message) for message in converter_of(settings).wrong]


def spec_of(files: Sequence[FileRead], problems: Iterable[Problem] = ()) -> Spec:
    """Put together what was read of each file, in that order; their features have ids of their own by now."""
    found = [*problems, *(problem for each in files for problem in each.problems)]
    pages = [each.page for each in files if each.page]
    found += [problem for page in pages for block in page.blocks for problem in block.problems]
    return Spec(tuple(feature for each in files for feature in each.features), tuple(pages), tuple(found))


def read_page(settings: Settings, path: Path) -> tuple[Page, tuple[Feature, ...]]:
    """Read one file by itself; a file that cannot be read is a page without blocks."""
    read = read_file(settings, path)
    return read.page or Page(relative(settings.root, path), path.stem, ()), tuple(read.features)


def read_file(settings: Settings, path: Path) -> FileRead:
    """Read one file by itself."""
    name = relative(settings.root, path)
    text = _text(path, name)
    if isinstance(text, Problem):
        return FileRead(problems=[text])
    link = _leaves(settings, path)
    outside = FileRead(problems=[Problem("error", name, None, None, link)]) if link else None
    if path.suffix == ".feature":
        return outside or read_feature_file(name, path, text)
    try:
        markdown, unfinished = _markdown(settings, path, text)
    except Exception as error:  # noqa: BLE001 # a site's extensions may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        return FileRead(problems=[Problem("error", name, None, None, f"cannot be converted: {reason}")])
    read = read_markdown(settings, name, text, markdown)
    unfinished = markdown.lines.settle(FileRead(problems=unfinished)).problems
    read = replace(read, problems=[*read.problems, *unfinished])
    return outside if outside and read.page else read


def _markdown(settings: Settings, path: Path, text: str) -> tuple[MarkdownPage, list[Problem]]:
    """Convert a page as the site does; one that cannot hold specification needs no more than its title."""
    meta, body, meta_error = split_front_matter(text)
    if not INCLUDES.search(body) and not may_hold(settings.syntax).search(body) and not appends(settings):
        heading = re.search(r"^#[ \t]+(.+?)[ \t#]*$", body, re.MULTILINE)
        return MarkdownPage(meta, heading.group(1) if heading else None, (), (), meta_error), []
    converter = converter_of(settings)
    meta = with_meta(inherited_meta(converter.site, path, settings.docs_dir), meta)
    conversion, shown = converter.convert(body)
    files = opened.names()
    name = relative(settings.root, path)
    lines = lines_of(name, conversion.raw, text, lambda: opened.texts(settings.root, files, apart=[path]))
    page = page_of(conversion, shown, lines, meta, meta_error)

    def above(fence: Fence) -> str:
        return "\n".join(conversion.lines[: fence.line - 1]) if "{%" in body or "{#" in body else ""

    unfinished = {
        fence.token: by
        for fence in page.fences
        if fence.runs and (by := finished_by(converter.site, meta, fence.source, above(fence)))
    }
    problems = [
        Problem(
            "warning", name, fence.line, None,
            f"this block is finished in a build, by `{unfinished[fence.token]}`, so it is not run here: "
            "`mkdocs build` runs it",
        )
        for fence in page.fences
        if fence.token in unfinished
    ]  # fmt: skip
    return replace(page, fences=tuple(each for each in page.fences if each.token not in unfinished)), problems


def _leaves(settings: Settings, path: Path) -> str | None:
    """Return what to say of a file that seems to lie in the project and, by a link, does not."""
    named = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the link
    bases = [Path(os.path.abspath(base)) for base in (settings.root, settings.docs_dir)]  # noqa: PTH100
    inside = any(named.is_relative_to(base) for base in bases)
    if not inside or any(path.resolve().is_relative_to(base.resolve()) for base in bases):
        return None
    return "is a link to a file outside the project, so its specification is not read; put the file itself here"


def _text(path: Path, name: str) -> str | Problem:
    if path.exists() and not path.is_file():
        kind = "it is a directory" if path.is_dir() else "it is no regular file"
        return Problem("error", name, None, None, f"cannot be read: {kind}")
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Problem("error", name, None, None, f"cannot be read: {error.strerror or error}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problem("error", name, line, None, f"is not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
