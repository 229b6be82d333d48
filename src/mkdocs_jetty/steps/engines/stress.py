"""Makes the load of one scenario, with whichever engine, and sees that it was one.

A number stands under the name that a preset compares only where it is what the preset means: so many users are `users`
only if they were all there at the same moment, and only together with the limit that was asked for them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pytest

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps import engines
from mkdocs_jetty.steps.answers import accepted_by_default, must
from mkdocs_jetty.steps.client import SIGN_IN, Accepted, Driver, need_httpx
from mkdocs_jetty.steps.engines import builtin
from mkdocs_jetty.steps.engines.calibrate import Floors
from mkdocs_jetty.steps.engines.crowd import Crowd, gathered
from mkdocs_jetty.steps.engines.judge import Answer, Judge, looks_like, text_of
from mkdocs_jetty.steps.engines.report import load_report
from mkdocs_jetty.steps.engines.result import REFUSED_FROM, LoadResult, Plan
from mkdocs_jetty.steps.ports import Action, Load, Persona, Target, Users, World, action_named
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import spoken

NORMAL_S = 1.0
"""An answer that takes longer is not normal service. Our judgement."""
MEASURED = ("p50", "p95", "p99", "max")
Kind = Literal["burst", "users", "rate"]
Measure = Callable[[str, object], None]


@dataclass(frozen=True)
class Made:
    """A load that was made, and how many users were really there at the same moment, where that was so."""

    result: LoadResult
    at_once: int | None = None


@dataclass
class Stress:
    """Makes load for one scenario."""

    request: pytest.FixtureRequest
    target: Target
    load: Load
    actions: Mapping[str, Action]
    users: Users
    world: World
    measure: Measure
    floors: Floors
    traffic: Sequence[str]
    crowd: Sequence[Persona] = field(default_factory=list)
    ended: float | None = None
    judge: Judge | None = None
    made: list[Made] = field(default_factory=list)
    """The loads since the last sentence that said what must hold."""
    looked_at: bool = False

    def send(
        self, kind: Kind, names: Sequence[str], users: int, asked: Mapping[str, str], seconds: float = 0.0,
        rate: float = 0.0, recorded: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Send a load, record its numbers, and see that it was one.

        Args:
            kind: See `Plan`.
            names: The actions, in turn.
            users: How many people send.
            asked: What a report has to show instead.
            seconds: How long.
            rate: How many a second.
            recorded: What goes into the result, by name.
        """
        must(users and (kind == "burst" or seconds), "a load of nobody, or for no time, is none")
        self.measure("environment", self.target.environment)
        for name, value in (recorded or {}).items():
            self.measure(name, value)
        if self.load.engine == "report":
            enough = {name: value for name, value in asked.items() if name != "length" or "factor" in asked}
            root = self.request.getfixturevalue("jetty_root")
            result = engines.read_report(root, self.target.environment, self.load, enough)
        else:
            result = self._sent(kind, names, users, seconds, rate)
        self.ended = time.monotonic()
        self.world.action, self.world.load = names[0], result
        self.made = [*([] if self.looked_at else self.made), Made(result, users if kind == "burst" else None)]
        self.looked_at = False
        self._record(result)
        see_that_it_was_one(result, names, burst=kind == "burst")

    def observed(self) -> list[Made]:
        """The loads that a sentence is about: those since the last such sentence, or the report named instead."""
        report = self.world.notes.get("report")
        if self.world.load is None and report is not None:
            # How old it may be was said, and seen to, where it was named.
            root = self.request.getfixturevalue("jetty_root")
            self.world.load = load_report(root / report, self.target.environment, {}, oldest=math.inf)
            self.measure("environment", self.target.environment)
            self._record(self.world.load)
        result = self.world.load
        if not isinstance(result, LoadResult):
            raise AssertionError("no load was made before: write `When 100 users attempt to … simultaneously`")  # noqa: TRY004 - a scenario's fault
        self.looked_at = True
        own = bool(self.made) and self.made[-1].result is result
        return self.made if own else [Made(result)]

    def peak(self, factor: float, span: Any) -> None:
        """Send the declared peak traffic so many times."""
        peak = self.world.notes.get("peak")
        must(peak, "no peak was declared: write `Given the declared peak traffic is 50 per second` before")
        names = self.traffic or tuple(self.actions)
        if not names:
            raise Unavailable("no action to make traffic of: override the fixture `jetty_actions`")
        rate = float(peak or 0) * factor
        users = min(max(math.ceil(rate), len(names)), self.load.max_users)
        asked = {"factor": f"{factor:g}", "length": spoken(span), "rate": f"{rate:g}"}
        self.send("rate", names, users, asked, span.total_seconds(), rate, asked)

    def probe(self) -> tuple[float, str]:
        """One request of the last action: how long it took, and what came of it."""
        must(self.ended is not None and self.world.action is not None, "no load was made before")
        if not self.crowd:
            raise Unavailable("the load ran elsewhere, so nothing can be said of the time after it")
        who = self.crowd[0]
        people = Crowd(self.driver, [str(self.world.action)], [who])
        plan = Plan("burst", people.requests(1), [who.address], timeout=NORMAL_S * 5)
        bound = engines.has_own_addresses(self.driver.base_url)
        samples, _ = builtin.drive(self.driver.base_url, plan, bound=bound, judge=self.judge)
        sample = samples[0]
        normal = sample.status is not None and sample.status < 400 and sample.verdict in {None, "done"}  # noqa: PLR2004
        return (sample.seconds if normal else math.inf), str(sample.status or sample.error)

    @cached_property
    def driver(self) -> Driver:
        """The driver of the scenario, which opens forms and acts alone; a load that ran elsewhere needs none."""
        driver: Driver = self.request.getfixturevalue("jetty_driver")
        return driver

    def _sent(self, kind: Kind, names: Sequence[str], users: int, seconds: float, rate: float) -> LoadResult:
        allow(self.target, "load")
        expected = round(rate * seconds) if kind == "rate" else users * max(math.ceil(seconds), 1)
        cap(self.load, users=users, requests=expected, seconds=seconds)
        engines.known(self.load)
        for name in names:
            action_named(self.actions, name)
        self.crowd, spare = gathered(self.users, users)
        people = Crowd(self.driver, names, self.crowd)
        self.judge = self._judge(people, names, spare)
        plan = Plan(kind, people.requests(expected), [each.address for each in self.crowd], seconds, rate)
        url = self.driver.base_url
        return engines.send(url, self.target.environment, plan, self.load, self.floors, self.judge)

    def _judge(self, people: Crowd, names: Sequence[str], spare: Persona | None) -> Judge:
        """Judges by what one person gets alone, where there is a person to spare."""
        accepts: Accepted = self.request.getfixturevalue("jetty_accepted")
        controls: dict[tuple[str, str], Answer] = {}
        for name in dict.fromkeys(names) if spare else ():
            assert spare is not None
            answer, accepted = _alone(people, name, spare)
            if accepted:
                controls[answer.method, answer.path] = answer
            if accepted and accepts is accepted_by_default and name not in SIGN_IN:
                _see_that_it_differs(people, name, spare, answer)
            # Of a mixture, what cannot be done by itself counts as failed, which a sentence of its own limits.
            must(accepted or len(names) > 1, f"one user alone, before the load, could not {name}: {_said(answer)}")
        return Judge(accepts, accepts is accepted_by_default, controls)

    def _record(self, result: LoadResult) -> None:
        self.measure("engine", result.engine)
        if result.engine != "report":
            self.measure("requests", result.requests)
            self.measure("answers", result.said())
        for name in MEASURED:
            record_time(self.measure, name, getattr(result, name))
        record_time(self.measure, "floor", result.floor_p95)
        if result.notes:
            self.measure("note", "; ".join(result.notes))


def record_time(measure: Measure, name: str, seconds: float | None) -> None:
    """Record a time, where there is one."""
    if seconds is not None and math.isfinite(seconds):
        measure(name, f"{seconds * 1000:.1f} ms")


def see_that_it_was_one(result: LoadResult, names: Sequence[str], *, burst: bool) -> None:
    """A load that was turned away, or of which nobody knows what it got, is none.

    Raises:
        Inconclusive: If answers were unlike what one user got alone, and nothing says what they have to be.
    """
    if result.engine == "report":
        return
    must(result.requests, "not one request was sent")
    must(
        not result.limited,
        f"{result.limited} of {result.requests} requests were turned away with 429 ({result.said()}): "
        "a refusal by a rate limiter is no answer under load",
    )
    if result.unlike and not result.refused:
        raise Inconclusive(
            f"{result.unlike} of {result.requests} answers may be no correct ones: {result.said_instead!r}; say in the "
            "fixture `jetty_accepted` which answers mean that it was done"
        )
    must(result.accepted, f"not one of {result.requests} requests succeeded: {result.said()}")
    must(
        not (burst and result.turned_away),
        f"{result.turned_away} of {result.requests} users could not {names[0]}: {result.said()}",
    )


def _alone(people: Crowd, name: str, who: Persona) -> tuple[Answer, bool]:
    try:
        return people.alone(name, who)
    except need_httpx().TransportError as error:
        raise AssertionError(f"one user alone, before the load, got no answer: {error}") from None


def _see_that_it_differs(people: Crowd, name: str, who: Persona, right: Answer) -> None:
    """See that an action with wrong input is answered otherwise, or else no answer shows that it was done.

    Raises:
        Unavailable: If the answer is the same.
    """
    wrong = people.wrong(name, who)
    if wrong is not None and wrong.status < REFUSED_FROM and looks_like(wrong, right):
        raise Unavailable(
            f"nothing shows that somebody could {name}: with wrong input the answer is the same ({_said(wrong)}). Say "
            "by the fixture `jetty_accepted` which answers mean that it was done"
        )


def _said(answer: Answer) -> str:
    return f"status {answer.status}, {text_of(answer.response().text)[:120]!r}"
