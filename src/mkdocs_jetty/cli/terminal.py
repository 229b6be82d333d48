"""Lines, bars and failures on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mkdocs_jetty.cli.errors import plain
from mkdocs_jetty.judge.model import JudgedScenario, Verdict
from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.show import words
from mkdocs_jetty.show.causes import causes
from mkdocs_jetty.spec.model import Feature, Problem, Spec

LOG_WIDTH = 160
"""Of tables in a log or a pipe, which can scroll."""

OnResult = Callable[[str, ScenarioResult], None]


def console(*, stderr: bool = False) -> Console:
    report = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not report.is_terminal:
        report.width = LOG_WIDTH
    return report


def line(report: Console, text: str, style: str = "") -> None:
    """One line, never wrapped: a wrap could put a workflow command at the start of a line."""
    report.print(text, style=style, soft_wrap=True)


@dataclass(frozen=True)
class Places:
    """Where each scenario stands, for one line about it."""

    by_id: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, spec: Spec) -> Places:
        return cls({one.id: (words.place(feature, one), one.name) for feature, one in spec.scenarios()})


def progress(report: Console, spec: Spec, *, quiet: bool) -> AbstractContextManager[OnResult | None]:
    """A bar on a terminal, one plain line for each scenario elsewhere."""
    places = Places.of(spec).by_id
    if report.is_terminal and report.file.isatty():  # a bar that colour was forced on would fill a pipe
        return Bar(report, len(places))
    if quiet:
        return nullcontext(None)

    def on_result(scenario_id: str, result: ScenarioResult) -> None:
        place, name = places.get(scenario_id, ("", scenario_id))
        line(report, f"{result.status:<9} {plain(place)}  {plain(name)}")

    return nullcontext(on_result)


class Bar(AbstractContextManager["OnResult | None"]):
    """Rich's progress bar, fed by the run."""

    def __init__(self, report: Console, total: int) -> None:
        columns = (TextColumn("running"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=report, transient=True)
        self.task = self.progress.add_task("running", total=total)

    def __enter__(self) -> OnResult:
        self.progress.start()
        return lambda _id, _result: self.progress.advance(self.task)

    def __exit__(self, *_: object) -> None:
        self.progress.stop()


def show_failures(report: Console, verdict: Verdict) -> None:
    """Show what breaks step modules, each reason for red with its first scenario, doubts, and all other problems."""
    broken = [each for each in verdict.problems if each.level == "error" and each.page.endswith(".py")]
    show_problems(report, broken)
    for cause in causes(verdict.features):
        show_red(report, *cause.scenarios[0])
        for other in cause.others():
            line(report, f"  {plain(other)}")
    for judged in verdict.features:
        for one in judged.scenarios:
            show_doubts(report, judged.feature, one)
    show_problems(report, [each for each in verdict.problems if each not in broken])


def show_doubts(report: Console, feature: Feature, judged: JudgedScenario) -> None:
    """Return what makes the pass of a scenario or of its steps doubtful."""
    scenario, result = judged.scenario, judged.result
    if result.flaky:
        said = f"flaky: {words.title(scenario)}: {words.attempts(result.attempts)}"
        line(report, f"{plain(words.place(feature, scenario))}: {plain(said)}", "yellow")
    for step, outcome in zip(scenario.steps, result.steps, strict=False):
        place = plain(words.place(feature, scenario, step))
        for warning in outcome.warnings:
            line(report, f"{place}: warning: {plain(step.keyword)} {plain(step.text)}: {plain(warning)}", "yellow")


def show_problems(report: Console, problems: Iterable[Problem]) -> None:
    for problem in problems:
        line(report, f"{problem.level}: {plain(problem.told)}", "red" if problem.level == "error" else "yellow")


def show_red(report: Console, feature: Feature, judged: JudgedScenario) -> None:
    scenario, result = judged.scenario, judged.result
    place = words.place(feature, scenario)
    word = result.status + (f" ({result.cause})" if result.cause else "") + (", known red" if judged.known_red else "")
    line(report, f"{plain(place)}: {word}: {plain(words.title(scenario))}", "yellow" if judged.known_red else "red")
    told: set[str | None] = set()
    for step, outcome in zip(scenario.steps, result.steps, strict=False):
        if outcome.status in ("passed", "unknown"):
            continue
        told.add(outcome.message)
        at = plain(words.place(feature, scenario, step))
        line(report, f"  {at}: {outcome.status}: {plain(step.keyword)} {plain(step.text)}")
        # The places of an ambiguous step stand in its message too; of an undefined one, its line has said all.
        gutter(report, None if outcome.candidates or outcome.status == "undefined" else outcome.message)
        if outcome.location:
            line(report, f"  | at {plain(outcome.location)}")
        for candidate in outcome.candidates:
            line(report, f"  | matches {plain(candidate)}")
    gutter(report, None if result.message in told else result.message)


def gutter(report: Console, message: str | None) -> None:
    """A message of many lines, each behind a bar so that none can pass for a line of ours."""
    for text in (message or "").splitlines():
        line(report, f"  | {plain(text)}")


def summary(verdict: Verdict) -> str:
    counts = verdict.counts
    statuses = ("passed", "failed", "pending", "undefined", "ambiguous", "skipped", "unknown")
    left_out = sum(one.result.cause == "not-selected" for each in verdict.features for one in each.scenarios)
    shown = {**counts, "unknown": counts.get("unknown", 0) - left_out}
    parts = [f"{shown[word]} {word}" for word in statuses if shown.get(word)]
    parts += [f"{left_out} not selected"] if left_out else []
    extra = [
        f"{counts[key]} {word}"
        for key, word in (("wip", "known red"), ("flaky", "flaky"), ("reused", "reused"))
        if counts.get(key)
    ]
    total = counts.get("scenarios", 0)
    errors = sum(problem.level == "error" for problem in verdict.problems)
    parts += [words.plural(errors, "problem")] if errors else []
    detail = ", ".join(parts) + (f" ({', '.join(extra)})" if extra else "")
    said = f"{total} scenario{'' if total == 1 else 's'}" + (f": {detail}" if detail else "")
    word = "red" if verdict.red else "not run" if not verdict.executed else "fails" if verdict.fails else "ok"
    return f"{word}: {said} in {verdict.duration_s:.2f} s"


def grid(report: Console, titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Rows between borders, so that no cell can begin a line."""
    table = Table(box=box.SQUARE if report.encoding.startswith("utf") else box.ASCII)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*("\n".join(map(plain, cell.split("\n"))) for cell in row))
    report.print(table)
