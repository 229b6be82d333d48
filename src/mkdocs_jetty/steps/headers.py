"""Phrases for response headers, cross-origin rules and TLS."""

from __future__ import annotations

import secrets
import socket
import ssl
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.baselines import lacking, max_age, nonces
from mkdocs_jetty.steps.client import TIMEOUT_S, Driver, blocked, described
from mkdocs_jetty.steps.http import ELSEWHERE, aside
from mkdocs_jetty.steps.ports import Request
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

Measure = Callable[[str, object], None]
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def _headers(driver: Driver) -> Mapping[str, str]:
    assert driver.world.response is not None, "nothing was requested"
    headers: Mapping[str, str] = driver.world.response.headers
    return headers


@then(parsers.re(r"the response carries the (?P<baseline>basic|standard|strict) security headers"))
def carries(jetty_driver: Driver, jetty_measure: Measure, baseline: str) -> None:
    """OWASP's list, in three sizes."""
    wrong = lacking(_headers(jetty_driver), baseline)
    assert not wrong, wrong
    _new_nonce(jetty_driver)
    jetty_measure("baseline", baseline)


def _new_nonce(driver: Driver) -> None:
    """A nonce that comes again is known to whoever puts a script on the page."""
    response = driver.world.response
    if not (first := nonces(response.headers)):
        return
    with aside(driver):
        again = driver.send(Request("GET", response.request.url.raw_path.decode()), driver.world.notes.get("sender"))
    if blocked(again):
        raise Inconclusive(f"a limiter turned the second request away, so nobody knows whether the nonce of "
                           f"{response.request.url.path} is a new one each time")  # fmt: skip
    same = first & nonces(again.headers)
    assert not same, f"the Content-Security-Policy has the same nonce in two answers ({', '.join(sorted(same))})"


@then(
    parsers.re(
        r"every page, unknown address and wrong attempt to (?P<action>.+) carries the "
        r"(?P<baseline>basic|standard|strict) security headers"
    )
)
def each_carries(jetty_driver: Driver, jetty_measure: Measure, action: str, baseline: str) -> None:
    """The answers that are HTML: of every page, of an address that nobody has, and to wrong input from a stranger."""
    with aside(jetty_driver):
        nowhere = f"/jetty-{secrets.token_hex(8)}"
        answers = {path: jetty_driver.get(path) for path in (*jetty_driver.pages.values(), nowhere)}
        answers[f"a wrong attempt to {action}"] = jetty_driver.act(action, jetty_driver.somebody_else(), valid=False)
    pages = {name: each for name, each in answers.items() if _is_page(each)}
    if not pages:
        raise Inconclusive(f"none of {len(answers)} answers is a page: name the pages in the fixture `jetty_pages`")
    wrong = [f"{name} ({each.status_code}): {said}" for name, each in pages.items()
             if (said := lacking(each.headers, baseline))]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    jetty_measure("baseline", baseline)


def _is_page(response: Any) -> bool:
    kind = response.headers.get("content-type", "html")
    return "html" in kind and bool(response.content)


@then(parsers.parse("HSTS lasts at least {span:Duration}", extra_types=TYPES))
def hsts_lasts(jetty_driver: Driver, jetty_measure: Measure, span: timedelta) -> None:
    """The max-age of Strict-Transport-Security."""
    lasts = timedelta(seconds=max_age(_headers(jetty_driver)))
    jetty_measure("hsts", spoken(lasts) if lasts else "0 seconds")
    assert lasts >= span, f"HSTS lasts {spoken(lasts)}" if lasts else "there is no HSTS"


@then(parsers.re(r"the header (?P<name>[\w-]+) is absent"))
def header_absent(jetty_driver: Driver, name: str) -> None:
    """Not even empty."""
    headers = _headers(jetty_driver)
    assert name not in headers, f"{name} is {headers[name]!r}"


@then(parsers.re(r'the header (?P<name>[\w-]+) is (?!absent$)"?(?P<value>.+?)"?'))
def header_is(jetty_driver: Driver, name: str, value: str) -> None:
    """The whole value."""
    said = _headers(jetty_driver).get(name)
    assert said is not None, f"there is no header {name}"
    assert said.strip() == value, f"{name} is {said!r}"


@then(parsers.re(r'the header (?P<name>[\w-]+) contains "?(?P<value>.+?)"?'))
def header_contains(jetty_driver: Driver, name: str, value: str) -> None:
    """A part of the value, in any case of letters."""
    said = _headers(jetty_driver).get(name)
    assert said is not None, f"there is no header {name}"
    assert value.casefold() in said.casefold(), f"{name} is {said!r}"


@then("an unlisted origin is allowed no cross-origin read")
def no_cross_origin_read(jetty_driver: Driver) -> None:
    """Neither an answer nor the preflight names it, or everybody; whatever the method is that one would use."""
    assert jetty_driver.world.responses, "nothing was requested"
    last = jetty_driver.world.responses[-1].request.url.path
    with aside(jetty_driver):
        for request in (Request("GET", last), *_changing(jetty_driver, last)):
            for origin in (ELSEWHERE, "null"):
                ask = {"Origin": origin, "Access-Control-Request-Method": request.method}
                before = jetty_driver.send(Request("OPTIONS", request.path, headers=ask))
                answer = jetty_driver.send(replace(request, headers={**request.headers, "Origin": origin}))
                for each in (before, answer):
                    _says_nothing(each, origin)
    if (forged := jetty_driver.world.notes.get("forged")) is not None:
        _says_nothing(forged, ELSEWHERE)


def _changing(driver: Driver, path: str) -> list[Request]:
    """Return what would change something: the action with wrong input, or where there was none, an empty form."""
    action = driver.world.action
    made = driver.request(action, valid=False) if action else Request("POST", path, form={})
    return [made] if made.method not in {"GET", "HEAD", "OPTIONS"} else []


def _says_nothing(answer: Any, origin: str) -> None:
    allowed = answer.headers.get("access-control-allow-origin")
    asked = f"{answer.request.method} {answer.request.url.path}"
    assert allowed not in {"*", origin}, f"{asked} lets {origin} read the answer ({allowed})"


# ---- TLS ----


@when(parsers.re(r"a client offers an older protocol than TLS (?P<version>1\.[123])"))
def offer_older(jetty_driver: Driver, jetty_measure: Measure, version: str) -> None:
    """Every version below, and then the version itself, which has to work."""
    jetty_driver.world.notes["handshakes"] = handshakes(jetty_driver.base_url, version)
    jetty_measure("version", version)


@then("the handshake is refused")
def handshake_refused(jetty_driver: Driver) -> None:
    """No older version was agreed upon."""
    agreed = jetty_driver.world.notes.get("handshakes")
    assert agreed is not None, "no handshake was tried"
    assert not agreed, f"the server speaks TLS {', '.join(agreed)}"


@then(parsers.re(r"a protocol older than TLS (?P<version>1\.[123]) is refused"))
def older_refused(jetty_driver: Driver, jetty_measure: Measure, version: str) -> None:
    """Both in one sentence."""
    offer_older(jetty_driver, jetty_measure, version)
    handshake_refused(jetty_driver)


@then("plain HTTP never answers with content")
def plain_http(jetty_driver: Driver) -> None:
    """Nothing listens there, or it only sends one to HTTPS."""
    url = urlsplit(jetty_driver.base_url)
    assert url.scheme == "https", f"{jetty_driver.base_url} is itself plain HTTP"
    try:
        answer = jetty_driver.client(jetty_driver.me).get(f"http://{url.hostname}/")
    except OSError:
        return
    except Exception as error:  # noqa: BLE001 - the engine's errors are its own; no answer is no content
        assert "Connect" in type(error).__name__ or "Protocol" in type(error).__name__, f"plain HTTP: {error}"  # noqa: PT017
        return
    there = answer.headers.get("location", "")
    assert answer.is_redirect, f"plain HTTP answers with content: {described(answer)}"
    assert there.startswith("https://"), f"plain HTTP answers with {described(answer)} and sends one to {there}"


def handshakes(base_url: str, version: str) -> list[str]:
    """The versions below one that a server agrees to; the version itself is offered too, to see that it answers."""
    url = urlsplit(base_url)
    if url.scheme != "https":
        raise Unavailable(f"{base_url} does not speak TLS; this needs a `Target` with an https address")
    place = (url.hostname or "", url.port or 443)
    order = list(VERSIONS)
    newer = [name for name in order[order.index(version) :] if _agrees(place, name)]
    if not newer:
        raise Inconclusive(f"{url.hostname} agrees to no version from TLS {version} on, so a refusal shows nothing")
    return [name for name in order[: order.index(version)] if _agrees(place, name)]


def _agrees(place: tuple[str, int], name: str) -> bool:
    context: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only the version is asked about
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[name]
    context.set_ciphers("ALL:@SECLEVEL=0")  # else our own side would refuse what is old
    try:
        with socket.create_connection(place, TIMEOUT_S) as plain, context.wrap_socket(plain, server_hostname=place[0]):
            return True
    except ssl.SSLError as error:
        if "NO_PROTOCOLS_AVAILABLE" in str(error):
            raise Inconclusive(f"this machine's own TLS library cannot offer TLS {name}") from None
        return False
    except ConnectionError:
        return False
