"""JUnit XML, read as a stream: a document type is refused before anything in it could be expanded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import get_args
from xml.parsers import expat

from mkdocs_jetty.standards.quantities import joined
from mkdocs_jetty.standards.readers.reading import ReadingError, ReportReading, TestOutcome, day, oldest, title

NOT_RUN = ("notrun", "disabled", "skipped")
"""What writers put as the `status` of a test that was left out."""
FAILED = ("failed", "failure", "error")

_COUNT = re.compile(r"\+?[0-9]{1,9}")
FLAKY = ("flakyFailure", "flakyError", "rerunFailure", "rerunError")
"""How Surefire and those who follow it tell of the attempts of a test that failed before it passed."""


def read_junit(text: str) -> ReportReading:
    """Count tests, and take numbers from `<property name="p95" value="…"/>`, all of those that share a name."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ReadingError(f"line {error.lineno} is not valid XML: {expat.ErrorString(error.code)}") from None
    except UnicodeEncodeError:
        raise ReadingError("it is not text in UTF-8") from None
    counts = reader.counts
    if not counts["failed"] and (contradiction := next(reader.contradictions(), None)):
        raise ReadingError(f"it contradicts itself: {contradiction}")
    return ReportReading(
        "junit",
        oldest(reader.days) if reader.days else reader.whole,
        tests={outcome: counts[outcome] for outcome in get_args(TestOutcome)},
        measured={name: joined(values) for name, values in reader.measured.items()},
    )


def _refuse(*_: object) -> None:
    raise ReadingError("it declares a document type, which a test report needs not have and which is not read")


@dataclass
class _Suite:
    """A suite's own counts, and what was found in it, with and without the suites inside."""

    said: Mapping[str, int]
    own: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)

    def contradiction(self) -> str | None:
        """Tell how its counts contradict what it holds; None where they agree, or leave room for it.

        Only for a suite in which no test case failed: then a contradiction could hide a failure.
        """
        if failed := self.said.get("failures", 0) + self.said.get("errors", 0):
            return f"a suite says that {failed} of its tests failed, and none of those is in the file"
        tests, found = self.said.get("tests"), self._found("tests")
        if tests is None:
            return None
        if tests in found:
            skipped = self.said.get("skipped", 0)
            too_many = skipped > max(self._found("skipped"))
            return f"a suite says that {skipped} of its tests were skipped, and the file does not" if too_many else None
        # pytest counts each subtest and writes one case for all: those not in the file passed by the suite's own word.
        if tests > max(found) and {"failures", "errors"} <= set(self.said):
            return None
        return f"a suite says {tests} tests, and holds {max(found)}"

    def _found(self, what: str) -> tuple[int, int]:
        # Writers differ in whether a suite's counts are those of the suites inside it too.
        return self.own[what], self.whole[what]


class _Reader:
    def __init__(self) -> None:
        self.depth = 0
        self.case: str | None = None
        self.counts = Counter[str]()
        self.days: list[date | None] = []
        self.whole: date | None = None
        self.measured: dict[str, list[str]] = {}
        self.open: list[_Suite] = []
        self.suites: list[_Suite] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self.depth and name not in ("testsuites", "testsuite"):
            raise ReadingError(f"it is XML, but no JUnit report: it begins with <{title(name)}>")
        self.depth += 1
        if name in ("testsuites", "testsuite"):
            self.suite(name, attributes)
        elif name == "testcase":
            status = attributes.get("status", "").lower()
            self.case = "skipped" if status in NOT_RUN else "failed" if status in FAILED else "passed"
        elif name in FLAKY and self.case == "passed":
            self.case = "flaky"
        elif name in ("failure", "error"):
            self.counts["failed"] += self.case is None
            self.case = self.case and "failed"
        elif name == "skipped" and self.case == "passed":
            self.case = "skipped"
        elif name == "property" and attributes.get("name") and attributes.get("value"):
            self.measured.setdefault(attributes["name"][:80], []).append(title(attributes["value"]))

    def suite(self, name: str, attributes: dict[str, str]) -> None:
        said = {key: int(value) for key, value in attributes.items()
                if key in ("tests", "failures", "errors", "skipped") and _COUNT.fullmatch(value.strip())}  # fmt: skip
        self.open.append(_Suite(said))
        self.suites.append(self.open[-1])
        if name == "testsuites":
            self.whole = day(attributes.get("timestamp"))
        elif "timestamp" in attributes:
            self.days.append(day(attributes["timestamp"]))

    def end(self, name: str) -> None:
        self.depth -= 1
        name = name.rpartition(":")[2]
        if name == "testcase" and self.case:
            self.counts[self.case] += 1
            found = {"tests": 1, "skipped": int(self.case == "skipped")}
            self.open[-1].own.update(found)
            for suite in self.open:
                suite.whole.update(found)
            self.case = None
        elif name in ("testsuites", "testsuite"):
            self.open.pop()

    def contradictions(self) -> Iterator[str]:
        return (each for suite in self.suites if (each := suite.contradiction()))
