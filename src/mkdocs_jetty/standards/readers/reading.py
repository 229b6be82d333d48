"""What all report formats come to, and the small tools with which they are read: nothing in a file is trusted."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Any, Literal

FORMATS = ("sarif", "cyclonedx", "junit", "pip-audit", "zap", "k6", "locust")
SCANS = ("sarif", "cyclonedx", "pip-audit", "zap")
"""Those that list what was found."""
MEASUREMENTS = ("junit", "k6", "locust")
"""Those that show numbers."""
Severity = Literal["critical", "high", "medium", "low", "info"]
TestOutcome = Literal["passed", "failed", "flaky", "skipped"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)\S*?(?:(Z)|([+-])(\d\d):?(\d\d))?)?\s*$")


class ReadingError(Exception):
    """A report that cannot be read; the message says why."""


@dataclass(frozen=True)
class Found:
    """One thing that a scan found and nobody has settled."""

    title: str
    severity: Severity | None
    """None where the report does not say."""
    since: date | None = None
    """When it became known to the world."""


@dataclass(frozen=True)
class ReportReading:
    """What a report says, whatever its format."""

    format: str
    made_on: date | None
    """By its own word."""
    found: tuple[Found, ...] | None = None
    """Of a scan."""
    tests: Mapping[TestOutcome, int] | None = None
    """Of a test run."""
    measured: Mapping[str, str] = field(default_factory=dict)
    """Numbers as text, by the names that thresholds have: `p95`, `users`."""
    tools: tuple[str, ...] = ()
    """The names of the scanners that made it, of each run one."""
    error_rate: float | None = None
    """The share of failed requests of a load run."""
    notes: tuple[str, ...] = ()


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; anything else is passed over."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A finite number, also where a tool wrote it as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def title(*values: Any) -> str:
    """The first text among the values, on one line and short."""
    for value in values:
        if isinstance(value, str) and value.strip():
            text = " ".join("".join(char if char.isprintable() else " " for char in value[:500]).split())
            return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 # what fits on a line
    return "without a name"


def severity_word(value: Any) -> Severity | None:
    """A severity by its usual names; None for what is no text."""
    word = value.strip().lower() if isinstance(value, str) else ""
    word = {"moderate": "medium", "informational": "info", "none": "info", "negligible": "info"}.get(word, word)
    return next((severity for severity in SEVERITIES if severity == word), None)


def severity_score(value: Any) -> Severity | None:
    """The severity of a CVSS score, by the bands of CVSS 3.1."""
    score = number(value)
    if score is None or not 0 <= score <= 10:  # noqa: PLR2004 # the scale's end
        return None
    bands: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
    return next((severity for floor, severity in bands if score >= floor), "info")


def severity_vector(value: Any) -> Severity | None:
    """The severity of a CVSS vector of version 2, 3 or 4; None where it is none, or the package `cvss` is missing."""
    if not isinstance(value, str):
        return None
    try:
        import cvss  # noqa: PLC0415 - the extra `reports`
    except ModuleNotFoundError:
        return None
    try:
        if value.startswith("CVSS:4"):
            return severity_score(cvss.CVSS4(value).base_score)
        kind = cvss.CVSS3 if value.startswith("CVSS:3") else cvss.CVSS2
        return severity_score(max(score for score in kind(value.strip("()")).scores() if score is not None))
    except (cvss.CVSSError, ValueError, KeyError, TypeError):
        return None


def day(value: Any) -> date | None:
    """The day of a moment as tools write it, in UTC where it names its offset."""
    if number(value) is not None and not isinstance(value, str):
        return _epoch_day(float(value))
    if not isinstance(value, str):
        return None
    try:
        if match := _ISO.match(value.strip()):
            return _iso_day(match)
        if parts := parsedate_tz(value):
            return date(*parts[:3])
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return None


def oldest(days: list[date | None]) -> date | None:
    """The oldest of the days; None if any is missing, for then nobody knows how old the whole is."""
    known = [each for each in days if each is not None]
    return min(known) if known and len(known) == len(days) else None


def _epoch_day(seconds: float) -> date | None:
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        return None


def _iso_day(match: re.Match[str]) -> date:
    year, month, monthday = (int(part) for part in match.groups()[:3])
    if not match[7]:
        return date(year, month, monthday)
    moment = datetime(year, month, monthday, int(match[4]), int(match[5]), tzinfo=timezone.utc)
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    return (moment - offset if match[7] == "+" else moment + offset).date()
