"""JUnit XML, read as a stream: a document type is refused before anything in it could be expanded."""

from __future__ import annotations

from datetime import date
from xml.parsers import expat

from mkdocs_jetty.standards.readers.reading import ReadingError, ReportReading, day, oldest, title


def read_junit(text: str) -> ReportReading:
    """Count tests, and take numbers from `<property name="p95" value="…"/>`."""
    suites = _Suites()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = suites.start
    parser.EndElementHandler = suites.end
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ReadingError(f"line {error.lineno} is not valid XML: {expat.ErrorString(error.code)}") from None
    except UnicodeEncodeError:
        raise ReadingError("it is not text in UTF-8") from None
    counts = suites.counts
    return ReportReading(
        "junit",
        oldest(suites.days) if suites.days else suites.whole,
        tests={"passed": counts["passed"], "failed": counts["failed"], "skipped": counts["skipped"]},
        measured=suites.measured,
    )


def _refuse(*_: object) -> None:
    raise ReadingError("it declares a document type, which a test report needs not have and which is not read")


class _Suites:
    def __init__(self) -> None:
        self.depth = 0
        self.case: str | None = None
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.days: list[date | None] = []
        self.whole: date | None = None
        self.measured: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self.depth and name not in ("testsuites", "testsuite"):
            raise ReadingError(f"it is XML, but no JUnit report: it begins with <{title(name)}>")
        self.depth += 1
        if name == "testsuites":
            self.whole = day(attributes.get("timestamp"))
        elif name == "testsuite" and "timestamp" in attributes:
            self.days.append(day(attributes["timestamp"]))
        elif name == "testcase":
            self.case = "passed"
        elif name in ("failure", "error"):
            self.counts["failed"] += self.case is None
            self.case = self.case and "failed"
        elif name == "skipped" and self.case == "passed":
            self.case = "skipped"
        elif name == "property" and attributes.get("name") and attributes.get("value"):
            self.measured[attributes["name"][:80]] = title(attributes["value"])

    def end(self, name: str) -> None:
        self.depth -= 1
        if name.rpartition(":")[2] == "testcase" and self.case:
            self.counts[self.case] += 1
            self.case = None
