"""The way out to the system: httpx, one TLS context for all, and an error that names the address."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from mkdocs_jetty.run.outcomes import Unavailable

TIMEOUT_S = 30.0


def need_httpx() -> Any:
    """The module `httpx`.

    Raises:
        Unavailable: If it is not installed.
    """
    try:
        import httpx  # noqa: PLC0415 - an extra
    except ImportError:
        raise Unavailable("this needs httpx, which is not installed: pip install 'mkdocs-jetty[steps]'") from None
    return httpx


@cache
def tls() -> ssl.SSLContext:
    """Return what certificates are checked with; made once, which takes long."""
    return ssl.create_default_context()


@cache
def transport() -> Any:
    """The way out, which names the address where nobody answers."""
    engine = need_httpx()

    class Transport(engine.HTTPTransport):  # type: ignore[name-defined,misc]
        def handle_request(self, request: Any) -> Any:
            try:
                return super().handle_request(request)
            except engine.ConnectError as error:
                place = f"{request.url.scheme}://{request.url.netloc.decode()}"
                said = "nothing listens at" if "refused" in str(error) else "there is no connection to"
                raise engine.ConnectError(f"{said} {place} ({error})", request=request) from None

    return Transport
