"""What a build notes for the commands that read files alone: what it has made, and what it has left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.config import OPTIONS, load
from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.hosts.mkdocs_names import text_of
from mkdocs_jetty.site_file import read_site_file, text_setting
from mkdocs_jetty.site_file import unpublished as unpublished_pages
from mkdocs_jetty.spec import build_only
from mkdocs_jetty.spec.build_only import Made
from mkdocs_jetty.spec.files import FEATURE, find, relative
from mkdocs_jetty.spec.lost import may_hold
from mkdocs_jetty.spec.model import Page as SpecPage
from mkdocs_jetty.spec.origins import MovedLines
from mkdocs_jetty.spec.replaced import MACRO_ERROR

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.hosts.mkdocs_build import Build, Converted


def keep(settings: Settings, builds: Sequence[Build]) -> None:
    """Note what whoever reads files alone would see otherwise.

    Args:
        settings: Those of the outermost build.
        builds: All builds of the site.
    """
    declared = _declared(settings)
    build_only.keep(
        declared, _made(builds, declared), _left_out(builds, declared), _failed(builds), _set_elsewhere(settings)
    )


def _set_elsewhere(settings: Settings) -> list[str]:
    """The options that have other values than the site's file says: a plugin or a hook has set them."""
    if settings.config_file is None:
        return []
    try:
        declared = load(settings.config_file)
    except ConfigError:
        return []
    # `mkdocs serve` shows output where the file leaves that open.
    own = {"show_output"} if declared.show_output == "auto" else set()
    return [name for name in OPTIONS if name not in own and getattr(settings, name) != getattr(declared, name)]


def _declared(settings: Settings) -> Settings:
    """The settings with the pages that the site's file declares: a plugin or a hook may have moved them."""
    file = settings.config_file
    if file is None:
        return settings
    try:
        data = read_site_file(file)
        docs_dir = settings.root / text_setting(data, "docs_dir", "docs", file)
        return replace(settings, docs_dir=docs_dir.absolute(), unpublished=unpublished_pages(data, file))
    except ConfigError:
        return settings


def _made(builds: Sequence[Build], declared: Settings) -> list[Made]:
    """The pages with specification that no file below `docs_dir` holds as it was converted."""
    return [
        Made(each.read.page or SpecPage(each.name, each.name, ()), each.page.file.generated_by)
        for build in builds
        for each in build.pages.values()
        if (each.read.page or _has_lost(each, declared))
        and (
            each.page.file.generated_by
            or isinstance(each.markdown.lines, MovedLines)
            or not Path(build.settings.root, each.name).is_relative_to(declared.docs_dir)
            or _has_lost(each, declared)
        )
    ]


def _has_lost(converted: Converted, declared: Settings) -> bool:
    """Tell whether a file may hold specification that its page, of which nothing was specification, does not show."""
    if converted.excluded or converted.read.page:
        return False
    return bool(may_hold(declared.syntax).search(text_of(converted.page.file) or ""))


def _left_out(builds: Sequence[Build], declared: Settings) -> list[str]:
    """The names of the files that would be taken for pages of the site, and that no build has shown."""
    shown = {name for build in builds for name in build.announced}
    found = (relative(declared.root, path) for path in find(declared)[0] if path.suffix != FEATURE)
    return [name for name in found if name not in shown]


def _failed(builds: Sequence[Build]) -> set[str]:
    """The names of the pages that show an error instead of their text: nobody knows what they would show."""
    pages = (each for build in builds for each in build.pages.values())
    return {each.name for each in pages if MACRO_ERROR.match(each.page.markdown or "")}
