"""The real application on a real port, new for each scenario."""

from __future__ import annotations

import os
import re
import socket
import socketserver
import sys
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from harbour.app import Harbour, create_app, server_config
from harbour.protections import ALL as PROTECTIONS
from harbour.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

    from starlette.types import ASGIApp, Receive, Scope, Send

START_SECONDS = 10
MAIL_SECONDS = 8
QUICK_HASH = 2**4
IN_PRODUCTION = {"production": True, "public_url": "https://harbour.example", "metrics_token": "for the meter only"}
WITHOUT = "HARBOUR_WITHOUT"
LINK = re.compile(r"https?://\S+")
ANSWERS = {b"DATA": b"354 go on", b"QUIT": b"221 bye"}


class Listener(socketserver.ThreadingTCPServer):
    """Its port is free again at once."""

    allow_reuse_address = True
    daemon_threads = True


class MailServer:
    """Takes what it is given; a scenario may take it down and bring it back."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.port = 0
        self._listener: Listener | None = None
        self.up()

    def up(self) -> None:
        if self._listener:
            return
        mails = self.mails

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 loopback\r\n")
                while line := self.rfile.readline():
                    command = line[:4].upper()
                    self.wfile.write(ANSWERS.get(command, b"250 fine") + b"\r\n")
                    if command == b"QUIT":
                        return
                    if command == b"DATA":
                        mails.append(message_from_bytes(b"".join(iter(self.rfile.readline, b".\r\n"))))
                        self.wfile.write(b"250 taken\r\n")

        self._listener = Listener(("127.0.0.1", self.port), Conversation)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        if self._listener:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener = None


@dataclass
class Clock:
    """The real time, and whatever a scenario lets pass on top of it."""

    ahead: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Doorway:
    """One port; behind it, for each scenario, another application."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass
class Running:
    """The application as it runs."""

    url: str
    app: Harbour
    clock: Clock
    mail: MailServer

    def link(self, number: int = 1) -> str:
        """The link in the mail of that number, as soon as it has arrived."""
        deadline = time.monotonic() + MAIL_SECONDS
        while len(self.mail.mails) < number:
            assert time.monotonic() < deadline, f"{len(self.mail.mails)} mails arrived, not {number}"
            time.sleep(0.01)
        text = self.mail.mails[number - 1].get_payload(decode=True).decode()
        # The mail names the public address; the scenario reaches Harbour at another port.
        return LINK.search(text).group().replace(self.app.settings.public_url, self.url)


@dataclass
class Person:
    """Someone with an account, as the scenario tells of them."""

    name: str
    address: str
    password: str
    role: str = "member"

    def form(self, **changes: str) -> dict[str, str]:
        return {"address": self.address, "password": self.password, **changes}


@dataclass
class People:
    """Everyone whom the scenario has given an account."""

    harbour: Harbour
    known: dict[str, Person] = field(default_factory=dict)

    def join(self, name: str, address: str, password: str, role: str = "member") -> None:
        self.harbour.store.add_account(name, address, password, role)
        self.known[name] = Person(name, address, password, role)

    def __getitem__(self, name: str) -> Person:
        return self.known[name]


@pytest.fixture(scope="session")
def doorway() -> Iterator[tuple[str, Doorway]]:
    door = Doorway()
    server = uvicorn.Server(server_config(door))
    # With the protocol named, asyncio turns Nagle's algorithm off; else each answer may wait for 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        _wait_for(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", door
        server.should_exit = True
        thread.join(START_SECONDS)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("Harbour did not start")
        time.sleep(0.01)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.down()


@pytest.fixture
def without(request: pytest.FixtureRequest) -> frozenset[str]:
    """The protections to take out: for a rehearsal, in which at least one scenario has to notice.

    `HARBOUR_WITHOUT=login-throttling` takes out that one; `HARBOUR_WITHOUT=claimed` takes out of each scenario the one
    that its own tag claims, so that a single run rehearses them all.
    """
    named = os.environ.get(WITHOUT, "")
    if named == "claimed":
        return frozenset(_claimed(request)) & PROTECTIONS
    return frozenset(filter(None, named.split(",")))


def _claimed(request: pytest.FixtureRequest) -> Iterator[str]:
    for mark in request.node.iter_markers():
        kind, _, name = mark.name.partition(":")
        if kind in {"standard", "protection"}:
            yield name


@pytest.fixture(autouse=True)
def harbour(
    doorway: tuple[str, Doorway],
    mail_server: MailServer,
    tmp_path: Path,
    without: frozenset[str],
    request: pytest.FixtureRequest,
) -> Iterator[Running]:
    """The application as if it had just been set up: without accounts, at the real time.

    For scenarios with the tag `@production` it is configured as in production, behind https.
    """
    url, door = doorway
    production = request.node.get_closest_marker("production") is not None
    settings = Settings(
        database=tmp_path / "harbour.db",
        log_file=tmp_path / "harbour.log",
        secret="a secret that only this scenario knows",
        smtp_port=mail_server.port,
        mail_retry=0.2,
        scrypt_cost=QUICK_HASH,
        **(IN_PRODUCTION if production else {}),
    )
    clock = Clock()
    app = Harbour(settings, clock=clock, without=without)
    door.app = create_app(app)
    app.start()
    yield Running(url, app, clock, mail_server)
    app.stop()


@pytest.fixture
def people(harbour: Running) -> People:
    return People(harbour.app)


@pytest.fixture
def browser(harbour: Running) -> Iterator[Callable[[], httpx.Client]]:
    """Opens one more browser, with cookies of its own."""
    opened: list[httpx.Client] = []

    def opening() -> httpx.Client:
        client = httpx.Client(base_url=harbour.url, follow_redirects=True, trust_env=False)
        # Browsers take loopback for a safe place too, and send `Secure` cookies to it.
        client.event_hooks = {"response": [lambda _: _send_everywhere(client)]}
        opened.append(client)
        return client

    yield opening
    for client in opened:
        client.close()


def _send_everywhere(client: httpx.Client) -> None:
    for cookie in client.cookies.jar:
        cookie.secure = False


@pytest.fixture
def client(browser: Callable[[], httpx.Client]) -> httpx.Client:
    """The browser in which the scenario happens."""
    return browser()
