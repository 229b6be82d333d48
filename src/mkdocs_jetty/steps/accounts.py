"""Phrases for accounts: which passwords are taken and how they are kept, second factors, accounts nobody should have.

What only a project can do are actions of its own in `jetty_actions`: `choose a password` (the fact `password`),
`enter my second factor`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.client import SIGN_IN, SIGN_IN_PAGES, Driver, blocked, described, leads_to_sign_in
from mkdocs_jetty.steps.clock import Time
from mkdocs_jetty.steps.passwords import common, is_slow, uncommon
from mkdocs_jetty.steps.ports import Persona, action_named, loopback, missing
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock", "mkdocs_jetty.steps.sessions",
                  "mkdocs_jetty.steps.resets"]  # fmt: skip

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
CHOOSE, FACTOR = "choose a password", "enter my second factor"
FIRST_ADDRESS = 40_000
SERVER_ERROR = 500
UNSEEN = {401, 404, 405}
"""Refusals of those who are not signed in, or of a wrong path or method: nobody has looked at the password."""
LONG = 12
"""From here on a common password may be longer than the shortest one that a system takes."""
DEFAULTS = (
    ("admin", "admin"), ("admin", "password"), ("admin", "changeme"), ("admin", ""), ("administrator", "administrator"),
    ("root", "root"), ("root", "toor"), ("test", "test"), ("guest", "guest"), ("user", "user"), ("demo", "demo"),
)  # fmt: skip
NAMES = ("user", "username", "name", "email", "login", "address")


@pytest.fixture
def jetty_password_hash() -> Callable[[Persona], str]:
    """Gives the stored value of a person's password; override it."""
    raise missing("jetty_password_hash", "to read the stored value of a password")


# ---- passwords ----


def _choose(driver: Driver, password: str) -> Any:
    action_named(driver.actions, CHOOSE)
    me = driver.me
    return driver.act(CHOOSE, replace(me, facts={**me.facts, "password": password}))


@when(phrase("I choose a password of less than {n:Count} characters"))
def _choose_password_less_than_characters(n: int, jetty_driver: Driver, jetty_measure: Measure) -> None:
    """One character short, and uncommon, so that only its length is wrong."""
    _choose(jetty_driver, uncommon(n - 1))
    jetty_driver.world.notes["shortest"] = n
    jetty_measure("length", n)


@when("I choose each of the most common passwords")
def _choose_each_most_common_passwords(jetty_driver: Driver, jetty_measure: Measure) -> None:
    """As long as the scenario said before that a password has to be, so that only being common is wrong with them."""
    passwords = common(jetty_driver.world.notes.get("shortest"))
    jetty_driver.world.notes["chosen"] = [(each, _choose(jetty_driver, each)) for each in passwords]
    jetty_measure("passwords", len(passwords))


@then("none of them is accepted")
def _none_them_accepted(jetty_driver: Driver) -> None:
    chosen: Sequence[tuple[str, Any]] = jetty_driver.world.notes.get("chosen", ())
    shortest = jetty_driver.world.notes.get("shortest")
    if shortest is not None and not chosen:
        raise Inconclusive(f"no common password of {shortest} characters is known here")
    assert chosen, "no password was chosen"
    if any(blocked(answer) for _, answer in chosen):
        raise Inconclusive("a limiter turned some of them away, so nothing is shown")
    for password, answer in chosen:
        assert answer.status_code < SERVER_ERROR, f"{password!r} was not refused, it broke: {described(answer)}"
        if answer.status_code in UNSEEN or leads_to_sign_in(answer):
            raise Inconclusive(f"nobody looked at {password!r}, so nothing is shown: {described(answer)}")
    taken = [password for password, answer in chosen if jetty_driver.accepted(answer)]
    if shortest is None and taken and len(taken[0]) >= LONG and len(taken) < len(chosen):
        raise Inconclusive(
            f"accepted: {', '.join(taken)}; the shorter ones were perhaps refused for their length. Say before how "
            "long a password has to be: `I choose a password of less than … characters`"
        )
    assert not taken, f"accepted: {', '.join(taken)}"


@when(phrase("I choose a password of {n:Count} characters"))
def _choose_password_characters(n: int, jetty_driver: Driver) -> None:
    jetty_driver.world.notes["password"] = uncommon(n)
    _choose(jetty_driver, uncommon(n))


@then("it is accepted and kept as a salted slow hash")
def _accepted_kept_as_salted_slow(jetty_driver: Driver, jetty_password_hash: Callable[[Persona], str]) -> None:
    """Chosen once more, the same password is kept as another value: that is what salt does."""
    password, response = jetty_driver.world.notes.get("password"), jetty_driver.world.response
    assert password is not None, "no password was chosen"
    assert jetty_driver.accepted(response), f"it was not accepted: {described(response)}"
    kept = str(jetty_password_hash(jetty_driver.me))
    must(password not in kept, "the password is kept as it is")
    must(
        is_slow(kept), f"what is kept is no slow hash, which begins with its name; this one has {len(kept)} characters"
    )
    if jetty_driver.accepted(_choose(jetty_driver, password)):
        again = str(jetty_password_hash(jetty_driver.me))
        must(again != kept, "the same password is kept as the same value: no salt")


# ---- second factor ----


@given("I have signed in with a password only")
def _signed_password_only(jetty_driver: Driver) -> None:
    jetty_driver.sign_in(jetty_driver.me)


@when("I request a page for people who are signed in")
def _request_page_people_who_signed(jetty_driver: Driver, jetty_private_page: str) -> None:
    jetty_driver.get(jetty_private_page)


@then("a second factor is asked for")
def _second_factor_asked(jetty_driver: Driver) -> None:
    """The page does not open: it is refused, or leads elsewhere."""
    response = jetty_driver.world.response
    assert response is not None, "nothing was requested"
    assert response.is_redirect or response.status_code in {401, 403}, f"a password is enough: {described(response)}"


@then("a used code is refused")
def _used_code_refused(jetty_driver: Driver, jetty_private_page: str) -> None:
    """It opens the page once; in a new session, the very same code does not."""
    me = jetty_driver.me
    request = jetty_driver.request(FACTOR)
    jetty_driver.send(request)
    opened = jetty_driver.get(jetty_private_page)
    assert not opened.is_redirect, f"even with the second factor the page does not open: {described(opened)}"
    assert jetty_driver.accepted(opened), f"even with the second factor the page does not open: {described(opened)}"
    jetty_driver.forget(me)
    jetty_driver.sign_in(me)
    jetty_driver.send(request)
    replayed = jetty_driver.get(jetty_private_page)
    assert replayed.is_redirect or not jetty_driver.accepted(replayed), "a used code opens the page again"


# ---- accounts ----


def _sign_in_as(driver: Driver, who: Persona) -> Any:
    name = next((each for each in SIGN_IN if each in driver.actions), SIGN_IN[0])
    action_named(driver.actions, name)
    page = next((each for each in SIGN_IN_PAGES if each in driver.pages), None)
    if page is not None:
        driver.visit(page, who)
    return driver.act(name, who)


@then("no default account can sign in")
def _no_default_account_can_sign(jetty_driver: Driver, jetty_measure: Measure) -> None:
    """Each from an address of its own, for a limiter's refusal is no proof."""
    allow(jetty_driver.target, "fuzz")
    me = jetty_driver.me
    names = [key for key in me.facts if key.casefold() in NAMES]
    if not names or "password" not in me.facts:
        raise Unavailable("`Persona.facts` has no name and `password` to put a default account into")
    let_in = []
    for number, (user, password) in enumerate(DEFAULTS):
        address = loopback(FIRST_ADDRESS + number) if jetty_driver.local else me.address
        facts: Mapping[str, str] = {**me.facts, **dict.fromkeys(names, user), "password": password}
        who = replace(me, name=f"default {number}", address=address, facts=facts)
        answer = _sign_in_as(jetty_driver, who)
        if blocked(answer):
            raise Inconclusive(f"a limiter turned {user!r} away: {described(answer)}")
        let_in += [f"{user}:{password}"] if not jetty_driver.refused(answer) else []
    jetty_measure("accounts", len(DEFAULTS))
    assert not let_in, f"signed in: {', '.join(let_in)}"


@when(phrase("{span:Duration} pass without a sign-in"))
def _pass_without_sign(span: timedelta, jetty_driver: Driver, jetty_time: Time, jetty_measure: Measure) -> None:
    jetty_driver.sign_in(jetty_driver.me)
    jetty_driver.forget(jetty_driver.me)
    jetty_time.pass_by(span + timedelta(seconds=1))
    jetty_driver.world.notes["unused"] = span
    jetty_measure("idle", spoken(span))


@then("I cannot sign in")
def _cannot_sign(jetty_driver: Driver) -> None:
    assert "unused" in jetty_driver.world.notes, "no time has passed"
    answer = _sign_in_as(jetty_driver, jetty_driver.me)
    assert jetty_driver.refused(answer), f"I can still sign in: {described(answer)}"


@when(parsers.parse("two people {action}"))
def _two_people(action: str, jetty_driver: Driver, jetty_audit: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
    people = (jetty_driver.me, jetty_driver.somebody_else())
    before = []
    for who in people:
        if who.user_id is None:
            raise Unavailable(f"{who.name!r} has no `user_id` to compare with: override the fixture `jetty_users`")
        if action not in SIGN_IN:
            jetty_driver.sign_in(who)
        before.append(len(jetty_audit()))
        answer = jetty_driver.act(action, who)
        assert jetty_driver.accepted(answer), f"{who.name} could not {action}: {described(answer)}"
    jetty_driver.world.notes["two"] = list(zip(people, before, [*before[1:], None], strict=True))


@then("the audit log tells them apart")
def _audit_log_tells_them_apart(
    jetty_driver: Driver, jetty_audit: Callable[[], Sequence[Mapping[str, Any]]], jetty_audit_fields: Mapping[str, str]
) -> None:
    two = jetty_driver.world.notes.get("two")
    assert two, "nobody has done anything"
    key = jetty_audit_fields.get("user ID", "user_id")
    for who, start, end in two:
        said = {str(entry.get(key)) for entry in jetty_audit()[start:end]}
        assert who.user_id in said, f"no entry says that {who.name} ({who.user_id}) did it; they say {sorted(said)}"
