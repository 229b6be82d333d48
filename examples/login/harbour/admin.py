"""For administrators: what happened, and who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harbour.store import ADMIN, ROLES

if TYPE_CHECKING:
    from starlette.responses import Response

    from harbour.visit import Visit

PAGE = 100
MOST_PAGES = 100_000


def audit(visit: Visit) -> Response:
    asked = visit.query.get("page", "1")
    page = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len(str(MOST_PAGES)) else 0
    if page < 1:
        return visit.page(visit.harbour.pages.message("No such page", "Pages have numbers from 1."), 400)
    # Whoever reads the log is in it, and sees that.
    visit.record("audit-view", resource=f"audit page {page}")
    harbour = visit.harbour
    size = PAGE if harbour.on("request-limits") else -1
    entries = harbour.audit.entries(limit=size, offset=(page - 1) * PAGE)
    return visit.page(harbour.pages.audit(entries, page, harbour.audit.verify(), harbour.store.everyone(PAGE)))


def role(visit: Visit) -> Response:
    asked, wanted = visit.form.get("account", ""), visit.form.get("role", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len(str(2**63)) else 0
    account = visit.harbour.store.account(number)
    if account is None or wanted not in ROLES:
        return visit.page(visit.harbour.pages.message("Not done", "There is no such account or role."), 422)
    with visit.harbour.database.writing() as connection:
        admins = connection.execute("select count(*) from account where role = ?", (ADMIN,)).fetchone()[0]
        if account.role == ADMIN and wanted != ADMIN and admins == 1:
            text = "Someone has to be an administrator."
            return visit.page(visit.harbour.pages.message("Not done", text), 409)
        connection.execute("update account set role = ? where id = ?", (wanted, account.id))
        target = f"account {account.id}"
        visit.record("role-change", resource=target, within=connection, old=account.role, new=wanted)
    return visit.go("/admin/audit")
