"""Phrases for sessions and their cookies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.client import SIGN_IN_PAGES, Driver, blocked, described
from mkdocs_jetty.steps.clock import Time
from mkdocs_jetty.steps.cookies import cookies_set, ends, lacks, session_cookies
from mkdocs_jetty.steps.ports import missing
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock"]

Measure = Callable[[str, object], None]
SIGN_OUT = ("sign out", "log out")
SERVER_ERROR = 500
PARTS = (100, 400, 1600, 6400)
"""Into how many parts a span with activity is cut: into more where a session ends because nobody came for so long."""
NEARLY = 0.95
"""A session that ends after this share of the span ends because of the span. Judgement."""


@pytest.fixture
def jetty_session_cookie() -> str | None:
    """The name of the session cookie; override it where it cannot be guessed."""
    return None


@pytest.fixture
def jetty_private_page() -> str:
    """The path of a page for people who are signed in; override it."""
    raise missing("jetty_private_page", "to know a page for people who are signed in")


# ---- the cookie ----


@then("my session cookie has the safe attributes")
def safe_attributes(jetty_driver: Driver, jetty_session_cookie: str | None, request: pytest.FixtureRequest) -> None:
    """Secure, HttpOnly, SameSite, with a prefix, and for this host only: each time that the scenario sees it set."""
    _watch(jetty_driver, _all_safe(jetty_driver, jetty_session_cookie), request)


@then("my session cookie has the safe attributes and a new value")
def safe_and_new(
    jetty_driver: Driver, jetty_session_cookie: str | None, jetty_private_page: str, request: pytest.FixtureRequest
) -> None:
    """New: what the cookie was before is of no use after signing in, for somebody else may have planted it.

    Both the value of somebody who is signed in (ASVS V7.2.4 asks to end it) and that of a stranger, where there is one.
    """
    name = _all_safe(jetty_driver, jetty_session_cookie)
    before, old = _held(jetty_driver).get(name), _opening(jetty_driver, jetty_private_page, name)
    jetty_driver.sign_in(jetty_driver.me)
    _is_replaced(jetty_driver, jetty_private_page, name, before, old)
    if _strangers_get_one(jetty_driver, jetty_private_page, name):
        jetty_driver.forget(jetty_driver.me)
        _see(jetty_driver, jetty_driver.client(jetty_driver.me).get(_entrance(jetty_driver, jetty_private_page)))
        planted = _held(jetty_driver)
        jetty_driver.sign_in(jetty_driver.me)
        if name in planted:
            _is_replaced(jetty_driver, jetty_private_page, name, planted[name], planted)
    _watch(jetty_driver, _all_safe(jetty_driver, name), request)


def _all_safe(driver: Driver, named: str | None) -> str:
    """See that no session cookie lacks anything; gives its name."""
    cookies = session_cookies([*driver.world.responses, *driver.world.notes.get("aside", ())], named)
    for cookie in cookies:
        wrong = lacks(cookie)
        must(not wrong, f"the cookie {cookie.name} lacks {', '.join(wrong)}")
        domain = cookie.attributes.get("domain")
        assert not domain, f"the cookie {cookie.name} is for all of {domain}, not only for this host"
    return cookies[-1].name


def _watch(driver: Driver, name: str, request: pytest.FixtureRequest) -> None:
    """Look again when the scenario ends: a later answer may set the cookie anew, without its attributes."""
    request.addfinalizer(lambda: _all_safe(driver, name) and None)


def _is_replaced(driver: Driver, page: str, name: str, before: str | None, old: Mapping[str, str]) -> None:
    # Not an `assert` of the values: its message would show them.
    replaced = _held(driver).get(name) != before
    must(replaced, "signing in keeps the value that the cookie had before")
    response = _elsewhere(driver, page, old)
    must(not _let_in(driver, response),
        f"after signing in, the value that the cookie had before opens {page} too: {described(response)}")  # fmt: skip


def _strangers_get_one(driver: Driver, page: str, name: str) -> bool:
    response = _elsewhere(driver, _entrance(driver, page), {})
    return any(each.name == name and not ends(each) for each in cookies_set(response))


def _entrance(driver: Driver, page: str) -> str:
    """Tell where strangers arrive: the page to sign in where it is known."""
    known = next((each for each in SIGN_IN_PAGES if each in driver.pages), None)
    return driver.path_of(known) if known else page


# ---- with which cookies ----


def _held(driver: Driver) -> dict[str, str]:
    """The cookies that I have now."""
    return {cookie.name: cookie.value or "" for cookie in driver.client(driver.me).cookies.jar}


def _header(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _elsewhere(driver: Driver, page: str, cookies: Mapping[str, str]) -> Any:
    """Request a page with these cookies only, from a browser of its own; my own session goes on undisturbed."""
    who = replace(driver.me, name=f"{driver.me.name}, elsewhere")
    driver.forget(who)
    response = driver.client(who).get(page, headers={"Cookie": _header(cookies)} if cookies else {})
    driver.forget(who)
    return _see(driver, response)


def _see(driver: Driver, response: Any) -> Any:
    """Remember an answer for its cookies; it is none of what the scenario does."""
    driver.world.notes.setdefault("aside", []).append(response)
    return response


def _opening(driver: Driver, page: str, name: str = "") -> dict[str, str]:
    """Those of my cookies that open a page by themselves: the session cookie alone where it does.

    Raises:
        Inconclusive: If none do, for then it shows nothing that they are refused later.
    """
    held = _held(driver)
    for cookies in ({name: held[name]} if name in held else {}, held):
        if cookies and _let_in(driver, _elsewhere(driver, page, cookies)):
            return cookies
    raise Inconclusive(f"my cookies alone do not open {page} now, so it would show nothing that they do not later")


def _let_in(driver: Driver, response: Any) -> bool:
    """Tell whether a page opens; only having to sign in counts as no.

    Raises:
        Inconclusive: If it was a limiter.
    """
    if blocked(response):
        raise Inconclusive(f"a limiter turned the request away, so nothing is shown: {described(response)}")
    assert response.status_code < SERVER_ERROR, f"it broke, rather than refused: {described(response)}"
    return not driver.refused(response)


# ---- time ----


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
    """A request now and then, often enough that only the span itself can end the session.

    Where it ends early all the same, it is cut finer. Twice the same early end, whatever the pauses, is an absolute
    limit that is shorter than asked for.
    """
    ended: list[tuple[timedelta, timedelta]] = []
    for parts in PARTS:
        _is_in(jetty_driver, jetty_private_page)
        life = _life(jetty_driver, jetty_time, jetty_private_page, span, parts)
        if life is None or life[1] >= span * NEARLY or any(_same_end(each, life) for each in ended):
            break
        ended.append(life)
        jetty_driver.forget(jetty_driver.me)
        jetty_driver.sign_in(jetty_driver.me)
    else:
        shown = ", ".join(f"after {each[1]}, with a request every {each[1] - each[0]}" for each in ended)
        raise Inconclusive(f"with activity a session ended each time before {spoken(span)} were over ({shown}), "
                           "so nothing shows that the span ends it")  # fmt: skip
    jetty_time.pass_by(timedelta(seconds=1))
    jetty_driver.world.notes["passed"] = span
    jetty_measure("absolute", spoken(span))


def _life(
    driver: Driver, time: Time, page: str, span: timedelta, parts: int
) -> tuple[timedelta, timedelta] | None:  # fmt: skip
    """When a session was last seen alive and first seen dead; None if it outlasts the span."""
    for part in range(1, parts + 1):
        time.pass_by(span / parts)
        if not _let_in(driver, _thief_gets(driver, page)):
            return span * (part - 1) / parts, span * part / parts
    return None


def _same_end(one: tuple[timedelta, timedelta], other: tuple[timedelta, timedelta]) -> bool:
    """Tell whether two lives ended at the same time; one that ended in its first pause may have ended for the pause."""
    return bool(one[0] and other[0]) and one[0] < other[1] and other[0] < one[1]


def _is_in(driver: Driver, page: str) -> None:
    """See that the session works, and keep its cookies."""
    driver.world.notes["kept"] = {}
    response = _thief_gets(driver, page)
    must(_let_in(driver, response), f"I am not signed in to begin with: {described(response)}")


def _thief_gets(driver: Driver, page: str) -> Any:
    """Request a page with my cookies, also with those that a browser has dropped since: a thief would keep them."""
    kept: dict[str, str] = driver.world.notes["kept"]
    kept.update(_held(driver))
    response = driver.get(page, Cookie=_header(kept)) if kept else driver.get(page)
    kept.update({each.name: each.value for each in cookies_set(response) if not ends(each)})
    return response


@then("my next request must sign in again")
def must_sign_in(jetty_driver: Driver, jetty_private_page: str) -> None:
    """Refused, or sent to sign in."""
    assert "passed" in jetty_driver.world.notes, "no time has passed"
    response = _thief_gets(jetty_driver, jetty_private_page)
    must(not _let_in(jetty_driver, response),
        f"still signed in after {spoken(jetty_driver.world.notes['passed'])}: {described(response)}")  # fmt: skip


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
    kept = _held(jetty_driver)
    assert kept, "I have no cookies, so there is no session to end"
    if not _let_in(jetty_driver, _elsewhere(jetty_driver, jetty_private_page, kept)):
        raise Inconclusive(
            f"my cookies alone do not open {jetty_private_page}, so it shows nothing if they do not later"
        )
    jetty_driver.act(name)
    jetty_driver.forget(me)
    response = jetty_driver.get(jetty_private_page, Cookie=_header(kept))
    opened = _let_in(jetty_driver, response)
    assert not opened, f"the old session still opens {jetty_private_page}: {described(response)}"
