"""Paths that a system in production does not serve: the history of its source, settings, copies, pages for developers.

The list is `data/exposure.txt`. A system that answers every path with the same page serves none of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_bdd import then, when

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.client import Driver, blocked
from mkdocs_jetty.steps.corpora import Payload, entries
from mkdocs_jetty.steps.ports import Request, World, loopback

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["mkdocs_jetty.steps.client"]

Measure = Callable[[str, object], None]
FIRST_ADDRESS = 30_000
OK, NO_CONTENT, MULTIPLE = 200, 204, 300
SHOWN = 8


@dataclass(frozen=True)
class Answers:
    """What became of the list."""

    nowhere: httpx.Response
    """The answer to a path that nobody can have."""
    found: tuple[tuple[Payload, httpx.Response], ...]
    stranger: str


@when("I request each path from the exposure list")
def _request_each_path_from_exposure(jetty_driver: Driver, jetty_world: World, jetty_measure: Measure) -> None:
    stranger = f"/jetty-{secrets.token_hex(8)}"
    nowhere = _get(jetty_driver, stranger, FIRST_ADDRESS)
    listed = entries("exposure")
    found = tuple((each, _get(jetty_driver, each.text, FIRST_ADDRESS + 1 + at)) for at, each in enumerate(listed))
    jetty_world.notes["exposure"] = Answers(nowhere, found, stranger)
    jetty_measure("paths", len(listed))


@then("none of them is served")
@then("none answers with content")
def _none_them_served(jetty_world: World, jetty_measure: Measure) -> None:
    answers = jetty_world.notes.get("exposure")
    assert isinstance(answers, Answers), "no step before has requested the exposure list"
    assert answers.found, "no path was requested"
    limited = sum(blocked(response) for _, response in answers.found)
    if limited:
        raise Inconclusive(f"{limited} of {len(answers.found)} requests were turned away by a limiter")
    served = [entry.text for entry, response in answers.found if _is_served(entry, response, answers)]
    jetty_measure("served", len(served))
    more = f" and {len(served) - SHOWN} more" if len(served) > SHOWN else ""
    assert not served, f"served: {', '.join(served[:SHOWN])}{more}"


def _get(driver: Driver, path: str, number: int) -> httpx.Response:
    """Request a path as a stranger, from an address of its own where the limiter would take us for one client."""
    stranger = driver.somebody_else()
    who = replace(stranger, name=f"stranger {number}", address=loopback(number)) if driver.local else stranger
    client = driver.client(who)
    try:
        response = client.send(driver.build(Request("GET", path), who))
        if response.is_redirect and response.headers["location"].split("?")[0].endswith(f"{path}/"):
            response = client.send(driver.build(Request("GET", f"{path}/"), who))
        return response
    finally:
        if driver.local:
            driver.forget(who)


def _is_served(entry: Payload, response: httpx.Response, answers: Answers) -> bool:
    if not OK <= response.status_code < MULTIPLE or response.status_code == NO_CONTENT or not response.content:
        return False
    if entry.sign == "shows" and entry.value not in response.text:
        return False
    return _plain(response, entry.text) != _plain(answers.nowhere, answers.stranger)


def _plain(response: httpx.Response, path: str) -> tuple[int, str]:
    """An answer without the path in it, which a page for everything may repeat."""
    return response.status_code, response.text.replace(path, "").replace(path.lstrip("/"), "")
