"""Reports of other tools: what they say, what that is worth, and what proves nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from mkdocs_jetty.standards.model import Applies, Report, ReportFinding, Standard, Threshold
from mkdocs_jetty.standards.reports import read_report

REPORTS = Path(__file__).parent / "reports"


def standard(**thresholds: str) -> Standard:
    exact = {"level"}
    return Standard(
        "some-standard", "security", "Some", "Some.", Applies("system"), "external-check",
        {name: Threshold(name, "exact" if name in exact else "at-most", value, value)
         for name, value in thresholds.items()},
    )  # fmt: skip


AGES = standard(critical="14 days", high="30 days", fresh="7 days")
TIMES = standard(p95="500 ms", p99="1 second")


def finding(name: str, asked: Standard, root: Path = REPORTS, report_format: str | None = None) -> ReportFinding:
    return read_report(root, Report(asked.id, name, report_format), asked)


@pytest.mark.parametrize(
    ("name", "made_on"),
    [
        ("semgrep.sarif", date(2026, 11, 20)),
        ("components.cdx.json", date(2026, 11, 20)),  # an hour after midnight, two hours east
        ("zap.json", date(2026, 11, 20)),
        ("junit.xml", date(2026, 11, 19)),
        ("k6-summary.json", date(2026, 11, 21)),
        ("locust.json", date(2026, 11, 21)),
        ("pip-audit.json", None),
        ("k6-export.json", None),
        ("locust_stats.csv", None),
    ],
)
def test_the_date_is_the_reports_own(name: str, made_on: date | None) -> None:
    result = finding(name, AGES)
    assert result.error is None
    assert result.made_on == made_on
    assert ("carries no date" in result.note) is (made_on is None)


@pytest.mark.parametrize(
    ("name", "asked", "ok", "note"),
    [
        ("semgrep.sarif", standard(level="high"), False, "1 finding of severity high or above: sql-injection"),
        ("semgrep.sarif", standard(level="medium"), False,
         "2 findings of severity medium or above: sql-injection, weak"),
        ("semgrep.sarif", standard(), False, "3 findings of severity low or above"),
        ("zap.json", standard(level="high"), True, "0 findings of severity high or above"),
        ("zap.json", standard(level="medium"), False, "Content Security Policy Header Not Set"),
        ("components.cdx.json", AGES, False,
         "1 finding (critical older than 14 days, high older than 30 days): CVE-2026-0002"),
        ("components.cdx.json", standard(critical="14 days", high="90 days"), True, "0 findings"),
        ("components.cdx.json", standard(critical="3 days"), False, "CVE-2026-0001"),
        ("pip-audit.json", AGES, False, "flask PYSEC-2019-179; 1 dependencies were not checked"),
        ("junit.xml", standard(rpo="1 hour"), True, "2 tests passed, 1 test skipped"),
        ("junit.xml", standard(rpo="5 minutes"), False, "rpo is 20 minutes, and at most 5 minutes is asked"),
        ("k6-summary.json", TIMES, True, "p95 312.4 ms, p99 640.1 ms"),
        ("k6-summary.json", standard(p95="300 ms", p99="1 second"), False,
         "p95 is 312.4 ms, and at most 300 ms is asked"),
        ("k6-summary.json", standard(worse="15%"), False, "not in the report: worse"),
        ("k6-export.json", TIMES, False, "not in the report: p99"),
        ("locust.json", TIMES, True, "p95 400 ms, p99 700 ms"),
        ("locust_stats.csv", TIMES, False, "5% of the requests failed"),
        ("locust.json", standard(limit="2 seconds"), True, "max 702.5 ms"),
    ],
)  # fmt: skip
def test_a_report_is_held_against_the_thresholds(name: str, asked: Standard, ok: bool, note: str) -> None:
    result = finding(name, asked)
    assert note in result.note
    assert result.ok is ok


def test_measured_numbers_are_kept_as_text() -> None:
    measured = finding("k6-summary.json", TIMES).measured
    assert measured == {"p95": "312.4 ms", "p99": "640.1 ms", "max": "902 ms", "users": "50", "errors": "0.2%"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "the file is empty"),
        ("{", "line 1 is not valid JSON"),
        ("{}", "none of the known formats"),
        ("hello", "none of the known formats"),
        ("[" * 100_000, "nested too deeply"),
        ('{"version": "2.1.0", "runs": []}', "it holds no run"),
        ('{"version": "2.1.0", "runs": [{}]}', "it did not finish"),
        ('{"version": "2.1.0", "runs": [3]}', "it holds no run"),
        ('{"version": "1.0", "runs": [{}]}', "SARIF 1.0 is not read"),
        ('{"version": "2.1.0", "runs": [{"results": [], "invocations": [{"executionSuccessful": false}]}]}',
         "did not succeed"),
        ('{"bomFormat": "CycloneDX", "components": []}', "nothing says that they were looked for"),
        ('{"dependencies": []}', "no dependency"),
        ('{"dependencies": [{"name": "x"}]}', "has no `vulns`"),
        ('{"site": []}', "nothing was scanned"),
        ('{"metrics": {}}', "neither http_req_duration"),
        ('{"metrics": {"http_req_duration": {"p(95)": NaN}}}', "neither http_req_duration"),
        ('[{"response_times": {}}]', "holds no request"),
        ('[{"response_times": {"x": 1}}]', "not a number"),
        ("<html></html>", "no JUnit report"),
        ("<testsuites><testsuite></testsuites>", "line 1 is not valid XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><testsuites>&a;</testsuites>', "declares a document type"),
        ("Type,Name,Request Count,Failure Count\nGET,/,1,0\n", "no row `Aggregated`"),
    ],
)  # fmt: skip
def test_a_broken_report_proves_nothing_and_says_why(tmp_path: Path, content: str, error: str) -> None:
    (tmp_path / "report").write_text(content)
    result = finding("report", AGES, tmp_path)
    assert result.error is not None
    assert error in result.error
    assert not result.ok
    assert result.made_on is None


@pytest.mark.parametrize("value", [None, 3, "x", [], [[]], {}, {"a": []}, [None], True, 1e400, -1])
def test_no_value_in_a_report_makes_a_traceback(tmp_path: Path, value: object) -> None:
    for name in (
        "semgrep.sarif",
        "components.cdx.json",
        "pip-audit.json",
        "zap.json",
        "k6-summary.json",
        "locust.json",
    ):
        for number, mutant in enumerate(mutants(json.loads((REPORTS / name).read_text(encoding="utf-8")), value)):
            (tmp_path / "report").write_text(json.dumps(mutant))
            assert isinstance(finding("report", AGES, tmp_path).note, str), number


def mutants(data: object, value: object) -> list[object]:
    """The data with each value in it replaced in turn."""
    result: list[object] = [value]
    if isinstance(data, dict):
        result += [{**data, key: each} for key, part in data.items() for each in mutants(part, value)]
    elif isinstance(data, list):
        result += [[*data[:at], each, *data[at + 1 :]] for at, part in enumerate(data) for each in mutants(part, value)]
    return result


def test_only_skipped_tests_prove_nothing(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("<testsuite><testcase><skipped/></testcase></testsuite>")
    assert not finding("junit.xml", standard(), tmp_path).ok


def test_a_failed_test_counts_once(tmp_path: Path) -> None:
    text = "<testsuite><testcase><failure/><error/></testcase><testcase/></testsuite>"
    (tmp_path / "junit.xml").write_text(text)
    result = finding("junit.xml", standard(), tmp_path)
    assert not result.ok
    assert result.note.startswith("1 test passed, 1 test failed")


def test_a_document_type_is_seen_in_any_encoding(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><testsuites>&a;</testsuites>'
    (tmp_path / "junit.xml").write_bytes(text.encode("utf-16"))
    assert "document type" in str(finding("junit.xml", standard(), tmp_path).error)


def test_a_wrong_declared_format_is_named() -> None:
    assert finding("zap.json", AGES, report_format="sarif").error == "it is declared as sarif, but is zap"


@pytest.mark.parametrize("name", ["../secret.json", "link.json", "/etc/passwd", "C:\\x.json", "a/../../secret.json"])
def test_a_path_stays_inside_the_project(tmp_path: Path, name: str) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.json").write_text("{}")
    (root / "link.json").symlink_to(tmp_path / "secret.json")
    assert "outside the project" in str(finding(name, AGES, root).error)


@pytest.mark.parametrize(
    ("name", "error"), [("nothing", "no such file"), (".", "not a file"), ("a\0b", "cannot be opened")]
)
def test_a_path_without_a_file_is_named(tmp_path: Path, name: str, error: str) -> None:
    assert error in str(finding(name, AGES, tmp_path).error)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mkdocs_jetty.standards.reports.MAX_BYTES", 10)
    (tmp_path / "big.json").write_text("{}" * 20)
    assert "larger than" in str(finding("big.json", AGES, tmp_path).error)
