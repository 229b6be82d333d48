"""The people of a load: who they are, what each of them sends, and what one of them gets alone beforehand.

A form with a token is opened before, once for each request and with cookies of its own, outside of what is timed: else
a form that asks for its token could never be sent by a crowd.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import SIGN_IN, Driver, blocked, described
from mkdocs_jetty.steps.engines.judge import KEPT, Answer
from mkdocs_jetty.steps.ports import Persona, Request, Users

MOST_FORMS = 5000
"""Forms that are opened for one load; beyond, each is sent more than once. Our judgement."""


def gathered(users: Users, count: int) -> tuple[list[Persona], Persona | None]:
    """So many people, and one more who acts alone before them, if there is one.

    Raises:
        Unavailable: If there are fewer.
    """
    people: Sequence[Persona] = ()
    with suppress(Exception):  # of a fixed number of people there may be none to spare
        people = users.crowd(count + 1)
    people = list(people if len(people) >= count else users.crowd(count))
    if len(people) < count:
        raise Unavailable(f"`jetty_users` gave {len(people)} of {count} users")
    return people[:count], people[count] if len(people) > count else None


@dataclass
class Crowd:
    """What people send."""

    driver: Driver
    names: Sequence[str]
    """Actions, in turn from one person to the next."""
    people: Sequence[Persona]

    def requests(self, expected: int) -> list[Request]:
        """One request for each person; as many as are expected, where each needs a form of its own."""
        pages = {name: self.page_of(name, self.people[number]) for number, name in enumerate(self._first())}
        rounds = min(math.ceil(expected / len(self.people)), max(MOST_FORMS // len(self.people), 1))
        if not any(pages.values()):
            rounds = 1
        return [self._request(number, pages) for _ in range(rounds) for number in range(len(self.people))]

    def _first(self) -> Iterable[str]:
        """The actions that somebody does at all."""
        return self.names[: len(self.people)]

    def _request(self, number: int, pages: Mapping[str, str | None]) -> Request:
        who, name = self.people[number], self.names[number % len(self.names)]
        return self.prepared(name, who, pages.get(name))

    def page_of(self, name: str, who: Persona) -> str | None:
        """The page with the form of an action, if the form has hidden fields: searched for where it is likely."""
        request = self._plain(name, who)
        if request.form is None:
            return None
        likely = [*reversed(self.driver.opened), request.path, *self.driver.pages.values()]
        with self.driver.without_cookies(who):
            return next((page for page in dict.fromkeys(likely) if self._opened(request, who, page)[1]), None)

    def prepared(self, name: str, who: Persona, page: str | None, *, valid: bool = True) -> Request:
        """The request of a person, with the hidden fields and the cookies that a page gave them."""
        request = self._plain(name, who, valid=valid)
        if page is None:
            return request
        with self.driver.without_cookies(who):
            filled, found = self._opened(request, who, page)
            if not found:
                raise Inconclusive(f"the form on {page} could not be opened by {who.name}, so nothing was sent")
            cookie = self.driver.build(filled, who).headers.get("cookie")
        return replace(filled, headers={**filled.headers, "Cookie": cookie}) if cookie else filled

    def alone(self, name: str, who: Persona) -> tuple[Answer, bool]:
        """Return what a person gets who acts alone, and whether that was accepted."""
        response = self._sent_alone(name, who)
        accepted = bool(self.driver.accepted(response))
        if accepted and name in SIGN_IN:
            self.driver.must_have_granted(response, who)
        return kept(response), accepted

    def wrong(self, name: str, who: Persona) -> Answer | None:
        """Return what a person gets who does an action with wrong input; None where it takes none.

        What differs between two requests with valid input as well, such as a key that is used once, is no wrong input.
        """
        right, again, wrong = (_parts(self._plain(name, who, valid=valid)) for valid in (True, True, False))
        if not _differing(right, wrong) - _differing(right, again):
            return None
        return kept(self._sent_alone(name, who, valid=False))

    def _sent_alone(self, name: str, who: Persona, *, valid: bool = True) -> Any:
        request = self.prepared(name, who, self.page_of(name, who), valid=valid)
        with self.driver.without_cookies(who):
            return self.driver.client(who).send(self.driver.build(request, who))

    def _plain(self, name: str, who: Persona, *, valid: bool = True) -> Request:
        return self.driver.plain(name, who, valid=valid)

    def _opened(self, request: Request, who: Persona, page: str) -> tuple[Request, bool]:
        filled, response = self.driver.with_form(request, who, page)
        if blocked(response):
            raise Inconclusive(f"{page} was refused before the load began: {described(response)}")
        return filled, filled is not request


def _parts(request: Request) -> dict[tuple[str, object], object]:
    """Everything that a request says, by its place."""
    fields: dict[tuple[str, object], object] = {
        (name, None): getattr(request, name) for name in ("method", "path", "content")
    }
    for name in ("form", "json", "headers"):
        value = getattr(request, name)
        fields |= (
            {(name, key): each for key, each in value.items()} if isinstance(value, Mapping) else {(name, None): value}
        )
    return fields


def _differing(one: Mapping[Any, object], other: Mapping[Any, object]) -> set[object]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


def kept(response: Any) -> Answer:
    """Return what is kept of an `httpx.Response`."""
    request = response.request
    headers = tuple(response.headers.multi_items())
    return Answer(request.method, str(request.url), response.status_code, headers, response.content[:KEPT])
