"""The driver: from which address it sends, and what it says where nobody listens or nobody has said enough."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

import mkdocs_jetty.steps
from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.client import Driver, accepted_by_default
from mkdocs_jetty.steps.examples import EXAMPLES
from mkdocs_jetty.steps.ports import HOME, OWN, Persona, Target, World, _Crowd, jetty_target

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux is all of 127.0.0.0/8 this machine")


class Echo(BaseHTTPRequestHandler):
    """Says from which address it was asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.client_address[0]).encode())

    def log_message(self, *_: Any) -> None:
        pass


class SixOnly(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def listening(kind: type[ThreadingHTTPServer], host: str) -> Iterator[int]:
    with kind((host, 0), Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def driver(url: str) -> Driver:
    return Driver(Target(base_url=url), url, World(), {}, {}, _Crowd(), accepted_by_default)


class Named(Echo):
    """Says who asks, by the header that says it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.headers.get("Authorization")).encode())


def test_whoever_has_headers_is_known_by_them_and_is_a_stranger_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "Echo", Named)
    ada = Persona("ada", headers={"Authorization": "Bearer ada"})
    with listening(ThreadingHTTPServer, "127.0.0.1") as port, closing(driver(f"http://127.0.0.1:{port}")) as mine:
        assert mine.get("/", ada).text == "Bearer ada"
        with mine.without_cookies(ada):
            assert mine.get("/", ada).text == "None"
        assert mine.get("/", ada).text == "Bearer ada"
        mine.sign_out(ada)
        assert mine.get("/", ada).text == "None"
        assert mine.sign_in(ada).text == "Bearer ada"
        assert mine.get("/", Persona("bob")).text == "None"


@LINUX
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_i_have_an_address_that_no_proxy_beside_the_system_has(host: str) -> None:
    with listening(ThreadingHTTPServer, "127.0.0.1") as port, closing(driver(f"http://{host}:{port}")) as mine:
        assert mine.get("/").text == OWN == mine.world.notes["address"]


def test_who_says_so_comes_from_home() -> None:
    with listening(ThreadingHTTPServer, "127.0.0.1") as port, closing(driver(f"http://127.0.0.1:{port}")) as mine:
        assert mine.get("/", Persona("at home", address=HOME)).text == HOME


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
@pytest.mark.parametrize("host", ["[::1]", "localhost"])
def test_a_system_that_speaks_ipv6_only_is_reached_all_the_same(host: str) -> None:
    try:
        server = listening(SixOnly, "::1")
        port = server.__enter__()
    except OSError:
        pytest.skip("::1 is no address of this machine")
    if host == "localhost" and "::1" not in {str(each[4][0]) for each in socket.getaddrinfo("localhost", port)}:
        pytest.skip("localhost is not ::1 here")
    with closing(driver(f"http://{host}:{port}")) as mine:
        assert mine.get("/").text == "::1" == mine.world.notes["address"]
    server.__exit__(None, None, None)


def test_where_nobody_listens_the_address_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with closing(driver(url)) as mine, pytest.raises(httpx.ConnectError, match=f"nothing listens at {url} "):
            mine.get("/")


def test_a_port_that_nobody_filled_says_in_which_file_and_what_to_return() -> None:
    with pytest.raises(Unavailable) as raised:
        jetty_target.__wrapped__() if hasattr(jetty_target, "__wrapped__") else jetty_target._get_wrapped_function()()
    assert str(raised.value) == (
        "this needs to know where the system listens: override the fixture `jetty_target` in features/conftest.py; "
        'it returns Target(base_url="http://127.0.0.1:8000")'
    )


def test_every_port_that_can_be_missing_has_an_example() -> None:
    folder = Path(mkdocs_jetty.steps.__path__[0])
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    named = {name for text in texts for name in re.findall(r'missing\("(jetty_\w+)"', text)}
    assert named
    assert named <= set(EXAMPLES)
