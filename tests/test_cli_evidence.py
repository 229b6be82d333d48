"""`jetty evidence add` notes a report, and what was noted holds for that very file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import invoke

from mkdocs_jetty.standards.declaration import read_declaration

CLEAN = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
ID = "dependency-vulnerabilities"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "mkdocs.yml": "site_name: Doors\nplugins: [jetty]\n",
        "jetty.toml": '# ours\n[project]\nstate = "external"\npreset = ["production-saas"]\nsince = 2026-11-01\n',
        "docs/door.md": "---\njetty: {traits: [ui]}\n---\n# Door\n\n```gherkin\nScenario: a\n  Given ok\n```\n",
        "features/s.py": "from pytest_bdd import given\n@given('ok')\ndef _(): pass\n",
        "reports/audit.json": json.dumps(CLEAN),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795651200")  # 2026-11-26
    return tmp_path


def add(*more: str) -> tuple[int, str]:
    result = invoke("evidence", "add", "reports/audit.json", "--standard", ID, "--by", "Ada", *more)
    return result.exit_code, result.output + result.stderr


def status() -> tuple[str, str]:
    invoke("check", "--json", "out.json")
    found = json.loads(Path("out.json").read_text(encoding="utf-8"))["standards"]
    one = next(each for each in found if each["id"] == ID)
    return one["status"], one["note"]


def test_a_report_is_noted_with_its_day_its_digest_and_who(project: Path) -> None:
    assert add() == (0, f"jetty.toml: reports/audit.json is noted for {ID}, made on 2026-11-26, by Ada\n")
    (report,) = read_declaration(project).reports
    assert (report.path, report.format, report.tool, report.by) == (
        "reports/audit.json",
        "pip-audit",
        "pip-audit",
        "Ada",
    )
    assert str(report.made_on) == "2026-11-26"
    assert str(report.digest).startswith("sha256:")
    assert (project / "jetty.toml").read_text().startswith("# ours\n")
    assert status()[0] == "met"


def test_another_file_has_no_day(project: Path) -> None:
    add()
    (project / "reports/audit.json").write_text(json.dumps({**CLEAN, "fixes": []}))
    found, note = status()
    assert found == "stale"
    assert "undated" in note
    add()
    assert status()[0] == "met"
    assert len(read_declaration(project).reports) == 1


def test_a_day_long_ago_is_stale(project: Path) -> None:
    add("--on", "2026-01-01")
    assert status()[0] == "stale"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reports/none.json", "--standard", ID), "reports/none.json: there is no such file"),
        (("docs/door.md", "--standard", ID), "docs/door.md: "),
        (("reports/audit.json", "--standard", "dependency-vulnerabilites"), f"did you mean `{ID}`"),
        (("reports/audit.json", "--standard", "login-throttling"), "proved by a scenario"),
        (("reports/audit.json", "--standard", ID, "--on", "2026-12-24"), "is still to come"),
        (("/etc/hostname", "--standard", ID), "it lies outside the project"),
    ],
)
def test_what_would_not_hold_is_refused_and_nothing_is_written(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = (project / "jetty.toml").read_text()
    result = invoke("evidence", "add", *arguments, "--by", "Ada")
    assert result.exit_code == 2
    assert said in result.stderr
    assert (project / "jetty.toml").read_text() == before


def test_a_day_without_a_digest_is_an_error(project: Path) -> None:
    text = (project / "jetty.toml").read_text()
    record = f'[[report]]\nstandard = "{ID}"\npath = "reports/audit.json"\nmade_on = 2026-11-25\n'
    (project / "jetty.toml").write_text(f"{text}\n{record}")
    result = invoke("check")
    assert result.exit_code == 2
    assert "jetty.toml:10: `made_on` needs the `digest`" in result.stderr


def test_a_report_with_a_day_of_its_own_keeps_it(project: Path) -> None:
    invocation = {"executionSuccessful": True, "endTimeUtc": "2026-11-20T10:00:00Z"}
    run = {"tool": {"driver": {"name": "Bandit"}}, "invocations": [invocation], "results": []}
    (project / "scan.sarif").write_text(json.dumps({"version": "2.1.0", "runs": [run]}))
    arguments = ("evidence", "add", "scan.sarif", "--standard", "secrets-management", "--by", "Ada")
    refused = invoke(*arguments, "--on", "2026-11-26")
    assert refused.exit_code == 2
    assert "scan.sarif says itself that it was made on 2026-11-20" in refused.stderr
    noted = invoke(*arguments)
    assert "made on 2026-11-20, by Ada" in noted.output
    assert "warning: it does not meet the standard: " in noted.stderr
    assert "it is the report of Bandit" in noted.stderr
