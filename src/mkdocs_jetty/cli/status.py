"""`jetty status`: features by modes, the level of each, and what keeps it from the finish line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import click
from rich.console import Console

from mkdocs_jetty.cli.common import as_json, config_option, feature_named, load, run_and_judge, url_for
from mkdocs_jetty.cli.errors import plain
from mkdocs_jetty.cli.terminal import console, grid, line, show_problems
from mkdocs_jetty.judge.model import STANDARD_STATUSES, FeatureVerdict, ModeVerdict, Verdict
from mkdocs_jetty.show import export
from mkdocs_jetty.show.missing import missing, missing_standards
from mkdocs_jetty.spec.model import MODES


@click.command()
@config_option
@click.option("--json", "wants_json", is_flag=True, help="Answer in JSON.")
@click.argument("feature", required=False)
def status(config_file: Path, wants_json: bool, feature: str | None) -> None:
    """Show features by modes, the level of each, and what is missing."""
    settings = load(config_file)
    report = console(stderr=True)
    outcome = run_and_judge(settings, report, quiet=True)
    verdict = outcome.verdict
    show_problems(report, verdict.problems)
    chosen = list(verdict.features) if feature is None else [feature_named(verdict, feature)]
    if wants_json:
        answer = export.spec_json(verdict, url_for(settings), datetime.now(timezone.utc))
        lacks = {judged.feature.id: missing(judged, verdict) for judged in chosen}
        features = [entry | {"missing": lacks[entry["id"]]} for entry in answer["features"] if entry["id"] in lacks]
        shared = {key: answer[key] for key in ("schema", "generated", "project", "standards")}
        click.echo(as_json(shared | {"missing": missing_standards(verdict.standards), "features": features}))
    else:
        show_table(console(), verdict, chosen)
    outcome.unbroken()


def show_missing_standards(report: Console, verdict: Verdict, chosen: Iterable[FeatureVerdict]) -> None:
    """Which standards are missing: of each feature, then of the system."""
    for judged in chosen:
        for lack in missing_standards(judged.standards):
            line(report, plain(f"{judged.feature.id}: {lack}"))
    for lack in missing_standards(verdict.standards):
        line(report, plain(f"system: {lack}"))


def cell(found: ModeVerdict) -> str:
    count = f" {found.passed}/{found.total}" if found.total else ""
    return f"{found.status}{count}" + (" (a lower mode is not green)" if found.lower_mode_not_green else "")


def in_short(judged: FeatureVerdict, verdict: Verdict) -> str:
    """Return what is missing, with numbers in the place of long lists."""
    lacks = [lack for lack in missing(judged, verdict) if not lack.startswith("standards ")]
    unsettled = [each for each in judged.standards if not each.settled]
    counts = {word: sum(each.status == word for each in unsettled) for word in STANDARD_STATUSES}
    lacks += [f"{count} standard{'' if count == 1 else 's'} {word}" for word, count in counts.items() if count]
    return "\n".join(lacks) or "-"


def show_table(report: Console, verdict: Verdict, chosen: list[FeatureVerdict]) -> None:
    """Rows between borders, and beneath them what holds for the system and the project."""
    if not chosen:
        line(report, "no features: no page holds a gherkin fence")
        return
    rows = []
    for judged in chosen:
        modes = [cell(judged.modes[mode]) for mode in MODES]
        rows.append((judged.feature.id, *modes, judged.level, in_short(judged, verdict)))
    grid(report, ("feature", *MODES, "level", "missing"), rows)
    show_missing_standards(report, verdict, chosen)
    done = sum(judged.complete for judged in chosen)
    under = f" under {plain(verdict.preset.title)} {plain(verdict.preset.version)}" if verdict.preset else ""
    line(
        report,
        f"{done} of {len(chosen)} complete; the finish line is {verdict.finish_line} ({verdict.state} project{under})",
    )
