"""Reports of other tools: what they say, what that is worth, and what proves nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.model import Applies, Report, ReportFinding, Standard, Threshold
from mkdocs_jetty.standards.presets import resolve
from mkdocs_jetty.standards.reports import answering, read_report

REPORTS = Path(__file__).parent / "reports"


def standard(*reports: str, **thresholds: str) -> Standard:
    exact = {"level", "form"}
    return Standard(
        "some-standard", "security", "Some", "Some.", Applies("system"), "external-check",
        {name: Threshold(name, "exact" if name in exact else "at-most", value, value)
         for name, value in thresholds.items()},
        reports=reports,
    )  # fmt: skip


def shipped(standard_id: str) -> Standard:
    found = resolve(["production-saas"], [], [], REPORTS).standard(standard_id)
    assert found is not None
    return found


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
        ("semgrep.sarif", standard("sarif"), False, "3 findings of severity low or above"),
        ("semgrep.sarif", standard(), False, "a report of the kind sarif cannot answer some-standard"),
        ("zap.json", standard(level="high", coverage="80%"), False, "not in the report: coverage"),
        ("zap.json", standard("zap", level="high", form="weekly"), True, "threshold not shown: form"),
        ("zap.json", standard("sarif", level="high"), False, "one of sarif can"),
        ("junit.xml", standard(level="high"), False, "one of sarif, cyclonedx, pip-audit, zap can"),
        ("junit.xml", standard(rpo="1 hour", keep="30 days"), False, "not in the report: keep"),
        ("junit.xml", standard(rpo="1 hour", form="daily"), True, "1 test skipped; threshold not shown: form"),
        ("junit.xml", standard(rpo="1 hour", fresh="7 days", rotate="1 year"), True, "threshold not shown: rotate"),
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


# ---- which report answers which standard ----

SILENT = (
    '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [], '
    '"invocations": [{"endTimeUtc": "2026-11-20T00:00:00Z"}]}]}'
)
ONE_TEST = '<testsuite timestamp="2026-11-20T00:00:00" tests="1"><testcase name="a">{}</testcase></testsuite>'


@pytest.mark.parametrize(
    ("standard_id", "ok"),
    [
        ("security-scanning", True),
        ("secrets-management", True),
        ("dependency-vulnerabilities", True),
        ("page-performance", False),
        ("service-level-objective", False),
        ("backups", False),
        ("transport-encryption", False),
        ("performance-regression", False),
        ("web-application-firewall", False),
        ("change-approval", False),
    ],
)
def test_a_scan_that_found_nothing_answers_only_what_a_scan_can(tmp_path: Path, standard_id: str, *, ok: bool) -> None:
    asked = shipped(standard_id)
    tools = {"secrets": "gitleaks", "dependencies": "osv-scanner", "static": "Semgrep OSS"}
    tool = next((tools[kind] for kind in asked.scans), "Semgrep OSS")
    data = json.loads(SILENT)
    data["runs"][0]["tool"] = {"driver": {"name": tool}}
    (tmp_path / "scan.sarif").write_text(json.dumps(data))
    assert finding("scan.sarif", asked, tmp_path).ok is ok


@pytest.mark.parametrize(
    ("standard_id", "shown", "missing"),
    [
        ("transport-encryption", {"version": "1.3", "left": "60 days"}, "version, left"),
        ("service-level-objective", {"slo": "99.95%"}, "slo"),
        ("backups", {"rpo": "20 minutes", "keep": "35 days"}, "rpo, keep"),
        ("performance-regression", {"worse": "3%"}, "worse"),
        ("page-performance", {"lcp": "2 s", "inp": "100 ms", "cls": "0.05", "weight": "1 MB"}, "lcp, inp, cls, weight"),
    ],
)
def test_a_test_run_has_to_show_the_numbers(
    tmp_path: Path, standard_id: str, shown: dict[str, str], missing: str
) -> None:
    (tmp_path / "junit.xml").write_text(ONE_TEST.format(""))
    silent = finding("junit.xml", shipped(standard_id), tmp_path)
    assert not silent.ok
    assert f"not in the report: {missing}" in silent.note
    (tmp_path / "junit.xml").write_text(ONE_TEST.format(properties({**shown, "standard": standard_id})))
    assert finding("junit.xml", shipped(standard_id), tmp_path).ok


def properties(values: dict[str, str]) -> str:
    each = "".join(f'<property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<properties>{each}</properties>"


def test_a_standard_without_numbers_is_proved_by_its_tests(tmp_path: Path) -> None:
    waf = "web-application-firewall"
    (tmp_path / "junit.xml").write_text(ONE_TEST.format(properties({"standard": waf})))
    assert finding("junit.xml", shipped(waf), tmp_path).ok
    assert not finding("junit.xml", shipped("security-scanning"), tmp_path).ok


def test_every_external_check_that_ships_says_what_answers_it() -> None:
    entries = [entry for entry in load_catalogue().entries if entry.evidence == "external-check"]
    assert len(entries) == 12
    assert all(entry.reports for entry in entries)
    assert answering(shipped("backups")) == ("junit",)


def test_what_became_known_after_the_scan_has_a_wrong_date(tmp_path: Path) -> None:
    bill = json.loads((REPORTS / "components.cdx.json").read_text(encoding="utf-8"))
    for published, ok in (("2026-11-21T10:00:00Z", True), ("2027-11-01T00:00:00Z", False)):
        bill["vulnerabilities"] = [{"id": "CVE-1", "published": published, "ratings": [{"severity": "critical"}]}]
        (tmp_path / "bom.json").write_text(json.dumps(bill))
        assert finding("bom.json", AGES, tmp_path).ok is ok


@pytest.mark.parametrize(
    ("rule_id", "grave"),
    [("R1", "critical"), ("R1/sub", "critical"), ("R1/a/b", "critical"), ("R1/a/own", "low"), ("R12", "low")],
)
def test_a_rule_is_found_above_the_id_of_its_result(tmp_path: Path, rule_id: str, grave: str) -> None:
    scan = json.loads(SILENT)
    (run,) = scan["runs"]
    run["tool"]["driver"]["rules"] = [
        {"id": "R1", "properties": {"security-severity": "9.8"}},
        {"id": "R1/a/own", "properties": {"security-severity": "1.0"}},
    ]
    run["results"] = [{"ruleId": rule_id, "level": "note"}]
    (tmp_path / "scan.sarif").write_text(json.dumps(scan))
    assert finding("scan.sarif", standard(level="high"), tmp_path).measured[f"findings {grave}"] == "1"


# ---- JUnit ----


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('<testsuite tests="3" failures="2" errors="0"><testcase/></testsuite>', "2 of its tests failed"),
        ('<testsuite tests="1" errors="1"><testcase/></testsuite>', "1 of its tests failed"),
        ('<testsuite tests="3"><testcase/></testsuite>', "a suite says 3 tests, and holds 1"),
        (
            '<testsuite tests="1" failures="0" errors="0"><testcase/><testcase/></testsuite>',
            "says 1 tests, and holds 2",
        ),
        ('<testsuite tests="1" skipped="1"><testcase/></testsuite>', "1 of its tests were skipped"),
        ('<testsuites failures="1"><testsuite tests="1"><testcase/></testsuite></testsuites>', "1 of its tests failed"),
    ],
)
def test_a_test_report_that_contradicts_itself_proves_nothing(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "junit.xml").write_text(text)
    assert error in str(finding("junit.xml", standard(), tmp_path).error)


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite tests="2" failures="0" skipped="1"><testcase/><testcase><skipped/></testcase></testsuite>',
        # pytest counts subtests, and writes one case for all of a test
        '<testsuite tests="8" failures="0" errors="0" skipped="0"><testcase/><testcase/></testsuite>',
        # a suite's counts with those of the suites inside, and without
        '<testsuite tests="2"><testcase/><testsuite tests="1"><testcase/></testsuite></testsuite>',
        '<testsuite tests="1"><testcase/><testsuite tests="1"><testcase/></testsuite></testsuite>',
    ],
)
def test_an_honest_test_report_counts_whoever_wrote_it(tmp_path: Path, text: str) -> None:
    named = text.replace(">", f">{properties({'standard': 'some-standard'})}", 1)
    (tmp_path / "junit.xml").write_text(named)
    assert finding("junit.xml", standard(), tmp_path).ok
    (tmp_path / "junit.xml").write_text(text)
    assert "it does not name the standard" in finding("junit.xml", standard(), tmp_path).note


def test_what_failed_is_told_as_that_whatever_the_counts_say(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text('<testsuite tests="1" failures="2"><testcase><failure/></testcase></testsuite>')
    result = finding("junit.xml", standard(), tmp_path)
    assert (result.error, result.note.split(";")[0]) == (None, "1 test failed")


def test_a_disabled_test_has_not_passed(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text('<testsuite tests="1" disabled="1"><testcase status="notrun"/></testsuite>')
    assert not finding("junit.xml", standard(), tmp_path).ok


def test_the_worst_of_several_values_counts(tmp_path: Path) -> None:
    cases = [f"<testcase>{properties({'worse': value})}</testcase>" for value in ("80%", "2%")]
    for order in (cases, cases[::-1]):
        (tmp_path / "junit.xml").write_text(f"<testsuite>{''.join(order)}</testsuite>")
        result = finding("junit.xml", standard(worse="15%"), tmp_path)
        assert not result.ok
        assert "worse is 80%, and at most 15% is asked" in result.note
    (tmp_path / "junit.xml").write_text(f"<testsuite>{cases[1]}{cases[1]}</testsuite>")
    assert finding("junit.xml", standard(worse="15%"), tmp_path).measured == {"worse": "2%"}


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


@pytest.mark.parametrize("name", ["flakyFailure", "flakyError", "rerunFailure", "rerunError"])
def test_a_test_that_passed_only_when_it_ran_again_proves_nothing(tmp_path: Path, name: str) -> None:
    flaky = f'<{name} message="m"><stackTrace>at</stackTrace></{name}>'
    (tmp_path / "junit.xml").write_text(ONE_TEST.format(flaky))
    found = finding("junit.xml", standard(), tmp_path)
    assert (found.ok, found.note) == (False, "1 test flaky")
    (tmp_path / "junit.xml").write_text(ONE_TEST.format(f"{flaky}<failure/>"))
    assert "1 test failed" in finding("junit.xml", standard(), tmp_path).note


# ---- whose report it is, and whether it was whole ----


def sarif(tool: str, results: list[dict[str, object]] = [], **run: object) -> str:  # noqa: B006 - only read
    moment = {"executionSuccessful": True, "endTimeUtc": "2026-11-20T10:00:00Z"}
    invocation = {**moment, **run.pop("invocation", {})}  # type: ignore[dict-item]
    whole = {"tool": {"driver": {"name": tool}}, "invocations": [invocation], "results": results, **run}
    return json.dumps({"version": "2.1.0", "runs": [whole]})


@pytest.mark.parametrize(
    ("standard_id", "tool", "ok"),
    [
        ("secrets-management", "gitleaks", True), ("secrets-management", "TruffleHog", True),
        ("secrets-management", "Bandit", False), ("secrets-management", "Semgrep OSS", False),
        ("secrets-management", "my own", False), ("secrets-management", "", False),
        ("dependency-vulnerabilities", "Trivy", True), ("dependency-vulnerabilities", "osv-scanner", True),
        ("dependency-vulnerabilities", "Bandit", False), ("dependency-vulnerabilities", "CodeQL", False),
        ("security-scanning", "Bandit", True), ("security-scanning", "CodeQL", True),
        ("security-scanning", "OWASP ZAP", True), ("security-scanning", "gitleaks", False),
        ("security-scanning", "Bandit2", False),
    ],
)  # fmt: skip
def test_another_tools_report_does_not_count(tmp_path: Path, standard_id: str, tool: str, *, ok: bool) -> None:
    (tmp_path / "scan.sarif").write_text(sarif(tool))
    found = finding("scan.sarif", shipped(standard_id), tmp_path)
    assert found.ok is ok
    assert ok or "asks for a scan for" in found.note


TOLD = {"level": "error", "message": {"text": "no"}}


@pytest.mark.parametrize(
    ("report", "error"),
    [
        (sarif("x", invocation={"executionSuccessful": False}), "did not succeed"),
        (sarif("x", invocation={"exitSignalName": "SIGKILL"}), "ended before it was through"),
        (sarif("x", invocation={"processStartFailureMessage": "no"}), "ended before it was through"),
        (
            sarif("x", invocation={"toolExecutionNotifications": [{"level": "error", "message": {"text": "no"}}]}),
            "error: no",
        ),
        (sarif("x", invocation={"toolConfigurationNotifications": [{"level": "error"}]}), "tells of an error"),
        ('{"bomFormat": "CycloneDX", "vulnerabilities": []}', "holds no component"),
        ('{"dependencies": [{"name": "a", "skip_reason": "x"}]}', "not one of its dependencies was checked"),
    ],
)
def test_a_scan_that_was_not_whole_proves_nothing(tmp_path: Path, report: str, error: str) -> None:
    (tmp_path / "scan.json").write_text(report)
    found = finding("scan.json", standard(level="high"), tmp_path)
    assert found.error is not None
    assert error in found.error


HALF = [{"status": "rejected"}, {"status": "accepted"}]


def vulnerable(*ratings: dict[str, object]) -> str:
    one = {"id": "CVE-2021-44228", "published": "2021-12-10T00:00:00Z", "ratings": list(ratings)}
    metadata = {"timestamp": "2026-11-20T00:00:00Z"}
    bom = {"bomFormat": "CycloneDX", "metadata": metadata, "components": [{"name": "a"}], "vulnerabilities": [one]}
    return json.dumps(bom)


@pytest.mark.parametrize(
    ("report", "ok"),
    [
        (vulnerable({"score": 10.0, "method": "CVSSv31"}), False),
        (vulnerable({"severity": None, "score": 9.8}), False),
        (vulnerable({"severity": "none", "score": 9.8}), False),
        (vulnerable({"severity": "low"}, {"severity": "critical"}), False),
        (vulnerable({"severity": "unknown"}), False),
        (vulnerable(), False),
        (vulnerable({"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "method": "CVSSv31"}), False),
        (vulnerable({"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "severity": "low"}), False),
        (vulnerable({"vector": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}), False),
        (vulnerable({"vector": "(AV:N/AC:L/Au:N/C:C/I:C/A:C)", "method": "CVSSv2"}), False),
        (vulnerable({"vector": "AV:L/AC:H/Au:M/C:N/I:N/A:P", "method": "CVSSv2"}), True),
        (vulnerable({"vector": "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}), True),
        (vulnerable({"vector": "CVSS:3.1/AV:P"}), False),
        (vulnerable({"severity": "low", "score": 2.0}), True),
        (vulnerable({"severity": "none"}), True),
        (sarif("x", [{"ruleId": "r", "level": "error"}]), False),
        (sarif("x", [{"ruleId": "r", "level": "error", "suppressions": [{"kind": "external"}]}]), True),
        (sarif("x", [{"ruleId": "r", "level": "error", "suppressions": HALF}]), False),
        (sarif("x", [{"ruleId": "r", "level": "error", "suppressions": [{"status": "underReview"}]}]), False),
        (sarif("x", [{"ruleId": "r", "level": "error", "suppressions": []}]), False),
        (sarif("x", [{"ruleId": "r"}]), True),
        (sarif("x", [{"ruleId": "r"}], invocation={"ruleConfigurationOverrides": [
            {"descriptor": {"id": "r"}, "configuration": {"level": "error"}}]}), False),
        (sarif("x", [{"ruleId": "other"}], invocation={"ruleConfigurationOverrides": [
            {"descriptor": {"id": "r"}, "configuration": {"level": "error"}}]}), True),
    ],
)  # fmt: skip
def test_a_finding_is_as_grave_as_anything_says_of_it(tmp_path: Path, report: str, *, ok: bool) -> None:
    (tmp_path / "scan.json").write_text(report)
    assert finding("scan.json", standard(level="high"), tmp_path).ok is ok


@pytest.mark.parametrize(
    "text",
    [
        '<testsuite><testcase name="a" status="failed"/></testsuite>',
        '<testsuite><testcase name="a" status="error"/></testsuite>',
        '<testsuite failures="+1"><testcase name="a"/></testsuite>',
        '<testsuite><testcase name="a" status="skipped"/></testsuite>',
    ],
)
def test_a_test_that_failed_in_other_words_failed(tmp_path: Path, text: str) -> None:
    named = text.replace(">", f">{properties({'standard': 'some-standard'})}", 1)
    (tmp_path / "junit.xml").write_text(named)
    assert not finding("junit.xml", standard(), tmp_path).ok
