"""Serve an ASGI or a WSGI application on loopback for the time of a test."""

from __future__ import annotations

import inspect
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from mkdocs_jetty.run.outcomes import Unavailable

START_S = 10.0
ASGI_PARAMETERS = 3
LONGEST_LINE = 65536


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """Serve an application; gives its address."""
    with _asgi(app) if is_asgi(app) else _wsgi(app) as url:
        yield url


def is_asgi(app: Any) -> bool:
    """Tell whether it takes a scope rather than an environment."""
    call = app if inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(call):
        return True
    own = [each for each in inspect.signature(app).parameters.values() if each.default is each.empty]
    return len(own) == ASGI_PARAMETERS


@contextmanager
def _asgi(app: Any) -> Iterator[str]:
    try:
        import uvicorn  # noqa: PLC0415 - only for those who hand over an application
    except ImportError:
        raise Unavailable("to serve an ASGI application this needs uvicorn: pip install uvicorn") from None
    # With the protocol named, asyncio turns Nagle's algorithm off; else each answer may wait for 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, log_config=None, log_level="critical", backlog=2048, timeout_graceful_shutdown=1, server_header=False
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        _wait_for(server, thread)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_S)


def _wait_for(server: Any, thread: threading.Thread) -> None:
    until = time.monotonic() + START_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the application did not start; see its own messages")
        time.sleep(0.005)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 1024


class _Nameless(ServerHandler):
    """Adds no `Server` header: the answers are the application's own, and are judged as such."""

    server_software = ""


class _Quiet(WSGIRequestHandler):
    server_version = sys_version = ""

    def handle(self) -> None:
        """As the base class does, which names its own handler and offers no other way to change it."""
        self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
        if len(self.raw_requestline) > LONGEST_LINE:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif self.parse_request():
            out: Any = self.wfile
            handler = _Nameless(self.rfile, out, self.get_stderr(), self.get_environ(), multithread=False)
            handler.request_handler = self  # type: ignore[attr-defined]  # to log through
            handler.run(self.server.get_app())  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@contextmanager
def _wsgi(app: Any) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _Quiet) as server:
        server.set_app(app)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(START_S)
