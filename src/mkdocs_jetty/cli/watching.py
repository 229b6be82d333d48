"""`jetty check --watch`: check again whenever a file of the project changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from mkdocs_jetty.cli.common import load
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.terminal import line
from mkdocs_jetty.config import ConfigError, Settings
from mkdocs_jetty.run.fingerprint import project_files
from mkdocs_jetty.spec.reader import specification_files
from mkdocs_jetty.standards.model import DECLARATION

PAUSE_S = 0.3
"""Between two looks at the files."""

Stamp = dict[Path, tuple[int, int]]


def watch(config_file: Path, report: Console, once: Callable[[Settings], object]) -> None:
    """Check, wait for a change, and so on; Ctrl-C ends it."""
    try:
        while True:
            stamp = _round(config_file, report, once)
            line(report, "waiting for a change; Ctrl-C ends it")
            while (now := _stamp(config_file)) == stamp:
                time.sleep(PAUSE_S)
            for path in _differing(stamp, now)[:3]:
                line(report, f"changed: {plain(path)}")
    except KeyboardInterrupt:
        line(report, "ended")


def _round(config_file: Path, report: Console, once: Callable[[Settings], object]) -> Stamp:
    """One check; what is wrong with the configuration is said, and waits to be mended."""
    stamp = _stamp(config_file)  # before it runs: what changes meanwhile counts
    try:
        once(load(config_file))
    except WrongUse as error:
        for said in error.message.splitlines():
            line(report, f"error: {plain(said)}", "red")
    except ConfigError as error:
        for said in str(error).splitlines():
            line(report, f"error: {plain(said)}", "red")
    return stamp


def _stamp(config_file: Path) -> Stamp:
    """When each file that a check rests on was written, and its size."""
    paths = {config_file, config_file.parent / DECLARATION}
    try:
        settings = load(config_file)
        paths |= {*project_files(settings), *specification_files(settings)}
    except (ConfigError, WrongUse):
        pass
    found: Stamp = {}
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = state.st_mtime_ns, state.st_size
    return found


def _differing(before: Stamp, now: Stamp) -> list[Path]:
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
