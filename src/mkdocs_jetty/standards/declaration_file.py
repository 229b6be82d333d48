"""The tables and keys of `jetty.toml`: what each may hold, and on which line a wrong one stands."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

from mkdocs_jetty.errors import alternatives, did_you_mean, says_something
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards.model import (
    DECLARATION,
    ENVIRONMENTS,
    FRAMEWORKS,
    WAIVER_REASONS,
    Attestation,
    Declaration,
    Environment,
    Report,
    ThresholdChange,
    Transition,
    Waiver,
)
from mkdocs_jetty.standards.places import Places
from mkdocs_jetty.standards.readers.reading import FORMATS

STATES = ("internal", "external")

_TABLES = ("project", "thresholds", "load", "attestation", "waiver", "report", "transition")
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s/]+\S*|mailto:\S+@\S+|(?!\w+:/)[^\s/]*/[^\s/]\S*|[^\s/]+\.\w{2,}|[A-Z][A-Z0-9]+-\d+|#\d+"
)
"""An address, a path, a file, or a ticket."""
_USERS = re.compile(r"([1-9][0-9]*) users?")


class DeclarationReader:
    """Goes through the parsed file and gathers every mistake on its way.

    Attributes:
        errors: What is wrong; where there is any, what was read has empty texts and `date.min` in its place.
    """

    def __init__(self, data: Mapping[str, Any], places: Places) -> None:
        self.data = data
        self.places = places
        self.errors: list[Problem] = []

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
            load=self.load(),
            since_line=self.places.line("project", "since"),
            preset_line=self.places.line("project", "preset"),
            frameworks_line=self.places.line("project", "frameworks"),
        )
        if declaration.state == "external" and not declaration.preset and "preset" not in project:
            self.error(
                'an external project needs a preset: write `preset = ["startup-mvp"]` in `[project]`',
                "project",
                "state",
            )
        self.duplicates(declaration)
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
            reason = self.sentence(table, "reason", path, required=False) or None
            values = {name: value for name, value in table.items() if name != "reason"}
            if not values:
                self.error(f'`[thresholds.{standard}]` changes no threshold; name one, as in `p95 = "800 ms"`', *path)
            for name, value in values.items():
                line = self.places.line(*path, name)
                changes.append(ThresholdChange(standard, name, self.limit(value, *path, name), reason, line))
        return changes

    def load(self) -> str | None:
        """Return what the project calls normal load."""
        table = self.table("load")
        self.known(table, ("normal",), ("load",), "key")
        normal = self.text(table, "normal", ("load",), required=False)
        if normal and not _USERS.fullmatch(normal):
            self.error(f'`normal` must be a number of users such as "20 users", not {_shown(normal)}', "load", "normal")
        return normal or None

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
            by=self.person(table, "by", path),
            on=on,
            until=until,
            link=self.link(table, "link", path),
            statement=self.sentence(table, "statement", path),
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
        )

    def waiver(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Waiver:
        keys = ("standard", "reason", "text", "owner", "approver", "on", "until", "feature")
        self.known(table, keys, path, "key")
        on, until = self.period(table, path)
        owner, approver = self.person(table, "owner", path), self.person(table, "approver", path)
        if owner and _same_person(owner, approver):
            self.error(f"`approver` is the owner, {owner}; somebody else has to approve a waiver", *path, "approver")
        return Waiver(
            standard=self.text(table, "standard", path),
            reason=self.choice(table, "reason", path, WAIVER_REASONS),
            text=self.sentence(table, "text", path),
            owner=owner,
            approver=approver,
            on=on,
            until=until,
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
        )

    def report(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Report:
        keys = ("standard", "path", "format", "environment", "feature", "tool", "made_on", "digest", "by")
        self.known(table, keys, path, "key")
        made_on = self.day(table, "made_on", path, required=False)
        digest = self.text(table, "digest", path, required=False) or None
        if made_on and not digest:
            message = "`made_on` needs the `digest` of the file that it is of: `jetty evidence add` writes both"
            self.error(message, *path, "made_on")
        environment = self.choice(table, "environment", path, ENVIRONMENTS, required=False)
        return Report(
            standard=self.text(table, "standard", path),
            path=self.text(table, "path", path),
            format=self.choice(table, "format", path, FORMATS, required=False) or None,
            environment=cast("Environment", environment) if environment else None,
            feature=self.text(table, "feature", path, required=False) or None,
            line=self.places.line(*path),
            tool=self.text(table, "tool", path, required=False) or None,
            made_on=made_on,
            digest=digest,
            by=self.text(table, "by", path, required=False) or None,
        )

    def transition(self, table: Mapping[str, Any], path: tuple[str | int, ...]) -> Transition:
        self.known(table, ("state", "on", "preset", "reason"), path, "key")
        return Transition(
            state=cast("Literal['internal', 'external']", self.choice(table, "state", path, STATES)),
            on=self.day(table, "on", path) or date.min,
            preset=self.texts(table, "preset", path, may_be_empty=True),
            reason=self.text(table, "reason", path, required=False) or None,
            line=self.places.line(*path, "on"),
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
        where = f"`{path[0]}` has" if path else f"{DECLARATION} has"
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
        elif not _person(value):
            self.error(f"`{key}` is empty; write a text, or leave an optional one out", *path, key)
        else:
            return value.strip()
        return ""

    def person(self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...]) -> str:
        name = self.text(table, key, path)
        if name and not any(map(str.isalpha, name)):
            self.error(f"`{key}` names nobody: write a person or a team, not {_shown(name)}", *path, key)
        return name

    def sentence(
        self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...], *, required: bool = True
    ) -> str:
        text = self.text(table, key, path, required=required)
        if text and not says_something(text):
            self.error(f"`{key}` says nothing: write in a few words what is meant, not {_shown(text)}", *path, key)
        return text

    def link(self, table: Mapping[str, Any], key: str, path: tuple[str | int, ...]) -> str:
        text = self.text(table, key, path)
        if text and not _LINK.fullmatch(text):
            said = "an address such as `https://example.org/report`, a file of the project or a ticket such as `OPS-12`"
            self.error(f"`{key}` must lead somewhere: {said}, not {_shown(text)}", *path, key)
        return text

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
        self.errors.append(Problem("error", DECLARATION, self.places.line(*path), None, message))


def _same_person(one: str, other: str) -> bool:
    return _person(one) == _person(other)


def _person(name: str) -> str:
    """A name as one reads it: without what nobody sees, and in one spelling of each letter."""
    seen = (each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) not in {"Cf", "Cc"})
    return " ".join("".join(seen).split()).casefold()


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
