"""How long a full run of many scenarios takes: ours, stock pytest-bdd, plain pytest and behave.

Each contestant is a process of its own, timed from start to exit. They take turns, so that a machine that slows down
slows all of them. What counts is the ratio to stock pytest-bdd in the same run. Exit status 1: a gate is missed.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

GATES = {30: 0.75, 3000: 0.08}
"""The highest ratio to stock pytest-bdd that is let pass, by the number of step definitions."""
USED = 30
"""The step definitions that the scenarios use; all others only stand by."""
PER_SCENARIO = 4
KEYWORDS = ("Given", "When", "Then", "And")
OURS = "mkdocs-jetty"
STOCK = "pytest-bdd"


@dataclass(frozen=True)
class Contestant:
    """One way to run the scenarios."""

    name: str
    directory: str
    command: tuple[str, ...]
    warm_up: str
    """The option that loads everything and runs nothing: no first run should pay for compiling bytecode."""
    passed: str
    """The number of scenarios that passed, as the tool prints it."""


PYTEST_PASSED = r"(\d+) passed"
CONTESTANTS = (
    Contestant(OURS, "jetty", ("pytest", "-q", "docs/"), "--collect-only", PYTEST_PASSED),
    Contestant(STOCK, "stock", ("pytest", "-q", "-p", "no:jetty"), "--collect-only", PYTEST_PASSED),
    Contestant("plain pytest", "plain", ("pytest", "-q", "-p", "no:jetty"), "--collect-only", PYTEST_PASSED),
    Contestant("behave", "behave", ("behave", "--format", "progress"), "--dry-run", r"(\d+) scenarios? passed"),
)


# ---- the projects ----


def definitions(framework: str, count: int) -> str:
    """A step module. The texts have an argument, as most have: each definition costs a regular expression."""
    lines = [f"from {framework}", ""]
    pattern = '@step(parsers.parse("{}"))' if "parsers" in framework else '@step("{}")'
    first = "" if "parsers" in framework else "context, "
    for number in range(count):
        lines += [pattern.format(f"thing {number} has {{amount:d}} parts"), f"def step_{number}({first}amount):"]
        lines += ["    assert amount >= 0", "", ""]
    return "\n".join(lines)


def scenario(number: int) -> str:
    lines = [f"  Scenario: Number {number}"]
    for position, keyword in enumerate(KEYWORDS):
        lines.append(f"    {keyword} thing {(number * PER_SCENARIO + position) % USED} has {number} parts")
    return "\n".join(lines)


def features(scenarios: int, pages: int) -> list[str]:
    """The text of each page's feature; the scenarios are spread evenly."""
    bounds = [page * scenarios // pages for page in range(pages + 1)]
    return [
        "\n\n".join([f"Feature: Page {page}", *map(scenario, range(bounds[page], bounds[page + 1]))]) + "\n"
        for page in range(pages)
    ]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def generate(root: Path, texts: Sequence[str], scenarios: int, count: int) -> None:
    """One directory for each contestant, with the same scenarios and the same definitions."""
    pytest_bdd = definitions("pytest_bdd import parsers, step", count)
    # A full run: results of an earlier one must not be reused.
    write(root / "jetty/mkdocs.yml", "site_name: Benchmark\nplugins:\n  - jetty:\n      cache: false\n")
    write(root / "jetty/features/steps.py", pytest_bdd)
    write(root / "stock/test_features.py", f'from pytest_bdd import scenarios\n{pytest_bdd}\nscenarios("features")\n')
    write(root / "behave/features/steps/steps.py", definitions("behave import step", count))
    for page, text in enumerate(texts):
        write(root / f"jetty/docs/p{page:03}.md", f"# Page {page}\n\n```gherkin\n{text}```\n")
        write(root / f"stock/features/p{page:03}.feature", text)
        write(root / f"behave/features/p{page:03}.feature", text)
    body = "    for amount in range(4):\n        assert amount >= 0\n"
    write(root / "plain/test_plain.py", "\n\n".join(f"def test_{n}():\n{body}" for n in range(scenarios)))
    for directory in ("jetty", "stock", "plain"):
        write(root / directory / "pytest.ini", "[pytest]\n")


# ---- the race ----


def environment() -> dict[str, str]:
    """That bytecode is kept, as it is for users: a warm-up would be for nothing, and compiling would hide the rest."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(contestant: Contestant, root: Path, *more: str) -> tuple[float, str]:
    """Seconds from start to exit, and what was printed."""
    command = (sys.executable, "-m", *contestant.command, *more)
    start = time.perf_counter()
    process = subprocess.run(
        command, cwd=root / contestant.directory, env=environment(), capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{contestant.name} failed:\n{process.stdout[-4000:]}{process.stderr[-4000:]}")
    return seconds, process.stdout


def timed(contestant: Contestant, root: Path, scenarios: int) -> float:
    seconds, output = run(contestant, root)
    passed = re.search(contestant.passed, output)
    if passed is None or int(passed[1]) != scenarios:
        sys.exit(f"{contestant.name} did not pass all {scenarios} scenarios:\n{output[-4000:]}")
    return seconds


def race(root: Path, scenarios: int, repeat: int, say: Callable[[str], None]) -> dict[str, float]:
    """The median of each contestant."""
    for contestant in CONTESTANTS:
        run(contestant, root, contestant.warm_up)
    times: dict[str, list[float]] = {contestant.name: [] for contestant in CONTESTANTS}
    for turn in range(repeat):
        for contestant in CONTESTANTS:
            say(f"turn {turn + 1} of {repeat}: {contestant.name}")
            times[contestant.name].append(timed(contestant, root, scenarios))
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def report(count: int, medians: dict[str, float]) -> bool:
    """Print the table for a number of definitions; whether its gate is kept."""
    print(f"{'':<16}{'seconds':>10}{'to stock':>10}{'gate':>10}")
    kept = True
    for name, seconds in medians.items():
        ratio = seconds / medians[STOCK]
        gate = GATES.get(count) if name == OURS else None
        missed = gate is not None and ratio > gate
        kept = kept and not missed
        note = "" if gate is None else f"{'<= ' + format(gate, '.2f'):>10}{'  MISSED' if missed else '  kept'}"
        print(f"{name:<16}{seconds:>10.2f}{ratio:>10.2f}{note}")
    print()
    return kept


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--definitions", type=int, nargs="+", default=sorted(GATES), help=f"each at least {USED}")
    parser.add_argument("--repeat", type=int, default=3, help="turns (default 3)")
    parser.add_argument(
        "--repeat-large", type=int, default=1, help="turns with over 300 definitions, where stock takes minutes (1)"
    )
    options = parser.parse_args()
    if min(options.definitions) < USED or not 1 <= options.pages <= options.scenarios:
        parser.error(f"at least {USED} definitions, and at least one scenario for each page")
    if min(options.repeat, options.repeat_large) < 1:
        parser.error("at least one turn")
    return options


def main() -> int:
    options = arguments()
    texts = features(options.scenarios, options.pages)
    all_kept = True
    for count in options.definitions:
        repeat = options.repeat if count <= 300 else options.repeat_large
        print(f"{options.scenarios} scenarios on {options.pages} pages, {count} step definitions, median of {repeat}")
        with tempfile.TemporaryDirectory(prefix="jetty-benchmark-") as root:
            generate(Path(root), texts, options.scenarios, count)
            medians = race(Path(root), options.scenarios, repeat, lambda text: print(text, file=sys.stderr))
        all_kept = report(count, medians) and all_kept
    return 0 if all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
