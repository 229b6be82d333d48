"""Really at once: each request is held back by its last byte, and all last bytes are sent together."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mkdocs_jetty.steps.client import Driver
from mkdocs_jetty.steps.ports import Persona, Request
from mkdocs_jetty.steps.transport import TIMEOUT_S, need_httpx, tls

SETTLE_S = 0.1


def at_once(driver: Driver, requests: Sequence[Request], who: Persona) -> list[Any]:
    """Send the requests of a person at the same moment; an answer for each, None where none came."""
    return send_at_once(driver, [driver.build(each, who) for each in requests], who)


def send_at_once(driver: Driver, built: Sequence[Any], who: Persona) -> list[Any]:
    """The same for requests that are built already, each with the cookies it is to have."""
    url = urlsplit(driver.base_url)
    source = driver.source(who)
    open_ones: list[socket.socket] = []
    try:
        for request in built:
            open_ones.append(_connected(url.hostname or "", url.port, source, encrypted=url.scheme == "https"))
            open_ones[-1].sendall(_serialised(request)[:-1])
        time.sleep(SETTLE_S)
        for one, request in zip(open_ones, built, strict=True):
            one.sendall(_serialised(request)[-1:])
        return [_answer(one, request) for one, request in zip(open_ones, built, strict=True)]
    finally:
        for one in open_ones:
            one.close()


def _connected(host: str, port: int | None, source: str | None, *, encrypted: bool) -> socket.socket:
    address = (host, port or (443 if encrypted else 80))
    try:
        made = socket.create_connection(address, TIMEOUT_S, (source, 0) if source else None)
    except ConnectionRefusedError as error:
        raise ConnectionRefusedError(f"nothing listens at {host}:{address[1]} ({error})") from None
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return tls().wrap_socket(made, server_hostname=host) if encrypted else made


def _serialised(request: Any) -> bytes:
    left_out = {"connection", "accept-encoding"}
    lines = [f"{request.method} ".encode() + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw if name.decode().lower() not in left_out]
    return b"\r\n".join([*lines, b"Connection: close", b"", request.read()])


def _answer(one: socket.socket, request: Any) -> Any:
    answer = http.client.HTTPResponse(one, method=request.method)
    try:
        answer.begin()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    return need_httpx().Response(answer.status, headers=answer.getheaders(), content=content, request=request)
