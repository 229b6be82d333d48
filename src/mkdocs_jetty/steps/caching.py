"""Phrases for what may be kept by browsers and proxies, and what may not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.ports import Request, missing
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.sessions"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
OK, NOT_MODIFIED = 200, 304


@pytest.fixture
def jetty_assets() -> Sequence[str]:
    """The paths of static assets, one of each kind; override it."""
    raise missing("jetty_assets", "to know a static asset")


@when("I request each static asset twice")
def _request_each_static_asset_twice(jetty_driver: Driver, jetty_assets: Sequence[str], jetty_measure: Measure) -> None:
    """The second time as a browser does that has it already."""
    pairs = []
    for path in jetty_assets:
        first = jetty_driver.get(path)
        assert first.status_code == OK, f"{path}: {described(first)}"
        known = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = {known[name]: first.headers[name] for name in known if name in first.headers}
        pairs.append((path, first, jetty_driver.send(Request("GET", path, headers=headers)) if headers else None))
    jetty_driver.world.notes["assets"] = pairs
    jetty_measure("assets", len(pairs))


@then(phrase("each may be cached for at least {span:Duration}"))
def _each_may_cached_at_least(span: timedelta, jetty_driver: Driver, jetty_measure: Measure) -> None:
    """And is immutable, or it would be asked for all the same."""
    pairs = jetty_driver.world.notes.get("assets")
    assert pairs, "no asset was requested"
    for path, first, _ in pairs:
        said = first.headers.get("cache-control", "")
        found = re.search(r"\bmax-age=(\d+)", said)
        assert found, f"{path}: Cache-Control is {said!r}"
        assert int(found[1]) >= span.total_seconds(), f"{path} may be cached for {found[1]} s, not {spoken(span)}"
        assert "no-store" not in said, f"{path}: Cache-Control is {said!r}"
        assert "immutable" in said, f"{path} is not immutable: Cache-Control is {said!r}"
    jetty_measure("asset", spoken(span))


@then("each can be revalidated")
def _each_can_revalidated(jetty_driver: Driver) -> None:
    pairs = jetty_driver.world.notes.get("assets")
    assert pairs, "no asset was requested"
    for path, _, second in pairs:
        assert second is not None, f"{path} has neither ETag nor Last-Modified"
        assert second.status_code == NOT_MODIFIED, f"{path}, which I had already: {described(second)}"


@then("a page for people who are signed in is never stored")
def _page_people_who_signed_never(jetty_driver: Driver, jetty_private_page: str) -> None:
    jetty_driver.sign_in(jetty_driver.me)
    response = jetty_driver.get(jetty_private_page)
    assert not jetty_driver.refused(response), f"I cannot open {jetty_private_page}: {described(response)}"
    said = response.headers.get("cache-control", "")
    assert "no-store" in said, f"{jetty_private_page}: Cache-Control is {said!r}"
