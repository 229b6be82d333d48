"""What one piece of evidence says of one standard: scenarios, a person's statement, the report of another tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mkdocs_jetty.judge.model import JudgedScenario, StandardStatus
from mkdocs_jetty.standards.model import ENVIRONMENTS, Attestation, ReportFinding, Standard, Threshold
from mkdocs_jetty.standards.quantities import each_of, joined, satisfies

DUE_DAYS = 14
GRACE = timedelta(days=1)
"""How far ahead of ours the calendar of a tool may be, in another time zone."""
AGES = ("fresh", "every")
"""The thresholds that say how old a report may be."""
LIMITS = {"at-most": "at most", "at-least": "at least", "exact": "exactly"}
WORSE: tuple[StandardStatus, ...] = ("unmet", "unknown", "claimed", "stale", "due", "attested", "met")


@dataclass(frozen=True)
class Finding:
    """A status with its reason, and the record that it rests on."""

    status: StandardStatus
    note: str = ""
    record: Attestation | ReportFinding | None = None
    expires: date | None = None


def worst(found: Iterable[Finding]) -> Finding:
    """The one that counts where there are several; the first of those that are as bad."""
    return min(found, key=lambda each: WORSE.index(each.status))


# ---- by scenarios ----


def by_scenarios(standard: Standard, claims: Sequence[JudgedScenario]) -> Finding:
    """What production scenarios prove that claim a standard: each of them has to hold."""
    found = worst(_by_scenario(standard, one) for one in claims)
    if found.status != "met":
        return found
    measured = _measured(claims)
    hidden = [name for name in standard.thresholds if name not in measured]
    shown = [f"{name} {measured[name]} ({_limit(standard.thresholds[name])})" for name in standard.thresholds
             if name in measured]  # fmt: skip
    if hidden:
        shown.append(f"threshold not shown: {', '.join(hidden)}" if shown else "threshold not shown")
    return Finding("met", "; ".join(shown))


def _measured(claims: Sequence[JudgedScenario]) -> dict[str, str]:
    """What they recorded, all values of all scenarios."""
    values: dict[str, list[str]] = {}
    for one in claims:
        for name, value in one.result.measured.items():
            values.setdefault(name, []).append(value)
    return {name: joined(each) for name, each in values.items()}


def _by_scenario(standard: Standard, one: JudgedScenario) -> Finding:
    name, result = one.scenario.name, one.result
    if one.scenario.wip:
        return Finding("unmet", f"{name}: {'the tag @wip has to go' if one.red and not one.known_red else 'known red'}")
    if result.status == "passed" and not one.proven:
        return Finding("claimed", f"{name}: {'flaky' if result.flaky else 'ambiguous'}, which proves nothing")
    if result.status == "passed":
        return worst((_by_environment(standard, one.result.environment), *_by_measures(standard, result.measured)))
    if result.status in {"skipped", "unknown"} and one.scenario.defect is None:
        cause = f" ({result.cause.replace('-', ' ')})" if result.cause else ""
        return Finding("unknown", f"{name}: {'skipped' if result.status == 'skipped' else f'not run{cause}'}")
    return Finding("unmet", f"{name}: {result.status if one.scenario.defect is None else 'can never run'}")


def _by_environment(standard: Standard, observed: str | None) -> Finding:
    asked = standard.min_environment
    if asked is None:
        return Finding("met")
    place = observed or "local"
    if place not in ENVIRONMENTS:
        return Finding("unknown", f"observed in {place!r}, which is none of {', '.join(ENVIRONMENTS)}")
    where = "locally" if place == "local" else f"in {place}"
    if [*ENVIRONMENTS].index(place) < ENVIRONMENTS.index(asked):
        return Finding("unmet", f"observed {where}; asks for {asked}")
    return Finding("met")


def _by_measures(standard: Standard, measured: Mapping[str, str]) -> list[Finding]:
    # A name that was recorded several times holds all its values: the worst of them counts.
    return [
        _by_measure(threshold, value)
        for name, threshold in standard.thresholds.items()
        if name in measured
        for value in each_of(measured[name], threshold.value)
    ]


def _by_measure(threshold: Threshold, value: str) -> Finding:
    verdict = satisfies(value, threshold.direction, threshold.value)
    if verdict is None:
        return Finding("unknown", f"{threshold.name} {value} cannot be compared with {_limit(threshold)}")
    if verdict:
        return Finding("met")
    return Finding("unmet", f"{threshold.name} was {value}; asks for {_limit(threshold)}")


def _limit(threshold: Threshold) -> str:
    return f"{LIMITS[threshold.direction]} {threshold.value}"


# ---- by records ----


def by_attestation(attestations: Sequence[Attestation], today: date) -> Finding:
    """What people's statements come to on a day: of those that have begun, the one that holds longest."""
    begun = [each for each in attestations if each.on <= today]
    if not begun:
        first = min(attestations, key=lambda each: each.on)
        return Finding("uncovered", f"attested by {first.by} from {first.on} only, which is still to come", first)
    newest = max(begun, key=lambda each: each.until)
    left = (newest.until - today).days
    if left < 0:
        note = f"attested by {newest.by} on {newest.on}; expired on {newest.until}"
        return Finding("stale", note, newest, newest.until)
    note = f"attested by {newest.by} until {newest.until}"
    if left <= DUE_DAYS:
        return Finding("due", f"{note}: {left} day{'s' * (left != 1)} left", newest, newest.until)
    return Finding("attested", note, newest, newest.until)


def by_report(standard: Standard, finding: ReportFinding, today: date) -> Finding:
    """What the report of another tool proves on a day."""
    path = finding.report.path
    if finding.error is not None:
        return Finding("unknown", f"{path}: {finding.error}", finding)
    if not finding.ok:
        return Finding("unmet", f"{path}: {finding.note}", finding)
    parts = (
        _by_age(standard, finding.made_on, today),
        _by_environment(standard, finding.report.environment),
        *_by_measures(standard, finding.measured),
    )
    found = worst(parts)
    return Finding(found.status, f"{path}: {found.note or finding.note}", finding)


def _by_age(standard: Standard, made_on: date | None, today: date) -> Finding:
    if made_on is not None and made_on > today + GRACE:
        return Finding("unknown", f"dated in the future, {made_on}, so nobody knows how old it is")
    for name in AGES:
        threshold = standard.thresholds.get(name)
        if threshold is None:
            continue
        if made_on is None:
            return Finding("stale", f"undated; may be {threshold.value} old at most")
        age = max((today - made_on).days, 0)
        fresh = satisfies(f"{age} day{'s' * (age != 1)}", "at-most", threshold.value)
        if fresh is None:
            return Finding("unknown", f"its age of {age} days cannot be compared with {threshold.value}")
        if not fresh:
            return Finding("stale", f"made on {made_on}; may be {threshold.value} old at most")
    return Finding("met")
