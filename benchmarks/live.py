"""How long it takes from a saved file to the page that shows it, while a site is served; with the plugin and without.

Two servers on one Material site, one with the plugin and one without. A page is saved, a step, a step module; what is
timed ends when the server has the new page. Prose is compared with the host's own time for the same save. Exit
status 1: a gate is missed.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from full_run import environment, write

LONGEST_S = 300.0
PROSE_S = 0.3
"""Seconds that prose may take longer than without the plugin, with 1,000 scenarios on 100 pages."""
PER_PAGE = 10
STEPS = """\
from pytest_bdd import given, parsers, then, when

@given(parsers.parse("a stock of {count:d} items"), target_fixture="stock")
def stock(count):
    return [count]

@when(parsers.parse("{count:d} are sold"))
def sold(stock, count):
    stock.append(stock[-1] - count)

@then(parsers.parse("{count:d} are left"))
def left(stock, count):
    assert stock[-1] == count
"""


def page(number: int, *, prose: str = "Prose.", last: int = 1) -> str:
    """A page of ten scenarios; `last` is what the first of them expects to be left."""
    scenarios = (
        f"Scenario: number {each} of page {number}\n  Given a stock of {each + 2} items\n"
        f"  When {each + 1} are sold\n  Then {1 if each else last} are left\n"
        for each in range(PER_PAGE)
    )
    return f"# Page {number}\n\n{prose}\n\n```gherkin\n" + "\n".join(scenarios) + "```\n"


class Server:
    """One `mkdocs serve`."""

    def __init__(self, root: Path, port: int, pages: int, *, plugin: bool) -> None:
        self.root = root
        self.url = f"http://127.0.0.1:{port}/p0000/"
        plugins = ["search", "jetty"] if plugin else ["search"]
        write(root / "mkdocs.yml", json.dumps({"site_name": "Live", "theme": {"name": "material"}, "plugins": plugins}))
        write(root / "docs/index.md", "# Live\n")
        write(root / "features/steps.py", STEPS)
        for number in range(pages):
            write(root / f"docs/p{number:04}.md", page(number))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "-q", "-a", f"127.0.0.1:{port}"],
            cwd=root, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def text(self) -> str:
        """The first page, once the server has it; nothing while it does not answer."""
        try:
            with urllib.request.urlopen(self.url, timeout=LONGEST_S) as answer:  # noqa: S310 (loopback)
                return str(answer.read().decode())
        except OSError:
            return ""

    def until(self, shows: Callable[[str], bool]) -> float:
        """Seconds until the first page shows something."""
        start = time.perf_counter()
        while not shows(self.text()):
            if time.perf_counter() - start > LONGEST_S or self.process.poll() is not None:
                sys.exit(f"{self.root.name}: the page never came")
            time.sleep(0.02)
        return time.perf_counter() - start


def saved(server: Server, file: str, text: str, shows: Callable[[str], bool]) -> float:
    """Seconds from a file that is saved to the page that shows it."""
    write(server.root / file, text)
    return server.until(shows)


def red(count: int) -> Callable[[str], bool]:
    """Whether a page shows so many red scenarios."""
    return lambda text: len(re.findall(r'class="jetty-scenario jetty-red', text)) == count


def measure(ours: Server, host: Server, turns: int) -> dict[str, list[float]]:
    """Every kind of save, in turns."""
    times: dict[str, list[float]] = {}
    for turn in range(turns):
        for name, server in (("prose, without", host), ("prose", ours)):
            prose = f"Prose of turn {turn}."
            times.setdefault(name, []).append(
                saved(server, "docs/p0000.md", page(0, prose=prose), lambda text, prose=prose: prose in text)
            )
        steps = (
            ("a step turns red", "docs/p0000.md", page(0, last=2), red(1)),
            ("and green again", "docs/p0000.md", page(0), red(0)),
            ("a step module, all red", "features/steps.py", STEPS.replace("== count", "== -1"), red(PER_PAGE)),
            ("and all green again", "features/steps.py", STEPS, red(0)),
        )
        for name, file, text, shows in steps:
            times.setdefault(name, []).append(saved(ours, file, text, shows))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        root = Path(folder)
        servers = [
            Server(root / "ours", 8911, options.pages, plugin=True),
            Server(root / "host", 8912, options.pages, plugin=False),
        ]
        try:
            for server in servers:
                server.until(lambda text: "Prose." in text)
            times = measure(*servers, options.turns)
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait()
    host = statistics.median(times["prose, without"])
    print(f"{options.pages * PER_PAGE} scenarios on {options.pages} pages, from saved to shown")
    for name, seconds in times.items():
        print(f"{name:<26}{statistics.median(seconds):>8.2f} s{statistics.median(seconds) / host:>8.2f}")
    over = statistics.median(times["prose"]) - host
    kept = over <= PROSE_S
    print(f"prose takes {over:.2f} s more than without the plugin; gate {PROSE_S} s: {'kept' if kept else 'MISSED'}")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
