"""`jetty check`: run, judge, name what is red, and leave with the exit status of the gate."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

import click
from rich.console import Console

from mkdocs_jetty import assess
from mkdocs_jetty.cli import choosing, watching
from mkdocs_jetty.cli.common import Outcome, as_json, config_option, kept, load, run_and_judge, url_for, write
from mkdocs_jetty.cli.errors import RED, WrongUse, plain
from mkdocs_jetty.cli.streaming import EventStream
from mkdocs_jetty.cli.terminal import console, line, show_failures, summary
from mkdocs_jetty.config import Settings
from mkdocs_jetty.hosts.zensical import without_extension
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.run.stock import MODULE, NAMED, is_stock
from mkdocs_jetty.show import export
from mkdocs_jetty.show.ci import code_quality, tell_github
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.snippets import undefined_steps
from mkdocs_jetty.show.words import plural
from mkdocs_jetty.spec.model import Spec

FILE = click.Path(path_type=Path)
UNLOADED = "JTY401"
"""A step module that does not import, for which steps may be missing."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    pages: tuple[str, ...]
    json_file: Path | None
    junit_file: Path | None
    messages_file: Path | None
    quality_file: Path | None
    events_file: Path | None
    records: bool
    failed_first: bool
    changed: bool
    shard: str | None
    site: bool

    @property
    def is_part(self) -> bool:
        """Whether it may leave out scenarios of the pages that it looks at."""
        return self.failed_first or self.changed or self.shard is not None


@click.command()
@config_option
@click.option("--json", "json_file", type=FILE, help="Write the verdict as JSON; - for stdout.")
@click.option("--junit", "junit_file", type=FILE, help="Write it as JUnit XML.")
@click.option("--messages", "messages_file", type=FILE, help="Write it as Cucumber Messages, as `jetty merge` reads.")
@click.option("--code-quality", "quality_file", type=FILE, help="Write what is red as GitLab's code quality report.")
@click.option("--events", "events_file", type=FILE, help="Write one JSON object a line as it runs; - for stdout.")
@click.option("--record", "records", is_flag=True, help="Note in the ledger what was seen red and green today.")
@click.option("--lf", "--last-failed", "failed_first", is_flag=True, help="Run what was red last; all, if nothing was.")
@click.option("--changed", is_flag=True, help="Run what stands on pages with uncommitted changes.")
@click.option("--shard", metavar="I/N", help="Run part I of N, for N machines; `jetty merge` puts them together.")
@click.option("--site", is_flag=True, help="Add overview, spec.json and badges to the site that Zensical has built.")
@click.option("--watch", is_flag=True, help="Check again whenever a file of the project changes.")
@click.option("--open", "opens", is_flag=True, help="Open the whole spec in a browser, as `jetty report` writes it.")
@click.argument("pages", nargs=-1, metavar="[PAGE]...")
def check(
    config_file: Path,
    json_file: Path | None,
    junit_file: Path | None,
    messages_file: Path | None,
    quality_file: Path | None,
    events_file: Path | None,
    records: bool,
    failed_first: bool,
    changed: bool,
    shard: str | None,
    site: bool,
    watch: bool,
    opens: bool,
    pages: tuple[str, ...],
) -> None:
    """Run and judge without building a site; PAGE narrows it to these pages."""
    asked = Asked(
        pages, json_file, junit_file, messages_file, quality_file, events_file, records, failed_first, changed, shard,
        site,
    )  # fmt: skip
    report = console(stderr="-" in map(str, (json_file, junit_file, messages_file, quality_file, events_file)))
    if watch:
        watching.watch(config_file, report, lambda settings: _checked(settings, report, asked))
        return
    settings = load(config_file)
    outcome, status = _checked(settings, report, asked)
    if opens:
        _open(settings, outcome, report)
    outcome.unbroken()
    sys.exit(status)


def _checked(settings: Settings, report: Console, asked: Asked) -> tuple[Outcome, int]:
    """One check: what it came to, and its exit status."""
    _refuse(settings, asked)
    if asked.is_part:
        settings = replace(settings, fail_on=choosing.only_what_ran(settings.fail_on))
    events = EventStream(asked.events_file) if asked.events_file else None
    outcome = kept(settings) if asked.site and not events else None
    outcome = outcome or run_and_judge(
        settings, report, asked.pages, choose=lambda spec: _chosen(settings, spec, report, asked), events=events
    )
    verdict = outcome.verdict
    if asked.records and not outcome.results.interrupted:
        record(settings, verdict, whole=not asked.pages and not asked.is_part)
        verdict = replace(verdict, history=assess.history(settings, verdict.spec))
    _write_files(settings, verdict, asked)
    if asked.site:
        _complete_site(settings, verdict)
    if unseen := without_extension(settings):
        line(report, f"warning: {plain(unseen)}", "yellow")
    _remember(settings, verdict, report)
    show_failures(report, verdict)
    _advise(report, verdict)
    if verdict.fails:
        for reason in gate_lines(verdict, settings.fail_on):
            line(report, plain(reason), "red")
    line(report, summary(verdict), "red" if verdict.red or verdict.fails else "green")
    # To where the rest is told: standard output may be a file for programs.
    tell_github(verdict, report.file)
    status = RED if verdict.fails else 0
    if events:
        events.end(verdict, status)
    return outcome, status


def _advise(report: Console, verdict: Verdict) -> None:
    """Say what to do next about steps that nothing serves and ports that nobody has filled."""
    unloaded = any(problem.code == UNLOADED for problem in verdict.problems)
    undefined = [] if unloaded else undefined_steps(verdict)
    if own := [step for step in undefined if not is_stock(step)]:
        line(report, f"`jetty snippets` prints definitions for {plural(len(own), 'undefined step')}", "yellow")
    if stock := len(undefined) - len(own):
        line(report, f"add `{MODULE}` to the option `steps`: it serves {plural(stock, 'undefined step')}", "yellow")
    if ports := missing_ports(verdict):
        line(report, f"not run for want of {', '.join(ports)}: fixtures for your features/conftest.py", "yellow")


def missing_ports(verdict: Verdict) -> list[str]:
    """The ports that scenarios could not run for, those that most of them need first."""
    messages = (one.result for judged in verdict.features for one in judged.scenarios)
    said = (step.message for result in messages if result.cause == "unavailable" for step in result.steps)
    found = Counter(name for message in said if message for name in dict.fromkeys(NAMED.findall(message)))
    return [f"`{name}`" for name, _ in found.most_common()]


def _refuse(settings: Settings, asked: Asked) -> None:
    """Refuse what contradicts itself.

    Raises:
        WrongUse: If the command line does.
    """
    if asked.records and not settings.execute:
        raise WrongUse("--record: nothing runs while `execute` is false, so there is nothing to record")
    if asked.site and (asked.pages or asked.is_part):
        raise WrongUse("--site: the site shows the whole specification, so nothing may be left out")
    if asked.site and not settings.site_dir.is_dir():
        raise WrongUse(f"--site: there is no site in {plain(settings.site_dir)} yet; build it first")


def _chosen(settings: Settings, spec: Spec, report: Console, asked: Asked) -> frozenset[str] | None:
    """The ids of what is to run; None for everything."""
    choice = choosing.share(spec, asked.shard) if asked.shard is not None else None
    if asked.changed:
        narrow = choosing.changed(settings, spec)
        if narrow is None:
            line(report, "more than pages has changed, so everything runs")
        choice = choosing.both(choice, narrow)
    if asked.failed_first:
        narrow = choosing.last_failed(settings, spec)
        if narrow is None:
            line(report, "nothing is known to have failed last, so everything runs")
        choice = choosing.both(choice, narrow)
    if choice is None:
        return None
    line(report, choice.said)
    return choice.ids


def _write_files(settings: Settings, verdict: Verdict, asked: Asked) -> None:
    now = datetime.now(timezone.utc)
    if asked.json_file:
        write(asked.json_file, as_json(export.spec_json(verdict, url_for(settings), now)))
    if asked.junit_file:
        write(asked.junit_file, export.junit_xml(verdict))
    if asked.messages_file:
        write(asked.messages_file, export.messages_ndjson(verdict, now))
    if asked.quality_file:
        write(asked.quality_file, as_json(code_quality(verdict)))


def _complete_site(settings: Settings, verdict: Verdict) -> None:
    from mkdocs_jetty.hosts.report import render_overview_page  # noqa: PLC0415 # only where it is asked for

    urls = url_for(settings)
    try:
        export.write_site_files(verdict, settings.site_dir, urls, datetime.now(timezone.utc))
        overview = render_overview_page(settings, verdict, lambda page: f"../{quote(urls(page))}")
        export.write_if_changed(settings.site_dir / export.FOLDER / "index.html", overview)
    except OSError as error:
        raise WrongUse(f"--site: cannot write to {plain(settings.site_dir)}: {error.strerror or error}") from error


def _remember(settings: Settings, verdict: Verdict, report: Console) -> None:
    if not verdict.executed:
        return
    try:
        choosing.remember_failed(settings, verdict)
    except OSError as error:
        line(report, f"warning: what failed cannot be noted for --lf: {error.strerror}", "yellow")


def _open(settings: Settings, outcome: Outcome, report: Console) -> None:
    from mkdocs_jetty.hosts.report import render_report  # noqa: PLC0415 # only where it is asked for

    path = Path(tempfile.mkdtemp(prefix="jetty-report-"), "report.html")
    write(path, render_report(settings, outcome.verdict))
    line(report, f"report: {plain(path)}")
    webbrowser.open(path.as_uri())


def record(settings: Settings, verdict: Verdict, *, whole: bool) -> None:
    """Update the ledger in the repository."""
    try:
        assess.record(settings, verdict, whole=whole)
    except OSError as error:
        raise WrongUse(f"cannot write {assess.ledger_name(settings)}: {error.strerror}") from error
