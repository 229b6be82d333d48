"""Phrases for other systems: calls that arrive from partners, and calls that strangers would have us make."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.ports import Request, action_named, missing
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Webhook = Callable[[bool, timedelta], Request]
FACT = "url"
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
def _(
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
def _(jetty_driver: Driver) -> None:
    answers, _ = _calls(jetty_driver)
    taken = [
        f"{name} ({described(answers[name])})" for name in ("wrong", "old") if jetty_driver.accepted(answers[name])
    ]
    assert not taken, f"accepted: {', '.join(taken)}"


@then("none of them has an effect")
def _(jetty_driver: Driver, jetty_snapshot: Callable[[], Any]) -> None:
    _, after = _calls(jetty_driver)
    assert jetty_snapshot() == after, "the stored data has changed"


def _calls(driver: Driver) -> tuple[dict[str, Any], Any]:
    calls: tuple[dict[str, Any], Any] | None = driver.world.notes.get("calls")
    assert calls, "no webhook has arrived"
    return calls


# ---- calls that strangers would have us make ----


@when(parsers.parse("I give each internal address to {action}"))
def _(action: str, jetty_driver: Driver, jetty_measure: Measure) -> None:
    """The address is the fact `url` of the person; a listener of our own sees who calls."""
    allow(jetty_driver.target, "fuzz")
    if not jetty_driver.local:
        raise Unavailable("the system runs on another machine, where our listener is not internal")
    me = jetty_driver.me
    with listener() as (port, seen):
        addresses = [each.format(port=port) for each in INTERNAL]
        sent = repr(
            action_named(jetty_driver.actions, action)(replace(me, facts={**me.facts, FACT: addresses[0]}), True)
        )
        if addresses[0] not in sent:
            raise Unavailable(f"the action `{action}` does not send the fact `{FACT}` of `Persona.facts`")
        tried = []
        for address in addresses:
            count = len(seen)
            answer = jetty_driver.act(action, replace(me, facts={**me.facts, FACT: address}))
            tried.append((address, answer, len(seen) > count))
    jetty_driver.world.notes["addresses"] = tried
    jetty_measure("addresses", len(tried))


@then("no internal address is contacted")
def _(jetty_driver: Driver) -> None:
    tried = jetty_driver.world.notes.get("addresses")
    assert tried, "no address was given"
    called = [address for address, _, contacted in tried if contacted]
    assert not called, f"contacted: {', '.join(called)}"
    broke = [f"{address} ({described(answer)})" for address, answer, _ in tried if answer.status_code >= 500]  # noqa: PLR2004
    assert not broke, f"it broke, rather than refused: {', '.join(broke)}"


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
