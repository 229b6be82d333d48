"""What the running application tells of itself: log lines, metrics, error events."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections import Counter
from typing import TYPE_CHECKING

from harbour import VERSION
from harbour.audit import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harbour.database import Database

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SERVER_ERROR = 500
KEPT = frozenset({
    "time", "level", "event", "request_id", "user_id", "method", "route", "status", "duration_ms", "source_ip", "kind",
})  # fmt: skip


class Log:
    """One JSON object a line. What is not on the list of harmless fields is left out, however it came in."""

    def __init__(
        self, clock: Callable[[], float], file: Path | None, *, structured: bool = True, redacted: bool = True
    ) -> None:
        self._clock = clock
        self._file = file
        self._structured = structured
        self._redacted = redacted
        self._lock = threading.Lock()

    def write(self, event: str, level: str = "info", **fields: object) -> None:
        line: dict[str, object] = {"time": timestamp(self._clock()), "level": level, "event": event, **fields}
        if self._redacted:
            line = {name: value for name, value in line.items() if name in KEPT}
        # JSON escapes line breaks: nothing that a visitor sends can begin a line of its own.
        text = json.dumps(line) if self._structured else " ".join(str(value) for value in line.values())
        with self._lock:
            if self._file is None:
                print(text, file=sys.stderr, flush=True)
            else:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(f"{text}\n")


class Metrics:
    """Counts and a latency histogram for each route, in Prometheus' text format."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._failures: Counter[str] = Counter()
        self._buckets: Counter[tuple[str, float]] = Counter()
        self._sum: Counter[str] = Counter()
        self._count: Counter[str] = Counter()
        self.in_flight = 0

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        with self._lock:
            self._requests[method, route, status] += 1
            if status >= SERVER_ERROR:
                self._failures[route] += 1
            for bound in BUCKETS:
                if seconds <= bound:
                    self._buckets[route, bound] += 1
            self._sum[route] += seconds  # type: ignore[assignment] # a counter of seconds
            self._count[route] += 1

    def text(self) -> str:
        with self._lock:
            return "\n".join([*self._totals(), *self._histogram(), ""])

    def _totals(self) -> list[str]:
        lines = ["# HELP harbour_requests_total Requests answered.", "# TYPE harbour_requests_total counter"]
        for (method, route, status), number in sorted(self._requests.items()):
            labels = f'method="{method}",path="{route}",status="{status}"'
            lines.append(f"harbour_requests_total{{{labels}}} {number}")
        lines += ["# HELP harbour_failures_total Answers with a server error.", "# TYPE harbour_failures_total counter"]
        for route in sorted(self._count):
            lines.append(f'harbour_failures_total{{path="{route}"}} {self._failures[route]}')
        lines += [
            "# HELP harbour_requests_in_flight Requests being answered.",
            "# TYPE harbour_requests_in_flight gauge",
        ]
        return [*lines, f"harbour_requests_in_flight {self.in_flight}"]

    def _histogram(self) -> list[str]:
        name = "harbour_request_seconds"
        lines = [f"# HELP {name} Time to answer.", f"# TYPE {name} histogram"]
        for route in sorted(self._count):
            of_route = f'{name}_bucket{{path="{route}",le='
            lines += [f'{of_route}"{bound}"}} {self._buckets[route, bound]}' for bound in BUCKETS]
            lines.append(f'{name}_bucket{{path="{route}",le="+Inf"}} {self._count[route]}')
            lines.append(f'{name}_sum{{path="{route}"}} {self._sum[route]:.6f}')
            lines.append(f'{name}_count{{path="{route}"}} {self._count[route]}')
        return lines


class Errors:
    """Unexpected errors as events: where in the code, but never with what values."""

    def __init__(self, database: Database, clock: Callable[[], float], environment: str) -> None:
        self._database = database
        self._clock = clock
        self._environment = environment

    def record(self, error: BaseException, *, request_id: str, route: str) -> None:
        # The message of an exception may quote what a visitor typed; its type and its frames do not.
        frames = traceback.extract_tb(error.__traceback__)
        stack = "\n".join(f"{frame.name}, line {frame.lineno}" for frame in frames)
        event = (timestamp(self._clock()), VERSION, self._environment, request_id, route, type(error).__name__, stack)
        columns = "timestamp, release, environment, request_id, route, kind, stack"
        with self._database.writing() as connection:
            connection.execute(f"insert into error_event ({columns}) values (?, ?, ?, ?, ?, ?, ?)", event)  # noqa: S608

    def events(self) -> list[Mapping[str, object]]:
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute("select * from error_event order by id").fetchall()]
