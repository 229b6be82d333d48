"""One's own data: seen, changed, taken along, deleted."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

import httpx
from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import People, Running

KEY = re.compile(r'name="key" value="([^"]+)"')


def change(client: httpx.Client, **fields: str) -> httpx.Response:
    key = KEY.search(client.get("/profile").text)
    return client.post("/profile", data={"key": key.group(1) if key else "", **fields})


@when(parsers.parse("{name:w} opens her profile"), target_fixture="answer")
def open_profile(client: httpx.Client, name: str) -> httpx.Response:
    return client.get("/profile")


@when(parsers.parse('{name:w} changes her name to "{new}"'), target_fixture="answer")
def change_name(client: httpx.Client, name: str, new: str) -> httpx.Response:
    return change(client, name=new)


@when(parsers.parse("{name:w} changes her name to {length:d} letters"), target_fixture="answer")
def change_to_long_name(client: httpx.Client, name: str, length: int) -> httpx.Response:
    return change(client, name="a" * length)


@when(parsers.parse("{name:w} changes her name to nothing"), target_fixture="answer")
def change_to_no_name(client: httpx.Client, name: str) -> httpx.Response:
    return change(client, name="")


@when(parsers.parse('{name:w} changes her address to "{address}"'), target_fixture="answer")
def change_address(client: httpx.Client, people: People, name: str, address: str) -> httpx.Response:
    answer = change(client, address=address, password=people[name].password)
    if answer.is_success:
        people[name].address = address
    return answer


@when(parsers.parse('{name:w} changes her address to "{address}" with a wrong password'), target_fixture="answer")
def change_address_wrongly(client: httpx.Client, name: str, address: str) -> httpx.Response:
    return change(client, address=address, password="incorrect horse")


@when(parsers.parse('{name:w} sends the change to "{first}" once more after a change to "{second}"'))
def send_twice(client: httpx.Client, name: str, first: str, second: str) -> None:
    key = KEY.search(client.get("/profile").text).group(1)
    client.post("/profile", data={"key": key, "name": first}).raise_for_status()
    change(client, name=second).raise_for_status()
    client.post("/profile", data={"key": key, "name": first}).raise_for_status()


@when(parsers.parse("{name:w} asks for her data"), target_fixture="answer")
def ask_for_data(client: httpx.Client, name: str) -> httpx.Response:
    return client.get("/profile/export")


@when("a stranger asks for the profile", target_fixture="answer")
def stranger_asks(browser: Callable[[], httpx.Client]) -> httpx.Response:
    return browser().get("/profile")


@given(parsers.parse("{name:w} has deleted her account"))
@when(parsers.parse("{name:w} deletes her account"), target_fixture="answer")
def delete_account(client: httpx.Client, people: People, name: str) -> httpx.Response:
    return client.post("/profile/delete", data={"leave": people[name].password})


@when(parsers.parse("{name:w} deletes her account with a wrong password"), target_fixture="answer")
def delete_wrongly(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/profile/delete", data={"leave": "incorrect horse"})


@then("her profile opens")
def profile_opens(answer: httpx.Response) -> None:
    assert answer.status_code == httpx.codes.OK
    assert answer.url.path == "/profile"


@then(parsers.parse('the profile shows "{name}" and "{address}"'))
def profile_shows(client: httpx.Client, name: str, address: str) -> None:
    text = client.get("/profile").text
    assert f'autocomplete="name" value="{escape(name)}">' in text
    assert f'autocomplete="username" value="{escape(address)}">' in text


@then(parsers.parse('the data names "{name}" and "{address}"'))
def data_names(answer: httpx.Response, name: str, address: str) -> None:
    account = answer.json()["account"]
    assert (account["name"], account["address"]) == (name, address)


@then(parsers.parse('the data says nothing of "{address}"'))
def data_is_silent(answer: httpx.Response, address: str) -> None:
    assert answer.json()["account"]
    assert address not in answer.text


@then(parsers.parse('"{address}" has no account'))
def has_no_account(harbour: Running, address: str) -> None:
    assert harbour.app.store.find(address) is None
