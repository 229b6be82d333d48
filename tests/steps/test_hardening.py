"""The phrases for hardening pass on a protected application, and fail once a protection is taken out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from mkdocs_jetty.steps import partners
from mkdocs_jetty.steps.ports import Persona

if TYPE_CHECKING:
    from conftest import Project, Ran

    from mkdocs_jetty.steps.client import Driver

HERE = Path(__file__).parent
GLUE = f"import sys\nsys.path.insert(0, {str(HERE)!r})\n{(HERE / 'clinic_glue.py').read_text(encoding='utf-8')}"
# What passes on the protected application, and the protections without each of which it must not.
CASES: dict[str, tuple[str, str]] = {
    "passwords": ("""
  When I choose a password of less than 8 characters
  Then it is refused
  When I choose each of the most common passwords
  Then none of them is accepted
  When I choose a password of 64 characters
  Then it is accepted and kept as a salted slow hash
  When I ask to reset the password of a known and of an unknown account
  Then both answers are the same
  And the reset link works once and not after 1 hour
""", "length common salt slow enumeration once expiry"),
    "defaults": ("\n  Then no default account can sign in\n", "defaults"),
    "inactive": ("\n  When 90 days pass without a sign-in\n  Then I cannot sign in\n", "inactive"),
    "identity": ("\n  When two people log in\n  Then the audit log tells them apart\n", "identity"),
    "ownership": ("""
  Given I am signed in
  When I reach for each object of another user
  Then I am refused each time
  And nothing was stored
""", "ownership"),
    "tenants": ("""
  When a user of one tenant tries each operation on another
  Then every one is refused
  And no list shows anything of the other tenant
""", "ownership search"),
    "webhook": ("""
  When a webhook arrives with a signature that is wrong, older than 5 minutes or repeated
  Then the wrong and the old one are refused
  And none of them has an effect
""", "signature age twice"),
    "outbound": ("""
  When I give each internal address to fetch a page
  Then no internal address is contacted
""", "outbound"),
    "caching": ("""
  When I request each static asset twice
  Then each may be cached for at least 1 year
  And each can be revalidated
  And a page for people who are signed in is never stored
""", "cache revalidate no-store"),
    "notice": ("""
  When I request the contact page
  Then the privacy notice is one click away and names every field asked for
  And without my consent nothing is kept with me or loaded from elsewhere
""", "link notice consent cookie-consent"),
    "export": ("""
  Given data of mine in every store
  When I successfully ask for my data
  Then the export holds all of it and nothing of others
""", "export only-mine"),
    "erasure": ("""
  Given data of mine in every store
  When I successfully ask for my erasure
  Then no store finds me
  And a restore of an older backup erases me again
""", "erase erase-again"),
    "retention": ("""
  Given a record past its keeping time and one within it
  When the retention job runs
  Then the one past its keeping time is gone
  And the one within its keeping time is kept
""", "retention keep"),
    "content": ("""
  Given I am signed in
  When I successfully read a record
  Then an audit log entry records my user ID
  And the entry holds none of the record's content
""", "discreet"),
    "factor": ("""
  Given a clinic with a second factor
  And I have signed in with a password only
  When I request a page for people who are signed in
  Then a second factor is asked for
  And a used code is refused
""", "factor replay"),
    "instance": ("""
  When one instance is killed while 2 users work
  Then at most 1% of requests fail
  And the lost instance is replaced within 1 second
""", "replace"),
    "still in": ("""
  Given I am signed in
  When I successfully act
  Then I am still signed in
""", "stay"),
    "audit failure": ("""
  Given the audit log is unavailable
  When I try to act
  Then it is refused or queued, never done silently
  And an alert is raised within 1 second
""", "audit-failure audit-alert"),
    "health": ("""
  Given the database is unavailable
  Then the readiness check fails within 1 second
  And the liveness check still passes
  And the readiness check passes within 1 second of its return
""", "readiness liveness heal"),
    "alerting": ("""
  When 10 sign-ins fail for one account within 1 minute
  Then a security alert is raised within 1 second
""", "alert"),
    "jobs": ("""
  When 100 jobs are queued at once
  Then no job waits longer than 1 second
  And the backlog is empty within 2 seconds and every job is done
""", "work done"),
    "queries": ("""
  When list runs with 10 and with 100 results
  Then it runs at most 15 queries
  And the number of queries is the same
  And no query takes longer than 250 milliseconds
""", "queries fast"),
    "shedding": ("""
  When 20 users work at once, which is 2 times the capacity
  Then requests beyond the capacity are refused with status 503 and a retry time
  And the next request is served normally within 5 seconds
""", "shed shed-retry"),
    "scripts": ("""
  When I request the checkout page
  Then every script on the page is approved, with a matching digest
""", "integrity inline script"),
    "card": ("""
  When I pay with a test card
  Then its number and code occur nowhere in storage or logs
  And the page shows at most its first six and last four digits
""", "storage card-log mask"),
}  # fmt: skip
WITHOUT = [(name, gone) for name, (_, protections) in CASES.items() for gone in protections.split()]


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    scenarios = {name: body for name, (body, _) in CASES.items()}
    for name, gone in WITHOUT:
        scenarios[f"{name}, without {gone}"] = f"\n  Given a clinic without {gone}{CASES[name][0]}"
    return project(scenarios, GLUE)


@pytest.mark.parametrize("name", CASES)
def test_passes_on_a_protected_application(ran: Ran, name: str) -> None:
    result = ran[name]
    assert (result.status, result.message) == ("passed", None), [step.message for step in result.steps]


@pytest.mark.parametrize(("name", "gone"), WITHOUT)
def test_does_not_pass_without_the_protection(ran: Ran, name: str, gone: str) -> None:
    result = ran[f"{name}, without {gone}"]
    assert result.status == "failed" or result.cause == "inconclusive", result
    assert result.cause in {"assertion", "inconclusive"}, result


def test_an_answer_that_is_lost_hides_no_call() -> None:
    class Silent:
        def act(self, *_: object) -> None:
            raise httpx.ReadError("the connection broke")

    assert partners._answered(cast("Driver", Silent()), "fetch a page", Persona("ada", "1")) is None


SHOP_CASES: dict[str, tuple[str, str]] = {
    "rate": ("""
  When I request the public page 20 times in one minute
  Then my next request is refused with status 429
  And a client at another address is still served
""", "rate per-client"),
    "body": ("""
  When I send a body of more than 100 KB where I upload
  Then it is refused with status 413
  And the server did not read it all
""", "body body-early"),
    "route": ("""
  When I successfully log in
  Then the request count and latency histogram of its route went up by one
""", "metrics"),
    "headers": ("""
  When I request the login page
  Then the response carries the basic security headers
""", "headers"),
    "sign-in by another name": ("""
  When I successfully sign in
  Then my session cookie has the safe attributes
""", "cookie"),
}  # fmt: skip
SHOP_WITHOUT = [(name, gone) for name, (_, protections) in SHOP_CASES.items() for gone in protections.split()]


@pytest.fixture(scope="module")
def shop(project: Project) -> Ran:
    scenarios = {name: body for name, (body, _) in SHOP_CASES.items()}
    for name, gone in SHOP_WITHOUT:
        scenarios[f"{name}, without {gone}"] = f"\n  Given a system without {gone}{SHOP_CASES[name][0]}"
    return project(scenarios)


@pytest.mark.parametrize("name", SHOP_CASES)
def test_passes_on_the_protected_shop(shop: Ran, name: str) -> None:
    result = shop[name]
    assert (result.status, result.message) == ("passed", None), [step.message for step in result.steps]


@pytest.mark.parametrize(("name", "gone"), SHOP_WITHOUT)
def test_does_not_pass_on_the_weak_shop(shop: Ran, name: str, gone: str) -> None:
    assert shop[f"{name}, without {gone}"].cause == "assertion", shop[f"{name}, without {gone}"]
