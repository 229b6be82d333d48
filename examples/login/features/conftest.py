"""The real application on a real port, empty before each scenario."""

from __future__ import annotations

import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from harbour.app import create_app
from harbour.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_SECONDS = 10


@dataclass
class Clock:
    """The real time, and whatever a scenario lets pass on top of it."""

    ahead: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Running:
    """The application as it runs."""

    url: str
    store: Store
    clock: Clock


@dataclass
class Person:
    """Someone with an account, as the scenario tells of them."""

    name: str
    address: str
    password: str

    def form(self, **changes: str) -> dict[str, str]:
        return {"address": self.address, "password": self.password, **changes}


@dataclass
class People:
    """Everyone whom the scenario has given an account."""

    store: Store
    known: dict[str, Person] = field(default_factory=dict)

    def join(self, name: str, address: str, password: str) -> None:
        self.store.add_account(name, address, password)
        self.known[name] = Person(name, address, password)

    def __getitem__(self, name: str) -> Person:
        return self.known[name]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    store, clock = Store(tmp_path_factory.mktemp("harbour") / "harbour.db"), Clock()
    config = uvicorn.Config(create_app(store, clock), log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        _wait_for(server, thread)
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", store, clock)
        server.should_exit = True
        thread.join(START_SECONDS)


def _wait_for(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("Harbour did not start")
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def harbour(running: Running) -> Running:
    """The application as if it had just been set up: without accounts, at the real time."""
    running.store.clear()
    running.clock.ahead = 0
    return running


@pytest.fixture
def people(harbour: Running) -> People:
    return People(harbour.store)


@pytest.fixture
def browser(harbour: Running) -> Iterator[Callable[[], httpx.Client]]:
    """Opens one more browser, with cookies of its own."""
    opened: list[httpx.Client] = []

    def opening() -> httpx.Client:
        opened.append(httpx.Client(base_url=harbour.url, follow_redirects=True, trust_env=False))
        return opened[-1]

    yield opening
    for client in opened:
        client.close()


@pytest.fixture
def client(browser: Callable[[], httpx.Client]) -> httpx.Client:
    """The browser in which the scenario happens."""
    return browser()
