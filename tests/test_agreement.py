"""What pytest reports as failed or skipped is never green in a build, whoever decided it: a mark, a hook, a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fault_projects import FAULT, HARMLESS, PAGE, around, player

if TYPE_CHECKING:
    from pathlib import Path

    from fault_projects import Play


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return player(tmp_path)


def tagged(tag: str) -> dict[str, str | bytes]:
    return {"docs/a.md": PAGE.format(middle=f"{tag}\n{FAULT}")}


STRICT = """
import pytest
def pytest_bdd_apply_tag(tag, function):
    if tag == "known":
        pytest.mark.xfail(strict=True, reason="known")(function)
        return True
"""
REPORTS = """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == {when!r} and item.name == "fault":
        report.outcome = {outcome!r}
        report.longrepr = "errors were logged"
    return report
"""


@pytest.mark.parametrize(
    ("tag", "files"),
    [
        ("@xfail", {"pytest.ini": "[pytest]\nxfail_strict = true\n"}),
        ("@known", {"features/conftest.py": STRICT}),
        ("@known", {"conftest.py": STRICT}),
    ],
    ids=["the ini file", "a hook beside the steps", "a hook of the project"],
)
def test_a_pass_that_pytest_forbids_is_a_failure(play: Play, tag: str, files: dict[str, str]) -> None:
    outcome = play({**tagged(tag), **files, "features/bad.py": HARMLESS})
    assert outcome.short == around("failed/assertion")
    assert "XPASS(strict)" in outcome.says("fault")
    assert outcome.verdict.fails


@pytest.mark.parametrize("where", ["conftest.py", "features/conftest.py"])
@pytest.mark.parametrize(
    ("when", "outcome", "expected"),
    [
        ("call", "failed", "failed/assertion"),
        ("teardown", "failed", "failed/teardown"),
        ("call", "skipped", "skipped"),
        ("call", "passed", "passed"),
    ],
)
def test_what_a_hook_of_the_project_reports_as_failed_is_failed(
    play: Play, where: str, when: str, outcome: str, expected: str
) -> None:
    done = play({where: REPORTS.format(when=when, outcome=outcome), "features/bad.py": HARMLESS})
    assert done.short == around(expected)
    assert expected == "passed" or "errors were logged" in done.says("fault")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest has subtests since 9")
def test_a_failed_subtest_is_a_failure(play: Play) -> None:
    body = "    with subtests.test('part'):\n        assert False\n"
    bad = f"from pytest_bdd import when\n@when('it happens')\ndef happens(subtests):\n{body}"
    outcome = play({"features/bad.py": bad})
    assert outcome.short == around("failed/assertion")


@pytest.mark.parametrize("tag", ["@parametrize", "@boom"])
def test_a_tag_that_pytest_cannot_take_spoils_its_own_scenario_only(play: Play, tag: str) -> None:
    hook = "def pytest_bdd_apply_tag(tag, function):\n    if tag == 'boom': raise KeyError('no such tag')\n"
    pages = {**tagged(tag), "docs/b.md": PAGE.format(middle="").replace("before", "b").replace("after", "c")}
    outcome = play({**pages, "features/conftest.py": hook, "features/bad.py": HARMLESS})
    assert outcome.short == {**around("failed/setup"), "b": "passed", "c": "passed"}
    assert tag in outcome.says("fault")
    assert outcome.errors == []
