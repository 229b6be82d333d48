"""What an engine is asked, and what it answers: the same for all, so that no sentence depends on the engine."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from mkdocs_jetty.standards.model import Environment
from mkdocs_jetty.steps.engines.judge import Answer, Judge, Verdict
from mkdocs_jetty.steps.ports import Request

TIMEOUT = 30.0
"""Seconds until an answer counts as missing."""
LIMITED = 429
REFUSED_FROM = 400
BROKEN_FROM = 500
TOO_SLOW = 0.25
"""The share of the asked limit that the driver may need for itself. Our judgement."""


@dataclass(frozen=True)
class Plan:
    """A load.

    Attributes:
        kind: `burst`: each user sends one request, all at the same moment. `users`: each user sends one request a
            second, or as many as the answers allow. `rate`: requests go on a timetable, whether answers come or not.
        requests: What is sent, in turn; for a burst and for users, the n-th user begins with the n-th.
        addresses: The source address of each user.
        seconds: How long; 0 for a burst.
        rate: Requests per second, of the kind `rate`.
        timeout: Seconds until an answer counts as missing.
    """

    kind: Literal["burst", "users", "rate"]
    requests: Sequence[Request]
    addresses: Sequence[str]
    seconds: float = 0.0
    rate: float = 0.0
    timeout: float = TIMEOUT

    @property
    def users(self) -> int:
        return len(self.addresses)

    @property
    def expected(self) -> int:
        """How many requests it comes to at most."""
        if self.kind == "rate":
            return round(self.rate * self.seconds)
        return self.users * max(math.ceil(self.seconds), 1)


@dataclass(frozen=True)
class Sample:
    """One request: when its answer was complete, or why there is none; and what the answer was worth.

    Attributes:
        seconds: From the moment when the request was due.
        status: None without an answer.
        error: Why there is none.
        verdict: None where nobody looked at more than the status.
        said: The beginning of an answer that was not as it has to be.
        answer: The answer itself, until it is judged.
    """

    seconds: float
    status: int | None = None
    error: str | None = None
    verdict: Verdict | None = None
    said: str = ""
    answer: Answer | None = None

    def judged(self, judge: Judge | None) -> Sample:
        """With a verdict, and without the answer."""
        if judge is None or self.answer is None or self.answer.status >= REFUSED_FROM:
            return replace(self, answer=None) if self.answer else self
        verdict, said = judge(self.answer)
        return replace(self, verdict=verdict, said=said, answer=None)


@dataclass(frozen=True)
class LoadResult:
    """What was observed. Times are in seconds; a missing answer counts as one that took for ever.

    Attributes:
        users: None where a report does not say.
        requests: Those that were sent.
        statuses: Answers by status.
        refused: Answers with a status below 400 that `jetty_accepted` did not take.
        unlike: Answers with a status below 400 of which nobody can say whether they are correct.
        said_instead: What one of these said.
        errors: Missing answers by kind: `refused`, `reset`, `timeout`, …
        times: How many answers took how long, the quickest first, those with 429 left out. Where an engine rounds, the
            upper edge of the bucket.
        floor_p95: What the driver needs for itself, measured against a server that does nothing.
        error_rate: Where only a report's own share is known.
        made_on: The day of a report.
        notes: What a reader should know of how it was observed.
        plan: What was sent by the built-in engine, which can measure its own floor for it once more.
    """

    engine: str
    environment: Environment
    users: int | None
    requests: int
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    unlike: int = 0
    said_instead: str = ""
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    duration: float | None = None
    floor_p95: float | None = None
    times: tuple[tuple[float, int], ...] = ()
    error_rate: float | None = None
    made_on: date | None = None
    notes: tuple[str, ...] = ()
    plan: Plan | None = None

    @property
    def limited(self) -> int:
        """Those that a rate limiter turned away: quick, and no sign of a fast system."""
        return self.statuses[LIMITED]

    @property
    def accepted(self) -> int:
        """Those that were done."""
        answered = sum(count for status, count in self.statuses.items() if status < REFUSED_FROM)
        return answered - self.refused - self.unlike

    @property
    def turned_away(self) -> int:
        """Those that were answered and not done, for another reason than overload or a rate limit."""
        clients = sum(count for status, count in self.statuses.items() if REFUSED_FROM <= status < BROKEN_FROM)
        return self.refused + clients - self.limited

    @property
    def overloaded(self) -> Mapping[str, int]:
        """What shows overload: missing answers, and errors of the server's own."""
        broken = {str(status): count for status, count in sorted(self.statuses.items()) if status >= BROKEN_FROM}
        return {**broken, **self.errors}

    @property
    def failed(self) -> float:
        """The share of requests that were not answered with success."""
        if self.error_rate is not None:
            return self.error_rate
        return 1 - self.accepted / self.requests if self.requests else 1.0

    def quantile(self, share: float) -> float | None:
        """The time within which this share of the requests was answered; None where a report does not say."""
        known = {0.5: self.p50, 0.95: self.p95, 0.99: self.p99, 1.0: self.max}
        return quantile(self.times, share) if self.times else known.get(round(share, 6))

    def said(self) -> str:
        """Statuses and errors in words: `90 with 200, 10 timeout`."""
        parts = [f"{count} with {status}" for status, count in sorted(self.statuses.items())]
        parts += [f"{count} {kind}" for kind, count in sorted(self.errors.items())]
        if self.refused or self.unlike:
            parts.append(f"{self.refused + self.unlike} of them not as they have to be: {self.said_instead!r}")
        return ", ".join(parts) or "nothing"


def quantile(times: Sequence[tuple[float, int]], share: float) -> float:
    """The smallest time that at least this share kept to; no interpolation, which could only flatter."""
    wanted, seen = math.ceil(share * sum(count for _, count in times) - 1e-9), 0
    for seconds, count in times:
        seen += count
        if seen >= wanted:
            return seconds
    return math.inf


def of_samples(
    engine: str, environment: Environment, users: int, samples: Iterable[tuple[Sample, int]], duration: float,
    floor: float | None = None, notes: tuple[str, ...] = (),
) -> LoadResult:  # fmt: skip
    """The result of samples, each with how often it was seen."""
    statuses: Counter[int] = Counter()
    errors: Counter[str] = Counter()
    seen: Counter[float] = Counter()
    verdicts: Counter[Verdict | None] = Counter()
    instead = ""
    for sample, count in samples:
        if sample.status is None:
            errors[sample.error or "no answer"] += count
        else:
            statuses[sample.status] += count
        verdicts[sample.verdict] += count
        instead = instead or sample.said
        if sample.status != LIMITED:
            seen[math.inf if sample.status is None else sample.seconds] += count
    times = tuple(sorted(seen.items()))
    p50, p95, p99, slowest = (quantile(times, share) if times else None for share in (0.5, 0.95, 0.99, 1.0))
    return LoadResult(
        engine, environment, users, sum(statuses.values()) + sum(errors.values()), statuses, errors,
        verdicts["refused"], verdicts["unlike"], instead, p50, p95, p99, slowest, duration, floor, times,
        notes=notes,
    )  # fmt: skip


def shown(seconds: float) -> str:
    """A time as people write it."""
    if math.isinf(seconds):
        return "no answer"
    return f"{seconds:.3g} seconds" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
