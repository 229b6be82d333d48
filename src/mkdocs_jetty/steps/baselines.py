"""The baselines of response headers, and what a content security policy allows (CSP Level 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

Headers = Mapping[str, str]
Policy = Mapping[str, Sequence[str]]
Check = Callable[[Headers], str | None]
Rule = Callable[[Policy], str | None]
REFERRER = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
TELLING = ("x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator")
# https://www.w3.org/TR/CSP3/#framework-directive-source-list: a scheme alone, or any host, with or without a scheme.
OPEN = re.compile(r"(?:https?|data):|(?:[a-z][a-z0-9+.-]*://)?\*(?::[\d*]+)?(?:/.*)?")
MARKED = ("'nonce-", "'sha256-", "'sha384-", "'sha512-")


# ---- content security policies ----


def policies(headers: Headers) -> list[dict[str, list[str]]]:
    """The content security policies of an answer, each by directive; all of them hold.

    Of a directive that comes twice, the first counts; names and keywords are given in small letters, as nothing but
    nonces and digests depends on them (CSP3 §2.2.1, §2.3.1).
    """
    return list(filter(None, map(_policy, headers.get("content-security-policy", "").split(","))))


def _policy(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in text.split(";"):
        name, *values = part.split() or [""]
        if name:
            found.setdefault(name.casefold(), [each if each[:7].casefold() == MARKED[0] else each.casefold()
                                               for each in values])  # fmt: skip
    return found


def nonces(headers: Headers) -> set[str]:
    """The nonces of the policies; each answer needs its own (CSP3 §7.1)."""
    every = (source for each in policies(headers) for sources in each.values() for source in sources)
    return {each[7:-1] for each in every if each.casefold().startswith(MARKED[0])}


def _by_one(headers: Headers, rule: Rule) -> str | None:
    """Return what a rule says against the policies: nothing if one of them keeps it, since all of them hold."""
    said = [rule(each) for each in policies(headers)]
    return next(iter(said), "no Content-Security-Policy") if all(said) else None


def _csp(headers: Headers) -> str | None:
    return _by_one(headers, _scripts)


def _scripts(of: Policy) -> str | None:
    """What lets scripts in: as elements, as attributes, and as text that is evaluated (CSP3 §6.8.3, fallback lists)."""
    default = of.get("script-src", of.get("default-src"))
    elements, attributes = of.get("script-src-elem", default), of.get("script-src-attr", default)
    if elements is None or attributes is None or default is None:
        return "the Content-Security-Policy restricts no scripts"
    wrong = [*_open(elements), *_inline(elements), *_inline(attributes, attributes=True)]
    wrong += [each for each in default if each == "'unsafe-eval'"]
    return f"the Content-Security-Policy allows scripts from {' '.join(dict.fromkeys(wrong))}" if wrong else None


def _open(sources: Sequence[str]) -> Iterator[str]:
    """Sources that stand for anywhere; browsers pass over them only beside 'strict-dynamic' (CSP3 §8.2)."""
    if "'strict-dynamic'" not in sources:
        yield from filter(OPEN.fullmatch, sources)


def _inline(sources: Sequence[str], *, attributes: bool = False) -> Iterator[str]:
    """Keywords that let scripts in that stand on the page.

    Browsers pass over 'unsafe-inline' beside a nonce, a digest or 'strict-dynamic': it is there for old ones (CSP3
    §6.7.3.2).
    """
    marked = "'strict-dynamic'" in sources or any(each.casefold().startswith(MARKED) for each in sources)
    if "'unsafe-inline'" in sources and not marked:
        yield "'unsafe-inline'"
    if attributes and "'unsafe-hashes'" in sources:
        yield "'unsafe-hashes'"


def _framing(headers: Headers) -> str | None:
    said = [each for each in policies(headers) if "frame-ancestors" in each]
    if said:
        wide = [each["frame-ancestors"] for each in said if not set(each["frame-ancestors"]) <= {"'none'", "'self'"}]
        return f"frame-ancestors allows {' '.join(wide[0])}" if len(wide) == len(said) else None
    return None if headers.get("x-frame-options", "").strip().upper() in {"DENY", "SAMEORIGIN"} else "may be framed"


def _objects(headers: Headers) -> str | None:
    return _by_one(headers, _plugins) or _by_one(headers, _base)


def _plugins(of: Policy) -> str | None:
    none = of.get("object-src", of.get("default-src")) in ([], ["'none'"])
    return None if none else "the Content-Security-Policy does not set object-src 'none'"


def _base(of: Policy) -> str | None:
    return (
        None if of.get("base-uri") in ([], ["'none'"], ["'self'"]) else "the Content-Security-Policy sets no base-uri"
    )


def _reporting(headers: Headers) -> str | None:
    told = any("report-to" in each or "report-uri" in each for each in policies(headers))
    return None if told else "the Content-Security-Policy reports nowhere"


# ---- other headers ----


def max_age(headers: Headers) -> int:
    """Tell how long HSTS lasts, in seconds; 0 where there is none."""
    found = MAX_AGE.search(headers.get("strict-transport-security", ""))
    return int(found[1]) if found else 0


def _hsts(headers: Headers) -> str | None:
    return None if max_age(headers) else "no Strict-Transport-Security with a max-age"


def _nosniff(headers: Headers) -> str | None:
    return None if headers.get("x-content-type-options", "").strip().casefold() == "nosniff" else "no nosniff"


def _referrer(headers: Headers) -> str | None:
    last = headers.get("referrer-policy", "").split(",")[-1].strip().casefold()
    return None if last in REFERRER else f"Referrer-Policy is {last or 'absent'}"


def _permissions(headers: Headers) -> str | None:
    return None if headers.get("permissions-policy") else "no Permissions-Policy"


def _quiet(headers: Headers) -> str | None:
    told = [name for name in TELLING if name in headers]
    if re.search(r"\d", headers.get("server", "")):
        told.append("server")
    return f"{', '.join(told)} tells what runs here" if told else None


def _opener(headers: Headers) -> str | None:
    value = headers.get("cross-origin-opener-policy", "").split(";")[0].strip().casefold()
    return None if value in {"same-origin", "same-origin-allow-popups"} else "no Cross-Origin-Opener-Policy"


BASIC: tuple[Check, ...] = (_hsts, _nosniff, _csp, _referrer, _framing)
STANDARD: tuple[Check, ...] = (*BASIC, _objects, _permissions, _quiet)
STRICT: tuple[Check, ...] = (*STANDARD, _reporting, _opener)
BASELINES: dict[str, tuple[Check, ...]] = {"basic": BASIC, "standard": STANDARD, "strict": STRICT}


def lacking(headers: Headers, baseline: str) -> str:
    """Return what the headers of an answer lack of a baseline, in words; empty if nothing."""
    return "; ".join(said for check in BASELINES[baseline] if (said := check(headers)))
