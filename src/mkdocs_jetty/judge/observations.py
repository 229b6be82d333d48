"""What a standard asks to be observed, and what production scenarios observed of it.

A standard names its thresholds and its checks. A threshold is observed by a value that a step recorded under its name,
and a check by the stock phrases that the catalogue names for it, or by a record of its name. What a server only
promises about a time to come (`Retry-After`) is shown, and is no observation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mkdocs_jetty.judge.model import JudgedScenario, Observation
from mkdocs_jetty.standards.model import Standard, Threshold
from mkdocs_jetty.standards.quantities import each_of, joined, parse, satisfies

LIMITS = {"at-most": "at most", "at-least": "at least", "exact": "exactly"}
NORMAL_LOAD = "normal load"
"""The check that a standard of latency names: the load that the project declares."""
SAMPLES = "requests"
"""The name under which a load records how many requests its percentiles are of."""
USERS = ("users", "paced users")
"""The names under which a load records how many users acted, all at once or each once a second."""
CLOCK, PROMISE, PROMISED = "clock", "contract", "block"
"""A block whose length was read from an answer and not waited for records this clock."""
RUN_NOW = ("every", "fresh")
"""Thresholds on the age of evidence: a scenario that passes now is as young as can be."""
NO = {"false", "no", "none", "0", ""}
_PERCENTILE = re.compile(r"p(\d{2,3})")
_BLANK = re.compile(r"\\\{[^{}]*\\\}|<[^<>]+>")


@dataclass(frozen=True)
class Observed:
    """All that the claiming scenarios of one standard have recorded and done."""

    measured: Mapping[str, str]
    phrases: tuple[frozenset[str], ...]
    """Of each scenario, the texts of the steps that passed and that stock phrases served."""

    @classmethod
    def by(cls, claims: Iterable[JudgedScenario]) -> Observed:
        """Gather it from scenarios that passed."""
        claims = [*claims]
        values: dict[str, list[str]] = {}
        for one in claims:
            for name, value in one.result.measured.items():
                values.setdefault(name, []).append(value)
        return cls({name: joined(each) for name, each in values.items()}, tuple(map(_phrases, claims)))

    def shows(self, phrases: Sequence[str]) -> bool:
        """Whether one of the scenarios used all of these phrases."""
        patterns = [phrase_pattern(each) for each in phrases]
        return any(all(any(map(each.fullmatch, texts)) for each in patterns) for texts in self.phrases)


def _phrases(one: JudgedScenario) -> frozenset[str]:
    pairs = zip(one.scenario.steps, one.result.steps, strict=False)
    return frozenset(step.text for step, result in pairs if result.stock and result.status == "passed")


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """The texts that a phrase of the catalogue stands for; `{…}` in it is any text, and ` | ` parts two of a kind."""
    either = (_BLANK.sub(".+", re.escape(each).replace(r"\ ", " ")) for each in phrase.split(" | "))
    return re.compile("|".join(f"(?:{each})" for each in either), re.DOTALL)


def acts(standard: Standard, one: JudgedScenario) -> bool:
    """Whether a `Given` of a scenario does what is tried, as the standard's own wording has it.

    `Given 100 users attempt to log in simultaneously` is such a phrase.
    """
    first = [step.split(" ", 1)[1] for step in standard.skeleton if step.startswith("Given ")]
    if any(step.startswith("When ") for step in standard.skeleton) or not first:
        return False
    return Observed.by([one]).shows([re.sub(r"\d[\d,.]*", "{n}", each) for each in first])


def observations(
    standard: Standard, claims: Sequence[JudgedScenario], load: str | None = None
) -> tuple[Observation, ...]:
    """What scenarios that passed observed of each thing that their standard names.

    Args:
        standard: Its thresholds and checks.
        claims: The scenarios that claim it, all of them passed.
        load: The normal load that the project declares, such as `20 users`.
    """
    observed = Observed.by(claims)
    thresholds = (_threshold(standard, each, observed) for each in standard.thresholds.values())
    checks = (
        _check(name, phrases, observed, load)
        for name, phrases in standard.checks.items()
        if name not in standard.thresholds
    )
    return (*thresholds, *checks)


def lacking(found: Iterable[Observation]) -> str:
    """Name what was not observed, or only promised, in a sentence; empty where nothing lacks."""
    found = [each for each in found if not each.ok]
    promised = [each.name for each in found if each.promised]
    missing = [each.name for each in found if not each.promised and each.value is None]
    weak = [f"{each.name} ({each.why or each.value})" for each in found if not each.promised and each.value is not None]
    parts = {"not observed": missing, "only promised": promised, "not enough": weak}
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in parts.items() if names)


def limit(threshold: Threshold) -> str:
    """What a threshold asks, in words: `at most 10`."""
    return f"{LIMITS[threshold.direction]} {threshold.value}"


# ---- one by one ----


def _threshold(standard: Standard, threshold: Threshold, observed: Observed) -> Observation:
    name, asked = threshold.name, limit(threshold)
    value = observed.measured.get(name)
    if value is None:
        if name in RUN_NOW:
            return Observation(name, asked, "in this run", ok=True)
        shown = name in standard.checks and observed.shows(standard.checks[name])
        return Observation(name, asked, "in this run" if shown else None, ok=shown)
    if name == PROMISED and PROMISE in observed.measured.get(CLOCK, "").split("; "):
        return Observation(name, asked, value, ok=False, promised=True)
    few = _too_few(name, observed.measured.get(SAMPLES))
    kept = all(satisfies(each, threshold.direction, threshold.value) for each in each_of(value, threshold.value))
    return Observation(name, asked, value, ok=kept and not few, why=few)


def _too_few(name: str, samples: str | None) -> str:
    """Why a percentile says nothing: of fewer values than 1 / (1 - share) it is the largest one."""
    found = _PERCENTILE.fullmatch(name)
    if found is None:
        return ""
    share = Fraction(int(found[1]), 10 ** len(found[1]))
    needed = int(1 / (1 - share)) if share < 1 else 1
    taken = min((int(each) for each in (samples or "").split("; ") if each.isdecimal()), default=0)
    return "" if taken >= needed else f"of {taken} requests; it takes {needed}"


def _check(name: str, phrases: Sequence[str], observed: Observed, load: str | None) -> Observation:
    if name == NORMAL_LOAD:
        return _load(observed, load)
    value = observed.measured.get(name)
    if value is not None:
        return Observation(
            name, "shown", value, ok=not NO.intersection(each.strip().casefold() for each in value.split("; "))
        )
    shown = observed.shows(phrases)
    return Observation(name, "shown", "in this run" if shown else None, ok=shown)


def _load(observed: Observed, load: str | None) -> Observation:
    users = next(filter(None, map(observed.measured.get, USERS)), None)
    if load is None:
        return Observation(NORMAL_LOAD, "declare it in jetty.toml: [load] normal", None, ok=False)
    asked = f"at least {load}"
    if users is None:
        return Observation(NORMAL_LOAD, asked, None, ok=False)
    kept = all(_users(each) >= _users(load) for each in users.split("; "))
    return Observation(NORMAL_LOAD, asked, f"{users} users", ok=kept, why="" if kept else f"{users} users")


def _users(text: str) -> Fraction:
    found = parse(text.removesuffix("users").removesuffix("user"))
    return found.amount if found else Fraction(-1)


def named(found: Iterable[Observation]) -> Iterator[str]:
    """Each observation with its number, for a note."""
    for each in found:
        if each.ok and each.asked != "shown":
            yield f"{each.name} {each.value} ({each.asked})"
