"""`jetty.toml`: what people decided, signed and dated, checked before anything runs.

A record that cannot be right must not count, and must not silently be left out either. So every mistake is found
at once, each with its line and what would be right; and nothing is run on a declaration that has one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, cast

from mkdocs_jetty.errors import ConfigError, alternatives, did_you_mean, parse_toml, read_text
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards.model import (
    ENVIRONMENTS,
    FRAMEWORKS,
    WAIVER_REASONS,
    Attestation,
    Declaration,
    Environment,
    Preset,
    Report,
    Standard,
    ThresholdChange,
    Transition,
    Waiver,
)
from mkdocs_jetty.standards.places import Places
from mkdocs_jetty.standards.quantities import satisfies
from mkdocs_jetty.standards.readers.reading import FORMATS

FILE_NAME = "jetty.toml"
STATES = ("internal", "external")
MAX_WAIVER_DAYS = 180
MAX_OPEN_WAIVERS = 5
MAX_OPEN_WAIVERS_SHARE = 0.1

_TABLES = ("project", "thresholds", "attestation", "waiver", "report", "transition")
_VALIDITY = ("valid", "fresh", "every", "rotate")


def read_declaration(root: Path) -> Declaration:
    """What the project's `jetty.toml` says; a project without one is internal.

    Raises:
        ConfigError: With a line for each mistake.
    """
    path = Path(root) / FILE_NAME
    if not path.exists():
        return Declaration()
    return parse_declaration(read_text(path))


def parse_declaration(text: str) -> Declaration:
    """The declaration that a text holds.

    Raises:
        ConfigError: With a line for each mistake.
    """
    text = text.replace("\r\n", "\n")
    return _Reader(parse_toml(FILE_NAME, text), Places(text)).read()


def validity(standard: Standard) -> str | None:
    """How long an attestation or a report of this standard may count: its threshold for that, as written."""
    for name in _VALIDITY:
        threshold = standard.thresholds.get(name)
        if threshold is not None and satisfies("1 day", "at-most", threshold.value) is not None:
            return threshold.value
    return None


class _Reader:
    """Goes through the parsed file and gathers every mistake on its way."""

    def __init__(self, data: Mapping[str, Any], places: Places) -> None:
        self.data = data
        self.places = places
        self.errors: list[tuple[int, str]] = []

    def read(self) -> Declaration:
        self.known(self.data, _TABLES, (), "table")
        project = self.table("project")
        declaration = Declaration(
            state=cast("Any", self.project_state(project)),
            preset=self.texts(project, "preset", ("project",)),
            frameworks=self.frameworks(project),
            since=self.day(project, "since", ("project",), required=False),
            thresholds=tuple(self.thresholds()),
            attestations=tuple(self.attestation(*record) for record in self.records("attestation")),
            waivers=tuple(self.waiver(*record) for record in self.records("waiver")),
            reports=tuple(self.report(*record) for record in self.records("report")),
            history=tuple(self.transition(*record) for record in self.records("transition")),
        )
        if declaration.state == "external" and not declaration.preset and "preset" not in project:
            self.error(
                'an external project needs a preset: write `preset = ["startup-mvp"]` in `[project]`',
                "project",
                "state",
            )
        self.duplicates(declaration)
        if self.errors:
            raise ConfigError("\n".join(message for _, message in sorted(self.errors, key=lambda each: each[0])))
        return declaration

    # ---- the tables ----

    def project_state(self, project: Mapping[str, Any]) -> str:
        self.known(project, ("state", "preset", "frameworks", "since"), ("project",), "key")
        return self.choice(project, "state", ("project",), STATES, required=False) or "internal"

    def frameworks(self, project: Mapping[str, Any]) -> tuple[str, ...]:
        names = self.texts(project, "frameworks", ("project",), may_be_empty=True)
        for name in names:
            if name not in FRAMEWORKS:
                hint = did_you_mean(name, FRAMEWORKS)
                self.error(f"there is no framework `{name}`{hint}; jetty knows {', '.join(FRAMEWORKS)}",
                           "project", "frameworks")  # fmt: skip
        return names

    def thresholds(self) -> list[ThresholdChange]:
        changes: list[ThresholdChange] = []
        for standard, table in self.table("thresholds").items():
            path = ("thresholds", standard)
            if not isinstance(table, dict):
                self.error(f"write the thresholds of a standard as a table: `[thresholds.{standard}]`", *path)
                continue
            reason = self.text(table, "reason", path, required=False) or None
            values = {name: value for name, value in table.items() if name != "reason"}
            if not values:
                self.error(f'`[thresholds.{standard}]` changes no threshold; name one, as in `p95 = "800 ms"`', *path)
            for name, value in values.items():
                line = self.places.line(*path, name)
                changes.append(ThresholdChange(standard, name, self.limit(value, *path, name), reason, line))
        return changes

    def limit(self, value: Any, *path: str) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and math.isfinite(value):
            return str(value)
        self.error(f'`{path[-1]}` must be a text such as "800 ms", or a number, not {_shown(value)}', *path)
        return ""

    def attestation(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Attestation:
        self.known(table, ("standard", "by", "on", "until", "link", "statement", "feature"), path, "key")
        on, until = self.period(table, path)
        return Attestation(
            standard=self.text(table, "standard", path),
            by=self.text(table, "by", path),
            on=on,
            until=until,
            link=self.text(table, "link", path),
            statement=self.text(table, "statement", path),
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
        )

    def waiver(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Waiver:
        keys = ("standard", "reason", "text", "owner", "approver", "on", "until", "feature")
        self.known(table, keys, path, "key")
        on, until = self.period(table, path)
        owner, approver = self.text(table, "owner", path), self.text(table, "approver", path)
        if owner and _same_person(owner, approver):
            self.error(f"`approver` is the owner, {owner}; somebody else has to approve a waiver", *path, "approver")
        return Waiver(
            standard=self.text(table, "standard", path),
            reason=self.choice(table, "reason", path, WAIVER_REASONS),
            text=self.text(table, "text", path),
            owner=owner,
            approver=approver,
            on=on,
            until=until,
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
        )

    def report(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Report:
        self.known(table, ("standard", "path", "format", "environment", "feature"), path, "key")
        environment = self.choice(table, "environment", path, ENVIRONMENTS, required=False)
        return Report(
            standard=self.text(table, "standard", path),
            path=self.text(table, "path", path),
            format=self.choice(table, "format", path, FORMATS, required=False) or None,
            environment=cast("Environment", environment) if environment else None,
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
        )

    def transition(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Transition:
        self.known(table, ("state", "on", "preset", "reason"), path, "key")
        return Transition(
            state=cast("Literal['internal', 'external']", self.choice(table, "state", path, STATES)),
            on=self.day(table, "on", path) or date.min,
            preset=self.texts(table, "preset", path, may_be_empty=True),
            reason=self.text(table, "reason", path, required=False) or None,
        )

    def duplicates(self, declaration: Declaration) -> None:
        # A record renewed on another day is history and stays; only the very same one twice is a mistake.
        for kind, keys in (
            ("attestation", [(r.standard, r.feature, r.by, r.on) for r in declaration.attestations]),
            ("waiver", [(r.standard, r.feature, r.on) for r in declaration.waivers]),
            ("report", [(r.standard, r.feature, r.path) for r in declaration.reports]),
        ):
            for index, key in enumerate(cast("list[tuple[Any, ...]]", keys)):
                if key[0] and key in keys[:index]:
                    first = self.places.line(kind, keys.index(cast("Any", key)))
                    self.error(f"this {kind} for `{key[0]}` stands already on line {first}; keep one", kind, index)

    # ---- the values: a wrong one is noted, and an empty one stands in until all are read ----

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.data.get(name, {})
        if isinstance(value, dict):
            return value
        written = "[thresholds.<standard>]" if name == "thresholds" else f"[{name}]"
        self.error(f"`{name}` must be a table, written `{written}`", name)
        return {}

    def records(self, name: str) -> list[tuple[Mapping[str, Any], tuple[str | int, ...]]]:
        value = self.data.get(name, [])
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [(item, (name, index)) for index, item in enumerate(value)]
        self.error(f"`{name}` must be a list of tables, each written `[[{name}]]`", name)
        return []

    def known(
        self, table: Mapping[str, Any], names: Sequence[str], path: tuple[str | int, ...], kind: Literal["table", "key"]
    ) -> None:
        where = f"`{path[0]}` has" if path else f"{FILE_NAME} has"
        for name in table:
            if name not in names:
                message = f"{where} no {kind} `{_plain(name)}`{did_you_mean(name, names)}; it has {', '.join(names)}"
                self.error(message, *path, name)

    def text(self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...], *, required: bool = True) -> str:
        value = table.get(key)
        if key not in table:
            if required:
                self.error(f"`{path[0]}` needs `{key}`", *path)
        elif not isinstance(value, str):
            self.error(f"`{key}` must be a text in quotes, not {_shown(value)}", *path, key)
        elif not value.strip():
            self.error(f"`{key}` is empty; write a text, or leave an optional one out", *path, key)
        else:
            return value.strip()
        return ""

    def texts(
        self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...], *, may_be_empty: bool = False
    ) -> tuple[str, ...]:
        if key not in table:
            return ()
        value = table[key]
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) and item.strip() for item in values):
            self.error(f"`{key}` must be a text or a list of texts, not {_shown(value)}", *path, key)
            return ()
        if not values and not may_be_empty:
            self.error(f"`{key}` is empty; name at least one, or leave it out", *path, key)
        return tuple(dict.fromkeys(item.strip() for item in values))

    def choice(
        self,
        table: Mapping[str, Any],
        key: str,
        path: tuple[str | int, ...],
        words: Sequence[str],
        *,
        required: bool = True,
    ) -> str:
        if key not in table:
            if required:
                self.error(f"`{path[0]}` needs `{key}`: {alternatives(words)}", *path)
            return ""
        value = table[key]
        if isinstance(value, str) and value in words:
            return value
        hint = did_you_mean(str(value), words)
        self.error(f"`{key}` must be {alternatives(words)}{hint}, not {_shown(value)}", *path, key)
        return ""

    def day(
        self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...], *, required: bool = True
    ) -> date | None:
        value = table.get(key)
        if key not in table:
            if required:
                self.error(f"`{path[0]}` needs `{key}`, a date such as 2026-11-22", *path)
            return None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.error(f"`{key}` must be a date such as 2026-11-22, {_hint_for_date(value)}, not {_shown(value)}",
                   *path, key)  # fmt: skip
        return None

    def period(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> tuple[date, date]:
        on, until = self.day(table, "on", path), self.day(table, "until", path)
        if on and until and until < on:
            self.error(f"`until` ({until}) lies before `on` ({on})", *path, "until")
        return on or date.min, until or date.min

    def error(self, message: str, *path: str | int) -> None:
        line = self.places.line(*path)
        self.errors.append((line or 0, f"{FILE_NAME}:{line}: {message}" if line else f"{FILE_NAME}: {message}"))


def _same_person(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _plain(name: str) -> str:
    return repr(name)[1:-1]


def _shown(value: Any, limit: int = 60) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def _hint_for_date(value: Any) -> str:
    if isinstance(value, datetime):
        return "without a time"
    return "without quotes" if isinstance(value, str) else "year, month and day"


# ---- what can only be told with the preset and the specification at hand ----


def check_declaration(
    declaration: Declaration, preset: Preset | None, spec_feature_ids: Collection[str], today: date
) -> list[Problem]:
    """What is wrong with the declaration in the light of the preset, the features and the day."""
    problems = [_future(what, day, None) for what, day in _project_days(declaration) if day > today]
    records: tuple[Attestation | Waiver | Report, ...]
    records = (*declaration.attestations, *declaration.waivers, *declaration.reports)
    for record in records:
        problems += _named_rightly(record, preset, spec_feature_ids)
        if not isinstance(record, Report) and record.on > today:
            problems.append(_future(f"`on` of the {_kind(record)} for `{record.standard}`", record.on, record.line))
    for attestation in declaration.attestations:
        problems += _attested_rightly(attestation, preset)
    for waiver in declaration.waivers:
        if (days := (waiver.until - waiver.on).days) > MAX_WAIVER_DAYS:
            problems.append(_problem(
                f"the waiver for `{waiver.standard}` lasts {days} days; at most {MAX_WAIVER_DAYS} are allowed, "
                "then it has to be agreed anew",
                waiver.line,
            ))  # fmt: skip
    return [*problems, *_too_many_waivers(declaration, preset, today)]


def _named_rightly(
    record: Attestation | Waiver | Report, preset: Preset | None, feature_ids: Collection[str]
) -> list[Problem]:
    problems = []
    standard = preset.standard(record.standard) if preset else None
    if preset is not None and standard is None:
        hint = did_you_mean(record.standard, [each.id for each in preset.standards])
        problems.append(_problem(
            f"`{record.standard}` is not a standard of {preset.title}{hint}; correct the id or take the "
            f"{_kind(record)} out",
            record.line,
        ))  # fmt: skip
    if record.feature is not None and record.feature not in feature_ids:
        hint = did_you_mean(record.feature, list(feature_ids))
        problems.append(_problem(f"there is no feature with the id `{record.feature}`{hint}", record.line))
    elif record.feature is not None and standard is not None and standard.applies.scope == "system":
        message = f"`{standard.id}` is met once for the system; leave `feature` out of the {_kind(record)}"
        problems.append(_problem(message, record.line, "warning"))
    return problems


def _attested_rightly(attestation: Attestation, preset: Preset | None) -> list[Problem]:
    standard = preset.standard(attestation.standard) if preset else None
    if standard is None:
        return []
    if standard.evidence == "scenario":
        return [_problem(
            f"`{standard.id}` is proved by a scenario; a statement cannot stand in for one: write a production "
            f"scenario tagged `@standard:{standard.id}`, or a waiver",
            attestation.line,
        )]  # fmt: skip
    limit = validity(standard)
    days = (attestation.until - attestation.on).days
    if limit is None or satisfies(f"{days} days", "at-most", limit) is not False:
        return []
    return [_problem(
        f"the attestation for `{standard.id}` runs {days} days, to {attestation.until}; "
        f"the standard allows at most {limit} from {attestation.on}",
        attestation.line,
    )]  # fmt: skip


def _too_many_waivers(declaration: Declaration, preset: Preset | None, today: date) -> list[Problem]:
    if preset is None:
        return []
    opened = [waiver for waiver in declaration.waivers if waiver.on <= today <= waiver.until]
    most = max(MAX_OPEN_WAIVERS, int(len(preset.standards) * MAX_OPEN_WAIVERS_SHARE))
    if len(opened) <= most:
        return []
    message = (
        f"{len(opened)} waivers are open, more than {most}: an exception that is the rule says the preset is wrong"
    )
    return [_problem(message, opened[most].line, "warning")]


def _project_days(declaration: Declaration) -> list[tuple[str, date]]:
    days = [(f"`on` of the transition to {each.state}", each.on) for each in declaration.history]
    return [("`since`", declaration.since), *days] if declaration.since else days


def _future(what: str, day: date, line: int | None) -> Problem:
    return _problem(f"{what} is {day}, which lies in the future; write the day on which it happened", line)


def _kind(record: Attestation | Waiver | Report) -> str:
    return type(record).__name__.lower()


def _problem(message: str, line: int | None, level: Literal["error", "warning"] = "error") -> Problem:
    return Problem(level, FILE_NAME, line, None, message)
