"""What visitors type: read up to a limit, and checked before anyone is looked up."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

FORM_LIMIT = 8 * 1024
HEADER_LIMIT = 16 * 1024
BODY_SECONDS = 10
FIELD_LIMIT = 20
ADDRESS_LIMIT = 254
NAME_LIMIT = 80
ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RefusedError(Exception):
    """More was sent, or more slowly, than Harbour accepts."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read_form(request: Request, *, limited: bool = True) -> Mapping[str, str]:
    """The fields of a form, each once.

    Raises:
        RefusedError: If the body is too large (413), too slow (408), or not a form (400).
    """
    if not limited:
        return _fields(b"".join([chunk async for chunk in request.stream()]))
    if int(request.headers.get("content-length") or 0) > FORM_LIMIT:
        raise RefusedError(413)
    try:
        return _fields(await asyncio.wait_for(_read(request), BODY_SECONDS))
    except asyncio.TimeoutError:
        raise RefusedError(408) from None


async def _read(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT:
            raise RefusedError(413)
    return body


def _fields(body: bytes) -> Mapping[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELD_LIMIT)
    except ValueError:
        raise RefusedError(400) from None
    return {name: values[0] for name, values in fields.items()}


def address_problems(address: str) -> list[str]:
    if not address:
        return ["Enter your address."]
    if len(address) > ADDRESS_LIMIT:
        return [f"An address has at most {ADDRESS_LIMIT} characters."]
    if not ADDRESS.fullmatch(address):
        return ["An address looks like name@example.org."]
    return []


def password_problems(password: str, longest: int) -> list[str]:
    if not password:
        return ["Enter your password."]
    if len(password) > longest:
        return [f"A password has at most {longest} characters."]
    return []


def name_problems(name: str) -> list[str]:
    if not name:
        return ["Enter your name."]
    if len(name) > NAME_LIMIT:
        return [f"A name has at most {NAME_LIMIT} characters."]
    if CONTROL.search(name):
        return ["A name is written on one line."]
    return []
