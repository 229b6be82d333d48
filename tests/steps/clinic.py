"""A small application with accounts, tenants, webhooks, jobs and payments; each protection can be taken out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
import urllib.request
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

COMMON = {"password", "12345678", "letmein1"}
SCRIPT = b"pay();"
DIGEST = "sha384-" + __import__("base64").b64encode(hashlib.sha384(SCRIPT).digest()).decode()
KEY = b"partner"


class Clinic:
    """All that the application knows."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.shift = 0.0
        self.passwords = {"mira": "mira-secret-1", "olga": "olga-secret-1", "admin": "admin"}
        self.hashes: dict[str, str] = {}
        self.seen: dict[str, float] = {}
        self.links: dict[str, float] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.codes: set[str] = set()
        self.audit: list[dict[str, Any]] = []
        self.alerts: list[str] = []
        self.logs: list[dict[str, Any]] = [{"message": "started"}]
        self.stored: list[str] = ["a row"]
        self.names = {"u1": "Mira M", "u2": "Olga O"}
        self.paid = 0
        self.calls: set[str] = set()
        self.failures = 0
        self.down: set[str] = set()
        self.results = 0
        self.queries: list[tuple[str, float]] = []
        self.done = 0
        self.queued: list[float] = []
        self.running = 2
        self.busy = 0
        self.asks_for_factor = False
        self.asked: list[tuple[str, float]] = []
        self.used = 0

    def has(self, what: str) -> bool:
        return what not in self.gone

    def now(self) -> float:
        return time.time() + self.shift


def signature(age: float, clinic: Clinic, right: bool = True) -> tuple[str, str]:
    stamp = str(clinic.now() - age)
    return stamp, hmac.new(KEY if right else b"stranger", stamp.encode(), "sha256").hexdigest()


def build(c: Clinic) -> Starlette:  # noqa: C901, PLR0915 - one application
    def session(request: Request) -> dict[str, Any] | None:
        return c.sessions.get(request.cookies.get("session", ""))

    async def login(request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        user = form.get("user", "")
        late = c.has("inactive") and c.now() - c.seen.get(user, c.now()) > 80 * 86400
        default = c.has("defaults") and user == "admin"
        if c.passwords.get(user) != form.get("password") or late or default:
            c.failures += 1
            if c.failures >= 10 and c.has("alert"):
                c.alerts.append("burst")
            return PlainTextResponse("no", 401)
        c.seen[user] = c.now()
        token = secrets.token_hex(8)
        who = {"mira": "u1", "olga": "u2"}.get(user, "u0")
        c.sessions[token] = {"user": who, "full": not c.has("factor"), "begun": c.now()}
        c.audit.append({"user_id": who if c.has("identity") else "shared"})
        answer = RedirectResponse("/account", 303)
        answer.set_cookie("session", token)
        return answer

    async def factor(request: Request) -> Response:
        form, found = await request.form(), session(request)
        code = str(form.get("code", ""))
        if found is None or (c.has("replay") and code in c.codes):
            return PlainTextResponse("no", 401)
        c.codes.add(code)
        found["full"] = True
        return PlainTextResponse("in")

    async def account(request: Request) -> Response:
        found = session(request)
        if found is None or (c.asks_for_factor and not found["full"]):
            return PlainTextResponse("no", 401)
        headers = {"Cache-Control": "no-store"} if c.has("no-store") else {}
        return PlainTextResponse("hello", headers=headers)

    async def choose(request: Request) -> Response:
        password = str((await request.form()).get("password", ""))
        short = c.has("length") and len(password) < (8 if c.has("eight") else 12)
        known = c.has("common") and (password in COMMON or password.isalnum())
        if short or known:
            return PlainTextResponse("no", 422)
        salt = secrets.token_hex(4) if c.has("salt") else "salt"
        rounds = 600_000 if c.has("slow") else 1
        c.hashes["mira"] = f"pbkdf2_sha256${rounds}${salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"
        return PlainTextResponse("chosen")

    async def ask(request: Request) -> Response:
        user = str((await request.form()).get("user", ""))
        known = user in c.passwords
        if not c.has("ask-unlimited") or (not c.has("ask-unlimited-known") and known):
            lately = [at for name, at in c.asked if name == user and c.now() - at < 3600]
            if len(lately) >= 3:
                return PlainTextResponse("later", 429, {"Retry-After": "3600"})
            c.asked.append((user, c.now()))
        if known:
            c.links[secrets.token_hex(4)] = c.now()
            await asyncio.sleep(0.2 if not c.has("same-time") else 0)
        elif not c.has("enumeration"):
            return PlainTextResponse("there is no such account", 404)
        elif not c.has("same-code"):
            return JSONResponse({"code": "no_account_with_this_address"})
        if not c.has("same-code"):
            return JSONResponse({"code": "password_reset_mail_was_sent"})
        if not c.has("plain-answer"):
            return HTMLResponse(f"<p>{user}, look into your mail; {secrets.token_urlsafe(16)}, {time.time_ns()}</p>")
        return PlainTextResponse("look into your mail")

    async def use(request: Request) -> Response:
        link = str((await request.form()).get("link", ""))
        made = c.links.get(link)
        c.used += 1
        if not c.has("use-unlimited") and c.used > 2:
            return PlainTextResponse("slow down", 429)
        if not c.has("use-thrice") and c.used > 2:
            return PlainTextResponse("no", 410)
        late = made is not None and c.has("expiry") and c.now() - made > 3600
        if late and not c.has("late-sound"):
            return PlainTextResponse("oops", 500)
        if made is None or late:
            return PlainTextResponse("no", 410)
        if c.has("once"):
            del c.links[link]
        return PlainTextResponse("changed")

    async def record(request: Request) -> Response:
        found, owner = session(request), request.path_params["owner"]
        if found is None or (c.has("ownership") and found["user"] != owner):
            return PlainTextResponse("no", 403)
        c.audit.append({"user_id": found["user"], "content": "" if c.has("discreet") else c.names[owner]})
        return PlainTextResponse(c.names[owner])

    async def search(request: Request) -> Response:
        found = session(request)
        own = c.names[found["user"]] if found else ""
        return PlainTextResponse(own if c.has("search") else " ".join(c.names.values()))

    async def webhook(request: Request) -> Response:
        stamp, signed = request.headers["x-time"], request.headers["x-signature"]
        right = hmac.new(KEY, stamp.encode(), "sha256").hexdigest()
        if (c.has("signature") and signed != right) or (c.has("age") and c.now() - float(stamp) > 300):
            return PlainTextResponse("no", 401)
        if signed not in c.calls or not c.has("twice"):
            c.calls.add(signed)
            c.paid += 1
        return PlainTextResponse("thanks")

    def fetch(request: Request) -> Response:
        url = request.query_params.get("url", "")
        if "example.com" in url:
            return PlainTextResponse("200")  # as if it had been fetched
        if c.has("outbound") or "127.0.0.1" not in url:
            return PlainTextResponse("no", 422)
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return PlainTextResponse(str(answer.status))

    async def asset(request: Request) -> Response:
        if "if-none-match" in request.headers and c.has("revalidate"):
            return Response(status_code=304)
        kept = "max-age=63072000, immutable" if c.has("cache") else "max-age=60"
        return PlainTextResponse("a {}", headers={"Cache-Control": kept, "ETag": '"1"'})

    async def page(_: Request) -> Response:
        link = "<a href='/privacy'>Privacy</a>" if c.has("link") else ""
        strange = "" if c.has("consent") else "<img src='https://elsewhere.example/dot.png'>"
        answer = HTMLResponse(f"<form><input name=phone></form>{link}{strange}")
        if not c.has("cookie-consent"):
            answer.set_cookie("ads", "1")
        return answer

    async def privacy(_: Request) -> Response:
        return HTMLResponse("We keep your phone." if c.has("notice") else "We keep little.")

    async def checkout(_: Request) -> Response:
        digest = f"integrity='{DIGEST}'" if c.has("integrity") else ""
        inline = "" if c.has("inline") else "<script>evil()</script>"
        return HTMLResponse(f"<script src='/pay.js' {digest}></script>{inline}")

    async def script(_: Request) -> Response:
        return Response(SCRIPT if c.has("script") else b"other();", media_type="text/javascript")

    async def pay(request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        number, code = form["number"], form["code"]
        c.stored.append("paid" if c.has("storage") else f"paid {number}")
        c.logs.append({"message": "paid" if c.has("card-log") else f"paid, code {code}"})
        return PlainTextResponse(f"paid by {number[:6]}******{number[-4:]}" if c.has("mask") else f"paid by {number}")

    async def ready(_: Request) -> Response:
        return PlainTextResponse("", 503 if c.down and c.has("readiness") else 200)

    async def live(_: Request) -> Response:
        return PlainTextResponse("", 503 if c.down and not c.has("liveness") else 200)

    async def listed(_: Request) -> Response:
        count = 3 if c.has("queries") else c.results
        c.queries += [("select 1", 0.001 if c.has("fast") else 0.9)] * count
        return PlainTextResponse("listed")

    async def act(_: Request) -> Response:
        if not c.has("stay"):
            c.sessions.clear()
        if c.down and c.has("audit-failure"):
            if c.has("audit-alert"):
                c.alerts.append("audit")
            return PlainTextResponse("later", 503)
        return PlainTextResponse("done")

    async def slow(_: Request) -> Response:
        if c.busy >= 3 and c.has("shed"):
            return PlainTextResponse("busy", 503, {"Retry-After": "1"} if c.has("shed-retry") else {})
        c.busy += 1
        await asyncio.sleep(0.2)
        c.busy -= 1
        return PlainTextResponse("done" if c.has("steady") else "stuck", 200)

    async def export(request: Request) -> Response:
        found = session(request)
        user = found["user"] if found else "u1"
        data = {"name": c.names.get(user) if c.has("export") else ""}
        return JSONResponse(data if c.has("only-mine") else {**data, "others": c.names})

    async def erase(_: Request) -> Response:
        if c.has("erase"):
            c.names["u1"] = ""
        return PlainTextResponse("erased")

    return Starlette(routes=[
        Route("/login", login, methods=["POST"]), Route("/factor", factor, methods=["POST"]),
        Route("/account", account),
        Route("/password", choose, methods=["POST"]), Route("/reset", ask, methods=["POST"]),
        Route("/new", use, methods=["POST"]), Route("/records/{owner}", record), Route("/search", search),
        Route("/webhook", webhook, methods=["POST"]), Route("/fetch", fetch), Route("/a.css", asset),
        Route("/page", page), Route("/privacy", privacy), Route("/checkout", checkout), Route("/pay.js", script),
        Route("/pay", pay, methods=["POST"]), Route("/ready", ready), Route("/live", live), Route("/list", listed),
        Route("/act", act, methods=["POST"]), Route("/slow", slow), Route("/export", export),
        Route("/erase", erase, methods=["POST"]),
    ])  # fmt: skip


def dumped(c: Clinic) -> str:
    return json.dumps(c.names)
