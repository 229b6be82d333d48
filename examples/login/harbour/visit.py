"""One request as its handler sees it, and the answers it may give."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, RedirectResponse, Response

from harbour.store import ABSOLUTE_SECONDS, Account

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from starlette.requests import HTTPConnection

    from harbour.core import Harbour

COOKIE = "harbour_session"
NOBODY = Account(0, "", "nobody")
PRIVATE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Visit:
    """Who asks for what, from where."""

    harbour: Harbour
    id: str
    source: str
    https: bool
    method: str
    path: str
    token: str
    account: Account | None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return self.harbour.clock()

    @property
    def member(self) -> Account:
        """Who is signed in, on pages for those who are."""
        return self.account or NOBODY

    def page(self, text: str, status: int = 200, **headers: str) -> Response:
        stored = PRIVATE if self.harbour.on("caching") else {}
        return HTMLResponse(text, status, headers={**stored, **headers})

    def go(self, where: str) -> Response:
        return RedirectResponse(where, 303, headers=PRIVATE)

    def admit(self, token: str) -> Response:
        answer = self.go("/harbour")
        safe = self.harbour.on("session-security")
        answer.set_cookie(
            cookie_name(https=self.https),
            token,
            max_age=ABSOLUTE_SECONDS,
            httponly=safe,
            secure=safe and self.https,
            samesite="lax" if safe and self.harbour.on("cross-site-protection") else None,
        )
        return answer

    def farewell(self, where: str) -> Response:
        answer = self.go(where)
        answer.delete_cookie(cookie_name(https=self.https), httponly=True, samesite="lax", secure=self.https)
        return answer

    def record(
        self,
        event: str,
        result: str = "success",
        *,
        account: Account | None = None,
        resource: str = "",
        within: sqlite3.Connection | None = None,
        **detail: object,
    ) -> None:
        """Write to the audit log."""
        privileged = event in {"access", "audit-view", "role-change"}
        if not self.harbour.on("audit-log-privileged-actions" if privileged else "audit-log-authentication"):
            return
        who = account or self.account
        self.harbour.audit.write(
            event,
            user_id=who.id if who else None,
            source_ip=self.source,
            result=result,
            action=f"{self.method} {self.path}",
            resource=resource or self.path,
            detail=detail,
            within=within,
        )


def cookie_name(*, https: bool) -> str:
    # The prefix makes browsers refuse the cookie from a subdomain; they allow it with https only.
    return f"__Host-{COOKIE}" if https else COOKIE


def origin_of(request: HTTPConnection, harbour: Harbour) -> tuple[str, bool]:
    """The client's address, and whether it used https: a proxy is believed only if it is on the list."""
    peer = request.client.host if request.client else "unknown"
    https = request.url.scheme == "https" or harbour.settings.public_url.startswith("https://")
    networks = [ipaddress.ip_network(each, strict=False) for each in harbour.settings.trusted_proxies]
    if not _within(peer, networks):
        return peer, https
    https = request.headers.get("x-forwarded-proto", "https" if https else "http") == "https"
    for hop in reversed(request.headers.get("x-forwarded-for", "").replace(" ", "").split(",")):
        if not _is_address(hop):
            break
        peer = hop
        if not _within(hop, networks):
            break
    return peer, https


def _within(address: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return _is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
