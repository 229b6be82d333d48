"""What a careless scenario does not see: limits that are dodged, loads that do nothing, hollow audit logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from guarded import MESSAGE

if TYPE_CHECKING:
    from conftest import Project, Ran

HERE = Path(__file__).parent
GLUE = f"import sys\nsys.path.insert(0, {str(HERE)!r})\n{(HERE / 'guarded_glue.py').read_text(encoding='utf-8')}"
THROTTLED = f"""
  Given I am on the login page
  When I attempt to log in 10 times in 1 minute
  Then my subsequent attempts are blocked for 15 minutes
  And I see a message "{MESSAGE}"
  And a client at another address is still served
  When I attempt to log in 50 times at once
  Then at most 10 attempts are accepted
"""
REFUSED = """
  When I attempt to log in 10 times in 1 minute
  Then my next request is refused with status 429
  And the response tells me when to retry
"""
AT_ONCE = "\n  When I attempt to log in 50 times at once\n  Then at most 10 attempts are accepted\n"
OPENED_AT_ONCE = f"\n  Given I am on the login page{AT_ONCE}"
AT_THE_SAME_MOMENT = """
  Given 20 users attempt to log in simultaneously
  Then all requests complete within 5 seconds
  And no requests fail due to server overload
"""
PACED = "\n  When 5 users log in for 2 seconds\n  Then 95% of requests complete within 2 seconds\n"
TWO_LOADS = """
  Given 2 users attempt to log in simultaneously
  And 20 users log in for 1 second
  Then all requests complete within 5 seconds
"""
RECORDED = """
  When I successfully log in
  Then an audit log entry records my user ID, timestamp, and IP address
"""
AUDIT_AWAY = """
  Given the audit log is unavailable
  When I try to order
  Then it is refused or queued, never done silently
"""
SPRAYED = """
  When I attempt to log in as 12 different people in 1 minute
  Then my next request is refused with status 429
"""
FROM_EVERYWHERE = """
  When I attempt to log in from 12 different addresses in 1 minute
  Then my next request is refused with status 429
"""
SIGN_UPS = """
  When I sign up 5 times in one minute
  Then my next request is refused with status 429
  And the response tells me when to retry
  And a client at another address is still served
"""
SOUND = {
    "sprayed": "\n  Given a system that is address" + SPRAYED,
    "from everywhere": "\n  Given a system that is account" + FROM_EVERYWHERE,
    "sign-ups": SIGN_UPS, "fewer sign-ups": SIGN_UPS.replace("5 times", "a hundred times"),
    "throttled": THROTTLED, "throttled, with a token": "\n  Given a system that is token" + THROTTLED,
    "refused": REFUSED, "at once": AT_ONCE, "opened at once": OPENED_AT_ONCE,
    "behind a proxy": "\n  Given a system that is claimed" + THROTTLED,
    "load": AT_THE_SAME_MOMENT, "load, with a token": "\n  Given a system that is token" + AT_THE_SAME_MOMENT,
    "paced": PACED, "paced, with a token": "\n  Given a system that is token" + PACED, "two loads": TWO_LOADS,
    "recorded": RECORDED, "audit away": AUDIT_AWAY,
    "refuses the tenth": "\n  Given a system that is nth" + THROTTLED,
    "stricter than asked": "\n  Given a system that is strict" + THROTTLED,
    "refuses in its own way": "\n  Given a system that is bare" + AT_ONCE,
}  # fmt: skip
WEAK = {
    "sprayed": ("account", SPRAYED, "assertion", "the next request got status 200"),
    "from everywhere": ("address", FROM_EVERYWHERE, "assertion", "the next request got status 200"),
    "sign-ups": ("unlimited", SIGN_UPS, "assertion", "the next request got status 201"),
    "throttled by session": ("session", THROTTLED, "assertion", "let in without my cookies"),
    "throttled by claim": ("claimed", THROTTLED, "assertion", "Target(trusted_proxy=True)"),
    "throttled for all": ("everybody", THROTTLED, "assertion", "somebody else is refused as well"),
    "refused by session": ("session", REFUSED, "assertion", "let in without my cookies"),
    "refused by claim": ("claimed", REFUSED, "assertion", "with `X-Forwarded-For"),
    "at once by session": ("session", AT_ONCE, "assertion", "attempts at once were accepted"),
    "opened at once by session": ("session", OPENED_AT_ONCE, "assertion", "20 of 50 attempts at once were accepted"),
    "load closed": ("closed", AT_THE_SAME_MOMENT, "unavailable", "Your form has expired"),
    "load silent": ("silent", AT_THE_SAME_MOMENT, "unavailable", "brings no cookie and no token"),
    "load crowded": ("crowded", AT_THE_SAME_MOMENT, "inconclusive", "jetty_accepted"),
    "paced closed": ("closed", PACED, "unavailable", "Your form has expired"),
    "recorded proxy": ("proxy", RECORDED, "assertion", "the IP address is '127.0.0.1', and I sent from '127.0.0.2'"),
    "recorded twice": ("late", RECORDED, "assertion", "2 new audit entries"),
    "audit away, kept": ("kept", AUDIT_AWAY, "assertion", "yet it changed what is stored"),
    "audit away, broken": ("broken", AUDIT_AWAY, "assertion", "it broke, rather than refused"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    weak = {f"weak {name}": f"\n  Given a system that is {what}{steps}" for name, (what, steps, _, _) in WEAK.items()}
    return project(SOUND | weak, GLUE)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_system_passes(ran: Ran, name: str) -> None:
    result = ran[name]
    assert result.status == "passed", " ".join(step.message or "-" for step in result.steps)


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_one_does_not(ran: Ran, name: str) -> None:
    _, _, cause, message = WEAK[name]
    result = ran[f"weak {name}"]
    said = " ".join(step.message or "" for step in result.steps)
    assert result.cause == cause, said
    assert message in said
    assert " where " not in said, "pytest's own explanation is of no use to a reader"


def test_a_limiter_that_is_stricter_is_said_to_be(ran: Ran) -> None:
    found = {name: ran[name].measured for name in ("refuses the tenth", "stricter than asked", "throttled")}
    assert found["refuses the tenth"]["stricter"] == "attempt 10 of 10 was blocked already"
    assert (found["stricter than asked"]["stricter"], found["stricter than asked"]["attempts"]) == (
        "attempt 6 of 10 was blocked already", "6; 10",
    )  # fmt: skip
    assert "stricter" not in found["throttled"]


def test_only_those_who_were_there_at_once_count_as_simultaneous_users(ran: Ran) -> None:
    measured = ran["two loads"].measured
    assert (measured["users"], measured["paced users"], measured["limit"]) == ("2", "20", "5 seconds")
    assert "users" not in ran["paced"].measured


def test_the_result_says_what_was_not_tried_and_how_answers_were_judged(ran: Ran) -> None:
    assert ran["behind a proxy"].measured["claimed address"].startswith("not tried")
    assert "likeness to one made before" in ran["load"].measured["note"]
