"""Coming in and leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harbour.forms import address_problems, password_problems
from harbour.passwords import LONGEST
from harbour.store import normal

if TYPE_CHECKING:
    from starlette.responses import Response

    from harbour.visit import Visit

REFUSED = "The address or the password is wrong."
UNKNOWN = "There is no account with this address."
TOO_MANY = "Too many login attempts. Please try again later."
NOTICES = {
    "signed-out": "You are signed out.",
    "changed": "Your password is changed. Sign in with it.",
    "deleted": "Your account is deleted.",
}


def home(visit: Visit) -> Response:
    return visit.go("/harbour")


def harbour(visit: Visit) -> Response:
    return visit.page(visit.harbour.pages.harbour(visit.member))


def sign_in_form(visit: Visit) -> Response:
    if visit.account:
        return visit.go("/harbour")
    notice = next((text for name, text in NOTICES.items() if name in visit.query), "")
    return visit.page(visit.harbour.pages.sign_in(notice=notice))


def sign_in(visit: Visit) -> Response:
    address, password = visit.form.get("address", "").strip(), visit.form.get("password", "")
    pages = visit.harbour.pages
    errors = [*address_problems(address), *password_problems(password, LONGEST)]
    if errors and visit.harbour.on("input-sanitization"):
        return visit.page(pages.sign_in(address=address, errors=errors), 422)
    if not visit.harbour.on("login-throttling"):
        return _try(visit, address, password)[0]
    throttle, key = visit.harbour.throttle, normal(address)
    if wait := throttle.admit(key, visit.source):
        visit.record("sign-in", "blocked", account=visit.harbour.store.find(address))
        return visit.page(pages.sign_in(address=address, errors=[TOO_MANY]), 429, **{"Retry-After": str(wait)})
    admitted = True
    try:
        answer, admitted = _try(visit, address, password)
    finally:
        throttle.settle(key, visit.source, failed=not admitted)
    return answer


def sign_out(visit: Visit) -> Response:
    if visit.account:
        visit.harbour.store.close_session(visit.token)
        visit.record("sign-out")
    return visit.farewell("/sign-in?signed-out")


def sign_out_link(visit: Visit) -> Response:
    # A page elsewhere may hold a link or an image that leads here.
    text = visit.harbour.pages.message("Not by a link", "Use the button to sign out.")
    return visit.page(text, 405, Allow="POST")


def _try(visit: Visit, address: str, password: str) -> tuple[Response, bool]:
    store = visit.harbour.store
    account = store.authenticate(address, password)
    if account is None:
        known = store.find(address)
        visit.record("sign-in", "failure", account=known)
        message = REFUSED if known or visit.harbour.on("credential-safety") else UNKNOWN
        return visit.page(visit.harbour.pages.sign_in(address=address, errors=[message]), 403), False
    token = store.open_session(account, now=visit.now, instead_of=visit.token)
    visit.record("sign-in", account=account)
    return visit.admit(token), True
