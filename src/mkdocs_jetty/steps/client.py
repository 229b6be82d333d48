"""The driver: sends what the steps ask for, as a given person, from that person's own address.

An application object is served by a real server for the time of the test, because what is true in process (no proxy,
no parser, no parallel request) need not be true on the wire.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps import forms, serving
from mkdocs_jetty.steps.answers import (
    accepted_by_default,
    blocked,
    blocked_by_default,
    described,
    granted,
    leads_to_sign_in,
    told_by,
)
from mkdocs_jetty.steps.ports import HOME, OWN, Action, Persona, Request, Target, Users, World, action_named, loopback
from mkdocs_jetty.steps.safety import is_loopback
from mkdocs_jetty.steps.transport import TIMEOUT_S, need_httpx, tls, transport

if TYPE_CHECKING:
    import httpx

__all__ = [
    "SIGN_IN", "SIGN_IN_PAGES", "TIMEOUT_S", "Accepted", "Driver", "accepted_by_default", "blocked", "described",
    "leads_to_sign_in", "need_httpx", "note_before",
]  # fmt: skip
pytest_plugins = ["mkdocs_jetty.steps.ports"]

SIGN_IN = ("sign in", "log in")
SIGN_IN_PAGES = ("login", "sign in", "sign-in")
Accepted = Callable[[Any], bool]


class Driver:
    """Acts for the people of one scenario, each with cookies and an address of their own."""

    def __init__(
        self, target: Target, base_url: str, world: World, actions: Mapping[str, Action], pages: Mapping[str, str],
        users: Users, accepted: Accepted,
    ) -> None:  # fmt: skip
        self.target, self.base_url, self.world = target, base_url, world
        self.actions, self.pages, self.users = actions, pages, users
        self.accepted = accepted
        self.local = is_loopback(urlsplit(base_url).hostname or "")
        self.opened: list[str] = []
        """The pages that were opened, the last one last."""
        self._clients: dict[tuple[str, str], httpx.Client] = {}
        self._strangers: set[tuple[str, str]] = set()
        """Whose requests carry nothing that says who they are."""
        self._forms = forms.Forms()

    # ---- who ----

    @property
    def me(self) -> Persona:
        """The first person of the scenario: `I`, until a step makes me somebody else."""
        if self.world.persona == Persona("anonymous"):
            self.world.persona = self.users.persona("I")
        return self.world.persona

    def somebody_else(self) -> Persona:
        """Another person, at another address."""
        me = self.me
        others = [each for each in self.users.crowd(2) if (each.user_id or each.name) != (me.user_id or me.name)]
        other = others[-1] if others else Persona("somebody else")
        return other if other.address != me.address else replace(other, address=loopback(200))

    def client(self, who: Persona) -> httpx.Client:
        """The client of a person, with their cookies."""
        key = (who.name, who.address)
        if key not in self._clients:
            self._clients[key] = self._connect(who)
        return self._clients[key]

    def sign_out(self, who: Persona) -> None:
        """Have a person be a stranger from now on: no cookies, no connection, no headers of their own."""
        self.forget(who)
        self._strangers.add((who.name, who.address))

    def forget(self, who: Persona) -> None:
        """Begin anew for a person: no cookies, no connection."""
        client = self._clients.pop((who.name, who.address), None)
        if client is not None:
            client.close()

    @contextmanager
    def without_cookies(self, who: Persona) -> Iterator[None]:
        """For a while a person is new to the system: no cookies, no connection, no form; then all is as before."""
        key, forms_before = (who.name, who.address), self._forms
        client = self._clients.pop(key, None)
        self._forms = forms.Forms()
        self._strangers.add(key)
        try:
            yield
        finally:
            self._strangers.discard(key)
            self.forget(who)
            self._forms = forms_before
            if client is not None:
                self._clients[key] = client

    def source(self, who: Persona) -> str | None:
        """The address to bind, where this machine lets a person have one of their own.

        Raises:
            Unavailable: If it does not, and the person was given that address.
        """
        if who.address == HOME or not self.local:
            return None
        if who.address == OWN:
            return OWN if self._reached_from_own else None
        try:
            with socket.socket() as probe:
                probe.bind((who.address, 0))
        except OSError:
            system = "this machine" if sys.platform == "linux" else f"{sys.platform}"
            raise Unavailable(f"{system} cannot send from {who.address}, so nobody can be at another address") from None
        return who.address

    @cached_property
    def _reached_from_own(self) -> bool:
        """Whether the system is reached from `OWN`: not on every machine, and not where it listens on `::1` only."""
        url = urlsplit(self.base_url)
        place = (url.hostname or "", url.port or (443 if url.scheme == "https" else 80))
        try:
            socket.create_connection(place, TIMEOUT_S, (OWN, 0)).close()
        except OSError:
            return False
        return True

    def _connect(self, who: Persona) -> httpx.Client:
        engine = need_httpx()
        way_out = transport()(local_address=self.source(who), verify=tls())
        known = {} if (who.name, who.address) in self._strangers else dict(who.headers)
        client: httpx.Client = engine.Client(
            base_url=self.base_url, transport=way_out, timeout=TIMEOUT_S, headers=known
        )
        if self.local:  # browsers take loopback for a safe place too, and send `Secure` cookies to it
            client.event_hooks = {"response": [lambda _: _send_everywhere(client)]}
        return client

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()

    # ---- what ----

    def request(self, name: str, who: Persona | None = None, *, valid: bool = True) -> Request:
        """The request of an action, with the hidden fields that the page of its form holds."""
        who = who or self.me
        return self.filled(self.plain(name, who, valid=valid), who)

    def plain(self, name: str, who: Persona, *, valid: bool = True) -> Request:
        """The request of an action as the action makes it."""
        return action_named(self.actions, name)(who, valid)

    def filled(self, request: Request, who: Persona) -> Request:
        """The request with the hidden fields that a person was shown last."""
        return self._forms.filled(who.name, request)

    def act(self, name: str, who: Persona | None = None, *, valid: bool = True) -> httpx.Response:
        """Do an action once, and remember what came of it."""
        self.world.action = name
        return self.send(self.request(name, who, valid=valid), who)

    def get(self, path: str, who: Persona | None = None, **headers: str) -> httpx.Response:
        """Request a path."""
        return self.send(Request("GET", path, headers=headers), who)

    def path_of(self, page: str) -> str:
        """The path of a page."""
        return self.pages.get(page, page if page.startswith("/") else f"/{page.replace(' ', '-')}")

    def visit(self, page: str, who: Persona | None = None) -> httpx.Response:
        """Open a page as a browser does, following redirects."""
        who = who or self.me
        self.opened.append(self.path_of(page))
        response = self.client(who).get(self.path_of(page), follow_redirects=True)
        return self._remember(who, response)

    def with_form(self, request: Request, who: Persona, page: str) -> tuple[Request, httpx.Response]:
        """The request with the hidden fields of its form on a page, or as it is; and the page."""
        response = self.client(who).get(page, follow_redirects=True)
        self._learn(who, response)
        return self._forms.filled(who.name, request), response

    def from_a_form(self, request: Request, who: Persona) -> Request:
        """The request as a browser would send it that opened the pages of the scenario again for this."""
        if request.form is None:
            return request
        filled = (self.with_form(request, who, page)[0] for page in dict.fromkeys(reversed(self.opened)))
        return next((each for each in filled if each is not request), request)

    def send(self, request: Request, who: Persona | None = None) -> httpx.Response:
        """Send one request, and remember what came of it."""
        who = who or self.me
        self.world.notes["acted_at"] = datetime.now(timezone.utc)
        return self._remember(who, self.client(who).send(self.build(request, who)))

    def build(self, request: Request, who: Persona) -> httpx.Request:
        """A request in the engine's own form, with the cookies of a person."""
        return self.client(who).build_request(
            request.method, request.path, data=dict(request.form) if request.form is not None else None,
            json=request.json, content=request.content, headers=dict(request.headers),
        )  # fmt: skip

    def _remember(self, who: Persona, response: httpx.Response) -> httpx.Response:
        self.world.response = response
        self.world.responses.append(response)
        self.world.notes["sender"] = who
        self.world.notes["address"] = self._seen_from(response, who)
        self._learn(who, response)
        return response

    def _learn(self, who: Persona, response: httpx.Response) -> None:
        if "html" in response.headers.get("content-type", ""):
            self._forms.learn(who.name, response.text, str(response.url))

    def _seen_from(self, response: httpx.Response, who: Persona) -> str | None:
        """The address the system saw: known for certain only where nothing stands between."""
        if not self.local:
            return who.address if who.address not in {HOME, OWN} else None
        try:
            own = response.extensions["network_stream"].get_extra_info("client_addr")
        except (KeyError, OSError):
            own = None
        if own:
            return str(own[0])
        return self.source(who) or ("::1" if ":" in urlsplit(self.base_url).netloc.rpartition(":")[0] else HOME)

    def sign_in(self, who: Persona) -> httpx.Response:
        """Sign a person in, and see that it worked; whoever has `Persona.headers` is known by them.

        Raises:
            Unavailable: If nothing shows whether it worked.
        """
        self._strangers.discard((who.name, who.address))
        name = next((each for each in SIGN_IN if each in self.actions), SIGN_IN[0])
        if who.headers and name not in self.actions:
            self.forget(who)
            return self.get("/", who)
        action_named(self.actions, name)
        page = next((each for each in SIGN_IN_PAGES if each in self.pages), None)
        if page is not None:
            self.visit(page, who)
        response = self.act(name, who)
        assert self.accepted(response), f"{who.name} could not sign in: {described(response)}"
        self.must_have_granted(response, who)
        return response

    def must_have_granted(self, response: httpx.Response, who: Persona) -> None:
        """See that signing in gave a person something to be known by, unless the project says itself what counts.

        Raises:
            Unavailable: If the answer to right credentials may as well be the one to wrong ones.
        """
        if self.accepted is accepted_by_default and not who.headers and not granted(response):
            raise Unavailable(
                f"nothing shows that {who.name} is signed in: the answer ({described(response)}) brings no cookie and "
                "no token. Say by the fixture `jetty_accepted` which answers mean that it was done, or give "
                "`Persona.headers`"
            )

    # ---- what came of it ----

    def mark(self) -> None:
        """Count anew what was there before: what comes from now on is of the action."""
        for name, take in self.world.notes.get("marks", {}).items():
            self.world.notes[name] = take()

    def refused(self, response: httpx.Response) -> bool:
        """Tell whether somebody was not let in; to be sent to sign in is to be refused."""
        return not self.accepted(response) or leads_to_sign_in(response)

    def final(self, response: httpx.Response) -> httpx.Response:
        """The page that a browser would show in the end."""
        who = self.world.notes.get("sender") or self.me
        if not response.is_redirect:
            return response
        return self.client(who).get(urljoin(str(response.url), response.headers["location"]), follow_redirects=True)


def _send_everywhere(client: httpx.Client) -> None:
    for cookie in client.cookies.jar:
        cookie.secure = False


def note_before(world: World, name: str, take: Callable[[], Any]) -> None:
    """Note what is there before an action, for the step that asks what is new; see `Driver.mark`."""
    world.notes.setdefault("marks", {})[name] = take
    world.notes[name] = take()


@pytest.fixture
def jetty_accepted() -> Accepted:
    """Whether an answer means that the action was done; override it where a status below 400 does not say so."""
    return accepted_by_default


@pytest.fixture
def jetty_blocked() -> Accepted:
    """Whether an answer is a limiter's refusal; override it where it is no 429, such as a bare 403 or a message."""
    return blocked_by_default


@pytest.fixture
def jetty_base_url(jetty_target: Target) -> Iterator[str]:
    """Where the system listens; an application is served for the test."""
    if jetty_target.base_url is not None:
        yield jetty_target.base_url.rstrip("/")
    elif jetty_target.app is not None:
        with serving.serve(jetty_target.app) as url:
            yield url
    else:
        raise Unavailable("`jetty_target` has neither a `base_url` nor an `app`")


@pytest.fixture
def jetty_driver(
    jetty_target: Target, jetty_base_url: str, jetty_world: World, jetty_actions: Mapping[str, Action],
    jetty_pages: Mapping[str, str], jetty_users: Users, jetty_accepted: Accepted,
    jetty_measure: Callable[[str, object], None], jetty_blocked: Accepted,
) -> Iterator[Driver]:  # fmt: skip
    """The driver of the scenario."""
    need_httpx()
    jetty_measure("environment", jetty_target.environment)
    driver = Driver(jetty_target, jetty_base_url, jetty_world, jetty_actions, jetty_pages, jetty_users, jetty_accepted)
    with told_by(jetty_blocked):
        yield driver
    driver.close()
