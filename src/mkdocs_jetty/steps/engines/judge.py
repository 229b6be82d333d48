"""Whether an answer under load is a correct one: judged by `jetty_accepted`, and compared with what one user got alone.

A page that says “too many users” with status 200 is quick, and no answer. Where the project has said in
`jetty_accepted` what an answer has to be, that decides. Where it has not, an answer that is unlike the one made before
the load shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

KEPT = 256 * 1024
"""Bytes of an answer's body that are looked at."""
ALIKE = 0.5
"""The share of the words of the first answer that another one must have too. Our judgement."""
SHORT = 600
"""Characters of text up to which a page that apologises is nothing but an apology. Our judgement."""
SHOWN = 120
APOLOGY = re.compile(
    r"too many (?:users|visitors|requests|people)|(?:try|come) (?:again|back) (?:later|in a)|over(?:loaded|capacity)"
    r"|(?:temporarily|currently) (?:unavailable|not available)|(?:form|page|session|token) (?:has )?expired",
    re.IGNORECASE,
)
_CODED = {"content-encoding", "transfer-encoding", "content-length"}
Verdict = Literal["done", "refused", "unlike"]


@dataclass(frozen=True)
class Answer:
    """What is kept of an answer: status, headers, and the beginning of its body, decoded."""

    method: str
    url: str
    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return urlsplit(self.url).path

    def response(self) -> Any:
        """As `jetty_accepted` knows it: an `httpx.Response`."""
        import httpx  # noqa: PLC0415 - an extra

        headers = [(name, value) for name, value in self.headers if name.lower() not in _CODED]
        request = httpx.Request(self.method, self.url)
        return httpx.Response(self.status, headers=headers, content=self.body, request=request)


@dataclass(frozen=True)
class Judge:
    """Judges answers.

    Attributes:
        accepts: `jetty_accepted`.
        by_default: Whether that is the default, which knows of nothing but the status and where one is sent.
        controls: What one user got alone before the load, by method and path.
    """

    accepts: Callable[[Any], bool]
    by_default: bool
    controls: Mapping[tuple[str, str], Answer] = field(default_factory=dict)

    def __call__(self, answer: Answer) -> tuple[Verdict, str]:
        """The verdict on an answer with a status below 400, and what it said."""
        response = answer.response()
        said = text_of(response.text)
        if not self.accepts(response):
            return "refused", said[:SHOWN]
        if self.by_default and (_apologises(said) or self._strange(answer)):
            return "unlike", said[:SHOWN]
        return "done", ""

    def control(self, method: str, url: str) -> Answer | None:
        """The answer to compare with; where all was of one kind, its path does not matter."""
        known = self.controls.get((method, urlsplit(url).path or "/"))
        return known or (next(iter(self.controls.values())) if len(self.controls) == 1 else None)

    def _strange(self, answer: Answer) -> bool:
        control = self.control(answer.method, answer.url)
        return control is not None and not looks_like(answer, control)

    @property
    def said(self) -> str:
        """How it judges, for the result."""
        if not self.by_default:
            return "each answer was judged by `jetty_accepted`"
        if not self.controls:
            return "each answer was judged by its status and its place: there was no user to spare to compare with"
        return "each answer was judged by its status, its place and its likeness to one made before the load"


def looks_like(answer: Answer, control: Answer) -> bool:
    """Tell whether an answer has the status, the place and enough of the words of another one."""
    if answer.status != control.status or place_of(answer) != place_of(control):
        return False
    return alike(*(words_in(text_of(each.response().text)) for each in (control, answer)))


def text_of(page: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL | re.IGNORECASE).split())


def words_in(text: str) -> frozenset[str]:
    """The words of a text; numbers and single letters may differ from one answer to the next."""
    return frozenset(re.findall(r"[^\W\d_]{2,}", text.casefold()))


def alike(first: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether one text has enough of another's words."""
    return len(first & other) >= ALIKE * len(first) if first else not other


def place_of(answer: Answer) -> tuple[str, tuple[str, ...]]:
    """Where an answer sends one: the beginning of the path and the names in the query; the rest may be one's own."""
    location = next((value for name, value in answer.headers if name.lower() == "location"), "")
    parts = urlsplit(location)
    return parts.path.strip("/").partition("/")[0], tuple(sorted(parse_qs(parts.query, keep_blank_values=True)))


def _apologises(said: str) -> bool:
    return len(said) <= SHORT and APOLOGY.search(said) is not None
