"""What of an earlier run still holds, and what has to run again first.

A green result holds while its scenario says the same and nothing that it can depend on has changed. What was not green,
and what depends on other processes or on the network, runs again with every build. When in doubt everything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from mkdocs_jetty.run.fingerprint import Fingerprint, changed_files, scenario_digest

if TYPE_CHECKING:
    from mkdocs_jetty.run.model import Results, ScenarioResult
    from mkdocs_jetty.spec.model import Spec

Made = tuple[date, "str | None"]
"""The day on which a result was made, and what was checked out then."""


@dataclass(frozen=True)
class Earlier:
    """The results of an earlier build, and what they stand for."""

    results: Results
    fingerprint: Fingerprint
    digests: Mapping[str, str]
    """What each scenario said, by its id."""
    made: Mapping[str, Made]
    """When each scenario really ran, by its id."""


@dataclass(frozen=True)
class Plan:
    """What a build has to run."""

    held: Mapping[str, ScenarioResult] = field(default_factory=dict)
    """The results that still hold, by scenario id."""
    first: tuple[str, ...] = ()
    """The scenarios to run, the most urgent one first: what has changed, what was not green, what is quick."""


def digests_of(spec: Spec) -> dict[str, str]:
    """Return what each scenario says, by its id."""
    return {scenario.id: scenario_digest(feature, scenario) for feature, scenario in spec.scenarios()}


def plan(earlier: Earlier | None, now: Fingerprint, spec: Spec, *, reuse: bool) -> Plan:
    """Tell what holds of an earlier run, and in which order the rest is wanted.

    Args:
        earlier: The earlier run; None where there was none.
        now: What results depend on now.
        spec: The specification as it stands now.
        reuse: Whether anything may be reused at all.
    """
    if earlier is None:
        return Plan()
    before, results = earlier.fingerprint, earlier.results.scenarios
    pages = {page.path for page in spec.pages}
    # What stands on a page, or in a `.feature` file that is one, is compared scenario by scenario.
    changed = {name for name in changed_files(before.files, now.files) if name not in pages}
    digests = digests_of(spec)
    green = {scenario.id for _, scenario in spec.scenarios() if not scenario.wip and _is_green(results, scenario.id)}
    same = {id_ for id_, digest in digests.items() if earlier.digests.get(id_) == digest}
    # What a run as a whole has complained of is not put together from parts.
    whole = bool(changed) or before.options != now.options or (bool(earlier.results.problems) and before != now)
    held = green & same if reuse and not whole else set()
    touched = {id_ for id_ in digests if id_ in results and changed & _code_of(results[id_])}

    def urgency(id_: str) -> tuple[bool, bool, bool, float]:
        took = results[id_].duration_ms if id_ in results else None
        return id_ in same, id_ not in touched, id_ in green, took or 0.0

    wanted = sorted((id_ for id_ in digests if id_ not in held), key=urgency)
    return Plan({id_: replace(results[id_], reused=True) for id_ in digests if id_ in held}, tuple(wanted))


def remembered(
    earlier: Earlier | None,
    plan: Plan,
    results: Results,
    stands_for: Fingerprint,
    digests: Mapping[str, str],
    now: Made,
) -> Earlier:
    """Return what a later build may hold on to: each result with the day on which it was really made.

    Args:
        earlier: What was remembered before.
        plan: What this build has taken from there.
        results: All results of this build.
        stands_for: What they depend on.
        digests: What each scenario says, by its id.
        now: This day, and what is checked out.
    """
    made = {id_: earlier.made[id_] if earlier and id_ in plan.held else now for id_ in digests}
    return Earlier(results, stands_for, digests, made)


def oldest(made: Iterable[Made]) -> Made | None:
    """The oldest of some results; None where there is none."""
    return min(made, key=lambda each: each[0], default=None)


def _is_green(results: Mapping[str, ScenarioResult], id_: str) -> bool:
    result = results.get(id_)
    if result is None or result.status != "passed" or result.flaky or result.ambiguous_steps:
        return False
    return not any(each.outside for each in (result, *result.rows.values()))


def _code_of(result: ScenarioResult) -> set[str]:
    """The files that a scenario went through: those of its step definitions, and what it is known to have executed."""
    served = (step.definition.rpartition(":")[0] for step in result.steps if step.definition)
    return {*served, *(name for each in (result, *result.rows.values()) for name in each.executed)}
