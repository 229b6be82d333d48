"""`jetty challenge`: a scenario that passes without its When steps shows nothing about what they do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from mkdocs_jetty import assess
from mkdocs_jetty.cli.check import record
from mkdocs_jetty.cli.common import Outcome, config_option, feature_named, load, run_and_judge
from mkdocs_jetty.cli.errors import RED, Interrupted, WrongUse, plain
from mkdocs_jetty.cli.terminal import console, line, progress, show_problems
from mkdocs_jetty.config import Settings
from mkdocs_jetty.judge import ledger
from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario
from mkdocs_jetty.judge.rows import base_id, expanded
from mkdocs_jetty.run import narrow, runner
from mkdocs_jetty.show import words

Found = list[tuple[FeatureVerdict, JudgedScenario]]


@click.command()
@config_option
@click.argument("feature", required=False)
def challenge(config_file: Path, feature: str | None) -> None:
    """Run each green scenario once more without its When steps, and name those that still pass."""
    settings = load(config_file)
    if not settings.execute:
        raise WrongUse("nothing runs while `execute` is false, so there is nothing to challenge")
    report = console()
    outcome = run_and_judge(settings, report, quiet=True)
    verdict = outcome.unbroken()
    show_problems(report, verdict.problems)
    chosen = verdict.features if feature is None else (feature_named(verdict, feature),)
    green = [(judged, one) for judged in chosen for one in judged.scenarios if one.result.status == "passed"]
    able = [(judged, one) for judged, one in green if any(step.type == "when" for step in one.scenario.steps)]
    survivors = rerun(settings, outcome, able)
    note(settings, outcome, able, survivors)
    for judged, one in survivors:
        place, title = words.place(judged.feature, one.scenario), words.title(one.scenario)
        line(report, f"{plain(place)}: passes without its When steps: {plain(title)}", "red")
    without = f"; {count} {'has' if count == 1 else 'have'} no When step" if (count := len(green) - len(able)) else ""
    line(report, f"{_said(len(survivors), len(able))}{without}")
    sys.exit(RED if survivors else 0)


def _said(survivors: int, able: int) -> str:
    """Return what came of it; to fail without the When steps is good."""
    if not able:
        return "no scenario has a When step to leave out"
    if survivors:
        return f"{survivors} of {able} challenged scenarios {'passes' if survivors == 1 else 'pass'} without When steps"
    if able == 1:
        return "the one challenged scenario fails without its When steps: good"
    return f"all {able} challenged scenarios fail without their When steps: good"


def rerun(settings: Settings, outcome: Outcome, able: Found) -> Found:
    """Those that still pass."""
    wanted = {base_id(one.scenario) for _, one in able}
    spec = narrow.only(outcome.spec, lambda scenario: scenario.id in wanted)
    with progress(console(stderr=True), spec, quiet=True) as on_result:
        results = runner.run(spec, settings, on_result, without_when=True)
    if results.interrupted:
        raise Interrupted("interrupted; nothing was noted")
    _, results = expanded(spec, results)
    passed = {scenario_id for scenario_id, result in results.scenarios.items() if result.status == "passed"}
    return [(judged, one) for judged, one in able if one.scenario.id in passed]


def note(settings: Settings, outcome: Outcome, able: Found, survivors: Found) -> None:
    """Keep in the ledger what was found, and take away what no longer holds."""
    verdict, path = outcome.verdict, assess.ledger_path(settings)
    known = ledger.read(path, assess.ledger_name(settings))
    if any(one.scenario.id not in known.entries for _, one in survivors):
        record(settings, verdict, whole=True)
        known = ledger.read(path, assess.ledger_name(settings))
    tried = {one.scenario.id for _, one in able}
    cleared = {key: replace(each, challenged=None) if key in tried else each for key, each in known.entries.items()}
    passed = [one.scenario.id for _, one in survivors]
    found = ledger.challenge(replace(known, entries=cleared), passed, verdict.today or assess.this_day())
    if found == known:
        return
    try:
        ledger.write(found, path)
    except OSError as error:
        raise WrongUse(f"cannot write {assess.ledger_name(settings)}: {error.strerror}") from error
