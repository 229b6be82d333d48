"""The pages as HTML. Whatever a visitor typed is text here and never markup."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 4rem auto; padding: 0 1rem; }
label, input { display: block; width: 100%; box-sizing: border-box; }
input, button { font: inherit; padding: .5rem; margin: .25rem 0 1rem; }
[role=alert] { border-left: .25rem solid #b00020; padding-left: .75rem; }
"""


def sign_in(*, address: str = "", errors: Sequence[str] = (), notice: str = "") -> str:
    alert = "".join(f"<p>{escape(error)}</p>" for error in errors)
    return _page(
        "Sign in",
        (f'<div role="alert">{alert}</div>' if alert else "")
        + (f'<p role="status">{escape(notice)}</p>' if notice else "")
        + '<form method="post" action="/sign-in" novalidate>'
        + '<label for="address">Address</label>'
        + f'<input id="address" name="address" type="email" autocomplete="username" value="{escape(address)}">'
        + '<label for="password">Password</label>'
        + '<input id="password" name="password" type="password" autocomplete="current-password">'
        + '<button type="submit">Sign in</button></form>',
    )


def harbour(name: str) -> str:
    return _page(
        f"The harbour of {name}",
        "<p>You are moored safely.</p>"
        '<form method="post" action="/sign-out"><button type="submit">Sign out</button></form>',
    )


def too_large() -> str:
    return _page("That is too much", '<div role="alert"><p>The form is larger than Harbour accepts.</p></div>')


def button_only() -> str:
    return _page("Not by a link", '<div role="alert"><p>Use the button to sign out.</p></div>')


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
