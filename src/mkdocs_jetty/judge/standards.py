"""Which standards hold: pure, from judged scenarios, records and findings to a verdict for each standard.

Evidence counts only in its own kind. A scenario may stand in for any kind, since it was observed now; a person's
statement stands in for nothing that a scenario or a report has to show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from mkdocs_jetty.judge.claims import check_claims
from mkdocs_jetty.judge.evidence import Doubts, Finding, by_attestation, by_reports, by_scenarios
from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardStatus, StandardVerdict
from mkdocs_jetty.standards.applies import applies_to
from mkdocs_jetty.standards.model import Attestation, Declaration, Preset, ReportFinding, Standard, Waiver

__all__ = ["check_claims", "judge_standards", "open_standards"]

UNDER_WAIVER: frozenset[StandardStatus] = frozenset({"unmet", "uncovered", "claimed", "stale", "unknown"})
OPEN: frozenset[StandardStatus] = UNDER_WAIVER
"""The states in which something is missing that nobody has agreed to do without."""


@dataclass(frozen=True)
class _Evidence:
    """What there is to judge one standard by, in one place."""

    claims: tuple[JudgedScenario, ...]
    attestations: tuple[Attestation, ...]
    waivers: tuple[Waiver, ...]
    findings: tuple[ReportFinding, ...]
    today: date
    doubts: Doubts


def judge_standards(
    features: Sequence[FeatureVerdict],
    preset: Preset,
    declaration: Declaration,
    findings: Sequence[ReportFinding],
    today: date,
    vacuous: Collection[str] = (),
) -> tuple[Mapping[str, tuple[StandardVerdict, ...]], tuple[StandardVerdict, ...]]:
    """Judge every standard of a preset: by feature id those that are for features, and those of the system.

    Args:
        features: With their scenarios judged.
        preset: What is asked.
        declaration: What people have declared.
        findings: What reports of other tools say.
        today: The day for which it is judged.
        vacuous: The ids of scenarios that passed without their When steps.
    """
    records = _Records(declaration, findings, today, Doubts(frozenset(vacuous), declaration.load))
    by_feature = {
        verdict.feature.id: tuple(
            _of_feature(standard, verdict, preset, records)
            for standard in preset.standards
            if standard.applies.scope == "feature"
        )
        for verdict in features
    }
    system = tuple(
        _of_system(standard, features, preset, records)
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
    doubts: Doubts

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
            doubts=self.doubts,
        )


def _names(standard: Standard, ids: Collection[str]) -> bool:
    return any(each in ids for each in (standard.id, *standard.aliases))


def _of_feature(standard: Standard, verdict: FeatureVerdict, preset: Preset, records: _Records) -> StandardVerdict:
    applies, why = applies_to(standard, verdict.feature.traits, preset.frameworks, verdict.feature.public)
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
        standard, found.status, found.note, why, _ids(evidence.claims), found.record, found.expires, found.observations
    )
    return _under_waiver(verdict, evidence) if found.status in UNDER_WAIVER else verdict


def _found(standard: Standard, evidence: _Evidence) -> Finding:
    claims = [one for one in evidence.claims if one.scenario.mode == "production"]
    shown = by_scenarios(standard, claims, evidence.doubts) if claims else None
    if shown is not None and shown.status in {"met", "unmet"}:
        return shown
    recorded = _by_records(standard, evidence)
    if recorded is not None:
        return recorded
    return shown or Finding("uncovered", _what_does_not_count(standard, evidence))


def _by_records(standard: Standard, evidence: _Evidence) -> Finding | None:
    if standard.evidence == "attestation" and evidence.attestations:
        return by_attestation(evidence.attestations, evidence.today)
    if standard.evidence == "external-check" and evidence.findings:
        return by_reports(standard, evidence.findings, evidence.today)
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
