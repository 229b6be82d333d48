"""Gathers red scenarios that fail for one reason, so that a broken step is told once and not three hundred times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mkdocs_jetty.show import words

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario
    from mkdocs_jetty.run.model import StepResult
    from mkdocs_jetty.spec.model import Feature, Step

_VALUE = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|0x[0-9a-fA-F]+|\d+(?:[.,:]\d+)*""")
FIRST = 3
"""How many of those that fail for one reason are named; pages and exports have all."""


@dataclass(frozen=True)
class Cause:
    """Scenarios that fail for one reason, in the order of the pages."""

    scenarios: tuple[tuple[Feature, JudgedScenario], ...]

    def others(self) -> list[str]:
        """A line for each of the next few after the first one, and one for the rest."""
        rest = self.scenarios[1:]
        if not rest:
            return []
        named = [
            f"{words.place(feature, one.scenario)}: {words.title(one.scenario)}" for feature, one in rest[: FIRST - 1]
        ]
        more = f"and {len(rest) - len(named)} more; the pages and the exports name them all"
        return [
            f"the same in {words.plural(len(rest), 'other scenario')}:",
            *named,
            *([more] if rest[FIRST - 1 :] else []),
        ]


def causes(features: Iterable[FeatureVerdict]) -> list[Cause]:
    """All red scenarios, those together that share a step definition and, but for its values, a message."""
    groups: dict[tuple[object, ...], list[tuple[Feature, JudgedScenario]]] = {}
    for feature in features:
        for judged in feature.scenarios:
            if judged.red:
                groups.setdefault(_key(judged), []).append((feature.feature, judged))
    return [Cause(tuple(group)) for group in groups.values()]


def log_lines(features: Iterable[FeatureVerdict]) -> list[str]:
    """Return what the log of a build says of the scenarios that fail it."""
    lines = []
    for cause in causes(features):
        feature, judged = cause.scenarios[0]
        if not judged.known_red:
            place, title = words.place(feature, judged.scenario), words.title(judged.scenario)
            lines += [f"{place}: {title}: {reason(judged)}", *(f"  {other}" for other in cause.others())]
    return lines


def reason(judged: JudgedScenario) -> str:
    """Why a scenario is not green, in one line."""
    result = judged.result
    pairs = list(zip(judged.scenario.steps, result.steps, strict=False))
    # Each step that nothing serves, or too much, has to be mended: naming the first alone would hide the others.
    unserved = [(step, found) for step, found in pairs if found.status in {"undefined", "ambiguous"}]
    if result.status in {"undefined", "ambiguous"} and unserved:
        unserved.sort(key=lambda pair: pair[1].status != result.status)
        return "; ".join(_unserved(step, found) for step, found in unserved)
    own = (found.message for _, found in pairs if found.message and found.status == result.status)
    message = next(own, None) or result.message or next((found.message for _, found in pairs if found.message), "")
    first = (message or "").strip().split("\n", 1)[0]
    return f"{result.status}: {first}" if first else result.status


def generalised(text: str) -> str:
    """A text without the values in it, which is the same for all that fail for one reason."""
    return _VALUE.sub("…", text)


def _unserved(step: Step, found: StepResult) -> str:
    said = f" ({', '.join(found.candidates)})" if found.candidates else ""
    return f"{found.status}: {step.keyword} {step.text}{said}"


def _key(judged: JudgedScenario) -> tuple[object, ...]:
    result = judged.result
    failed = next((step for step in result.steps if step.status not in ("passed", "unknown")), None)
    at = (failed.definition, failed.location, failed.candidates) if failed else None
    return judged.known_red, result.status, result.cause, at, generalised(reason(judged))
