"""Which standards hold: pure, from judged scenarios, records and findings to a verdict for each standard.

Evidence counts only in its own kind. A scenario may stand in for any kind, since it was observed now; a person's
statement stands in for nothing that a scenario or a report has to show.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardStatus, StandardVerdict
from mkdocs_jetty.spec.model import Feature, Problem, Spec
from mkdocs_jetty.standards.model import (
    ENVIRONMENTS,
    Attestation,
    Declaration,
    Preset,
    ReportFinding,
    Standard,
    Threshold,
    Waiver,
)
from mkdocs_jetty.standards.presets import applies_to
from mkdocs_jetty.standards.quantities import satisfies

DUE_DAYS = 14
AGES = ("fresh", "every")
"""The thresholds that say how old a report may be."""
TAG = "@standard:"
LIMITS = {"at-most": "at most", "at-least": "at least", "exact": "exactly"}
UNDER_WAIVER: frozenset[StandardStatus] = frozenset({"unmet", "uncovered", "stale", "unknown"})
OPEN: frozenset[StandardStatus] = frozenset({"unmet", "uncovered", "stale", "unknown"})
"""The states in which something is missing that nobody has agreed to do without."""
WORSE: tuple[StandardStatus, ...] = ("unmet", "unknown", "stale", "due", "attested", "met")
NO_TRAITS = (
    "an external project decides by traits which standards apply: declare them in the front matter, "
    "`jetty: {traits: [authentication]}`, or `traits: []` where none fits"
)
NO_TRAIT_TAGS = (
    "an external project decides by traits which standards apply: give the feature tags such as "
    "`@trait:authentication`, or `@trait:none` where none fits"
)


@dataclass(frozen=True)
class _Evidence:
    """What there is to judge one standard by, in one place."""

    claims: tuple[JudgedScenario, ...]
    attestations: tuple[Attestation, ...]
    waivers: tuple[Waiver, ...]
    findings: tuple[ReportFinding, ...]
    today: date


@dataclass(frozen=True)
class _Finding:
    """A status with its reason, and the record that it rests on."""

    status: StandardStatus
    note: str = ""
    record: Attestation | ReportFinding | None = None
    expires: date | None = None


def judge_standards(
    features: Sequence[FeatureVerdict],
    preset: Preset,
    declaration: Declaration,
    findings: Sequence[ReportFinding],
    today: date,
) -> tuple[Mapping[str, tuple[StandardVerdict, ...]], tuple[StandardVerdict, ...]]:
    """Judge every standard of a preset: by feature id those that are for features, and those of the system."""
    by_feature = {
        verdict.feature.id: tuple(
            _of_feature(standard, verdict, preset, _Records(declaration, findings, today))
            for standard in preset.standards
            if standard.applies.scope == "feature"
        )
        for verdict in features
    }
    system = tuple(
        _of_system(standard, features, preset, _Records(declaration, findings, today))
        for standard in preset.standards
        if standard.applies.scope == "system"
    )
    return by_feature, system


def open_standards(standards: Iterable[StandardVerdict]) -> list[StandardVerdict]:
    """Those for which something is missing that nobody has agreed to do without."""
    return [verdict for verdict in standards if verdict.status in OPEN]


# ---- whose evidence ----


@dataclass(frozen=True)
class _Records:
    """What people and tools have said, of which each standard sees its own part."""

    declaration: Declaration
    findings: Sequence[ReportFinding]
    today: date

    def of(self, standard: Standard, scenarios: Iterable[JudgedScenario], feature: str | None) -> _Evidence:
        # A record that names no feature speaks for the whole system, each feature included.
        places = {None, feature}
        return _Evidence(
            claims=tuple(one for one in scenarios if _names(standard, one.scenario.standards)),
            attestations=tuple(
                each
                for each in self.declaration.attestations
                if each.feature in places and _names(standard, (each.standard,))
            ),
            waivers=tuple(
                each
                for each in self.declaration.waivers
                if each.feature in places and _names(standard, (each.standard,))
            ),
            findings=tuple(
                each
                for each in self.findings
                if each.report.feature in places and _names(standard, (each.report.standard,))
            ),
            today=self.today,
        )


def _names(standard: Standard, ids: Collection[str]) -> bool:
    return any(each in ids for each in (standard.id, *standard.aliases))


def _of_feature(standard: Standard, verdict: FeatureVerdict, preset: Preset, records: _Records) -> StandardVerdict:
    applies, why = applies_to(standard, verdict.feature.traits, preset.frameworks)
    evidence = records.of(standard, verdict.scenarios, verdict.feature.id)
    return _judge(standard, evidence, why) if applies else _not_applicable(standard, evidence, why)


def _of_system(
    standard: Standard, features: Sequence[FeatureVerdict], preset: Preset, records: _Records
) -> StandardVerdict:
    applies, why = _applies_to_system(standard, features, preset)
    evidence = records.of(standard, (one for verdict in features for one in verdict.scenarios), None)
    return _judge(standard, evidence, why) if applies else _not_applicable(standard, evidence, why)


def _applies_to_system(standard: Standard, features: Sequence[FeatureVerdict], preset: Preset) -> tuple[bool, str]:
    applies, why = applies_to(standard, (), preset.frameworks)
    if applies:
        return True, why
    for verdict in features:
        by_feature, reason = applies_to(standard, verdict.feature.traits, preset.frameworks)
        if by_feature:
            return True, f"{reason}, as in {verdict.feature.name}"
    return False, why


def _not_applicable(standard: Standard, evidence: _Evidence, why: str) -> StandardVerdict:
    return StandardVerdict(standard, "not-applicable", why=why, scenarios=_ids(evidence.claims))


def _ids(claims: Iterable[JudgedScenario]) -> tuple[str, ...]:
    return tuple(one.scenario.id for one in claims)


# ---- one standard ----


def _judge(standard: Standard, evidence: _Evidence, why: str) -> StandardVerdict:
    found = _found(standard, evidence)
    verdict = StandardVerdict(
        standard, found.status, found.note, why, _ids(evidence.claims), found.record, found.expires
    )
    return _under_waiver(verdict, evidence) if found.status in UNDER_WAIVER else verdict


def _found(standard: Standard, evidence: _Evidence) -> _Finding:
    claims = [one for one in evidence.claims if one.scenario.mode == "production"]
    shown = _by_scenarios(standard, claims) if claims else None
    if shown is not None and shown.status in {"met", "unmet"}:
        return shown
    recorded = _by_records(standard, evidence)
    if recorded is not None:
        return recorded
    return shown or _Finding("uncovered", _what_does_not_count(standard, evidence))


def _by_records(standard: Standard, evidence: _Evidence) -> _Finding | None:
    if standard.evidence == "attestation" and evidence.attestations:
        return _by_attestation(evidence.attestations, evidence.today)
    if standard.evidence == "external-check" and evidence.findings:
        return _worst(_by_report(standard, finding, evidence.today) for finding in evidence.findings)
    return None


def _what_does_not_count(standard: Standard, evidence: _Evidence) -> str:
    notes = [_nothing_yet(standard)]
    if evidence.claims:
        modes = " and ".join(sorted({one.scenario.mode for one in evidence.claims}))
        notes.append(f"it is claimed in {modes} mode only, and a claim counts in production mode")
    if evidence.attestations:
        notes.append(f"an attestation does not stand in for {_kind(standard)}")
    if evidence.findings:
        notes.append(f"a report does not stand in for {_kind(standard)}")
    return "; ".join(notes)


def _nothing_yet(standard: Standard) -> str:
    return {
        "scenario": "no production scenario claims it",
        "attestation": "nobody has attested it",
        "external-check": "no report is named for it",
    }[standard.evidence]


def _kind(standard: Standard) -> str:
    return {"scenario": "a scenario", "attestation": "an attestation", "external-check": "a report"}[standard.evidence]


def _worst(found: Iterable[_Finding]) -> _Finding:
    return min(found, key=lambda each: WORSE.index(each.status))


# ---- by scenarios ----


def _by_scenarios(standard: Standard, claims: Sequence[JudgedScenario]) -> _Finding:
    worst = _worst(_by_scenario(standard, one) for one in claims)
    if worst.status != "met":
        return worst
    measured = {name: value for one in claims for name, value in one.result.measured.items()}
    hidden = [name for name in standard.thresholds if name not in measured]
    shown = [f"{name} {measured[name]} ({_limit(standard.thresholds[name])})" for name in standard.thresholds
             if name in measured]  # fmt: skip
    if hidden:
        shown.append(f"threshold not shown: {', '.join(hidden)}" if shown else "threshold not shown")
    return _Finding("met", "; ".join(shown))


def _by_scenario(standard: Standard, one: JudgedScenario) -> _Finding:
    name, result = one.scenario.name, one.result
    if one.scenario.wip:
        return _Finding(
            "unmet", f"{name}: {'the tag @wip has to go' if one.red and not one.known_red else 'known red'}"
        )
    if result.status == "passed":
        return _worst((_by_environment(standard, one.result.environment), *_by_measures(standard, result.measured)))
    if result.status in {"skipped", "unknown"} and one.scenario.defect is None:
        cause = f" ({result.cause.replace('-', ' ')})" if result.cause else ""
        return _Finding("unknown", f"{name}: {'skipped' if result.status == 'skipped' else f'not run{cause}'}")
    return _Finding("unmet", f"{name}: {result.status if one.scenario.defect is None else 'can never run'}")


def _by_environment(standard: Standard, observed: str | None) -> _Finding:
    asked = standard.min_environment
    if asked is None:
        return _Finding("met")
    place = observed or "local"
    if place not in ENVIRONMENTS:
        return _Finding("unknown", f"observed in {place!r}, which is none of {', '.join(ENVIRONMENTS)}")
    where = "locally" if place == "local" else f"in {place}"
    if [*ENVIRONMENTS].index(place) < ENVIRONMENTS.index(asked):
        return _Finding("unmet", f"observed {where}; asks for {asked}")
    return _Finding("met")


def _by_measures(standard: Standard, measured: Mapping[str, str]) -> list[_Finding]:
    return [
        _by_measure(threshold, measured[name]) for name, threshold in standard.thresholds.items() if name in measured
    ]


def _by_measure(threshold: Threshold, value: str) -> _Finding:
    verdict = satisfies(value, threshold.direction, threshold.value)
    if verdict is None:
        return _Finding("unknown", f"{threshold.name} {value} cannot be compared with {_limit(threshold)}")
    if verdict:
        return _Finding("met")
    return _Finding("unmet", f"{threshold.name} was {value}; asks for {_limit(threshold)}")


def _limit(threshold: Threshold) -> str:
    return f"{LIMITS[threshold.direction]} {threshold.value}"


# ---- by records ----


def _by_attestation(attestations: Sequence[Attestation], today: date) -> _Finding:
    begun = [each for each in attestations if each.on <= today]
    if not begun:
        first = min(attestations, key=lambda each: each.on)
        return _Finding("uncovered", f"attested by {first.by} from {first.on} only, which is still to come", first)
    newest = max(begun, key=lambda each: each.until)
    left = (newest.until - today).days
    if left < 0:
        note = f"attested by {newest.by} on {newest.on}; expired on {newest.until}"
        return _Finding("stale", note, newest, newest.until)
    note = f"attested by {newest.by} until {newest.until}"
    if left <= DUE_DAYS:
        return _Finding("due", f"{note}: {left} day{'s' * (left != 1)} left", newest, newest.until)
    return _Finding("attested", note, newest, newest.until)


def _by_report(standard: Standard, finding: ReportFinding, today: date) -> _Finding:
    path = finding.report.path
    if finding.error is not None:
        return _Finding("unknown", f"{path}: {finding.error}", finding)
    if not finding.ok:
        return _Finding("unmet", f"{path}: {finding.note}", finding)
    parts = (
        _by_age(standard, finding.made_on, today),
        _by_environment(standard, finding.report.environment),
        *_by_measures(standard, finding.measured),
    )
    worst = _worst(parts)
    return _Finding(worst.status, f"{path}: {worst.note or finding.note}", finding)


def _by_age(standard: Standard, made_on: date | None, today: date) -> _Finding:
    for name in AGES:
        threshold = standard.thresholds.get(name)
        if threshold is None:
            continue
        if made_on is None:
            return _Finding("stale", f"undated; may be {threshold.value} old at most")
        age = max((today - made_on).days, 0)
        fresh = satisfies(f"{age} day{'s' * (age != 1)}", "at-most", threshold.value)
        if fresh is None:
            return _Finding("unknown", f"its age of {age} days cannot be compared with {threshold.value}")
        if not fresh:
            return _Finding("stale", f"made on {made_on}; may be {threshold.value} old at most")
    return _Finding("met")


def _under_waiver(verdict: StandardVerdict, evidence: _Evidence) -> StandardVerdict:
    begun = [each for each in evidence.waivers if each.on <= evidence.today]
    if not begun:
        return verdict
    waiver = max(begun, key=lambda each: each.until)
    if waiver.until < evidence.today:
        ended = f"the waiver of {waiver.owner} expired on {waiver.until}"
        return replace(verdict, note="; ".join(filter(None, (verdict.note, ended))))
    note = f"{waiver.reason}: {waiver.text} (owner {waiver.owner}, until {waiver.until})"
    return replace(verdict, status="waived", note=note, record=waiver, expires=waiver.until)


# ---- what authors have to mend ----


def check_claims(spec: Spec, preset: Preset | None, known: Collection[str], *, external: bool) -> list[Problem]:
    """Find claims of standards that do not exist, or that prove nothing here, and features that declare no traits.

    Args:
        spec: What was read.
        preset: The project's preset, if it has one.
        known: The ids of every standard there is, in any preset.
        external: Whether standards are judged at all.
    """
    ids = {*known, *((each for one in preset.standards for each in (one.id, *one.aliases)) if preset else ())}
    found = [problem for feature in spec.features for problem in _claims_of(feature, preset, ids, external=external)]
    if external and preset is not None:
        found.extend(_without_traits(spec))
    return list(dict.fromkeys(found))


def _claims_of(feature: Feature, preset: Preset | None, ids: Collection[str], *, external: bool) -> Iterable[Problem]:
    for scenario in feature.scenarios:
        for claimed in scenario.standards:
            if claimed not in ids:
                yield Problem("error", feature.page, scenario.line, None, _unknown(claimed, ids))
            elif external and preset is not None:
                reason = _proves_nothing(claimed, feature, preset)
                if reason:
                    yield Problem("warning", feature.page, scenario.line, None, f"`{TAG}{claimed}` {reason}")


def _unknown(claimed: str, ids: Collection[str]) -> str:
    close = difflib.get_close_matches(claimed, sorted(ids), 1)
    meant = f"did you mean `{TAG}{close[0]}`?" if close else "the catalogue of standards lists those there are"
    return f"`{TAG}{claimed}`: there is no such standard; {meant}"


def _proves_nothing(claimed: str, feature: Feature, preset: Preset) -> str | None:
    standard = preset.standard(claimed)
    if standard is None:
        return f"counts for nothing: the preset {preset.title} does not ask for it"
    if standard.applies.scope == "system":
        return None
    applies, why = applies_to(standard, feature.traits, preset.frameworks)
    return None if applies else f"counts for nothing: the standard does not apply to {feature.name} ({why})"


def _without_traits(spec: Spec) -> Iterable[Problem]:
    for feature in spec.features:
        if feature.traits_declared:
            continue
        if feature.page.endswith(".feature"):
            yield Problem("error", feature.page, feature.line, None, NO_TRAIT_TAGS)
        else:
            yield Problem("error", feature.page, 1, None, NO_TRAITS)
