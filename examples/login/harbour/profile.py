"""What people may see, change, take along and have deleted: their own data."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import Response

from harbour.audit import timestamp
from harbour.forms import address_problems, name_problems
from harbour.store import normal

if TYPE_CHECKING:
    from harbour.visit import Visit

WRONG = "The password is wrong."
TAKEN = "This address cannot be used."
SAVED = "Your profile is saved."
KEY_LIMIT = 100
KEY_SECONDS = 24 * 60 * 60


def show(visit: Visit) -> Response:
    notice = SAVED if "saved" in visit.query else ""
    return visit.page(visit.harbour.pages.profile(visit.member, secrets.token_urlsafe(16), notice=notice))


def change(visit: Visit) -> Response:
    account = visit.member
    name = visit.form.get("name", account.name).strip()
    address = normal(visit.form.get("address", account.address))
    key = visit.form.get("key", "")[:KEY_LIMIT]
    errors = [*name_problems(name), *address_problems(address)] if visit.harbour.on("input-sanitization") else []
    if errors:
        return _refuse(visit, errors, 422)
    moved = address != account.address
    if moved and not visit.harbour.store.authenticate(account.address, visit.form.get("password", "")):
        visit.record("profile-change", "failure", fields=["address"])
        return _refuse(visit, [WRONG], 403)
    try:
        _save(visit, name, address, key)
    except sqlite3.IntegrityError:
        return _refuse(visit, [TAKEN], 409)
    return visit.go("/profile?saved")


def export(visit: Visit) -> Response:
    if not visit.harbour.on("data-export"):
        return visit.page(visit.harbour.pages.message("Not here", "There is no such page."), 404)
    account = visit.member
    data = {
        "account": asdict(account),
        "sessions": [
            {"opened": timestamp(opened), "seen": timestamp(seen)}
            for opened, seen in visit.harbour.store.sessions(account)
        ],
        "audit": [asdict(entry) for entry in visit.harbour.audit.entries(user_id=account.id)],
    }
    visit.record("data-export")
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="harbour.json"'}
    return Response(json.dumps(data, indent=2), media_type="application/json", headers=headers)


def delete(visit: Visit) -> Response:
    account = visit.member
    if not visit.harbour.store.authenticate(account.address, visit.form.get("leave", "")):
        visit.record("account-deletion", "failure")
        return _refuse(visit, [WRONG], 403)
    with visit.harbour.database.writing() as connection:
        # Sessions, resets and waiting mail go with the account; the audit log knows its number only.
        table, column = ("account", "id") if visit.harbour.on("data-erasure") else ("session", "account")
        connection.execute(f"delete from {table} where {column} = ?", (account.id,))  # noqa: S608 - names of our own
        visit.record("account-deletion", within=connection)
    return visit.farewell("/sign-in?deleted")


def _save(visit: Visit, name: str, address: str, key: str) -> None:
    """Write it with its audit entry: both or neither, and once for each key."""
    account = visit.member
    values = {"name": (account.name, name), "address": (account.address, address)}
    fields = sorted(field for field, (old, new) in values.items() if old != new)
    with visit.harbour.database.writing() as connection:
        if key and visit.harbour.on("transaction-integrity"):
            connection.execute("delete from done_once where at < ?", (visit.now - KEY_SECONDS,))
            row = (account.id, key, visit.now)
            if not connection.execute("insert or ignore into done_once values (?, ?, ?)", row).rowcount:
                return
        connection.execute("update account set name = ?, address = ? where id = ?", (name, address, account.id))
        if "address" in fields:
            # A link sent to the old address must not open the account.
            connection.execute("delete from reset where account = ?", (account.id,))
        visit.record("profile-change", resource=f"account {account.id}", within=connection, fields=fields)


def _refuse(visit: Visit, errors: list[str], status: int) -> Response:
    text = visit.harbour.pages.profile(visit.member, secrets.token_urlsafe(16), errors=errors)
    return visit.page(text, status)
