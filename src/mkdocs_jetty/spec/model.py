"""What the pages say: features, scenarios, steps, and where each line of them stands.

Every `line` is a line of the file as its author sees it, counted from 1.
Every path is relative to the project's directory, with forward slashes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from mkdocs_jetty.kinds import code_of

Mode = Literal["speed", "stable", "production"]
MODES: tuple[Mode, ...] = ("speed", "stable", "production")
StepType = Literal["given", "when", "then"]
NotRunnable = Literal["invalid-gherkin", "no-rows", "no-steps"]


@dataclass(frozen=True)
class Problem:
    """Something wrong with the specification or the run, for its author to mend."""

    level: Literal["error", "warning"]
    page: str
    """The file, relative to the project; empty where no file is to blame."""
    line: int | None
    column: int | None
    message: str
    """What is wrong and what would be right, in one sentence or two."""

    @property
    def code(self) -> str:
        """What names its kind, such as `JTY201`, however the message is worded."""
        return code_of(self.message)

    @property
    def told(self) -> str:
        """The problem as a log tells it, with its code."""
        first, *more = str(self).split("\n")
        return "\n".join([f"{first} [{self.code}]", *more])

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.page, self.line, self.column) if part)
        return f"{place}: {self.message}" if place else self.message


@dataclass(frozen=True)
class Step:
    """One step of a scenario, with the values of its Examples row filled in."""

    keyword: str
    """As written, stripped: `Given`, `And`, `*`, `Soit`."""
    type: StepType
    text: str
    line: int
    table: tuple[tuple[str, ...], ...] | None = None
    docstring: str | None = None
    media_type: str | None = None
    background: bool = False
    """Whether it comes from a `Background:`."""
    source: str | None = None
    """The file that `line` is a line of, relative to the project, where that is not the scenario's own."""


@dataclass(frozen=True)
class Scenario:
    """One thing that runs: a scenario, or one row of an outline."""

    id: str
    """Unique in the spec and stable under edits elsewhere: `<feature id>/<slug>`."""
    name: str
    """With the row's values filled in."""
    keyword: str
    mode: Mode
    tags: tuple[str, ...]
    """All that hold for it, inherited ones too, each with its `@`."""
    line: int
    """The line of its keyword."""
    steps: tuple[Step, ...]
    row_line: int | None = None
    """The line of its Examples row, for a scenario of an outline."""
    outline: str | None = None
    """The name of its outline as written, for a scenario of an outline."""
    rule: str | None = None
    description: str = ""
    defect: NotRunnable | None = None
    """Why it can never run, whatever the step definitions say."""
    defect_note: str = ""
    """Where the defect lies, as a sentence, if that is not the scenario itself."""
    source: str | None = None
    """The file that its lines are of, relative to the project, where that is not the page: an included file."""
    params: str | None = None
    """Which of several pytest tests of one scenario this is: the id of its parameters, or the module that binds it."""
    own_tags: tuple[str, ...] = ()
    """Those of `tags` that stand on the scenario itself."""

    @property
    def wip(self) -> bool:
        """Whether it is known red: red by agreement."""
        return "@wip" in self.tags

    @property
    def standards(self) -> tuple[str, ...]:
        """The ids of the standards that it claims to prove."""
        return tuple(tag.removeprefix("@standard:") for tag in self.tags if tag.startswith("@standard:"))


@dataclass(frozen=True)
class Feature:
    """A feature: all the scenarios on a page that stand under one name."""

    id: str
    name: str
    page: str
    line: int
    scenarios: tuple[Scenario, ...]
    tags: tuple[str, ...] = ()
    description: str = ""
    language: str = "en"
    traits: tuple[str, ...] = ()
    owner: str | None = None
    """Whom to ask."""
    traits_declared: bool = False
    """Whether its author said which traits it has, be it none."""
    public: str | None = None
    """Why everybody may use it and nobody signs in, where its author has declared that."""


# ---- what a block shows, in the author's order: for the pages, not for the run ----


@dataclass(frozen=True)
class ShownStep:
    """A step as written, placeholders and all."""

    keyword: str
    text: str
    line: int
    table: tuple[tuple[str, ...], ...] | None = None
    docstring: str | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class ShownExamples:
    """An `Examples:` table as written; `rows` pairs each row with the id of its scenario."""

    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], str], ...]


@dataclass(frozen=True)
class ShownScenario:
    """A scenario or an outline as written."""

    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
    """Its own tags only."""
    line: int
    steps: tuple[ShownStep, ...]
    examples: tuple[ShownExamples, ...]
    scenario_ids: tuple[str, ...]
    """The scenarios it stands for: one, or one for each Examples row."""


@dataclass(frozen=True)
class ShownBackground:
    """A `Background:` as written."""

    keyword: str
    name: str
    description: str
    line: int
    steps: tuple[ShownStep, ...]


@dataclass(frozen=True)
class ShownHeading:
    """A `Feature:` or `Rule:` line with its description."""

    kind: Literal["feature", "rule"]
    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
    line: int


ShownItem = ShownHeading | ShownBackground | ShownScenario


@dataclass(frozen=True)
class Block:
    """One fence of a page (or one whole `.feature` file) with what it says."""

    page: str
    line: int
    """The line of the opening fence; its text starts on the next."""
    source: str
    """The text in the fence as the Markdown renderer hands it over: how a rendered fence is recognised."""
    runs: bool
    """False for `run=false`: an example to look at."""
    feature_id: str | None
    items: tuple[ShownItem, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What is wrong with this block; a block that does not parse has its errors here and no items."""
    plain: bool = False
    """Whether it is written as plain Markdown: its line is that of its heading, which the page shows itself."""
    language: str = ""
    """And the language of its keywords."""


@dataclass(frozen=True)
class Page:
    """A page that holds specification, or was meant to."""

    path: str
    title: str
    blocks: tuple[Block, ...]
    steps: tuple[str, ...] = ()
    """The step modules it names in its front matter, relative to the project."""


@dataclass(frozen=True)
class Spec:
    """Everything that was read."""

    features: tuple[Feature, ...] = ()
    pages: tuple[Page, ...] = ()
    problems: tuple[Problem, ...] = field(default=())
    """All of them, those of the blocks included."""

    @cached_property
    def by_path(self) -> Mapping[str, Page]:
        """The pages by their path."""
        return {page.path: page for page in self.pages}

    def scenarios(self) -> Iterator[tuple[Feature, Scenario]]:
        """Every scenario with its feature, in the order of the pages."""
        for feature in self.features:
            for scenario in feature.scenarios:
                yield feature, scenario
