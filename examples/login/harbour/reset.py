"""A new password for whoever has forgotten the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harbour.forms import address_problems
from harbour.store import normal

if TYPE_CHECKING:
    from starlette.responses import Response

    from harbour.visit import Visit

ON_ITS_WAY = "If the address has an account, a link is on its way."
LATER = (
    "Our mail server does not answer right now. If the address has an account, "
    "a link will be sent as soon as the mail server is back."
)
DEAD_LINK = "This link has been used, or is older than 30 minutes. Ask for a new one."


def ask_form(visit: Visit) -> Response:
    return visit.page(visit.harbour.pages.reset())


def ask(visit: Visit) -> Response:
    address = visit.form.get("address", "").strip()
    errors = address_problems(address)
    if errors and visit.harbour.on("input-sanitization"):
        return visit.page(visit.harbour.pages.reset(address=address, errors=errors), 422)
    account = visit.harbour.store.find(address)
    # The mail server is asked for known and unknown addresses alike: neither the text nor the time may differ.
    up = visit.harbour.mailer.reachable()
    if not up and not visit.harbour.on("graceful-degradation"):
        raise ConnectionError("no mail server")
    if account:
        visit.harbour.outbox.queue(account)
    visit.record("reset-request", account=account)
    return visit.page(visit.harbour.pages.reset(notice=ON_ITS_WAY if up else LATER))


def choose_form(visit: Visit) -> Response:
    token = visit.query.get("token", "")
    if visit.harbour.store.reset_owner(token, now=visit.now) is None:
        return _dead(visit)
    return visit.page(visit.harbour.pages.choose(token))


def choose(visit: Visit) -> Response:
    token, password = visit.form.get("token", ""), visit.form.get("password", "")
    store = visit.harbour.store
    owner = store.reset_owner(token, now=visit.now)
    if owner is None:
        return _dead(visit)
    if errors := visit.harbour.passwords.problems(password, owner.name, owner.address):
        return visit.page(visit.harbour.pages.choose(token, errors=errors), 422)
    account = store.use_reset(token, password, now=visit.now)
    if account is None:
        return _dead(visit)
    visit.harbour.throttle.forgive(normal(account.address))
    visit.record("password-reset", account=account)
    return visit.farewell("/sign-in?changed")


def _dead(visit: Visit) -> Response:
    visit.record("password-reset", "failure")
    return visit.page(visit.harbour.pages.reset(errors=[DEAD_LINK]), 410)
