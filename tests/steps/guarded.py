"""A sign-in and an order in plain WSGI, each with a weakness that a careless scenario does not see: `App("session")`.

`session`, `claimed`, `address`, `account` and `everybody` say what the limiter counts by; without one of them it
counts by address and account. `token` asks for the token of its form and cookie, `crowded` serves an apology with
status 200 to a crowd, `closed` takes nothing at all. `proxy`, `late`, `kept` and `broken` spoil the audit log.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

MESSAGE = "Too many login attempts. Please try again later."
APOLOGY = "Sorry, so many people are here today."
BLOCK_S = 900
PAGE = '<form method="post" action="/login"><input type="hidden" name="token" value="{}"></form>'
Start = Callable[[str, list[tuple[str, str]]], Any]


class App:
    """The application."""

    def __init__(self, weak: str = "") -> None:
        self.weak = set(weak.split())
        self.lock = threading.Lock()
        self.failed: dict[str, int] = defaultdict(int)
        self.until: dict[str, float] = {}
        self.tokens: dict[str, str] = {}
        self.inside = 0
        self.audit: list[dict[str, str]] = []
        self.orders: list[str] = []
        self.audit_down = False

    def __call__(self, env: dict[str, Any], start: Start) -> Iterable[bytes]:
        body = env["wsgi.input"].read(int(env.get("CONTENT_LENGTH") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        cookies = SimpleCookie(env.get("HTTP_COOKIE", ""))
        heads = [("Content-Type", "text/html")]
        session = cookies["sid"].value if "sid" in cookies else secrets.token_hex(8)
        if "sid" not in cookies:
            heads.append(("Set-Cookie", f"sid={session}; Path=/"))
        with self.lock:
            self.inside += 1
        try:
            if env["PATH_INFO"] == "/signup":
                status, text = self.sign_up(env, heads)
            elif env["PATH_INFO"] == "/order":
                status, text = self.order(env)
            elif env["REQUEST_METHOD"] == "GET":
                self.tokens[session] = secrets.token_hex(8)
                status, text = "200 OK", PAGE.format(self.tokens[session])
            else:
                status, text = self.login(env, form, session, heads)
        finally:
            with self.lock:
                self.inside -= 1
        start(status, heads)
        return [text.encode()]

    def login(
        self, env: dict[str, Any], form: dict[str, str], session: str, heads: list[tuple[str, str]]
    ) -> tuple[str, str]:
        address = env["REMOTE_ADDR"]
        claimed = env.get("HTTP_X_FORWARDED_FOR", address)
        keys = {
            "address": address,
            "account": form["user"],
            "session": session,
            "claimed": f"{claimed} {form['user']}",
            "everybody": "everybody",
        }
        key = next((keys[each] for each in self.weak if each in keys), f"{address} {form['user']}")
        if "closed" in self.weak:
            return "200 OK", "Your form has expired, please try again"
        if "token" in self.weak and form.get("token") != self.tokens.get(session):
            return "403 Forbidden", "This form is not ours"
        if "crowded" in self.weak and (time.sleep(0.2) or self.inside > 3):  # type: ignore[func-returns-value]
            return "200 OK", APOLOGY
        with self.lock:
            left = self.until.get(key, 0) - time.time()
            if left > 0:
                heads += [] if "bare" in self.weak else [("Retry-After", str(round(left)))]
                return "403 Forbidden" if "bare" in self.weak else "429 Too Many Requests", MESSAGE
            if self.until.pop(key, None):
                self.failed[key] = 0
            if form["password"] != "right":
                self.failed[key] += 1
                if self.failed[key] >= (5 if "strict" in self.weak else 9 if "nth" in self.weak else 10):
                    self.until[key] = time.time() + BLOCK_S
                return "401 Unauthorized", "wrong"
        self.record(form["user"], address)
        if "silent" not in self.weak:
            heads.append(("Set-Cookie", f"welcome={secrets.token_hex(8)}; HttpOnly"))
        return "200 OK", f"Welcome to the harbour, {form['user']}"

    def record(self, user: str, address: str) -> None:
        source = "127.0.0.1" if "proxy" in self.weak else address
        entry = {"user_id": user, "timestamp": datetime.now(timezone.utc).isoformat(), "source_ip": source}
        self.audit.append(entry)
        if "late" in self.weak:
            threading.Timer(0.3, self.audit.append, [dict(entry)]).start()

    def sign_up(self, env: dict[str, Any], heads: list[tuple[str, str]]) -> tuple[str, str]:
        """Five for each address, unless it is `unlimited`."""
        key = f"sign up {env['REMOTE_ADDR']}"
        self.failed[key] += 1
        if self.failed[key] > 5 and "unlimited" not in self.weak:
            heads.append(("Retry-After", "900"))
            return "429 Too Many Requests", "Too many"
        return "201 Created", f"Welcome, number {self.failed[key]}"

    def order(self, env: dict[str, Any]) -> tuple[str, str]:
        if self.audit_down and "kept" not in self.weak:
            return ("500 Internal Server Error", "oops") if "broken" in self.weak else ("503 Busy", "later")
        self.orders.append(env["REMOTE_ADDR"])
        return ("403 Forbidden", "no") if self.audit_down else ("200 OK", "ordered")
