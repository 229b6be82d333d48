"""Phrases for the audit log: an entry must be new, single, and equal to what the driver knows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pytest_bdd import parsers, then

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.client import Driver, described, note_before
from mkdocs_jetty.steps.ports import Persona, missing

# `http` brings `jetty_snapshot`.
pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

Entries = Callable[[], Sequence[Mapping[str, Any]]]
PATIENCE_S = 2.0
SETTLE_S = 0.05
QUIET_S = 0.75
"""So long no other entry may come for "exactly one": a second one may be written behind the answer. Our judgement."""
QUEUED, BROKEN, UNAVAILABLE = 202, 500, 503
NEAR = timedelta(seconds=5)
UNTOUCHED = "stored while the audit log is away"
FIELDS = {
    "actor": "user_id", "target": "resource", "record": "resource", "time": "timestamp", "old value": "old",
    "new value": "new", "refusal": "result", "outcome": "result",
}  # fmt: skip
DONE = {"success", "successful", "succeeded", "ok", "accepted", "allowed", "granted", "pass", "passed", "true"}
REFUSED = {"failure", "fail", "failed", "refused", "denied", "rejected", "blocked", "forbidden", "error", "false"}


@pytest.fixture
def jetty_audit_expected() -> Mapping[str, Any]:
    """What a field of the entry must hold, where only you can know: by its name in the entry; override it."""
    return {}


@then(parsers.re(r"an audit log entry records (?:my |the )?(?P<fields>.+)"))
def entry_records(
    jetty_driver: Driver, jetty_audit: Entries, jetty_audit_fields: Mapping[str, str],
    jetty_audit_expected: Mapping[str, Any], jetty_measure: Callable[[str, object], None], fields: str,
) -> None:  # fmt: skip
    """Exactly one new entry since the last When step, and every named field of it as it has to be."""
    entry = _the_new_one(jetty_driver, jetty_audit)
    for name in names_in(fields):
        key = {**FIELDS, **jetty_audit_fields}.get(name, name.replace(" ", "_"))
        value = entry.get(key)
        assert value is not None, f"the entry has no {name} (`{key}`); it has {', '.join(map(str, entry)) or 'nothing'}"
        assert value != "", f"the {name} (`{key}`) of the entry is empty"
        _check(jetty_driver, name, key, value, jetty_audit_expected)
    jetty_measure("audit fields", len(names_in(fields)))


@then(parsers.re(r"no audit log entry holds (?:my |the )?(?P<fields>.+)"))
def no_entry_holds(
    jetty_driver: Driver, jetty_audit: Entries, fields: str, jetty_measure: Callable[[str, object], None]
) -> None:
    """Searched for the values themselves, in every entry there is."""
    entries = jetty_audit()
    assert entries, "the audit log is empty, so nothing was searched"
    said = [json.dumps(dict(each), default=str, ensure_ascii=False) for each in entries]
    for name in names_in(fields):
        value = name[1:-1] if name.startswith('"') else jetty_driver.me.facts.get(name)
        if not value:
            raise Unavailable(f"what my {name} is, is not known: put it into `Persona.facts`, or quote the value")
        holding = [number for number, text in enumerate(said) if json.dumps(value, ensure_ascii=False)[1:-1] in text]
        assert not holding, f"{len(holding)} of {len(said)} entries hold the {name}"
    jetty_measure("audit entries searched", len(said))


@pytest.fixture
def jetty_record_content() -> Sequence[str]:
    """Texts of the record that the action reads or changes; override it."""
    raise missing("jetty_record_content", "to know what the record holds")


@then("the entry holds none of the record's content")
def entry_without_content(jetty_driver: Driver, jetty_audit: Entries, jetty_record_content: Sequence[str]) -> None:
    """The record was shown to me, and is not in the log."""
    said = json.dumps(dict(_the_new_one(jetty_driver, jetty_audit)), default=str, ensure_ascii=False)
    texts = [each for each in jetty_record_content if each]
    assert texts, "`jetty_record_content` is empty, so nothing was searched"
    held = [each for each in texts if json.dumps(each, ensure_ascii=False)[1:-1] in said]
    assert not held, f"the entry holds {len(held)} of {len(texts)} texts of the record"


@then("it is refused or queued, never done silently")
def refused_or_queued(jetty_driver: Driver, jetty_snapshot: Callable[[], Any]) -> None:
    """Refused without breaking and without effect, or accepted for later with status 202."""
    response = jetty_driver.world.response
    if response is None:
        raise AssertionError("nothing was tried")
    if response.status_code == QUEUED:
        return
    must(jetty_driver.refused(response), f"it was done without an audit entry: {described(response)}")
    broken = response.status_code >= BROKEN and response.status_code != UNAVAILABLE
    must(not broken, f"it broke, rather than refused: {described(response)}")
    if UNTOUCHED not in jetty_driver.world.notes:
        raise Inconclusive("nothing was noted before the attempt, so nobody knows whether it had an effect")
    same = jetty_snapshot() == jetty_driver.world.notes[UNTOUCHED]
    must(same, f"it was refused ({described(response)}), and yet it changed what is stored")


def names_in(fields: str) -> list[str]:
    """`my user ID, timestamp, and IP address` as three names."""
    fields = re.sub(r"\b(\w+) and (\w+) value\b", r"\1 value, \2 value", fields)
    parts = re.split(r",\s*and\s+|,\s*|\s+and\s+", fields)
    return [re.sub(r"^(?:my|the|its|an|a)\s+", "", part.strip()) for part in parts if part.strip()]


def _the_new_one(driver: Driver, audit: Entries) -> Mapping[str, Any]:
    before = driver.world.notes.get("audited")
    assert before is not None, "nothing was done before this step, so no entry can be of it"
    new = _new_ones(audit, before)
    must(len(new) == 1, f"{len(new)} new audit entries for one action" if new else "there is no new audit entry")
    return new[0]


def _new_ones(audit: Entries, before: int) -> Sequence[Mapping[str, Any]]:
    """Those that came, as soon as there are two, or when no more come."""
    until = time.monotonic() + PATIENCE_S
    new: Sequence[Mapping[str, Any]] = ()
    while len(new) < 2 and time.monotonic() < until:  # noqa: PLR2004 - a second is one too many
        time.sleep(SETTLE_S)
        found = audit()[before:]
        until = time.monotonic() + QUIET_S if len(found) > len(new) else until
        new = found
    return new


def _check(driver: Driver, name: str, key: str, value: Any, expected: Mapping[str, Any]) -> None:
    if key in expected:
        assert value == expected[key], f"the {name} is {value!r}, and has to be {expected[key]!r}"
    elif key in _CHECKS:
        _CHECKS[key](driver, name, value)
    else:
        who: Persona = driver.world.notes.get("sender") or driver.me
        if name not in who.facts and key not in who.facts:
            raise Unavailable(
                f"nothing says what the {name} has to be: put `{key}` into the fixture `jetty_audit_expected`"
            )
        wanted = who.facts.get(name, who.facts.get(key))
        assert str(value) == str(wanted), f"the {name} is {value!r}, and has to be {wanted!r}"


def _is_me(driver: Driver, name: str, value: Any) -> None:
    who: Persona = driver.world.notes.get("sender") or driver.me
    if who.user_id is None:
        raise Unavailable(f"{who.name!r} has no `user_id` to compare with: override the fixture `jetty_users`")
    assert str(value) == who.user_id, f"the {name} is {value!r}, and I am {who.user_id!r}"


def _is_my_address(driver: Driver, name: str, value: Any) -> None:
    mine = driver.world.notes.get("address")
    if mine is None:
        raise Unavailable(f"which address I am seen at by {driver.base_url} is not known: set `Persona.address`")
    must(str(value) == mine, f"the {name} is {value!r}, and I sent from {mine!r}")


def is_now(driver: Driver, name: str, value: Any) -> None:
    """Fail unless a value is a time with an offset, within seconds of the last action."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise AssertionError(f"the {name} {value!r} is no time in ISO 8601") from None
    assert moment.tzinfo is not None, f"the {name} {value!r} has no offset, so it may be any hour"
    acted = driver.world.notes.get("acted_at", datetime.now(timezone.utc))
    assert abs(moment - acted) <= NEAR, f"the {name} {value!r} is not within 5 seconds of {acted.isoformat()}"


def _is_the_result(driver: Driver, name: str, value: Any) -> None:
    response = driver.world.response
    assert response is not None, "there is no answer to compare the result with"
    done = not driver.refused(response)
    words = set(re.split(r"[^a-z]+", str(value).casefold()))
    assert words & (DONE if done else REFUSED), (
        f"the {name} is {value!r}, and the action was {'done' if done else 'refused'}"
    )
    assert not words & (REFUSED if done else DONE), f"the {name} is {value!r}, which says both"


def _is_the_resource(driver: Driver, name: str, value: Any) -> None:
    response = driver.world.response
    who: Persona = driver.world.notes.get("sender") or driver.me
    assert response is not None, "there is no answer to compare the resource with"
    wanted = who.facts.get("resource", response.request.url.path)
    assert str(value) == wanted, f"the {name} is {value!r}, and the action was on {wanted!r}"


def _is_the_action(driver: Driver, name: str, value: Any) -> None:
    done = (driver.world.action or "").replace(" ", "_")
    assert str(value).casefold().replace(" ", "_").replace("-", "_") == done.casefold(), (
        f"the {name} is {value!r}, and I did {driver.world.action!r} (its name in your log goes into "
        "`jetty_audit_expected`)"
    )


_CHECKS: dict[str, Callable[[Driver, str, Any], None]] = {
    "user_id": _is_me, "source_ip": _is_my_address, "timestamp": is_now, "result": _is_the_result,
    "resource": _is_the_resource, "action": _is_the_action,
}  # fmt: skip


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Note what is there before each action of a scenario that asks for what is new, or whether anything is."""
    if step.type != "when":
        return
    names = [each.name for each in scenario.steps]
    if any(name.startswith("an audit log entry records") for name in names):
        audit = request.getfixturevalue("jetty_audit")
        note_before(request.getfixturevalue("jetty_world"), "audited", lambda: len(audit()))
    if "it is refused or queued, never done silently" in names:
        note_before(request.getfixturevalue("jetty_world"), UNTOUCHED, request.getfixturevalue("jetty_snapshot"))
