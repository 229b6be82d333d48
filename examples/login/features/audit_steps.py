"""The audit view: who may read it, and what it tells."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
from pytest_bdd import given, parsers, then, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import People, Running


@given(parsers.parse("{name:w} is an administrator"))
def is_an_administrator(people: People, name: str) -> None:
    people.join(name, f"{name.lower()}@example.org", "nine thousand moths", "admin")


@given(parsers.parse('a stranger has tried a wrong password for "{address}"'))
def has_tried(browser: Callable[[], httpx.Client], address: str) -> None:
    browser().post("/sign-in", data={"address": address, "password": "open sesame"})


@given("someone has altered an entry behind Harbour's back")
def alter_an_entry(harbour: Running) -> None:
    with closing(sqlite3.connect(harbour.app.settings.database)) as connection, connection:
        connection.execute("drop trigger audit_keeps_updates")
        assert connection.execute("update audit set result = 'success', user_id = 99 where id = 1").rowcount == 1


@given("someone has removed the newest entry behind Harbour's back")
def remove_the_newest(harbour: Running) -> None:
    with closing(sqlite3.connect(harbour.app.settings.database)) as connection, connection:
        connection.execute("drop trigger audit_keeps_deletes")
        assert connection.execute("delete from audit where id = (select max(id) from audit)").rowcount == 1


@when(parsers.parse("{name:w} reads the audit log"), target_fixture="answer")
def read_the_log(client: httpx.Client, name: str) -> httpx.Response:
    return client.get("/admin/audit")


@when(parsers.parse("{name:w} reads page {page} of the audit log"), target_fixture="answer")
def read_a_page(client: httpx.Client, name: str, page: str) -> httpx.Response:
    return client.get("/admin/audit", params={"page": page})


@when("a stranger asks for the audit log", target_fixture="answer")
def stranger_asks_for_log(browser: Callable[[], httpx.Client]) -> httpx.Response:
    return browser().get("/admin/audit")


@when(parsers.parse("{name:w} makes {other:w} an {role:w}"), target_fixture="answer")
@when(parsers.parse("{name:w} makes {other:w} a {role:w}"), target_fixture="answer")
def change_role(
    client: httpx.Client, harbour: Running, people: People, name: str, other: str, role: str
) -> httpx.Response:
    account = harbour.app.store.find(people[other].address)
    return client.post("/admin/role", data={"account": str(account.id), "role": role})


@when("the database forgets an entry by itself", target_fixture="refusal")
def delete_an_entry(harbour: Running) -> str:
    with closing(sqlite3.connect(harbour.app.settings.database)) as connection:
        try:
            connection.execute("delete from audit")
        except sqlite3.IntegrityError as error:
            return str(error)
    return ""


@then("it is refused as append-only")
def refused_as_append_only(refusal: str) -> None:
    assert refusal == "append-only"


@then(parsers.parse('the log shows a "{event}" with the result "{result}"'))
def log_shows(answer: httpx.Response, event: str, result: str) -> None:
    assert answer.status_code == httpx.codes.OK
    assert f"<td>{event}</td><td>{result}</td>" in answer.text


@then(parsers.parse('the log does not show "{text}"'))
def log_does_not_show(answer: httpx.Response, text: str) -> None:
    table = answer.text.partition("<table>")[2].partition("</table>")[0]
    assert "<td>sign-in</td>" in table
    assert text not in table


@then(parsers.parse('the log says "{text}"'))
def log_says(answer: httpx.Response, text: str) -> None:
    assert f"<p>{text}</p>" in answer.text.replace(' role="status"', "")


@then(parsers.parse("the refusal of {name:w} is in the log"))
def refusal_is_in_the_log(harbour: Running, people: People, name: str) -> None:
    account = harbour.app.store.find(people[name].address)
    newest = harbour.app.audit.entries(limit=1)[0]
    assert (newest.event, newest.result, newest.user_id) == ("access", "refused", account.id)


@then(parsers.parse("{name:w} is still {role:w}"))
def is_still(harbour: Running, people: People, name: str, role: str) -> None:
    assert harbour.app.store.find(people[name].address).role == role
