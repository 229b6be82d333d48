"""What the system depends on breaks: it is away, slow, silent or unreliable, and the system has to do without.

Whatever a scenario broke is mended when it ends, also when it failed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.client import Driver, described, need_httpx
from mkdocs_jetty.steps.ports import Faults, Target, World
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
SERVER_ERROR, UNAVAILABLE = 500, 503
PAUSE_S = 0.1
START_S = 30.0


# ---- dependencies ----


@pytest.fixture
def jetty_broken(jetty_target: Target, jetty_faults: Faults) -> Iterator[Faults]:
    """The port `jetty_faults`, allowed to be used, and mended at the end."""
    allow(jetty_target, "fault")
    yield jetty_faults
    jetty_faults.restore()


def _break(faults: Faults, world: World, dependency: str, fault: str, **details: Any) -> None:
    try:
        faults.break_(dependency, fault, **details)
    except (KeyError, NotImplementedError) as error:
        raise Unavailable(
            f"`jetty_faults` cannot break the {dependency}: {error.args[0] if error.args else error!r}"
        ) from None
    world.notes.setdefault("broken", []).append(dependency)
    world.notes["broken_since"] = len(world.responses)


@given(phrase("the {dependency} is unavailable"))
@when(phrase("the {dependency} is unavailable"))
def _(dependency: str, jetty_broken: Faults, jetty_world: World) -> None:
    _break(jetty_broken, jetty_world, dependency, "down")


@given(phrase("the {dependency} answers after {span:Duration}"))
def _(dependency: str, span: timedelta, jetty_broken: Faults, jetty_world: World) -> None:
    _break(jetty_broken, jetty_world, dependency, "slow", seconds=span.total_seconds())


@given(phrase("the {dependency} never answers"))
def _(dependency: str, jetty_broken: Faults, jetty_world: World) -> None:
    _break(jetty_broken, jetty_world, dependency, "hang")


@given(phrase("the {dependency} drops {share:Percent} of connections"))
def _(dependency: str, share: float, jetty_broken: Faults, jetty_world: World) -> None:
    _break(jetty_broken, jetty_world, dependency, "drop", percent=share)


@then(phrase("I get an answer within {limit:Duration} that says what is missing"))
def _(
    limit: timedelta, jetty_driver: Driver, jetty_world: World, jetty_missing_texts: Mapping[str, str],
    jetty_measure: Measure,
) -> None:  # fmt: skip
    broken = _broken(jetty_world)
    response = jetty_world.response
    assert response is not None, "nothing was asked for since"
    took = _elapsed(response)
    shown = jetty_driver.final(response)
    jetty_measure("within", spoken(limit))
    jetty_measure("answered after", milliseconds(took))
    assert took <= limit.total_seconds(), f"the answer took {took:.2f} s, of at most {spoken(limit)}"
    for each in (response, shown):
        status = each.status_code
        assert status < SERVER_ERROR or status == UNAVAILABLE, f"it broke instead of doing without: {described(each)}"
    texts = [jetty_missing_texts.get(each, each) for each in broken]
    silent = [each for each in texts if not _says(shown, each)]
    assert not silent, f"the answer does not say {' or '.join(map(repr, silent))}: {described(shown)}"


@then(phrase("full service returns within {limit:Duration}"))
@then(phrase("full service returns within {limit:Duration} of its return"))
def _(
    limit: timedelta, jetty_driver: Driver, jetty_world: World, jetty_broken: Faults,
    jetty_missing_texts: Mapping[str, str], jetty_measure: Measure,
) -> None:  # fmt: skip
    broken = [jetty_missing_texts.get(each, each) for each in _broken(jetty_world)]
    action = jetty_world.action
    assert action is not None, "nothing was done before, so nothing shows that service is full"

    def full() -> str | None:
        response = jetty_driver.final(jetty_driver.act(action))
        if not jetty_driver.accepted(response):
            return described(response)
        return next((f"it still says {each!r}" for each in broken if _says(response, each)), None)

    jetty_broken.restore()
    took = until(full, limit, f"`{action}` did not work again")
    jetty_measure("back", spoken(limit))
    jetty_measure("back after", milliseconds(took))


@then(phrase("each attempt ends within {limit:Duration}"))
def _(limit: timedelta, jetty_world: World, jetty_measure: Measure) -> None:
    attempts = _attempts(jetty_world)
    slowest = max(map(_elapsed, attempts))
    jetty_measure("timeout", spoken(limit))
    jetty_measure("slowest attempt", milliseconds(slowest))
    assert slowest <= limit.total_seconds(), f"an attempt took {slowest:.2f} s, of at most {spoken(limit)}"


@then(phrase("the {dependency} got at most {most:Count} calls"))
def _(dependency: str, most: int, jetty_broken: Faults, jetty_world: World, jetty_measure: Measure) -> None:
    count = getattr(jetty_broken, "calls", None)
    if count is None:
        raise Unavailable("`jetty_faults` has no method `calls(dependency)`, so nobody counted")
    attempts, calls = len(_attempts(jetty_world)), int(count(dependency))
    jetty_measure("calls", calls)
    jetty_measure("retries", max(ceil(calls / attempts) - 1, 0))
    assert calls > 0, f"the {dependency} was never called, so nothing was retried and nothing is shown"
    assert calls <= most, f"{attempts} attempts made {calls} calls to the {dependency}, of at most {most}"


def _broken(world: World) -> list[str]:
    broken: list[str] = world.notes.get("broken", [])
    assert broken, "no step before has broken anything"
    return broken


def _attempts(world: World) -> Sequence[Any]:
    _broken(world)
    attempts = world.responses[world.notes["broken_since"] :]
    assert attempts, "nothing was attempted since"
    return attempts


def _says(response: httpx.Response, text: str) -> bool:
    return " ".join(text.split()).casefold() in " ".join(response.text.split()).casefold()


def _elapsed(response: httpx.Response) -> float:
    return sum(each.elapsed.total_seconds() for each in (*response.history, response))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def until(failing: Callable[[], str | None], limit: timedelta, what: str) -> float:
    """Try until it works; gives the seconds that took."""
    errors = (need_httpx().TransportError, OSError)
    started = time.monotonic()
    while True:
        try:
            why = failing()
        except errors as error:
            why = f"{type(error).__name__}: {error}"
        took = time.monotonic() - started
        if why is None and took <= limit.total_seconds():
            return took
        assert took < limit.total_seconds(), f"{what} within {spoken(limit)}: {why or 'it worked too late'}"
        time.sleep(PAUSE_S)


@when(parsers.re(r"I try to (?P<action>(?!.* without permission$).+)"))
def _(action: str, jetty_driver: Driver) -> None:
    """Whatever comes of it: the next steps say what has to."""
    jetty_driver.act(action)


# ---- unexpected errors ----


@then(phrase("an error event with release and request reference is recorded within {limit:Duration}"))
def _(
    limit: timedelta, jetty_world: World, jetty_logs: Callable[[], Sequence[Mapping[str, Any]]], jetty_measure: Measure
) -> None:
    assert jetty_world.response is not None, "there is no response"
    reference = reference_of(jetty_world.response)
    assert reference, f"the response holds no reference: {described(jetty_world.response)}"

    def recorded() -> str | None:
        events = [each for each in jetty_logs() if reference in map(str, each.values())]
        errors = [each for each in events if str(each.get("level", "")).casefold() in {"error", "critical", "fatal"}]
        if not errors:
            return f"of {len(events)} log lines with the reference {reference}, none is an error"
        return None if any(each.get("release") for each in errors) else "the event does not name its `release`"

    took = until(recorded, limit, "no error event was recorded")
    jetty_measure("within", spoken(limit))
    jetty_measure("recorded after", milliseconds(took))


def reference_of(response: httpx.Response) -> str | None:
    """What an answer gives to be asked about: a header with an id, or a long enough word that is one."""
    for name in ("x-request-id", "x-correlation-id", "request-id", "x-trace-id"):
        if response.headers.get(name):
            return str(response.headers[name])
    found = re.search(r"(?i)\b(?:reference|request|error|trace|incident)[\s_-]*(?:id|no\.?|number)?\W{1,20}(?:<\w+>)?"
                      r"([0-9a-f][0-9a-f-]{7,63}|[A-Z0-9][A-Z0-9-]{7,31})\b", response.text)  # fmt: skip
    return found[1] if found else None
