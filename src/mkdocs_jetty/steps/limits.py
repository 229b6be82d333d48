"""Phrases for limits: attempts, requests and sizes that are refused, and for whom, and for how long."""

from __future__ import annotations

import http.client
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.client import TIMEOUT_S, Driver, blocked, described, need_httpx
from mkdocs_jetty.steps.clock import Time, retry_after
from mkdocs_jetty.steps.engines.dodges import cannot_be_dodged, next_attempt
from mkdocs_jetty.steps.engines.gate import at_once, send_at_once
from mkdocs_jetty.steps.ports import Load, Persona, Request, loopback
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES, Count, Duration, spoken, spoken_size

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.clock"]

__all__ = ["at_once"]
Measure = Callable[[str, object], None]
EXTRA = 32 * 1024 * 1024
"""More than the buffers between two sockets hold, so that an unread body shows."""
CHUNK = bytes(64 * 1024)


# ---- one after the other ----


@when(parsers.parse("I attempt to {action} {n:Count} times in {window:Duration}", extra_types=TYPES))
def attempt_repeatedly(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, action: str, n: int, window: timedelta
) -> None:
    """Attempts with wrong input; none of them may be let in. A limiter may be stricter, which is said."""
    allow(jetty_driver.target, "load")
    cap(jetty_load, requests=n)
    started = time.monotonic()
    made, refused = _try_wrongly(jetty_driver, action, n)
    _within(window, started, made)
    jetty_driver.world.notes.update(attempted="action", times=made)
    _at_least(jetty_driver, jetty_measure, "attempts", made)
    if refused:
        jetty_measure("stricter", f"attempt {made} of {n} was blocked already")
    jetty_measure("window", spoken(window))


@when(
    parsers.re(
        rf"I (?!attempt to |try to |fail to |successfully |request |send |reach )(?P<action>.+?) "
        rf"(?P<n>{Count.pattern}) times in (?P<window>{Duration.pattern})"
    ),
    converters={"n": Count, "window": Duration},
)
def do_repeatedly(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, action: str, n: int, window: timedelta
) -> None:
    """Valid input each time, as for sign-ups, comments, reset mails and codes; each has to be accepted."""
    allow(jetty_driver.target, "load")
    cap(jetty_load, requests=n)
    started = time.monotonic()
    made, refused = _do(jetty_driver, action, n)
    _within(window, started, made)
    jetty_driver.world.notes.update(attempted="action", times=made, valid=True)
    jetty_measure("limit", made)
    if refused:
        jetty_measure("stricter", f"number {made} of {n} was blocked already")
    jetty_measure("window", spoken(window))


def _do(driver: Driver, action: str, n: int) -> tuple[int, bool]:
    """Do it so often, or until a limiter refuses; gives the number of the last one, and whether it did."""
    for number in range(1, n + 1):
        response = driver.send(driver.filled(driver.plain(action, driver.me), driver.me), driver.me)
        driver.world.action = action
        if blocked(response):
            must(number > 1, f"the very first one was already blocked: {described(response)}")
            return number, True
        must(
            driver.accepted(response),
            f"number {number}, made with valid input, was not accepted: {described(response)} "
            "(override the fixture `jetty_accepted` if that answer means it)",
        )
    return n, False


@when(parsers.parse("I attempt to {action} as {n:Count} different people in {window:Duration}", extra_types=TYPES))
def spray(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, action: str, n: int, window: timedelta
) -> None:
    """One attempt with wrong input for each of many names, all from my address: a limit by name sees none of it."""
    people = [replace(each, address=jetty_driver.me.address) for each in jetty_driver.users.crowd(n)]
    _try_as(jetty_driver, jetty_load, action, people, window)
    jetty_measure("names", n)
    jetty_measure("window", spoken(window))


@when(parsers.parse("I attempt to {action} from {n:Count} different addresses in {window:Duration}", extra_types=TYPES))
def from_everywhere(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, action: str, n: int, window: timedelta
) -> None:
    """One attempt with wrong input from each of many addresses, all for my name: a limit by address sees none of it."""
    if not jetty_driver.local:
        raise Unavailable(f"{jetty_driver.base_url} sees everybody here at one address, so nobody can be at another")
    people = [replace(jetty_driver.me, address=loopback(1_000 + number)) for number in range(n)]
    _try_as(jetty_driver, jetty_load, action, people, window)
    jetty_measure("addresses", n)
    jetty_measure("window", spoken(window))


def _try_as(driver: Driver, load: Load, action: str, people: Sequence[Persona], window: timedelta) -> None:
    """An attempt with wrong input by each; a limiter may refuse the last ones."""
    allow(driver.target, "load")
    cap(load, requests=len(people))
    started = time.monotonic()
    for number, who in enumerate(people, 1):
        response = driver.send(driver.from_a_form(driver.plain(action, who, valid=False), who), who)
        if blocked(response):
            must(number > 1, f"the very first attempt was already blocked: {described(response)}")
            break
        must(
            not driver.accepted(response),
            f"attempt {number}, made with wrong input, was accepted: {described(response)} "
            "(override the fixture `jetty_accepted` if that status does not mean it)",
        )
    _within(window, started, len(people))
    driver.world.action = action
    driver.world.notes.update(attempted="action", times=len(people))


def _try_wrongly(driver: Driver, action: str, n: int) -> tuple[int, bool]:
    """Attempt it so often, or until a limiter refuses; gives the number of the last attempt, and whether it did."""
    for number in range(1, n + 1):
        response = driver.act(action, valid=False)
        if blocked(response):
            must(number > 1, f"the very first attempt was already blocked: {described(response)}")
            return number, True
        must(
            not driver.accepted(response),
            f"attempt {number}, made with wrong input, was accepted: {described(response)} "
            "(override the fixture `jetty_accepted` if that status does not mean it)",
        )
    return n, False


@when(parsers.parse("I request {path:Path} {n:Count} times in {window:Duration}", extra_types=TYPES))
def request_repeatedly(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, path: str, n: int, window: timedelta
) -> None:
    """Ordinary requests; none of them may be refused early."""
    _request_repeatedly(jetty_driver, jetty_load, jetty_measure, path, n, window)


@when(parsers.parse("I request the {page} page {n:Count} times in {window:Duration}", extra_types=TYPES))
def request_page_repeatedly(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, page: str, n: int, window: timedelta
) -> None:
    """The same by the name of a page."""
    _request_repeatedly(jetty_driver, jetty_load, jetty_measure, jetty_driver.path_of(page), n, window)


def _request_repeatedly(
    jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, path: str, n: int, window: timedelta
) -> None:
    allow(jetty_driver.target, "load", path if "://" in path else None)
    cap(jetty_load, requests=n)
    started = time.monotonic()
    _request(jetty_driver, path, n)
    _within(window, started, n)
    jetty_driver.world.notes.update(attempted="path", path=path, times=n)
    jetty_measure("limit", n)
    jetty_measure("window", spoken(window))


def _request(driver: Driver, path: str, n: int) -> None:
    for number in range(1, n + 1):
        response = driver.get(path)
        must(not blocked(response), f"request {number} of {n} was already refused: {described(response)}")
        must(response.status_code < 400, f"request {number} was no ordinary one: {described(response)}")  # noqa: PLR2004


def _within(window: timedelta, started: float, n: int) -> None:
    took = timedelta(seconds=time.monotonic() - started)
    if took > window:
        raise Inconclusive(f"the driver itself needed {spoken(took)} for {n} requests, longer than {spoken(window)}")


def _at_least(driver: Driver, measure: Measure, name: str, n: int) -> None:
    """Record the largest number that the scenario has shown, since the preset limits it from above."""
    most = max(n, driver.world.notes.get(name, 0))
    driver.world.notes[name] = most
    measure(name, most)


def _again(driver: Driver, who: Persona | None = None) -> Any:
    """The attempt once more, in earnest: with valid input, so that only a limiter can refuse it."""
    who = who or driver.me
    return driver.send(driver.filled(next_attempt(driver, who), who), who)


@then(parsers.parse("my subsequent attempts are blocked for {span:Duration}", extra_types=TYPES))
def blocked_for(jetty_driver: Driver, jetty_time: Time, jetty_measure: Measure, span: timedelta) -> None:
    """The next attempt is refused although it is valid; the block lasts as long as it says, and then ends.

    Nor does it help to come without cookies, or to claim another address.
    """
    first = _again(jetty_driver)
    must(blocked(first), f"the next attempt, with valid input, was not blocked: {described(first)}")
    cannot_be_dodged(jetty_driver, jetty_measure, blocked)
    lifted = jetty_time.blocked_for(span, first, lambda: _again(jetty_driver))
    # What I am told is what I was told when I was refused, not what came after.
    jetty_driver.world.response = first
    jetty_driver.world.notes.update(blocked=not lifted, lifted=lifted)
    jetty_measure("block", spoken(span))


@then(parsers.parse("my next request is refused with status {code:d}"))
def next_is_refused(jetty_driver: Driver, jetty_measure: Measure, code: int) -> None:
    """One more of the same; also without cookies, and with a claim to another address."""
    response = _again(jetty_driver)
    must(response.status_code == code, f"the next request got {described(response)}, not status {code}")
    cannot_be_dodged(jetty_driver, jetty_measure, lambda answer: blocked(answer) or answer.status_code == code)
    jetty_driver.world.response = response
    jetty_driver.world.notes["refusal"] = response


@then("the response tells me when to retry")
def tells_when(jetty_driver: Driver) -> None:
    """A `Retry-After` in seconds or as a date."""
    response = jetty_driver.world.notes.get("refusal", jetty_driver.world.response)
    must(response is not None, "there is no response")
    promised = retry_after(response)
    said = response.headers.get("retry-after")
    must(promised is not None, f"Retry-After is {said!r}" if said else "there is no Retry-After")
    must(promised and promised > timedelta(0), f"Retry-After is {said!r}, which is no time to come")


@then("a client at another address is still served")
def others_are_served(jetty_driver: Driver) -> None:
    """The limit is for the one who exceeded it; first seen to be in force, and exceeded again where it has ended."""
    if not jetty_driver.local:
        raise Unavailable(f"{jetty_driver.base_url} sees everybody here at one address, so nobody can be at another")
    mine = _again(jetty_driver)
    if not blocked(mine) and jetty_driver.world.notes.get("lifted"):
        _exceed_again(jetty_driver)
        mine = _again(jetty_driver)
    if not blocked(mine):
        raise Inconclusive(f"I am not refused myself ({described(mine)}), so this shows nothing")
    jetty_driver.world.notes["blocked"] = True
    other = jetty_driver.somebody_else()
    response = jetty_driver.send(jetty_driver.from_a_form(next_attempt(jetty_driver, other), other), other)
    must(not blocked(response), f"somebody else is refused as well: {described(response)}")
    must(response.status_code < 500, f"somebody else is not served: {described(response)}")  # noqa: PLR2004


def _exceed_again(driver: Driver) -> None:
    notes = driver.world.notes
    if notes["attempted"] == "path":
        _request(driver, notes["path"], notes["times"] - 1)  # the request before this was the first
    else:
        (_do if notes.get("valid") else _try_wrongly)(driver, str(driver.world.action), notes["times"])


# ---- at once ----


@when(parsers.parse("I attempt to {action} {n:Count} times at once", extra_types=TYPES))
def attempt_at_once(jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure, action: str, n: int) -> None:
    """Really at once: each request is held back by its last byte, and all last bytes are sent together.

    A limiter that checks first and counts afterwards has then let all of them pass its check. Every other one comes
    with the cookies of somebody who has just arrived, so that one that counts by cookie counts two people.
    """
    allow(jetty_driver.target, "load")
    cap(jetty_load, requests=n, users=n)
    # Whoever is still blocked would be refused for that, and nothing would be tried.
    who = jetty_driver.somebody_else() if jetty_driver.world.notes.get("blocked") else jetty_driver.me
    jetty_driver.world.action = action
    pair = [_built(jetty_driver, action, who)]
    with jetty_driver.without_cookies(who):
        pair.append(_built(jetty_driver, action, who))
    jetty_driver.world.notes["at once"] = send_at_once(jetty_driver, [pair[number % 2] for number in range(n)], who)
    jetty_measure("at once", n)


def _built(driver: Driver, action: str, who: Persona) -> Any:
    return driver.build(driver.from_a_form(driver.plain(action, who, valid=False), who), who)


@then(parsers.parse("at most {n:Count} attempts are accepted", extra_types=TYPES))
def at_most(jetty_driver: Driver, jetty_measure: Measure, n: int) -> None:
    """Accepted is what the limiter let through to be looked at, whether or not it was right."""
    answers: Sequence[Any] = jetty_driver.world.notes.get("at once", ())
    must(answers, "no attempts were made at once")
    broken = [each for each in answers if each is None or (each.status_code >= 500 and not blocked(each))]  # noqa: PLR2004
    must(not broken, f"{len(broken)} of {len(answers)} attempts had no proper answer, so the limit cannot be seen")
    through = [each for each in answers if not blocked(each)]
    if not through:
        raise Inconclusive("all attempts were refused from the first on, so nothing was tried in parallel")
    jetty_measure("accepted at once", f"{len(through)} of {len(answers)}")
    must(len(through) <= n, f"{len(through)} of {len(answers)} attempts at once were accepted; at most {n} may be")
    _at_least(jetty_driver, jetty_measure, "attempts", n)


# ---- too large ----


@when(parsers.parse("I send a body of more than {size:Size} to {path:Path}", extra_types=TYPES))
def send_too_much(jetty_driver: Driver, jetty_measure: Measure, size: int, path: str) -> None:
    """In chunks, so that a limit on `Content-Length` alone is no limit; a small body first, to compare with."""
    _send_too_much(jetty_driver, jetty_measure, size, path)


@when(parsers.parse("I send a body of more than {size:Size} where I {action}", extra_types=TYPES))
def send_too_much_instead(jetty_driver: Driver, jetty_measure: Measure, size: int, action: str) -> None:
    """The same, to where the request of an action goes."""
    _send_too_much(jetty_driver, jetty_measure, size, jetty_driver.request(action).path)


def _send_too_much(jetty_driver: Driver, jetty_measure: Measure, size: int, path: str) -> None:
    allow(jetty_driver.target, "load", path if "://" in path else None)
    small = jetty_driver.send(Request("POST", path, content=b"x" * 100))
    must(small.status_code != 413, "even a body of 100 bytes is refused for its size")  # noqa: PLR2004
    answer, sent = _stream(jetty_driver, path, size + EXTRA)
    jetty_driver.world.response = answer
    jetty_driver.world.notes.update(refusal=answer, sent=sent, total=size + EXTRA)
    declared = jetty_driver.send(Request("POST", path, content=bytes(size + 1)))
    must(
        declared.status_code == answer.status_code,
        f"a body of one byte over the limit got {described(declared)}, a far larger one {described(answer)}",
    )
    jetty_driver.world.response = answer
    jetty_measure("body", spoken_size(size))


@then(parsers.parse("it is refused with status {code:d}"))
def refused_with(jetty_driver: Driver, code: int) -> None:
    """The last answer had this status."""
    response = jetty_driver.world.notes.get("refusal", jetty_driver.world.response)
    if response is None:
        raise AssertionError("there is no response")
    must(response.status_code == code, f"the answer was {described(response)}, not status {code}")


@then("the server did not read it all")
def not_all_read(jetty_driver: Driver) -> None:
    """It answered while most of the body had not been sent yet."""
    notes = jetty_driver.world.notes
    must("sent" in notes, "no large body was sent")
    must(notes["sent"] < notes["total"], f"the server took all of {spoken_size(notes['total'])} before it answered")


def _stream(driver: Driver, path: str, total: int) -> tuple[Any, int]:
    """Send a body until there is an answer; the answer, and how much was sent by then."""
    url = urlsplit(driver.base_url)
    tls = url.scheme == "https"
    made = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    connection = made(url.hostname or "", url.port, timeout=TIMEOUT_S)
    request = driver.build(Request("POST", path), driver.me)
    sent = 0
    try:
        connection.putrequest("POST", request.url.raw_path.decode(), skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() in {"cookie", "user-agent"}:
                connection.putheader(name, value)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Content-Type", "application/octet-stream")
        connection.endheaders()
        sent = _chunks(connection.sock, total)
        answer = connection.getresponse()
        content = answer.read()
        response = need_httpx().Response(answer.status, headers=answer.getheaders(), content=content, request=request)
    except (OSError, http.client.HTTPException) as error:
        raise AssertionError(
            f"no answer to a body that is too large, but {type(error).__name__} after {sent} bytes"
        ) from error
    finally:
        connection.close()
    return response, sent


def _chunks(connection: Any, total: int) -> int:
    sent = 0
    head = f"{len(CHUNK):x}\r\n".encode()
    while sent < total:
        readable, writable, _ = select.select([connection], [connection], [], TIMEOUT_S)
        if readable or not writable:
            return sent
        try:
            connection.sendall(head + CHUNK + b"\r\n")
        except OSError:  # it hung up, and may have answered before
            return sent
        sent += len(CHUNK)
    connection.sendall(b"0\r\n\r\n")
    return sent
