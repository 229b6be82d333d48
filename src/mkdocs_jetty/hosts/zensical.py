"""What is shown where only the Markdown extension is at work: the results that `jetty check` kept.

Zensical loads no plugin, so nothing runs here and no gate is asked. The project is read again, because a result
counts only for a specification that still says the same.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mkdocs_jetty import config as jetty_config
from mkdocs_jetty.assess import assess, evidence_paths, this_day
from mkdocs_jetty.config_names import CONFIG_NAMES
from mkdocs_jetty.run import store
from mkdocs_jetty.run.fingerprint import project_files
from mkdocs_jetty.site_file import named_entries, read_site_file
from mkdocs_jetty.spec import reader
from mkdocs_jetty.spec.recording import FENCES
from mkdocs_jetty.spec.site_markdown import OURS

GENERATOR = re.compile(r'<meta name="generator" content="(\w+)')
"""Where a site says what has made it."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import Verdict


def stored_verdict(root: Path) -> Verdict | None:
    """The newest verdict that was stored for a project, for a host that cannot run one."""
    settings = stored_settings(root)
    return _judged(settings, _stamp(settings)) if settings else None


def stored_settings(root: Path) -> Settings | None:
    """The settings that the results were made with; none where nothing was stored or they are wrong."""
    kept = store.kept_config(root)
    if kept is None:
        return None
    for name in (kept, *CONFIG_NAMES):
        if (root / name).is_file():
            try:
                settings = jetty_config.load(root / name)
            except jetty_config.ConfigError:
                return None
            return settings if settings.enabled and settings.execute else None
    return None


def declared_syntax(root: Path) -> tuple[str, ...]:
    """Return what a specification looks like in a project: by default in fences alone."""
    file = next((root / name for name in CONFIG_NAMES if (root / name).is_file()), None)
    return _syntax(file, file.stat().st_mtime_ns) if file else (FENCES,)


@lru_cache(maxsize=4)
def _syntax(file: Path, _stamp: int) -> tuple[str, ...]:
    try:
        return jetty_config.load(file).syntax
    except jetty_config.ConfigError:
        return (FENCES,)


def without_extension(settings: Settings) -> str | None:
    """What to say where Zensical builds the site and was not told of us: it loads no plugin, and says nothing."""
    file = settings.config_file
    if file is None or not _is_zensicals(settings, file):
        return None
    data = read_site_file(file)
    if OURS in named_entries(data, "markdown_extensions"):
        return None
    entry = f"[project.markdown_extensions.{OURS}]" if file.suffix == ".toml" else f"- {OURS}"
    return (
        f"{file.name}: Zensical loads no plugins, so its pages show no result: add `{entry}`"
        f"{'' if file.suffix == '.toml' else ' to `markdown_extensions`'}"
    )


def _is_zensicals(settings: Settings, file: Path) -> bool:
    if file.suffix == ".toml":
        return True
    try:
        built = (settings.site_dir / "index.html").read_text(encoding="utf-8", errors="replace")
    except OSError:
        built = ""
    if generator := GENERATOR.search(built):
        return generator[1] == "zensical"
    return find_spec("zensical") is not None and find_spec("mkdocs") is None


# A page is rendered on its own, with a new instance of the extension: the project is read once, not once for each.
@lru_cache(maxsize=1)
def _judged(settings: Settings, stamp: tuple[object, ...]) -> Verdict | None:  # noqa: ARG001 # part of the key
    spec = reader.read(settings)
    results = store.load(spec, settings)
    if results is None:
        return None
    try:
        return assess(settings, spec, results)
    except jetty_config.ConfigError:
        return None


def _stamp(settings: Settings) -> tuple[object, ...]:
    """Changes whenever something does that the verdict is made of."""
    kept = [store.results_file(settings.root), *evidence_paths(settings)]
    paths = [*kept, *project_files(settings), *reader.specification_files(settings)]
    # Records run out with the day.
    return (this_day(), *((str(path), *_state(path)) for path in paths))


def _state(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return (0, 0)
    return (state.st_mtime_ns, state.st_size)


def is_excluded(root: Path, path: Path, meta: Any) -> bool:
    """Tell whether the author of a page asked for its fences to be left alone."""
    own = meta.get("jetty") if isinstance(meta, dict) else None
    if isinstance(own, dict) and own.get("exclude") is True:
        return True
    settings = stored_settings(root)
    if settings is None or not path.is_relative_to(settings.docs_dir):
        return False
    return not reader.is_included(settings, path)


def links(docs_dir: str, url: str, *, directories: bool) -> Callable[[str], str]:
    """The address of each page, from the page at `url`."""

    def link(page: str) -> str:
        path = PurePosixPath(posixpath.relpath(page, docs_dir))
        index = path.stem in {"index", "README"}
        folder = path.parent if index else path.with_suffix("")
        target = folder if directories or index else path.with_suffix(".html")
        start = url if url.endswith("/") or not url else posixpath.dirname(url)
        relative = posixpath.relpath(target.as_posix(), start or ".")
        return quote(relative if target.suffix == ".html" else f"{relative}/")

    return link
