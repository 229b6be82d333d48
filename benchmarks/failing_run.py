"""What failing costs: the same scenarios, run with a last step that fails and with one that passes, in turns.

What counts is the ratio of the processor time that both take. Exit status 1: the gate is missed.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GATE = 2.0
"""The highest ratio of failing to passing that is let pass."""
PAGES = 10
STEPS = """\
from pytest_bdd import given, parsers, then, when


@given("a cart", target_fixture="cart")
def cart():
    return []


@when(parsers.parse("it is filled with {{number:d}}"))
def fill(cart, number):
    cart.append(number)


@then(parsers.parse("it holds {{number:d}}"))
def holds(cart, number):
    assert cart == {expected}
"""
SCENARIO = """
  Scenario: Number {number}
    Given a cart
    When it is filled with {number}
    Then it holds {number}
"""


def generate(root: Path, scenarios: int, expected: str) -> None:
    """A project with its scenarios on some pages."""
    (root / "docs").mkdir(parents=True)
    (root / "features").mkdir()
    (root / "mkdocs.yml").write_text("site_name: Benchmark\nplugins: [jetty]\n", encoding="utf-8")
    (root / "features/steps.py").write_text(STEPS.format(expected=expected), encoding="utf-8")
    for page in range(PAGES):
        numbers = range(page, scenarios, PAGES)
        text = "".join(SCENARIO.format(number=number) for number in numbers)
        (root / f"docs/p{page}.md").write_text(f"# Page {page}\n\n```gherkin{text}```\n", encoding="utf-8")


def seconds(root: Path, word: str) -> float:
    """The processor time of one check."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs_jetty.cli", "check"], cwd=root, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert word in done.stdout, done.stdout + done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        passing, failing = Path(directory, "passing"), Path(directory, "failing")
        generate(passing, options.scenarios, "[number]")
        generate(failing, options.scenarios, "[number, 1]")
        times = [
            (seconds(passing, f"{options.scenarios} passed"), seconds(failing, f"{options.scenarios} failed"))
            for _ in range(options.rounds)
        ]
    ratio = statistics.median(red / green for green, red in times)
    for green, red in times:
        print(f"{options.scenarios} scenarios: passing {green:.2f} s, failing {red:.2f} s of processor time")
    print(f"ratio {ratio:.2f}, at most {GATE}")
    return int(ratio > GATE)


if __name__ == "__main__":
    sys.exit(main())
