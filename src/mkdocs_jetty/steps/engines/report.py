"""The load ran elsewhere: the report of k6, Locust or a JUnit file is what was observed, with its age."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.standards.model import Environment
from mkdocs_jetty.standards.quantities import parse, satisfies
from mkdocs_jetty.standards.readers import ReadingError, ReportReading, read
from mkdocs_jetty.steps.engines.result import LoadResult

OLDEST = 7
"""Days for which a report counts where nobody says otherwise."""
UNSEEN = "whether an answer was correct is what the tool says that made the report"


def load_report(path: Path, environment: Environment, asked: dict[str, str], oldest: float = OLDEST) -> LoadResult:
    """Return what a report says.

    Args:
        path: The file.
        environment: Where the load ran.
        asked: What the report must show to have been as large as was asked: `{"users": "5000"}`.
        oldest: Days after which it proves nothing any more.

    Raises:
        Unavailable: If it cannot be read, is too old or of a day to come, or does not show what was asked.
    """
    try:
        reading = read(path.read_bytes())
    except OSError as error:
        raise Unavailable(f"the load report {path.name} cannot be opened: {error.strerror}") from None
    except (ReadingError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise Unavailable(f"the load report {path.name} cannot be read: {error}") from None
    age = _age(path, reading, oldest)
    for name, value in asked.items():
        shown = reading.measured.get(name)
        if shown is None or satisfies(shown, "at-least", value) is None:
            raise Unavailable(f"the load report {path.name} does not show {name}, and {value} is asked")
        if not satisfies(shown, "at-least", value):
            raise AssertionError(f"the load report {path.name} shows {name} {shown}, and {value} is asked")
    return _result(reading, environment, f"{reading.format} report, {age} day{'s' * (age != 1)} old")


def _age(path: Path, reading: ReportReading, oldest: float) -> int:
    if reading.made_on is None:
        raise Unavailable(f"the load report {path.name} carries no date, so nobody knows how old it is")
    age = (_today() - reading.made_on).days
    if age < -1:  # a day of grace, for the tool's clock may be in another time zone
        raise Unavailable(f"the load report {path.name} is of {reading.made_on}, which is still to come")
    if age > oldest:
        raise Unavailable(f"the load report {path.name} is {age} days old, and at most {oldest:g} are asked")
    return max(age, 0)


def _today() -> date:
    return datetime.now(tz=timezone.utc).date()


def _result(reading: ReportReading, environment: Environment, note: str) -> LoadResult:
    if reading.found is not None:
        raise Unavailable(f"{reading.format} is not a report of a load")
    rate = reading.error_rate
    if reading.tests is not None:
        ran = reading.tests["passed"] + reading.tests["failed"]
        rate = reading.tests["failed"] / ran if ran else 1.0
    if rate is None and (errors := parse(reading.measured.get("errors", ""))) and errors.kind == "percentage":
        rate = float(errors.amount) / 100
    p50, p95, p99, slowest = (_seconds(reading.measured.get(name)) for name in ("p50", "p95", "p99", "max"))
    users = parse(reading.measured.get("users", ""))
    return LoadResult(
        "report", environment, int(users.amount) if users else None, 0, p50=p50, p95=p95, p99=p99, max=slowest,
        error_rate=rate, made_on=reading.made_on, notes=(note, *reading.notes, UNSEEN),
    )  # fmt: skip


def _seconds(text: str | None) -> float | None:
    quantity = parse(text) if text else None
    return float(quantity.amount) if quantity and quantity.kind == "duration" else None
