"""Where a payload goes: every place of a request that takes text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from mkdocs_jetty.steps.ports import Request

TOKENS = ("csrf", "xsrf", "nonce", "authenticity_token")


@dataclass(frozen=True)
class Place:
    """One place of a request.

    Attributes:
        name: What it is called in a message, such as ``field `name` ``.
        value: What the request holds there.
        put: Makes the same request with something else there.
    """

    name: str
    value: Any
    put: Callable[[Any], Request]

    @property
    def is_kept(self) -> bool:
        """Whether a system that accepts the request is expected to keep the text."""
        return self.name.startswith(("field", "json"))


def places(request: Request) -> Iterator[Place]:
    """Every place of a request that takes text; a token against forgery is none."""
    for name, value in (request.form or {}).items():
        if not any(token in name.casefold() for token in TOKENS):
            yield Place(f"field `{name}`", value, partial(_in_form, request, name))
    for keys, value in _leaves(request.json):
        yield Place(f"json `{'.'.join(map(str, keys))}`", value, partial(_in_json, request, keys))
    for name, value in parse_qsl(urlsplit(request.path).query, keep_blank_values=True):
        yield Place(f"query `{name}`", value, partial(_in_query, request, name))


def _in_form(request: Request, name: str, text: Any) -> Request:
    return replace(request, form={**(request.form or {}), name: text})


def _in_query(request: Request, name: str, text: Any) -> Request:
    parts = urlsplit(request.path)
    query = [(key, text if key == name else value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    return replace(request, path=urlunsplit(parts._replace(query=urlencode(query, quote_via=quote))))


def _in_json(request: Request, keys: Sequence[Any], text: Any) -> Request:
    return replace(request, json=_changed(request.json, keys, text))


def _leaves(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*keys, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*keys, number))
    elif value is not None:
        yield keys, value


def _changed(value: Any, keys: Sequence[Any], text: Any) -> Any:
    if not keys:
        return text
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[keys[0]] = _changed(copy[keys[0]], keys[1:], text)
    return copy
