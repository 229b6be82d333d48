"""What one piece of evidence says of one standard: scenarios, a person's statement, the report of another tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mkdocs_jetty.judge.model import JudgedScenario, Observation, StandardStatus
from mkdocs_jetty.judge.observations import acts, lacking, limit, named, observations
from mkdocs_jetty.standards.model import ENVIRONMENTS, Attestation, ReportFinding, Standard, Threshold
from mkdocs_jetty.standards.quantities import each_of, satisfies
from mkdocs_jetty.standards.readers.kinds import wanted

DUE_DAYS = 14
GRACE = timedelta(days=1)
"""How far ahead of ours the calendar of a tool may be, in another time zone."""
AGES = ("fresh", "every")
"""The thresholds that say how old a report may be."""
REPORT_AGE = "90 days"
"""The age that a report may have where its standard names none: a quarter, by our own judgement."""
WORSE: tuple[StandardStatus, ...] = ("unmet", "unknown", "claimed", "stale", "due", "attested", "met")


@dataclass(frozen=True)
class Finding:
    """A status with its reason, and the record that it rests on."""

    status: StandardStatus
    note: str = ""
    record: Attestation | ReportFinding | None = None
    expires: date | None = None
    observations: tuple[Observation, ...] = ()


def worst(found: Iterable[Finding]) -> Finding:
    """The one that counts where there are several; the first of those that are as bad."""
    return min(found, key=lambda each: WORSE.index(each.status))


# ---- by scenarios ----


@dataclass(frozen=True)
class Doubts:
    """Hold what is known of scenarios and loads beside this run."""

    vacuous: frozenset[str] = frozenset()
    """The ids of scenarios that passed without their When steps."""
    load: str | None = None
    """The normal load that the project declares."""


def by_scenarios(standard: Standard, claims: Sequence[JudgedScenario], doubts: Doubts) -> Finding:
    """Judge what production scenarios prove that claim a standard.

    Each of them has to hold, and together they have to observe all that the standard names.
    """
    each = [(one, _by_scenario(standard, one, doubts)) for one in claims]
    found = worst(finding for _, finding in each)
    if found.status not in {"met", "claimed"}:
        return found
    proving = [one for one, finding in each if finding.status == "met"]
    seen = observations(standard, proving, doubts.load)
    lacks = lacking(seen)
    # What is no evidence takes none away, but a doubt about what ran does.
    if found.status == "claimed" and (lacks or not proving or any(not one.proven for one in claims)):
        return replace(found, observations=seen)
    if lacks:
        how = "; a step records it with jetty_observe" if "not observed" in lacks else ""
        return Finding("claimed", f"{lacks}{how}", observations=seen)
    return Finding("met", "; ".join(named(seen)), observations=seen)


def _proves_nothing(standard: Standard, one: JudgedScenario, doubts: Doubts) -> str:
    """Why a scenario that passed is no evidence; empty where it is."""
    kinds = {step.type for step in one.scenario.steps if not step.background}
    if acts(standard, one):
        kinds.add("when")
    lacks = " and no ".join(word.capitalize() for word in ("when", "then") if word not in kinds)
    if lacks:
        return f"it has no {lacks} step, so it proves nothing"
    if one.scenario.id in doubts.vacuous:
        return "it passes without its When steps, so it proves nothing"
    if one.result.flaky:
        return "flaky, which proves nothing"
    return "" if one.proven else "ambiguous, which proves nothing"


def _by_scenario(standard: Standard, one: JudgedScenario, doubts: Doubts) -> Finding:
    name, result = one.scenario.name, one.result
    if one.scenario.wip:
        return Finding("unmet", f"{name}: {'the tag @wip has to go' if one.red and not one.known_red else 'known red'}")
    if result.status == "passed":
        why = _proves_nothing(standard, one, doubts)
        parts = (_by_environment(standard, one.result.environment), *_by_measures(standard, result.measured))
        return worst((*parts, Finding("claimed", f"{name}: {why}"))) if why else worst(parts)
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
        return Finding("unknown", f"{threshold.name} {value} cannot be compared with {limit(threshold)}")
    if verdict:
        return Finding("met")
    return Finding("unmet", f"{threshold.name} was {value}; asks for {limit(threshold)}")


# ---- by records ----


def by_attestation(attestations: Sequence[Attestation], today: date) -> Finding:
    """Return what people's statements come to on a day: of those that have begun, the one that holds longest."""
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


def by_reports(standard: Standard, findings: Sequence[ReportFinding], today: date) -> Finding:
    """Judge what reports prove together: each has to be good, and one of each kind of scan has to be there."""
    found = worst(by_report(standard, each, today) for each in findings)
    shown = {kind for each in findings for kind in each.kinds}
    missing = [kind for kind in standard.scans if kind not in shown]
    if found.status != "met" or not missing:
        return found
    return Finding("unmet", f"{found.note}; no report of a scan for {wanted(missing)}", found.record)


def by_report(standard: Standard, finding: ReportFinding, today: date) -> Finding:
    """Return what the report of another tool proves on a day."""
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
    asked = [standard.thresholds[name].value for name in AGES if name in standard.thresholds]
    for most in asked or [REPORT_AGE]:
        if made_on is None:
            return Finding("stale", f"undated; may be {most} old at most")
        age = max((today - made_on).days, 0)
        fresh = satisfies(f"{age} day{'s' * (age != 1)}", "at-most", most)
        if fresh is None:
            return Finding("unknown", f"its age of {age} days cannot be compared with {most}")
        if not fresh:
            return Finding("stale", f"made on {made_on}; may be {most} old at most")
    return Finding("met")
