"""Hostile input: every payload goes into every field of an action, and nothing but text may come of it.

A refusal counts only where the same request with ordinary input is accepted, and a limiter's refusal does not count at
all: each request comes from an address of its own. The pages are read after each payload, since the next one may take
its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.answers import granted
from mkdocs_jetty.steps.client import Driver, blocked, described
from mkdocs_jetty.steps.corpora import CORPORA, Payload, active, corpus, executed, revealed
from mkdocs_jetty.steps.ports import Load, Target, World, action_named
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES
from mkdocs_jetty.steps.volley import Volley, volley

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Stored = Callable[[], Sequence[str]]
SERVER_ERROR = 500
SHOWN = 5


@when(phrase('each payload from the "{name}" corpus is sent to {action}'))
def _each_payload_from_corpus_sent(
    name: str, action: str, jetty_target: Target, jetty_driver: Driver, jetty_world: World, jetty_load: Load,
    jetty_measure: Measure, jetty_stored: Stored | None,
) -> None:  # fmt: skip
    allow(jetty_target, "fuzz")
    jetty_world.notes["volley"] = _send_all(corpus(name), action, jetty_driver, jetty_load, jetty_stored)
    _measure(jetty_measure, name, jetty_world.notes["volley"])


@when(phrase("each payload from every corpus is sent to {action}"))
def _each_payload_from_every_corpus(
    action: str, jetty_target: Target, jetty_driver: Driver, jetty_world: World, jetty_load: Load,
    jetty_measure: Measure, jetty_stored: Stored | None,
) -> None:  # fmt: skip
    allow(jetty_target, "fuzz")
    payloads = [payload for name in CORPORA for payload in corpus(name)]
    jetty_world.notes["volley"] = _send_all(payloads, action, jetty_driver, jetty_load, jetty_stored)
    _measure(jetty_measure, ", ".join(CORPORA), jetty_world.notes["volley"])


def _measure(measure: Measure, name: str, found: Volley) -> None:
    measure("corpus", name)
    measure("payloads", len(found.payloads))
    measure("requests", len(found.shots))


def _send_all(payloads: Sequence[Payload], action: str, driver: Driver, load: Load, stored: Stored | None) -> Volley:
    """Send them all between two requests with ordinary input, both of which have to be accepted."""
    action_named(driver.actions, action)
    ordinary = _ordinary(driver, action)
    sent = volley(driver, action, payloads, ordinary, stored, lambda requests: cap(load, requests=requests))
    _ordinary(driver, action)
    return sent


def _ordinary(driver: Driver, action: str) -> httpx.Response:
    response = driver.act(action)
    assert driver.accepted(response), (
        f"`{action}` refuses ordinary input too, so a refusal proves nothing: {described(response)}"
    )
    return response


@then("every one is refused or stored as plain text")
def _every_one_refused_or_stored(jetty_driver: Driver, jetty_world: World, jetty_stored: Stored | None) -> None:
    found = _volley(jetty_world)
    _none(f"{each}: {described(each.response)}" for each in found.shots
          if max(each.response.status_code, each.page.status_code) >= SERVER_ERROR)  # fmt: skip
    _none(f"{each}: {what}" for each in found.shots if (what := active(each.page)))
    _none(f"{path}, after {each}: status {look.status}" for each, path, look in found.looks()
          if look.status >= SERVER_ERROR)  # fmt: skip
    _none(f"{path}, after {each}: {look.active}" for each, path, look in found.looks() if look.active)
    _none(f"{path} {what}" for path, page in found.pages.items() if (what := active(page)))
    taken = [each for each in found.shots if each.may_be_kept and jetty_driver.accepted(each.response)]
    if jetty_stored is not None:
        kept = set(jetty_stored())  # what is stored in the background was not there at once
        _none(f"{each}: accepted, but kept as something else" for each in taken
              if not each.kept and not kept & each.as_kept)  # fmt: skip
    elif taken and not found.pages and not any(each.payload.text in each.page.text for each in taken):
        raise Inconclusive(
            f"{len(taken)} were accepted and are nowhere to be seen: name the pages that show them in the fixture "
            "`jetty_pages`, or fill `jetty_stored`"
        )


@then("no payload changes what is executed")
def _no_payload_changes_what_executed(jetty_driver: Driver, jetty_world: World) -> None:
    found = _volley(jetty_world)
    for each in found.shots:
        what = executed(each.payload, each.response, found.seconds) or executed(each.payload, each.page, 0)
        assert what is None, f"{each}: {what}"
    _let_nobody_in(jetty_driver, found)
    for each, path, look in found.looks():
        what = look.executed or look.active
        assert what is None, f"{path}, after {each}: {what}"
    for path, page in found.pages.items():
        for payload in found.payloads:
            what = executed(payload, page, page.elapsed.total_seconds())
            assert what is None, f"{path}, after {payload.text!r}: {what}"


def _let_nobody_in(driver: Driver, found: Volley) -> None:
    """Where wrong credentials or input are refused, and those open nothing, a payload beside them may not help."""
    gives = granted(found.ordinary) - granted(found.wrong)
    refuses = driver.refused(found.wrong)
    if found.is_sign_in and not gives and not refuses:
        raise Inconclusive(
            f"wrong credentials are answered as right ones are ({described(found.wrong)}), so nobody can say whom a "
            "payload lets in; override the fixture `jetty_accepted`"
        )
    done = "signed in with wrong credentials" if found.is_sign_in else "was done with wrong input"
    for each in (each for each in found.shots if each.is_hopeless):
        given = gives and gives <= granted(each.response)
        assert not given, f"{each}: it {done} (sets {', '.join(sorted(gives))})"
        assert not refuses or driver.refused(each.response), f"{each}: it {done} ({described(each.response)})"


@then("no response reveals an internal error")
def _no_response_reveals_internal_error(jetty_world: World) -> None:
    found = _volley(jetty_world)
    sent = {each.payload.text for each in found.shots}
    _none(f"{each} reveals {what!r}" for each in found.shots for answer in {each.response, each.page}
          if (what := revealed(answer, sent)))  # fmt: skip
    _none(f"{path}, after {each}, reveals {look.revealed!r}" for each, path, look in found.looks() if look.revealed)


def _volley(world: World) -> Volley:
    found = world.notes.get("volley")
    assert isinstance(found, Volley), "no step before has sent payloads"
    assert found.shots, "no payload was sent"
    limited = [each for each in found.shots if blocked(each.response)]
    if limited:
        raise Inconclusive(f"{len(limited)} of {len(found.shots)} requests were turned away by a limiter unread")
    if found.unread:
        raise Inconclusive(f"a limiter turned {found.unread} requests for pages away, so nobody saw what they show")
    return found


def _none(found: Iterator[str]) -> None:
    wrong = list(found)
    more = f"\n… and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    assert not wrong, "\n".join(wrong[:SHOWN]) + more
