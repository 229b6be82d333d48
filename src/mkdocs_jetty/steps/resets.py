"""Phrases for a forgotten password: what is said of an account, and how long the link works.

What only a project can do are actions of its own in `jetty_actions`: `ask for a reset` (of an unknown account where the
input is wrong), `use the reset link` (the facts `link` and `password`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.alike import slower, told_apart_by
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.client import Driver, blocked, described
from mkdocs_jetty.steps.clock import Time, retry_after
from mkdocs_jetty.steps.faults import milliseconds
from mkdocs_jetty.steps.passwords import uncommon
from mkdocs_jetty.steps.ports import missing
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
ASK, USE = "ask for a reset", "use the reset link"
SERVER_ERROR = 500
ROUNDS, ENOUGH = 5, 3
"""How often a known and an unknown account are asked for, and how often at least where a limiter ends it."""
HOUR = timedelta(hours=1)


@pytest.fixture
def jetty_reset_link() -> Callable[[], str]:
    """Gives the newest link (or code) for a new password, as it was sent; override it."""
    raise missing("jetty_reset_link", "to read the link that was sent")


@when("I ask to reset the password of a known and of an unknown account")
def _ask_reset_password_known_unknown(jetty_driver: Driver, jetty_time: Time) -> None:
    """Several times, in turns; and twice as often where one of them seems to take longer."""
    asked = _ask_both(jetty_driver, jetty_time)
    if slower(*zip(*asked, strict=True)):
        asked += _ask_both(jetty_driver, jetty_time)
    jetty_driver.world.notes["asked"] = asked


@then("both answers are the same")
def _both_answers_same(jetty_driver: Driver, jetty_measure: Measure) -> None:
    """In status, place and text, but for what varies by itself; and in the time that they take."""
    asked = jetty_driver.world.notes.get("asked")
    assert asked, "nobody has asked"
    known, unknown = zip(*asked, strict=True)
    jetty_measure("asked", len(asked))
    differ = told_apart_by(known, unknown)
    must(differ is None, f"the answers differ in {differ}: {described(known[0])}; {described(unknown[0])}")
    if slower(known, unknown):
        took = [milliseconds(median(each.elapsed.total_seconds() for each in kind)) for kind in (known, unknown)]
        raise AssertionError(
            f"the time tells them apart: {took[0]} for the known account, {took[1]} for the unknown one"
        )


def _ask_both(driver: Driver, time: Time) -> list[tuple[Any, Any]]:
    """Answers for a known and for an unknown account; each is asked for first as often as the other."""
    asked: list[tuple[Any, Any]] = []
    for number in range(ROUNDS):
        answers = {known: driver.act(ASK, valid=known) for known in (number % 2 == 0, number % 2 != 0)}
        if any(map(blocked, answers.values())):
            _limited_alike(driver, answers)
            if len(asked) >= ENOUGH:
                break
            answers = {known: _patiently(driver, time, answers[known], known=known) for known in answers}
        asked.append((answers[True], answers[False]))
    return asked


def _limited_alike(driver: Driver, answers: Mapping[bool, Any]) -> None:
    """A limiter that counts only what is asked for known accounts tells them apart."""
    for known, first in answers.items():
        if not blocked(first):
            more = (driver.act(ASK, valid=known) for _ in range(ROUNDS))
            who = "a known" if known else "an unknown"
            assert any(map(blocked, more)), f"a limiter tells them apart: whoever asks for {who} account goes on"


def _patiently(driver: Driver, time: Time, answer: Any, *, known: bool = True) -> Any:
    """Ask (again) for a reset when the limiter says, or after an hour.

    Raises:
        Inconclusive: If the limiter does not let one ask then either.
    """
    if blocked(answer):
        time.pass_by((retry_after(answer) or HOUR) + timedelta(seconds=1))
    answer = driver.act(ASK, valid=known)
    if blocked(answer):
        raise Inconclusive(f"a limiter lets nobody ask for a reset: {described(answer)}")
    return answer


@then(phrase("the reset link works once and not after {span:Duration}"))
def _reset_link_works_once_not(
    span: timedelta, jetty_driver: Driver, jetty_reset_link: Callable[[], str], jetty_time: Time, jetty_measure: Measure
) -> None:
    """A fresh link has to work after the late one: else something other than its age was the reason."""
    first = _link(jetty_driver, jetty_reset_link, jetty_time)
    must(_works(jetty_driver, first), f"the link does not work: {described(jetty_driver.world.response)}")
    must(not _works(jetty_driver, first), "the link works twice")
    second = _link(jetty_driver, jetty_reset_link, jetty_time)
    assert second != first, "the second link is the first one"
    jetty_time.pass_by(span + timedelta(seconds=1))
    jetty_measure("link", spoken(span))
    must(not _works(jetty_driver, second), f"the link works after {spoken(span)}")
    if not _works(jetty_driver, _link(jetty_driver, jetty_reset_link, jetty_time)):
        raise Inconclusive("a fresh link does not work then either, so nothing shows that it was too old: "
                           f"{described(jetty_driver.world.response)}")  # fmt: skip


def _link(driver: Driver, newest: Callable[[], str], time: Time) -> str:
    response = driver.act(ASK)
    if blocked(response):
        response = _patiently(driver, time, response)
    assert driver.accepted(response), f"no link can be asked for: {described(response)}"
    return newest()


def _works(driver: Driver, link: str) -> bool:
    """Tell whether the link was taken; only its own refusal counts as no.

    Raises:
        Inconclusive: If it was a limiter.
    """
    me = driver.me
    answer = driver.act(USE, replace(me, facts={**me.facts, "link": link, "password": uncommon(24)}))
    if blocked(answer):
        raise Inconclusive(f"a limiter turned the link away, so nothing is shown: {described(answer)}")
    assert answer.status_code < SERVER_ERROR, f"the link was not refused, it broke: {described(answer)}"
    return driver.accepted(answer)
