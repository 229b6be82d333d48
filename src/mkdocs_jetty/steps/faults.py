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

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.alike import changed
from mkdocs_jetty.steps.client import Driver, described, need_httpx
from mkdocs_jetty.steps.http import aside
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
PEACEFUL = 2
"""How often an action is done in peace: twice shows what varies by itself."""
SLOWER_S = 0.25
"""An answer that takes so much longer than in peace shows that something is broken. Judgement."""
COMPARED = ("I get an answer within", "each attempt ends within")
"""Outcomes that show nothing where the answer is the same in peace."""
TRIED = re.compile(r"I (?:try to|successfully) (.+)")
REQUESTED = re.compile(r"I request (?:(?P<path>/\S*)|the (?P<page>.+) page)")


# ---- dependencies ----


@pytest.fixture
def jetty_broken(jetty_target: Target, jetty_faults: Faults) -> Iterator[Faults]:
    """The port `jetty_faults`, allowed to be used, and mended at the end."""
    allow(jetty_target, "fault")
    yield jetty_faults
    jetty_faults.restore()


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Note what a scenario will do, so that it can be done in peace before something is broken."""
    if step.name.startswith("the ") and any(each.name.startswith(COMPARED) for each in scenario.steps):
        at = next((number for number, each in enumerate(scenario.steps) if each is step), 0)
        request.getfixturevalue("jetty_world").notes["ahead"] = [each.name for each in scenario.steps[at + 1 :]]


def _break(request: pytest.FixtureRequest, dependency: str, fault: str, **details: Any) -> None:
    faults: Faults = request.getfixturevalue("jetty_broken")
    world: World = request.getfixturevalue("jetty_world")
    if world.notes.get("ahead") and "peace" not in world.notes:
        world.notes["peace"] = _in_peace(request.getfixturevalue("jetty_driver"), world.notes["ahead"])
    try:
        faults.break_(dependency, fault, **details)
    except (KeyError, NotImplementedError) as error:
        raise Unavailable(
            f"`jetty_faults` cannot break the {dependency}: {error.args[0] if error.args else error!r}"
        ) from None
    world.notes.setdefault("broken", []).append(dependency)
    world.notes["broken_since"] = len(world.responses)


def _in_peace(driver: Driver, ahead: Sequence[str]) -> list[tuple[Any, Any]]:
    """Do what the steps ahead will do, before anything is broken: each answer, and the page that it leads to."""
    found = []
    with aside(driver):
        for ask in filter(None, (_asks(driver, name) for name in dict.fromkeys(ahead))):
            answers = [ask() for _ in range(PEACEFUL)]
            found += [(each, driver.final(each)) for each in answers]
    driver.mark()  # this was not the attempt
    return found


def _asks(driver: Driver, step: str) -> Callable[[], Any] | None:
    """Return what a step sends, as far as its words tell: an action that they name, or a page."""
    named = TRIED.fullmatch(step)
    actions = [named[1]] if named else [each for each in driver.actions if each in step]
    if actions:
        return partial(driver.act, max(actions, key=len))
    wanted = REQUESTED.fullmatch(step)
    return partial(driver.get, wanted["path"] or driver.path_of(wanted["page"])) if wanted else None


@given(phrase("the {dependency} is unavailable"))
@when(phrase("the {dependency} is unavailable"))
def _unavailable(dependency: str, request: pytest.FixtureRequest) -> None:
    _break(request, dependency, "down")


@given(phrase("the {dependency} answers after {span:Duration}"))
def _answers_after(dependency: str, span: timedelta, request: pytest.FixtureRequest) -> None:
    _break(request, dependency, "slow", seconds=span.total_seconds())


@given(phrase("the {dependency} never answers"))
def _never_answers(dependency: str, request: pytest.FixtureRequest) -> None:
    _break(request, dependency, "hang")


@given(phrase("the {dependency} drops {share:Percent} of connections"))
def _drops_connections(dependency: str, share: float, request: pytest.FixtureRequest) -> None:
    _break(request, dependency, "drop", percent=share)


@then(phrase("I get an answer within {limit:Duration} that says what is missing"))
def _get_answer_within_says_what(
    limit: timedelta, jetty_driver: Driver, jetty_world: World, jetty_missing_texts: Mapping[str, str],
    jetty_measure: Measure,
) -> None:  # fmt: skip
    """In peace it must not say so too: then it would say nothing of what is missing."""
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
    always = [each for each in texts if any(_says(page, each) for _, page in _peace(jetty_driver))]
    if always:
        raise Inconclusive(f"the answer says {' and '.join(map(repr, always))} in peace too; name in "
                           "`jetty_missing_texts` what it says only when that is missing")  # fmt: skip


@then(phrase("full service returns within {limit:Duration}"))
@then(phrase("full service returns within {limit:Duration} of its return"))
def _full_service_returns_within(
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
def _each_attempt_ends_within(
    limit: timedelta, jetty_driver: Driver, jetty_broken: Faults, jetty_world: World, jetty_measure: Measure
) -> None:  # fmt: skip
    """Whatever they end with; and what is broken was called, or else it shows in the answers."""
    attempts = _attempts(jetty_world)
    slowest = max(map(_elapsed, attempts))
    jetty_measure("timeout", spoken(limit))
    jetty_measure("slowest attempt", milliseconds(slowest))
    assert slowest <= limit.total_seconds(), f"an attempt took {slowest:.2f} s, of at most {spoken(limit)}"
    for dependency in _broken(jetty_world):
        called = _calls(jetty_broken, dependency)
        if called == 0:
            raise Inconclusive(f"the {dependency} was never called, so nothing shows that an attempt does without it")
        if called is None and not _shows(jetty_driver, attempts, slowest):
            raise Inconclusive(f"the answers are those of peace: nothing shows that the {dependency} is broken, or "
                               "that it is called (a method `calls(dependency)` of `jetty_faults` would)")  # fmt: skip


@then(phrase("the {dependency} got at most {most:Count} calls"))
def _got_at_most_calls(
    dependency: str, most: int, jetty_broken: Faults, jetty_world: World, jetty_measure: Measure
) -> None:
    attempts, calls = len(_attempts(jetty_world)), _calls(jetty_broken, dependency)
    if calls is None:
        raise Unavailable("`jetty_faults` has no method `calls(dependency)` that can tell, so nobody counted")
    jetty_measure("calls", calls)
    jetty_measure("retries", max(ceil(calls / attempts) - 1, 0))
    assert calls > 0, f"the {dependency} was never called, so nothing was retried and nothing is shown"
    assert calls <= most, f"{attempts} attempts made {calls} calls to the {dependency}, of at most {most}"


def _calls(faults: Faults, dependency: str) -> int | None:
    """Tell how often a dependency was called since it is broken; None where nobody can tell."""
    count = getattr(faults, "calls", None)
    counted = count(dependency) if count else None
    return None if counted is None else int(counted)


def _peace(driver: Driver) -> Sequence[tuple[Any, Any]]:
    """The answers in peace, and the pages that they led to.

    Raises:
        Inconclusive: If there are none, or they are refusals: then there is nothing to compare with.
    """
    peace: Sequence[tuple[Any, Any]] = driver.world.notes.get("peace", ())
    if not peace:
        raise Inconclusive("nobody knows the answer in peace: say what is done in the words `I try to …`, after the "
                           "step that breaks something")  # fmt: skip
    for answer, _ in peace:
        if driver.refused(answer):
            raise Inconclusive(f"it was refused in peace, when nothing was broken yet: {described(answer)}; break it "
                               "in the last step before the attempt")  # fmt: skip
    return peace


def _shows(driver: Driver, attempts: Sequence[Any], slowest: float) -> bool:
    """Tell whether the fault can be seen in the answers."""
    peace = [answer for answer, _ in _peace(driver)]
    return slowest > max(map(_elapsed, peace)) + SLOWER_S or any(changed(peace, each) for each in attempts)


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
def _try(action: str, jetty_driver: Driver) -> None:
    """Whatever comes of it: the next steps say what has to."""
    jetty_driver.act(action)


# ---- unexpected errors ----


@then(phrase("an error event with release and request reference is recorded within {limit:Duration}"))
def _error_event_release_request_reference(
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
    """Return what an answer gives to be asked about: a header with an id, or a long enough word that is one."""
    for name in ("x-request-id", "x-correlation-id", "request-id", "x-trace-id"):
        if response.headers.get(name):
            return str(response.headers[name])
    found = re.search(r"(?i)\b(?:reference|request|error|trace|incident)[\s_-]*(?:id|no\.?|number)?\W{1,20}(?:<\w+>)?"
                      r"([0-9a-f][0-9a-f-]{7,63}|[A-Z0-9][A-Z0-9-]{7,31})\b", response.text)  # fmt: skip
    return found[1] if found else None
