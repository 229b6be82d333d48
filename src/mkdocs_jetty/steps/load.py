"""Load: many at once, many for a while, so many a second, and what must hold then.

Which engine makes the load is chosen by the fixture `jetty_load`. What the sentences mean:

- *simultaneously*: every user is connected and waits at a gate; all are released together, and time counts from there.
- *N users … for a time*: each acts once a second, or as often as the answers allow.
- *N requests per second*: sent on a timetable, whether answers come or not; time counts from the timetable.
- *all requests complete within*: the slowest, whatever its status. A missing answer counts as slow.
- *server overload*: refused or reset connections, timeouts, and statuses from 500 on.

A 429 is no answer: a limiter that turns users away at once would look like a fast server, so it fails the step. A
driver that needs more than a quarter of the asked time for itself cannot tell, and neither passes nor fails.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps import engines
from mkdocs_jetty.steps.engines import builtin
from mkdocs_jetty.steps.engines.calibrate import Floors
from mkdocs_jetty.steps.engines.report import load_report
from mkdocs_jetty.steps.engines.result import REFUSED_FROM, TOO_SLOW, LoadResult, Plan, shown
from mkdocs_jetty.steps.ports import Action, Load, Persona, Request, Target, Users, World, action_named
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES, Reader, spoken

pytest_plugins = ("mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client")

NORMAL_S = 1.0
"""An answer that takes longer is not normal service. Our judgement."""
IN_A_ROW = 5
"""So many normal answers show that service is normal again."""
MEASURED = ("p50", "p95", "p99", "max")

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_TYPES = {
    **TYPES,
    "Rate": Reader(_NUMBER, lambda text: float(text.replace(",", ""))),
    "Factor": Reader(
        rf"{_NUMBER}(?:\s*(?:times|x)(?=\W|$))?", lambda text: float(text.rstrip(" timesx").replace(",", ""))
    ),
}


def _phrase(text: str) -> Any:
    return parsers.parse(text, extra_types=_TYPES)


@dataclass
class Stress:
    """Makes load for one scenario."""

    request: pytest.FixtureRequest
    target: Target
    load: Load
    actions: Mapping[str, Action]
    users: Users
    world: World
    measure: Callable[[str, object], None]
    floors: Floors
    traffic: Sequence[str]
    crowd: Sequence[Persona] = field(default_factory=list)
    ended: float | None = None

    def send(
        self, kind: Literal["burst", "users", "rate"], names: Sequence[str], users: int, asked: Mapping[str, str],
        seconds: float = 0.0, rate: float = 0.0,
    ) -> None:  # fmt: skip
        """Send a load, record its numbers, and see that it was one."""
        self.measure("environment", self.target.environment)
        for name, value in asked.items():
            self.measure(name, value)
        if self.load.engine == "report":
            enough = {name: value for name, value in asked.items() if name != "length" or "factor" in asked}
            root = self.request.getfixturevalue("jetty_root")
            result = engines.read_report(root, self.target.environment, self.load, enough)
        else:
            allow(self.target, "load")
            expected = rate * seconds if kind == "rate" else users * max(math.ceil(seconds), 1)
            cap(self.load, users=users, requests=round(expected), seconds=seconds)
            base_url = self.request.getfixturevalue("jetty_base_url")
            plan = Plan(kind, self._requests(names, users), [each.address for each in self.crowd], seconds, rate)
            result = engines.send(base_url, self.target.environment, plan, self.load, self.floors)
        self.ended = time.monotonic()
        self.world.action, self.world.load = names[0], result
        self._record(result)
        _see_that_it_was_one(result)

    def observed(self) -> LoadResult:
        """What the load before came to, or what the report says that was named instead."""
        report = self.world.notes.get("report")
        if self.world.load is None and report is not None:
            # How old it may be was said, and seen to, where it was named.
            root = self.request.getfixturevalue("jetty_root")
            self.world.load = load_report(root / report, self.target.environment, {}, oldest=math.inf)
            self.measure("environment", self.target.environment)
            self._record(self.world.load)
        result = self.world.load
        assert isinstance(result, LoadResult), (
            "no load was made before: write `When 100 users attempt to … simultaneously`"
        )
        return result

    def peak(self, factor: float, span: timedelta) -> None:
        """Send the declared peak traffic so many times."""
        peak = self.world.notes.get("peak")
        assert peak, "no peak was declared: write `Given the declared peak traffic is 50 per second` before"
        names = self.traffic or tuple(self.actions)
        if not names:
            raise Unavailable("no action to make traffic of: override the fixture `jetty_actions`")
        users = min(max(math.ceil(peak * factor), len(names)), self.load.max_users)
        asked = {"factor": f"{factor:g}", "length": spoken(span), "rate": f"{peak * factor:g}"}
        self.send("rate", names, users, asked, span.total_seconds(), peak * factor)

    def probe(self) -> tuple[float, str]:
        """One request of the last action: how long it took, and what came of it."""
        assert self.ended is not None, "no load was made before"
        assert self.world.action is not None
        if not self.crowd:
            raise Unavailable("the load ran elsewhere, so nothing can be said of the time after it")
        who = self.crowd[0]
        base_url = self.request.getfixturevalue("jetty_base_url")
        plan = Plan("burst", self._made([self.world.action], [who]), [who.address], timeout=NORMAL_S * 5)
        samples, _ = builtin.drive(base_url, plan, bound=engines.has_own_addresses(base_url))
        sample = samples[0]
        normal = sample.status is not None and sample.status < REFUSED_FROM
        return (sample.seconds if normal else math.inf), str(sample.status or sample.error)

    def _requests(self, names: Sequence[str], count: int) -> list[Request]:
        for name in names:
            action_named(self.actions, name)
        self.crowd = self.users.crowd(count)
        if len(self.crowd) < count:
            raise Unavailable(f"`jetty_users` gave {len(self.crowd)} of {count} users")
        self.crowd = self.crowd[:count]
        return self._made(names, self.crowd)

    def _made(self, names: Sequence[str], people: Sequence[Persona]) -> list[Request]:
        return [action_named(self.actions, names[number % len(names)])(who, True) for number, who in enumerate(people)]

    def _record(self, result: LoadResult) -> None:
        self.measure("engine", result.engine)
        if result.engine != "report":
            self.measure("requests", result.requests)
            self.measure("answers", result.said())
        for name in MEASURED:
            _record_time(self.measure, name, getattr(result, name))
        _record_time(self.measure, "floor", result.floor_p95)
        if result.notes:
            self.measure("note", "; ".join(result.notes))


def _record_time(measure: Callable[[str, object], None], name: str, seconds: float | None) -> None:
    if seconds is not None and math.isfinite(seconds):
        measure(name, f"{seconds * 1000:.1f} ms")


def _see_that_it_was_one(result: LoadResult) -> None:
    if result.engine == "report":
        return
    assert result.requests, "not one request was sent"
    assert not result.limited, (
        f"{result.limited} of {result.requests} requests were turned away with 429 ({result.said()}): "
        "a refusal by a rate limiter is no answer under load"
    )
    assert result.accepted, f"not one of {result.requests} requests succeeded: {result.said()}"


@pytest.fixture(scope="session")
def jetty_load_floors() -> Floors:
    """What the driver was measured to need for itself in this session."""
    return {}


@pytest.fixture
def jetty_traffic() -> Sequence[str]:
    """The actions that the declared traffic is made of, in turn; all in `jetty_actions` unless overridden."""
    return ()


@pytest.fixture
def jetty_stress(
    request: pytest.FixtureRequest, jetty_target: Target, jetty_load: Load, jetty_actions: Mapping[str, Action],
    jetty_users: Users, jetty_world: World, jetty_measure: Callable[[str, object], None], jetty_load_floors: Floors,
    jetty_traffic: Sequence[str],
) -> Stress:  # fmt: skip
    """Makes load for the scenario."""
    return Stress(
        request, jetty_target, jetty_load, jetty_actions, jetty_users, jetty_world, jetty_measure, jetty_load_floors,
        jetty_traffic,
    )  # fmt: skip


# ---- the load ----


@given(_phrase("{n:Count} users attempt to {action} simultaneously"))
@when(_phrase("{n:Count} users attempt to {action} simultaneously"))
def _simultaneously(n: int, action: str, jetty_stress: Stress) -> None:
    jetty_stress.send("burst", [action], n, {"users": str(n)})


@given(_phrase("{n:Count} users {action} for {span:Duration}"))
@when(_phrase("{n:Count} users {action} for {span:Duration}"))
def _for_a_while(n: int, action: str, span: timedelta, jetty_stress: Stress) -> None:
    jetty_stress.send("users", [action], n, {"users": str(n), "length": spoken(span)}, span.total_seconds())


@given(_phrase("{rate:Rate} requests per second are sent to {action} for {span:Duration}"))
@when(_phrase("{rate:Rate} requests per second are sent to {action} for {span:Duration}"))
def _by_timetable(rate: float, action: str, span: timedelta, jetty_stress: Stress) -> None:
    users = min(math.ceil(rate), jetty_stress.load.max_users)
    asked = {"rate": f"{rate:g}", "length": spoken(span)}
    jetty_stress.send("rate", [action], users, asked, span.total_seconds(), rate)


@given(_phrase("the declared peak traffic is {rate:Rate} per second"))
def _peak(rate: float, jetty_world: World) -> None:
    jetty_world.notes["peak"] = rate


@given(_phrase("the declared peak traffic times {factor:Factor} runs for {span:Duration}"))
@when(_phrase("the declared peak traffic times {factor:Factor} runs for {span:Duration}"))
def _times_peak(factor: float, span: timedelta, jetty_stress: Stress) -> None:
    jetty_stress.peak(factor, span)


# ---- what must hold ----


@then(_phrase("all requests complete within {limit:Duration}"))
def _all_within(limit: timedelta, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]) -> None:
    jetty_measure("limit", spoken(limit))
    _within(jetty_stress.observed(), 1.0, limit, "the slowest request")


@then(_phrase("{share:Percent} of requests complete within {limit:Duration}"))
def _share_within(
    share: float, limit: timedelta, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]
) -> None:
    result, name = jetty_stress.observed(), f"p{share:g}"
    _record_time(jetty_measure, f"observed {name}", result.quantile(share / 100))
    # What is asked, not what was seen: a scenario that asks for less than the preset must not count.
    jetty_measure(name, spoken(limit))
    _within(result, share / 100, limit, f"{share:g}% of requests")


@then(_phrase("at most {share:Percent} of requests fail"))
def _failures(share: float, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]) -> None:
    result = jetty_stress.observed()
    failed = result.failed * 100
    jetty_measure("observed errors", f"{failed:.3g}%")
    jetty_measure("errors", f"{share:g}%")
    assert failed <= share + 1e-9, f"{failed:.3g}% of requests failed, and at most {share:g}% may: {result.said()}"


@then(_phrase("no requests fail due to server overload"))
def _no_overload(jetty_stress: Stress) -> None:
    result = jetty_stress.observed()
    if result.engine == "report":
        if result.error_rate is None:
            raise Unavailable("the load report does not say how many requests failed")
        assert not result.error_rate, f"{result.error_rate:.2%} of requests failed"
    count = sum(result.overloaded.values())
    assert not count, f"{count} of {result.requests} requests failed from overload: {result.said()}"


@then(_phrase("service is normal within {limit:Duration}"))
def _normal(limit: timedelta, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]) -> None:
    jetty_measure("after", spoken(limit))
    row, began, last = 0, 0.0, ""
    while row < IN_A_ROW:
        asked = time.monotonic()
        seconds, last = jetty_stress.probe()
        assert jetty_stress.ended is not None
        row = row + 1 if seconds <= NORMAL_S else 0
        began = asked - jetty_stress.ended if row == 1 else began
        assert row or time.monotonic() - jetty_stress.ended <= limit.total_seconds(), (
            f"service was not normal again within {spoken(limit)}; the last answer: {last}"
        )
        time.sleep(0 if row else 0.1)
    _record_time(jetty_measure, "observed after", began)
    assert began <= limit.total_seconds(), f"service was normal only after {shown(began)}"


def _within(result: LoadResult, share: float, limit: timedelta, what: str) -> None:
    asked = limit.total_seconds()
    floor = result.floor_p95
    if floor is not None and floor > asked * TOO_SLOW:
        raise Inconclusive(
            f"the driver needs {shown(floor)} (p95) for {result.users} users and a server that does nothing, more than "
            f"{TOO_SLOW:.0%} of the {spoken(limit)} asked: another engine or a quicker machine can tell"
        )
    took = result.quantile(share)
    if took is None:
        raise Unavailable(f"the load report does not say how long {what} took")
    assert took <= asked, f"{what} took {shown(took)}, and {spoken(limit)} are allowed: {result.said()}"
