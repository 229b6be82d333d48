"""What production asks of Harbour and the stock steps have no phrase for."""

from __future__ import annotations

import math
import re
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
from harbour.core import Harbour
from harbour.settings import ConfigurationError
from harbour.static import STYLESHEET
from ports import tables
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.steps.ports import Persona
from mkdocs_jetty.steps.values import TYPES, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Observe = Callable[[str, object], None]
    from datetime import timedelta
    from pathlib import Path

    from conftest import People, Running

PROBE = Persona("probe")
FIELD = re.compile(r'<input id="\w+" name="(\w+)"')
FAULTS = {"debug on": {"debug": True}, "a known secret": {"secret": "for development only"}}
PLAIN = {"plain HTTP": {"public_url": "http://harbour.example"}}
DEFAULTS = [
    {"address": address, "password": password}
    for address in ("admin@example.org", "root@example.org", "admin@harbour.example")
    for password in ("admin", "password", "password1234", "changeme1234")
]


@when("I request Harbour's stylesheet")
def request_stylesheet(jetty_driver: Any) -> None:
    jetty_driver.get(STYLESHEET)


def _kept(harbour: Running) -> dict[str, Any]:
    """What must be there as a whole or not at all: the accounts and the audit log."""
    found = tables(harbour.app.settings.database)
    return {name: rows for name, rows in found.items() if name == "account" or "audit" in name}


@when("the audit log cannot be written while I save my profile", target_fixture="before_saving")
def audit_log_fails(jetty_driver: Any, harbour: Running, monkeypatch: Any) -> dict[str, Any]:
    before = _kept(harbour)

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(harbour.app.audit, "write", full)
        answer = jetty_driver.act("save my profile")
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    return before


@then("the profile and the audit log are as they were")
def all_or_nothing(harbour: Running, before_saving: Mapping[str, Any], jetty_observe: Observe) -> None:
    assert _kept(harbour) == before_saving
    jetty_observe("all or nothing", "shown")


@then(parsers.parse("the readiness check fails within {limit:Duration}", extra_types=TYPES))
def readiness_fails(jetty_driver: Any, jetty_measure: Callable[[str, object], None], limit: timedelta) -> None:
    _until(jetty_driver, httpx.codes.SERVICE_UNAVAILABLE, limit)
    jetty_measure("within", spoken(limit))


@then(parsers.parse("the readiness check passes within {limit:Duration} of its return", extra_types=TYPES))
def readiness_returns(jetty_driver: Any, jetty_broken: Any, jetty_observe: Observe, limit: timedelta) -> None:
    jetty_broken.restore()
    _until(jetty_driver, httpx.codes.OK, limit)
    jetty_observe("recovery", "shown")


def _until(driver: Any, status: int, limit: timedelta) -> None:
    deadline = time.monotonic() + limit.total_seconds()
    while (found := driver.get("/health/ready", PROBE).status_code) != status:
        assert time.monotonic() < deadline, f"the readiness check says {found}, not {status}"
        time.sleep(0.05)


@then("the liveness check still passes")
def liveness_passes(jetty_driver: Any, jetty_observe: Observe) -> None:
    assert jetty_driver.get("/health/live", PROBE).status_code == httpx.codes.OK
    jetty_observe("liveness", "shown")


@then("no default account can sign in")
def no_default_account(jetty_driver: Any, jetty_observe: Observe) -> None:
    for form in DEFAULTS:
        answer = httpx.post(f"{jetty_driver.base_url}/sign-in", data=form, trust_env=False)
        assert answer.status_code == httpx.codes.FORBIDDEN, f"{form['address']} got {answer.status_code}"
    jetty_observe("default accounts", "shown")


@when(parsers.parse("I open an audit log of {count:d} entries"))
def open_long_log(jetty_driver: Any, harbour: Running, count: int) -> None:
    for number in range(count):
        harbour.app.audit.write(
            "sign-in", user_id=None, source_ip="127.0.0.1", result="refused", action="sign in", resource=f"try {number}"
        )
    jetty_driver.get("/admin/audit")


@then(parsers.parse("at most {most:d} entries are shown at once"))
def shown_in_parts(jetty_driver: Any, jetty_observe: Observe, most: int) -> None:
    shown = jetty_driver.world.response.text.count("<td>127.0.0.1</td>")
    assert 0 < shown <= most, f"{shown} entries are shown"
    jetty_observe("page", most)


@then("the line bears the reference that the answer gives me")
def one_reference(jetty_driver: Any, jetty_logs: Callable[[], Any], jetty_observe: Observe) -> None:
    """Harbour is one service: a request that can be followed from its answer into the log is traced through all."""
    reference = jetty_driver.world.response.headers["X-Request-ID"]
    assert [line for line in jetty_logs() if reference in line.values()], f"no line bears {reference}"
    jetty_observe("trace", "trace through all services")


@then(parsers.parse("Harbour refuses to start with {fault}"))
def refuses_to_start(harbour: Running, tmp_path: Path, without: frozenset[str], fault: str) -> None:
    changes: Mapping[str, Any] = {**FAULTS, **PLAIN}[fault]
    settings = replace(harbour.app.settings, database=tmp_path / "other.db", **changes)
    try:
        Harbour(settings, without=without)
    except ConfigurationError:
        return
    raise AssertionError(f"Harbour starts with {fault}")


@then("the privacy notice is one click away and names every field asked for")
def privacy_notice(jetty_driver: Any, jetty_observe: Observe) -> None:
    page = jetty_driver.world.response.text
    asked = set(FIELD.findall(page))
    assert asked, "the page asks for nothing"
    assert '<a href="/privacy">' in page, "the page has no link to the privacy notice"
    notice = jetty_driver.get("/privacy").text
    silent = sorted(name for name in asked if f"<strong>{name}</strong>" not in notice)
    assert not silent, f"the notice does not name {', '.join(silent)}"
    jetty_observe("notice", "shown")


@then("no cookie is set before I sign in")
def no_cookie(jetty_driver: Any, jetty_observe: Observe) -> None:
    assert not [each for each in jetty_driver.world.responses if "set-cookie" in each.headers]
    jetty_observe("consent", "shown")


@given(parsers.parse("{name:w} has moved about in Harbour"))
def moved_about(client: httpx.Client, name: str) -> None:
    client.get("/profile").raise_for_status()
    client.post("/profile", data={"name": name}).raise_for_status()


@then("the data holds her sessions and what the audit log says of her")
def data_is_complete(answer: httpx.Response, jetty_observe: Observe) -> None:
    data = answer.json()
    assert data["sessions"], "the export names no session"
    assert "sign-in" in [each["event"] for each in data["audit"]]
    jetty_observe("all of it", "shown")
    jetty_observe("within", f"{math.ceil(answer.elapsed.total_seconds())} seconds")


@then(parsers.parse('no store holds "{address}"'))
def no_store_holds(harbour: Running, address: str, jetty_observe: Observe) -> None:
    found = [name for name, rows in tables(harbour.app.settings.database).items() if address in str(rows)]
    assert not found, f"{address} is still in {', '.join(found)}"
    assert address not in harbour.app.settings.log_file.read_text(encoding="utf-8"), f"{address} is in the log"
    jetty_observe("nothing left", "shown")


@then(parsers.parse("what is kept of the password of {name:w} is an scrypt hash"))
def password_is_hashed(harbour: Running, people: People, name: str) -> None:
    account = harbour.app.store.find(people[name].address)
    with harbour.app.database.reading() as connection:
        kept = connection.execute("select password from account where id = ?", (account.id,)).fetchone()[0]
    assert re.fullmatch(r"scrypt\$\d+\$8\$5\$[0-9a-f]{32}\$[0-9a-f]{128}", kept), f"a {kept.split('$')[0]} is kept"
