"""What earlier builds came to, as small drawings that say the same in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mkdocs_jetty.judge.builds import ABSENT, Builds, Changes, changes, code_of
from mkdocs_jetty.show import words
from mkdocs_jetty.show.rendering import web_link

if TYPE_CHECKING:
    from mkdocs_jetty.judge.builds import BuildRecord
    from mkdocs_jetty.judge.model import JudgedScenario, Verdict

DOTS = 12
"""Builds that a scenario shows, this one included."""
_HEIGHT = 40
_SAID = {"p": "passed", "f": "red", "k": "known red", "l": "flaky", "s": "skipped", "u": "not run"}


class Bar(NamedTuple):
    """One build in the chart."""

    x: int
    y: int
    height: int
    tone: str


class Trend(NamedTuple):
    """The red scenarios of the last builds."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    said: str
    rows: tuple[tuple[str, str, str | None, int, int], ...]
    """For each build: its name, its day, where its run is shown, how many scenarios were red, and of how many."""


class Dots(NamedTuple):
    """What a scenario came to in the last builds."""

    codes: str
    said: str


def trend(verdict: Verdict, red: int) -> Trend | None:
    """The chart of the whole project; None where no earlier build is known."""
    records = verdict.builds.records
    if not records:
        return None
    counts = [*(record.red for record in records), red]
    most = max(*counts, 1)
    bars = []
    for number, count in enumerate(counts):
        height = max(round(_HEIGHT * count / most), 1)
        bars.append(Bar(number * 8, _HEIGHT - height, height, "red" if count else "grey"))
    low, high = min(counts[:-1]), max(counts[:-1])
    before = str(low) if low == high else f"between {low} and {high}"
    said = f"Red scenarios in the last {len(counts)} builds: {before}, now {red}"
    rows = tuple((name_of(each), words.day(each.at.date()), web_link(each.url), each.red, each.scenarios)
                 for each in reversed(records))  # fmt: skip
    return Trend(tuple(bars), len(counts) * 8, _HEIGHT, said, rows)


def name_of(record: BuildRecord) -> str:
    """A build as people call it: `run 1234`, or its commit."""
    return f"run {record.run}" if record.run else record.commit or "a build"


def changed_in_words(verdict: Verdict) -> tuple[Changes, list[tuple[str, str]]] | None:
    """Return what has changed since the last build, each with its tone; None where none is known."""
    found = changes(verdict)
    if found is None:
        return None
    parts = [
        (len(found.red), "red", "new red"), (len(found.flaky), "amber", "newly flaky"),
        (len(found.fixed), "green", "fixed"), (len(found.added), "grey", "added"),
        (len(found.removed), "grey", "removed"),
    ]  # fmt: skip
    return found, [(tone, f"{count} {said}") for count, tone, said in parts if count]


def dots(builds: Builds, judged: JudgedScenario) -> Dots | None:
    """The last builds of a scenario; None where it is new, or no earlier build is known."""
    codes = builds.of(judged.scenario.id)
    if not codes.strip(ABSENT):
        return None
    codes = (codes.lstrip(ABSENT) + code_of(judged))[-DOTS:]
    return Dots(codes, f"the last {len(codes)} builds: {_in_words(codes)}")


def _in_words(codes: str) -> str:
    runs: list[tuple[str, int]] = []
    for code in codes:
        if runs and runs[-1][0] == code:
            runs[-1] = (code, runs[-1][1] + 1)
        else:
            runs.append((code, 1))
    return ", then ".join(f"{count} {_SAID.get(code, 'without it')}" for code, count in runs)


def red_builds(builds: Builds, judged: JudgedScenario) -> int:
    """In how many builds in a row a scenario has been red, this one included."""
    codes = builds.of(judged.scenario.id) + code_of(judged)
    return len(codes) - len(codes.rstrip("f"))
