"""Phrases for running a system: health, alerts, work in the background, queries, instances that are replaced."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

import pytest
from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described, note_before
from mkdocs_jetty.steps.faults import milliseconds, until
from mkdocs_jetty.steps.limits import at_once
from mkdocs_jetty.steps.ports import Deploy, Faults, Load, Target, World, missing
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.faults"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Queries = Callable[[], Sequence[tuple[str, float]]]
OK, MULTIPLE, UNAVAILABLE = 200, 300, 503
PAUSE_S = 0.05
START_S = 5.0


class Jobs(Protocol):
    """Work that is done in the background."""

    def queue(self, count: int) -> None:
        """Queue so many jobs at once."""

    def waiting(self) -> int:
        """Tell how many wait."""

    def oldest(self) -> timedelta:
        """Tell how long the oldest of them has waited; zero if none does."""

    def done(self) -> int:
        """Tell how many were done so far."""


@pytest.fixture
def jetty_health() -> Mapping[str, str]:
    """The paths of the checks: `{"readiness": "/ready", "liveness": "/live"}`; override it."""
    raise missing("jetty_health", "the paths of the health checks")


@pytest.fixture
def jetty_alerts() -> Callable[[], Sequence[Any]]:
    """Gives all alerts that were raised, oldest first; override it."""
    raise missing("jetty_alerts", "to see which alerts were raised")


@pytest.fixture
def jetty_jobs() -> Jobs:
    """Work in the background; override it."""
    raise missing("jetty_jobs", "to queue jobs and to see them wait")


@pytest.fixture
def jetty_queries() -> Queries:
    """Gives all queries that the database ran, with the seconds each took, oldest first; override it."""
    raise missing("jetty_queries", "to see which queries the database ran")


@pytest.fixture
def jetty_results() -> Callable[[int], None]:
    """Fills the data so that the action of the feature has so many results; override it."""
    raise missing("jetty_results", "to fill the data with results")


# ---- health ----


def _check(driver: Driver, health: Mapping[str, str], name: str) -> Any:
    if name not in health:
        raise Unavailable(f"`jetty_health` has no path for `{name}`")
    return driver.get(health[name])


def _passes(response: Any) -> bool:
    return bool(OK <= response.status_code < MULTIPLE)


@then(phrase("the readiness check fails within {limit:Duration}"))
def _readiness_check_fails_within(
    limit: timedelta, jetty_driver: Driver, jetty_health: Mapping[str, str], jetty_measure: Measure
) -> None:
    def failing() -> str | None:
        response = _check(jetty_driver, jetty_health, "readiness")
        return described(response) if _passes(response) else None

    took = until(failing, limit, "the readiness check still passes")
    jetty_measure("within", spoken(limit))
    jetty_measure("failed after", milliseconds(took))


@then("the liveness check still passes")
def _liveness_check_still_passes(jetty_driver: Driver, jetty_health: Mapping[str, str]) -> None:
    response = _check(jetty_driver, jetty_health, "liveness")
    assert _passes(response), f"the liveness check fails: {described(response)}"


@then(phrase("the readiness check passes within {limit:Duration} of its return"))
def _readiness_check_passes_within_return(
    limit: timedelta,
    jetty_driver: Driver,
    jetty_health: Mapping[str, str],
    jetty_broken: Faults,
    jetty_measure: Measure,
) -> None:
    """By itself: nothing is restarted."""

    def failing() -> str | None:
        response = _check(jetty_driver, jetty_health, "readiness")
        return None if _passes(response) else described(response)

    jetty_broken.restore()
    jetty_measure("back after", milliseconds(until(failing, limit, "the readiness check does not pass again")))


# ---- alerts ----


@when(phrase("{n:Count} sign-ins fail for one account within {window:Duration}"))
def _sign_ins_fail_one_account(
    n: int, window: timedelta, jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure
) -> None:
    allow(jetty_driver.target, "load")
    cap(jetty_load, requests=n)
    name = next((each for each in ("sign in", "log in") if each in jetty_driver.actions), "sign in")
    started = time.monotonic()
    for _each in range(n):
        response = jetty_driver.act(name, valid=False)
        assert not jetty_driver.accepted(response), f"wrong credentials were accepted: {described(response)}"
    if time.monotonic() - started > window.total_seconds():
        raise Inconclusive(f"the driver itself needed longer than {spoken(window)}")
    jetty_measure("failures", n)


@then(phrase("a security alert is raised within {limit:Duration}"))
@then(phrase("an alert is raised within {limit:Duration}"))
def _security_alert_raised_within(
    limit: timedelta, jetty_world: World, jetty_alerts: Callable[[], Sequence[Any]], jetty_measure: Measure
) -> None:
    before = jetty_world.notes.get("alerts")
    assert before is not None, "nothing was done before this step"

    def raised() -> str | None:
        return None if len(jetty_alerts()) > before else "there is no new alert"

    took = until(raised, limit, "nobody was alerted")
    jetty_measure("within", spoken(limit))
    jetty_measure("alerted after", milliseconds(took))


# ---- work in the background ----


@when(phrase("{n:Count} jobs are queued at once"))
def _jobs_queued_at_once(n: int, jetty_target: Target, jetty_load: Load, jetty_jobs: Jobs, jetty_world: World) -> None:
    allow(jetty_target, "load")
    cap(jetty_load, requests=n)
    jetty_world.notes["queued"] = (n, jetty_jobs.done(), time.monotonic())
    jetty_jobs.queue(n)


@then(phrase("no job waits longer than {age:Duration}"))
def _no_job_waits_longer_than(age: timedelta, jetty_jobs: Jobs, jetty_world: World, jetty_measure: Measure) -> None:
    """Watched until none waits."""
    assert "queued" in jetty_world.notes, "no job was queued"
    jetty_measure("age", spoken(age))
    longest = timedelta()
    while jetty_jobs.waiting():
        longest = max(longest, jetty_jobs.oldest())
        assert longest <= age, f"a job has waited {longest.total_seconds():.1f} s, and {spoken(age)} are allowed"
        time.sleep(PAUSE_S)
    jetty_measure("observed age", milliseconds(longest.total_seconds()))


@then(phrase("the backlog is empty within {limit:Duration} and every job is done"))
def _backlog_empty_within_every_job(
    limit: timedelta, jetty_jobs: Jobs, jetty_world: World, jetty_measure: Measure
) -> None:
    assert "queued" in jetty_world.notes, "no job was queued"
    n, before, since = jetty_world.notes["queued"]
    left = limit - timedelta(seconds=time.monotonic() - since)

    def working() -> str | None:
        done = jetty_jobs.done() - before
        return (
            None if not jetty_jobs.waiting() and done == n else f"{jetty_jobs.waiting()} wait, {done} of {n} are done"
        )

    until(working, max(left, timedelta()), "the backlog is not empty")
    jetty_measure("after", spoken(limit))


# ---- queries ----


@when(phrase("{action} runs with {few:Count} and with {many:Count} results"))
def _runs_results(
    action: str, few: int, many: int, jetty_driver: Driver, jetty_queries: Queries, jetty_results: Callable[[int], None]
) -> None:
    runs = []
    for count in (few, many):
        jetty_results(count)
        before = len(jetty_queries())
        response = jetty_driver.act(action)
        assert jetty_driver.accepted(response), f"I could not {action}: {described(response)}"
        runs.append(list(jetty_queries()[before:]))
    if not all(runs):
        raise Inconclusive(f"`{action}` ran no query that `jetty_queries` shows")
    jetty_driver.world.notes["queries"] = runs


def _runs(world: World) -> Sequence[Sequence[tuple[str, float]]]:
    runs: Sequence[Sequence[tuple[str, float]]] | None = world.notes.get("queries")
    assert runs, "no query was counted"
    return runs


@then(phrase("it runs at most {most:Count} queries"))
def _runs_at_most_queries(most: int, jetty_world: World, jetty_measure: Measure) -> None:
    number = max(map(len, _runs(jetty_world)))
    jetty_measure("queries", most)
    jetty_measure("observed queries", number)
    assert number <= most, f"it ran {number} queries, and at most {most} are allowed"


@then("the number of queries is the same")
def _number_queries_same(jetty_world: World) -> None:
    few, many = map(len, _runs(jetty_world))
    assert few == many, f"{few} queries for few results, {many} for many"


@then(phrase("no query takes longer than {limit:Duration}"))
def _no_query_takes_longer_than(limit: timedelta, jetty_world: World, jetty_measure: Measure) -> None:
    slowest, text = max((seconds, text) for run in _runs(jetty_world) for text, seconds in run)
    jetty_measure("slow", spoken(limit))
    assert slowest <= limit.total_seconds(), f"{text[:80]!r} took {milliseconds(slowest)}"


# ---- instances ----


@then(phrase("the lost instance is replaced within {limit:Duration}"))
def _lost_instance_replaced_within(
    limit: timedelta, jetty_deploy: Deploy, jetty_world: World, jetty_measure: Measure
) -> None:
    before = jetty_world.notes.get("instances")
    assert before, "no instance was counted before one was lost"

    def lacking() -> str | None:
        now = _instances(jetty_deploy)
        return None if now >= before else f"{now} of {before} run"

    took = until(lacking, limit, "the instance was not replaced")
    jetty_measure("heal", spoken(limit))
    jetty_measure("healed after", milliseconds(took))


def _instances(deploy: Deploy) -> int:
    count = getattr(deploy, "instances", None)
    if count is None:
        raise Unavailable("`jetty_deploy` has no method `instances()`, so nobody knows how many run")
    return int(count())


# ---- more than it can carry ----


@when(phrase("{n:Count} users {action} at once, which is {factor} the capacity"))
def _users_at_once_which_capacity(
    n: int, action: str, factor: str, jetty_driver: Driver, jetty_load: Load, jetty_measure: Measure
) -> None:
    """All at the same moment; then the next one, to see that it has passed."""
    allow(jetty_driver.target, "load")
    cap(jetty_load, users=n, requests=n)
    request = jetty_driver.request(action)
    started = time.monotonic()
    answers = at_once(jetty_driver, [request] * n, jetty_driver.me)
    ended = time.monotonic()
    jetty_driver.world.action = action
    jetty_driver.world.notes["peak answers"] = (answers, ended)
    jetty_measure("users", n)
    jetty_measure("factor", factor)
    jetty_measure("peak", milliseconds(ended - started))


@then("requests beyond the capacity are refused with status 503 and a retry time")
def _requests_beyond_capacity_refused_status(jetty_world: World, jetty_measure: Measure) -> None:
    """Some are served, the rest refused in this way, and nothing else comes of any."""
    assert "peak answers" in jetty_world.notes, "no peak has arrived"
    answers, _ = jetty_world.notes["peak answers"]
    lost = sum(each is None for each in answers)
    assert not lost, f"{lost} of {len(answers)} requests had no answer"
    shed = [each for each in answers if each.status_code == UNAVAILABLE]
    other = [each for each in answers if each.status_code >= 400 and each.status_code != UNAVAILABLE]  # noqa: PLR2004
    assert not other, f"refused in another way: {described(other[0])}"
    assert len(shed) < len(answers), "none was served"
    if not shed:
        raise Inconclusive(f"all {len(answers)} were served: this was not beyond the capacity")
    silent = sum("retry-after" not in each.headers for each in shed)
    jetty_measure("refused", f"{len(shed)} of {len(answers)}")
    assert not silent, f"{silent} of {len(shed)} refusals have no Retry-After"


@then(phrase("the next request is served normally within {limit:Duration}"))
def _next_request_served_normally_within(limit: timedelta, jetty_driver: Driver, jetty_measure: Measure) -> None:
    assert "peak answers" in jetty_driver.world.notes, "no peak has arrived"
    action = str(jetty_driver.world.action)

    def failing() -> str | None:
        response = jetty_driver.act(action)
        return None if jetty_driver.accepted(response) else described(response)

    jetty_measure("after", spoken(limit))
    jetty_measure("normal after", milliseconds(until(failing, limit, "service was not normal again")))


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Count the alerts and the instances before each action of a scenario that asks about them afterwards."""
    if step.type != "when":
        return
    names = [each.name for each in scenario.steps]
    if any("alert is raised within" in name for name in names):
        alerts = request.getfixturevalue("jetty_alerts")
        note_before(request.getfixturevalue("jetty_world"), "alerts", lambda: len(alerts()))
    if any(name.startswith("the lost instance is replaced") for name in names):
        deploy, world = request.getfixturevalue("jetty_deploy"), request.getfixturevalue("jetty_world")
        world.notes.setdefault("instances", _instances(deploy))
