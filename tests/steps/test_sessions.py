"""Sessions that only look safe do not pass, and those that are safe in another way do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project, Ran

COOKIE = """
  When I successfully log in
  Then my session cookie has the safe attributes{and_more}
"""
NEW = COOKIE.format(and_more=" and a new value")
ABSOLUTE = """
  Given I am signed in
  When 24 hours pass with activity
  Then my next request must sign in again
"""
# What is out, the steps, and how it ends: passed, a part of the message of a failure, or the cause.
CASES: dict[str, tuple[str, str, str]] = {
    "a session for strangers too": ("no-session-for-strangers", NEW, "passed"),
    "the planted session is signed in too": (
        "same-session", NEW, "the value that the cookie had before opens /account too"),
    "the session planted on a stranger is signed in too": (
        "no-session-for-strangers strangers-session", NEW, "the value that the cookie had before opens /account too"),
    "set anew without attributes": ("later-cookie", NEW, "lacks secure, httponly, samesite"),
    "set anew without attributes later": (
        "later-cookie", COOKIE.format(and_more="") + "  And I am still signed in\n", "lacks secure, httponly"),
    "a name without a prefix": ("prefix", COOKIE.format(and_more=""), "__Host-"),
    "ends after five minutes without activity": ("patient", ABSOLUTE, "passed"),
    "ends only after five minutes without activity": ("patient absolute", ABSOLUTE, "still signed in after 1 day"),
    "ends after half a day": ("whole-day", ABSOLUTE, "passed"),
    "ends after half a day or five minutes": ("whole-day patient", ABSOLUTE, "passed"),
    "ends after fifty requests": ("absolute many-uses", ABSOLUTE, "inconclusive"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    return project({name: f"\n  Given a system without {out}{steps}" for name, (out, steps, _) in CASES.items()})


@pytest.mark.parametrize("name", CASES)
def test_only_what_is_safe_passes(ran: Ran, name: str) -> None:
    result, expected = ran[name], CASES[name][2]
    if expected in {"passed", "inconclusive"}:
        assert expected in {result.status, result.cause}, result
    else:
        assert result.status == "failed", result
        assert expected in f"{result.message} {[each.message for each in result.steps]}"
