"""Cookies as answers set them: which is that of the session, and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from mkdocs_jetty.run.outcomes import Unavailable

LIKELY = re.compile(r"sess|sid$|auth|token|login|identity", re.IGNORECASE)
UNLIKELY = re.compile(r"csrf|xsrf", re.IGNORECASE)
HOST, SECURE = "__Host-", "__Secure-"


@dataclass(frozen=True)
class Cookie:
    """A cookie as it was set."""

    name: str
    value: str
    attributes: dict[str, str]


def cookies_set(response: Any) -> list[Cookie]:
    """The cookies that an answer sets, with their attributes."""
    found = []
    for line in response.headers.get_list("set-cookie"):
        first, *rest = line.split(";")
        name, _, value = first.partition("=")
        attributes = {key.strip().casefold(): what.strip() for key, _, what in (part.partition("=") for part in rest)}
        found.append(Cookie(name.strip(), value.strip(), attributes))
    return found


def session_cookies(answers: Iterable[Any], named: str | None) -> list[Cookie]:
    """Every session cookie that these answers set, each time that one does.

    Args:
        answers: Of type `httpx.Response`.
        named: The name of the session cookie where it is known.

    Raises:
        Unavailable: If it could be more than one.
    """
    every = [cookie for response in answers for cookie in cookies_set(response) if not ends(cookie)]
    names = {cookie.name for cookie in every}
    if named is None:
        likely = {name for name in names if LIKELY.search(name) and not UNLIKELY.search(name)}
        candidates = likely or {name for name in names if not UNLIKELY.search(name)}
        assert candidates, "no session cookie was set"
        if len(candidates) > 1:
            raise Unavailable(f"which of {', '.join(sorted(candidates))} is the session cookie? "
                              "Override the fixture `jetty_session_cookie`")  # fmt: skip
        named = candidates.pop()
    assert named in names, f"no cookie {named} was set"
    return [cookie for cookie in every if cookie.name == named]


def ends(cookie: Cookie) -> bool:
    """Tell whether it is set only to be deleted."""
    with suppress(ValueError):
        if parsedate_to_datetime(cookie.attributes.get("expires", "")) <= datetime.now(timezone.utc):
            return True
    return not cookie.value or cookie.attributes.get("max-age", "") in {"0", "-1"}


def lacks(cookie: Cookie) -> list[str]:
    """What ASVS V3.3.1 (Secure, a prefix), V3.3.2 (SameSite) and V3.3.4 (HttpOnly) ask for and the cookie has not.

    A prefix asks for no more than `Secure`, so a test over plain http can show it wherever it can show that.
    """
    of = cookie.attributes
    wrong = [name for name in ("secure", "httponly") if name not in of]
    if of.get("samesite", "").casefold() not in {"lax", "strict"}:
        wrong.append(f"samesite (it is {of.get('samesite', 'not set')})")
    if not cookie.name.startswith((HOST, SECURE)):
        wrong.append(f"a name that begins with {HOST} or {SECURE}")
    elif cookie.name.startswith(HOST) and of.get("path") != "/":
        wrong.append(f"path=/, without which browsers refuse {HOST}")
    return wrong
