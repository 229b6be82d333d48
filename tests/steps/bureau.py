"""A small WSGI application with a profile, a sign-in, documents and previews; each weakness can be put in."""

from __future__ import annotations

import html
import json
import secrets
import sqlite3
import threading
import urllib.request
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

PASSWORDS = {"ada": "right-horse-1", "bob": "battery-staple-2"}
STRICT = "default-src 'none'; script-src {scripts}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {"Strict-Transport-Security": "max-age=63072000", "X-Content-Type-Options": "nosniff",
           "Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=()"}  # fmt: skip
SCRIPTS = {
    "scheme": "'nonce-{nonce}' https:", "keyword": "'self' 'Unsafe-Inline'", "eval": "'self' 'UNSAFE-EVAL'",
    "elements": "'self'; script-src-elem * 'unsafe-inline'", "attributes": "'self'; script-src-attr 'unsafe-inline'",
    "host": "https://*:*", "constant": "'nonce-abc'",
}  # fmt: skip
TOO_MANY = "Too many attempts"
MESSAGES = {
    "comment": f"<!-- {TOO_MANY} --><p>Hello</p>", "script": f"<script>var text = '{TOO_MANY}'</script>",
    "attribute": f"<p title='{TOO_MANY}'>Hello</p>", "hidden": f"<div hidden><p>{TOO_MANY}</p></div>",
    "undisplayed": f"<p style='display: none'>{TOO_MANY}</p>", "template": f"<template>{TOO_MANY}</template>",
}  # fmt: skip


class Bureau:
    """All that the application knows."""

    def __init__(self) -> None:
        self.weak: set[str] = set()
        self.name = "Ada"
        self.sessions: dict[str, str] = {}
        self.logs: list[dict[str, Any]] = [{"event": "started"}]
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.guard = threading.Lock()
        self.database.execute("create table people (user, password)")
        self.database.executemany("insert into people values (?, ?)", PASSWORDS.items())

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        return Answer(self, environ).respond(start_response)


class Answer:
    """What becomes of one request."""

    def __init__(self, bureau: Bureau, environ: dict[str, Any]) -> None:
        self.bureau, self.environ, self.weak = bureau, environ, bureau.weak
        self.path, self.method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        self.session = cookies["sid"].value if "sid" in cookies else ""
        self.user = bureau.sessions.get(self.session)
        self.headers = {"Content-Type": "text/html; charset=utf-8"}
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if "json" in environ.get("CONTENT_TYPE", ""):
            self.form = json.loads(raw)
        else:
            text = raw.decode("utf-8", "replace")
            self.form = {key: value[0] for key, value in parse_qs(text, keep_blank_values=True).items()}

    def respond(self, start_response: Any) -> list[bytes]:
        status, body = self.answer()
        self.harden(status)
        start_response(f"{status} -", list(self.headers.items()))
        return [body.encode("utf-8", "replace")]

    def harden(self, status: int) -> None:
        scripts = next((value for key, value in SCRIPTS.items() if key in self.weak), "'nonce-{nonce}' 'self'")
        only_here = ("only the page" in self.weak and self.path != "/login") or (
            "only success" in self.weak and status >= 400)  # fmt: skip
        if not only_here:
            policy = STRICT.format(scripts=scripts.format(nonce=secrets.token_hex(16)))
            self.headers |= {"Content-Security-Policy": policy, **HEADERS}
        if "refreshed" in self.weak and "Set-Cookie" not in self.headers:  # a sliding expiry
            self.let_in(self.user or "")
        if "reflected" in self.weak and self.method == "POST" and "HTTP_ORIGIN" in self.environ:
            self.headers["Access-Control-Allow-Origin"] = self.environ["HTTP_ORIGIN"]
            self.headers["Access-Control-Allow-Credentials"] = "true"

    def let_in(self, user: str) -> str:
        session = secrets.token_hex(16)
        self.bureau.sessions[session] = user
        self.headers["Set-Cookie"] = f"sid={session}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return session

    def answer(self) -> tuple[int, str]:
        handler = {"/login": self.login, "/name": self.rename, "/profile": self.profile, "/fetch": self.fetch,
                   "/say": self.say, "/documents/of-bob": self.document, "/reports": self.reports,
                   "/search": self.search}.get(self.path)  # fmt: skip
        return handler() if handler else (404, "<h1>Nothing here</h1>")

    def login(self) -> tuple[int, str]:
        if self.method == "GET":
            return 200, "<h1>Log in</h1>"
        user = self.found()
        if user is None:
            self.bureau.logs.append({"event": "refused"})
            return (200 if "vague" in self.weak else 401), "<p>wrong</p>"
        session = self.let_in(user)
        self.bureau.logs.append({"event": "signed in", "session": session if "logged" in self.weak else session[:4]})
        return 200, "<p>wrong</p>" if "vague" in self.weak else "<p>welcome</p>"

    def found(self) -> str | None:
        given = self.form.get("user", ""), self.form.get("password", "")
        with self.bureau.guard, suppress(sqlite3.Error):
            if "bypass" in self.weak:
                query = "select user from people where user = '{}' and password = '{}'".format(*given)  # noqa: S608
                row = self.bureau.database.execute(query).fetchone()
            else:
                row = self.bureau.database.execute(
                    "select user from people where user = ? and password = ?", given).fetchone()  # fmt: skip
            return str(row[0]) if row else None
        return None

    def rename(self) -> tuple[int, str]:
        self.headers["Content-Type"] = "application/json"
        name = str(self.form.get("name", ""))
        if not name.strip():
            return 422, '{"error": "a name is needed"}'
        if "limited name" not in self.weak:
            self.bureau.name = name
        return 200, '{"ok": true}'

    def profile(self) -> tuple[int, str]:
        name = self.bureau.name
        if "breaks" in self.weak and "<" in name:
            return 500, "<p>Traceback (most recent call last):</p>"
        return 200, f"<p>Hello {name if 'raw' in self.weak else html.escape(name)}</p>"

    def fetch(self) -> tuple[int, str]:
        address = self.form.get("url", "")
        if "walled" in self.weak and not self.user:
            return 401, "sign in first"
        if "deaf" in self.weak:
            return 422, "no address is good"
        if "example.com" in address:
            return 202, "queued"
        if "background" not in self.weak:
            return 422, "not from there"

        def go() -> None:
            with suppress(OSError, ValueError):
                urllib.request.urlopen(address, timeout=2).close()  # noqa: S310

        threading.Timer(0.4, go).start()
        return 202, "queued"

    def say(self) -> tuple[int, str]:
        said = next((text for key, text in MESSAGES.items() if key in self.weak), None)
        return 200, said or "<p hidden>Hello<p>Too <b>many</b>\n attempts</p>"

    def document(self) -> tuple[int, str]:
        if "absent" in self.weak or (self.user != "bob" and "shared" not in self.weak):
            return 404, "nothing"  # that it is there is nobody else's business
        return 200, "Bob's document"

    def reports(self) -> tuple[int, str]:
        return (200, "reports") if self.user or "open" in self.weak else (401, "sign in first")

    def search(self) -> tuple[int, str]:
        return 200, "three found"
