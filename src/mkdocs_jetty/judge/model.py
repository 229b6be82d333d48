"""What is true now: for each mode, each feature and the project as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal, TypeVar

from mkdocs_jetty.judge.builds import Builds
from mkdocs_jetty.run.model import ScenarioResult, StepDefinition
from mkdocs_jetty.spec.model import Feature, Mode, Problem, Scenario, Spec
from mkdocs_jetty.standards.model import Attestation, Declaration, Preset, ReportFinding, Standard, Waiver

Item = TypeVar("Item")

ModeStatus = Literal["none", "red", "green", "wip", "flaky", "ambiguous", "unknown", "not-applicable"]
Level = Literal["none", "speed", "stable", "production"]
State = Literal["internal", "external"]
FailOn = Literal["red", "flaky", "standards", "incomplete"]
StandardStatus = Literal[
    "met", "claimed", "unmet", "uncovered", "unknown", "attested", "due", "stale", "waived", "not-applicable"
]
STANDARD_STATUSES: tuple[StandardStatus, ...] = (
    "unmet", "uncovered", "claimed", "unknown", "stale", "due", "waived", "attested", "met", "not-applicable",
)  # fmt: skip
"""From what asks for attention first to what asks for none."""


@dataclass(frozen=True)
class ModeVerdict:
    """One mode of one feature."""

    status: ModeStatus
    passed: int
    total: int
    lower_mode_not_green: bool = False
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

    @property
    def proven(self) -> bool:
        """Whether it is green: it passed at once, and there was no doubt which definitions ran."""
        return self.result.status == "passed" and not self.result.flaky and not self.result.ambiguous_steps


SHOWN = "shown"
"""What is asked of a check."""
IN_THIS_RUN = "in this run"
"""What was observed where it is no number."""


@dataclass(frozen=True)
class Observation:
    """Hold what was observed of one thing that a standard names."""

    name: str
    asked: str
    """What is good enough: `at most 10`; of a check `shown`."""
    value: str | None
    """What was observed; None where nothing was."""
    ok: bool
    """Whether it was observed and is good enough."""
    promised: bool = False
    """Whether it is only a promise of the system about a time to come."""
    why: str = ""
    """Why a value that was observed is not good enough, where the value alone does not say it."""

    @property
    def number(self) -> str:
        """The value, where it says more than that it was observed."""
        return "" if self.value in (None, IN_THIS_RUN) else str(self.value)

    @property
    def limit(self) -> str:
        """What is asked, where that is more than to be shown."""
        return "" if self.asked == SHOWN else self.asked

    @property
    def lack(self) -> str:
        """Why it is not good enough; empty where it is."""
        if self.ok:
            return ""
        return "not observed" if self.value is None else "only promised" if self.promised else self.why or self.value


@dataclass(frozen=True)
class StandardVerdict:
    """One standard, for one feature or for the system."""

    standard: Standard
    status: StandardStatus
    note: str = ""
    """In a sentence: what proves it, until when, or what is missing."""
    why: str = ""
    """Why it applies, or why not: `trait authentication`, `every feature`."""
    scenarios: tuple[str, ...] = ()
    """The ids of the scenarios that claim it."""
    record: Attestation | Waiver | ReportFinding | None = None
    expires: date | None = None
    observations: tuple[Observation, ...] = ()
    """What the scenarios that claim it observed of each thing that it names; empty where no scenario passed."""

    @property
    def settled(self) -> bool:
        """Whether nothing is missing: proved, or by a person's word that still holds."""
        return self.status in {"met", "attested", "due", "not-applicable"}


@dataclass(frozen=True)
class History:
    """What the ledger knows of a scenario: red before green."""

    red_on: date | None = None
    red_commit: str | None = None
    green_on: date | None = None
    green_commit: str | None = None
    red_again: tuple[tuple[date, str | None], ...] = ()
    """Each time it turned red after it had been green, with the commit."""
    challenged_on: date | None = None
    """When it last passed without its When steps, which proves nothing."""
    red_as_it_stands: bool = True
    """Whether the steps that were seen red are those of now; the red of other steps says nothing of these."""


@dataclass(frozen=True)
class FeatureVerdict:
    """One feature."""

    feature: Feature
    scenarios: tuple[JudgedScenario, ...]
    modes: Mapping[Mode, ModeVerdict]
    level: Level
    complete: bool
    standards: tuple[StandardVerdict, ...] = ()
    """Every standard of the preset that is for features, those that do not apply included."""
    regressed: bool = False
    """Whether it was complete by the ledger and a speed scenario of it has turned red since."""


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
    """By status, and `scenarios`, `wip`, `reused`, `flaky`: the keys of the contract."""
    red: bool
    """Whether anything is red that is not known red."""
    fails: bool
    """Whether the gate fails, by `fail_on`."""
    duration_s: float
    executed: bool
    standards: tuple[StandardVerdict, ...] = ()
    """Those met once for the system."""
    preset: Preset | None = None
    """None in an internal project."""
    declaration: Declaration = field(default_factory=Declaration)
    history: Mapping[str, History] = field(default_factory=dict)
    """By scenario id."""
    today: date | None = None
    """The day for which it was judged."""
    commit: str | None = None
    """What was checked out when it ran."""
    builds: Builds = field(default_factory=Builds)
    """The builds before this one, where a file of them is named."""
    verified_on: date | None = None
    """The day on which it ran, where that is not the day of judging."""
    definitions: tuple[StepDefinition, ...] = ()
    """The step definitions that there are."""

    @property
    def seen_on(self) -> date | None:
        """The day on which it ran."""
        return self.verified_on or self.today

    # A site asks for these once a page: each is looked up, not looked for.

    @cached_property
    def by_id(self) -> Mapping[str, FeatureVerdict]:
        """The features by their id."""
        return {feature.feature.id: feature for feature in self.features}

    @cached_property
    def by_page(self) -> Mapping[str, tuple[FeatureVerdict, ...]]:
        """The features of each page that has any."""
        return _grouped((feature.feature.page, feature) for feature in self.features)

    @cached_property
    def problems_by_page(self) -> Mapping[str, tuple[Problem, ...]]:
        """The problems of each page that has any."""
        return _grouped((problem.page, problem) for problem in self.problems)

    @cached_property
    def problems_of_blocks(self) -> Mapping[str, tuple[Problem, ...]]:
        """The problems that belong to a block of a page, which shows them in its place."""
        return _grouped(
            (page.path, problem) for page in self.spec.pages for block in page.blocks for problem in block.problems
        )

    @cached_property
    def judged(self) -> Mapping[str, tuple[Feature, JudgedScenario]]:
        """Each scenario with its feature, by its id."""
        return {judged.scenario.id: (each.feature, judged) for each in self.features for judged in each.scenarios}


def _grouped(items: Iterable[tuple[str, Item]]) -> Mapping[str, tuple[Item, ...]]:
    groups: dict[str, list[Item]] = {}
    for key, item in items:
        groups.setdefault(key, []).append(item)
    return {key: tuple(group) for key, group in groups.items()}
