"""Phrases for people who use the system: pages, actions, roles, forgeries and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described, note_before
from mkdocs_jetty.steps.ports import Persona, Request, action_named, missing
from mkdocs_jetty.steps.values import TYPES
from mkdocs_jetty.steps.visible import shown

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client"]

Measure = Callable[[str, object], None]
STRANGERS = {"anonymous", "nobody", "visitor", "guest"}
ELSEWHERE = "https://elsewhere.example"
TOKENS = re.compile(r"csrf|xsrf|authenticity|^_token$|request.?verification", re.IGNORECASE)


@pytest.fixture
def jetty_roles() -> Sequence[str]:
    """All roles there are, each the name of a persona; override it."""
    raise missing("jetty_roles", "to know which roles there are")


@pytest.fixture
def jetty_permissions() -> Mapping[str, Collection[str]]:
    """Action to the roles that may do it; override it."""
    raise missing("jetty_permissions", "to know which roles may do what")


@pytest.fixture
def jetty_routes() -> Sequence[str]:
    """The paths of the feature that are not public; override it."""
    raise missing("jetty_routes", "to know which routes are not public")


@pytest.fixture
def jetty_snapshot(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Gives the stored data, comparable with `==`; by default that of `jetty_backup`."""
    try:
        snapshot: Callable[[], Any] = request.getfixturevalue("jetty_backup").snapshot
    except Unavailable:
        raise missing("jetty_snapshot", "to see whether anything was stored") from None
    return snapshot


# ---- situation ----


@given(parsers.parse("I am on the {page} page"))
def on_page(jetty_driver: Driver, page: str) -> None:
    """Open it; to be sent to sign in instead is not to be on it."""
    response = jetty_driver.visit(page)
    assert response.status_code < 400, f"the {page} page cannot be opened: {described(response)}"  # noqa: PLR2004
    wanted = jetty_driver.pages.get(page, "")
    sent_away = response.history and wanted and response.url.path.rstrip("/") != wanted.split("?")[0].rstrip("/")
    assert not sent_away, f"the {page} page sends me to {response.url.path}"


@given("I am signed in")
def signed_in(jetty_driver: Driver) -> None:
    """As myself."""
    jetty_driver.sign_in(jetty_driver.me)


@given(parsers.parse("I am signed in as {persona}"))
def signed_in_as(jetty_driver: Driver, persona: str) -> None:
    """As somebody whom `jetty_users` knows."""
    jetty_driver.world.persona = jetty_driver.users.persona(persona.removeprefix("an ").removeprefix("a "))
    jetty_driver.sign_in(jetty_driver.world.persona)


@given("I am not signed in")
def not_signed_in(jetty_driver: Driver) -> None:
    """Without any cookie, or header that says who I am."""
    jetty_driver.sign_out(jetty_driver.me)


# ---- action ----


@when(parsers.parse("I successfully {action}"))
def succeed(jetty_driver: Driver, action: str) -> None:
    """Do it with valid input, and see that it was done."""
    response = jetty_driver.act(action)
    assert jetty_driver.accepted(response), f"I could not {action}: {described(response)}"


@when(parsers.parse("I fail to {action}"))
def fail(jetty_driver: Driver, action: str) -> None:
    """Do it with wrong input, and see that it was refused."""
    response = jetty_driver.act(action, valid=False)
    assert not jetty_driver.accepted(response), f"wrong input was accepted: {described(response)}"
    assert response.status_code < 500, f"wrong input broke it: {described(response)}"  # noqa: PLR2004


@when(parsers.parse("I try to {action} without permission"))
def try_without_permission(jetty_driver: Driver, action: str) -> None:
    """Valid in all but the right to do it."""
    if jetty_driver.world.persona == Persona("anonymous"):
        jetty_driver.world.persona = jetty_driver.users.persona("without permission")
        if jetty_driver.world.persona.user_id is not None:
            jetty_driver.sign_in(jetty_driver.world.persona)
            jetty_driver.mark()  # signing in was not the attempt
    response = jetty_driver.act(action)
    assert jetty_driver.refused(response), f"I could {action} without permission: {described(response)}"
    assert response.status_code < 500, f"it broke, rather than refused: {described(response)}"  # noqa: PLR2004


@when(parsers.parse("each role tries to {action}"))
def each_role(jetty_driver: Driver, jetty_roles: Sequence[str], jetty_measure: Measure, action: str) -> None:
    """Each with valid input, signed in as themselves."""
    answers = {}
    for role in jetty_roles:
        persona = jetty_driver.users.persona(role)
        persona = persona if persona.name == role else replace(persona, name=role)
        jetty_driver.forget(persona)
        if role not in STRANGERS:
            jetty_driver.sign_in(persona)
        answers[role] = jetty_driver.act(action, persona)
    jetty_driver.world.notes["by role"] = action, answers
    jetty_measure("roles", len(answers))


@then("only the allowed roles succeed")
def only_allowed(jetty_driver: Driver, jetty_permissions: Mapping[str, Collection[str]]) -> None:
    """Those and all of those; and there is somebody who was refused, or nothing was checked."""
    action, answers = jetty_driver.world.notes.get("by role", (None, {}))
    assert answers, "no role has tried anything"
    if action not in jetty_permissions:
        raise Unavailable(f"`jetty_permissions` does not say who may `{action}`")
    allowed = jetty_permissions[action]
    for role, answer in answers.items():
        may, did = role in allowed, not jetty_driver.refused(answer)
        assert did == may, f"{role} {'may not but did' if did else 'may but could not'} {action}: {described(answer)}"
    assert set(allowed) < set(answers), "only one kind of outcome was tried: name a role that may, and one that may not"


@when(parsers.parse("I request {path:Path}", extra_types=TYPES))
def request_path(jetty_driver: Driver, path: str) -> None:
    """One request."""
    jetty_driver.get(path)


@when(parsers.parse("I request the {page} page"))
def request_page(jetty_driver: Driver, page: str) -> None:
    """One request for a page by its name, and what a browser would show then."""
    jetty_driver.visit(page)


@when("I request each non-public route of this feature")
def request_routes(jetty_driver: Driver, jetty_routes: Sequence[str], request: pytest.FixtureRequest) -> None:
    """Each once, as whoever I am; and before, as people who are signed in, one of whom it has to open for."""
    closed = list(jetty_routes)
    for who in _insiders(jetty_driver, request):
        if not closed:
            break
        can = opener(jetty_driver, who)
        closed = [path for path in closed if not can(Request("GET", path))]
    jetty_driver.world.notes["unshown"] = [f"{path} opens for nobody who is signed in" for path in closed]
    jetty_driver.mark()  # signing in was not the attempt
    jetty_driver.world.notes["many"] = [(path, jetty_driver.get(path)) for path in jetty_routes]


def _insiders(driver: Driver, request: pytest.FixtureRequest) -> Iterator[Persona]:
    """Me, and somebody of each role where the project names its roles."""
    yield driver.me
    with suppress(Unavailable):
        roles: Sequence[str] = request.getfixturevalue("jetty_roles")
        yield from (driver.users.persona(role) for role in roles if role not in STRANGERS)


@contextmanager
def aside(driver: Driver) -> Iterator[None]:
    """What is sent meanwhile is forgotten: the scenario goes on from the answer that it had."""
    world = driver.world
    kept: dict[str, Any] = {key: world.notes[key] for key in ("sender", "address", "acted_at") if key in world.notes}
    before = world.persona, world.action, world.response, list(world.responses)
    try:
        yield
    finally:
        world.persona, world.action, world.response, world.responses[:] = before
        world.notes.update(kept)


def opener(driver: Driver, who: Persona) -> Callable[[Request], bool]:
    """Sign a person in, beside whoever acts in the scenario; tells of a request whether they get what they ask for.

    A refusal shows nothing where the path is mistyped, or what is asked for has never been there.
    """
    who = replace(who, name=f"{who.name}, to see that it is there")
    try:
        with aside(driver):
            driver.sign_in(who)
    except (AssertionError, KeyError, Unavailable):  # not known, or known without what signing in needs
        return lambda _: False

    def opens(asked: Request) -> bool:
        with aside(driver):
            return not driver.refused(driver.send(asked, who))

    return opens


@when(parsers.parse("another site submits {action} with my cookies"))
def forged(jetty_driver: Driver, action: str) -> None:
    """What a hostile page makes my browser send: my cookies, but neither our token nor our origin."""
    who = jetty_driver.me
    assert len(jetty_driver.client(who).cookies), "I have no cookies, so nothing can be done with them"
    jetty_driver.world.action = action
    made = action_named(jetty_driver.actions, action)(who, True)
    form = {key: value for key, value in made.form.items() if not TOKENS.search(key)} if made.form is not None else None
    headers = {key: value for key, value in made.headers.items() if not TOKENS.search(key)}
    headers |= {"Origin": ELSEWHERE, "Referer": f"{ELSEWHERE}/", "Sec-Fetch-Site": "cross-site"}
    jetty_driver.world.notes["forged"] = jetty_driver.send(replace(made, form=form, headers=headers), who)


# ---- outcome ----


@then(parsers.parse('I see a message "{text}"'))
def see_message(jetty_driver: Driver, text: str) -> None:
    """In the answer, or on the page that it leads to, where people can read it."""
    response = jetty_driver.world.response
    assert response is not None, "there is no answer to read"
    said = shown(jetty_driver.final(response))
    assert " ".join(text.split()) in said, f"the answer says {said[:200]!r}"


@then("I am refused each time")
@then("every one refuses me")
@then("every one is refused")
def all_refused(jetty_driver: Driver) -> None:
    """With a status that says so, or sent to sign in; and whoever is allowed gets it."""
    many = jetty_driver.world.notes.get("many", ())
    assert many, "nothing was tried"
    through = [f"{path} ({each.status_code})" for path, each in many if each.status_code not in {401, 403, 404}
               and not (each.is_redirect and jetty_driver.refused(each))]  # fmt: skip
    assert not through, f"not refused: {', '.join(through)}"
    if unshown := jetty_driver.world.notes.get("unshown"):
        raise Inconclusive(f"that it was refused shows nothing: {'; '.join(unshown)}")


@then("it is refused")
def is_refused(jetty_driver: Driver) -> None:
    """The last request; an answer that says it broke is no refusal."""
    response = jetty_driver.world.response
    assert response is not None, "nothing was requested"
    assert jetty_driver.refused(response), f"it was not refused: {described(response)}"
    assert response.status_code < 500, f"it broke, rather than refused: {described(response)}"  # noqa: PLR2004


@then("nothing was stored")
def nothing_stored(jetty_driver: Driver, jetty_snapshot: Callable[[], Any]) -> None:
    """The data is what it was before the last When step."""
    assert "stored" in jetty_driver.world.notes, "nothing was done"
    assert jetty_snapshot() == jetty_driver.world.notes["stored"], "the stored data has changed"


@then("it is refused without effect")
def refused_without_effect(jetty_driver: Driver, jetty_snapshot: Callable[[], Any]) -> None:
    """The forgery is refused and changes nothing; the same from our own page is accepted, or this shows nothing."""
    notes, world = jetty_driver.world.notes, jetty_driver.world
    response = notes.get("forged", world.response)
    assert response is not None, "nothing was sent"
    assert jetty_driver.refused(response), f"it was not refused: {described(response)}"
    nothing_stored(jetty_driver, jetty_snapshot)
    if "forged" in notes and world.action is not None:
        genuine = jetty_driver.act(world.action)
        if not jetty_driver.accepted(genuine):
            raise Inconclusive(f"our own page is refused as well ({described(genuine)}), so this shows nothing")


@then("it gives a contact")
def gives_contact(jetty_driver: Driver) -> None:
    """RFC 9116: at least one Contact that is an address."""
    fields = _security_txt(jetty_driver)
    contacts = [value for name, value in fields if name == "contact"]
    assert any(value.startswith(("mailto:", "https://", "tel:")) for value in contacts), (
        f"Contact: {contacts or 'none'}"
    )


@then("its expiry date is in the future")
def not_expired(jetty_driver: Driver) -> None:
    """RFC 9116: exactly one Expires, still to come."""
    dates = [value for name, value in _security_txt(jetty_driver) if name == "expires"]
    assert len(dates) == 1, f"there are {len(dates)} Expires lines; there has to be one"
    until = datetime.fromisoformat(dates[0].replace("z", "+00:00").replace("Z", "+00:00"))
    assert until > datetime.now(timezone.utc), f"it expired on {dates[0]}"


def _security_txt(driver: Driver) -> list[tuple[str, str]]:
    response = driver.world.response
    assert response is not None, "nothing was requested"
    assert response.status_code == 200, f"the answer was {described(response)}"  # noqa: PLR2004
    assert response.headers.get("content-type", "").startswith("text/plain"), "it is not served as text/plain"
    lines = [line.partition(":") for line in response.text.splitlines() if not line.startswith("#")]
    return [(name.strip().casefold(), value.strip()) for name, colon, value in lines if colon]


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Note what is stored before each action of a scenario that asks about it afterwards."""
    asks = any(each.name in {"nothing was stored", "it is refused without effect"} for each in scenario.steps)
    if asks and step.type == "when":
        note_before(request.getfixturevalue("jetty_world"), "stored", request.getfixturevalue("jetty_snapshot"))
