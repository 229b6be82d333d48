"""Phrases for response headers, cross-origin rules and TLS."""

from __future__ import annotations

import re
import socket
import ssl
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import TIMEOUT_S, Driver, described
from mkdocs_jetty.steps.http import ELSEWHERE
from mkdocs_jetty.steps.ports import Request
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

Measure = Callable[[str, object], None]
Check = Callable[[Mapping[str, str]], str | None]
REFERRER = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
UNSAFE = {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:", "'unsafe-hashes'"}
MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
TELLING = ("x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator")
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def policy(headers: Mapping[str, str]) -> dict[str, list[str]]:
    """A content security policy by directive; of a directive that comes twice, the first counts."""
    found: dict[str, list[str]] = {}
    for part in headers.get("content-security-policy", "").split(";"):
        name, *values = part.split() or [""]
        if name:
            found.setdefault(name.casefold(), values)
    return found


def _hsts(headers: Mapping[str, str]) -> str | None:
    return None if max_age(headers) else "no Strict-Transport-Security with a max-age"


def _nosniff(headers: Mapping[str, str]) -> str | None:
    return None if headers.get("x-content-type-options", "").strip().casefold() == "nosniff" else "no nosniff"


def _csp(headers: Mapping[str, str]) -> str | None:
    of = policy(headers)
    if not of:
        return "no Content-Security-Policy"
    scripts = of.get("script-src", of.get("default-src"))
    if scripts is None:
        return "the Content-Security-Policy restricts no scripts"
    # A nonce or a digest makes browsers ignore 'unsafe-inline', which then is there for old ones.
    strict = any(each.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for each in scripts)
    unsafe = [
        each for each in scripts if each in UNSAFE and not (strict and each in {"'unsafe-inline'", "https:", "http:"})
    ]
    return f"the Content-Security-Policy allows scripts from {' '.join(unsafe)}" if unsafe else None


def _referrer(headers: Mapping[str, str]) -> str | None:
    last = headers.get("referrer-policy", "").split(",")[-1].strip().casefold()
    return None if last in REFERRER else f"Referrer-Policy is {last or 'absent'}"


def _framing(headers: Mapping[str, str]) -> str | None:
    ancestors = policy(headers).get("frame-ancestors")
    if ancestors is not None:
        return None if set(ancestors) <= {"'none'", "'self'"} else f"frame-ancestors allows {' '.join(ancestors)}"
    return None if headers.get("x-frame-options", "").strip().upper() in {"DENY", "SAMEORIGIN"} else "may be framed"


def _objects(headers: Mapping[str, str]) -> str | None:
    of = policy(headers)
    if of.get("object-src", of.get("default-src")) != ["'none'"]:
        return "the Content-Security-Policy does not set object-src 'none'"
    return None if of.get("base-uri") in (["'none'"], ["'self'"]) else "the Content-Security-Policy sets no base-uri"


def _permissions(headers: Mapping[str, str]) -> str | None:
    return None if headers.get("permissions-policy") else "no Permissions-Policy"


def _quiet(headers: Mapping[str, str]) -> str | None:
    told = [name for name in TELLING if name in headers]
    if re.search(r"\d", headers.get("server", "")):
        told.append("server")
    return f"{', '.join(told)} tells what runs here" if told else None


def _reporting(headers: Mapping[str, str]) -> str | None:
    of = policy(headers)
    return None if "report-to" in of or "report-uri" in of else "the Content-Security-Policy reports nowhere"


def _opener(headers: Mapping[str, str]) -> str | None:
    value = headers.get("cross-origin-opener-policy", "").split(";")[0].strip().casefold()
    return None if value in {"same-origin", "same-origin-allow-popups"} else "no Cross-Origin-Opener-Policy"


BASIC: tuple[Check, ...] = (_hsts, _nosniff, _csp, _referrer, _framing)
STANDARD: tuple[Check, ...] = (*BASIC, _objects, _permissions, _quiet)
STRICT: tuple[Check, ...] = (*STANDARD, _reporting, _opener)
BASELINES: dict[str, tuple[Check, ...]] = {"basic": BASIC, "standard": STANDARD, "strict": STRICT}


def max_age(headers: Mapping[str, str]) -> int:
    """How long HSTS lasts, in seconds; 0 where there is none."""
    found = MAX_AGE.search(headers.get("strict-transport-security", ""))
    return int(found[1]) if found else 0


def _headers(driver: Driver) -> Mapping[str, str]:
    assert driver.world.response is not None, "nothing was requested"
    headers: Mapping[str, str] = driver.world.response.headers
    return headers


@then(parsers.re(r"the response carries the (?P<baseline>basic|standard|strict) security headers"))
def carries(jetty_driver: Driver, jetty_measure: Measure, baseline: str) -> None:
    """OWASP's list, in three sizes."""
    headers = _headers(jetty_driver)
    wrong = [said for check in BASELINES[baseline] if (said := check(headers))]
    assert not wrong, "; ".join(wrong)
    jetty_measure("baseline", baseline)


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
    """Neither the answer nor the preflight names it, or everybody."""
    assert jetty_driver.world.responses, "nothing was requested"
    path = jetty_driver.world.responses[-1].request.url.path
    ask = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    for origin in (ELSEWHERE, "null"):
        for method in ("GET", "OPTIONS"):
            answer = jetty_driver.send(Request(method, path, headers={**ask, "Origin": origin}))
            allowed = answer.headers.get("access-control-allow-origin")
            assert allowed not in {"*", origin}, f"{method} {path} lets {origin} read the answer ({allowed})"


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
