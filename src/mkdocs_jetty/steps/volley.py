"""A volley: every payload in every place of an action's requests, and what answers and pages show of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.answers import granted
from mkdocs_jetty.steps.client import Driver, blocked, need_httpx
from mkdocs_jetty.steps.corpora import Payload, active, betrayed, revealed
from mkdocs_jetty.steps.places import Place, places
from mkdocs_jetty.steps.ports import Persona, Request, loopback

if TYPE_CHECKING:
    import httpx

Stored = Callable[[], Sequence[str]]
FIRST_ADDRESS = 20_000
SERVER_ERROR = 500
SIGN_IN = ("signin", "login")


@dataclass(frozen=True)
class Look:
    """What a page showed of a payload right after it was sent; None where that is nothing but text."""

    status: int
    active: str | None = None
    executed: str | None = None
    revealed: str | None = None


@dataclass(frozen=True)
class Shot:
    """One payload in one field, and what came of it."""

    payload: Payload
    place: str
    response: httpx.Response
    page: httpx.Response
    """What a browser shows in the end."""
    may_be_kept: bool = False
    """Whether a system that accepts it has to keep it as it is: in a field, and the rest of the request is right."""
    is_hopeless: bool = False
    """Whether it has to be refused, whatever is in this place: the rest of the request is wrong."""
    kept: bool = False
    """Whether the system keeps it as it was sent, as far as `jetty_stored` can say."""
    looks: Mapping[str, Look] = field(default_factory=dict)
    """The pages that showed more than text, or were broken, by their paths."""

    @property
    def as_kept(self) -> set[str]:
        """How the text may be kept."""
        return {self.payload.text, self.payload.text.strip()}

    def __str__(self) -> str:
        return f"{self.payload.text!r} in {self.place}"


@dataclass(frozen=True)
class Volley:
    """What came of a whole corpus."""

    action: str
    payloads: Sequence[Payload]
    shots: Sequence[Shot]
    ordinary: httpx.Response
    """The answer to ordinary input."""
    wrong: httpx.Response
    """The answer to wrong credentials or input."""
    pages: Mapping[str, httpx.Response]
    """The pages of the system, after the last payload."""
    unread: int
    """How often a limiter turned away who wanted to look at a page."""

    @property
    def seconds(self) -> float:
        """How long ordinary input takes."""
        return float(self.ordinary.elapsed.total_seconds())

    @property
    def is_sign_in(self) -> bool:
        """Whether the action lets people in, so that wrong credentials may never be enough."""
        return is_sign_in(self.action)

    def looks(self) -> Iterator[tuple[Shot, str, Look]]:
        """Return what pages showed, with the payload and the path."""
        for shot in self.shots:
            for path, look in shot.looks.items():
                yield shot, path, look


def is_sign_in(action: str) -> bool:
    """Tell whether an action is called as signing in is: `log in`, `Sign in`."""
    return "".join(each for each in action.casefold() if each.isalnum()) in SIGN_IN


def volley(
    driver: Driver, action: str, payloads: Sequence[Payload], ordinary: httpx.Response, stored: Stored | None,
    cap: Callable[[int], None],
) -> Volley:  # fmt: skip
    """Send every payload in every place, once beside right and once beside wrong input.

    Args:
        driver: Sends.
        action: What is done.
        payloads: What is put into each place.
        ordinary: The answer to ordinary input.
        stored: Gives what the system keeps, if anybody can say.
        cap: Takes the number of requests before the first of them, and raises where that is too many.
    """
    variants = (driver.request(action), driver.request(action, valid=False))
    right, in_vain = (list(places(each)) for each in variants)
    if not right:
        raise Unavailable(f"the request of `{action}` has no field, so there is nowhere to put a payload")
    cap(len(payloads) * (len(right) + len(in_vain)) * (1 + len(driver.pages)))
    made = _Volley(driver, stored)
    wrong = made.control(variants[1])
    hopeless = made.hopeless(is_sign_in(action), right, in_vain, wrong, granted(ordinary) - granted(wrong))
    shots: list[Shot] = []
    for payload in payloads:
        shots += made.shots(payload, right, is_right=True)
        shots += made.shots(payload, in_vain, hopeless=hopeless)
    return Volley(action, payloads, shots, ordinary, wrong, made.pages(), made.unread)


class _Volley:
    def __init__(self, driver: Driver, stored: Stored | None) -> None:
        self._driver = driver
        self._stored = stored
        self._number = FIRST_ADDRESS
        self._seconds: dict[str, float] = {}
        self.unread = 0
        for path, page in self.pages().items():
            self._seconds[path] = page.elapsed.total_seconds()

    def control(self, request: Request) -> httpx.Response:
        """The answer to a request without a payload, sent as the others are."""
        with self._client() as (client, who):
            return client.send(self._driver.build(request, who))

    def pages(self) -> dict[str, httpx.Response]:
        """Every page as it is now, by its path."""
        with self._client() as (client, _):
            return {path: self._page(client, path) for path in self._driver.pages.values()}

    def hopeless(
        self, is_sign_in: bool, right: Sequence[Place], in_vain: Sequence[Place], wrong: httpx.Response, gives: set[str]
    ) -> set[str]:
        """The places of the wrong request where right input does not help, so that a payload may not either.

        Signing in is stricter: with wrong credentials none of its places may let anybody in.
        """
        if is_sign_in:
            return {each.name for each in in_vain}
        ordinary = {each.name: each.value for each in right}
        refuses, found = self._driver.refused(wrong), set()
        for each in (each for each in in_vain if each.name in ordinary):
            answer = self.control(each.put(ordinary[each.name]))
            if self._driver.refused(answer) if refuses else gives and not gives <= granted(answer):
                found.add(each.name)
        return found

    def shots(
        self,
        payload: Payload,
        fields: Sequence[Place],
        *,
        is_right: bool = False,
        hopeless: Sequence[str] | set[str] = (),
    ) -> Iterator[Shot]:
        """One payload in each place of a request; none where no client can put it on the wire."""
        for place in fields:
            with self._client() as (client, who):
                sent = self._sent(client, who, place.put(payload.text))
                if sent is None:
                    continue
                shot = Shot(payload, place.name, *sent, is_right and place.is_kept, place.name in hopeless)
                yield replace(shot, kept=self._is_kept(shot), looks=self._looks(client, payload))

    def _is_kept(self, shot: Shot) -> bool:
        if self._stored is None or not shot.may_be_kept or not self._driver.accepted(shot.response):
            return False
        return bool(shot.as_kept & set(self._stored()))

    def _sent(
        self, client: httpx.Client, who: Persona, request: Request
    ) -> tuple[httpx.Response, httpx.Response] | None:
        httpx = need_httpx()
        try:
            response = client.send(self._driver.build(request, who))
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError):
            return None
        except httpx.TransportError as error:
            raise _unanswered(request.method, request.path, error) from None
        try:
            return response, _followed(client, response)
        except httpx.HTTPError:  # it leads away from the system, or nowhere
            return response, response

    def _looks(self, client: httpx.Client, payload: Payload) -> dict[str, Look]:
        """The pages that show more of a payload than text."""
        found = {}
        for path in self._driver.pages.values():
            page = self._page(client, path)
            signs = betrayed(payload, page, self._seconds[path])
            inside = revealed(page, [payload.text]) if page.status_code >= SERVER_ERROR else None
            look = Look(page.status_code, active(page), signs, inside)
            if look != Look(page.status_code) or page.status_code >= SERVER_ERROR:
                found[path] = look
        return found

    def _page(self, client: httpx.Client, path: str) -> httpx.Response:
        httpx = need_httpx()
        try:
            page = _followed(client, client.get(path))
        except httpx.TransportError as error:
            raise _unanswered("GET", path, error) from None
        self.unread += blocked(page)
        return page

    @contextmanager
    def _client(self) -> Iterator[tuple[httpx.Client, Persona]]:
        """Me, with my cookies, at an address where nobody has been yet."""
        driver, me, self._number = self._driver, self._driver.me, self._number + 1
        if not driver.local:
            yield driver.client(me), me
            return
        who = replace(me, name=f"{me.name} {self._number}", address=loopback(self._number))
        client = driver.client(who)
        client.cookies.update(driver.client(me).cookies)
        try:
            yield client, who
        finally:
            driver.forget(who)


def _followed(client: httpx.Client, response: httpx.Response) -> httpx.Response:
    """Return what a browser shows in the end."""
    if not response.is_redirect:
        return response
    return client.get(urljoin(str(response.url), response.headers["location"]), follow_redirects=True)


def _unanswered(method: str, path: str, error: Exception) -> AssertionError:
    return AssertionError(f"{method} {path}: no answer ({type(error).__name__}: {error})")
