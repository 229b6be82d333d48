"""Commands that change `jetty.toml`: the project's state, attestations and waivers.

Each shows or checks what a change would mean before it writes anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from mkdocs_jetty import assess
from mkdocs_jetty.cli.common import Day, Outcome, config_option, latest, load
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.status import in_short, show_missing_standards
from mkdocs_jetty.cli.terminal import console, grid, line
from mkdocs_jetty.cli.traits import propose
from mkdocs_jetty.config import Settings
from mkdocs_jetty.judge.claims import NO_TRAIT_TAGS, NO_TRAITS
from mkdocs_jetty.judge.model import FeatureVerdict, Verdict
from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import Feature
from mkdocs_jetty.spec.reader import read
from mkdocs_jetty.standards import writing
from mkdocs_jetty.standards.applies import applies_to
from mkdocs_jetty.standards.declaration import check_declaration
from mkdocs_jetty.standards.model import WAIVER_REASONS, Attestation, Declaration, Preset, Report, Waiver
from mkdocs_jetty.standards.presets import BY_COMMAND, PRESETS, named_in, resolve

DAY = Day()


def _required(name: str, said: str, **more: Any) -> Callable[[Any], Any]:
    return click.option(name, required=True, help=said, **more)


@click.command()
@config_option
@click.option(
    "--preset",
    "presets",
    multiple=True,
    required=True,
    help=f"{', '.join(PRESETS)}, or a file that extends one; several combine to the stricter value.",
)
@click.option("--framework", "frameworks", multiple=True, help="With `regulated`: hipaa, pci-dss, fedramp or gdpr.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def external(config_file: Path, presets: tuple[str, ...], frameworks: tuple[str, ...], yes: bool) -> None:
    """Show what going external will mean, ask, and write it to jetty.toml."""
    settings = load(config_file)
    preset = resolve(presets, frameworks, settings.declaration.thresholds, settings.root, BY_COMMAND)
    report = console()
    outcome = latest(settings, console(stderr=True))
    now = outcome.unbroken()
    today = assess.this_day()
    then = judged_under(settings, outcome, preset, today)
    show_transition(report, now, then)
    if not yes and not confirmed("Write this to jetty.toml?"):
        click.echo("nothing was changed")
        return
    writing.go_external(settings.root, presets, frameworks, today)
    click.echo(f"jetty.toml: external since {today}, under {', '.join(map(plain, presets))}")
    undeclared = [feature for feature in outcome.spec.features if not feature.traits_declared]
    if undeclared:
        count = f"{len(undeclared)} of {words.plural(len(outcome.spec.features), 'feature')}"
        declare = "declares" if len(undeclared) == 1 else "declare"
        click.echo(f"{count} {declare} no traits, so nobody knows which standards apply")
        if yes or not propose(settings, outcome.spec, undeclared, _agreed):
            click.echo("next: `jetty traits`, then `jetty review FEATURE`")
    elif outcome.spec.features:
        click.echo(f"next: `jetty review {plain(outcome.spec.features[0].id)}` shows what it takes")


@click.command()
@config_option
@_required("--reason", "Why; it is kept in the file.")
def internal(config_file: Path, reason: str) -> None:
    """Take the project back to internal; the reason is kept in jetty.toml."""
    settings = load(config_file)
    today = assess.this_day()
    writing.go_internal(settings.root, reason, today)
    click.echo(f"jetty.toml: internal since {today}; stable is the finish line")


@click.command()
@config_option
@click.argument("standard")
@_required("--by", "Who states it.")
@_required("--until", "The last day on which it holds.", type=DAY)
@_required("--link", "Where the evidence is kept.")
@_required("--statement", "What is stated, in a sentence.")
@click.option("--on", type=DAY, help="The day of the statement; today, if not given.")
@click.option("--feature", help="The id of the feature, for a standard of features.")
def attest(
    config_file: Path,
    standard: str,
    by: str,
    until: date,
    link: str,
    statement: str,
    on: date | None,
    feature: str | None,
) -> None:
    """Add a dated statement that STANDARD is met to jetty.toml."""
    settings = load(config_file)
    day = on or assess.this_day()
    record = Attestation(standard, by, day, until, link, statement, feature)
    warning = refuse_mistakes(settings, record, Declaration(attestations=(record,)))
    writing.add_attestation(settings.root, record)
    click.echo(f"jetty.toml: {plain(standard)} is attested by {plain(by)} until {record.until}")
    warn(warning)


@click.command()
@config_option
@click.argument("standard")
@_required("--reason", "Which kind of exception it is.", type=click.Choice(WAIVER_REASONS))
@_required("--text", "What was agreed, in a sentence.")
@_required("--owner", "Who mends it.")
@_required("--approver", "Who agreed to it; not the owner.")
@_required("--until", "The last day on which it holds.", type=DAY)
@click.option("--feature", help="The id of the feature, for a standard of features.")
def waive(
    config_file: Path,
    standard: str,
    reason: str,
    text: str,
    owner: str,
    approver: str,
    until: date,
    feature: str | None,
) -> None:
    """Add an agreed exception to STANDARD to jetty.toml; it is shown, and never green."""
    settings = load(config_file)
    record = Waiver(standard, reason, text, owner, approver, assess.this_day(), until, feature)
    warning = refuse_mistakes(settings, record, Declaration(waivers=(record,)))
    writing.add_waiver(settings.root, record)
    click.echo(f"jetty.toml: {plain(standard)} is waived until {record.until}; owner {plain(owner)}")
    warn(warning)


def confirmed(question: str) -> bool:
    """Ask; where nobody can answer, say how to go on."""
    try:
        return click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise WrongUse("nobody answered; nothing was changed (--yes answers yes)") from None


def _agreed(question: str) -> bool:
    """Ask what may be answered later as well."""
    try:
        return click.confirm(question)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        click.echo()
        return False


# ---- what it would mean ----


def judged_under(settings: Settings, outcome: Outcome, preset: Preset, today: date) -> Verdict:
    """The same results, judged as if the project were external under this preset."""
    declaration = replace(
        settings.declaration, state="external", preset=preset.names, frameworks=preset.frameworks, since=today
    )
    ids = frozenset(feature.id for feature in outcome.spec.features)
    problems = check_declaration(declaration, preset, ids, today)
    if wrong := [str(each) for each in problems if each.level == "error"]:
        raise WrongUse("\n".join((f"jetty.toml would not hold under {preset.title}; mend this first:", *wrong)))
    supposed = assess.Declared(declaration, preset, ids, tuple(problems), today)
    return assess.assess(settings, outcome.spec, outcome.results, supposed)


def refuse_mistakes(settings: Settings, record: Attestation | Waiver | Report, addition: Declaration) -> str | None:
    """Refuse what the next build would call an error, before it is written; say why a record would change nothing."""
    preset = preset_of(settings)
    features = read(settings).features
    ids = [feature.id for feature in features]
    wrong = [each for each in check_declaration(addition, preset, ids, assess.this_day()) if each.level == "error"]
    if wrong:
        raise WrongUse("\n".join(each.message for each in wrong))
    return _in_no_use(record, preset, features) if preset else None


def preset_of(settings: Settings) -> Preset | None:
    """Combine what the project declares; None where it declares no preset."""
    declared = settings.declaration
    if not declared.preset:
        return None
    return resolve(declared.preset, declared.frameworks, declared.thresholds, settings.root, named_in(declared))


def warn(warning: str | None) -> None:
    if warning:
        click.echo(f"warning: {plain(warning)}", err=True)


def _in_no_use(record: Attestation | Waiver | Report, preset: Preset, features: Sequence[Feature]) -> str | None:
    """Why a record changes nothing: its standard applies to nothing that it is for."""
    standard = preset.standard(record.standard)
    if standard is None:
        return None
    meant = [(each.traits, each.public) for each in features if record.feature in (None, each.id)]
    if standard.applies.scope == "system":
        meant.append(((), None))
    answers = [applies_to(standard, traits, preset.frameworks, public) for traits, public in meant]
    if any(applies for applies, _ in answers):
        return None
    why = f" ({answers[0][1]})" if answers else ""
    return f"{standard.id} does not apply to {record.feature or 'any feature'}{why}, so this changes nothing"


def show_transition(report: Console, now: Verdict, then: Verdict) -> None:
    """Which features stop being complete, what each will be asked, and what of that is met."""
    if then.preset:
        line(report, f"{plain(then.preset.title)} {plain(then.preset.version)}, {len(then.preset.standards)} standards")
        for warning in then.preset.warnings:
            line(report, f"warning: {plain(warning)}", "yellow")
    line(report, f"the finish line moves from {now.finish_line} to {then.finish_line}")
    before = {judged.feature.id: judged for judged in now.features}
    grid(
        report,
        ("feature", "complete now", "complete then", "standards", "met", "missing"),
        [_row(before[judged.feature.id], judged, then) for judged in then.features],
    )
    lost = [plain(each.feature.id) for each in then.features if before[each.feature.id].complete and not each.complete]
    line(report, f"complete now, but not once external: {', '.join(lost) or 'none'}")
    met = sum(each.settled for each in then.standards)
    line(report, f"for the system: {met} of {len(then.standards)} standards settled")
    show_missing_standards(report, then, then.features)
    told = set(map(str, now.problems))
    for problem in then.problems:
        # Traits are asked for next.
        if str(problem) not in told and problem.message not in (NO_TRAITS, NO_TRAIT_TAGS):
            line(report, f"{problem.level}: {plain(problem.told)}", "yellow")


def _row(before: FeatureVerdict, judged: FeatureVerdict, then: Verdict) -> tuple[str, ...]:
    applying = [each for each in judged.standards if each.status != "not-applicable"]
    met = sum(each.settled for each in applying)
    yes_no = ("yes" if before.complete else "no", "yes" if judged.complete else "no")
    return (judged.feature.id, *yes_no, str(len(applying)), str(met), in_short(judged, then))
