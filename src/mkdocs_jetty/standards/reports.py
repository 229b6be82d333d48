"""Reports of other tools as evidence: the file is found, read and held against the standard's thresholds.

A report proves something only by what it says itself. One that is broken, empty or lies outside the project proves
nothing, and one without a date is never called fresh: the file's own date is that of the checkout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path, PureWindowsPath

from mkdocs_jetty.standards.model import Report, ReportFinding, Standard
from mkdocs_jetty.standards.quantities import each_of, parse, satisfies
from mkdocs_jetty.standards.readers import ReadingError, ReportReading, read
from mkdocs_jetty.standards.readers.kinds import kinds_of, wanted
from mkdocs_jetty.standards.readers.reading import MEASUREMENTS, SCANS, SEVERITIES, Found, Severity, TestOutcome

MAX_BYTES = 50 * 1024 * 1024
MAX_ERROR_RATE = 0.01
"""Response times of a run in which more than this share of requests failed say nothing. Our judgement."""

_AGES = ("every", "fresh", "valid")
"""How old the evidence may be, which the report's date shows."""
_UNRECORDED = ("rotate",)
"""Numbers that no tool writes into a report."""
_FINDINGS = dict.fromkeys(("level", *SEVERITIES), "")
"""The thresholds that a scan answers by what it found."""
_ALSO_CALLED = {"limit": "max"}
_SHOWN = 3


def read_report(root: Path, report: Report, standard: Standard) -> ReportFinding:
    """Return what a report says about its standard; a report that cannot be read says why, and proves nothing."""
    try:
        content = _content(Path(root), report.path)
        reading = _dated(_read(content, report), content, report)
        ok, note, measured = _judged(reading, standard)
    except ReadingError as error:
        return _unreadable(report, str(error))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError) as error:
        # Whatever shape a broken file takes, it must end here as a report that proves nothing.
        return _unreadable(report, f"it is broken ({type(error).__name__})")
    kinds, strange = _kinds(reading, standard)
    if strange:
        ok, note = False, "; ".join(filter(None, (note, strange)))
    notes = [note, *reading.notes]
    if reading.made_on is None:
        notes.append("the report carries no date, so it cannot count as fresh")
    return ReportFinding(report, ok, reading.made_on, "; ".join(notes), measured, kinds=kinds)


def _kinds(reading: ReportReading, standard: Standard) -> tuple[tuple[str, ...], str]:
    """The asked kinds that all of a report's scanners are of, and what is wrong with whose report it is."""
    if not standard.scans or reading.format not in SCANS:
        return (), ""
    each = [kinds_of(name) for name in reading.tools]
    shared = tuple(kind for kind in standard.scans if each and all(kind in kinds for kinds in each))
    if shared:
        return shared, ""
    made = ", ".join(reading.tools) or "a tool without a name"
    return (), f"it is the report of {made}; {standard.id} asks for a scan for {wanted(standard.scans)}"


def digest_of(content: bytes) -> str:
    """The digest by which a report is known again."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def noted(root: Path, path: str) -> tuple[ReportReading, str]:
    """A report as it is, with its digest.

    Raises:
        ReadingError: If it cannot be read.
    """
    content = _content(root, path)
    try:
        return read(content), digest_of(content)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, ArithmeticError, RecursionError) as error:
        raise ReadingError(f"it is broken ({type(error).__name__})") from None


def _dated(reading: ReportReading, content: bytes, report: Report) -> ReportReading:
    """A report with the day that was noted for it, where it carries none; of another file nobody knows the day."""
    if report.digest is None or report.made_on is None:
        return reading
    if digest_of(content) != report.digest:
        note = "the file is another than the one that was noted: `jetty evidence add` notes it anew"
        return replace(reading, notes=(*reading.notes, note))
    if reading.made_on is not None:
        return reading
    by = f" by {report.by}" if report.by else ""
    note = f"made on {report.made_on}, as noted{by}"
    return replace(reading, made_on=report.made_on, notes=(*reading.notes, note))


def _read(content: bytes, report: Report) -> ReportReading:
    reading = read(content)
    if report.format and report.format != reading.format:
        raise ReadingError(f"it is declared as {report.format}, but is {reading.format}")
    return reading


def _unreadable(report: Report, why: str) -> ReportFinding:
    return ReportFinding(report, ok=False, made_on=None, note=f"{report.path}: {why}", error=why)


def _content(root: Path, name: str) -> bytes:
    try:
        root = root.resolve()
        path = (root / name).resolve()
        if Path(name).is_absolute() or PureWindowsPath(name).drive or not path.is_relative_to(root):
            raise ReadingError("it lies outside the project; name a path below the directory of jetty.toml")
        if not path.exists():
            raise ReadingError("there is no such file")
        if not path.is_file():
            raise ReadingError("it is not a file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:
        raise ReadingError(f"it cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise ReadingError(f"it is larger than {MAX_BYTES // 1024 // 1024} MB")
    return content


def answering(standard: Standard) -> tuple[str, ...]:
    """The formats that can answer a standard: those that it names, or else what its thresholds are of.

    A scan says what it found, so without a threshold for findings its silence answers nothing that was asked.
    """
    if standard.reports:
        return standard.reports
    level = standard.thresholds.get("level")
    asks_for_findings = any(name in standard.thresholds for name in SEVERITIES)
    asks_for_findings |= level is not None and level.value.strip().lower() in SEVERITIES
    return SCANS if asks_for_findings else MEASUREMENTS


def _judged(reading: ReportReading, standard: Standard) -> tuple[bool, str, Mapping[str, str]]:
    if reading.format not in (formats := answering(standard)):
        counted = _counted(reading.found) if reading.found is not None else {}
        note = f"a report of the kind {reading.format} cannot answer {standard.id}; one of {', '.join(formats)} can"
        return False, note, counted
    if reading.found is not None:
        ok, note = _judged_scan(reading.found, reading.made_on, standard)
        missing = _missing(_FINDINGS, standard)
        return ok and not missing, "; ".join([note, *missing, *_hidden(_FINDINGS, standard)]), _counted(reading.found)
    if reading.tests is not None:
        return _judged_tests(reading.tests, reading.measured, standard)
    ok, note = _judged_load(reading, standard)
    return ok, note, reading.measured


# ---- scans ----


def _judged_scan(found: Sequence[Found], made_on: date | None, standard: Standard) -> tuple[bool, str]:
    ages = {severity: standard.thresholds[severity] for severity in SEVERITIES if severity in standard.thresholds}
    if ages:
        late = [each for each in found if not _is_young(each, made_on, {key: ages[key].value for key in ages})]
        asked = ", ".join(f"{severity} older than {threshold.value}" for severity, threshold in ages.items())
        return not late, f"{_count(late)} ({asked}){_listed(late)}"
    level = standard.thresholds.get("level")
    asked_level = level.value.strip().lower() if level else "low"
    floor = next((severity for severity in SEVERITIES if severity == asked_level), "low")
    counted = SEVERITIES[: SEVERITIES.index(floor) + 1]
    # A finding whose severity is not stated could be of any: it counts.
    grave = [each for each in found if each.severity is None or each.severity in counted]
    return not grave, f"{_count(grave)} of severity {floor} or above{_listed(grave)}"


def _is_young(found: Found, made_on: date | None, ages: Mapping[Severity, str]) -> bool:
    """Tell whether a finding may still be open; one that does not say how grave or how old it is may not."""
    if found.severity is None:
        limit: str | None = next(iter(ages.values()))
    else:
        limit = ages.get(found.severity)
    if limit is None:
        return True
    if made_on is None or found.since is None:
        return False
    days = (made_on - found.since).days
    if days < -1:  # a day of grace, for time zones; what became known after the scan has a wrong date
        return False
    return satisfies(f"{max(days, 0)} days", "at-most", limit) is True


def _counted(found: Sequence[Found]) -> dict[str, str]:
    counts = {severity: sum(each.severity == severity for each in found) for severity in SEVERITIES}
    unstated = sum(each.severity is None for each in found)
    shown = {f"findings {severity}": str(count) for severity, count in counts.items()}
    return {**shown, "findings of unstated severity": str(unstated)} if unstated else shown


def _count(found: Sequence[Found]) -> str:
    return f"{len(found)} finding{'' if len(found) == 1 else 's'}"


def _listed(found: Sequence[Found]) -> str:
    if not found:
        return ""
    names = ", ".join(each.title for each in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f": {names}{more}"


# ---- test runs ----


def _judged_tests(
    tests: Mapping[TestOutcome, int], properties: Mapping[str, str], standard: Standard
) -> tuple[bool, str, Mapping[str, str]]:
    measured = {name: value for name, value in properties.items() if name in standard.thresholds}
    below = [*_below(measured, standard), *_missing(measured, standard)]
    note = ", ".join(f"{count} {'test' if count == 1 else 'tests'} {word}" for word, count in tests.items() if count)
    note = note or "no test was run"
    # What passes now and then is not proved.
    ok = tests["passed"] > 0 and not tests["failed"] and not tests["flaky"] and not below
    named = {standard.id, *standard.aliases} & {*properties.get("standard", "").split("; ")}
    if ok and not named:  # whatever a test run is of, it passes
        ok = False
        below.append(f'it does not name the standard: <property name="standard" value="{standard.id}"/>')
    return ok, "; ".join([note, *below, *_hidden(measured, standard)]), measured


# ---- measurements ----


def _judged_load(reading: ReportReading, standard: Standard) -> tuple[bool, str]:
    asked = _numbers(standard)
    measured = dict(reading.measured)
    for name, other in _ALSO_CALLED.items():
        if name in asked and name not in measured and other in measured:
            measured[name] = measured[other]
    said = ", ".join(f"{name} {value}" for name, value in reading.measured.items())
    wrong = [*_below(measured, standard), *_missing(measured, standard)]
    if not asked:
        wrong.append("the standard asks for no number that a load run could show")
    if reading.error_rate is not None and reading.error_rate > MAX_ERROR_RATE and "errors" not in standard.thresholds:
        wrong.append(f"{reading.error_rate:.0%} of the requests failed, so the times say nothing")
    return not wrong, "; ".join([said, *wrong, *_hidden(measured, standard)])


def _numbers(standard: Standard) -> list[str]:
    """The thresholds that a report has to show: all that are numbers, but ages and those that no tool records."""
    return [
        name
        for name, each in standard.thresholds.items()
        if name not in (*_AGES, *_UNRECORDED) and (each.direction != "exact" or parse(each.value) is not None)
    ]


def _missing(measured: Mapping[str, str], standard: Standard) -> list[str]:
    missing = [name for name in _numbers(standard) if name not in measured]
    return [f"not in the report: {', '.join(missing)}"] if missing else []


def _hidden(measured: Mapping[str, str], standard: Standard) -> list[str]:
    """Return what the report need not say, and does not: what is asked in words, and what no tool records."""
    known = (*_AGES, *_numbers(standard), *measured)
    hidden = [name for name in standard.thresholds if name not in known]
    return [f"threshold not shown: {', '.join(hidden)}"] if hidden else []


def _below(measured: Mapping[str, str], standard: Standard) -> list[str]:
    """Return what falls short of its threshold, or cannot be compared with it: in sentences."""
    wrong = []
    for name, values in measured.items():
        if (threshold := standard.thresholds.get(name)) is None:
            continue
        limit = f"{threshold.direction.replace('-', ' ')} {threshold.value}"
        for value in each_of(values, threshold.value):
            verdict = satisfies(value, threshold.direction, threshold.value)
            if verdict is None:
                wrong.append(f"{name} {value} cannot be compared with {limit}")
            elif not verdict:
                wrong.append(f"{name} is {value}, and {limit} is asked")
    return wrong
