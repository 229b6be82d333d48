"""Backups that can be restored, releases that can be taken back, deployments that nobody notices.

An empty backup equals an empty restore, so data has to be there; a release that was never live cannot be rolled back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.engines import builtin, has_own_addresses
from mkdocs_jetty.steps.engines.result import Plan, Sample, of_samples
from mkdocs_jetty.steps.faults import START_S, milliseconds, until
from mkdocs_jetty.steps.ports import Backup, Deploy, Load, Target, Users, World
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
SERVER_ERROR = 500
SLICE_S = 1.0
NEXT, FAILING = "next", "failing"
"""What the port `jetty_deploy` is asked for: a version that works, and one that does not."""


# ---- backup and restore ----


@given("the latest backup")
def _latest_backup(jetty_backup: Backup, jetty_world: World) -> None:
    backup = jetty_backup.newest()
    assert backup is not None, "there is no backup"
    original = jetty_backup.snapshot()
    assert not _is_empty(original), "there is no data to compare, so an empty restore would pass"
    jetty_world.notes["backup"], jetty_world.notes["original"] = backup, original


@when("it is restored into an empty environment")
def _restored_into_empty_environment(jetty_backup: Backup, jetty_world: World) -> None:
    assert "backup" in jetty_world.notes, "no backup was named: write `Given the latest backup`"
    started = time.monotonic()
    restored = jetty_backup.restore(jetty_world.notes["backup"])
    jetty_world.notes["restored"] = restored
    jetty_world.notes["restored in"] = time.monotonic() - started


@then("the restored data equals the original")
def _restored_data_equals_original(jetty_world: World) -> None:
    assert "restored" in jetty_world.notes, "nothing was restored"
    restored, original = jetty_world.notes["restored"], jetty_world.notes["original"]
    assert restored == original, f"the restored data differs: {_difference(original, restored)}"


@then(phrase("the restore took at most {limit:Duration}"))
def _restore_took_at_most(limit: timedelta, jetty_world: World, jetty_measure: Measure) -> None:
    assert "restored in" in jetty_world.notes, "nothing was restored"
    took = jetty_world.notes["restored in"]
    jetty_measure("rto", spoken(limit))
    jetty_measure("restored in", milliseconds(took))
    assert took <= limit.total_seconds(), f"the restore took {took:.1f} s, of at most {spoken(limit)}"


@then(phrase("the newest backup is at most {limit:Duration} old"))
def _newest_backup_at_most_old(limit: timedelta, jetty_backup: Backup, jetty_measure: Measure) -> None:
    backup = jetty_backup.newest()
    assert backup is not None, "there is no backup"
    age = _age(backup)
    jetty_measure("rpo", spoken(limit))
    jetty_measure("age", spoken(timedelta(seconds=round(age.total_seconds()))))
    assert age <= limit, f"the newest backup was made {age} ago, of at most {spoken(limit)}"


@then(phrase("backups reach back at least {span:Duration}"))
def _backups_reach_back_at_least(span: timedelta, jetty_backup: Backup, jetty_measure: Measure) -> None:
    oldest = getattr(jetty_backup, "oldest", None)
    if oldest is None:
        raise Unavailable("`jetty_backup` has no method `oldest()`, so nobody knows how far backups reach back")
    backup = oldest()
    assert backup is not None, "there is no backup"
    jetty_measure("keep", spoken(span))
    assert _age(backup) >= span, f"the oldest backup was made {_age(backup)} ago, and they must reach {spoken(span)}"


def _age(backup: Any) -> timedelta:
    made_at = backup.made_at
    assert isinstance(made_at, datetime), f"`made_at` of the backup is no time: {made_at!r}"
    assert made_at.tzinfo is not None, "`made_at` of the backup does not say its time zone"
    age = datetime.now(timezone.utc) - made_at
    assert age > timedelta(minutes=-1), f"the backup is dated {made_at.isoformat()}, which is still to come"
    return max(age, timedelta())


def _is_empty(snapshot: Any) -> bool:
    if isinstance(snapshot, Mapping):
        return all(_is_empty(each) for each in snapshot.values())
    return snapshot is None or (hasattr(snapshot, "__len__") and len(snapshot) == 0)


def _difference(original: Any, restored: Any) -> str:
    if isinstance(original, Mapping) and isinstance(restored, Mapping):
        keys = sorted({str(key) for key in {*original, *restored} if original.get(key) != restored.get(key)})
        return f"in {', '.join(keys[:5])}" + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")  # noqa: PLR2004
    if hasattr(original, "__len__") and hasattr(restored, "__len__") and len(original) != len(restored):
        return f"{len(original)} entries were backed up, {len(restored)} came back"
    return "as many, but not the same"


# ---- rollback ----


@pytest.fixture
def jetty_write_meanwhile() -> Callable[[], None] | None:
    """Writes something while the release that fails is there, as other instances or jobs would; override it."""
    return None


@given("a release that fails its health check is deployed")
def _release_fails_health_check_deployed(
    jetty_target: Target, jetty_deploy: Deploy, jetty_world: World, request: pytest.FixtureRequest
) -> None:
    allow(jetty_target, "fault")
    jetty_world.notes["previous"] = jetty_deploy.version()
    jetty_deploy.deploy(FAILING)
    now = jetty_deploy.version()
    assert now != jetty_world.notes["previous"], f"the release was not deployed: {now} still serves"
    jetty_world.notes["deployed data"] = _snapshot(request)


@when("it is rolled back")
def _rolled_back(
    jetty_deploy: Deploy, jetty_write_meanwhile: Callable[[], None] | None, jetty_world: World,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    """Before, something is written, where a port can."""
    assert "previous" in jetty_world.notes, "no release was deployed before"
    if jetty_write_meanwhile is not None:
        jetty_write_meanwhile()
    _roll_back(jetty_deploy, jetty_world, request)


@then(phrase("the previous version serves again within {limit:Duration}"))
def _previous_version_serves_again_within(
    limit: timedelta, jetty_deploy: Deploy, jetty_driver: Driver, jetty_world: World, jetty_measure: Measure,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    previous = jetty_world.notes.get("previous")
    assert previous is not None, "no release was deployed before"
    if "rolled back" not in jetty_world.notes:
        _roll_back(jetty_deploy, jetty_world, request)

    def serves() -> str | None:
        if jetty_deploy.version() != previous:
            return f"{jetty_deploy.version()} is there instead of {previous}"
        response = jetty_driver.client(jetty_driver.me).get("/")
        return described(response) if response.status_code >= SERVER_ERROR else None

    left = limit - timedelta(seconds=time.monotonic() - jetty_world.notes["rolled back"])
    until(serves, max(left, timedelta()), f"{previous} did not serve again")
    jetty_measure("within", spoken(limit))
    jetty_measure("served again after", milliseconds(time.monotonic() - jetty_world.notes["rolled back"]))


@then("data written meanwhile is kept")
def _data_written_meanwhile_kept(jetty_world: World, request: pytest.FixtureRequest) -> None:
    """Meanwhile is between the deployment and the rollback."""
    assert "rolled back" in jetty_world.notes, "nothing was rolled back"
    deployed, before = jetty_world.notes["deployed data"], jetty_world.notes["data"]
    if before is None:
        raise Unavailable("`jetty_backup` gives no snapshot, so nobody knows whether data was kept")
    after = _snapshot(request)
    assert after == before, f"the rollback changed data: {_difference(before, after)}"
    if before == deployed:
        raise Inconclusive("nothing was written between the deployment and the rollback, so nothing could be lost: do "
                           "something that writes in a step between them, or override the fixture "
                           "`jetty_write_meanwhile`")  # fmt: skip


def _roll_back(deploy: Deploy, world: World, request: pytest.FixtureRequest) -> None:
    world.notes["data"] = _snapshot(request)
    world.notes["rolled back"] = time.monotonic()
    deploy.rollback()


def _snapshot(request: pytest.FixtureRequest) -> Any:
    """The data as it is, of its own: a port may give the very object that changes."""
    try:
        backup: Backup = request.getfixturevalue("jetty_backup")
    except Unavailable:
        return None
    return deepcopy(backup.snapshot())


# ---- deployment under use ----


@when(phrase("a new version is deployed while {n:Count} users {action}"))
def _new_version_deployed_while_users(
    n: int,
    action: str,
    jetty_deploy: Deploy,
    jetty_world: World,
    jetty_measure: Measure,
    request: pytest.FixtureRequest,
) -> None:
    previous = jetty_deploy.version()
    _while_used(n, action, request, lambda: jetty_deploy.deploy(NEXT))
    now = jetty_deploy.version()
    assert now != previous, f"no new version was deployed: {now} still serves"
    jetty_world.notes["previous"] = previous
    jetty_measure("paced users", n)


@when(phrase("one instance is killed while {n:Count} users {action}"))
def _one_instance_killed_while_users(
    n: int, action: str, jetty_deploy: Deploy, jetty_measure: Measure, request: pytest.FixtureRequest
) -> None:
    _while_used(n, action, request, jetty_deploy.kill)
    jetty_measure("paced users", n)


def _while_used(count: int, action: str, request: pytest.FixtureRequest, work: Callable[[], None]) -> None:
    """Do something to the system while users act once a second, before and after too; what they saw is the load."""
    target: Target = request.getfixturevalue("jetty_target")
    allow(target, "load")
    allow(target, "fault")
    load: Load = request.getfixturevalue("jetty_load")
    cap(load, users=count)
    driver: Driver = request.getfixturevalue("jetty_driver")
    users: Users = request.getfixturevalue("jetty_users")
    crowd = list(users.crowd(count))[:count]
    if len(crowd) < count:
        raise Unavailable(f"`jetty_users` gave {len(crowd)} of {count} users")
    requests = [driver.request(action, who) for who in crowd]
    plan = Plan("users", requests, [each.address for each in crowd], SLICE_S)
    done, begun = threading.Event(), threading.Event()
    samples: list[Sample] = []
    failures: list[BaseException] = []
    started = time.monotonic()

    def use() -> None:
        try:
            last = False
            while not last:
                last = done.is_set()
                cap(load, seconds=time.monotonic() - started)
                samples.extend(builtin.drive(driver.base_url, plan, bound=has_own_addresses(driver.base_url))[0])
                begun.set()
        except BaseException as error:  # noqa: BLE001 - handed on to the scenario's own thread
            failures.append(error)
            begun.set()

    thread = threading.Thread(target=use, daemon=True)
    thread.start()
    begun.wait(START_S)
    try:
        if not failures:
            work()
    finally:
        done.set()
        thread.join()
    if failures:
        raise failures[0]
    world = driver.world
    world.action = action
    world.load = of_samples("builtin", target.environment, count, ((each, 1) for each in samples),
                            time.monotonic() - started)  # fmt: skip
    assert world.load.accepted, f"not one of {world.load.requests} requests succeeded: {world.load.said()}"
