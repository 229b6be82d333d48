"""Changes of `jetty.toml` by the commands: what stands there, comments and all, stays as it is.

The new text is read back before it takes the old one's place, so a command never leaves a declaration behind that
the next build refuses, or one that says something else than what was asked for.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.standards.declaration import parse_declaration
from mkdocs_jetty.standards.model import DECLARATION, Attestation, Declaration, Report, Transition, Waiver

_Record = TypeVar("_Record", Attestation, Waiver, Report)


def go_external(root: Path, presets: Sequence[str], frameworks: Sequence[str], on: date) -> Declaration:
    """Declare the project external under these presets, or move it to others.

    Raises:
        ConfigError: If it is external under them already, or the file is or would become wrong.
    """
    text, old = _current(root)
    if old.state == "external" and (old.preset, old.frameworks) == (tuple(presets), tuple(frameworks)):
        raise ConfigError(f"{DECLARATION}: the project is external under {', '.join(presets)} already")
    since = old.since if old.state == "external" and old.since else on
    transition = Transition("external", on, tuple(presets))
    new = dataclasses.replace(
        old, state="external", preset=tuple(presets), frameworks=tuple(frameworks), since=since,
        history=(*old.history, transition),
    )  # fmt: skip

    def change(project: Any) -> None:
        project["state"] = "external"
        project["preset"] = list(presets)
        if frameworks or "frameworks" in project:
            project["frameworks"] = list(frameworks)
        project["since"] = since

    text = _with_record(_with_project(text, change), "transition", transition)
    return _write(root, text, new)


def go_internal(root: Path, reason: str, on: date) -> Declaration:
    """Take the project back to internal; the presets stay, as what it is on its way to.

    Raises:
        ConfigError: If it is internal already, no reason is given, or the file is or would become wrong.
    """
    text, old = _current(root)
    if old.state == "internal":
        raise ConfigError(f"{DECLARATION}: the project is internal already")
    if not reason.strip():
        raise ConfigError(f"{DECLARATION}: going back to internal needs a reason, which is kept in the file")
    transition = Transition("internal", on, old.preset, reason.strip())
    new = dataclasses.replace(old, state="internal", since=None, history=(*old.history, transition))

    def change(project: Any) -> None:
        project["state"] = "internal"
        if "since" in project:
            del project["since"]

    text = _with_record(_with_project(text, change), "transition", transition)
    return _write(root, text, new)


def add_attestation(root: Path, attestation: Attestation) -> Declaration:
    """Add a dated statement.

    Raises:
        ConfigError: If it stands there already, or the file is or would become wrong.
    """
    text, old = _current(root)
    attestation = _stripped(attestation)
    for each in old.attestations:
        if (each.standard, each.feature, each.by, each.on) == (
            attestation.standard, attestation.feature, attestation.by, attestation.on,
        ):  # fmt: skip
            raise ConfigError(
                f"{DECLARATION}:{each.line}: `{each.standard}` was attested by {each.by} on {each.on} already"
            )
    new = dataclasses.replace(old, attestations=(*old.attestations, attestation))
    return _write(root, _with_record(text, "attestation", attestation), new)


def add_waiver(root: Path, waiver: Waiver) -> Declaration:
    """Add an agreed exception.

    Raises:
        ConfigError: If one for the same standard is open on its day, or the file is or would become wrong.
    """
    text, old = _current(root)
    waiver = _stripped(waiver)
    for each in old.waivers:
        if (each.standard, each.feature) == (waiver.standard, waiver.feature) and each.on <= waiver.on <= each.until:
            raise ConfigError(f"{DECLARATION}:{each.line}: `{each.standard}` is waived already, until {each.until}")
    new = dataclasses.replace(old, waivers=(*old.waivers, waiver))
    return _write(root, _with_record(text, "waiver", waiver), new)


def add_report(root: Path, report: Report) -> Declaration:
    """Note a report; one that is noted for the same standard and path already is noted anew.

    Raises:
        ConfigError: If the file is or would become wrong.
    """
    text, old = _current(root)
    report = _stripped(report)
    key = (report.standard, report.feature, report.path)
    at = next((n for n, each in enumerate(old.reports) if (each.standard, each.feature, each.path) == key), None)
    if at is None:
        new = dataclasses.replace(old, reports=(*old.reports, report))
        return _write(root, _with_record(text, "report", report), new)
    new = dataclasses.replace(old, reports=(*old.reports[:at], report, *old.reports[at + 1 :]))
    return _write(root, _with_changed(text, "report", at, report), new)


# ---- the text ----


def _current(root: Path) -> tuple[str, Declaration]:
    path = Path(root) / DECLARATION
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    except UnicodeDecodeError:
        raise ConfigError(f"{DECLARATION}: this file is not UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{DECLARATION}: {error.strerror or error}") from None
    return text, parse_declaration(text)


def _with_project(text: str, change: Callable[[Any], None]) -> str:
    text, newline = _unix(text)
    try:
        document = tomlkit.parse(text)
        if "project" in document:
            change(document["project"])
            return document.as_string().replace("\n", newline)
        project = tomlkit.table()
        change(project)
    except TOMLKitError as error:
        raise ConfigError(f"{DECLARATION}: it cannot be changed by a command: {error}") from None
    fresh = tomlkit.document()
    fresh.add("project", project)
    return _appended(text, fresh.as_string()).replace("\n", newline)


def _values(record: Attestation | Waiver | Transition | Report) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in dataclasses.asdict(record).items()
        if key != "line" and value not in (None, ())
    }


def _with_changed(text: str, name: str, at: int, record: Report) -> str:
    text, newline = _unix(text)
    document = tomlkit.parse(text)
    table: Any = document[name]
    values = _values(record)
    for key in [key for key in table[at] if key not in values]:
        del table[at][key]
    table[at].update(values)
    return document.as_string().replace("\n", newline)


def _with_record(text: str, name: str, record: Attestation | Waiver | Transition | Report) -> str:
    text, newline = _unix(text)
    values = _values(record)
    present = tomlkit.parse(text).get(name)
    if isinstance(present, tomlkit.items.Array):
        document = tomlkit.parse(text)
        row = tomlkit.inline_table()
        row.update(values)
        document[name].append(row)
        return document.as_string().replace("\n", newline)
    # At the end of the text a further entry is right wherever the others stand.
    table = tomlkit.table()
    table.update(values)
    entries = tomlkit.aot()
    entries.append(table)
    fresh = tomlkit.document()
    fresh.add(name, entries)
    return _appended(text, fresh.as_string()).replace("\n", newline)


def _stripped(record: _Record) -> _Record:
    texts: dict[str, Any] = {key: value.strip() for key, value in vars(record).items() if isinstance(value, str)}
    return dataclasses.replace(record, **texts)


def _appended(text: str, block: str) -> str:
    return f"{text.rstrip()}\n\n{block.strip()}\n" if text.strip() else f"{block.strip()}\n"


def _unix(text: str) -> tuple[str, str]:
    return text.replace("\r\n", "\n"), "\r\n" if "\r\n" in text else "\n"


# ---- the file ----


def _write(root: Path, text: str, expected: Declaration) -> Declaration:
    try:
        result = parse_declaration(text)
    except ConfigError as error:
        # The lines it names are those of a text that nobody will ever see.
        reasons = re.sub(rf"^{re.escape(DECLARATION)}(:\d+)?: ", "", str(error), flags=re.MULTILINE)
        raise ConfigError("\n".join(f"not written to {DECLARATION}: {each}" for each in reasons.splitlines())) from None
    if _without_lines(result) != _without_lines(expected):
        raise ConfigError(f"{DECLARATION}: this change cannot be made by a command; write it by hand")
    path = (Path(root) / DECLARATION).resolve()
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _replace(path, beside, text)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ConfigError(f"{DECLARATION}: it cannot be written: {error.strerror or error}") from None
    return result


def _replace(path: Path, beside: Path, text: str) -> None:
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        beside.chmod(path.stat().st_mode & 0o777)
    beside.replace(path)


def _without_lines(declaration: Declaration) -> Declaration:
    def bare(records: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dataclasses.replace(record, line=None) for record in records)

    return dataclasses.replace(
        declaration,
        thresholds=bare(declaration.thresholds),
        attestations=bare(declaration.attestations),
        waivers=bare(declaration.waivers),
        reports=bare(declaration.reports),
    )
