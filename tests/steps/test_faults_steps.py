"""Broken dependencies: a shop that does without them passes, one that breaks with them or hides it fails."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from step_projects import run, said

from mkdocs_jetty.steps.proxy import FaultProxy, ProxyFaults

CONFTEST = """
from mkdocs_jetty.steps.proxy import FaultProxy, ProxyFaults


class Post(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"sent\\n")


class Port(ProxyFaults):
    # Says that it broke the shop itself, and has not.
    def break_(self, dependency, fault, **details):
        if dependency != "shop":
            super().break_(dependency, fault, **details)
    def calls(self, dependency):
        return None if dependency == "shop" else super().calls(dependency)


@pytest.fixture
def jetty_faults(shop):
    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Post) as post:
        threading.Thread(target=post.serve_forever, args=(0.05,), daemon=True).start()
        proxy = FaultProxy(post.server_address, port=shop.mail)
        yield Port({"mail server": proxy})
        proxy.close()
        post.shutdown()


@pytest.fixture
def jetty_logs():
    return lambda: [{"level": "error", "release": "1", "id": "0123456789abcdef"}]
"""
CONFTEST += """
from pytest_bdd import when
@when("the password is reset")
def _(jetty_driver):
    jetty_driver.act("reset my password")
"""
ANSWER = "Then I get an answer within 2 seconds that says what is missing"
SCENARIOS = f"""
  Scenario: down
    Given the mail server is unavailable
    When I try to reset my password
    {ANSWER}
    And full service returns within 3 seconds
  Scenario: slow
    Given the mail server answers after 1 second
    When I try to reset my password
    {ANSWER}
    And full service returns within 3 seconds of its return
  Scenario: hangs
    Given the mail server never answers
    When I try to reset my password
    {ANSWER}
    And each attempt ends within 2 seconds
    And the mail server got at most 1 calls
  Scenario: drops
    Given the mail server drops 100% of connections
    When I try to reset my password
    {ANSWER}
  Scenario: bad patience
    Given a shop without patient
    And the mail server never answers
    When I try to reset my password
    {ANSWER}
  Scenario: bad silence
    Given a shop without silent
    And the mail server is unavailable
    When I try to reset my password
    {ANSWER}
  Scenario: bad break
    Given a shop without breaks
    And the mail server is unavailable
    When I try to reset my password
    {ANSWER}
  Scenario: bad attempts
    Given a shop without patient
    And the mail server never answers
    When I try to reset my password
    Then each attempt ends within 1 second
  Scenario: bad return
    Given the mail server never answers
    When I try to write a note
    Then the mail server got at most 1 calls
  Scenario: uncounted
    Given the mail server is unavailable
    When I try to reset my password
    Then each attempt ends within 2 seconds
  Scenario: nobody counts
    Given the mail server is unavailable
    When I try to reset my password
    Then the mail server got at most 1 calls
  Scenario: always says so
    Given the shop is unavailable
    When I try to look
    {ANSWER}
  Scenario: no effect
    Given the shop never answers
    When I try to look
    Then each attempt ends within 2 seconds
  Scenario: not called
    Given the mail server never answers
    When I try to look
    Then each attempt ends within 2 seconds
  Scenario: who knows
    Given the mail server is unavailable
    When the password is reset
    {ANSWER}
  Scenario: unknown dependency
    Given the database is unavailable
    When I try to look
    {ANSWER}
  Scenario: nothing broken
    When I try to look
    {ANSWER}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("faults"), "faults", SCENARIOS, CONFTEST)


@pytest.mark.parametrize("name", ["down", "slow", "hangs", "drops"])
def test_a_shop_that_does_without_its_mail_server_passes(found: dict[str, Any], name: str) -> None:
    assert found[name]["status"] == "passed", said(found[name])
    assert found[name]["measured"]["within"] == "2 seconds"


@pytest.mark.parametrize(
    ("name", "message"),
    [("bad patience", "the answer took"), ("bad silence", "does not say 'mail server'"), ("bad break", "it broke"),
     ("bad attempts", "an attempt took"), ("bad return", "never called"), ("nothing broken", "no step before")],
)  # fmt: skip
def test_a_shop_that_breaks_with_its_mail_server_fails(found: dict[str, Any], name: str, message: str) -> None:
    assert found[name]["status"] == "failed"
    assert message in said(found[name])


def test_an_attempt_that_nobody_can_count_is_known_by_its_answer(found: dict[str, Any]) -> None:
    assert found["uncounted"]["status"] == "passed", said(found["uncounted"])


@pytest.mark.parametrize(
    ("name", "cause", "message"),
    [("always says so", "inconclusive", "in peace too"), ("no effect", "inconclusive", "are those of peace"),
     ("not called", "inconclusive", "never called"), ("nobody counts", "unavailable", "nobody counted"),
     ("who knows", "inconclusive", "I try to")],
)  # fmt: skip
def test_a_fault_that_does_not_show_shows_nothing(found: dict[str, Any], name: str, cause: str, message: str) -> None:
    assert found[name]["cause"] == cause, said(found[name])
    assert message in said(found[name])


def test_a_dependency_that_nobody_can_break_is_not_run(found: dict[str, Any]) -> None:
    assert found["unknown dependency"]["cause"] == "unavailable"


def test_without_the_port_it_is_not_run(tmp_path: Path) -> None:
    scenario = "  Scenario: one\n    Given the mail server is unavailable\n    When I try to look\n    " + ANSWER
    one = run(tmp_path, "faults", scenario)["one"]
    assert one["cause"] == "unavailable"
    assert "jetty_faults" in said(one)


# ---- the proxy ----


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        made = FaultProxy(("127.0.0.1", server.server_address[1]))
        yield made
        made.close()
        made.close()
        server.shutdown()


def ask(proxy: FaultProxy, connection: socket.socket | None = None) -> bytes:
    own = connection or socket.create_connection(("127.0.0.1", proxy.port), 1)
    try:
        own.settimeout(1)
        own.sendall(b"hello\n")
        return own.recv(100)
    finally:
        if connection is None:
            own.close()


def test_it_passes_on_what_it_gets_in_full(proxy: FaultProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 2) as connection:
        sent = b"x" * 300_000 + b"\n"
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        got = b""
        while len(got) < len(sent):
            got += connection.recv(65536)
    assert got == sent
    assert proxy.connections == 1


def test_down_refuses_new_connections_ends_old_ones_and_keeps_its_port(proxy: FaultProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 1) as old:
        assert ask(proxy, old) == b"hello\n"
        proxy.set("down")
        with pytest.raises(ConnectionError):
            ask(proxy, old)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            ask(proxy)
        proxy.set("ok")
        assert ask(proxy) == b"hello\n"
        proxy.set("down")


def test_slow_delays_the_answer_and_not_every_piece_of_it(proxy: FaultProxy) -> None:
    proxy.set("slow", seconds=0.3)
    started = time.monotonic()
    assert ask(proxy) == b"hello\n"
    assert 0.29 < time.monotonic() - started < 0.6


def test_hang_never_answers_not_even_afterwards(proxy: FaultProxy) -> None:
    proxy.set("hang")
    with socket.create_connection(("127.0.0.1", proxy.port), 1) as held:
        with pytest.raises(TimeoutError):
            ask(proxy, held)
        proxy.set("ok")
        with pytest.raises(ConnectionResetError):
            held.recv(10)
    assert ask(proxy) == b"hello\n"


def test_drop_ends_exactly_the_share_it_says(proxy: FaultProxy) -> None:
    proxy.set("drop", percent=25)
    answers = []
    for _ in range(40):
        try:
            answers.append(ask(proxy))
        except ConnectionError:  # noqa: PERF203
            answers.append(b"")
    assert answers.count(b"hello\n") == 30


def test_a_connection_from_before_counts_when_it_is_used_again(proxy: FaultProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 1) as old:
        assert ask(proxy, old) == b"hello\n"
        proxy.set("slow", seconds=0.1)
        assert proxy.connections == 0
        for _ in range(2):
            assert ask(proxy, old) == b"hello\n"
        assert proxy.connections == 1


def test_a_wrong_fault_says_which_there_are(proxy: FaultProxy) -> None:
    with pytest.raises(ValueError, match="ok, down, slow"):
        proxy.set("flood")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="100 percent"):
        proxy.set("drop", percent=101)
    with pytest.raises(KeyError, match="mail"):
        ProxyFaults({"mail": proxy}).break_("post", "down")
