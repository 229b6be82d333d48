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

from mkdocs_jetty.judge.model import IN_THIS_RUN, SHOWN, JudgedScenario, Observation
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

    each: tuple[Mapping[str, str], ...]
    """What each scenario recorded."""
    sections: tuple[frozenset[str], ...]
    """The stock phrases that passed together: a When, what it was given, and what was checked before the next When."""

    @classmethod
    def by(cls, claims: Iterable[JudgedScenario]) -> Observed:
        """Gather it from scenarios that passed."""
        claims = [*claims]
        sections = (section for one in claims for section in _sections(one))
        return cls(tuple(one.result.measured for one in claims), tuple(sections))

    def value(self, *names: str) -> str | None:
        """All that was recorded under the first of these names that was used; None where none was."""
        found = (joined(one[name] for one in self.each if name in one) for name in names if self.has(name))
        return next(found, None)

    def has(self, name: str) -> bool:
        """Tell whether anything was recorded under a name."""
        return any(name in one for one in self.each)

    def beside(self, name: str) -> Observed:
        """The same of those scenarios alone that recorded something under a name."""
        return Observed(tuple(one for one in self.each if name in one), self.sections)

    def shows(self, phrases: Sequence[str]) -> bool:
        """Tell whether all of these phrases passed together."""
        patterns = [phrase_pattern(each) for each in phrases]
        return any(all(any(map(each.fullmatch, texts)) for each in patterns) for texts in self.sections)


def _sections(one: JudgedScenario) -> Iterator[frozenset[str]]:
    given: set[str] = set()
    texts: set[str] = set()
    before = "given"
    for step, result in zip(one.scenario.steps, one.result.steps, strict=False):
        if step.type == "when" and before == "then":
            yield frozenset(given | texts)
            texts = set()
        before = step.type
        if result.stock and result.status == "passed":
            (given if step.type == "given" else texts).add(step.text)
    yield frozenset(given | texts)


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """The texts that a phrase of the catalogue stands for; `{…}` in it is any text, and ` | ` parts two of a kind."""
    either = (_BLANK.sub(".+", re.escape(each).replace(r"\ ", " ")) for each in phrase.split(" | "))
    return re.compile("|".join(f"(?:{each})" for each in either), re.DOTALL)


def acts(standard: Standard, one: JudgedScenario) -> bool:
    """Tell whether a `Given` of a scenario does what is tried, as the standard's own wording has it.

    `Given 100 users attempt to log in simultaneously` is such a phrase.
    """
    first = [step.split(" ", 1)[1] for step in standard.skeleton if step.startswith("Given ")]
    if any(step.startswith("When ") for step in standard.skeleton) or not first:
        return False
    return Observed.by([one]).shows([re.sub(r"\d[\d,.]*", "{n}", each) for each in first])


def observations(
    standard: Standard, claims: Sequence[JudgedScenario], load: str | None = None
) -> tuple[Observation, ...]:
    """Return what scenarios that passed observed of each thing that their standard names.

    Args:
        standard: Its thresholds and checks.
        claims: The scenarios that claim it, all of them passed.
        load: The normal load that the project declares, such as `20 users`.
    """
    observed = Observed.by(claims)
    thresholds = (_threshold(standard, each, observed) for each in standard.thresholds.values())
    checks = (_check(name, standard, observed, load) for name in standard.checks if name not in standard.thresholds)
    return (*thresholds, *checks)


def lacking(found: Iterable[Observation]) -> str:
    """Name what was not observed, or only promised, in a sentence; empty where nothing lacks."""
    open_ = [each for each in found if not each.ok]
    kinds = {
        "not observed": [each.name for each in open_ if each.value is None],
        "only promised": [each.name for each in open_ if each.promised],
        "not enough": [f"{each.name} ({each.lack})" for each in open_ if each.value is not None and not each.promised],
    }
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in kinds.items() if names)


def limit(threshold: Threshold) -> str:
    """Return what a threshold asks, in words: `at most 10`."""
    return f"{LIMITS[threshold.direction]} {threshold.value}"


# ---- one by one ----


def _threshold(standard: Standard, threshold: Threshold, observed: Observed) -> Observation:
    name, asked = threshold.name, limit(threshold)
    value = observed.value(name)
    if value is None:
        shown = name in RUN_NOW or (name in standard.checks and observed.shows(standard.checks[name]))
        return Observation(name, asked, IN_THIS_RUN if shown else None, ok=shown)
    if name == PROMISED and all(PROMISE in one.get(CLOCK, "").split("; ") for one in observed.beside(name).each):
        return Observation(name, asked, value, ok=False, promised=True)
    few = _too_few(name, observed.beside(name).value(SAMPLES))
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


def _check(name: str, standard: Standard, observed: Observed, load: str | None) -> Observation:
    if name == NORMAL_LOAD:
        return _load(standard, observed, load)
    value = observed.value(name)
    if value is not None:
        said = {each.strip().casefold() for each in value.split("; ")}
        return Observation(name, SHOWN, value, ok=not said & NO)
    shown = observed.shows(standard.checks[name])
    return Observation(name, SHOWN, IN_THIS_RUN if shown else None, ok=shown)


def _load(standard: Standard, observed: Observed, load: str | None) -> Observation:
    """Tell whether every percentile was taken under the load that the project declares."""
    if load is None:
        return Observation(NORMAL_LOAD, "declare it in jetty.toml: [load] normal", None, ok=False)
    timed = [one for name in standard.thresholds if _PERCENTILE.fullmatch(name) for one in observed.beside(name).each]
    users = [Observed((one,), ()).value(*USERS) for one in timed]
    asked, said = f"at least {load}", joined(each for each in users if each)
    if not said or None in users:
        return Observation(NORMAL_LOAD, asked, None, ok=False)
    kept = all(_users(each) >= _users(load) for each in said.split("; "))
    return Observation(NORMAL_LOAD, asked, f"{said} users", ok=kept)


def _users(text: str) -> Fraction:
    found = parse(text.removesuffix("users").removesuffix("user"))
    return found.amount if found else Fraction(-1)


def named(found: Iterable[Observation]) -> Iterator[str]:
    """Each observation with its number, for a note."""
    for each in found:
        if each.ok and each.asked != SHOWN:
            yield f"{each.name} {each.value} ({each.asked})"
