"""Every phrase passes on a system that is protected, and does not once its protection is taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project, Ran

MESSAGE = "Too many login attempts. Please try again later."
LIMIT = f"""
  Given I am on the login page
  When I attempt to log in 10 times in one minute
  Then my subsequent attempts are blocked for 5 minutes
  And I see a message "{MESSAGE}"
"""
AUDIT = """
  Given I am on the login page
  When I successfully log in
  Then an audit log entry records my user ID, timestamp, and IP address
"""
RATE = """
  When I request /public 20 times in one minute
  Then my next request is refused with status 429
  And the response tells me when to retry
  And a client at another address is still served
"""
BODY = """
  When I send a body of more than 100 KB to /upload
  Then it is refused with status 413
  And the server did not read it all
"""
CSRF = """
  Given I am signed in
  When another site submits change my name with my cookies
  Then it is refused without effect
"""
LOG = """
  When I successfully log in
  Then one structured log line records time, route, status, duration and request reference
  And a line break in my input does not start a new line
"""
METRICS = """
  When I successfully log in
  Then the metric http_requests_total{route="/login"} went up by 1
  And the request count and latency histogram of /login went up by one
  And errors are counted apart from successes
"""
# What passes on the protected system, and the protections without each of which it must not.
CASES: dict[str, tuple[str, str]] = {
    "limit": (LIMIT, "throttle valid-blocked right-retry-after message release"),
    "limit, no clock": (LIMIT, "throttle valid-blocked retry-after right-retry-after"),
    "parallel": (
        """
  When I attempt to log in 50 times at once
  Then at most 10 attempts are accepted
""",
        "throttle parallel",
    ),
    "skeleton": (
        LIMIT
        + """
  When I attempt to log in 50 times at once
  Then at most ten attempts are accepted
""",
        "parallel",
    ),
    "audit": (AUDIT, "audit audit-once audit-address audit-user audit-offset"),
    "audit secret": (
        """
  When I successfully log in
  Then no audit log entry holds my password
""",
        "audit audit-secret",
    ),
    "refusal": (
        """
  When I try to close the shop without permission
  Then an audit log entry records my user ID, the resource, and the refusal
""",
        "roles",
    ),
    "failure": (
        """
  When I fail to log in
  Then an audit log entry records the result, timestamp and IP address
""",
        "audit",
    ),
    "rate": (RATE, "rate retry-after per-client"),
    "body": (BODY, "body body-early"),
    "roles": (
        """
  When each role tries to close the shop
  Then only the allowed roles succeed
""",
        "roles",
    ),
    "anonymous": (
        """
  Given I am not signed in
  When I request each non-public route of this feature
  Then every one refuses me
""",
        "login-wall",
    ),
    "csrf": (CSRF, "csrf store"),
    "nothing": (
        """
  Given I am signed in as an admin
  When I fail to change my name
  Then nothing was stored
""",
        "store",
    ),
    "headers": (
        """
  When I request /login
  Then the response carries the strict security headers
  And HSTS lasts at least 1 year
  And the header X-Content-Type-Options is nosniff
  And the header Content-Security-Policy contains "default-src 'none'"
  And the header X-Powered-By is absent
  And an unlisted origin is allowed no cross-origin read
""",
        "headers hsts cors",
    ),
    "cookie": (
        """
  When I successfully log in
  Then my session cookie has the safe attributes and a new value
""",
        "cookie rotate",
    ),
    "idle": (
        """
  Given I am signed in
  When one hour passes without activity
  Then my next request must sign in again
  And my old session cannot be used after sign-out
""",
        "idle sign-out",
    ),
    "absolute": (
        """
  Given I am signed in
  When 24 hours pass with activity
  Then my next request must sign in again
""",
        "absolute",
    ),
    "log": (LOG, "log forge"),
    "secrets": (
        """
  When I log in with marked secret values
  Then none of the marked values occurs in logs, traces or error events
""",
        "redact log",
    ),
    "metrics": (METRICS, "metrics metric-status"),
    "disclosure": (
        """
  When an unexpected error occurs in place an order
  Then the response is a general error with a reference
  And it holds no stack trace, query, path or version
""",
        "disclosure reference",
    ),
    "security.txt": (
        """
  When I request /.well-known/security.txt
  Then it gives a contact
  And its expiry date is in the future
""",
        "security-txt",
    ),
}
WITHOUT = [(name, gone) for name, (_, protections) in CASES.items() for gone in protections.split()]


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    scenarios = {name: body for name, (body, _) in CASES.items()}
    for name, gone in WITHOUT:
        scenarios[f"{name}, without {gone}"] = f"\n  Given a system without {gone}{CASES[name][0]}"
    return project(scenarios)


@pytest.mark.parametrize("name", CASES)
def test_passes_on_a_protected_system(ran: Ran, name: str) -> None:
    result = ran[name]
    assert (result.status, result.message) == ("passed", None), [step.message for step in result.steps]


@pytest.mark.parametrize(("name", "gone"), WITHOUT)
def test_does_not_pass_without_the_protection(ran: Ran, name: str, gone: str) -> None:
    result = ran[f"{name}, without {gone}"]
    assert result.status in {"failed", "unknown"}, result
    assert result.status == "failed" or result.cause in {"unavailable", "inconclusive"}, result
    assert result.cause != "error", result


def test_numbers_are_recorded_under_the_names_of_the_standard(ran: Ran) -> None:
    measured = ran["skeleton"].measured
    assert {"attempts": "10", "window": "1 minute", "block": "5 minutes", "clock": "hook"}.items() <= measured.items()
    assert ran["rate"].measured == {"limit": "20", "window": "1 minute"}
    assert ran["headers"].measured == {"baseline": "strict", "hsts": "365 days"}
    assert ran["body"].measured["body"] == "100 KB"
    assert ran["idle"].measured == {"idle": "1 hour", "clock": "hook"}
    assert ran["skeleton"].environment == "local"


def test_without_a_clock_the_promise_is_what_was_checked(ran: Ran) -> None:
    assert ran["limit, no clock"].measured["clock"] == "contract"
    missing = ran["limit, no clock, without retry-after"]
    assert (missing.status, missing.cause) == ("unknown", "unavailable")
    assert "jetty_clock" in (missing.message or "")


def test_the_naive_limiter_holds_one_by_one_and_is_caught_in_parallel(ran: Ran) -> None:
    result = ran["skeleton, without parallel"]
    assert [step.status for step in result.steps][-3:] == ["passed", "passed", "failed"]
    assert "50 of 50 attempts at once were accepted" in (result.steps[-1].message or "")
