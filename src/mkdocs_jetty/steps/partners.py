"""Phrases for other systems: calls that arrive from partners, and calls that strangers would have us make."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described, need_httpx
from mkdocs_jetty.steps.ports import Persona, Request, action_named, missing
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Webhook = Callable[[bool, timedelta], Request]
FACT = "url"
LATER_S = 2.0
INTERNAL = (
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
    "http://user@127.0.0.1:{port}/", "http://0.0.0.0:{port}/", "http://LOCALHOST.:{port}/",
)  # fmt: skip


@pytest.fixture
def jetty_webhook() -> Webhook:
    """Makes a partner's call, with a right signature or not, signed so long ago; override it."""
    raise missing("jetty_webhook", "to sign a call as a partner does")


# ---- calls from partners ----


@when(phrase("a webhook arrives with a signature that is wrong, older than {age:Duration} or repeated"))
def _webhook_arrives_signature_wrong_older(
    age: timedelta, jetty_driver: Driver, jetty_webhook: Webhook, jetty_snapshot: Callable[[], Any],
    jetty_measure: Measure,
) -> None:  # fmt: skip
    """After one that is right: it has to be accepted, and to change something."""
    genuine, before = jetty_webhook(True, timedelta()), jetty_snapshot()
    first = jetty_driver.send(genuine)
    if not jetty_driver.accepted(first):
        raise Inconclusive(f"even a right signature is refused ({described(first)}), so this shows nothing")
    after = jetty_snapshot()
    if after == before:
        raise Inconclusive("even a right call changes nothing that `jetty_snapshot` shows, so this shows nothing")
    old = jetty_webhook(True, age + timedelta(seconds=1))
    calls = {"wrong": jetty_webhook(False, timedelta()), "old": old, "repeated": genuine}
    answers = {name: jetty_driver.send(each) for name, each in calls.items()}
    jetty_driver.world.notes["calls"] = (answers, after)
    jetty_measure("age", spoken(age))


@then("the wrong and the old one are refused")
def _wrong_old_one_refused(jetty_driver: Driver) -> None:
    answers, _ = _calls(jetty_driver)
    taken = [
        f"{name} ({described(answers[name])})" for name in ("wrong", "old") if jetty_driver.accepted(answers[name])
    ]
    assert not taken, f"accepted: {', '.join(taken)}"


@then("none of them has an effect")
def _none_them_effect(jetty_driver: Driver, jetty_snapshot: Callable[[], Any]) -> None:
    _, after = _calls(jetty_driver)
    assert jetty_snapshot() == after, "the stored data has changed"


def _calls(driver: Driver) -> tuple[dict[str, Any], Any]:
    calls: tuple[dict[str, Any], Any] | None = driver.world.notes.get("calls")
    assert calls, "no webhook has arrived"
    return calls


# ---- calls that strangers would have us make ----


@when(parsers.parse("I give each internal address to {action}"))
def _give_each_internal_address(action: str, jetty_driver: Driver, jetty_measure: Measure) -> None:
    """The address is the fact `url` of the person; a listener of our own sees who calls, now or a little later.

    An ordinary address, the one that `url` has, has to be accepted, or a refusal shows nothing. The system may call it,
    so whose it is the project decides.
    """
    allow(jetty_driver.target, "fuzz")
    if not jetty_driver.local:
        raise Unavailable("the system runs on another machine, where our listener is not internal")
    me = jetty_driver.me
    if not (allowed := me.facts.get(FACT)):
        raise Unavailable(f"this needs an address that is allowed: put it as the fact `{FACT}` into `Persona.facts`")
    with listener() as (port, seen):
        addresses = [f"{each.format(port=port)}jetty-{number}" for number, each in enumerate(INTERNAL)]
        sent = repr(action_named(jetty_driver.actions, action)(_with(me, addresses[0]), True))
        if addresses[0] not in sent:
            raise Unavailable(f"the action `{action}` does not send the fact `{FACT}` of `Persona.facts`")
        ordinary = jetty_driver.act(action, _with(me, allowed))
        answers = [_answered(jetty_driver, action, _with(me, each)) for each in addresses]
        time.sleep(LATER_S)  # what runs in the background calls after the answer
        called = {each.partition("?")[0] for each in seen}
    tried = [(address, answer, f"/jetty-{number}" in called)
             for number, (address, answer) in enumerate(zip(addresses, answers, strict=True))]  # fmt: skip
    strange = sorted(called - {f"/jetty-{number}" for number in range(len(tried))})
    jetty_driver.world.notes["addresses"] = (tried, strange, ordinary)
    jetty_measure("addresses", len(tried))


def _answered(driver: Driver, action: str, who: Persona) -> Any:
    """The answer, or None where the system gave none: whom it called is to be told all the same."""
    with suppress(need_httpx().TransportError):
        return driver.act(action, who)
    return None


def _with(me: Persona, address: str) -> Persona:
    return replace(me, facts={**me.facts, FACT: address})


@then("no internal address is contacted")
def _no_internal_address_contacted(jetty_driver: Driver) -> None:
    tried, strange, ordinary = jetty_driver.world.notes.get("addresses", ((), (), None))
    assert tried, "no address was given"
    called = [address for address, _, contacted in tried if contacted]
    assert not called, f"contacted: {', '.join(called)}"
    assert not strange, f"contacted at another path: {', '.join(strange)}"
    broke = [
        f"{address} ({'no answer' if answer is None else described(answer)})"
        for address, answer, _ in tried
        if answer is None or answer.status_code >= 500  # noqa: PLR2004
    ]
    assert not broke, f"it broke, rather than refused: {', '.join(broke)}"
    if jetty_driver.refused(ordinary):
        raise Inconclusive(
            f"an ordinary address is refused as well ({described(ordinary)}), so this shows nothing; the fact `{FACT}` "
            "of `Persona.facts` has to be one that is allowed, and the action may ask for somebody who is signed in"
        )


@contextmanager
def listener() -> Iterator[tuple[int, list[str]]]:
    """A server on this machine that notes every call; gives its port and the calls."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_GET  # noqa: N815 - the names that the server calls

        def log_message(self, *_: Any) -> None:
            """Not on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()
