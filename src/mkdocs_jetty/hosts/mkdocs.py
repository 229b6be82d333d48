"""The MkDocs plugin, which ProperDocs loads as well: all that knows MkDocs stands here.

The specification is read and run once the files of the site are known, and never from a page's events: `--dirty`
skips those. The site is written whole before the gate is asked, and `serve` never asks it: an exception there stops
the server.
"""

from __future__ import annotations

import html
import json
import os
import posixpath
import re
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config import base
from mkdocs.config import config_options as c
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, InclusionLevel
from mkdocs.utils import get_relative_url

from mkdocs_jetty import config as jetty_config
from mkdocs_jetty.assess import assess, declared, evidence_paths
from mkdocs_jetty.hosts.markdown import MARKER, NOT_SHOWN, JettyExtension, PageContext
from mkdocs_jetty.hosts.search import SearchTexts
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run import runner
from mkdocs_jetty.run.fingerprint import Fingerprint, after_run, fingerprint
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.show import export
from mkdocs_jetty.show.causes import log_lines
from mkdocs_jetty.show.html import STYLESHEET
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.review import render_review_files
from mkdocs_jetty.show.summary import Colour, page_colour, summary
from mkdocs_jetty.spec import reader
from mkdocs_jetty.spec.files import MARKDOWN_SUFFIXES
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import Verdict

CSS = "assets/jetty.css"
MARKS: dict[Colour, str] = {"green": "✓", "red": "✗", "amber": "◌", "grey": "–"}  # noqa: RUF001 # a dash is meant
TOOLTIPS: dict[Colour, str] = {
    "green": "Specification: everything passes",
    "red": "Specification: something is red",
    "amber": "Specification: known red, flaky or ambiguous, or standards are open",
    "grey": "Specification: not all of it ran",
}
_FENCE = re.compile(r"^[ >]*(`{3,}|~{3,}).*?^[ >]*\1", re.MULTILINE | re.DOTALL)
log = get_plugin_logger(__name__)


class JettyConfig(base.Config):  # type: ignore[no-untyped-call] # MkDocs leaves `__init_subclass__` untyped
    """Lets every option through: `mkdocs_jetty.config` declares and checks them for all hosts alike."""

    _schema = tuple((name, c.Optional(c.Type(object))) for name in jetty_config.OPTION_NAMES)


class JettyPlugin(BasePlugin[JettyConfig]):  # type: ignore[no-untyped-call]
    """Runs the specification on the pages and shows what holds."""

    def __init__(self) -> None:
        self._command = "build"
        self._dirty = False
        self._options: dict[str, Any] = {}
        self._settings: Settings | None = None
        self._context = PageContext(search=SearchTexts())
        self._results: Results | None = None
        self._fingerprint: Fingerprint | None = None
        self._pages: dict[str, str] = {}
        """The page of the specification that each generated file shows."""
        self._urls: dict[str, str] = {}
        self._watch: tuple[Path, ...] = ()

    def load_config(self, options: Any, config_file_path: str | None = None) -> tuple[Any, Any]:
        """Keep the options as written: MkDocs would only warn of an unknown one."""
        self._options = dict(options or {})
        known = {key: value for key, value in self._options.items() if key in jetty_config.OPTION_NAMES}
        return super().load_config(known, config_file_path)

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Remember the command; that this exists also keeps the instance, and its memory, across rebuilds."""
        self._command = command
        self._dirty = dirty

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Check the options and set up rendering; nothing runs yet, since some tools only load the configuration."""
        self._settings = None
        config_file = Path(config.config_file_path).absolute() if config.config_file_path else None
        root = config_file.parent if config_file else Path.cwd()
        try:
            settings = jetty_config.from_options(
                root, config_file, config.site_name or root.name, Path(config.docs_dir), self._options,
                site_dir=Path(config.site_dir),
            )  # fmt: skip
        except jetty_config.ConfigError as error:
            raise PluginError(str(error)) from None
        if self._command == "serve" and settings.show_output == "auto":
            settings = replace(settings, show_output=True)
        if settings.enabled:
            self._settings = settings
            self._context.source_url = settings.source_url
            self._watch = tuple(root / path for path in config.watch)
            self._set_up_rendering(config)
        return config

    def _set_up_rendering(self, config: MkDocsConfig) -> None:
        extensions: list[Any] = [
            extension
            for extension in config.markdown_extensions
            if extension != "mkdocs_jetty" and not isinstance(extension, JettyExtension)
        ]
        if "pymdownx.superfences" not in extensions:
            extensions.append("pymdownx.superfences")
        # Not rebound: MkDocs and other plugins hold on to the same list.
        extensions.append(JettyExtension(self._context))
        config.markdown_extensions[:] = extensions
        if CSS not in config.extra_css:
            config.extra_css.insert(0, CSS)
        status = config.extra.setdefault("status", {})
        for colour, tooltip in TOOLTIPS.items():
            status.setdefault(f"jetty-{colour}", tooltip)

    @event_priority(-100)  # After the plugins that generate pages or take some away.
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Read, run and judge; then add the pages that show what has no page of its own."""
        settings = self._settings
        if settings is None:
            return files
        for file in list(files):
            if file.src_uri.endswith((".py", ".pyc")) or "__pycache__" in file.src_uri.split("/"):
                files.remove(file)
        if CSS not in files.src_uris:
            files.append(File.generated(config, CSS, content=STYLESHEET.read_text(encoding="utf-8")))
        settings = self._settings = replace(settings, unpublished=self._unpublished(files, settings))
        self._judge(settings)
        self._add_pages(files, config)
        assert self._context.search is not None
        self._context.search.stand_in(config.plugins)
        self._urls = {self._page_path(file, settings): file.url for file in files.documentation_pages()}
        if self._dirty:
            self._outdate(files, settings)
        self._context.unread.clear()
        self._context.unshown.clear()
        return files

    def _unpublished(self, files: Files, settings: Settings) -> tuple[str, ...]:
        """The pages that this site leaves out, whoever decided it: `exclude_docs`, a draft that is built, a plugin."""
        keeps = InclusionLevel.is_in_serve if self._command == "serve" else InclusionLevel.is_included
        there = {settings.docs_dir / file.src_uri for file in files.documentation_pages(inclusion=keeps)}
        everything = replace(settings, unpublished=())
        pages = (path for path in reader.specification_files(everything) if path.suffix in MARKDOWN_SUFFIXES)
        names = (path.relative_to(settings.docs_dir).as_posix() for path in pages if path not in there)
        return tuple(re.sub(r"([\\*?\[\]!# ])", r"\\\1", f"/{name}") for name in names)

    def _judge(self, settings: Settings) -> None:
        spec = reader.read(settings)
        try:
            known = declared(settings, spec)
        except jetty_config.ConfigError as error:
            if self._command != "serve" or self._results is None:
                raise PluginError(str(error)) from None
            # An exception now would leave the server hanging: show what is wrong instead, and nothing as green.
            wrong = tuple(Problem("error", "", None, None, line) for line in str(error).splitlines())
            nothing = Results(executed=False, problems=wrong)
            self._context.verdict = judge(
                spec, nothing, name=settings.site_name, state=settings.state, fail_on=settings.fail_on
            )
            return
        before = fingerprint(settings, spec, self._watch)
        if self._results is not None and settings.cache is not False and before == self._fingerprint:
            self._results = self._results.reused()
        else:
            self._results = runner.run(spec, settings)
            # What was interrupted is not remembered as the answer.
            whole = not self._results.interrupted
            self._fingerprint = after_run(before, settings, spec, self._watch) if whole else None
        # Prose does not run anything, but it moves lines: the verdict is on the specification as it stands now.
        self._context.verdict = assess(settings, spec, self._results, known)

    def _outdate(self, files: Files, settings: Settings) -> None:
        """Have pages with results rendered anew in a `--dirty` build: what is true changes without their text."""
        assert self._context.verdict is not None
        holding = {page.path for page in self._context.verdict.spec.pages}
        for file in files.documentation_pages():
            if self._page_path(file, settings) in holding or MARKER.search(_content(file)):
                Path(file.abs_dest_path).unlink(missing_ok=True)

    def _add_pages(self, files: Files, config: MkDocsConfig) -> None:
        verdict = self._context.verdict
        assert verdict is not None
        self._pages = {}
        inclusion = InclusionLevel.INCLUDED if config.nav is None else InclusionLevel.NOT_IN_NAV
        for page in verdict.spec.pages:
            if page.path.endswith(".feature"):
                slug = re.sub(r"[^\w.-]+", "-", page.path.removesuffix(".feature")).strip("-.")
                uri = f"jetty/features/{slug}.md"
                self._pages[uri] = page.path
                # Themes print a title as it is. The text of the feature never goes through Markdown.
                content = f"---\ntitle: {json.dumps(html.escape(page.title))}\n---\n\n<!-- jetty/page -->\n"
                files.append(File.generated(config, uri, content=content, inclusion=inclusion))
        marked = any(
            match[1] == "overview"
            for file in files.documentation_pages()
            for match in MARKER.finditer(_FENCE.sub("", _content(file)))
        )
        used = "jetty/index.md" in files.src_uris
        if (verdict.spec.pages or verdict.problems) and not marked and not used:
            content = "# Specification\n\n<!-- jetty/overview -->\n\n<!-- jetty/failures -->\n"
            files.append(File.generated(config, "jetty/index.md", content=content, inclusion=inclusion))

    def _page_path(self, file: File, settings: Settings) -> str:
        if file.src_uri in self._pages:
            return self._pages[file.src_uri]
        docs = os.path.relpath(settings.docs_dir, settings.root).replace(os.sep, "/")
        return posixpath.normpath(posixpath.join(docs, file.src_uri))

    @event_priority(-100)  # After the plugins that write Markdown, so that the page is what it will be.
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG002
        """Say which page is being rendered, and give it its colour in the navigation."""
        settings, verdict = self._settings, self._context.verdict
        if settings is None or verdict is None:
            return markdown
        self._context.page = self._page_path(page.file, settings)
        self._context.url_for = lambda path: get_relative_url(self._urls.get(path, ""), page.url)
        self._context.excluded = _excluded(settings, page)
        self._context.review_url = get_relative_url(review_url(page.url), page.url)
        colour = page_colour(verdict, self._context.page)
        if colour is not None:
            page.meta.setdefault("status", f"jetty-{colour}")
        return markdown

    def on_page_content(self, output: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG002
        """Mark the title where the theme shows no status: a title is known now, and no template has run yet."""
        if self._settings is None or self._context.verdict is None or config.theme.name == "material":
            return output
        colour = page_colour(self._context.verdict, self._page_path(page.file, self._settings))
        if colour is not None and page.title:
            page.title = f"{page.title} {MARKS[colour]}"
        return output

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Any) -> LiveReloadServer:  # noqa: ARG002
        """Rebuild when a step definition changes, which may stand outside `docs_dir`."""
        if self._settings is not None:
            for path in _watched(self._settings):
                server.watch(str(path))
        return server

    @event_priority(-100)  # Last: a red verdict must not keep another plugin from writing its part of the site.
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Write what machines read, say how it stands, and close the gate."""
        settings, verdict = self._settings, self._context.verdict
        if settings is None or verdict is None:
            return
        export.write_site_files(
            verdict, Path(config.site_dir), url_for=lambda page: self._urls.get(page, ""), generated=_now()
        )
        unread = bool(self._context.unread) and "red" in settings.fail_on
        for path, text in self._reviews(verdict):
            export.write_if_changed(Path(config.site_dir, path), text)
        fails = verdict.fails or unread
        self._report(verdict, fails=fails, strict=bool(config.strict))
        if fails and self._command != "serve":
            raise PluginError(f"The specification does not hold: {summary(verdict)}. The site is written.")

    def _reviews(self, verdict: Verdict) -> Iterator[tuple[str, str]]:
        """Where each page's review belongs in the site, and its text."""
        if verdict.state != "external":
            return
        texts = render_review_files(verdict)
        for page in verdict.spec.pages:
            own = [texts[feature.feature.id] for feature in verdict.features if feature.feature.page == page.path]
            if own and page.path in self._urls:
                yield review_url(self._urls[page.path]), "\n".join(own)

    def _report(self, verdict: Verdict, *, fails: bool, strict: bool) -> None:
        if not fails:
            say = log.info
        elif self._command != "serve":
            say = log.error
        else:
            # `serve --strict` would stop for a warning.
            say = log.info if strict else log.warning
        for problem in verdict.problems:
            (say if problem.level == "error" else log.info)("%s", problem)
        for told in log_lines(verdict.features):
            say("%s", told)
        if fails and self._settings is not None:
            for lack in gate_lines(verdict, self._settings.fail_on):
                say("%s", lack)
        for page, source in self._context.unread:
            opening = source.strip().split("\n", 1)[0]
            say("%s: a block was not read as specification, so it did not run: %s", page, opening)
        warn = log.info if strict and self._command == "serve" else log.warning
        for page, line in self._context.unshown:
            warn("%s:%s: %s; it is shown at the end of the page", page, line, NOT_SHOWN)
        log.info("Specification: %s", summary(verdict))


def review_url(url: str) -> str:
    """The address of a page's review in Markdown, by the page's own."""
    return f"{url}review.md" if url.endswith("/") or not url else f"{url.removesuffix('.html')}/review.md"


def _excluded(settings: Settings, page: Page) -> bool:
    own = page.meta.get("jetty")
    return (isinstance(own, dict) and own.get("exclude") is True) or not reader.is_included(
        settings, settings.docs_dir / page.file.src_uri
    )


def _content(file: File) -> str:
    try:
        return file.content_string
    except (OSError, UnicodeDecodeError):
        return ""


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), timezone.utc) if epoch.isdigit() else datetime.now(timezone.utc)


def _watched(settings: Settings) -> list[Path]:
    paths = [*(settings.root / name for name in (*settings.steps, *settings.features)), *evidence_paths(settings)]
    # The root holds the cache and the site, and watching what a build writes never ends.
    return [path for path in paths if path.exists() and path.resolve() != settings.root.resolve()]
