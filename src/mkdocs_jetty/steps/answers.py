"""What an answer means: done, refused by the action, or turned away by a limiter; and how to say what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx


def must(holds: object, message: str) -> None:
    """Fail with this message and nothing else: pytest adds to an `assert` whatever objects it held."""
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(message)


def blocked(response: httpx.Response) -> bool:
    """Whether a limiter turned this one away, rather than the action itself."""
    return response.status_code in {429, 423} or (
        response.status_code in {403, 503} and "retry-after" in response.headers
    )


def leads_to_sign_in(response: httpx.Response) -> bool:
    """Whether an answer sends one to the sign-in page."""
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
