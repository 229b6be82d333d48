"""Names each set of step definitions that match the same steps once, however many scenarios it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from mkdocs_jetty.judge.model import FeatureVerdict
from mkdocs_jetty.run.model import StepResult
from mkdocs_jetty.spec.model import Problem


@dataclass
class _Rivals:
    """Definitions that match one step at least."""

    places: tuple[str, ...]
    taken: str | None = None
    """The one that pytest-bdd would take, or that ran."""
    first: str = ""
    scenarios: set[str] = field(default_factory=set)
    level: Literal["error", "warning"] = "warning"
    ran: bool = True


def ambiguities(features: Iterable[FeatureVerdict]) -> list[Problem]:
    """Report the ambiguous steps of these features: an error where one stopped a scenario, a warning where it ran."""
    found: dict[tuple[str, ...], _Rivals] = {}
    for feature in features:
        for judged in feature.scenarios:
            # A crash may cut the results short.
            for step, result in zip(judged.scenario.steps, judged.result.steps, strict=False):
                if not _rival_definitions(result):
                    continue
                places = tuple(sorted(result.candidates))
                rivals = found.setdefault(places, _Rivals(places))
                rivals.scenarios.add(judged.scenario.id)
                rivals.taken = rivals.taken or result.definition
                page = step.source or judged.scenario.source or feature.feature.page
                rivals.first = rivals.first or f"{page}:{step.line}: {step.keyword} {step.text}"
                if result.status == "ambiguous":
                    rivals.ran = False
                    # Known red does not fail the build, nor may what explains it.
                    rivals.level = rivals.level if judged.known_red else "error"
    return [Problem(rivals.level, "", None, None, _message(rivals)) for rivals in found.values()]


def _rival_definitions(result: StepResult) -> bool:
    """Tell whether several definitions matched; else they are places of a fixture that the definition asked for."""
    return bool(result.candidates) and (result.definition is None or result.definition in result.candidates)


def _message(rivals: _Rivals) -> str:
    *others, last = (f"`{place}`" for place in rivals.places)
    match = f"{', '.join(others)} and {last} {'both' if len(others) == 1 else 'all'} match"
    choice = "what ran is pytest-bdd's choice," if rivals.ran else "pytest-bdd would take"
    taken = f"; {choice} `{rivals.taken}`" if rivals.taken else ""
    count = len(rivals.scenarios)
    return f"{match}{taken}: {count} scenario{'' if count == 1 else 's'}, the first: {rivals.first}"
