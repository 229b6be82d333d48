"""The pytest plugin: `pytest docs/` collects the scenarios on the pages as ordinary tests, and so does the build.

Every pytest run imports this file, so it only finds out whether there is anything to do. With `--jetty-run` (the
build's own child process) the specification comes from the build, and what happens is also written to an event log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mkdocs_jetty.config_names import CONFIG_NAMES

if TYPE_CHECKING:
    from mkdocs_jetty.hosts.pytest_session import JettySession

# Named in a list or as a key: a site that only speaks of a jetty has not asked for anything.
DECLARED = re.compile(r"""(?:^|[\[,{.-])[ \t]*["']?(?:mkdocs_)?jetty["']?[ \t]*(?:$|[:,\]}#])""", re.MULTILINE)
INHERITS = re.compile(r"""^INHERIT:[ \t]*["']?([^"'#\n]*[^"'#\s])""", re.MULTILINE)
SESSION = pytest.StashKey["JettySession"]()
# What a project's own options would hide from a build, undone: tryfirst, so that no other plugin has read them yet.
UNHIDE: dict[str, Any] = {
    "collectonly": False, "setuponly": False, "setupplan": False, "lf": False, "failedfirst": False,
    "stepwise": False, "stepwise_skip": False, "ignore": None, "ignore_glob": None,
    # Workers of pytest-xdist: the build deals out the scenarios itself.
    "numprocesses": 0, "dist": "no", "tx": [],
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("jetty", "living specifications (mkdocs-jetty)")
    group.addoption(
        "--jetty-run", default=None, metavar="FILE", help="a run that a build asks for; not for use by hand"
    )
    parser.addini("jetty_config", "the mkdocs.yml to read, relative to the root directory", default="")


@pytest.fixture
def jetty_observe(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Record what a step observed, by the name that the standard has for it: `jetty_observe("attempts", 10)`.

    A threshold takes its value with the unit (`"5 minutes"`), a check takes `True`. The preset's page has the names.
    """
    return lambda name, value: record_property(f"jetty.{name}", str(value))


@pytest.fixture
def jetty_attach(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Attach something to the step that runs: `jetty_attach(page.screenshot(), "basket.png")`.

    It takes bytes, text, the path of a file, or anything that can be JSON, and what to call it. Pictures, videos and
    text are shown on the page, everything else can be loaded from there. One holds up to 5 MB, a scenario up to 20.
    """
    from mkdocs_jetty.run.attached import attachment

    session = request.config.stash.get(SESSION, None)

    def attach(content: object, name: str | None = None) -> None:
        made = attachment(content, name)
        if session:
            session.reporter.attach(request.node, made)

    return attach


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Load the `conftest.py` files of the steps with the first, so that all their hooks are called."""
    session = _session(early_config)
    if session is None:
        return (yield)
    early_config.stash[SESSION] = session
    with session.loading():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    session = config.stash.get(SESSION, None)
    if session is None:
        return
    if session.job:
        vars(config.option).update((name, value) for name, value in UNHIDE.items() if hasattr(config.option, name))
        config.args[:] = session.entries
    session.register()


def _session(config: pytest.Config) -> JettySession | None:
    order = config.known_args_namespace.jetty_run
    path = None if order else _config_file(config)
    if order is None and path is None:
        return None
    from mkdocs_jetty.hosts import pytest_session

    return pytest_session.ordered(config, Path(order)) if path is None else pytest_session.asked(config, path)


def _config_file(config: pytest.Config) -> Path | None:
    named = config.getini("jetty_config")
    for name in [named] if named else CONFIG_NAMES:
        path = config.rootpath / name
        # A site without the plugin is left alone, before anything heavy is imported.
        if path.is_file() and (named or _declares(path)):
            return path
    return None


def _declares(path: Path, *below: Path) -> bool:
    """Tell whether a site's file, or one that it inherits from, asks for the plugin."""
    if path in below or not path.is_file():
        return False
    text = path.read_text("utf-8", "replace")
    inherits = INHERITS.search(text)
    return bool(DECLARED.search(text) or (inherits and _declares(path.parent / inherits[1], path, *below)))
