"""Leaving: what ends with a sign-out, and what goes on."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import httpx
from harbour.app import COOKIE
from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import People


@given(parsers.parse("{name:w} has an account"))
def has_an_account(people: People, name: str) -> None:
    people.join(name, f"{name.lower()}@example.org", "correct horse battery")


@given(parsers.parse("{name:w} has signed out"))
def has_signed_out(client: httpx.Client, name: str) -> None:
    client.post("/sign-out").raise_for_status()


@given(parsers.parse("{name:w} is signed in on another device"), target_fixture="other_device")
def is_signed_in_elsewhere(browser: Callable[[], httpx.Client], people: People, name: str) -> httpx.Client:
    device = browser()
    device.post("/sign-in", data=people[name].form()).raise_for_status()
    return device


@given(parsers.parse("someone has copied {name:w}'s session"), target_fixture="copied_session")
def copied_session(client: httpx.Client, name: str) -> str:
    return client.cookies[COOKIE]


@when(parsers.parse("{name:w} signs out"), target_fixture="answer")
def sign_out(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/sign-out")


@when("the harbour is asked for with the copied session", target_fixture="answer")
def ask_with_copied_session(browser: Callable[[], httpx.Client], copied_session: str) -> httpx.Response:
    return browser().get("/harbour", headers={"Cookie": f"{COOKIE}={copied_session}"})


@when(parsers.parse("{name:w} follows a link to the sign-out"), target_fixture="answer")
def follow_link(client: httpx.Client, name: str) -> httpx.Response:
    return client.get("/sign-out")


@then(parsers.parse('the sign-in page notes "{notice}"'))
def sign_in_page_notes(answer: httpx.Response, notice: str) -> None:
    assert answer.url.path == "/sign-in"
    assert f'<p role="status">{escape(notice)}</p>' in answer.text


@then("the page says that a link cannot do that")
def link_cannot_do_that(answer: httpx.Response) -> None:
    assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED
    assert "Use the button to sign out." in answer.text


@then(parsers.parse("the harbour of {name:w} stays open"))
def harbour_stays_open(client: httpx.Client, name: str) -> None:
    assert f"<h1>The harbour of {name}</h1>" in client.get("/harbour").text


@then(parsers.parse("the harbour of {name:w} stays open on the other device"))
def harbour_stays_open_elsewhere(other_device: httpx.Client, name: str) -> None:
    assert f"<h1>The harbour of {name}</h1>" in other_device.get("/harbour").text


@then("the page is not to be stored")
def page_is_not_stored(answer: httpx.Response) -> None:
    assert answer.headers["Cache-Control"] == "no-store"
