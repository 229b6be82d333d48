"""A project's own preset: a YAML or TOML file that extends another one, adds, tightens, or loosens with a reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mkdocs_jetty.errors import ConfigError, parse_toml
from mkdocs_jetty.standards.catalogue import Entry, read_own_entry
from mkdocs_jetty.standards.model import ThresholdChange

ENDINGS = (".yml", ".yaml", ".toml")
KEYS = ("title", "extends", "traits", "standards", "thresholds", "drop")


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
    traits: tuple[str, ...] = ()
    """Traits of the project's own, beyond those of the catalogue."""

    def place(self, *keys: str) -> str:
        """The file with the line where the last of these keys stands below the others."""
        return f"{self.name}:{line_of(self.text, *keys)}"


def looks_like_path(name: str) -> bool:
    """Tell whether the name of a preset is a file's."""
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


def read(path: Path, name: str, where: str = "") -> PresetFile:
    """Read such a file.

    Args:
        path: The file.
        name: What the project calls it.
        where: Who names it, for a file that is not there.

    Raises:
        ConfigError: If it cannot be read or says something impossible; a line for each mistake: `file:line: what`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        by = f"{where}: " if where else ""
        raise ConfigError(f"{by}{name}: this preset cannot be read: {reason}") from None
    return _Reader(_parsed(text, path, name), text, name).read(path)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice: YAML forbids it, and PyYAML keeps the last without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                problem = f"the key {key.value!r} is there twice; put both into one"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add((key.tag, key.value))
        return node


def _parsed(text: str, path: Path, name: str) -> Mapping[str, Any]:
    try:
        data = parse_toml(name, text) if path.suffix == ".toml" else yaml.load(text, Loader=_Loader)  # noqa: S506 # a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigError(f"{name}:{mark.line + 1 if mark else 1}: not YAML: {problem}") from None
    except RecursionError:
        raise ConfigError(f"{name}: not YAML: it is nested too deeply") from None
    except ValueError as error:  # such as a date that no calendar has
        raise ConfigError(f"{name}: not YAML: {error}") from None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{name}:1: a preset is a table with {', '.join(KEYS)}")
    return data


class _Reader:
    """Goes through the parsed file and gathers every mistake on its way."""

    def __init__(self, data: Mapping[str, Any], text: str, name: str) -> None:
        self.data = data
        self.text = text
        self.name = name
        self.errors: list[str] = []

    def read(self, path: Path) -> PresetFile:
        for key in self.data:
            if key not in KEYS:
                self.error(f"unknown key {str(key)!r}{suggest(str(key), KEYS)}", str(key))
        from_catalogue, added = self.standards()
        preset = PresetFile(
            self.name,
            str(self.data.get("title") or path.stem.replace("-", " ").capitalize()),
            self.extends(),
            self.text,
            from_catalogue,
            added,
            tuple(self.changes()),
            self.dropped(),
            self.traits(),
        )
        if self.errors:
            raise ConfigError("\n".join(self.errors))
        return preset

    def extends(self) -> tuple[str, ...]:
        extends = self.data.get("extends")
        extends = [extends] if isinstance(extends, str) else extends
        if not isinstance(extends, list) or not extends or not all(isinstance(each, str) for each in extends):
            self.error("'extends' must name the preset that this one builds on", "extends")
            return ()
        return tuple(extends)

    def traits(self) -> tuple[str, ...]:
        traits = self.data.get("traits") or []
        if not isinstance(traits, list) or not all(isinstance(each, str) and each.strip() for each in traits):
            self.error("'traits' must be a list of the traits that this preset adds, such as [kiosk]", "traits")
            return ()
        return tuple(traits)

    def standards(self) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
        given = self.data.get("standards") or []
        if not isinstance(given, list):
            self.error("'standards' must be a list of ids and tables", "standards")
            return (), ()
        added: dict[str, Entry] = {}
        for each in given:
            if isinstance(each, str):
                continue
            if not isinstance(each, Mapping):
                self.error("a standard is an id of the catalogue or a table that has one", "standards", str(each))
                continue
            standard_id = str(each.get("id"))
            try:
                entry = read_own_entry(each)
            except ValueError as error:
                self.error(str(error), "standards", standard_id)
                continue
            if entry.id in added:
                self.error(f"the standard {entry.id!r} is there twice", "standards", standard_id)
            added[entry.id] = entry
        return tuple(each for each in given if isinstance(each, str)), tuple(added.values())

    def changes(self) -> Iterable[ThresholdChange]:
        for standard, values in self.table("thresholds").items():
            place = ("thresholds", str(standard))
            if not isinstance(values, Mapping):
                self.error(f"{standard} must be a table of thresholds", *place)
                continue
            reason = values.get("reason")
            if reason is not None and not isinstance(reason, str):
                self.error(f"the reason for {standard} must be a text, not {reason!r}", *place, "reason")
                reason = None
            for threshold, value in values.items():
                if threshold == "reason":
                    continue
                if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                    self.error(f"{threshold} must be a quantity such as '800 ms'", *place, str(threshold))
                    continue
                line = line_of(self.text, *place, str(threshold))
                yield ThresholdChange(str(standard), str(threshold), str(value), reason, line)

    def dropped(self) -> dict[str, str]:
        dropped = {}
        for standard, reason in self.table("drop").items():
            if isinstance(reason, str) and reason.strip():
                dropped[str(standard)] = reason.strip()
            else:
                self.error(f"dropping {standard} needs a reason", "drop", str(standard))
        return dropped

    def table(self, key: str) -> Mapping[Any, Any]:
        given = self.data.get(key) or {}
        if isinstance(given, Mapping):
            return given
        self.error(f"{key!r} must be a table by standard", key)
        return {}

    def error(self, message: str, *keys: str) -> None:
        self.errors.append(f"{self.name}:{line_of(self.text, *keys)}: {message}")
