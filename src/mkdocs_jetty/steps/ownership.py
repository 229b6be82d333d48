"""Phrases for what belongs to somebody else: another user's objects, another tenant's data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_bdd import then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.http import opener
from mkdocs_jetty.steps.ports import Persona, Request, missing

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.http"]

Measure = Callable[[str, object], None]
READING = frozenset({"GET", "HEAD"})
NOT_FOUND = 404


@dataclass(frozen=True)
class Tenants:
    """Two tenants with the same kind of data, seen by a user of the first.

    Attributes:
        user: A user of the first tenant.
        requests: Every operation, on an object of the second tenant.
        lists: The paths of lists, counts and searches, as the user sees them.
        own: A text in them that belongs to the first tenant.
        others: Texts that belong to the second.
        other: A user of the second tenant, for whom the requests have to work; somebody else of `jetty_users` unless
            you say who.
    """

    user: Persona
    requests: Sequence[Request]
    lists: Sequence[str]
    own: str
    others: Sequence[str]
    other: Persona | None = None


@pytest.fixture
def jetty_foreign() -> Sequence[Request]:
    """Requests that read, change and delete an object of another user; override it.

    At least one has to read it (GET), so that its owner can show that it is there.
    """
    raise missing("jetty_foreign", "requests for an object of another user")


@pytest.fixture
def jetty_owner() -> Persona | None:
    """Whose the objects of `jetty_foreign` are; somebody else of `jetty_users` unless you say who."""
    return None


@pytest.fixture
def jetty_tenants() -> Tenants:
    """Two tenants; override it."""
    raise missing("jetty_tenants", "two tenants with data")


@when("I reach for each object of another user")
def _reach_each_object_another_user(
    jetty_driver: Driver, jetty_foreign: Sequence[Request], jetty_owner: Persona | None, jetty_measure: Measure
) -> None:
    _try_each(jetty_driver, jetty_foreign, jetty_driver.me, jetty_owner)
    jetty_measure("operations", len(jetty_foreign))


@when("a user of one tenant tries each operation on another")
def _user_one_tenant_tries_each(jetty_driver: Driver, jetty_tenants: Tenants, jetty_measure: Measure) -> None:
    who = jetty_tenants.user
    jetty_driver.world.persona = who
    jetty_driver.sign_in(who)
    _try_each(jetty_driver, jetty_tenants.requests, who, jetty_tenants.other)
    jetty_measure("operations", len(jetty_tenants.requests))


def _try_each(driver: Driver, requests: Sequence[Request], who: Persona, owner: Persona | None) -> None:
    """As somebody who may not; before, its owner reads what is asked for, to show that it is there."""
    reads = [each for each in requests if each.method.upper() in READING]
    can = opener(driver, owner or driver.somebody_else())
    read = {each.path for each in reads if can(each)}
    driver.mark()  # signing in was not the attempt
    answers = [(each, driver.send(each, who)) for each in requests]
    driver.world.notes["many"] = [(_named(each), answer) for each, answer in answers]
    unshown = [f"its owner cannot {_named(each)}" for each in reads if each.path not in read]
    unshown += [f"nobody could see that what {_named(each)} is about is there: add a request that reads it (GET)"
                for each, answer in answers if each not in reads and not _is_there(each, answer, read)]  # fmt: skip
    driver.world.notes["unshown"] = unshown


def _is_there(request: Request, answer: Any, read: Collection[str]) -> bool:
    """Tell whether something else shows that there is what a request would change: it may not be done to see it.

    Either what is read at that path or above it opens for the owner; or the refusal does not say that there is nothing,
    and at least something opens for the owner.
    """
    place = f"{urlsplit(request.path).path.rstrip('/')}/"
    below = any(place.startswith(f"{urlsplit(path).path.rstrip('/')}/") for path in read)
    return below or (bool(read) and answer.status_code != NOT_FOUND)


def _named(request: Request) -> str:
    return f"{request.method} {request.path}"


@then("no list shows anything of the other tenant")
def _no_list_shows_anything_other(jetty_driver: Driver, jetty_tenants: Tenants) -> None:
    """And each shows what is one's own, or it would show nothing to anybody."""
    assert jetty_tenants.lists, "there is no list to look at"
    for path in jetty_tenants.lists:
        response = jetty_driver.get(path, jetty_tenants.user)
        if not jetty_driver.accepted(response) or jetty_tenants.own not in response.text:
            raise Inconclusive(f"{path} does not show {jetty_tenants.own!r} either: {described(response)}")
        shown = [each for each in jetty_tenants.others if each in response.text]
        assert not shown, f"{path} shows {', '.join(map(repr, shown))} of the other tenant"
