"""What the plugin costs a site: the same Material pages built with it, nothing run, and without it.

Two sites: `usual` has the Markdown extensions that Material's guide proposes for every site, and is held to the gate;
`bare` has none, so that without the plugin its Gherkin is not even highlighted.

Each build is a process of its own, timed from start to exit, into a site that is not there yet. The two take turns,
so that a machine that slows down slows both. What counts is their ratio in the same run, and that it is no higher for
ten times the pages. Exit status 1: a gate is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from full_run import environment, features, write

GATES = {1000: 1.5, 10_000: 1.5}
"""The highest ratio to the usual site without the plugin, by the number of scenarios: it must not grow."""
SITES: dict[str, list[object]] = {
    "usual": [
        *("abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", {"toc": {"permalink": True}}),
        *("pymdownx.details", "pymdownx.highlight", "pymdownx.inlinehilite", "pymdownx.snippets"),
        *("pymdownx.superfences", {"pymdownx.tabbed": {"alternate_style": True}}),
        {"pymdownx.tasklist": {"custom_checkbox": True}},
    ],
    "bare": [],
}
"""The Markdown extensions of each site (https://squidfunk.github.io/mkdocs-material/setup/extensions/)."""
GATED = "usual"
PER_PAGE = 10
PLUGINS = {"with jetty": ("search", "jetty"), "without": ("search",)}
WITH, WITHOUT = PLUGINS


# ---- the sites ----


def generate(root: Path, texts: Sequence[str], extensions: Sequence[object]) -> None:
    """One directory for each contestant, with the same pages."""
    for name, plugins in PLUGINS.items():
        entries: list[object] = [{"jetty": {"execute": False}} if plugin == "jetty" else plugin for plugin in plugins]
        site = {
            "site_name": "Benchmark",
            "theme": {"name": "material"},
            "plugins": entries,
            "markdown_extensions": extensions,
        }
        # JSON is YAML.
        write(root / name / "mkdocs.yml", json.dumps(site))
        write(root / name / "docs/index.md", "# Benchmark\n")
        for page, text in enumerate(texts):
            page_text = f"# Page {page}\n\nWhat page {page} is for.\n\n```gherkin\n{text}```\n"
            write(root / name / f"docs/p{page:04}.md", page_text)


# ---- the race ----


def build(directory: Path, scenarios: int) -> float:
    """Seconds from start to exit. A build that leaves something out is not fast: it stops the benchmark.

    Each goes to a place of its own, and none is deleted before the end: ext4 takes up to a millisecond for each new
    file where as many have just been deleted, which would time the file system.
    """
    site = Path(tempfile.mkdtemp(prefix=f"{directory.name}-", dir=directory.parent)) / "site"
    command = (sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site))
    start = time.perf_counter()
    process = subprocess.run(command, cwd=directory, env=environment(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{directory.name} failed:\n{process.stdout[-4000:]}{process.stderr[-4000:]}")
    shown = sum(path.read_text(encoding="utf-8").count("Given") for path in site.glob("p*/index.html"))
    if shown != scenarios:
        sys.exit(f"{directory.name} shows {shown} of {scenarios} scenarios")
    return seconds


def race(root: Path, scenarios: int, repeat: int, say: Callable[[str], None]) -> dict[str, float]:
    """The median of each contestant, after a turn that does not count: no first build should pay for bytecode."""
    times: dict[str, list[float]] = {name: [] for name in PLUGINS}
    for turn in range(repeat + 1):
        for name in PLUGINS:
            say(f"turn {turn} of {repeat}: {name}")
            times[name].append(build(root / name, scenarios))
    return {name: statistics.median(seconds[1:]) for name, seconds in times.items()}


def report(scenarios: int, site: str, medians: dict[str, float]) -> bool:
    """Print the table for a number of scenarios on a site; whether its gate is kept."""
    ratio = medians[WITH] / medians[WITHOUT]
    gate = GATES.get(scenarios) if site == GATED else None
    kept = gate is None or ratio <= gate
    note = "" if gate is None else f"{'<= ' + format(gate, '.2f'):>10}{'  kept' if kept else '  MISSED'}"
    print(f"{'':<16}{'seconds':>10}{'ratio':>10}{'gate':>10}")
    print(f"{WITH:<16}{medians[WITH]:>10.2f}{ratio:>10.2f}{note}")
    print(f"{WITHOUT:<16}{medians[WITHOUT]:>10.2f}{1:>10.2f}\n")
    return kept


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, nargs="+", default=sorted(GATES), help=f"{PER_PAGE} stand on a page")
    parser.add_argument("--repeat", type=int, default=5, help="turns (default 5)")
    parser.add_argument("--repeat-large", type=int, default=1, help="turns with over 1,000 scenarios (default 1)")
    options = parser.parse_args()
    if min(*options.scenarios, options.repeat, options.repeat_large) < 1:
        parser.error("at least one scenario and one turn")
    return options


def main() -> int:
    options = arguments()
    all_kept = True
    for scenarios in options.scenarios:
        pages = max(scenarios // PER_PAGE, 1)
        repeat = options.repeat if scenarios <= 1000 else options.repeat_large
        for site, extensions in SITES.items():
            print(f"{scenarios} scenarios on {pages} pages of the {site} site, median of {repeat}")
            with tempfile.TemporaryDirectory(prefix="jetty-benchmark-") as root:
                generate(Path(root), features(scenarios, pages), extensions)
                medians = race(Path(root), scenarios, repeat, lambda text: print(text, file=sys.stderr))
            all_kept = report(scenarios, site, medians) and all_kept
    return 0 if all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
