"""What can only be told of a declaration with the preset, the specification and the day at hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Literal

from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards.catalogue import Entry, load_catalogue
from mkdocs_jetty.standards.model import (
    DECLARATION,
    Attestation,
    Declaration,
    Preset,
    Report,
    Standard,
    ThresholdChange,
    Waiver,
)
from mkdocs_jetty.standards.quantities import satisfies

MAX_WAIVER_DAYS = 180
MAX_OPEN_WAIVERS = 5
MAX_OPEN_WAIVERS_SHARE = 0.1
_VALIDITY = ("valid", "fresh", "every", "rotate")
_PROVED_BY = {
    "scenario": "a scenario",
    "attestation": "a person's dated statement",
    "external-check": "a report of another tool",
}
_INSTEAD = {
    "scenario": "write a production scenario tagged `@standard:{id}`, or a waiver",
    "attestation": "write an `[[attestation]]`, or a production scenario tagged `@standard:{id}`",
    "external-check": "name a file in `[[report]]`, or write a production scenario tagged `@standard:{id}`",
}
Record = Attestation | Waiver | Report


def check_declaration(
    declaration: Declaration,
    preset: Preset | None,
    spec_feature_ids: Collection[str] | None,
    today: date | None,
    *,
    ids_known: bool = True,
) -> list[Problem]:
    """Return what is wrong with the declaration in the light of the preset, the features and the day.

    Args:
        declaration: What was read; empty texts and `date.min` stand for what was wrong already, and are passed over.
        preset: What its presets come to; without one, the catalogue says which standards there are.
        spec_feature_ids: None where they are not known yet.
        today: None where no day is to be held against it.
        ids_known: False where presets are named and cannot be told: then any standard may be one of theirs.
    """
    problems = list(preset.dropped) if preset else []
    if today is not None:
        problems += _future_days(declaration, today)
    records: tuple[Record, ...] = (*declaration.attestations, *declaration.waivers, *declaration.reports)
    for record in records:
        standard = _standard(record.standard, preset)
        if ids_known and standard is None and record.standard:
            problems.append(_unknown_standard(record, preset))
        if spec_feature_ids is not None:
            problems += _of_a_feature(record, standard, spec_feature_ids)
        if standard is not None:
            problems += _of_its_kind(record, standard)
    if ids_known and preset is None:
        problems += [problem for change in declaration.thresholds for problem in _changed_rightly(change)]
    for attestation in declaration.attestations:
        problems += _attested_rightly(attestation, preset)
    for waiver in declaration.waivers:
        problems += _waived_rightly(waiver)
    return [*problems, *(_too_many_waivers(declaration, preset, today) if today else ())]


def validity(standard: Standard) -> str | None:
    """Tell how long an attestation or a report of this standard may count: its threshold for that, as written."""
    for name in _VALIDITY:
        threshold = standard.thresholds.get(name)
        if threshold is not None and satisfies("1 day", "at-most", threshold.value) is not None:
            return threshold.value
    return None


# ---- what a record names ----


def _standard(standard_id: str, preset: Preset | None) -> Standard | Entry | None:
    return preset.standard(standard_id) if preset else load_catalogue().entry(standard_id)


def _unknown_standard(record: Record, preset: Preset | None) -> Problem:
    known = [each.id for each in preset.standards] if preset else sorted(load_catalogue().ids)
    hint = did_you_mean(record.standard, known)
    return _problem(
        f"`{record.standard}` is not a standard of {preset.title if preset else 'the catalogue'}{hint}; correct the id "
        f"or take the {_kind(record)} out",
        record.line,
    )


def _of_a_feature(record: Record, standard: Standard | Entry | None, feature_ids: Collection[str]) -> Iterable[Problem]:
    if record.feature is None:
        return
    if record.feature not in feature_ids:
        hint = did_you_mean(record.feature, list(feature_ids))
        yield _problem(f"there is no feature with the id `{record.feature}`{hint}", record.line)
    elif standard is not None and standard.applies.scope == "system":
        message = f"`{standard.id}` is met once for the system; leave `feature` out of the {_kind(record)}"
        yield _problem(message, record.line, "warning")


def _of_its_kind(record: Record, standard: Standard | Entry) -> Iterable[Problem]:
    """A record that could never count is a mistake: its author believes that it does."""
    if isinstance(record, Waiver):
        return
    what, kind = ("a statement", "attestation") if isinstance(record, Attestation) else ("a report", "external-check")
    if standard.evidence != kind:
        yield _problem(
            f"`{standard.id}` is proved by {_PROVED_BY[standard.evidence]}; {what} cannot stand in for one: "
            f"{_INSTEAD[standard.evidence].format(id=standard.id)}",
            record.line,
        )
    elif isinstance(record, Report) and record.format and record.format not in (standard.reports or [record.format]):
        formats = ", ".join(standard.reports)
        message = f"a report of the kind {record.format} cannot answer `{standard.id}`; one of {formats} can"
        yield _problem(message, record.line)


def _changed_rightly(change: ThresholdChange) -> Iterable[Problem]:
    """A deviation in a project that names no preset yet: it has to make sense under one of those there are."""
    catalogue = load_catalogue()
    entry = catalogue.entry(change.standard)
    if entry is None:
        hint = did_you_mean(change.standard, sorted(catalogue.ids))
        yield _problem(f"there is no standard `{change.standard}`{hint}", change.line)
    elif (limit := entry.thresholds.get(change.name)) is None:
        names = ", ".join(entry.thresholds) or "none"
        yield _problem(f"{entry.id} has no threshold `{change.name}`; it has {names}", change.line)
    elif change.value and all(
        satisfies(change.value, limit.direction, value) is None for value in limit.values.values()
    ):
        asked = next(iter(limit.values.values()))
        yield _problem(
            f"{change.name} of {entry.id} is such as {asked!r}, and {change.value!r} cannot be compared with it; "
            "write the same kind of quantity",
            change.line,
        )


# ---- for how long ----


def _attested_rightly(attestation: Attestation, preset: Preset | None) -> Iterable[Problem]:
    standard = preset.standard(attestation.standard) if preset else None
    days = _days(attestation)
    if standard is None or standard.evidence != "attestation" or days is None:
        return
    limit = validity(standard)
    if limit is not None and satisfies(f"{days} days", "at-most", limit) is False:
        yield _problem(
            f"the attestation for `{standard.id}` runs {days} days, to {attestation.until}; "
            f"the standard allows at most {limit} from {attestation.on}",
            attestation.line,
        )


def _waived_rightly(waiver: Waiver) -> Iterable[Problem]:
    if (days := _days(waiver)) is not None and days > MAX_WAIVER_DAYS:
        yield _problem(
            f"the waiver for `{waiver.standard}` lasts {days} days; at most {MAX_WAIVER_DAYS} are allowed, "
            "then it has to be agreed anew",
            waiver.line,
        )


def _days(record: Attestation | Waiver) -> int | None:
    """Tell how long it runs; None where one of its days is wrong, which was said already."""
    return None if date.min in (record.on, record.until) else (record.until - record.on).days


def _too_many_waivers(declaration: Declaration, preset: Preset | None, today: date) -> Iterable[Problem]:
    if preset is None:
        return
    opened = [waiver for waiver in declaration.waivers if waiver.on <= today <= waiver.until]
    most = max(MAX_OPEN_WAIVERS, int(len(preset.standards) * MAX_OPEN_WAIVERS_SHARE))
    if len(opened) > most:
        yield _problem(
            f"{len(opened)} waivers are open, more than {most}: an exception that is the rule says the preset is wrong",
            opened[most].line,
            "warning",
        )


def _future_days(declaration: Declaration, today: date) -> Iterable[Problem]:
    days = [("`since`", declaration.since, declaration.since_line)]
    days += [(f"`on` of the transition to {each.state}", each.on, each.line) for each in declaration.history]
    signed: tuple[Attestation | Waiver, ...] = (*declaration.attestations, *declaration.waivers)
    days += [(f"`on` of the {_kind(each)} for `{each.standard}`", each.on, each.line) for each in signed]
    for what, day, line in days:
        if day is not None and day > today:
            yield _problem(f"{what} is {day}, which lies in the future; write the day on which it happened", line)


def _kind(record: Record) -> str:
    return type(record).__name__.lower()


def _problem(message: str, line: int | None, level: Literal["error", "warning"] = "error") -> Problem:
    return Problem(level, DECLARATION, line, None, message)
