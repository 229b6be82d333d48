"""Phrases for sessions and their cookies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.clock import Time
from mkdocs_jetty.steps.ports import missing
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock"]

Measure = Callable[[str, object], None]
LIKELY = re.compile(r"sess|sid$|auth|token|login|identity", re.IGNORECASE)
UNLIKELY = re.compile(r"csrf|xsrf", re.IGNORECASE)
SIGN_OUT = ("sign out", "log out")


@dataclass(frozen=True)
class Cookie:
    """A cookie as it was set."""

    name: str
    value: str
    attributes: dict[str, str]


@pytest.fixture
def jetty_session_cookie() -> str | None:
    """The name of the session cookie; override it where it cannot be guessed."""
    return None


@pytest.fixture
def jetty_private_page() -> str:
    """The path of a page for people who are signed in; override it."""
    raise missing("jetty_private_page", "to know a page for people who are signed in")


def cookies_set(response: Any) -> list[Cookie]:
    """The cookies that an answer sets, with their attributes."""
    found = []
    for line in response.headers.get_list("set-cookie"):
        first, *rest = line.split(";")
        name, _, value = first.partition("=")
        attributes = {key.strip().casefold(): what.strip() for key, _, what in (part.partition("=") for part in rest)}
        found.append(Cookie(name.strip(), value.strip(), attributes))
    return found


def _session_cookies(driver: Driver, named: str | None) -> list[Cookie]:
    every = [cookie for response in driver.world.responses for cookie in cookies_set(response) if cookie.value]
    every = [cookie for cookie in every if cookie.attributes.get("max-age") != "0"]
    names = {cookie.name for cookie in every}
    if named is None:
        likely = {name for name in names if LIKELY.search(name) and not UNLIKELY.search(name)}
        candidates = likely or {name for name in names if not UNLIKELY.search(name)}
        assert candidates, "no session cookie was set"
        if len(candidates) > 1:
            raise Unavailable(f"which of {', '.join(sorted(candidates))} is the session cookie? "
                              "Override the fixture `jetty_session_cookie`")  # fmt: skip
        named = candidates.pop()
    assert named in names, f"no cookie {named} was set"
    return [cookie for cookie in every if cookie.name == named]


@then("my session cookie has the safe attributes")
def safe_attributes(jetty_driver: Driver, jetty_session_cookie: str | None) -> None:
    """Secure, HttpOnly, SameSite, and for this host only."""
    cookie = _session_cookies(jetty_driver, jetty_session_cookie)[-1]
    of = cookie.attributes
    wrong = [name for name in ("secure", "httponly") if name not in of]
    if of.get("samesite", "").casefold() not in {"lax", "strict"}:
        wrong.append(f"samesite (it is {of.get('samesite', 'not set')})")
    assert not wrong, f"the cookie {cookie.name} lacks {', '.join(wrong)}"
    assert not of.get("domain"), f"the cookie {cookie.name} is for all of {of['domain']}, not only for this host"


@then("my session cookie has the safe attributes and a new value")
def safe_and_new(jetty_driver: Driver, jetty_session_cookie: str | None) -> None:
    """New: signing in again, with the old cookie still there, gives another value, so a planted one is of no use."""
    safe_attributes(jetty_driver, jetty_session_cookie)
    before = _session_cookies(jetty_driver, jetty_session_cookie)[-1].value
    jetty_driver.sign_in(jetty_driver.me)
    after = _session_cookies(jetty_driver, jetty_session_cookie)[-1].value
    assert after != before, "signing in keeps the value that the cookie had before"


@when(parsers.parse("{span:Duration} passes without activity", extra_types=TYPES))
@when(parsers.parse("{span:Duration} pass without activity", extra_types=TYPES))
def idle(
    jetty_driver: Driver, jetty_time: Time, jetty_private_page: str, jetty_measure: Measure, span: timedelta
) -> None:
    """First it is seen that the session works; then nothing happens for that long."""
    _is_in(jetty_driver, jetty_private_page)
    jetty_time.pass_by(span + timedelta(seconds=1))
    jetty_driver.world.notes["passed"] = span
    jetty_measure("idle", spoken(span))


@when(parsers.parse("{span:Duration} passes with activity", extra_types=TYPES))
@when(parsers.parse("{span:Duration} pass with activity", extra_types=TYPES))
def active(
    jetty_driver: Driver, jetty_time: Time, jetty_private_page: str, jetty_measure: Measure, span: timedelta
) -> None:
    """A request now and then, until no activity may keep the session alive."""
    _is_in(jetty_driver, jetty_private_page)
    for _ in range(100):
        jetty_time.pass_by(span / 100)
        jetty_driver.get(jetty_private_page)
    jetty_time.pass_by(timedelta(seconds=1))
    jetty_driver.world.notes["passed"] = span
    jetty_measure("absolute", spoken(span))


def _is_in(driver: Driver, page: str) -> None:
    response = driver.get(page)
    assert not driver.refused(response), f"I am not signed in to begin with: {described(response)}"


@then("my next request must sign in again")
def must_sign_in(jetty_driver: Driver, jetty_private_page: str) -> None:
    """Refused, or sent to sign in."""
    assert "passed" in jetty_driver.world.notes, "no time has passed"
    response = jetty_driver.get(jetty_private_page)
    assert jetty_driver.refused(response), (
        f"still signed in after {spoken(jetty_driver.world.notes['passed'])}: {described(response)}"
    )


@then("I am still signed in")
def still_signed_in(jetty_driver: Driver, jetty_private_page: str) -> None:
    """With the cookies from before."""
    assert len(jetty_driver.client(jetty_driver.me).cookies), "I was not signed in before"
    response = jetty_driver.get(jetty_private_page)
    assert not jetty_driver.refused(response), f"I have been signed out: {described(response)}"


@then("my old session cannot be used after sign-out")
def old_session_is_dead(jetty_driver: Driver, jetty_private_page: str) -> None:
    """The cookies are kept, as a thief would keep them, and tried again after I have signed out."""
    me = jetty_driver.me
    if jetty_driver.refused(jetty_driver.get(jetty_private_page)):
        jetty_driver.sign_in(me)
        _is_in(jetty_driver, jetty_private_page)
    name = next((each for each in SIGN_OUT if each in jetty_driver.actions), SIGN_OUT[0])
    kept = {cookie.name: cookie.value or "" for cookie in jetty_driver.client(me).cookies.jar}
    assert kept, "I have no cookies, so there is no session to end"
    jetty_driver.act(name)
    jetty_driver.forget(me)
    header = "; ".join(f"{key}={value}" for key, value in kept.items())
    response = jetty_driver.get(jetty_private_page, Cookie=header)
    assert jetty_driver.refused(response), f"the old session still opens {jetty_private_page}: {described(response)}"
