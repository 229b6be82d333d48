"""Between the edge and a handler: limits, where the request came from, who asks, and whether they may."""

from __future__ import annotations

import sqlite3
import traceback
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from harbour.forms import RefusedError, read_form
from harbour.store import ADMIN
from harbour.visit import NOBODY, Visit, cookie_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from harbour.core import Harbour

    Handler = Callable[[Visit], Response]

SAFE = frozenset({"GET", "HEAD"})
TOO_LARGE = "The form is larger than Harbour accepts."
REFUSALS = {413: TOO_LARGE, 408: "The form took too long to arrive.", 400: "The form cannot be read."}
TOO_OFTEN = "Too many requests. Please try again later."


class Access(Enum):
    """Who may ask."""

    PUBLIC = "public"
    MEMBER = "member"
    ADMIN = "admin"


class Gate:
    """Turns a handler into an endpoint behind all the checks."""

    def __init__(self, harbour: Harbour) -> None:
        self._harbour = harbour

    def endpoint(self, route: str, handler: Handler, access: Access) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request.state.route = route
            visit = self._visit(request)
            if access is Access.PUBLIC and (wait := self._wait(visit)):
                return self._say(visit, "Too many requests", TOO_OFTEN, 429, **{"Retry-After": str(wait)})
            if refusal := self._foreign(request, visit):
                return await run_in_threadpool(refusal)
            try:
                form = {} if request.method in SAFE else await read_form(request, limited=self._on("request-limits"))
            except RefusedError as error:
                return self._say(
                    visit, "That is not possible", REFUSALS[error.status], error.status, Connection="close"
                )
            if not self._on("log-redaction"):
                request.state.unredacted = {"form": dict(form), "query": dict(request.query_params)}
            # SQLite and the slow hash must not hold up everyone else.
            return await run_in_threadpool(self._answer, request, replace(visit, form=form), handler, access)

        return answer

    def _on(self, protection: str) -> bool:
        return self._harbour.on(protection)

    def _visit(self, request: Request) -> Visit:
        state = request.state
        token = request.cookies.get(cookie_name(https=state.https), "")
        return Visit(
            self._harbour, state.id, state.source, state.https, request.method, state.route, token, None,
            request.query_params,
        )  # fmt: skip

    def _wait(self, visit: Visit) -> int:
        return self._harbour.rate_limit.admit(visit.source) if self._on("rate-limiting") else 0

    def _foreign(self, request: Request, visit: Visit) -> Callable[[], Response] | None:
        """The refusal of a form that another site had sent; whatever is no browser sends none of these headers."""
        if request.method in SAFE or not self._on("cross-site-protection"):
            return None
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin") or request.headers.get("referer")
        own = {request.headers.get("host", ""), urlsplit(self._harbour.settings.public_url).netloc}
        if site in {"same-origin", "none"} and (origin is None or urlsplit(origin).netloc in own):
            return None

        def refuse() -> Response:
            with suppress(sqlite3.Error):
                visit.record("access", "refused", reason="cross-site")
            return self._say(visit, "Not from there", "This form was sent by another site.", 403)

        return refuse

    def _answer(self, request: Request, visit: Visit, handler: Handler, access: Access) -> Response:
        try:
            account = self._harbour.store.visitor(visit.token, now=visit.now)
            visit = replace(visit, account=account)
            request.state.user_id = account.id if account else None
            if access is not Access.PUBLIC and account is None:
                if self._on("authentication-enforced"):
                    return visit.go("/sign-in")
                visit = replace(visit, account=NOBODY)
            if access is Access.ADMIN and visit.member.role != ADMIN and self._on("authorization-enforced"):
                visit.record("access", "refused", reason="role")
                return self._say(visit, "Not for you", "This page is for administrators.", 403)
            if visit.path in self._harbour.breaking:
                raise self._harbour.breaking[visit.path]  # noqa: TRY301 - a rehearsal of what may come from anywhere
            return handler(visit)
        except Exception as error:  # noqa: BLE001 - whatever it is, the visitor gets a page and we get an event
            return self._failed(visit, error)

    def _failed(self, visit: Visit, error: Exception) -> Response:
        kind = type(error).__name__
        self._harbour.log.write("error", "error", request_id=visit.id, route=visit.path, kind=kind)
        if self._on("error-tracking"):
            # Without a database there is the log line.
            with suppress(sqlite3.Error):
                self._harbour.errors.record(error, request_id=visit.id, route=visit.path)
        if not self._on("error-disclosure"):
            return self._say(visit, kind, "".join(traceback.format_exception(error)), 500)
        if isinstance(error, sqlite3.OperationalError):
            text = f"Harbour cannot reach its records right now. Please try again in a moment. Reference: {visit.id}"
            return self._say(visit, "Out of service", text, 503, **{"Retry-After": "5"})
        return self._say(visit, "Something went wrong", f"It is not your fault. Reference: {visit.id}", 500)

    def _say(self, visit: Visit, title: str, text: str, status: int, **headers: str) -> Response:
        return visit.page(self._harbour.pages.message(title, text), status, **headers)
