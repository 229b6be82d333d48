"""The example under production-saas: what is met, and that its scenarios notice when a protection is out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples" / "login"))

from harbour.protections import ALL as PROTECTIONS

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "login"
SECONDS = 140
TODAY = "1795392000"
"""2026-11-23, midnight in UTC."""
MET = 25

BY_OTHER_MEANS = dict.fromkeys(
    ("latency-budget", "concurrent-load"), "a measured time: there is no protection to take out"
)
"""Standards that are met without a protection that could be taken out."""
IN_NO_PRESET_OF_OURS = {"audit-log-integrity": "Enterprise asks for it, Production SaaS does not; Harbour promises it"}
CLAIMED = {
    "authorization-enforced": "roles are tried; objects and fields of others are not",
    "credential-safety": "one password of the common ones is tried, and the reset link's age is not",
    "data-erasure": "nothing shows that an older backup erases again",
}
"""Standards whose scenarios turn red without the protection, and do not observe all that the standard names."""
STAY_GREEN = {
    "login/hostile-sql-is-nothing-but-text": "queries take parameters, with and without the check of what was typed",
    "login/hostile-template-is-nothing-but-text": "Harbour fills templates of its own only, with and without the check",
    "profile/a-change-that-cannot-be-put-on-record-is-not-made": "one transaction, with and without the key",
    "sign-out/a-stolen-session-is-of-no-use-after-the-sign-out": "signing out always ends the session on the server",
    "login/signing-in-is-quick": BY_OTHER_MEANS["latency-budget"],
    "login/login-handles-high-concurrent-load": BY_OTHER_MEANS["concurrent-load"],
}
"""Scenarios that claim a standard beside another one that notices."""

pytestmark = pytest.mark.slow


def run(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    # The outer pytest's own variables would reach into the inner one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"SOURCE_DATE_EPOCH": TODAY, "HARBOUR_WITHOUT": without}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


@dataclass
class Example:
    """What the site says, and who noticed what."""

    spec: dict[str, object]
    failed: set[tuple[str, str]]
    broken: set[tuple[str, str]]
    said: str
    table: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)


def outcomes(file: Path, kind: str) -> set[tuple[str, str]]:
    cases = ET.parse(file).getroot().iter("testcase")  # noqa: S314 - written by our own run
    found = ((case.get("classname", ""), case.get("name", "")) for case in cases if case.find(kind) is not None)
    return {(page.removeprefix("docs.").replace(".", "/").replace("/md", ".md"), name) for page, name in found}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("rehearsal")
    checked = run("mkdocs_jetty.cli", "check", "--json", str(folder / "spec.json"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    junit = folder / "junit.xml"
    # Each scenario runs without the one protection that it claims.
    rehearsed = run(
        "pytest", "docs", "-m", "production", "-q", "--tb=no", "-W", "ignore", "-p", "no:cacheprovider",
        f"--junit-xml={junit}", without="claimed",
    )  # fmt: skip
    assert junit.is_file(), rehearsed.stdout + rehearsed.stderr
    spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    found = Example(spec, outcomes(junit, "failure"), outcomes(junit, "error"), rehearsed.stdout)
    for feature in spec["features"]:
        for scenario in feature["scenarios"]:
            tags = (tag.lstrip("@").partition(":") for tag in scenario["tags"])
            for claim in (name for kind, _, name in tags if kind in {"standard", "protection"}):
                claims, red = found.table.setdefault(claim, ([], []))
                claims.append(scenario["id"])
                page = feature["page"].removeprefix("docs/")
                if (page, scenario["name"]) in found.failed:
                    red.append(scenario["id"])
    return found


def statuses(spec: dict[str, object]) -> dict[str, set[str]]:
    """The ids of the standards by what they are somewhere."""
    places = [spec["standards"], *(feature["standards"] for feature in spec["features"])]  # type: ignore[attr-defined]
    found: dict[str, set[str]] = {}
    for standard in (each for place in places for each in place):  # type: ignore[attr-defined]
        found.setdefault(standard["status"], set()).add(standard["id"])
    return found


def test_all_scenarios_are_green_with_every_protection_in(example: Example) -> None:
    counts = example.spec["counts"]
    assert counts["passed"] == counts["scenarios"] >= 60  # type: ignore[index]
    assert example.spec["project"]["verdict"] == "green"  # type: ignore[index]


def test_each_protection_that_is_claimed_is_missed_when_it_is_out(
    example: Example, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print("\n\nprotection                     red/claiming  scenarios red")
        for name, (claims, red) in sorted(example.table.items()):
            shown = f"{len(red)}/{len(claims)}".center(12)
            print(f"{name:<30} {shown}  {', '.join(red) or BY_OTHER_MEANS.get(name, '-')}")
    assert set(example.table) - set(BY_OTHER_MEANS) == PROTECTIONS
    unnoticed = sorted(name for name, (_, red) in example.table.items() if not red and name not in BY_OTHER_MEANS)
    assert not unnoticed, f"nothing notices when they are out: {', '.join(unnoticed)}"


def test_no_scenario_stays_green_unexplained(example: Example) -> None:
    green = {each for claims, red in example.table.values() for each in claims if each not in red}
    assert green == set(STAY_GREEN)


def test_what_is_red_was_tried_and_did_not_break_before(example: Example) -> None:
    assert not example.broken, example.said


def test_a_protection_can_be_taken_out_by_name() -> None:
    done = run(
        "pytest", "docs", "-m", "standard:login-throttling", "-q", "--tb=no", "-p", "no:cacheprovider",
        without="login-throttling",
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 failed" in done.stdout
    assert "passed" not in done.stdout


def test_at_least_25_standards_are_met_each_by_a_scenario_that_turns_red(example: Example) -> None:
    met = statuses(example.spec)["met"]
    turning = {name for name, (_, red) in example.table.items() if red}
    assert met - turning == set(BY_OTHER_MEANS)
    assert turning - met == {*IN_NO_PRESET_OF_OURS, *CLAIMED}
    assert set(CLAIMED) <= statuses(example.spec)["claimed"]
    assert len(met & turning) >= MET


def test_one_standard_is_attested_one_due_some_waived_and_others_missing(example: Example) -> None:
    found = statuses(example.spec)
    assert found["attested"] == {"on-call-rotation"}
    assert found["due"] == {"uptime-monitoring"}
    assert found["waived"] == {"multi-factor-authentication"}
    assert {"backups", "penetration-test", "accessibility"} <= found["uncovered"]
    assert not found.get("unmet")
    assert not found.get("unknown")


def test_no_feature_is_complete_while_standards_are_missing(example: Example) -> None:
    assert example.spec["project"]["state"] == "external"  # type: ignore[index]
    levels = {each["id"]: (each["level"], each["complete"]) for each in example.spec["features"]}  # type: ignore[attr-defined]
    names = ("login", "sign-out", "reset-password", "profile", "audit-view")
    assert levels == dict.fromkeys(names, ("stable", False))
