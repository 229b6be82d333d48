"""Reports of load drivers: k6's summary, Locust's JSON and its CSV of statistics."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mkdocs_jetty.standards.readers.reading import ReadingError, ReportReading, day, mapping, mappings, number

_DATES = ("timestamp", "generatedAt", "generated_at", "created", "date")


def read_k6(data: Mapping[str, Any]) -> ReportReading:
    """k6's summary, as `--summary-export` or as `handleSummary` writes it.

    k6 puts no date into it; a `handleSummary` of one's own can add `timestamp`.
    """
    metrics = {name: _values(metric) for name, metric in data["metrics"].items()}
    duration = metrics.get("http_req_duration", {})
    measured = {
        name: _milliseconds(value)
        for name, key in (("p95", "p(95)"), ("p99", "p(99)"), ("max", "max"))
        if (value := number(duration.get(key))) is not None
    }
    for name, unit in (("lcp", " ms"), ("inp", " ms"), ("cls", "")):
        vital = number(metrics.get(f"browser_web_vital_{name}", {}).get("p(75)"))
        if vital is not None:
            measured[name] = f"{vital:g}{unit}"
    if not measured:
        raise ReadingError("k6's summary holds neither http_req_duration nor web vitals with percentiles")
    users = metrics.get("vus_max", {})
    if (most := number(users.get("value", users.get("max")))) is not None:
        measured["users"] = f"{most:g}"
    failed = metrics.get("http_req_failed", {})
    rate = number(failed.get("rate", failed.get("value")))
    sources = (data, mapping(data.get("metadata")))
    made_on = next((found for source in sources for key in _DATES if (found := day(source.get(key)))), None)
    return ReportReading("k6", made_on, measured=_with_errors(measured, rate), error_rate=rate)


def _values(metric: Any) -> Mapping[str, Any]:
    metric = mapping(metric)
    return mapping(metric["values"]) if "values" in metric else metric


def read_locust(data: list[Any]) -> ReportReading:
    """Locust's `--json`: the response times of all requests, taken together."""
    entries = mappings(data)
    times: Counter[float] = Counter()
    for entry in entries:
        for time, count in mapping(entry.get("response_times")).items():
            milliseconds, times_seen = number(time), number(count)
            if milliseconds is None or times_seen is None or times_seen < 0:
                raise ReadingError("one of its response times is not a number")
            times[milliseconds] += int(times_seen)
    total = sum(number(entry.get("num_requests")) or 0 for entry in entries)
    if not times or total <= 0:
        raise ReadingError("it holds no request")
    rate = sum(number(entry.get("num_failures")) or 0 for entry in entries) / total
    measured = {
        "p95": _milliseconds(_percentile(times, 0.95)),
        "p99": _milliseconds(_percentile(times, 0.99)),
        "max": _milliseconds(max(number(entry.get("max_response_time")) or max(times) for entry in entries)),
    }
    days = [found for entry in entries if (found := day(entry.get("last_request_timestamp")))]
    return ReportReading("locust", max(days, default=None), measured=_with_errors(measured, rate), error_rate=rate)


def read_locust_csv(text: str) -> ReportReading:
    """Locust's `…_stats.csv`: its row of sums. It carries no date."""
    rows = list(csv.DictReader(io.StringIO(text)))
    row = next((row for row in rows if row.get("Name") == "Aggregated"), None)
    total = number(row.get("Request Count")) if row else None
    if row is None or not total or total <= 0:
        raise ReadingError("it has no row `Aggregated` with requests")
    columns = (("p95", "95%"), ("p99", "99%"), ("max", "Max Response Time"))
    measured = {
        name: _milliseconds(value) for name, column in columns if (value := number(row.get(column))) is not None
    }
    failures = number(row.get("Failure Count"))
    if failures is None or not measured:
        raise ReadingError("its row `Aggregated` lacks the failures or the percentiles")
    return ReportReading(
        "locust", None, measured=_with_errors(measured, failures / total), error_rate=failures / total
    )  # fmt: skip


def _percentile(times: Counter[float], share: float) -> float:
    wanted, seen = share * sum(times.values()), 0
    for time in sorted(times):
        seen += times[time]
        if seen >= wanted:
            return time
    return max(times)


def _with_errors(measured: Mapping[str, str], rate: float | None) -> dict[str, str]:
    return {**measured, "errors": f"{rate * 100:.3g}%"} if rate is not None else dict(measured)


def _milliseconds(value: float) -> str:
    return f"{round(value, 1):.10g} ms"
