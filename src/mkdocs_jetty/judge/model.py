"""What is true now: for each mode, each feature and the project as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.spec.model import Feature, Mode, Problem, Scenario, Spec

ModeStatus = Literal["none", "red", "green", "wip", "unknown", "not-applicable"]
Level = Literal["none", "speed", "stable", "production"]
State = Literal["internal", "external"]
FailOn = Literal["red", "standards", "incomplete"]


@dataclass(frozen=True)
class ModeVerdict:
    """One mode of one feature."""

    status: ModeStatus
    passed: int
    total: int
    standing_on_nothing: bool = False
    """Green, while a mode below it is not."""


@dataclass(frozen=True)
class JudgedScenario:
    """A scenario with its result, and whether that is red."""

    scenario: Scenario
    result: ScenarioResult
    red: bool
    """Red, known red included."""
    known_red: bool
    """Red by agreement (`@wip`): does not fail the build."""


@dataclass(frozen=True)
class FeatureVerdict:
    """One feature."""

    feature: Feature
    scenarios: tuple[JudgedScenario, ...]
    modes: Mapping[Mode, ModeVerdict]
    level: Level
    complete: bool


@dataclass(frozen=True)
class Verdict:
    """The whole project."""

    name: str
    state: State
    finish_line: Mode
    spec: Spec
    features: tuple[FeatureVerdict, ...]
    problems: tuple[Problem, ...]
    """Those of the reading and those of the run."""
    counts: Mapping[str, int]
    """By status, and `scenarios`, `wip`, `reused`: the keys of the contract."""
    red: bool
    """Whether anything is red that is not known red."""
    fails: bool
    """Whether the gate fails, by `fail_on`."""
    duration_s: float
    executed: bool
