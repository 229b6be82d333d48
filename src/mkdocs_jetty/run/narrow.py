"""The same specification with less in it, for runs that ask another question than the build does."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import replace

from mkdocs_jetty.spec.model import Scenario, Spec


def without_when(spec: Spec) -> Spec:
    """Every scenario without its When steps; parent and child both count the steps of this one."""
    features = tuple(
        replace(feature, scenarios=tuple(map(_without_when, feature.scenarios))) for feature in spec.features
    )
    return replace(spec, features=features)


def on_pages(spec: Spec, pages: Container[str]) -> Spec:
    """Return what stands on some pages, all of it."""
    return Spec(
        tuple(feature for feature in spec.features if feature.page in pages),
        tuple(page for page in spec.pages if page.path in pages),
    )


def only(spec: Spec, wanted: Callable[[Scenario], bool]) -> Spec:
    """The scenarios that are wanted, each in its feature; features without any are left out."""
    kept = [
        replace(feature, scenarios=tuple(scenario for scenario in feature.scenarios if wanted(scenario)))
        for feature in spec.features
    ]
    return replace(spec, features=tuple(feature for feature in kept if feature.scenarios))


def _without_when(scenario: Scenario) -> Scenario:
    steps = tuple(step for step in scenario.steps if step.type != "when")
    return replace(scenario, steps=steps, defect=scenario.defect or (None if steps else "no-steps"))
