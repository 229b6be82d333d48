"""`jetty evidence add`: notes the report of another tool in `jetty.toml`, with its day, its digest and who noted it."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path, PurePath

import click

from mkdocs_jetty import assess
from mkdocs_jetty.cli.common import config_option, load
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.standards import DAY, preset_of, refuse_mistakes, warn
from mkdocs_jetty.config import Settings
from mkdocs_jetty.standards import writing
from mkdocs_jetty.standards.model import Declaration, Report
from mkdocs_jetty.standards.readers import ReadingError
from mkdocs_jetty.standards.reports import noted, read_report


@click.group()
def evidence() -> None:
    """Note reports of other tools in jetty.toml."""


@evidence.command()
@config_option
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--standard", required=True, help="The id of the standard that it answers.")
@click.option("--on", type=DAY, help="The day on which it was made; today, if not given.")
@click.option("--by", help="Who notes it; the user of git, if not given.")
@click.option("--feature", help="The id of the feature, for a standard of features.")
def add(config_file: Path, file: Path, standard: str, on: date | None, by: str | None, feature: str | None) -> None:
    """Note FILE as evidence: its digest, its day, and who says so."""
    settings = load(config_file)
    path = _in_project(settings, file)
    try:
        reading, digest = noted(settings.root, path)
    except ReadingError as error:
        raise WrongUse(f"{path}: {error}") from None
    day = on or reading.made_on or assess.this_day()
    if day > assess.this_day():
        raise WrongUse(f"--on: {day} is still to come; name the day on which the report was made")
    if reading.made_on not in (None, day):
        raise WrongUse(f"--on: {path} says itself that it was made on {reading.made_on}; leave --on out")
    who = by or _user(settings.root)
    tool = ", ".join(reading.tools) or None
    report = Report(
        standard,
        path,
        reading.format,
        feature=feature,
        tool=tool,
        made_on=day,
        digest=digest,
        by=who,
    )
    warning = refuse_mistakes(settings, report, Declaration(reports=(report,))) or _proves_nothing(settings, report)
    writing.add_report(settings.root, report)
    click.echo(f"jetty.toml: {plain(path)} is noted for {plain(standard)}, made on {day}, by {plain(who)}")
    warn(warning)


def _proves_nothing(settings: Settings, report: Report) -> str | None:
    """Say why a report that is noted does not meet its standard, where it does not."""
    preset = preset_of(settings)
    standard = preset.standard(report.standard) if preset else None
    finding = read_report(settings.root, report, standard) if standard else None
    return None if finding is None or finding.ok else f"it does not meet the standard: {finding.error or finding.note}"


def _in_project(settings: Settings, file: Path) -> str:
    """The path of a report, from the project's directory."""
    root = settings.root.resolve()
    found = next((each for base in (Path.cwd(), root) if (each := (base / file).resolve()).is_file()), None)
    if found is None:
        raise WrongUse(f"{file}: there is no such file")
    if not found.is_relative_to(root):
        raise WrongUse(f"{file}: it lies outside the project; keep it below {root.name}/")
    return PurePath(found.relative_to(root)).as_posix()


def _user(root: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "config", "user.name"], cwd=root, capture_output=True, text=True, check=False, timeout=10
        )
        name = done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        name = ""
    if not name:
        raise WrongUse("--by: git knows no user here, so say who notes it")
    return name
