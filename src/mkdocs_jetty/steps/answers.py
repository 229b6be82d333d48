"""What an answer means: done, refused by the action, or turned away by a limiter; and how to say what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx


def must(holds: object, message: str) -> None:
    """Fail with this message and nothing else: pytest adds to an `assert` whatever objects it held."""
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(message)


Predicate = Callable[[Any], bool]


def blocked_by_default(response: httpx.Response) -> bool:
    """Status 429 or 423, or 403 or 503 that says when to come again."""
    return response.status_code in {429, 423} or (
        response.status_code in {403, 503} and "retry-after" in response.headers
    )


_rules: list[Predicate] = [blocked_by_default]
"""What a limiter's refusal looks like, the one that holds now last."""


@contextmanager
def told_by(rule: Predicate) -> Iterator[None]:
    """For a while, let a project's own rule say what a limiter's refusal looks like."""
    _rules.append(rule)
    try:
        yield
    finally:
        _rules.remove(rule)


def blocked(response: httpx.Response) -> bool:
    """Tell whether a limiter turned this one away, rather than the action itself; see `jetty_blocked`."""
    return bool(_rules[-1](response))


def granted(response: httpx.Response) -> set[str]:
    """Return what an answer hands out: cookies, and tokens in its JSON."""
    try:
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
    except ValueError:
        body = {}
    tokens = {key for key, value in body.items() if "token" in key and value} if isinstance(body, dict) else set()
    return {*response.cookies, *tokens}


def leads_to_sign_in(response: httpx.Response) -> bool:
    """Tell whether an answer sends one to the sign-in page."""
    place = urlsplit(response.headers.get("location", "")).path if response.is_redirect else ""
    return place.rstrip("/").rsplit("/", 1)[-1].casefold() in {"login", "signin", "sign-in", "sign_in", "log-in"}


def accepted_by_default(response: httpx.Response) -> bool:
    """A status below 400, unless it sends one back to the form or to sign in first."""
    if response.status_code >= 400:  # noqa: PLR2004
        return False
    if not response.is_redirect:
        return True
    place = urlsplit(response.headers.get("location", ""))
    back = urljoin(str(response.url), place.path) == str(response.url.copy_with(query=None))
    return not back and not (leads_to_sign_in(response) and "next=" in place.query)


def described(response: Any) -> str:
    """An answer in a few words: its status and the beginning of its text."""
    text = " ".join(response.text.split())[:120]
    return f"status {response.status_code}" + (f", {text!r}" if text else "")
