"""The application: which address answers what, and what makes a session."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from harbour import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from harbour.store import Account, Store

COOKIE = "harbour_session"
SESSION_SECONDS = 12 * 60 * 60
ADDRESS_LIMIT = 254
PASSWORD_LIMIT = 200
FORM_LIMIT = 8 * 1024

REFUSED = "The address or the password is wrong."
SIGNED_OUT = "You are signed out."


class FormTooLargeError(Exception):
    """More was sent than any sign-in needs."""


@dataclass(frozen=True)
class Credentials:
    """What the sign-in form was filled with."""

    address: str
    password: str

    def errors(self) -> list[str]:
        """What is wrong before anyone is looked up."""
        found = []
        if not self.address:
            found.append("Enter your address.")
        elif len(self.address) > ADDRESS_LIMIT:
            found.append(f"An address has at most {ADDRESS_LIMIT} characters.")
        elif "@" not in self.address:
            found.append("An address looks like name@example.org.")
        if not self.password:
            found.append("Enter your password.")
        elif len(self.password) > PASSWORD_LIMIT:
            found.append(f"A password has at most {PASSWORD_LIMIT} characters.")
        return found


class Harbour:
    """The answers. `clock` tells the time, so that a specification can let it pass."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def home(self, _: Request) -> Response:
        return _go("/harbour")

    def harbour(self, request: Request) -> Response:
        account = self._visitor(request)
        return _html(pages.harbour(account.name)) if account else _go("/sign-in")

    def sign_in_form(self, request: Request) -> Response:
        if self._visitor(request):
            return _go("/harbour")
        return _html(pages.sign_in(notice=SIGNED_OUT if "signed-out" in request.query_params else ""))

    async def sign_in(self, request: Request) -> Response:
        try:
            credentials = await _credentials(request)
        except FormTooLargeError:
            return _html(pages.too_large(), status=413)
        # The hash is slow on purpose: it must not hold up everyone else.
        return await run_in_threadpool(self._sign_in, request, credentials)

    def sign_out(self, request: Request) -> Response:
        self._store.close_session(request.cookies.get(COOKIE, ""))
        answer = _go("/sign-in?signed-out")
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return answer

    def sign_out_link(self, _: Request) -> Response:
        # A page elsewhere may hold a link or an image that leads here.
        return _html(pages.button_only(), status=405, Allow="POST")

    def _sign_in(self, request: Request, credentials: Credentials) -> Response:
        if errors := credentials.errors():
            return _html(pages.sign_in(address=credentials.address, errors=errors), status=422)
        account = self._store.authenticate(credentials.address, credentials.password)
        if account is None:
            return _html(pages.sign_in(address=credentials.address, errors=[REFUSED]), status=403)
        return self._admit(request, account)

    def _admit(self, request: Request, account: Account) -> Response:
        self._store.close_session(request.cookies.get(COOKIE, ""))
        token = self._store.open_session(account, now=self._clock(), seconds=SESSION_SECONDS)
        secure = request.url.scheme == "https"
        answer = _go("/harbour")
        answer.set_cookie(COOKIE, token, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=secure)
        return answer

    def _visitor(self, request: Request) -> Account | None:
        return self._store.visitor(request.cookies.get(COOKIE, ""), now=self._clock())


def create_app(store: Store, clock: Callable[[], float] = time.time) -> Starlette:
    answers = Harbour(store, clock)
    return Starlette(
        routes=[
            Route("/", answers.home),
            Route("/harbour", answers.harbour),
            Route("/sign-in", answers.sign_in_form, methods=["GET"]),
            Route("/sign-in", answers.sign_in, methods=["POST"]),
            Route("/sign-out", answers.sign_out, methods=["POST"]),
            Route("/sign-out", answers.sign_out_link),
        ],
    )


async def _credentials(request: Request) -> Credentials:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT:
            raise FormTooLargeError
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Credentials(fields.get("address", [""])[0].strip(), fields.get("password", [""])[0])


def _html(text: str, status: int = 200, **headers: str) -> HTMLResponse:
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store", **headers})


def _go(where: str) -> RedirectResponse:
    return RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})
