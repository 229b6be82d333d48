"""Phrases for what belongs to somebody else: another user's objects, another tenant's data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from pytest_bdd import then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.ports import Persona, Request, missing

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

Measure = Callable[[str, object], None]


@dataclass(frozen=True)
class Tenants:
    """Two tenants with the same kind of data, seen by a user of the first.

    Attributes:
        user: A user of the first tenant.
        requests: Every operation, on an object of the second tenant.
        lists: The paths of lists, counts and searches, as the user sees them.
        own: A text in them that belongs to the first tenant.
        others: Texts that belong to the second.
    """

    user: Persona
    requests: Sequence[Request]
    lists: Sequence[str]
    own: str
    others: Sequence[str]


@pytest.fixture
def jetty_foreign() -> Sequence[Request]:
    """Requests that read, change and delete an object of another user; override it."""
    raise missing("jetty_foreign", "requests for an object of another user")


@pytest.fixture
def jetty_tenants() -> Tenants:
    """Two tenants; override it."""
    raise missing("jetty_tenants", "two tenants with data")


@when("I reach for each object of another user")
def _(jetty_driver: Driver, jetty_foreign: Sequence[Request], jetty_measure: Measure) -> None:
    _try_each(jetty_driver, jetty_foreign, jetty_driver.me)
    jetty_measure("operations", len(jetty_foreign))


@when("a user of one tenant tries each operation on another")
def _(jetty_driver: Driver, jetty_tenants: Tenants, jetty_measure: Measure) -> None:
    who = jetty_tenants.user
    jetty_driver.world.persona = who
    jetty_driver.sign_in(who)
    _try_each(jetty_driver, jetty_tenants.requests, who)
    jetty_measure("operations", len(jetty_tenants.requests))


def _try_each(driver: Driver, requests: Sequence[Request], who: Persona) -> None:
    driver.world.notes["many"] = [(f"{each.method} {each.path}", driver.send(each, who)) for each in requests]


@then("no list shows anything of the other tenant")
def _(jetty_driver: Driver, jetty_tenants: Tenants) -> None:
    """And each shows what is one's own, or it would show nothing to anybody."""
    assert jetty_tenants.lists, "there is no list to look at"
    for path in jetty_tenants.lists:
        response = jetty_driver.get(path, jetty_tenants.user)
        if not jetty_driver.accepted(response) or jetty_tenants.own not in response.text:
            raise Inconclusive(f"{path} does not show {jetty_tenants.own!r} either: {described(response)}")
        shown = [each for each in jetty_tenants.others if each in response.text]
        assert not shown, f"{path} shows {', '.join(map(repr, shown))} of the other tenant"
