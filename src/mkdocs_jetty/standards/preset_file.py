"""A project's own preset: a YAML or TOML file that extends another one, adds, tightens, or loosens with a reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mkdocs_jetty.errors import parse_toml
from mkdocs_jetty.standards.catalogue import Entry, read_entry
from mkdocs_jetty.standards.model import ThresholdChange

ENDINGS = (".yml", ".yaml", ".toml")
KEYS = ("title", "extends", "standards", "thresholds", "drop")


@dataclass(frozen=True)
class PresetFile:
    """What such a file says."""

    name: str
    """As the project names it, for messages."""
    title: str
    extends: tuple[str, ...]
    text: str = ""
    from_catalogue: tuple[str, ...] = ()
    """Standards of the catalogue that the extended preset does not ask for."""
    added: tuple[Entry, ...] = ()
    """Standards of the project's own."""
    changes: tuple[ThresholdChange, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Standards that are not asked for, with the reason."""

    def place(self, *keys: str) -> str:
        """The file with the line where the last of these keys stands below the others."""
        return f"{self.name}:{line_of(self.text, *keys)}"


def looks_like_path(name: str) -> bool:
    """Whether the name of a preset is a file's."""
    return name.endswith(ENDINGS)


def suggest(name: str, known: Iterable[str]) -> str:
    """Say what may have been meant, or what there is where that is little."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    few = 6
    return f"; there are {', '.join(known)}" if len(known) <= few else ""


def line_of(text: str, *keys: str) -> int:
    """The line of the last key, each looked for below the one before it; 1 where there is none."""
    lines = text.splitlines()
    at = 0
    for key in keys:
        word = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
        at = next((place for place in range(at, len(lines)) if word.search(lines[place])), at)
    return at + 1


def read(path: Path, name: str) -> PresetFile:
    """Read such a file.

    Raises:
        ValueError: If it cannot be read or says something impossible: `file:line: what is wrong`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ValueError(f"{name}: this preset cannot be read: {reason}") from None
    data = _parsed(text, path, name)
    unknown = [str(key) for key in data if key not in KEYS]
    if unknown:
        raise ValueError(f"{name}:{line_of(text, unknown[0])}: unknown key {unknown[0]!r}{suggest(unknown[0], KEYS)}")
    extends = data.get("extends")
    extends = [extends] if isinstance(extends, str) else extends
    if not isinstance(extends, list) or not extends or not all(isinstance(each, str) for each in extends):
        raise ValueError(f"{name}:{line_of(text, 'extends')}: 'extends' must name the preset that this one builds on")
    from_catalogue, added = _standards(data, text, name)
    title = str(data.get("title") or path.stem.replace("-", " ").capitalize())
    changes, dropped = _changes(data, text, name), _dropped(data, text, name)
    return PresetFile(name, title, tuple(extends), text, from_catalogue, added, changes, dropped)


def _parsed(text: str, path: Path, name: str) -> Mapping[str, Any]:
    try:
        data = parse_toml(name, text) if path.suffix == ".toml" else yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ValueError(f"{name}:{mark.line + 1 if mark else 1}: not YAML: {problem}") from None
    except RecursionError:
        raise ValueError(f"{name}: not YAML: it is nested too deeply") from None
    if not isinstance(data, Mapping):
        raise ValueError(f"{name}:1: a preset is a table with {', '.join(KEYS)}")  # noqa: TRY004 - data, not a caller's mistake
    return data


def _standards(data: Mapping[str, Any], text: str, name: str) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    given = data.get("standards") or []
    if not isinstance(given, list):
        raise ValueError(f"{name}:{line_of(text, 'standards')}: 'standards' must be a list of ids and tables")  # noqa: TRY004 - as above
    added: dict[str, Entry] = {}
    for each in given:
        if isinstance(each, str):
            continue
        where = f"{name}:{line_of(text, 'standards', str(each.get('id')) if isinstance(each, Mapping) else '')}"
        if not isinstance(each, Mapping):
            raise ValueError(f"{where}: a standard is an id of the catalogue or a table that has one")  # noqa: TRY004 - as above
        try:
            entry = read_entry(each)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        if entry.id in added:
            raise ValueError(f"{where}: the standard {entry.id!r} is there twice")
        added[entry.id] = entry
    return tuple(each for each in given if isinstance(each, str)), tuple(added.values())


def _changes(data: Mapping[str, Any], text: str, name: str) -> tuple[ThresholdChange, ...]:
    given = data.get("thresholds") or {}
    changes = []
    for standard, values in _table(given, "thresholds", text, name).items():
        where = f"{name}:{line_of(text, 'thresholds', str(standard))}"
        if not isinstance(values, Mapping):
            raise ValueError(f"{where}: {standard} must be a table of thresholds")  # noqa: TRY004 - as above
        reason = values.get("reason")
        for threshold, value in values.items():
            if threshold == "reason":
                continue
            line = line_of(text, "thresholds", str(standard), str(threshold))
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                raise ValueError(f"{name}:{line}: {threshold} must be a quantity such as '800 ms'")  # noqa: TRY004 - as above
            why = None if reason is None else str(reason)
            changes.append(ThresholdChange(str(standard), str(threshold), str(value), why, line))
    return tuple(changes)


def _dropped(data: Mapping[str, Any], text: str, name: str) -> dict[str, str]:
    dropped = _table(data.get("drop") or {}, "drop", text, name)
    for standard, reason in dropped.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"{name}:{line_of(text, 'drop', str(standard))}: dropping {standard} needs a reason")
    return {str(standard): str(reason).strip() for standard, reason in dropped.items()}


def _table(given: Any, key: str, text: str, name: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{name}:{line_of(text, key)}: {key!r} must be a table by standard")  # noqa: TRY004 - data, as above
    return given
