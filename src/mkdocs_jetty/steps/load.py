"""Load: many at once, many for a while, so many a second, and what must hold then.

Which engine makes the load is chosen by the fixture `jetty_load`. What the sentences mean:

- *simultaneously*: every user is connected and waits at a gate; all are released together, and time counts from there.
- *N users … for a time*: each acts once a second, or as often as the answers allow.
- *N requests per second*: sent on a timetable, whether answers come or not; time counts from the timetable.
- *all requests complete within*: the slowest, whatever its status. A missing answer counts as slow.
- *95% of requests complete within*: so many were done, and within that time.
- *server overload*: refused or reset connections, timeouts, and statuses from 500 on.

A 429 is no answer: a limiter that turns users away at once would look like a fast server, so it fails the step. A
driver that needs more than a quarter of the asked time for itself cannot tell, and neither passes nor fails.

A status below 400 alone is no correct answer either: each is judged by `jetty_accepted`, and where a project has not
said what that is, compared with what one user gets alone before. A form with a token is opened before the load, for
each user with cookies of their own; the time of that does not count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.answers import must
from mkdocs_jetty.steps.engines.calibrate import Floors, floor_now
from mkdocs_jetty.steps.engines.result import TOO_SLOW, LoadResult, shown
from mkdocs_jetty.steps.engines.stress import NORMAL_S, Stress, record_time
from mkdocs_jetty.steps.ports import Action, Load, Target, Users, World
from mkdocs_jetty.steps.values import TYPES, Reader, spoken

pytest_plugins = ("mkdocs_jetty.steps.ports", "mkdocs_jetty.steps.client")

IN_A_ROW = 5
"""So many normal answers show that service is normal again."""

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
    jetty_stress.send("burst", [action], n, {"users": str(n)}, recorded={"at once": str(n)})


@given(_phrase("{n:Count} users {action} for {span:Duration}"))
@when(_phrase("{n:Count} users {action} for {span:Duration}"))
def _for_a_while(n: int, action: str, span: timedelta, jetty_stress: Stress) -> None:
    asked = {"users": str(n), "length": spoken(span)}
    jetty_stress.send("users", [action], n, asked, span.total_seconds(), recorded=_paced(asked))


@given(_phrase("{rate:Rate} requests per second are sent to {action} for {span:Duration}"))
@when(_phrase("{rate:Rate} requests per second are sent to {action} for {span:Duration}"))
def _by_timetable(rate: float, action: str, span: timedelta, jetty_stress: Stress) -> None:
    users = min(math.ceil(rate), jetty_stress.load.max_users)
    asked = {"rate": f"{rate:g}", "length": spoken(span)}
    jetty_stress.send("rate", [action], users, asked, span.total_seconds(), rate, _paced(asked))


def _paced(asked: Mapping[str, str]) -> Mapping[str, str]:
    """Under names of its own: who acts once a second is not there at once, and this is not the declared peak."""
    return {f"paced {name}": value for name, value in asked.items()}


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
    for made in jetty_stress.observed():
        if made.at_once:
            jetty_measure("users", made.at_once)
        jetty_measure("limit" if made.at_once else "paced limit", spoken(limit))
        _within(made.result, 1.0, limit, "the slowest request")


@then(_phrase("{share:Percent} of requests complete within {limit:Duration}"))
def _share_within(
    share: float, limit: timedelta, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]
) -> None:
    made_before, name = jetty_stress.observed(), f"p{share:g}"
    # What is asked, not what was seen: a scenario that asks for less than the preset must not count.
    jetty_measure(name, spoken(limit))
    for made in made_before:
        record_time(jetty_measure, f"observed {name}", made.result.quantile(share / 100))
        _within(made.result, share / 100, limit, f"{share:g}% of requests")


@then(_phrase("at most {share:Percent} of requests fail"))
def _failures(share: float, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]) -> None:
    jetty_measure("errors", f"{share:g}%")
    for made in jetty_stress.observed():
        failed = made.result.failed * 100
        jetty_measure("observed errors", f"{failed:.3g}%")
        said = f"{failed:.3g}% of requests failed, and at most {share:g}% may: {made.result.said()}"
        must(failed <= share + 1e-9, said)


@then(_phrase("no requests fail due to server overload"))
def _no_overload(jetty_stress: Stress) -> None:
    for made in jetty_stress.observed():
        result = made.result
        if result.engine == "report":
            if result.error_rate is None:
                raise Unavailable("the load report does not say how many requests failed")
            must(not result.error_rate, f"{result.error_rate:.2%} of requests failed")
        count = sum(result.overloaded.values())
        must(not count, f"{count} of {result.requests} requests failed from overload: {result.said()}")


@then(_phrase("service is normal within {limit:Duration}"))
def _normal(limit: timedelta, jetty_stress: Stress, jetty_measure: Callable[[str, object], None]) -> None:
    jetty_measure("after", spoken(limit))
    row, began, last = 0, 0.0, ""
    while row < IN_A_ROW:
        asked = time.monotonic()
        seconds, last = jetty_stress.probe()
        ended = jetty_stress.ended or asked
        row = row + 1 if seconds <= NORMAL_S else 0
        began = asked - ended if row == 1 else began
        late = not row and time.monotonic() - ended > limit.total_seconds()
        must(not late, f"service was not normal again within {spoken(limit)}; the last answer: {last}")
        time.sleep(0 if row else 0.1)
    record_time(jetty_measure, "observed after", began)
    must(began <= limit.total_seconds(), f"service was normal only after {shown(began)}")


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
    if took > asked and result.plan is not None and (after := floor_now(result.plan)) > asked * TOO_SLOW:
        raise Inconclusive(
            f"{what} took {shown(took)}, but the machine had become busy: for a server that does nothing the driver "
            f"needed {shown(floor or 0)} (p95) before the load and {shown(after)} after it, more than {TOO_SLOW:.0%} "
            f"of the {spoken(limit)} asked; run it again on a quiet machine"
        )
    must(took <= asked, f"{what} took {shown(took)}, and {spoken(limit)} are allowed: {result.said()}")
    _enough_were_done(result, share)


def _enough_were_done(result: LoadResult, share: float) -> None:
    """What was refused was not completed; where all are meant, overload has a sentence of its own."""
    if result.requests:
        lacking = result.failed if share < 1 else result.turned_away / result.requests
    else:
        lacking = result.error_rate or 0.0 if share < 1 else 0.0
    must(lacking <= 1 - share + 1e-9, f"{lacking:.3%} of requests were not done: {result.said()}")
