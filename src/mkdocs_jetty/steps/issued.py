"""What a system hands out that lets its holder in: cookies that scripts may not read, and tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import unquote

from mkdocs_jetty.steps.cookies import cookies_set

NAMES = re.compile(r"token|jwt|secret|sess|^sid$|csrf|xsrf|auth(?!or(?!iz))|api.?key|otp", re.IGNORECASE)
RANDOM = re.compile(r"(?=.*\d)\S{12,}")
"""What may be a secret: `deleted`, `anonymous` and `Bearer` are none, and occur in logs for other reasons."""


def issued(responses: Iterable[Any], jar: CookieJar) -> Iterator[str]:
    """The values that answers have set or told, and those that a client holds already."""
    return filter(RANDOM.fullmatch, _issued(responses, jar))


def _issued(responses: Iterable[Any], jar: CookieJar) -> Iterator[str]:
    for cookie in jar:
        if cookie.has_nonstandard_attr("HttpOnly") or NAMES.search(cookie.name):
            yield from _plain(cookie.value or "")
    for response in responses:
        for each in cookies_set(response):
            if "httponly" in each.attributes or NAMES.search(each.name):
                yield from _plain(each.value)
        yield from _told(_body(response))


def _plain(cookie: str) -> tuple[str, str]:
    """A cookie's value as it is sent, and as an application sees it."""
    return cookie.strip('"'), unquote(cookie.strip('"'))


def _body(response: Any) -> Any:
    try:
        return response.json() if "json" in response.headers.get("content-type", "") else None
    except ValueError:
        return None


def _told(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _told(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _told(each, name)
    elif isinstance(value, str) and NAMES.search(name):
        yield value
