"""Around every request: its id, the headers of its answer, its log line and its place in the metrics."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from harbour.forms import HEADER_LIMIT
from harbour.visit import origin_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from harbour.core import Harbour

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=63072000; includeSubDomains"
METHODS = frozenset({"GET", "HEAD", "POST"})


class Edge:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, harbour: Harbour) -> None:
        self._app = app
        self._harbour = harbour

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        source, https = origin_of(HTTPConnection(scope), self._harbour)
        state = scope.setdefault("state", {})
        state.update(id=secrets.token_hex(8), source=source, https=https, route="other", user_id=None)
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), state["id"], https=https)
            await send(message)

        self._harbour.metrics.in_flight += 1
        try:
            await self._pass(scope, receive, sending)
        finally:
            self._harbour.metrics.in_flight -= 1
            self._tell(scope, status, time.perf_counter() - started)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = sum(len(name) + len(value) for name, value in scope["headers"])
        if size > HEADER_LIMIT and self._harbour.on("request-limits"):
            await PlainTextResponse("Request header fields too large\n", 431)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _add_headers(self, headers: MutableHeaders, request_id: str, *, https: bool) -> None:
        headers["X-Request-ID"] = request_id
        if not self._harbour.on("security-headers"):
            headers["X-Powered-By"] = "Harbour"
            return
        for name, value in HEADERS.items():
            headers[name] = value
        if https:
            headers["Strict-Transport-Security"] = HSTS

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        state = scope["state"]
        # A method or a path of the client's own making would give the metrics a label each.
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        if self._harbour.on("performance-monitoring"):
            self._harbour.metrics.record(method, state["route"], status, seconds)
        self._harbour.log.write(
            "request",
            "error" if status >= 500 else "info",
            request_id=state["id"],
            user_id=state["user_id"],
            method=method,
            route=state["route"],
            status=status,
            duration_ms=round(seconds * 1000, 2),
            source_ip=state["source"],
            **state.get("unredacted", {}),
        )
