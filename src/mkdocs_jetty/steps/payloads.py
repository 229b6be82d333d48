"""Hostile input: every payload goes into every field of an action, and nothing but text may come of it.

A refusal counts only where the same request with ordinary input is accepted, and a limiter's refusal does not count at
all: each request comes from an address of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, blocked, described, need_httpx
from mkdocs_jetty.steps.corpora import CORPORA, Payload, active, corpus, executed, revealed
from mkdocs_jetty.steps.ports import Load, Persona, Request, Target, World, action_named, loopback
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Stored = Callable[[], Sequence[str]]
SERVER_ERROR = 500
FIRST_ADDRESS = 20_000
SHOWN = 5
TOKENS = ("csrf", "xsrf", "nonce", "authenticity_token")


@dataclass(frozen=True)
class Shot:
    """One payload in one field, and what came of it."""

    payload: Payload
    place: str
    response: httpx.Response
    page: httpx.Response
    """What a browser shows in the end."""
    in_vain: bool = False
    """Whether the request was one that has to be refused: with wrong credentials."""

    def __str__(self) -> str:
        return f"{self.payload.text!r} in {self.place}"


@dataclass(frozen=True)
class Volley:
    """What came of a whole corpus."""

    action: str
    shots: Sequence[Shot]
    ordinary: httpx.Response
    """The answer to ordinary input."""
    wrong: httpx.Response
    """The answer to wrong credentials or input."""
    pages: Mapping[str, httpx.Response]
    """The pages of the system, looked at afterwards."""
    seconds: float


@when(phrase('each payload from the "{name}" corpus is sent to {action}'))
def _(
    name: str, action: str, jetty_target: Target, jetty_driver: Driver, jetty_world: World, jetty_load: Load,
    jetty_measure: Measure,
) -> None:  # fmt: skip
    _send_all(corpus(name), name, action, jetty_target, jetty_driver, jetty_world, jetty_load, jetty_measure)


@when(phrase("each payload from every corpus is sent to {action}"))
def _(
    action: str, jetty_target: Target, jetty_driver: Driver, jetty_world: World, jetty_load: Load,
    jetty_measure: Measure,
) -> None:  # fmt: skip
    payloads = [payload for name in CORPORA for payload in corpus(name)]
    _send_all(payloads, ", ".join(CORPORA), action, jetty_target, jetty_driver, jetty_world, jetty_load, jetty_measure)


def _send_all(
    payloads: Sequence[Payload], name: str, action: str, jetty_target: Target, jetty_driver: Driver, jetty_world: World,
    jetty_load: Load, jetty_measure: Measure,
) -> None:  # fmt: skip
    allow(jetty_target, "fuzz")
    action_named(jetty_driver.actions, action)
    ordinary = _ordinary(jetty_driver, action)
    variants = (jetty_driver.request(action), jetty_driver.request(action, valid=False))
    fields = [list(_places(each)) for each in variants]
    if not fields[0]:
        raise Unavailable(f"the request of `{action}` has no field, so there is nowhere to put a payload")
    cap(jetty_load, requests=len(payloads) * sum(map(len, fields)))
    wrong = _send(jetty_driver, variants[1], FIRST_ADDRESS - 1)
    shots = list(_shots(jetty_driver, payloads, variants))
    _ordinary(jetty_driver, action)
    pages = {each: jetty_driver.final(jetty_driver.get(each)) for each in jetty_driver.pages.values()}
    jetty_world.action = action
    jetty_world.notes["volley"] = Volley(action, shots, ordinary, wrong, pages, _seconds(ordinary))
    jetty_measure("corpus", name)
    jetty_measure("payloads", len(payloads))
    jetty_measure("requests", len(shots))


@then("every one is refused or stored as plain text")
def _(jetty_driver: Driver, jetty_world: World, jetty_stored: Stored | None) -> None:
    volley = _volley(jetty_world)
    _none(f"{each}: {described(each.response)}" for each in volley.shots
          if max(each.response.status_code, each.page.status_code) >= SERVER_ERROR)  # fmt: skip
    _none(f"{each}: {found}" for each in volley.shots if (found := active(each.page)))
    _none(f"{path} {found}" for path, page in volley.pages.items() if (found := active(page)))
    if jetty_stored is not None:
        kept = set(jetty_stored())
        _none(f"{each}: accepted, but kept as something else" for each in volley.shots
              if not each.in_vain and jetty_driver.accepted(each.response) and each.place.startswith(("field", "json"))
              and not kept & {each.payload.text, each.payload.text.strip()})  # fmt: skip


@then("no payload changes what is executed")
def _(jetty_world: World) -> None:
    volley = _volley(jetty_world)
    granted = _granted(volley.ordinary) - _granted(volley.wrong)
    for each in volley.shots:
        found = executed(each.payload, each.response, volley.seconds) or executed(each.payload, each.page, 0)
        assert found is None, f"{each}: {found}"
        # Where only the right credentials open a session, a payload beside wrong ones may not.
        let_in = each.in_vain and granted and granted <= _granted(each.response)
        assert not let_in, f"{each}: it signed in with wrong credentials (sets {', '.join(sorted(granted))})"
    for path, page in volley.pages.items():
        for payload in {each.payload for each in volley.shots}:
            found = executed(payload, page, _seconds(page))
            assert found is None, f"{path}, after {payload.text!r}: {found}"


@then("no response reveals an internal error")
def _(jetty_world: World) -> None:
    volley = _volley(jetty_world)
    sent = {each.payload.text for each in volley.shots}
    _none(f"{each} reveals {found!r}" for each in volley.shots for answer in {each.response, each.page}
          if (found := revealed(answer, sent)))  # fmt: skip


def _volley(world: World) -> Volley:
    volley = world.notes.get("volley")
    assert isinstance(volley, Volley), "no step before has sent payloads"
    assert volley.shots, "no payload was sent"
    limited = [each for each in volley.shots if blocked(each.response)]
    if limited:
        raise Inconclusive(f"{len(limited)} of {len(volley.shots)} requests were turned away by a limiter unread")
    return volley


def _none(found: Iterator[str]) -> None:
    wrong = list(found)
    more = f"\n… and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    assert not wrong, "\n".join(wrong[:SHOWN]) + more


def _ordinary(driver: Driver, action: str) -> httpx.Response:
    response = driver.act(action)
    assert driver.accepted(response), (
        f"`{action}` refuses ordinary input too, so a refusal proves nothing: {described(response)}"
    )
    return response


def _granted(response: httpx.Response) -> set[str]:
    """What an answer hands out: cookies, and tokens in its JSON."""
    try:
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
    except ValueError:
        body = {}
    tokens = {key for key, value in body.items() if "token" in key and value} if isinstance(body, dict) else set()
    return {*response.cookies, *tokens}


# ---- sending ----


def _shots(driver: Driver, payloads: Sequence[Payload], variants: Sequence[Request]) -> Iterator[Shot]:
    number = FIRST_ADDRESS
    for payload in payloads:
        for in_vain, request in enumerate(variants):
            for place, put in _places(request):
                sent = _sent(driver, put(payload.text), number)
                number += 1
                if sent is not None:
                    yield Shot(payload, place, *sent, in_vain=bool(in_vain))


def _sent(driver: Driver, request: Request, number: int) -> tuple[httpx.Response, httpx.Response] | None:
    """The answer and the page it leads to; None for what no client can put on the wire."""
    httpx = need_httpx()
    try:
        response = _send(driver, request, number)
    except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
        return None
    except httpx.TransportError as error:
        raise AssertionError(f"{request.method} {request.path}: no answer ({type(error).__name__}: {error})") from None
    if not response.is_redirect:
        return response, response
    try:
        page = driver.final(response)
    except httpx.HTTPError:  # it leads away from the system, or nowhere
        page = response
    return response, page


def _send(driver: Driver, request: Request, number: int) -> httpx.Response:
    """Send as the same person, with the same cookies, from another address."""
    me = driver.me
    who: Persona = replace(me, name=f"{me.name} {number}", address=loopback(number)) if driver.local else me
    client = driver.client(who)
    if who is not me:
        client.cookies.update(driver.client(me).cookies)
    try:
        return client.send(driver.build(request, who))
    finally:
        if who is not me:
            driver.forget(who)


def _seconds(response: httpx.Response) -> float:
    return float(response.elapsed.total_seconds())


# ---- where a payload goes ----

Put = Callable[[str], Request]


def _places(request: Request) -> Iterator[tuple[str, Put]]:
    """Every place of a request that takes text, and how to put a payload there."""
    for name in request.form or {}:
        if not any(token in name.casefold() for token in TOKENS):
            yield f"field `{name}`", partial(_in_form, request, name)
    for keys in _leaves(request.json):
        yield f"json `{'.'.join(map(str, keys))}`", partial(_in_json, request, keys)
    for name, _ in parse_qsl(urlsplit(request.path).query, keep_blank_values=True):
        yield f"query `{name}`", partial(_in_query, request, name)


def _in_form(request: Request, name: str, text: str) -> Request:
    return replace(request, form={**(request.form or {}), name: text})


def _in_query(request: Request, name: str, text: str) -> Request:
    parts = urlsplit(request.path)
    query = [(key, text if key == name else value) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    return replace(request, path=urlunsplit(parts._replace(query=urlencode(query, quote_via=quote))))


def _in_json(request: Request, keys: Sequence[Any], text: str) -> Request:
    return replace(request, json=_changed(request.json, keys, text))


def _leaves(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*keys, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*keys, number))
    elif value is not None:
        yield keys


def _changed(value: Any, keys: Sequence[Any], text: str) -> Any:
    if not keys:
        return text
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[keys[0]] = _changed(copy[keys[0]], keys[1:], text)
    return copy
