"""Phrases for what an unexpected error shows: a reference to ask about, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.corpora import revealed
from mkdocs_jetty.steps.faults import reference_of
from mkdocs_jetty.steps.ports import missing
from mkdocs_jetty.steps.safety import allow

pytest_plugins = ["mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client"]

BROKEN = 500
Unexpected = Callable[[str], AbstractContextManager[object]]


@pytest.fixture
def jetty_unexpected() -> Unexpected:
    """Makes an unexpected error occur in an action for as long as a `with` block lasts; override it."""
    raise missing("jetty_unexpected", "a way to make an unexpected error occur")


@when(parsers.parse("an unexpected error occurs in {action}"))
def unexpected(jetty_driver: Driver, jetty_unexpected: Unexpected, action: str) -> None:
    """Do it while it is broken."""
    allow(jetty_driver.target, "fault")
    with jetty_unexpected(action):
        response = jetty_driver.act(action)
    if response.status_code < BROKEN:
        raise Inconclusive(f"the action did not break, so nothing was shown: {described(response)}")


@then("the response is a general error with a reference")
def general_error(jetty_driver: Driver) -> None:
    """A status of 500 or above, and something to quote to whoever looks into it."""
    response = jetty_driver.world.response
    assert response is not None, "there is no response"
    assert response.status_code >= BROKEN, f"the answer was {described(response)}"
    assert reference_of(response), f"there is no reference in it: {described(response)}"


@then("it holds no stack trace, query, path or version")
def holds_nothing_internal(jetty_driver: Driver) -> None:
    """Neither in its text nor in its headers."""
    response = jetty_driver.world.response
    assert response is not None, "there is no response"
    found = revealed(response)
    assert not found, f"the answer of {response.request.url.path} holds {found!r}"
