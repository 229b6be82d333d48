"""The pages as HTML. Whatever a visitor typed is text here and never markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from harbour.static import STYLESHEET
from harbour.store import ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harbour.audit import Entry
    from harbour.store import Account

TYPES = {"address": ("email", "username"), "name": ("text", "name")}


class Pages:
    """`escaping` and `notice` are protections that can be taken out."""

    def __init__(self, *, escaping: bool = True, notice: bool = True) -> None:
        self._escaping = escaping
        self._notice = notice

    def sign_in(self, *, address: str = "", errors: Sequence[str] = (), notice: str = "") -> str:
        body = self._told(errors, notice) + self._form(
            "/sign-in", "Sign in", self._field("address", "Address", address) + _password("Password")
        )
        return self._page("Sign in", f'{body}<p><a href="/reset">Forgotten your password?</a></p>')

    def harbour(self, account: Account) -> str:
        admin = '<p><a href="/admin/audit">Audit log</a></p>' if account.role == "admin" else ""
        return self._page(
            f"The harbour of {account.name}",
            '<p>You are moored safely.</p><p><a href="/profile">Your profile</a></p>'
            f"{admin}{self._form('/sign-out', 'Sign out', '')}",
        )

    def reset(self, *, address: str = "", errors: Sequence[str] = (), notice: str = "") -> str:
        form = self._form("/reset", "Send me a link", self._field("address", "Address", address))
        return self._page("Forgotten password", self._told(errors, notice) + form)

    def choose(self, token: str, *, errors: Sequence[str] = ()) -> str:
        hidden = f'<input type="hidden" name="token" value="{self._text(token)}">'
        form = self._form("/reset/choose", "Save", hidden + _password("New password", "new-password"))
        return self._page("Choose a new password", self._told(errors) + form)

    def profile(self, account: Account, key: str, *, errors: Sequence[str] = (), notice: str = "") -> str:
        change = (
            f'<input type="hidden" name="key" value="{self._text(key)}">'
            + self._field("name", "Name", account.name)
            + self._field("address", "Address", account.address)
            + _password("Your password, to change the address", name="password")
        )
        return self._page(
            "Your profile",
            self._told(errors, notice)
            + self._form("/profile", "Save", change)
            + '<p><a href="/profile/export">Everything Harbour keeps about you</a></p><h2>Leave for good</h2>'
            + self._form("/profile/delete", "Delete my account", _password("Your password", name="leave")),
        )

    def audit(self, entries: Sequence[Entry], page: int, broken: Sequence[int], people: Sequence[Account]) -> str:
        names = ("timestamp", "event", "result", "user_id", "source_ip", "action", "resource")
        head = "".join(f'<th scope="col">{name}</th>' for name in names)
        rows = "".join(
            "<tr>" + "".join(f"<td>{self._text(getattr(entry, name))}</td>" for name in names) + "</tr>"
            for entry in entries
        )
        told = (
            self._told([f"Altered or missing: entry {', '.join(map(str, broken))}."])
            if broken
            else self._told((), "The log is whole.")
        )
        roles = "".join(self._role(one) for one in people)
        return self._page(
            "Audit log",
            f"{told}<table><caption>Newest first, page {page}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
            f'<p><a href="/admin/audit?page={page + 1}">Older</a></p><h2>Roles</h2>{roles}',
            wide=True,
        )

    def privacy(self) -> str:
        return self._page(
            "Privacy",
            "<p>Harbour keeps your <strong>name</strong> and your <strong>address</strong> to let you in and to send "
            "you a link when you have forgotten your <strong>password</strong>, of which it keeps a hash only. "
            "It keeps them until you delete your account.</p>"
            "<p>Its audit log keeps what was done, when, by which account number and from which network address, "
            "to find misuse. Nothing is passed on to anyone, and nothing here needs a consent.</p>"
            '<p>Your <a href="/profile">profile</a> has everything that is kept about you, and a button '
            "to delete it.</p>",
        )

    def message(self, title: str, text: str) -> str:
        return self._page(title, self._told([text]))

    def _role(self, account: Account) -> str:
        chosen = "".join(f"<option{' selected' if role == account.role else ''}>{role}</option>" for role in ROLES)
        label = f"Role of account {account.id}, {self._text(account.name)}"
        fields = (
            f'<input type="hidden" name="account" value="{account.id}">'
            f'<label for="role{account.id}">{label}</label><select id="role{account.id}" name="role">{chosen}</select>'
        )
        return self._form("/admin/role", "Save", fields)

    def _text(self, value: object) -> str:
        return escape(str(value)) if self._escaping else str(value)

    def _field(self, name: str, label: str, value: str) -> str:
        kind, complete = TYPES[name]
        return (
            f'<label for="{name}">{label}</label>'
            f'<input id="{name}" name="{name}" type="{kind}" autocomplete="{complete}" value="{self._text(value)}">'
        )

    def _form(self, action: str, button: str, fields: str) -> str:
        return (
            f'<form method="post" action="{action}" novalidate>{fields}<button type="submit">{button}</button></form>'
        )

    def _told(self, errors: Sequence[str], notice: str = "") -> str:
        alert = "".join(f"<p>{self._text(error)}</p>" for error in errors)
        return (f'<div role="alert">{alert}</div>' if alert else "") + (
            f'<p role="status">{self._text(notice)}</p>' if notice else ""
        )

    def _page(self, title: str, body: str, *, wide: bool = False) -> str:
        footer = '<footer><a href="/privacy">Privacy</a></footer>' if self._notice else ""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{self._text(title)}</title><link rel="stylesheet" href="{STYLESHEET}"></head>'
            f"<body{' class=wide' if wide else ''}>"
            f"<main><h1>{self._text(title)}</h1>{body}</main>{footer}</body></html>"
        )


def _password(label: str, complete: str = "current-password", *, name: str = "password") -> str:
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" type="password" autocomplete="{complete}">'
    )
