"""A small real application: a login, an account, an administration; each protection can be taken out."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.cookies import SimpleCookie
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

MESSAGE = "Too many login attempts. Please try again later."
PROTECTIONS = frozenset({
    "throttle", "parallel", "valid-blocked", "retry-after", "right-retry-after", "per-client", "audit", "audit-once",
    "audit-address", "audit-user", "audit-offset", "audit-secret", "headers", "cookie", "rotate", "sign-out", "idle",
    "roles", "csrf", "body", "body-early", "redact", "disclosure", "reference",
    "forge", "log", "metrics", "security-txt", "store", "rate",
    "release", "cors", "absolute", "login-wall", "message", "metric-status", "hsts",
    "prefix", "later-cookie", "same-session", "strangers-session", "patient",
    "no-session-for-strangers", "whole-day", "many-uses", "steady-page",
})  # fmt: skip
USERS = {"mira": ("mira-secret-1", "u1", "user"), "olga": ("olga-secret-1", "u2", "admin")}
HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; report-to main",  # noqa: E501
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass
class Box:
    """All that the application knows."""

    on: frozenset[str] = PROTECTIONS
    limit: int = 10
    block: timedelta = timedelta(minutes=5)
    shift: float = 0.0
    broken: bool = False
    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    blocked: dict[str, float] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    audit: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    names: dict[str, str] = field(default_factory=lambda: {"u1": "Mira", "u2": "Olga"})
    guard: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        return time.time() + self.shift

    def has(self, protection: str) -> bool:
        return protection in self.on


def build(box: Box) -> Starlette:
    """The application over a box."""
    views = _Views(box)
    routes = [
        Route("/login", views.login, methods=["GET", "POST"]),
        Route("/logout", views.logout, methods=["POST"]),
        Route("/account", views.account, methods=["GET", "POST"]),
        Route("/admin", views.admin, methods=["POST"]),
        Route("/upload", views.upload, methods=["POST"]),
        Route("/public", views.public),
        Route("/order", views.order, methods=["POST"]),
        Route("/metrics", views.metrics),
        Route("/.well-known/security.txt", views.security),
    ]
    return Starlette(routes=routes)


class _Views:
    def __init__(self, box: Box) -> None:
        self.box = box

    # ---- what every answer has ----

    def _done(self, request: Request, response: Response, started: float, said: str = "") -> Response:
        box = self.box
        if box.has("headers"):
            response.headers.update(HEADERS)
        if not box.has("hsts"):
            del response.headers["strict-transport-security"]
        if not box.has("cors"):
            response.headers["Access-Control-Allow-Origin"] = request.headers.get("origin", "*")
        reference = secrets.token_hex(6)
        response.headers["X-Request-Id"] = reference
        if box.has("log"):
            took = round((time.perf_counter() - started) * 1000, 3)
            line = {"time": _utc(), "level": "info", "route": request.url.path, "status": response.status_code,
                    "duration_ms": took, "request_id": reference}  # fmt: skip
            line["input"] = said if not box.has("redact") else ""
            box.logs.append(line)
        if not box.has("forge"):
            box.logs.extend({"message": part} for part in said.splitlines()[1:])
        if box.has("metrics"):
            status = str(response.status_code) if box.has("metric-status") else "any"
            box.counts[request.url.path, status] += 1
        return response

    # ---- signing in ----

    async def login(self, request: Request) -> Response:
        started = time.perf_counter()
        if request.method == "GET":
            page = "<h1>Log in</h1><form action='/login' method='post'></form>"
            return self._done(request, self._for_strangers(request, HTMLResponse(page)), started)
        box, client = self.box, request.client.host if request.client else ""
        key = client if box.has("per-client") else "everybody"
        if box.has("parallel"):
            form = await request.form()
            with box.guard:
                refusal = self._refusal(key, form)
                if refusal is None:
                    self._count(key)
        else:
            refusal = self._refusal(key, {"password": ""})
            form = await request.form()
            await asyncio.sleep(0)
            if refusal is None:
                self._count(key)
        user, password = str(form.get("user", "")), str(form.get("password", ""))
        if refusal is not None:
            return self._done(request, refusal, started)
        known = USERS.get(user)
        right = known is not None and known[0] == password
        self._audit(user, client, right=right, secret=password)
        if not right or known is None:
            refused = PlainTextResponse("no such user or password", 401)
            return self._done(request, refused, started, f"{user} {password}")
        box.failures.pop(key, None)
        old = request.cookies.get(self._name())
        session = old if old and not box.has("rotate") else secrets.token_hex(8)
        box.sessions[session] = {"user": known[1], "role": known[2], "seen": box.now(), "begun": box.now()}
        if old and old != session:
            self._end(old, instead=box.sessions[session])
        response = PlainTextResponse("welcome")
        response.headers["Set-Cookie"] = self._cookie(session, safe=box.has("cookie"))
        return self._done(request, response, started, f"{user} {password}")

    def _refusal(self, client: str, form: Any) -> Response | None:
        box = self.box
        left = box.blocked.get(client, 0) - box.now()
        if not box.has("throttle") or (left <= 0 and box.has("release")) or client not in box.blocked:
            if left <= 0 and client in box.blocked:
                box.failures.pop(client, None)
                box.blocked.pop(client)
            return None
        if not box.has("valid-blocked") and form.get("password") in {each[0] for each in USERS.values()}:
            return None
        promised = left if box.has("right-retry-after") else left / 2
        headers = {"Retry-After": str(int(promised + 0.999))} if box.has("retry-after") else {}
        return PlainTextResponse(MESSAGE if box.has("message") else "no", 429, headers)

    def _count(self, client: str) -> None:
        box = self.box
        box.failures[client] += 1
        if box.failures[client] >= box.limit:
            box.blocked[client] = box.now() + box.block.total_seconds()

    def _audit(self, user: str, client: str, *, right: bool, secret: str) -> None:
        box = self.box
        if not box.has("audit"):
            return
        entry = {
            "event": "login",
            "user_id": USERS.get(user, ("", "unknown"))[1] if box.has("audit-user") else "somebody",
            "timestamp": _utc() if box.has("audit-offset") else _utc().removesuffix("+00:00"),
            "source_ip": client if box.has("audit-address") else "10.0.0.1",
            "result": "success" if right else "failure",
        }  # fmt: skip
        if not box.has("audit-secret"):
            entry["password"] = secret
        box.audit.extend([entry] * (1 if box.has("audit-once") else 2))

    def _end(self, old: str, instead: dict[str, Any]) -> None:
        """What became of the session that somebody had before: it is gone, or it is signed in too."""
        stranger = not self.box.sessions.get(old, {}).get("user")
        kept = not self.box.has("same-session") or (stranger and not self.box.has("strangers-session"))
        if kept:
            self.box.sessions[old] = instead
        else:
            self.box.sessions.pop(old, None)

    def _for_strangers(self, request: Request, response: Response) -> Response:
        """Some systems have a session for everybody."""
        if not self.box.has("no-session-for-strangers") and self._name() not in request.cookies:
            token = secrets.token_hex(8)
            self.box.sessions[token] = {}
            response.headers["Set-Cookie"] = self._cookie(token, safe=True)
        return response

    def _name(self) -> str:
        return "__Host-session" if self.box.has("prefix") else "session"

    def _cookie(self, value: str, *, safe: bool) -> str:
        return _cookie(self._name(), value, safe=safe)

    def _session(self, request: Request) -> dict[str, Any] | None:
        box = self.box
        found = box.sessions.get(request.cookies.get(self._name(), ""))
        if found is None or not found.get("user"):
            return None
        if not box.has("patient") and box.now() - found["seen"] > 300:
            return None
        if box.has("idle") and box.now() - found["seen"] > 3600:
            return None
        longest = 86_400 if box.has("whole-day") else 43_200
        if box.has("absolute") and box.now() - found["begun"] > longest:
            return None
        found["uses"] = found.get("uses", 0) + 1
        if not box.has("many-uses") and found["uses"] > 50:
            return None
        found["seen"] = box.now()
        return found

    async def logout(self, request: Request) -> Response:
        if self.box.has("sign-out"):
            self.box.sessions.pop(request.cookies.get(self._name(), ""), None)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(self._name())
        return self._done(request, response, time.perf_counter())

    # ---- what the signed-in do ----

    async def account(self, request: Request) -> Response:
        started, session = time.perf_counter(), self._session(request)
        if session is None and self.box.has("login-wall"):
            return self._done(request, RedirectResponse("/login?next=/account", 303), started)
        user = session["user"] if session else "u1"
        if request.method == "POST":
            form = await request.form()
            foreign = "example" in request.headers.get("origin", "")
            name = str(form.get("name", ""))
            if self.box.has("csrf") and foreign:
                if not self.box.has("store"):
                    self.box.names[user] = name
                return self._done(request, PlainTextResponse("not from here", 403), started)
            if not name:
                if not self.box.has("store"):
                    self.box.names[user] = name
                return self._done(request, PlainTextResponse("a name is needed", 422), started)
            self.box.names[user] = name
        response = PlainTextResponse(f"hello {self.box.names[user]}", 200 if self.box.has("steady-page") else 500)
        if not self.box.has("later-cookie"):
            response.headers["Set-Cookie"] = self._cookie(request.cookies.get(self._name(), ""), safe=False)
        return self._done(request, response, started)

    async def admin(self, request: Request) -> Response:
        session, client = self._session(request), request.client.host if request.client else ""
        if self.box.has("roles") and (session is None or session["role"] != "admin"):
            who = session["user"] if session else ""
            self.box.audit.append({"user_id": who, "resource": "/admin", "result": "denied", "source_ip": client,
                                   "timestamp": _utc()})  # fmt: skip
            return self._done(request, PlainTextResponse("forbidden", 403), time.perf_counter())
        return self._done(request, PlainTextResponse("done"), time.perf_counter())

    async def public(self, request: Request) -> Response:
        client = request.client.host if request.client else ""
        key = client if self.box.has("per-client") else "everybody"
        self.box.requests[key] += 1
        if self.box.has("rate") and self.box.requests[key] > 20:
            headers = {"Retry-After": "60"} if self.box.has("retry-after") else {}
            return self._done(request, PlainTextResponse("slow down", 429, headers), time.perf_counter())
        return self._done(request, PlainTextResponse("for all"), time.perf_counter())

    async def upload(self, request: Request) -> Response:
        started, size, limit = time.perf_counter(), 0, 100_000
        async for chunk in request.stream():
            size += len(chunk)
            if self.box.has("body") and self.box.has("body-early") and size > limit:
                break
        large = self.box.has("body") and size > limit
        response = PlainTextResponse("too large", 413) if large else PlainTextResponse("thanks")
        return self._done(request, response, started)

    async def order(self, request: Request) -> Response:
        if not self.box.broken:
            return self._done(request, PlainTextResponse("ordered"), time.perf_counter())
        inside = 'Traceback (most recent call last):\n  File "/srv/app/shop.py", line 7, in order\nKeyError: 1'
        text = "Something went wrong." if self.box.has("disclosure") else inside
        response = self._done(request, PlainTextResponse(text, 500), time.perf_counter())
        if not self.box.has("reference"):
            del response.headers["x-request-id"]
        return response

    async def metrics(self, _: Request) -> Response:
        return PlainTextResponse(exposition(self.box))

    async def security(self, request: Request) -> Response:
        until = datetime.now(timezone.utc) + timedelta(days=100 if self.box.has("security-txt") else -1)
        contact = "Contact: mailto:security@example.org\n" if self.box.has("security-txt") else ""
        text = f"{contact}Expires: {until.isoformat(timespec='seconds')}\n"
        return self._done(request, PlainTextResponse(text), time.perf_counter())


def exposition(box: Box) -> str:
    """The counts as Prometheus would scrape them."""
    lines = []
    for (route, status), number in box.counts.items():
        labels = f'route="{route}",status="{status}"'
        lines.append(f"http_requests_total{{{labels}}} {number}")
        lines.append(f'http_seconds_bucket{{{labels},le="+Inf"}} {number}')
        lines.append(f"http_seconds_count{{{labels}}} {number}")
    return "# TYPE http_requests_total counter\n" + "\n".join(lines) + "\n"


def _cookie(name: str, value: str, *, safe: bool) -> str:
    cookie: SimpleCookie = SimpleCookie({name: value})
    cookie[name]["path"] = "/"
    if safe:
        cookie[name].update({"secure": True, "httponly": True, "samesite": "Lax"})
    return cookie[name].OutputString()


def _utc() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def without(text: str) -> frozenset[str]:
    """All protections but those named."""
    gone = frozenset(text.split())
    if gone - PROTECTIONS:
        raise ValueError(gone - PROTECTIONS)
    return PROTECTIONS - gone


def from_environment() -> Box:
    """The box as the environment asks for it."""
    said = json.loads(os.environ.get("BOX", "{}"))
    return Box(on=without(said.get("without", "")))
