"""All or nothing: a process is ended in the middle of an action, a request comes twice, the audit log is altered.

Killing once proves little, because the moment may be a lucky one. So the process is killed at several moments, spread
over the time that the action takes, and it has to have been in the middle at least once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described, need_httpx
from mkdocs_jetty.steps.faults import START_S, milliseconds, until
from mkdocs_jetty.steps.ports import AuditIntegrity, Deploy, Request, Target, World
from mkdocs_jetty.steps.safety import allow
from mkdocs_jetty.steps.values import TYPES, spoken

if TYPE_CHECKING:
    import httpx

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
Effects = Mapping[str, Callable[[], Mapping[str, int]]]
SERVER_ERROR = 500
ROUNDS = 6
RUNNING = 5
SENT_S = 0.1
"""By then every request has reached the system."""


# ---- the process itself ----


@dataclass(frozen=True)
class Cut:
    """One action during which the process was ended."""

    answer: httpx.Response | None
    finished: float
    rises: Mapping[str, int]


@when(phrase("the process is killed in the middle of {action}"))
def _process_killed_middle(
    action: str, jetty_target: Target, jetty_deploy: Deploy, jetty_driver: Driver, jetty_effects: Effects,
    jetty_world: World, jetty_measure: Measure,
) -> None:  # fmt: skip
    allow(jetty_target, "fault")
    count = effect_of(jetty_effects, action)
    if len(count()) < 2:  # noqa: PLR2004 # one part is always all or nothing
        raise Unavailable(f"`jetty_effects` must count at least two parts of `{action}`: a single one is always whole")
    span = _complete_run(jetty_driver, action, count)
    cuts = []
    for number in range(ROUNDS):
        before = count()
        running = _sent([jetty_driver.request(action)], jetty_driver)
        time.sleep(span * (number + 0.5) / ROUNDS)
        jetty_deploy.kill()
        answer, finished = running()[0]
        _start(jetty_deploy, jetty_driver)
        cuts.append(Cut(answer, finished, rises(before, count())))
    jetty_world.action = action
    jetty_world.notes["cuts"] = cuts
    jetty_measure("times killed", ROUNDS)
    jetty_measure("killed before it answered", sum(each.answer is None for each in cuts))


@then("after restart the data shows all of it or none of it")
def _after_restart_data_shows_all(jetty_driver: Driver, jetty_world: World) -> None:
    cuts: list[Cut] = jetty_world.notes.get("cuts", [])
    assert cuts, "no step before has killed the process"
    for each in cuts:
        parts = set(each.rises.values())
        assert parts in ({0}, {1}), f"part of `{jetty_world.action}` was done: {_shown(each.rises)}"
        promised = each.answer is not None and jetty_driver.accepted(each.answer)
        assert not promised or parts == {1}, f"`{jetty_world.action}` was answered as done, and is lost"
    if all(each.answer is not None for each in cuts):
        raise Inconclusive(f"`{jetty_world.action}` was over before the process could be killed, {len(cuts)} times")


@when(phrase("the process is told to stop in the middle of {action}"))
def _process_told_stop_middle(
    action: str, jetty_target: Target, jetty_deploy: Deploy, jetty_driver: Driver, jetty_world: World
) -> None:
    _stop(action, jetty_target, jetty_deploy, jetty_driver, jetty_world)


@when("the process is told to stop")
def _process_told_stop(jetty_target: Target, jetty_deploy: Deploy, jetty_driver: Driver, jetty_world: World) -> None:
    assert jetty_world.action, "no step before has done anything: write `… is told to stop in the middle of <action>`"
    _stop(jetty_world.action, jetty_target, jetty_deploy, jetty_driver, jetty_world)


def _stop(action: str, target: Target, deploy: Deploy, driver: Driver, world: World) -> None:
    allow(target, "fault")
    span = _complete_run(driver, action, None)
    running = _sent([driver.request(action) for _ in range(RUNNING)], driver)
    time.sleep(max(span / 2, SENT_S))
    told = time.monotonic()
    deploy.stop()
    ended = time.monotonic()
    world.action = action
    world.notes["stopped"] = (told, ended, running())
    _start(deploy, driver)


@then(phrase("running requests complete and it ends within {limit:Duration}"))
def _running_requests_complete_ends_within(limit: timedelta, jetty_world: World, jetty_measure: Measure) -> None:
    assert "stopped" in jetty_world.notes, "no step before has told the process to stop"
    told, ended, answers = jetty_world.notes["stopped"]
    jetty_measure("stop", spoken(limit))
    jetty_measure("ended after", milliseconds(ended - told))
    lost = [answer for answer, _ in answers if answer is None or answer.status_code >= SERVER_ERROR]
    assert not lost, f"{len(lost)} of {len(answers)} running requests were not completed"
    assert ended - told <= limit.total_seconds(), f"it took {ended - told:.1f} s to end, of at most {spoken(limit)}"
    if all(finished < told for _, finished in answers):
        raise Inconclusive(f"`{jetty_world.action}` was over before the process was told to stop: nothing was running")


def _complete_run(driver: Driver, action: str, count: Callable[[], Mapping[str, int]] | None) -> float:
    """Do an action once in peace: it has to work, and to be seen; gives the seconds it takes."""
    before = count() if count else {}
    started = time.monotonic()
    response = driver.act(action)
    span = time.monotonic() - started
    assert driver.accepted(response), f"`{action}` does not even work in peace: {described(response)}"
    if count:
        seen = rises(before, count())
        assert set(seen.values()) == {1}, f"one complete run must raise each part by one, but: {_shown(seen)}"
    return span


def _sent(requests: Sequence[Request], driver: Driver) -> Callable[[], list[tuple[Any, float]]]:
    """Send requests at the same moment, in threads; the result waits for their answers, None where there was none."""
    who, errors = driver.me, (need_httpx().TransportError, OSError)
    client, built = driver.client(who), [driver.build(each, who) for each in requests]
    answers: list[tuple[Any, float]] = [(None, 0.0)] * len(built)
    gate = threading.Barrier(len(built))

    def send(number: int) -> None:
        answer = None
        gate.wait()
        with contextlib.suppress(*errors):
            answer = client.send(built[number])
        answers[number] = (answer, time.monotonic())

    threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(len(built))]
    for thread in threads:
        thread.start()

    def wait() -> list[tuple[Any, float]]:
        for thread in threads:
            thread.join()
        return answers

    return wait


def _start(deploy: Deploy, driver: Driver) -> None:
    deploy.start()

    def served() -> str | None:
        response = driver.client(driver.me).get("/")
        return described(response) if response.status_code >= SERVER_ERROR else None

    until(served, timedelta(seconds=START_S), "the system did not start again")


# ---- the same request twice ----


@when(phrase("I send the same {action} request twice at the same moment"))
def _send_same_request_twice_at(
    action: str, jetty_target: Target, jetty_driver: Driver, jetty_effects: Effects, jetty_world: World
) -> None:
    allow(jetty_target, "fault")
    count = effect_of(jetty_effects, action)
    before = count()
    request = jetty_driver.request(action)
    answers = [answer for answer, _ in _sent([request, request], jetty_driver)()]
    jetty_world.action = action
    jetty_world.responses += [each for each in answers if each is not None]
    jetty_world.notes["twice"] = (answers, rises(before, count()))


@then("it takes effect once")
def _takes_effect_once(jetty_world: World, jetty_measure: Measure) -> None:
    assert "twice" in jetty_world.notes, "no step before has sent a request twice"
    answers, seen = jetty_world.notes["twice"]
    jetty_measure("effects", max(seen.values(), default=0))
    shown = ", ".join(str(each.status_code) if each is not None else "no answer" for each in answers)
    assert seen, f"`jetty_effects` counts no part of `{jetty_world.action}`"
    assert set(seen.values()) == {1}, f"`{jetty_world.action}` sent twice: {_shown(seen)} (answers: {shown})"


def effect_of(effects: Effects, action: str) -> Callable[[], Mapping[str, int]]:
    """Return what counts the effect of an action.

    Raises:
        Unavailable: If the project has none.
    """
    if action not in effects:
        raise Unavailable(f"no effect of `{action}` in the fixture `jetty_effects`, so nobody can see what was done")
    return effects[action]


def rises(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """By how much each part rose."""
    return {part: after.get(part, 0) - before.get(part, 0) for part in sorted({*before, *after})}


def _shown(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{part} {rise:+d}" for part, rise in parts.items()) or "no part is counted"


# ---- the audit log ----


@when("one entry is altered or removed")
def _one_entry_altered_or_removed(
    jetty_target: Target, jetty_audit_integrity: AuditIntegrity, jetty_world: World
) -> None:
    allow(jetty_target, "fault")
    port = jetty_audit_integrity
    first = port.verify()
    assert first is None, f"the audit log is not sound to begin with: verification names {first!r}"
    verdicts = []
    for name, tamper in (("altered", port.alter), ("removed", port.remove)):
        try:
            expected = tamper()
            verdicts.append((name, expected, port.verify()))
        finally:
            port.restore()
    left = port.verify()
    assert left is None, f"`jetty_audit_integrity` did not put the log back: verification names {left!r}"
    jetty_world.notes["tampered"] = verdicts


@then("verification names the first bad entry")
def _verification_names_first_bad_entry(jetty_world: World) -> None:
    verdicts = jetty_world.notes.get("tampered")
    assert verdicts, "no step before has tampered with the audit log"
    for name, expected, found in verdicts:
        assert found is not None, f"an entry was {name}, and verification finds the log sound"
        assert found == expected, f"the entry {expected!r} was {name}, and verification names {found!r}"


@then("the application account cannot change entries")
def _application_account_cannot_change_entries(jetty_audit_integrity: AuditIntegrity) -> None:
    changed = jetty_audit_integrity.change_as_application()
    if changed:
        jetty_audit_integrity.restore()
    assert not changed, "the application's own account changed an entry"
