"""The MkDocs plugin, which ProperDocs loads as well: all that knows MkDocs stands here and in the `mkdocs_*` beside.

The specification is what the site's own conversion of its pages finds. It runs once all of them are known, in `on_env`,
before search, navigation or a template sees a page. The site is written whole before the gate is asked, and `serve`
never asks it: an exception there stops the server.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config import base
from mkdocs.config import config_options as c
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import InclusionLevel

from mkdocs_jetty import config as jetty_config
from mkdocs_jetty.assess import evidence_paths
from mkdocs_jetty.errors import plain_lines
from mkdocs_jetty.hosts.following import CodeFollower
from mkdocs_jetty.hosts.late_files import LateFiles
from mkdocs_jetty.hosts.live import LiveFeed
from mkdocs_jetty.hosts.markdown import JettyExtension
from mkdocs_jetty.hosts.mkdocs_build import Build, rewrite_marked
from mkdocs_jetty.hosts.mkdocs_kept import keep
from mkdocs_jetty.hosts.mkdocs_pages import NAME, add_files, added_pages, held_before, load_on_every_page, outdate
from mkdocs_jetty.hosts.mkdocs_run import Judging, with_late
from mkdocs_jetty.hosts.navigation import KNOWN_THEMES, SIGNS, roll_up
from mkdocs_jetty.hosts.search import SearchTexts
from mkdocs_jetty.kinds import coded
from mkdocs_jetty.show import export
from mkdocs_jetty.show.causes import log_lines
from mkdocs_jetty.show.ci import tell_github
from mkdocs_jetty.show.concealed import concealed
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.rendering import use_templates
from mkdocs_jetty.show.review import render_review_files
from mkdocs_jetty.show.summary import Colour, summary
from mkdocs_jetty.spec import opened
from mkdocs_jetty.spec.files import base_of, find_features, missing_steps, unmatched
from mkdocs_jetty.spec.lost import may_hold
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.reader import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import Verdict
    from mkdocs_jetty.spec.names import FileRead
    from mkdocs_jetty.spec.recording import Conversion

TOOLTIPS: dict[Colour, str] = {
    "green": "Specification: everything passes",
    "red": "Specification: something is red",
    "amber": "Specification: known red, flaky or ambiguous, or standards are open",
    "grey": "Specification: not all of it ran",
}
OVERRIDES = "jetty"
"""The folder below the theme's `custom_dir` with templates of the site's own."""
LAST = -10_000
"""The priority of what must come after every other plugin, even those that say they are last."""
PLACE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): (?P<message>.*)")
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
        self._judging = Judging()
        self._builds: list[Build] = []
        """The build that runs, and those within which it nests, the outermost first."""
        self._finished: list[Build] = []
        self._features: list[FileRead] = []
        self._problems: list[Problem] = []
        self._mistakes: list[Problem] = []
        """In the configuration, while a site is served with the last one that was right."""
        self._watch: tuple[Path, ...] = ()
        self._watcher: object | None = None
        self._follower: CodeFollower | None = None
        self._late = LateFiles()
        self._search = SearchTexts()

    def load_config(self, options: Any, config_file_path: str | None = None) -> tuple[Any, Any]:
        """Keep the options as written: MkDocs would only warn of an unknown one."""
        self._options = dict(options or {})
        known = {key: value for key, value in self._options.items() if key in jetty_config.OPTION_NAMES}
        return super().load_config(known, config_file_path)

    # ---- before pages are read ----

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Remember the command; that this exists also keeps the instance, and its memory, across rebuilds."""
        self._command = command
        self._dirty = dirty
        self._watcher = self._watcher or opened.start()
        if command == "serve":
            self._judging.live = self._judging.live or LiveFeed()

    @event_priority(LAST)  # After those that set `docs_dir`.
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Check the options and set up rendering; nothing runs yet, since some tools only load the configuration."""
        before, self._settings = self._settings, None
        self._mistakes = []
        config_file = Path(config.config_file_path).absolute() if config.config_file_path else None
        root = config_file.parent if config_file else Path.cwd()
        # A hook may have set some by now.
        options = {**self._options, **{name: value for name, value in self.config.items() if value is not None}}
        try:
            settings = jetty_config.from_options(
                root, config_file, config.site_name or root.name, Path(config.docs_dir), options,
                site_dir=Path(config.site_dir),
            )  # fmt: skip
        except jetty_config.ConfigError as error:
            if before is None:
                raise PluginError(coded(str(error))) from None
            # A server would hold every page back until it is put right; so the pages say what is wrong.
            settings, self._mistakes = before, _mistakes(error)
        if self._command == "serve" and settings.show_output == "auto":
            settings = replace(settings, show_output=True)
        if settings.enabled:
            self._settings = settings
            self._watch = tuple(root / path for path in config.watch)
            self._watcher = self._watcher or opened.start()
            self._set_up_rendering(config, settings.syntax)
            custom = getattr(config.theme, "custom_dir", None)
            with _as_plugin_errors():
                use_templates(Path(custom, OVERRIDES) if custom else None, root)
        return config

    def _set_up_rendering(self, config: MkDocsConfig, syntax: tuple[str, ...]) -> None:
        # Not rebound: MkDocs and other plugins hold on to the same list.
        config.markdown_extensions[:] = [
            *(
                extension
                for extension in config.markdown_extensions
                if extension != "mkdocs_jetty" and not isinstance(extension, JettyExtension)
            ),
            JettyExtension(begin=self._begin, syntax=syntax),  # type: ignore[list-item] # an instance is as good as a name
        ]
        load_on_every_page(config, live=self._judging.live is not None)
        status = config.extra.setdefault("status", {})
        for colour, tooltip in TOOLTIPS.items():
            status.setdefault(f"jetty-{colour}", tooltip)

    def on_pre_build(self, *, config: MkDocsConfig) -> None:  # noqa: ARG002
        """Begin a build, perhaps within another one: some plugins build further languages in their last event."""
        if self._settings is not None:
            if not self._builds:
                self._judging.begin()
                self._late.begin()
                self._finished = []
            self._builds.append(Build(self._settings, self._search))

    @event_priority(LAST)  # After the plugins that generate pages or take some away, and those that sort languages.
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the pages that show what has no page of its own; `.feature` files can be read by now."""
        build = self._build
        if build is None:
            return files
        # A search has its index by now, which it is known by.
        self._search.stand_in(config.plugins)
        paths, self._problems = find_features(build.settings)
        self._features = [read_file(build.settings, path) for path in paths]
        self._problems += unmatched(build.settings, [file.src_uri for file in files.documentation_pages()])
        self._problems += [*missing_steps(build.settings), *self._mistakes]
        added = add_files(files, config, [each.page for each in self._features if each.page], added_pages())
        build.names.generated, build.names.placed = added.features, added.placed
        if self._dirty:
            held = held_before(Path(config.site_dir))
            outdate(files, may_hold(build.settings.syntax), lambda file: build.names.of(file) in held)
        return files

    @event_priority(-LAST)  # Before plugins that make a navigation of their own, and after that of MkDocs.
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG002
        """Have nobody told that a page of ours is missing in a navigation."""
        if self._build is not None:
            self._build.nav = nav
        for file in files.documentation_pages():
            if file.generated_by == NAME:
                file.inclusion = InclusionLevel.NOT_IN_NAV
        return nav

    # ---- as pages are converted ----

    @property
    def _build(self) -> Build | None:
        return self._builds[-1] if self._builds else None

    def _begin(self, conversion: Conversion) -> None:
        if self._build is None:
            conversion.own = False
        else:
            self._build.begin(conversion)

    @event_priority(LAST)  # The last word on the text is known now.
    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG002
        """Say which page is converted next."""
        if self._build is not None:
            self._build.announce(page)
        return markdown

    @event_priority(-LAST)  # The page as it was converted, before anybody changes it.
    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG002
        """Take note of what was found on the page."""
        if self._build is not None:
            self._build.converted(page, html)
        return html

    # ---- once all of them are known ----

    @event_priority(-LAST)  # Before search, print pages and templates see the pages.
    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:  # noqa: ARG002
        """Run and judge the specification, and put the results on the pages."""
        build = self._build
        if build is None:
            return env
        reads = [*build.reads(), *self._features]
        site = self._judging.site
        for each in build.pages.values():
            site.urls.setdefault(each.name, each.page.url)
        with _as_plugin_errors():
            verdict = self._judging.judge(
                build.settings, reads, self._problems, self._watch, lenient=self._command == "serve"
            )
        if self._command == "serve" and site.results and site.results[-1].interrupted:
            # One Ctrl-C ends the server, and the run is no place where it may get lost.
            raise KeyboardInterrupt
        site.concealed |= build.concealed()
        with _as_plugin_errors():
            colours = build.put_in_place(
                verdict, lambda path: site.urls.get(path, ""), review_url, site.concealed, build.places()
            )
        for key, colour in colours.items():
            # Where nothing ran there is nothing to tell pages apart by, and a navigation repeats its marks on each.
            if verdict.executed or colour != "grey":
                _mark(build.pages[key].page, colour, shows_status=config.theme.name == "material")
        if build.nav is not None:
            pages = {id(build.pages[key].page): colour for key, colour in colours.items()}
            roll_up(build.nav.items, pages, plain=config.theme.name not in KNOWN_THEMES)
        return env

    @event_priority(LAST)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG002
        """Leave no place without its results, whoever has put it there."""
        return self._build.finish(output, page) if self._build is not None else output

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Any) -> LiveReloadServer:  # noqa: ARG002
        """Rebuild when a step definition or the application's code changes, which stand outside `docs_dir`."""
        if self._settings is not None:
            watched = _watched(self._settings)
            self._follower = CodeFollower(self._settings, [self._settings.docs_dir, *self._watch, *watched])
            self._follower.also(self._judging.read)
            for path in (*watched, self._follower.signal):
                server.watch(str(path))
            if self._judging.live and (serving := server.get_app()):
                server.set_app(self._judging.live.route(self._late.route(serving)))
        return server

    # ---- at the end ----

    def on_shutdown(self) -> None:
        """Leave nothing behind."""
        self._judging.close()
        if self._follower is not None:
            self._follower.stop()
        if self._watcher is not None:
            opened.stop(self._watcher)

    def on_build_error(self, *, error: Exception) -> None:  # noqa: ARG002
        """Forget what was not finished."""
        self._builds.clear()
        self._late.end()
        if self._judging.live:
            self._judging.live.failed()

    @event_priority(LAST)  # Last: a red verdict must not keep another plugin from writing its part of the site.
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Once the outermost build is done: write what machines read, say how it stands, and close the gate."""
        if not self._builds:
            return
        build = self._builds.pop()
        site = self._judging.site
        site.late += build.late if self._command == "serve" else [*build.late, *build.unwritten()]
        # In the order in which they judged: a build within another one ends first.
        self._finished = [build, *self._finished] if not self._builds else [*self._finished, build]
        if self._builds:
            return
        if site.verdict is None:
            self._late.end()
            return
        verdict = with_late(site.verdict, site.late, build.settings)
        public = concealed(verdict, site.concealed)
        for name in rewrite_marked(self._finished, public) if len(self._finished) > 1 else ():
            log.warning("%s: its overview says nothing of the languages that were built after it", name)
        if not self._dirty:  # which renders some of the pages only
            keep(build.settings, self._finished)
        write = partial(self._write, public, Path(config.site_dir), dict(site.urls), _now())
        if self._late.routed and not self._dirty:  # a dirty build reads what the last one has written
            self._late.end(write)
        else:
            write()
            self._late.end()
        if self._follower:
            self._follower.also(self._judging.read)
        self._report(verdict, build.settings, strict=bool(config.strict))
        if self._command != "serve":
            tell_github(verdict)
        if verdict.fails and self._command != "serve":
            log.error("The specification does not hold: %s. The site is written.", summary(verdict))
            # Not as an error of the build, at which other plugins would undo their part.
            raise SystemExit(1)

    def _write(self, verdict: Verdict, site_dir: Path, urls: Mapping[str, str], now: datetime) -> None:
        """Write what machines read."""
        export.write_site_files(verdict, site_dir, url_for=lambda page: urls.get(page, ""), generated=now)
        for path, text in self._reviews(verdict, urls):
            export.write_if_changed(site_dir / path, text)

    def _reviews(self, verdict: Verdict, urls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Tell where each page's review belongs in the site, and its text."""
        if verdict.state != "external":
            return
        texts = render_review_files(verdict)
        for page in verdict.spec.pages:
            own = [texts[feature.feature.id] for feature in verdict.features if feature.feature.page == page.path]
            if own and page.path in urls:
                yield review_url(urls[page.path]), "\n".join(own)

    def _report(self, verdict: Verdict, settings: Settings, *, strict: bool) -> None:
        if not verdict.fails:
            say = log.info
        elif self._command != "serve":
            say = log.error
        else:
            # `serve --strict` would stop for a warning.
            say = log.info if strict else log.warning
        for problem in verdict.problems:
            (say if problem.level == "error" else log.info)("%s", plain_lines(problem.told))
        for told in log_lines(verdict.features):
            say("%s", plain_lines(told))
        if verdict.fails:
            for lack in gate_lines(verdict, settings.fail_on):
                say("%s", lack)
        log.info("Specification: %s", summary(verdict))


@contextmanager
def _as_plugin_errors() -> Iterator[None]:
    """Have MkDocs say what is wrong, without a traceback."""
    try:
        yield
    except jetty_config.ConfigError as error:
        raise PluginError(coded(str(error))) from None


def _mark(page: Page, colour: Colour, *, shows_status: bool) -> None:
    """Give a page its colour in the navigation: by its status, or in its title where the theme shows none."""
    if colour == "red" or not page.meta.get("status"):
        page.meta["status"] = f"jetty-{colour}"
    if not shows_status and page.title:
        page.title = f"{page.title} {SIGNS[colour]}"


def review_url(url: str) -> str:
    """The address of a page's review in Markdown, by the page's own."""
    return f"{url}review.md" if url.endswith("/") or not url else f"{url.removesuffix('.html')}/review.md"


def _mistakes(error: Exception) -> list[Problem]:
    """Return what is wrong with the configuration, a problem for each line that says so."""
    found = []
    for said in str(error).splitlines():
        at = PLACE.match(said)
        page, line, message = (at["file"], int(at["line"]), at["message"]) if at else ("", None, said)
        found.append(Problem("error", page, line, None, message))
    return found


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), timezone.utc) if epoch.isdigit() else datetime.now(timezone.utc)


def _watched(settings: Settings) -> list[Path]:
    named = [settings.root / name for name in settings.steps]
    named += [base_of(settings.root, entry) for entry in settings.features]
    paths = [*named, *find_features(settings)[0], *evidence_paths(settings)]
    # The root holds the cache and the site, and watching what a build writes never ends.
    return [path for path in paths if path.exists() and path.resolve() != settings.root.resolve()]
