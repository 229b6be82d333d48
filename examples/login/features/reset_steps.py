"""A forgotten password: the link, what opens with it, and what does not."""

from __future__ import annotations

import re
import time
from html import escape
from typing import TYPE_CHECKING

import httpx
from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import People, Running

MINUTE = 60
QUIET_SECONDS = 0.5
PROMPT_SECONDS = 2


def ask(client: httpx.Client, address: str) -> httpx.Response:
    return client.post("/reset", data={"address": address})


def choose(client: httpx.Client, link: str, password: str) -> httpx.Response:
    token = link.rpartition("token=")[2]
    return client.post("/reset/choose", data={"token": token, "password": password})


@given("the mail server is down")
def mail_server_is_down(harbour: Running) -> None:
    harbour.mail.down()


@given(parsers.parse("{name:w} has asked for a link"), target_fixture="link")
def has_asked(client: httpx.Client, harbour: Running, people: People, name: str) -> str:
    ask(client, people[name].address).raise_for_status()
    return harbour.link()


@given(parsers.parse("{name:w} has asked for another link"), target_fixture="newer_link")
def has_asked_again(client: httpx.Client, harbour: Running, people: People, name: str) -> str:
    ask(client, people[name].address).raise_for_status()
    return harbour.link(2)


@given(parsers.parse('{name:w} has chosen "{password}" with the link'))
def has_chosen(client: httpx.Client, link: str, name: str, password: str) -> None:
    choose(client, link, password).raise_for_status()


@when(parsers.parse('someone asks for a link for "{address}"'), target_fixture="answer")
def asks_for_a_link(client: httpx.Client, address: str) -> httpx.Response:
    started = time.monotonic()
    answer = ask(client, address)
    answer.extensions["seconds"] = time.monotonic() - started
    return answer


@when(parsers.parse('someone asks for links for "{known}" and for "{unknown}"'), target_fixture="answers")
def asks_for_both(client: httpx.Client, known: str, unknown: str) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.text) for answer in (ask(client, known), ask(client, unknown))]


@when(parsers.parse("{name:w} follows the link"), target_fixture="answer")
def follow_the_link(client: httpx.Client, link: str, name: str) -> httpx.Response:
    return client.get(link)


@when(parsers.parse("{name:w} follows the link after {minutes:d} minutes"), target_fixture="answer")
def follow_later(client: httpx.Client, harbour: Running, link: str, name: str, minutes: int) -> httpx.Response:
    harbour.clock.ahead += minutes * MINUTE
    return client.get(link)


@when(parsers.parse('{name:w} chooses "{password}" with the link'), target_fixture="answer")
def choose_with_link(client: httpx.Client, link: str, name: str, password: str) -> httpx.Response:
    return choose(client, link, password)


@when("a stranger follows a link made up by hand", target_fixture="answer")
def follow_forged(client: httpx.Client) -> httpx.Response:
    return client.get(f"/reset/choose?token={'A' * 43}")


@when("the mail server is back")
def mail_server_is_back(harbour: Running) -> None:
    harbour.mail.up()


@then("a page to choose a password opens")
def page_to_choose(answer: httpx.Response) -> None:
    assert answer.status_code == httpx.codes.OK
    assert "<h1>Choose a new password</h1>" in answer.text


@then("the link is dead")
def link_is_dead(answer: httpx.Response) -> None:
    assert answer.status_code == httpx.codes.GONE
    assert "Ask for a new one." in answer.text


@then(parsers.parse('"{address}" gets a mail with a link'))
def gets_a_mail(harbour: Running, address: str) -> None:
    assert "/reset/choose?token=" in harbour.link()
    assert [mail["To"] for mail in harbour.mail.mails] == [address]


@then("no mail is sent")
def no_mail(harbour: Running) -> None:
    time.sleep(QUIET_SECONDS)
    assert harbour.mail.mails == []
    assert harbour.app.outbox.waiting() == 0


@then(parsers.parse('the page notes "{notice}"'))
def page_notes(answer: httpx.Response, notice: str) -> None:
    assert answer.status_code == httpx.codes.OK
    assert f'<p role="status">{escape(notice)}</p>' in answer.text


@then(parsers.parse('the page refuses with "{message}"'))
def page_refuses(answer: httpx.Response, message: str) -> None:
    assert answer.is_client_error
    assert f"<p>{escape(message)}</p>" in answer.text


@then("the answer took less than 2 seconds")
def answer_was_prompt(answer: httpx.Response) -> None:
    assert answer.extensions["seconds"] < PROMPT_SECONDS


@then(parsers.parse('{name:w} comes in with the password "{password}"'))
def comes_in(browser: Callable[[], httpx.Client], people: People, name: str, password: str) -> None:
    answer = browser().post("/sign-in", data=people[name].form(password=password))
    assert answer.url.path == "/harbour"


@then(parsers.parse('{name:w} does not come in with the password "{password}"'))
def does_not_come_in(browser: Callable[[], httpx.Client], people: People, name: str, password: str) -> None:
    answer = browser().post("/sign-in", data=people[name].form(password=password))
    assert answer.url.path == "/sign-in"


@then("the file holds no token that the mail held")
def token_is_hashed(harbour: Running) -> None:
    token = harbour.link().rpartition("token=")[2]
    assert re.fullmatch(r"[\w-]{43}", token)
    kept = b"".join(file.read_bytes() for file in harbour.app.settings.database.parent.glob("harbour.db*"))
    assert token.encode() not in kept
