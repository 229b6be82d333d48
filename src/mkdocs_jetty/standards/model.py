"""What a project has to meet, and what people have declared about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from mkdocs_jetty.spec.model import Problem

FRAMEWORKS = ("hipaa", "pci-dss", "fedramp", "gdpr")
"""What `regulated` can be asked to answer to."""
Evidence = Literal["scenario", "attestation", "external-check"]
Direction = Literal["at-most", "at-least", "exact"]
Environment = Literal["local", "ci", "staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = ("local", "ci", "staging", "production")
"""From the weakest place of observation to the strongest."""


@dataclass(frozen=True)
class Source:
    """Where a standard comes from: an identifier of a published text, and how that was checked."""

    ref: str
    verified: Literal["primary", "secondary", "memory"]
    note: str | None = None


@dataclass(frozen=True)
class Threshold:
    """A number or a value that a standard asks for."""

    name: str
    direction: Direction
    value: str
    """What holds for this project, as people write it: `10`, `1 minute`, `500 ms`, `15%`."""
    preset_value: str
    """What the preset asks; differs from `value` where the project deviates."""
    reason: str | None = None
    """Why the project deviates."""
    looser: bool = False
    """Whether the deviation asks for less than the preset."""


@dataclass(frozen=True)
class Applies:
    """Which features a standard is for."""

    scope: Literal["feature", "system"]
    traits: tuple[tuple[str, ...], ...] = ()
    """Any of these groups, all of a group; empty for every feature (or the system)."""
    text: str = "every feature"
    framework: str | None = None
    """Only with this framework."""
    unless_public: bool = False
    """Whether it is for nothing that everybody may use and nobody signs in to."""


@dataclass(frozen=True)
class Standard:
    """One requirement, with the values that hold for the project filled in."""

    id: str
    category: str
    title: str
    statement: str
    """One sentence that says what is asked, with this project's numbers in it."""
    applies: Applies
    evidence: Evidence
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    skeleton: tuple[str, ...] = ()
    """The steps of a scenario that would prove it, with this project's numbers in them."""
    sources: tuple[Source, ...] = ()
    number_basis: str = ""
    """Where the numbers come from; says so where they are judgement."""
    min_environment: Environment | None = None
    """The weakest place in which an observation counts."""
    aliases: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    """The formats of report that can answer it; empty where its thresholds tell."""
    scans: tuple[str, ...] = ()
    """The kinds of scanners whose reports answer it; of several, a report of each is needed."""
    checks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What else must be observed, each with the stock phrases that observe it when one scenario has them all.

    A check may bear the name of a threshold: then these phrases observe that threshold's very value.
    """


@dataclass(frozen=True)
class Preset:
    """What the project's chosen presets, frameworks and own deviations come to."""

    names: tuple[str, ...]
    title: str
    """`Production SaaS`, or `Enterprise + Regulated (HIPAA)`."""
    version: str
    frameworks: tuple[str, ...]
    standards: tuple[Standard, ...]
    warnings: tuple[str, ...] = ()
    """What people should know of the choice itself."""
    dropped: tuple[Problem, ...] = ()
    """What files of the project's own leave out, as warnings at the place where they do."""

    def standard(self, standard_id: str) -> Standard | None:
        """The standard of this id or alias."""
        return next((each for each in self.standards if standard_id in (each.id, *each.aliases)), None)


@dataclass(frozen=True)
class Attestation:
    """A dated statement by a person that a standard is met."""

    standard: str
    by: str
    on: date
    until: date
    link: str
    statement: str
    feature: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Waiver:
    """An agreed exception: shown, never green."""

    standard: str
    reason: str
    """One of `WAIVER_REASONS`."""
    text: str
    owner: str
    approver: str
    on: date
    until: date
    feature: str | None = None
    line: int | None = None


WAIVER_REASONS = (
    "risk-accepted",
    "compensating-control",
    "not-yet-implemented",
    "third-party-responsibility",
    "false-positive",
)


@dataclass(frozen=True)
class Report:
    """A report file of another tool, named as evidence."""

    standard: str
    path: str
    format: str | None = None
    """`sarif`, `cyclonedx`, `junit`, `pip-audit`, `zap`, `k6` or `locust`; told from the file where absent."""
    environment: Environment | None = None
    feature: str | None = None
    line: int | None = None
    tool: str | None = None
    """Which tool made it, by the word of whoever noted it."""
    made_on: date | None = None
    """The day on which it was made, for a format that carries no date of its own."""
    digest: str | None = None
    """`sha256:` and the digest of the file that was noted: another file has another day."""
    by: str | None = None
    """Who noted it."""


@dataclass(frozen=True)
class ReportFinding:
    """What a report says about its standard."""

    report: Report
    ok: bool
    made_on: date | None
    """When the report was made, by its own word; None where it carries no date, and then it cannot be fresh."""
    note: str
    """What it says in a sentence: `0 findings of severity high or above`."""
    measured: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """Why it cannot be read; then it proves nothing."""
    kinds: tuple[str, ...] = ()
    """What its scanners look for, of those kinds that the standard asks for."""


@dataclass(frozen=True)
class ThresholdChange:
    """A deviation that the project declares."""

    standard: str
    name: str
    value: str
    reason: str | None
    line: int | None = None


@dataclass(frozen=True)
class Transition:
    """A change of the project's state."""

    state: Literal["internal", "external"]
    on: date
    preset: tuple[str, ...] = ()
    reason: str | None = None
    line: int | None = field(default=None, compare=False)


DECLARATION = "jetty.toml"
"""The file that it is written in, beside the site's own."""


@dataclass(frozen=True)
class Declaration:
    """What `jetty.toml` says: facts that people decide, date and sign."""

    state: Literal["internal", "external"] = "internal"
    preset: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    since: date | None = None
    thresholds: tuple[ThresholdChange, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    reports: tuple[Report, ...] = ()
    history: tuple[Transition, ...] = ()
    load: str | None = None
    """What normal load is: `20 users`."""
    since_line: int | None = field(default=None, compare=False)
    preset_line: int | None = field(default=None, compare=False)
    frameworks_line: int | None = field(default=None, compare=False)
