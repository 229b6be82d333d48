"""`jetty merge` and `jetty report`: results of several machines put together, and the whole spec as one file."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import click

from mkdocs_jetty import assess
from mkdocs_jetty.cli.common import as_json, config_option, latest, load, url_for, write
from mkdocs_jetty.cli.errors import RED, WrongUse, plain
from mkdocs_jetty.cli.terminal import console, line, show_failures, summary
from mkdocs_jetty.run import runner
from mkdocs_jetty.run.imported import with_imported
from mkdocs_jetty.show import export
from mkdocs_jetty.show.missing import gate_lines
from mkdocs_jetty.show.words import plural
from mkdocs_jetty.spec.reader import read

FILE = click.Path(path_type=Path)
MERGED = "jetty-results.ndjson"
REPORT = "jetty-report.html"


@click.command()
@config_option
@click.option(
    "-o", "--output", type=FILE, default=Path(MERGED), show_default=True, help="The merged Messages; - for stdout."
)
@click.option("--json", "json_file", type=FILE, help="Write the verdict on all of them as JSON.")
@click.option("--junit", "junit_file", type=FILE, help="Write it as JUnit XML.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=FILE)
def merge(
    config_file: Path, output: Path, json_file: Path | None, junit_file: Path | None, files: tuple[Path, ...]
) -> None:
    """Put together Cucumber Messages of shards and of other runners, and judge them as one run.

    What no file has a result for is not run, which is no proof. A build with `execute: false` and the merged file under
    `results` publishes it.
    """
    settings = load(config_file)
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise WrongUse("\n".join(f"{path}: there is no such file" for path in missing))
    settings = replace(settings, execute=False, results=())
    spec = read(settings)
    known = assess.declared(settings, spec)
    names = [os.path.relpath(path, settings.root) for path in files]
    results = with_imported(spec, runner.run(spec, settings), settings.root, names, anywhere=True)
    verdict = assess.assess(settings, spec, results, known)
    now = datetime.now(timezone.utc)
    report = console(stderr="-" in map(str, (output, json_file, junit_file)))
    write(output, export.messages_ndjson(verdict, now))
    if json_file:
        write(json_file, as_json(export.spec_json(verdict, url_for(settings), now)))
    if junit_file:
        write(junit_file, export.junit_xml(verdict))
    show_failures(report, verdict)
    lost = [
        judged for feature in verdict.features for judged in feature.scenarios
        if judged.result.status == "unknown" and judged.result.cause == "execute-off"
    ]  # fmt: skip
    if lost:
        said = f"no file has a result for {plural(len(lost), 'scenario')}, the first: {lost[0].scenario.id}"
        line(report, f"error: {plain(said)}", "red")
    if verdict.fails:
        for reason in gate_lines(verdict, settings.fail_on):
            line(report, plain(reason), "red")
    line(report, f"{plural(len(files), 'file')}: {summary(verdict)}", "red" if verdict.fails or lost else "green")
    sys.exit(RED if verdict.fails or lost else 0)


@click.command()
@config_option
@click.option(
    "-o", "--output", type=FILE, default=Path("jetty-report.html"), show_default=True, help="The file; - for stdout."
)
def report(config_file: Path, output: Path) -> None:
    """Write the whole spec, with results, as one HTML file that needs nothing beside it."""
    from mkdocs_jetty.hosts.report import render_report  # noqa: PLC0415 # it brings every template along

    settings = load(config_file)
    verdict = latest(settings, console(stderr=True)).unbroken()
    write(output, render_report(settings, verdict))
    line(console(stderr=True), f"report: {plain(output)} ({summary(verdict)})")
