"""The pages that the plugin adds to a site: for what has no page of its own, and the overview."""

from __future__ import annotations

import atexit
import html
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

from mkdocs_jetty.hosts.presenting import MARKER
from mkdocs_jetty.show.html import ASSETS

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.plugins import PluginCollection
    from mkdocs.structure.files import Files

    from mkdocs_jetty.spec.model import Page

NAME = "jetty"
"""The plugin's name for MkDocs, which notes it on the files that the plugin adds."""
CSS = "assets/jetty.css"
JAVASCRIPT = "assets/jetty.js"
LIVE_CSS = "assets/jetty-live.css"
LIVE_JAVASCRIPT = "assets/jetty-live.js"
WHOLE: dict[str, tuple[str, str]] = {
    "overview": ("jetty/index.md", "Specification"),
    "failures": ("jetty/failures.md", "Failures"),
    "steps": ("jetty/steps.md", "Steps"),
}
"""What shows the whole project: by its marker the page where it stands unless its author has placed it, and a title."""
# What is indented may be code: there the page of its own stays, so that nothing is lost.
_MARKED_LINE = re.compile(rf"^(?! {{4}}|\t).*?{MARKER.pattern}", re.MULTILINE)
_FENCE = re.compile(r"^[ >]*(`{3,}|~{3,}).*?^[ >]*\1", re.MULTILINE | re.DOTALL)


def add_files(files: Files, config: MkDocsConfig, features: Iterable[Page], directory: Path) -> Added:
    """Add what readers load, a page for each `.feature` file, and what shows the whole project.

    Args:
        files: The files of the site.
        config: Its configuration.
        features: What was read of the `.feature` files.
        directory: Where their text may be kept: many a plugin cannot take a page that is no file.
    """
    for file in list(files):
        if file.src_uri.endswith((".py", ".pyc")) or "__pycache__" in file.src_uri.split("/"):
            files.remove(file)
    for uri in _loaded(config):
        if uri not in files.src_uris:
            name = uri.rpartition("/")[2].removeprefix("jetty-")
            files.append(File.generated(config, uri, content=(ASSETS / name).read_text(encoding="utf-8")))
    placed = _placed(files.documentation_pages())
    inclusion = InclusionLevel.INCLUDED if config.nav is None else InclusionLevel.NOT_IN_NAV

    def add(uri: str, content: str) -> None:
        path = directory / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        files.append(File.generated(config, uri, abs_src_path=str(path), inclusion=inclusion))

    shown = {}
    for page in features:
        slug = re.sub(r"[^\w.-]+", "-", page.path.removesuffix(".feature")).strip("-.")
        uri = f"jetty/features/{slug}.md"
        shown[uri] = page.path
        # Themes print a title as it is. The text of the feature never goes through Markdown.
        content = f"---\ntitle: {json.dumps(html.escape(page.title))}\n---\n\n<!-- jetty/page -->\n"
        add(uri, content)
    for name, (uri, title) in WHOLE.items():
        if name not in placed and uri not in files.src_uris:
            add(uri, f"# {title}\n\n<!-- jetty/{name} -->\n")
        placed.setdefault(name, uri)
    added = [file for file in files if file.generated_by == NAME]
    _tell(config.plugins, added)
    _translate(added, files)
    return Added(shown, placed)


def load_on_every_page(config: MkDocsConfig, *, live: bool) -> None:
    """Have every page load what readers need; what makes an open page live too, while a site is served."""
    styles = [CSS, LIVE_CSS] if live else [CSS]
    config.extra_css[:0] = [each for each in styles if each not in config.extra_css]
    scripts = [JAVASCRIPT, LIVE_JAVASCRIPT] if live else [JAVASCRIPT]
    config.extra_javascript += [each for each in scripts if each not in config.extra_javascript]


def _loaded(config: MkDocsConfig) -> list[str]:
    every = [*config.extra_css, *map(str, config.extra_javascript)]
    return [each for each in (CSS, LIVE_CSS, JAVASCRIPT, LIVE_JAVASCRIPT) if each in every]


@dataclass(frozen=True)
class Added:
    """What was added to a site."""

    features: dict[str, str]
    """The page of the specification that each page of ours shows, by its address among the site's sources."""
    placed: dict[str, str]
    """Where what shows the whole project stands: the address among the site's sources, by its marker."""


def _translate(added: Sequence[File], files: Files) -> None:
    """Say of what has come last what `i18n` says of all other files, and looks for when it writes a map of the site."""
    like = next((file for file in files if hasattr(file, "alternates")), None)
    for file in added if like else ():
        vars(file).update(alternates={}, locale=like.locale, locale_alternate_of=like.locale)  # type: ignore[union-attr]


def _tell(plugins: PluginCollection, added: Sequence[File]) -> None:
    """Have plugins that keep a list of all files, to check links by, know of those that come last."""
    for plugin in plugins.values():
        kept = getattr(plugin, "files", None)
        if isinstance(kept, list) and kept and all(isinstance(each, File) for each in kept):
            kept += [file for file in added if file not in kept]


@cache
def added_pages() -> Path:
    """The directory of the text of what is added, as long as this process lives."""
    directory = Path(mkdtemp(prefix="jetty-pages-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def outdate(files: Files, may_hold: re.Pattern[str], has_held: Callable[[File], bool]) -> None:
    """Have pages with results rendered anew in a `--dirty` build: what is true changes without their text.

    Args:
        files: The files of the site.
        may_hold: What a text holds in which specification could stand.
        has_held: Whether an earlier build has found some on a page, wherever it came from.
    """
    for file in files:
        # A blog leaves its posts out here, and renders them all the same.
        if file.is_documentation_page():
            text = content_of(file)
            if may_hold.search(text) or MARKER.search(text) or has_held(file):
                Path(file.abs_dest_path).unlink(missing_ok=True)


def held_before(site_dir: Path) -> frozenset[str]:
    """The names of the pages that an earlier build has found specification on, or what should have been some."""
    try:
        spec = json.loads((site_dir / "jetty" / "spec.json").read_text("utf-8"))
        return frozenset(str(each["page"]) for each in (*spec["features"], *spec["problems"]))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _placed(files: Iterable[File]) -> dict[str, str]:
    """Tell where authors have marked a place for what shows the whole project: the first page of each."""
    placed: dict[str, str] = {}
    for file in files:
        text = content_of(file)
        if "jetty/" in text:
            for match in _MARKED_LINE.finditer(_FENCE.sub("", text)):
                placed.setdefault(match[1], file.src_uri)
    return {name: uri for name, uri in placed.items() if name in WHOLE}


def content_of(file: File) -> str:
    """The text of a page's file; nothing where it has none that can be read."""
    try:
        return file.content_string
    except (OSError, ValueError):
        return ""
