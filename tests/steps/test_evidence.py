"""Reports as evidence: what a good one proves, and that a bad, old, broken or missing one proves nothing."""

from __future__ import annotations

# ruff: noqa: ISC004, E501 - a scenario is best read in one piece
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from step_projects import run, said

from mkdocs_jetty.steps.evidence import _allowed


def sarif(level: str | None, days: int = 1) -> str:
    end = (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()
    results = [{"ruleId": "R1", "level": level, "message": {"text": "bad"}}] if level else []
    return json.dumps({"version": "2.1.0", "runs": [
        {"tool": {"driver": {"name": "scan"}}, "results": results,
         "invocations": [{"executionSuccessful": True, "endTimeUtc": end}]}]})  # fmt: skip


def zap(risk: str) -> str:
    return json.dumps({"site": [{"alerts": [{"name": "XSS", "riskcode": risk, "confidence": "2"}]}]})


def audit(*ids: str) -> str:
    return json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": each} for each in ids]}]})


def k6(p95: float) -> str:
    return json.dumps({"metrics": {"http_req_duration": {"p(95)": p95, "p(99)": p95 * 2, "max": p95 * 3},
                                   "http_req_failed": {"value": 0}}})  # fmt: skip


def bill(*licences: dict[str, Any]) -> str:
    return json.dumps({"bomFormat": "CycloneDX",
                       "components": [{"name": f"c{n}", "licenses": [each]} for n, each in enumerate(licences)]})  # fmt: skip


FILES = {
    "reports/clean.sarif": sarif(None), "reports/low.sarif": sarif("note"), "reports/bad.sarif": sarif("error"),
    "reports/old.sarif": sarif(None, 40), "reports/future.sarif": sarif(None, -5),
    "reports/zap.json": zap("1"), "reports/zap-bad.json": zap("3"), "reports/audit.json": audit(),
    "reports/audit-bad.json": audit("CVE-1"), "reports/broken.json": "{", "reports/fast.json": k6(200),
    "reports/slow.json": k6(900), "jetty.toml": '[project]\nstate = "external"\npreset = ["production-saas"]\nsince = 2026-01-01\n',
    "bom.json": bill({"license": {"id": "MIT"}}, {"expression": "GPL-3.0-only OR Apache-2.0"}),
    "bad-bom.json": bill({"license": {"id": "AGPL-3.0-only"}}, {"license": {"id": "MIT"}}),
    "empty-bom.json": bill(),
}  # fmt: skip
NO_FINDINGS = 'Then the report "reports/{}" has no findings of severity {} or above'
CASES = {
    "clean": (NO_FINDINGS.format("clean.sarif", "high") + "|And the report is at most 90 days old", None),
    "low": (NO_FINDINGS.format("low.sarif", "high"), None),
    "low counted": (NO_FINDINGS.format("low.sarif", "low"), "1 finding"),
    "bad": (NO_FINDINGS.format("bad.sarif", "high"), "R1"),
    "zap": (NO_FINDINGS.format("zap.json", "high"), None),
    "zap bad": (NO_FINDINGS.format("zap-bad.json", "high"), "XSS"),
    "audit": (NO_FINDINGS.format("audit.json", "high"), None),
    "audit bad": (NO_FINDINGS.format("audit-bad.json", "high"), "CVE-1"),
    "broken": (NO_FINDINGS.format("broken.json", "high"), "not valid JSON"),
    "missing": (NO_FINDINGS.format("none.json", "high"), "no such file"),
    "no severity": (NO_FINDINGS.format("clean.sarif", "awful"), "no severity"),
    "outside": ('Then the report "../x.sarif" has no findings of severity high or above', "outside the project"),
    "no scan": (NO_FINDINGS.format("fast.json", "high"), ""),
    "old": ('Then the report "reports/old.sarif" is at most 30 days old', "40 days old"),
    "future": ('Then the report "reports/future.sarif" is at most 30 days old', "still to come"),
    "undated": ('Then the report "reports/audit.json" is at most 30 days old', "carries no date"),
    "none named": ("Then the report is at most 30 days old", "no report was named"),
    "fast": ('Then the load report "reports/fast.json" meets the latency budget', None),
    "slow": ('Then the load report "reports/slow.json" meets the latency budget', "p95"),
    "licences": ("Then every component in the bill of materials has an allowed licence", None),
    "bad licence": ('Given the bill of materials "bad-bom.json"|'
                    "Then every component in the bill of materials has an allowed licence", "c0: AGPL-3.0-only"),
    "empty bill": ('Then every component in the bill of materials "empty-bom.json" has an allowed licence', "no component"),
}  # fmt: skip
CONFTEST = """
@pytest.fixture
def jetty_allowed_licences():
    return ["MIT", "Apache-2.0"]
"""


def gherkin(cases: dict[str, tuple[str, str | None]]) -> str:
    return "".join(
        f"  Scenario: {name}\n" + "".join(f"    {step}\n" for step in steps.split("|"))
        for name, (steps, _) in cases.items()
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("evidence"), "evidence", gherkin(CASES), CONFTEST, FILES)


@pytest.mark.parametrize("name", CASES)
def test_a_report_proves_only_what_it_says(found: dict[str, Any], name: str) -> None:
    message = CASES[name][1]
    assert found[name]["status"] == ("passed" if message is None else "failed"), said(found[name])
    assert message is None or message in said(found[name])


def test_its_numbers_are_recorded(found: dict[str, Any]) -> None:
    assert found["clean"]["measured"]["level"] == "high"
    assert found["clean"]["measured"]["every"] == found["clean"]["measured"]["fresh"] == "90 days"
    assert found["fast"]["measured"]["p95"] == "200 ms"


def test_without_a_preset_or_a_list_of_licences_it_is_not_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {name: text for name, text in FILES.items() if name != "jetty.toml"}
    cases = {name: CASES[name] for name in ("fast", "licences")}
    for scenario in run(tmp_path_factory.mktemp("bare"), "evidence", gherkin(cases), files=files).values():
        assert scenario["cause"] == "unavailable", said(scenario)


@pytest.mark.parametrize(
    ("licence", "is_allowed"),
    [
        ("MIT", True), ("mit", True), ("MIT AND Apache-2.0", True), ("MIT AND GPL-2.0", False), ("GPL-2.0 OR MIT", True),
        ("(GPL-2.0 OR MIT) AND Apache-2.0", True), ("GPL-2.0 OR (MIT AND LGPL-2.1)", False), ("MIT OR", False),
        ("Apache-2.0 WITH LLVM-exception", False), ("((MIT)", False), ("", False), ("MIT Apache-2.0", False),
    ],
)  # fmt: skip
def test_licence_expressions(licence: str, is_allowed: bool) -> None:
    assert _allowed([licence], ["MIT", "Apache-2.0"]) is is_allowed


def test_a_component_without_a_licence_is_not_allowed() -> None:
    assert not _allowed([], ["MIT"])
