"""Accounts that only look safe do not pass, and those that are safe in another way do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project, Ran

HERE = Path(__file__).parent
GLUE = f"import sys\nsys.path.insert(0, {str(HERE)!r})\n{(HERE / 'clinic_glue.py').read_text(encoding='utf-8')}"
TRY = """
  When I choose each of the most common passwords
  Then none of them is accepted
"""
SHORT = """
  When I choose a password of less than {n} characters
  Then it is refused"""
LONGER = """
  When I choose a password of less than {n} characters"""
RESET = """
  When I ask to reset the password of a known and of an unknown account
  Then both answers are the same
"""
LINK = "\n  Then the reset link works once and not after 1 hour\n"
# What is out, the steps, and how it ends: passed, a part of the message of a failure, or the cause.
CASES: dict[str, tuple[str, str, str]] = {
    "a list": ("eight", SHORT.format(n=12) + TRY, "passed"),
    "a length and no list": ("eight common", SHORT.format(n=12) + TRY, "accepted: 123456789012, 111111111111"),
    "no list for fifteen": ("eight common", LONGER.format(n=15) + TRY, "accepted: "),
    "a list, nobody says how long": ("eight", TRY, "passed"),
    "no list, nobody says how long": ("eight common", TRY, "inconclusive"),
    "longer than any": ("eight common", LONGER.format(n=40) + TRY, "inconclusive"),
    "another code": ("same-code", RESET, "differ in "),
    "another time": ("same-time", RESET, "the time tells them apart"),
    "an answer that varies": ("plain-answer", RESET, "passed"),
    "a limiter": ("ask-unlimited", RESET + LINK, "passed"),
    "a limiter of known accounts": ("ask-unlimited-known", RESET, "goes on"),
    "a limiter of links": ("use-unlimited expiry", LINK, "inconclusive"),
    "a quiet limiter of links": ("use-thrice expiry", LINK, "inconclusive"),
    "a link that breaks": ("late-sound", LINK, "it broke"),
    "a link": ("", LINK, "passed"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    scenarios = {
        name: f"\n  Given a clinic without {out or 'nothing'}{steps}" for name, (out, steps, _) in CASES.items()
    }
    return project(scenarios, GLUE)


@pytest.mark.parametrize("name", CASES)
def test_only_what_is_safe_passes(ran: Ran, name: str) -> None:
    result, expected = ran[name], CASES[name][2]
    if expected in {"passed", "inconclusive"}:
        assert expected in {result.status, result.cause}, result
    else:
        assert result.status == "failed", result
        assert expected in f"{result.message} {[each.message for each in result.steps]}"
