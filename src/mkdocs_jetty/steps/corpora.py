"""Hostile input, paths that nobody should serve, what an answer may not reveal: the lists in `data`, and their use."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.markup import attributes, elements, name_of, parse, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DATA = Path(__file__).parent / "data"
CORPORA = ("sql", "html", "path", "template", "command", "header", "unicode")
MARK = "jetty"
SPARE_S = 0.5
# Attributes whose value a browser follows: https://html.spec.whatwg.org/multipage/indices.html#attributes-3, and those
# by which SVG sets another attribute.
ADDRESSES = frozenset({"action", "by", "data", "formaction", "from", "href", "src", "to", "values", "xlink:href"})
Sign = Literal["shows", "takes", "header", "cookie"]

_SIGN = re.compile(r"(.*) --> (shows|takes|header|cookie) (.+)")
_CHARACTER = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


@dataclass(frozen=True)
class Payload:
    """One hostile input, and what betrays that it was executed."""

    text: str
    sign: Sign | None = None
    value: str = ""


def corpus(name: str) -> Sequence[Payload]:
    """The payloads of a corpus.

    Raises:
        Unavailable: If there is none of this name.
    """
    if name not in CORPORA:
        raise Unavailable(f"no corpus `{name}`; there are: {', '.join(CORPORA)}")
    return entries(name)


@cache
def entries(name: str) -> tuple[Payload, ...]:
    """The entries of a file, without its comments."""
    lines = (line.strip(" \t") for line in (DATA / f"{name}.txt").read_text(encoding="utf-8").split("\n"))
    return tuple(_entry(line) for line in lines if line and line != "#" and not line.startswith("# "))


def _entry(line: str) -> Payload:
    found = _SIGN.fullmatch(line)
    text, sign, value = found.groups() if found else (line, None, "")
    return Payload(_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text), sign, value)  # type: ignore[arg-type]


def executed(payload: Payload, response: Any, ordinary_s: float) -> str | None:
    """Return what shows in an answer that a payload was executed, in words; None if nothing does."""
    return betrayed(payload, response, ordinary_s) or active(response)


def betrayed(payload: Payload, response: Any, ordinary_s: float) -> str | None:
    """The sign of this payload in an answer, in words, if it has one and it shows.

    Args:
        payload: What was sent.
        response: An answer, or a page after it.
        ordinary_s: How long the answer takes without a payload, in seconds.
    """
    took = response.elapsed.total_seconds()
    if payload.sign == "takes" and took - ordinary_s > float(payload.value) - SPARE_S:
        return f"the answer was made to wait {took:.1f} s"
    if payload.sign == "shows" and payload.value in _without(response.text, payload.text):
        return f"the answer shows {payload.value!r}"
    if payload.sign == "header" and payload.value in response.headers:
        return f"the answer has a header `{payload.value}`"
    if payload.sign == "cookie" and payload.value in response.cookies:
        return f"the answer sets a cookie `{payload.value}`"
    return None


def active(response: Any) -> str | None:
    """Return what in a page is ours and more than text; None if nothing is, or it is no page."""
    if "html" not in response.headers.get("content-type", "") or MARK not in response.text.casefold():
        return None
    found = (each for element in elements(parse(response.text)) for each in _ours(element))
    return next(found, None)


def _ours(element: Element) -> Iterator[str]:
    """Return what of an element only a payload can have made."""
    tag = name_of(element)
    if MARK in tag:
        yield f"the page has an element `{tag}`"
    for name, value in attributes(element).items():
        code = re.sub(r"[\s\x00-\x1f]", "", value).casefold()
        followed = name in ADDRESSES and code.startswith(("javascript:", "data:text/html"))
        runs = followed or name.startswith("on") or name == "srcdoc"
        if (MARK in name and name != "class") or (runs and f"{MARK}()" in code):
            yield f"the page has an attribute `{name}` of its making in <{tag}>"
        elif name in {"src", "action", "formaction"} and code.startswith(f"//127.0.0.1/{MARK}"):
            yield f"the page has <{tag}> that leads elsewhere"
    # As text in a string of a script it is kept, not run.
    if tag == "script" and text_of(element).strip().startswith(f"{MARK}("):
        yield "the page has a script that calls jetty()"


def revealed(response: Any, sent: Collection[str] = ()) -> str | None:
    """Return what an answer reveals of the inside, if anything; what was sent, now or before, does not count."""
    headers = " ".join(f"{name}: {value}" for name, value in response.headers.items() if name != "set-cookie")
    text = f"{response.text}\n{headers}"
    for each in sorted(sent, key=len, reverse=True):
        text = _without(text, each)
    for pattern in _internals():
        if found := pattern.search(text):
            return found[0][:80]
    return None


@cache
def _internals() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each.text, re.MULTILINE) for each in entries("internals"))


def _without(text: str, payload: str) -> str:
    """A text without the payload, in the ways in which it may be echoed."""
    if not payload:
        return text
    escaped = (html.escape(payload), html.escape(payload, quote=False), quote(payload), quote_plus(payload))
    attribute = payload.replace("&", "&amp;").replace('"', "&#34;").replace("'", "&#39;")
    markup = attribute.replace("<", "&lt;").replace(">", "&gt;")
    for each in (markup, *escaped, payload):
        text = text.replace(each, "")
    return text
