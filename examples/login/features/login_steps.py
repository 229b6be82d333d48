"""Coming in: who has an account, who tries, and what they see."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import httpx
from harbour.app import COOKIE
from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import People, Running

HOUR = 60 * 60
FORGED = "A" * 43


@given("these people have an account:")
def people_have_accounts(people: People, datatable: list[list[str]]) -> None:
    header, *rows = datatable
    for row in rows:
        people.join(**dict(zip(header, row, strict=True)))


@given(parsers.parse("{name:w} is signed in"))
def is_signed_in(client: httpx.Client, people: People, name: str) -> None:
    client.post("/sign-in", data=people[name].form()).raise_for_status()


@given(parsers.parse("{name:w} has come back every half hour for {hours:d} hours"))
def has_come_back(client: httpx.Client, harbour: Running, name: str, hours: int) -> None:
    for _ in range(2 * hours):
        harbour.clock.ahead += HOUR / 2
        client.get("/harbour")


@when("a stranger asks for the harbour", target_fixture="answer")
def ask_for_the_harbour(client: httpx.Client) -> httpx.Response:
    return client.get("/harbour")


@when(parsers.parse("{name:w} comes back to the harbour"), target_fixture="answer")
def come_back(client: httpx.Client, name: str) -> httpx.Response:
    return client.get("/harbour")


@when(parsers.parse("{name:w} comes back to the harbour after {hours:d} hours"), target_fixture="answer")
def come_back_later(client: httpx.Client, harbour: Running, name: str, hours: int) -> httpx.Response:
    harbour.clock.ahead += hours * HOUR
    # A browser would have dropped the cookie by itself; the server must not count on that.
    return client.get("/harbour")


@when(parsers.parse("{name:w} signs in"), target_fixture="answer")
def sign_in(client: httpx.Client, people: People, name: str) -> httpx.Response:
    return client.post("/sign-in", data=people[name].form())


@when(parsers.parse('{name:w} signs in with the password "{password}"'), target_fixture="answer")
def sign_in_with_password(client: httpx.Client, people: People, name: str, password: str) -> httpx.Response:
    return client.post("/sign-in", data=people[name].form(password=password))


@when(parsers.parse('{name:w} signs in, spelling her address "{address}"'), target_fixture="answer")
def sign_in_spelling(client: httpx.Client, people: People, name: str, address: str) -> httpx.Response:
    return client.post("/sign-in", data=people[name].form(address=address))


@when(parsers.re(r"(?P<name>\w+) signs in without an? (?P<missing>address|password)"), target_fixture="answer")
def sign_in_without(client: httpx.Client, people: People, name: str, missing: str) -> httpx.Response:
    return client.post("/sign-in", data=people[name].form(**{missing: ""}))


@when(parsers.parse('a stranger signs in as "{address}"'), target_fixture="answer")
def sign_in_as(client: httpx.Client, address: str) -> httpx.Response:
    return client.post("/sign-in", data={"address": address, "password": "open sesame"})


@when(parsers.parse("a stranger signs in with an address of {length:d} characters"), target_fixture="answer")
def sign_in_with_long_address(client: httpx.Client, length: int) -> httpx.Response:
    address = "@example.org".rjust(length, "a")
    return client.post("/sign-in", data={"address": address, "password": "open sesame"})


@when(parsers.parse("a stranger signs in with a password of {length:d} characters"), target_fixture="answer")
def sign_in_with_long_password(client: httpx.Client, length: int) -> httpx.Response:
    return client.post("/sign-in", data={"address": "ada@example.org", "password": "a" * length})


@when(
    parsers.parse('a stranger tries a wrong password for "{known}" and for "{unknown}"'),
    target_fixture="answers",
)
def try_both(client: httpx.Client, known: str, unknown: str) -> list[tuple[int, str]]:
    tried = [(address, sign_in_as(client, address)) for address in (known, unknown)]
    return [(answer.status_code, answer.text.replace(address, "")) for address, answer in tried]


@when("a stranger asks for the harbour with a session made up by hand", target_fixture="answer")
def ask_with_forged_session(client: httpx.Client) -> httpx.Response:
    return client.get("/harbour", headers={"Cookie": f"{COOKIE}={FORGED}"})


@when(parsers.parse("{name:w} signs in from a browser whose session was planted"), target_fixture="answer")
def sign_in_over_planted_session(client: httpx.Client, people: People, name: str) -> httpx.Response:
    planted = {"Cookie": f"{COOKIE}={FORGED}"}
    client.post("/sign-in", data=people[name].form(), headers=planted, follow_redirects=False)
    return client.get("/harbour")


@then("the sign-in page opens")
def sign_in_page_opens(answer: httpx.Response) -> None:
    assert (answer.url.path, answer.status_code) == ("/sign-in", 200)


@then(parsers.parse("the harbour of {name:w} opens"))
def harbour_opens(answer: httpx.Response, name: str) -> None:
    assert (answer.url.path, answer.status_code) == ("/harbour", 200)
    assert f"<h1>The harbour of {name}</h1>" in answer.text


@then("the harbour stays closed")
def harbour_stays_closed(client: httpx.Client) -> None:
    assert client.get("/harbour").url.path == "/sign-in"


@then(parsers.parse('the sign-in page says "{message}"'))
def sign_in_page_says(answer: httpx.Response, message: str) -> None:
    assert answer.is_client_error
    assert f'<div role="alert"><p>{escape(message)}</p></div>' in answer.text


@then("the page says that the form is too large")
def form_is_too_large(answer: httpx.Response) -> None:
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert "The form is larger than Harbour accepts." in answer.text


@then(parsers.parse('the form still holds the address "{address}"'))
def form_holds_address(answer: httpx.Response, address: str) -> None:
    assert f'autocomplete="username" value="{escape(address)}">' in answer.text


@then("the form holds no password")
def form_holds_no_password(answer: httpx.Response) -> None:
    assert '<input id="password" name="password" type="password" autocomplete="current-password">' in answer.text


@then("both answers are the same")
def both_answers_are_the_same(answers: list[tuple[int, str]]) -> None:
    assert answers[0] == answers[1]


@then("the session's cookie is set with:")
def cookie_is_set_with(answer: httpx.Response, datatable: list[list[str]]) -> None:
    cookie, *given_attributes = answer.history[0].headers["Set-Cookie"].split("; ")
    assert cookie.startswith(f"{COOKIE}=")
    assert sorted(given_attributes) == sorted("=".join(filter(None, row)) for row in datatable[1:])


@then("the planted session opens nothing")
def planted_session_opens_nothing(browser: Callable[[], httpx.Client]) -> None:
    assert browser().get("/harbour", headers={"Cookie": f"{COOKIE}={FORGED}"}).url.path == "/sign-in"
