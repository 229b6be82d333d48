"""Phrases for accounts: which passwords are taken and how they are kept, second factors, accounts nobody should have.

What only a project can do are actions of its own in `jetty_actions`: `choose a password` (the fact `password`),
`ask for a reset` (of an unknown account where the input is wrong), `use the reset link` (the fact `link`),
`enter my second factor`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import SIGN_IN, SIGN_IN_PAGES, Driver, blocked, described
from mkdocs_jetty.steps.clock import Time
from mkdocs_jetty.steps.ports import Persona, action_named, loopback, missing
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock", "mkdocs_jetty.steps.sessions"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
CHOOSE, ASK, USE, FACTOR = "choose a password", "ask for a reset", "use the reset link", "enter my second factor"
FIRST_ADDRESS = 40_000
COMMON = [
    "password",
    "password1",
    "password123",
    "passw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "11111111",
    "00000000",
    "87654321",
    "qwertyuiop",
    "qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "asdfghjkl",
    "abcd1234",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "letmein1",
    "welcome1",
    "admin123",
    "computer",
    "whatever",
    "starwars",
    "michelle",
]
DEFAULTS = (
    ("admin", "admin"), ("admin", "password"), ("admin", "changeme"), ("admin", ""), ("administrator", "administrator"),
    ("root", "root"), ("root", "toor"), ("test", "test"), ("guest", "guest"), ("user", "user"), ("demo", "demo"),
)  # fmt: skip
NAMES = ("user", "username", "name", "email", "login", "address")
SLOW = (
    (re.compile(r"\$argon2(?:id|i|d)\$"), 0),
    (re.compile(r"\$2[abxy]\$(\d\d)\$"), 10),
    (re.compile(r"^\$?scrypt[$:](?:ln=)?(\d+)"), 14),
    (re.compile(r"^\$?pbkdf2[_:-]sha(?:256|512)[:$](?:i=)?(\d+)"), 100_000),
)
"""What a slow hash begins with, and the least cost it may have."""
VARYING = re.compile(r"[0-9A-Za-z_-]{20,}|\b[0-9a-f]{8,}\b")
"""Tokens and references, which differ between any two answers."""


@pytest.fixture
def jetty_password_hash() -> Callable[[Persona], str]:
    """Gives the stored value of a person's password; override it."""
    raise missing("jetty_password_hash", "to read the stored value of a password")


@pytest.fixture
def jetty_reset_link() -> Callable[[], str]:
    """Gives the newest link (or code) for a new password, as it was sent; override it."""
    raise missing("jetty_reset_link", "to read the link that was sent")


# ---- passwords ----


def _choose(driver: Driver, password: str) -> Any:
    action_named(driver.actions, CHOOSE)
    me = driver.me
    return driver.act(CHOOSE, replace(me, facts={**me.facts, "password": password}))


def _random(length: int) -> str:
    return "".join(chr(33 + (number * 37 + 11) % 90) for number in range(length))


@when(phrase("I choose a password of less than {n:Count} characters"))
def _(n: int, jetty_driver: Driver, jetty_measure: Measure) -> None:
    """One character short, and uncommon, so that only its length is wrong."""
    _choose(jetty_driver, _random(n - 1))
    jetty_measure("length", n)


@when("I choose each of the most common passwords")
def _(jetty_driver: Driver, jetty_measure: Measure) -> None:
    jetty_driver.world.notes["chosen"] = [(each, _choose(jetty_driver, each)) for each in COMMON]
    jetty_measure("passwords", len(COMMON))


@then("none of them is accepted")
def _(jetty_driver: Driver) -> None:
    chosen: Sequence[tuple[str, Any]] = jetty_driver.world.notes.get("chosen", ())
    assert chosen, "no password was chosen"
    if any(blocked(answer) for _, answer in chosen):
        raise Inconclusive("a limiter turned some of them away, so nothing is shown")
    taken = [password for password, answer in chosen if jetty_driver.accepted(answer)]
    assert not taken, f"accepted: {', '.join(taken)}"


@when(phrase("I choose a password of {n:Count} characters"))
def _(n: int, jetty_driver: Driver) -> None:
    jetty_driver.world.notes["password"] = _random(n)
    _choose(jetty_driver, _random(n))


@then("it is accepted and kept as a salted slow hash")
def _(jetty_driver: Driver, jetty_password_hash: Callable[[Persona], str]) -> None:
    """Chosen once more, the same password is kept as another value: that is what salt does."""
    password, response = jetty_driver.world.notes.get("password"), jetty_driver.world.response
    assert password is not None, "no password was chosen"
    assert jetty_driver.accepted(response), f"it was not accepted: {described(response)}"
    kept = str(jetty_password_hash(jetty_driver.me))
    assert password not in kept, "the password is kept as it is"
    assert is_slow(kept), f"what is kept is no slow hash: it begins with {kept[:12]!r}"
    if jetty_driver.accepted(_choose(jetty_driver, password)):
        assert str(jetty_password_hash(jetty_driver.me)) != kept, "the same password is kept as the same value: no salt"


def is_slow(kept: str) -> bool:
    """Whether a stored value is a hash that takes its time: Argon2, bcrypt, scrypt, or PBKDF2 with rounds enough."""
    for pattern, least in SLOW:
        found = pattern.search(kept)
        if found:
            return not least or int(found[1]) >= least
    return False


# ---- a new password ----


@when("I ask to reset the password of a known and of an unknown account")
def _(jetty_driver: Driver) -> None:
    known, unknown = jetty_driver.act(ASK), jetty_driver.act(ASK, valid=False)
    jetty_driver.world.notes["asked"] = (known, unknown)


@then("both answers are the same")
def _(jetty_driver: Driver) -> None:
    """In status, place and text, but for tokens and references."""
    answers = jetty_driver.world.notes.get("asked")
    assert answers, "nobody has asked"
    for each in answers:
        assert not blocked(each), f"a limiter turned it away: {described(each)}"
    known, unknown = map(_said, answers)
    assert known == unknown, f"the answers differ: {described(answers[0])}; {described(answers[1])}"


def _said(response: Any) -> tuple[int, str, str]:
    return response.status_code, response.headers.get("location", ""), VARYING.sub("", response.text)


@then(phrase("the reset link works once and not after {span:Duration}"))
def _(
    span: timedelta, jetty_driver: Driver, jetty_reset_link: Callable[[], str], jetty_time: Time, jetty_measure: Measure
) -> None:
    first = _link(jetty_driver, jetty_reset_link)
    response = _use(jetty_driver, first)
    assert jetty_driver.accepted(response), f"the link does not work: {described(response)}"
    again = _use(jetty_driver, first)
    assert not jetty_driver.accepted(again), "the link works twice"
    second = _link(jetty_driver, jetty_reset_link)
    assert second != first, "the second link is the first one"
    jetty_time.pass_by(span + timedelta(seconds=1))
    late = _use(jetty_driver, second)
    jetty_measure("link", spoken(span))
    assert not jetty_driver.accepted(late), f"the link works after {spoken(span)}"


def _link(driver: Driver, newest: Callable[[], str]) -> str:
    response = driver.act(ASK)
    assert driver.accepted(response), f"no link can be asked for: {described(response)}"
    return newest()


def _use(driver: Driver, link: str) -> Any:
    me = driver.me
    return driver.act(USE, replace(me, facts={**me.facts, "link": link, "password": _random(24)}))


# ---- second factor ----


@given("I have signed in with a password only")
def _(jetty_driver: Driver) -> None:
    jetty_driver.sign_in(jetty_driver.me)


@when("I request a page for people who are signed in")
def _(jetty_driver: Driver, jetty_private_page: str) -> None:
    jetty_driver.get(jetty_private_page)


@then("a second factor is asked for")
def _(jetty_driver: Driver) -> None:
    """The page does not open: it is refused, or leads elsewhere."""
    response = jetty_driver.world.response
    assert response is not None, "nothing was requested"
    assert response.is_redirect or response.status_code in {401, 403}, f"a password is enough: {described(response)}"


@then("a used code is refused")
def _(jetty_driver: Driver, jetty_private_page: str) -> None:
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
def _(jetty_driver: Driver, jetty_measure: Measure) -> None:
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
def _(span: timedelta, jetty_driver: Driver, jetty_time: Time, jetty_measure: Measure) -> None:
    jetty_driver.sign_in(jetty_driver.me)
    jetty_driver.forget(jetty_driver.me)
    jetty_time.pass_by(span + timedelta(seconds=1))
    jetty_driver.world.notes["unused"] = span
    jetty_measure("idle", spoken(span))


@then("I cannot sign in")
def _(jetty_driver: Driver) -> None:
    assert "unused" in jetty_driver.world.notes, "no time has passed"
    answer = _sign_in_as(jetty_driver, jetty_driver.me)
    assert jetty_driver.refused(answer), f"I can still sign in: {described(answer)}"


@when(parsers.parse("two people {action}"))
def _(action: str, jetty_driver: Driver, jetty_audit: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
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
def _(
    jetty_driver: Driver, jetty_audit: Callable[[], Sequence[Mapping[str, Any]]], jetty_audit_fields: Mapping[str, str]
) -> None:
    two = jetty_driver.world.notes.get("two")
    assert two, "nobody has done anything"
    key = jetty_audit_fields.get("user ID", "user_id")
    for who, start, end in two:
        said = {str(entry.get(key)) for entry in jetty_audit()[start:end]}
        assert who.user_id in said, f"no entry says that {who.name} ({who.user_id}) did it; they say {sorted(said)}"
