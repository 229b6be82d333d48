"""`jetty review` and `jetty derive`: what hardening a feature takes, and the scenarios that would prove it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from mkdocs_jetty.cli.common import as_json, config_option, feature_named, latest, load, write
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.fills import check, chosen
from mkdocs_jetty.cli.terminal import console, grid, line
from mkdocs_jetty.config import Settings
from mkdocs_jetty.judge.model import FeatureVerdict, StandardVerdict, Verdict
from mkdocs_jetty.show import words
from mkdocs_jetty.show.missing import missing
from mkdocs_jetty.show.plain_markdown import plain_markdown
from mkdocs_jetty.show.review import (
    action_of,
    blanks,
    by_urgency,
    fillers_for,
    record_in_words,
    review_markdown,
    skeleton_gherkin,
)
from mkdocs_jetty.spec.model import Feature, ShownHeading
from mkdocs_jetty.spec.reader import read_page
from mkdocs_jetty.standards.model import Standard

FENCE = re.compile(r"(?P<before>[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<fence>`{3,}|~{3,})")


@click.command()
@config_option
@click.option("--json", "wants_json", is_flag=True, help="Answer in JSON.")
@click.option("--markdown", "wants_markdown", is_flag=True, help="Answer in Markdown, to hand on as it is.")
@click.argument("feature")
def review(config_file: Path, wants_json: bool, wants_markdown: bool, feature: str) -> None:
    """Show which standards apply to FEATURE and why, which numbers must be met, and what is left."""
    if wants_json and wants_markdown:
        raise WrongUse("--json and --markdown exclude each other")
    verdict = latest(load(config_file), console(stderr=True)).unbroken()
    judged = feature_named(verdict, feature)
    if wants_json:
        click.echo(as_json(review_json(verdict, judged)))
    elif wants_markdown:
        write(Path("-"), review_markdown(verdict, judged.feature.id))
    else:
        show_review(console(), verdict, judged)


@click.command()
@config_option
@click.option("--write", "writes", is_flag=True, help="Add them to the feature's own file.")
@click.option("--action", help="What one does with the feature, as in `jetty_actions`; as its scenarios call it.")
@click.option("--page", help="The page of the feature, as in `jetty_pages`; as its scenarios call it.")
@click.option("--fill", "fills", multiple=True, metavar="NAME=TEXT", help="The text for another <name>; repeatable.")
@click.argument("feature")
def derive(
    config_file: Path, writes: bool, action: str | None, page: str | None, fills: tuple[str, ...], feature: str
) -> None:
    """Print production scenarios for the standards of FEATURE that nothing covers.

    They run with the stock steps (`mkdocs_jetty.steps`) as they are.
    """
    said = chosen(action, page, fills)
    settings = load(config_file)
    verdict = latest(settings, console(stderr=True)).unbroken()
    judged = feature_named(verdict, feature)
    if verdict.state == "internal" or verdict.preset is None:
        raise WrongUse("no standards apply to an internal project; see `jetty external --preset`")
    open_ones = uncovered(judged)
    check(said, open_ones)
    if "action" not in said and action_of(judged.feature) is None:
        said["action"] = asked_action(judged.feature, open_ones)
    fillers = {**fillers_for(judged.feature), **said}
    scenarios = {standard.id: skeleton_gherkin(standard, fillers) for standard in open_ones}
    text = "\n".join(scenarios.values())
    if not open_ones:
        line(console(stderr=True), f"nothing to add: each standard of {plain(feature)} has a scenario")
    elif writes:
        add_scenarios(settings, judged.feature, text, f"Production: {verdict.preset.title}", open_ones)
        for said_of_it in _added(judged.feature.page, scenarios):
            line(console(), said_of_it)
    else:
        write(Path("-"), text)


def asked_action(feature: Feature, standards: Sequence[Standard]) -> str:
    """Return what one does with a feature whose name does not say it: asked on a terminal.

    Raises:
        WrongUse: If there is no terminal to ask on, and a scenario would say it.
    """
    needed = [standard for standard in standards if "action" in blanks(standard)]
    if not needed:
        return ""
    if not sys.stdin.isatty():
        raise WrongUse(
            f'what does one do with {plain(feature.name)}? Say it as in “I log in”: --action "log in"; '
            f"{words.plural(len(needed), 'scenario')} would name it"
        )
    asked: str = click.prompt(f'What does one do with {plain(feature.name)}, as "log in" in "I log in"?', err=True)
    return chosen(asked, None, ())["action"]


def _added(page: str, scenarios: Mapping[str, str]) -> Iterator[str]:
    """Return what was added, and which of its steps nobody serves yet."""
    own = {name: missing for name, text in scenarios.items() if (missing := unserved(text))}
    served = "them" if not own else f"{len(scenarios) - len(own)} of them"
    added = words.plural(len(scenarios), "scenario")
    yield f"{plain(page)}: {added} added; the stock steps (`steps: [features, mkdocs_jetty.steps]`) serve {served}"
    yield "next: say how your system is reached, as the guide's step library shows under “Ports”; then `jetty check`"
    for name, missing in own.items():
        yield f"{name} needs steps of your own: {'; '.join(map(plain, missing))}"


def unserved(gherkin: str) -> list[str]:
    """The steps of a derived scenario that no stock phrase serves."""
    # What lists them loads every family of steps, which no other command needs.
    from mkdocs_jetty.steps.listing import phrases  # noqa: PLC0415

    known, kind, found = phrases(), "", []
    for step in gherkin.splitlines()[2:]:
        keyword, _, text = step.strip().partition(" ")
        kind = kind if keyword in {"And", "But"} else keyword.lower()
        if not any(each.kind == kind and each.parser.is_matching(text) for each in known):
            found.append(step.strip())
    return found


def uncovered(judged: FeatureVerdict) -> list[Standard]:
    """The standards that a scenario has to prove, and that none claims."""
    return [
        each.standard
        for each in judged.standards
        if each.status == "uncovered" and each.standard.evidence == "scenario" and each.standard.skeleton
    ]


# ---- the review ----


def show_review(report: Console, verdict: Verdict, judged: FeatureVerdict) -> None:
    """A table of the standards that apply, then what is left."""
    feature = judged.feature
    traits = ", ".join(map(plain, feature.traits)) or "none"
    line(report, f"{plain(feature.name)} ({plain(feature.page)}:{feature.line}); traits: {traits}")
    if verdict.preset and verdict.state == "external":
        line(report, f"preset: {plain(verdict.preset.title)} {plain(verdict.preset.version)}")
    else:
        line(report, "no standards apply until the project is external")
    applying = [each for each in by_urgency(judged.standards) if each.status != "not-applicable"]
    if applying:
        titles = ("standard", "state", "applies", "numbers", "proof")
        grid(report, titles, [_review_row(each) for each in applying])
    lacks = missing(judged, verdict)
    line(report, f"level {judged.level}; the finish line is {verdict.finish_line}")
    for lack in lacks:
        line(report, f"left: {plain(lack)}")
    if not lacks:
        line(report, "nothing is left")


def _review_row(item: StandardVerdict) -> tuple[str, ...]:
    numbers = [f"{each.name} {words.asked(each)}" for each in item.standard.thresholds.values()]
    proof = [*item.scenarios, record_in_words(item.record), item.note]
    return (
        item.standard.id,
        item.status,
        item.why or item.standard.applies.text,
        "\n".join(numbers) or "-",
        "\n".join(dict.fromkeys(filter(None, proof))) or item.standard.evidence,
    )


def review_json(verdict: Verdict, judged: FeatureVerdict) -> dict[str, Any]:
    """The review for programs."""
    feature, preset = judged.feature, verdict.preset
    return {
        "schema": 1,
        "feature": {
            "id": feature.id, "name": feature.name, "page": feature.page, "line": feature.line,
            "traits": list(feature.traits), "level": judged.level, "complete": judged.complete,
        },
        "state": verdict.state,
        "finish_line": verdict.finish_line,
        "preset": {"title": preset.title, "version": preset.version} if preset else None,
        "standards": [_standard_json(each) for each in judged.standards],
        "missing": missing(judged, verdict),
    }  # fmt: skip


def _standard_json(item: StandardVerdict) -> dict[str, Any]:
    standard = item.standard
    return {
        "id": standard.id,
        "title": standard.title,
        "statement": standard.statement,
        "status": item.status,
        "note": item.note,
        "why": item.why,
        "evidence": standard.evidence,
        "thresholds": {
            name: {"direction": each.direction, "value": each.value, "preset_value": each.preset_value}
            for name, each in standard.thresholds.items()
        },
        "scenarios": list(item.scenarios),
        "record": record_in_words(item.record) or None,
        "expires": item.expires.isoformat() if item.expires else None,
        "sources": [source.ref for source in standard.sources],
    }


# ---- writing into the author's file: all that stands there stays, byte for byte ----


def add_scenarios(settings: Settings, feature: Feature, text: str, heading: str, added: list[Standard]) -> None:
    """Add scenarios to a feature's file; where the feature would not hold them then, the file stays as it was."""
    path = settings.root / feature.page
    try:
        before = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"cannot read {feature.page}: {error.strerror}") from error
    newline = "\r\n" if b"\r\n" in before else "\n"
    old = before.decode("utf-8")
    new = _with_scenarios(settings, feature, old, text, heading, newline)
    try:
        path.write_bytes(new.encode())
        held = {name for each in read_page(settings, path)[1] if each.name == feature.name for name in _claims(each)}
    except OSError as error:
        raise WrongUse(f"cannot write {feature.page}: {error.strerror}") from error
    if not held.issuperset(standard.id for standard in added):
        path.write_bytes(before)
        raise WrongUse(f"{feature.page}: there is no safe place for the scenarios; paste what `jetty derive` prints")


def _claims(feature: Feature) -> set[str]:
    return {standard for scenario in feature.scenarios for standard in scenario.standards}


def _with_scenarios(settings: Settings, feature: Feature, old: str, text: str, heading: str, newline: str) -> str:
    lines = text.rstrip("\n").split("\n")
    if feature.page.endswith(".feature"):
        return _appended(old, [f"  {each}".rstrip() for each in lines], newline)
    page, _ = read_page(settings, settings.root / feature.page)
    named = [
        block.line
        for block in page.blocks
        for item in block.items
        if isinstance(item, ShownHeading) and item.kind == "feature" and item.name == feature.name and not block.plain
    ]
    if named:
        return _inside(old, named[0], lines, newline)
    if any(block.plain and block.feature_id == feature.id for block in page.blocks) or "fences" not in settings.syntax:
        openspec = "mdg" not in settings.syntax
        return _appended(old, [f"## {plain(heading)}", "", *plain_markdown(lines, openspec=openspec)], newline)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return _appended(old, [f"## {plain(heading)}", "", f"{fence}gherkin", *lines, fence], newline)


def _appended(old: str, lines: list[str], newline: str) -> str:
    gap = "" if not old else newline if old.endswith("\n") else newline * 2
    return old + gap + newline.join(lines) + newline


def _inside(old: str, opening: int, lines: list[str], newline: str) -> str:
    """Before the end of the fence that opens on this line: a feature that opens in a fence ends with it."""
    rows = re.findall(r"[^\n]*\n|[^\n]+", old)
    found = FENCE.match(rows[opening - 1]) if opening <= len(rows) else None
    if found is None:
        return old
    indent = re.sub(r"[^>\s]", " ", found["before"])
    close = next(
        (number for number in range(opening, len(rows)) if rows[number].strip(" \t>\r\n") == found["fence"]), None
    )
    if close is None:
        return old
    new = [f"{indent}{each}".rstrip() + newline for each in ["", *lines]]
    return "".join([*rows[:close], *new, *rows[close:]])
