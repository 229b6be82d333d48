"""The standards that ship with the package, as data: what each asks, of whom, and in which preset.

What a project gets of it is decided in `presets`; here nothing is combined, and no placeholder is filled.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, get_args

import yaml

from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.standards.model import ENVIRONMENTS, FRAMEWORKS, Applies, Direction, Environment, Evidence, Source
from mkdocs_jetty.standards.quantities import parse
from mkdocs_jetty.standards.readers.kinds import KINDS
from mkdocs_jetty.standards.readers.reading import FORMATS

EVIDENCE = get_args(Evidence)
DIRECTIONS = get_args(Direction)
VERIFIED = ("primary", "secondary", "memory")
SCOPES = ("feature", "system")
APPLIES_KEYS = ("scope", "any_of", "framework", "unless_public")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Limit:
    """A threshold with the value of each preset that has one."""

    direction: Direction
    values: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """One standard with its placeholders open and the numbers of all presets."""

    id: str
    title: str
    statement: str
    applies: Applies
    evidence: Evidence
    category: str = "own"
    presets: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    """Only with one of these; empty for the core."""
    thresholds: Mapping[str, Limit] = field(default_factory=dict)
    skeleton: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    number_basis: str = ""
    min_environment: Environment | None = None
    aliases: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    """The formats of report that can answer it; empty where its thresholds tell."""
    scans: tuple[str, ...] = ()
    checks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class PresetInfo:
    """The name of a built-in preset, and what it builds on."""

    title: str
    summary: str
    extends: str | None = None


@dataclass(frozen=True)
class Tightening:
    """A limit that a framework sets to a standard of the core."""

    standard: str
    name: str
    value: str
    basis: str


@dataclass(frozen=True)
class Framework:
    """A body of rules that a regulated project names."""

    title: str
    tightens: tuple[Tightening, ...]


@dataclass(frozen=True)
class Text:
    """A published text that sources refer to."""

    prefix: str
    title: str
    checked: str


@dataclass(frozen=True)
class Catalogue:
    """Everything that ships."""

    version: str
    presets: Mapping[str, PresetInfo]
    frameworks: Mapping[str, Framework]
    traits: Mapping[str, str]
    texts: tuple[Text, ...]
    entries: tuple[Entry, ...]

    @functools.cached_property
    def ids(self) -> frozenset[str]:
        """Every id and alias that a tag or a record may name."""
        return frozenset(name for each in self.entries for name in (each.id, *each.aliases))

    def entry(self, standard_id: str) -> Entry | None:
        """The entry of this id or alias."""
        return next((each for each in self.entries if standard_id in (each.id, *each.aliases)), None)


@functools.cache
def load_catalogue() -> Catalogue:
    """Read the catalogue that ships with the package."""
    text = resources.files("mkdocs_jetty.standards").joinpath("data", "catalogue.yaml").read_text(encoding="utf-8")
    data = yaml.load(text, Loader=LOADER)  # noqa: S506 - safe, and ten times as fast where libyaml is there
    return Catalogue(
        version=data["catalogue_version"],
        presets={name: PresetInfo(**each) for name, each in data["presets"].items()},
        frameworks={
            name: Framework(each["title"], tuple(Tightening(**change) for change in each["tightens"]))
            for name, each in data["frameworks"].items()
        },
        traits=data["traits"],
        texts=tuple(Text(**each) for each in data["texts"]),
        entries=tuple(read_entry(each) for each in data["standards"]),
    )


def read_entry(data: Mapping[str, Any]) -> Entry:
    """Read one standard of the catalogue.

    Raises:
        ValueError: If something is missing or wrong; the message says what would be right.
    """
    unknown = set(data) - ENTRY_KEYS
    if unknown:
        raise ValueError(f"unknown key {min(map(str, unknown))!r}; there are {', '.join(sorted(ENTRY_KEYS))}")
    applies = data.get("applies_to", {})
    if not isinstance(applies, Mapping):
        raise ValueError("'applies_to' must be a table with 'scope' and 'any_of'")  # noqa: TRY004 - data, not a caller's mistake
    _known("applies_to", applies, APPLIES_KEYS)
    frameworks = _words(applies, "framework", FRAMEWORKS)
    evidence = _choice(data, "evidence", EVIDENCE, "scenario")
    reports = _words(data, "reports", FORMATS)
    if reports and evidence != "external-check":
        raise ValueError("'reports' names formats for a standard whose 'evidence' is external-check")
    return Entry(
        id=_word(data, "id"),
        title=_word(data, "title"),
        statement=_word(data, "statement"),
        applies=_applies(applies, frameworks),
        evidence=evidence,
        category=_word(data, "category", "own"),
        presets=_words(data, "presets"),
        frameworks=frameworks,
        thresholds=_limits(data.get("thresholds") or {}),
        skeleton=_words(data, "skeleton"),
        sources=tuple(_source(each) for each in data.get("sources") or ()),
        number_basis=_word(data, "number_basis", "Set by the project."),
        min_environment=_choice(data, "min_environment", ENVIRONMENTS, None),
        aliases=_words(data, "aliases"),
        reports=reports,
        scans=_words(data, "scans", tuple(KINDS)),
        checks=_checks(data.get("checks") or {}),
    )


def read_own_entry(data: Mapping[str, Any]) -> Entry:
    """Read one standard of a project's own file: each threshold has one value, which holds wherever the file does.

    Raises:
        ValueError: If something is missing or wrong; the message says what would be right.
    """
    if "presets" in data:
        raise ValueError("a standard of your own is asked for by this file; leave 'presets' out")
    for name, each in data["thresholds"].items() if isinstance(data.get("thresholds"), Mapping) else ():
        if isinstance(each, Mapping):
            _own_limit(str(name), each)
    return read_entry(data)


def _own_limit(name: str, limit: Mapping[str, Any]) -> None:
    _known(f"the threshold {name!r}", limit, ("direction", "value"))
    value = limit.get("value")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not str(value).strip():
        raise ValueError(f"the threshold {name!r} needs a 'value' such as '2 seconds', 10 or '15%'")
    if limit.get("direction") != "exact" and parse(str(value)) is None:
        raise ValueError(f"the value of {name!r} must be a quantity such as '2 seconds', 10 or '15%', not {value!r}")


ENTRY_KEYS = {
    "id", "title", "statement", "applies_to", "evidence", "category", "presets", "thresholds", "skeleton", "sources",
    "number_basis", "min_environment", "aliases", "reports", "scans", "checks",
}  # fmt: skip


def _applies(data: Mapping[str, Any], frameworks: tuple[str, ...]) -> Applies:
    scope = _choice(data, "scope", SCOPES, "feature")
    groups = data.get("any_of") or []
    if not _is_list(groups) or not all(_is_list(group) and group and all(map(_is_text, group)) for group in groups):
        raise ValueError("'any_of' must be a list of lists of traits, such as [[ui], [api, payment]]")
    traits = tuple(tuple(group) for group in groups)
    unless_public = data.get("unless_public", False)
    if not isinstance(unless_public, bool):
        raise ValueError("'unless_public' must be true or false")  # noqa: TRY004 - data, not a caller's mistake
    text = applies_text(scope, traits)
    text += ", unless it is declared public" if unless_public else ""
    return Applies(scope, traits, text, " or ".join(frameworks) or None, unless_public)


def applies_text(scope: str, traits: Sequence[Sequence[str]]) -> str:
    """Say in words which features a standard is for."""
    named = " or ".join(" + ".join(group) for group in traits)
    if scope == "system":
        return f"the system, once, where a feature has {named}" if named else "the system, once"
    return named or "every feature"


def _checks(data: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(data, Mapping):
        raise ValueError("'checks' must be a table of names, each with the phrase or the phrases that observe it")  # noqa: TRY004 - as above
    return {str(name): (each,) if _is_text(each) else _words(data, str(name)) for name, each in data.items()}


def _limits(data: Any) -> dict[str, Limit]:
    if not isinstance(data, Mapping):
        raise ValueError("'thresholds' must be a table of tables with 'direction' and 'value'")  # noqa: TRY004 - as above
    limits = {}
    for name, each in data.items():
        if not isinstance(each, Mapping):
            raise ValueError(f"the threshold {str(name)!r} must be a table with 'direction' and 'value'")  # noqa: TRY004 - as above
        values = {str(key): str(value) for key, value in each.items() if key != "direction"}
        if not values:
            raise ValueError(f"the threshold {str(name)!r} has no 'value'")
        limits[str(name)] = Limit(_choice(each, "direction", DIRECTIONS, None, needed=True), values)
    return limits


def _source(data: Any) -> Source:
    if isinstance(data, str):
        return Source(data, "memory")
    if not isinstance(data, Mapping):
        raise ValueError("a source must be a text or a table with 'ref'")  # noqa: TRY004 - as above
    note = data.get("note")
    return Source(
        _word(data, "ref"), _choice(data, "verified", VERIFIED, "memory"), None if note is None else str(note)
    )


def _word(data: Mapping[str, Any], key: str, default: str | None = None) -> str:
    value = data.get(key, default)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key!r} must be a text")
    return value


def _words(data: Mapping[str, Any], key: str, choices: Sequence[str] | None = None) -> tuple[str, ...]:
    value = data.get(key) or []
    if not _is_list(value) or not all(map(_is_text, value)):
        raise ValueError(f"{key!r} must be a list of texts")
    if strange := [each for each in value if choices is not None and each not in choices]:
        raise ValueError(f"{key!r} knows {', '.join(choices or ())}, not {strange[0]!r}")
    return tuple(value)


def _known(what: str, data: Mapping[str, Any], keys: Sequence[str]) -> None:
    strange = [str(key) for key in data if key not in keys]
    if strange:
        raise ValueError(f"{what} has no key {strange[0]!r}{did_you_mean(strange[0], keys)}; it has {', '.join(keys)}")


def _choice(data: Mapping[str, Any], key: str, choices: Sequence[str], default: Any, *, needed: bool = False) -> Any:
    value = data.get(key, default)
    if value is None and not needed:
        return None
    if value not in choices:
        raise ValueError(f"{key!r} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
