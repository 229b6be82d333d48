"""`jetty check`: run, judge, name what is red, and leave with the exit status of the gate."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import click

from mkdocs_jetty import assess
from mkdocs_jetty.cli.common import as_json, config_option, load, run_and_judge, url_for, write
from mkdocs_jetty.cli.errors import RED, WrongUse, plain
from mkdocs_jetty.cli.terminal import console, line, show_failures, summary
from mkdocs_jetty.config import Settings
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.show import export
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.snippets import undefined_steps
from mkdocs_jetty.show.words import plural


@click.command()
@config_option
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the verdict as JSON; - for stdout.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="Write it as JUnit XML.")
@click.option("--record", "records", is_flag=True, help="Note in the ledger what was seen red and green today.")
@click.argument("pages", nargs=-1, metavar="[PAGE]...")
def check(
    config_file: Path, json_file: Path | None, junit_file: Path | None, records: bool, pages: tuple[str, ...]
) -> None:
    """Run and judge without building a site; PAGE narrows it to these pages."""
    settings = load(config_file)
    if records and not settings.execute:
        raise WrongUse("--record: nothing runs while `execute` is false, so there is nothing to record")
    report = console(stderr=str(json_file) == "-")
    outcome = run_and_judge(settings, report, pages)
    verdict = outcome.verdict
    if records and not outcome.results.interrupted:
        record(settings, verdict, whole=not pages)
        verdict = replace(verdict, history=assess.history(settings, verdict.spec))
    if json_file:
        write(json_file, as_json(export.spec_json(verdict, url_for(settings), datetime.now(timezone.utc))))
    if junit_file:
        write(junit_file, export.junit_xml(verdict))
    show_failures(report, verdict)
    if undefined := undefined_steps(verdict):
        line(report, f"`jetty snippets` prints definitions for {plural(len(undefined), 'undefined step')}", "yellow")
    if verdict.fails:
        for reason in gate_lines(verdict, settings.fail_on):
            line(report, plain(reason), "red")
    line(report, summary(verdict), "red" if verdict.red or verdict.fails else "green")
    outcome.unbroken()
    sys.exit(RED if verdict.fails else 0)


def record(settings: Settings, verdict: Verdict, *, whole: bool) -> None:
    """Update the ledger in the repository."""
    try:
        assess.record(settings, verdict, whole=whole)
    except OSError as error:
        raise WrongUse(f"cannot write {assess.ledger_name(settings)}: {error.strerror}") from error
