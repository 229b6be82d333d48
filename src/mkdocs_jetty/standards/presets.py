"""What the chosen presets, frameworks and the project's own deviations come to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mkdocs_jetty.errors import did_you_mean
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards import preset_file
from mkdocs_jetty.standards.catalogue import Entry, load_catalogue
from mkdocs_jetty.standards.drafts import Asked, Draft, PresetError, attempted, combined, thresholds_of, with_changes
from mkdocs_jetty.standards.frameworks import with_frameworks
from mkdocs_jetty.standards.model import (
    DECLARATION,
    FRAMEWORKS,
    Declaration,
    Preset,
    Standard,
    Threshold,
    ThresholdChange,
)
from mkdocs_jetty.standards.preset_file import PresetFile, suggest

__all__ = [
    "BY_COMMAND",
    "FRAMEWORKS",
    "PRESETS",
    "PresetError",
    "attempt",
    "named_in",
    "resolve",
    "thresholds_of",
]

PRESETS = ("startup-mvp", "production-saas", "enterprise", "regulated")
PLACEHOLDER = re.compile(r"\{([\w.-]+)\}")
OPTIONAL = re.compile(r"\[\[(.*?)\]\]")


@dataclass(frozen=True)
class Named:
    """Where presets and frameworks are named, for what is said of them."""

    presets: str
    frameworks: str


BY_COMMAND = Named("--preset", "--framework")
BY_DECLARATION = Named(DECLARATION, DECLARATION)


def resolve(
    names: Sequence[str],
    frameworks: Sequence[str],
    changes: Sequence[ThresholdChange],
    root: Path,
    named: Named = BY_DECLARATION,
) -> Preset:
    """Combine the presets, add what the frameworks ask, and apply the project's deviations.

    Args:
        names: Built-in presets, or paths (relative to `root`) of files that extend one.
        frameworks: What a regulated project answers to.
        changes: The `[thresholds]` of `jetty.toml`.
        root: The directory of `jetty.toml`.
        named: Where the presets and frameworks are named; somewhere in `jetty.toml`, if not given.

    Raises:
        PresetError: If a name is unknown, a file is wrong, or values cannot be combined or compared: all that is wrong.
    """
    preset, wrong = attempt(names, frameworks, changes, root, named)
    if wrong or preset is None:
        raise PresetError("\n".join(wrong))
    return preset


def attempt(
    names: Sequence[str],
    frameworks: Sequence[str],
    changes: Sequence[ThresholdChange],
    root: Path,
    named: Named = BY_DECLARATION,
) -> tuple[Preset | None, list[str]]:
    """As `resolve`: what can be told of the preset, if anything can, and a line for each mistake."""
    wrong: list[str] = []
    if not names:
        return None, [f"{DECLARATION}: no preset is named; there are {', '.join(PRESETS)}"]
    drafts = attempted([partial(_draft, name, root, (), named.presets) for name in _distinct(names)], wrong)
    if wrong:
        return None, wrong
    frameworks = tuple(dict.fromkeys(frameworks))
    try:
        draft = combined(drafts, changes, named.presets)
        draft = with_frameworks(draft, frameworks, named.frameworks)
    except PresetError as error:
        return None, str(error).splitlines()
    draft = with_changes(draft, changes, DECLARATION, wrong)
    titles = [load_catalogue().frameworks[name].title for name in frameworks]
    preset = Preset(
        names=tuple(names),
        title=f"{draft.title} ({', '.join(titles)})" if titles else draft.title,
        version=load_catalogue().version,
        frameworks=frameworks,
        standards=tuple(_standard(each, draft.asked) for each in draft.asked.values()),
        warnings=draft.warnings,
        dropped=draft.dropped,
    )
    return preset, wrong


def named_in(declaration: Declaration) -> Named:
    """Tell where a declaration names them."""
    lines = (declaration.preset_line, declaration.frameworks_line)
    return Named(*(f"{DECLARATION}:{line}" if line else DECLARATION for line in lines))


def _draft(name: str, folder: Path, chain: tuple[Path, ...], where: str) -> Draft:
    if name in PRESETS:
        return _built_in(name)
    if not preset_file.looks_like_path(name):
        raise PresetError(f"{where}: there is no preset {name!r}{suggest(name, PRESETS)}; or name a .yml or .toml file")
    path = (folder / name).resolve()
    if path in chain:
        circle = " → ".join(each.name for each in (*chain[chain.index(path) :], path))
        raise PresetError(f"{where}: the presets extend each other in a circle: {circle}")
    return _extended(preset_file.read(path, name, where), path, (*chain, path))


def _built_in(name: str) -> Draft:
    catalogue = load_catalogue()
    asked = {
        entry.id: Asked(entry, thresholds_of(entry, name))
        for entry in catalogue.entries
        if name in entry.presets and not entry.frameworks
    }
    return Draft(catalogue.presets[name].title, asked, frozenset(_ancestry(name)))


def _ancestry(name: str | None) -> Iterable[str]:
    while name is not None:
        yield name
        name = load_catalogue().presets[name].extends


def _distinct(names: Sequence[str]) -> list[str]:
    """Leave out built-in presets that another built-in one extends: it has decided already what differs."""
    implied = {each for name in names if name in PRESETS for each in list(_ancestry(name))[1:]}
    return [name for name in dict.fromkeys(names) if name not in implied]


# ---- a file of the project's own ----


def _extended(own: PresetFile, path: Path, chain: tuple[Path, ...]) -> Draft:
    """Return what a file makes of the presets that it extends."""
    wrong: list[str] = []
    bases = attempted(
        [partial(_draft, name, path.parent, chain, own.place("extends")) for name in _distinct(own.extends)], wrong
    )
    if wrong:
        raise PresetError("\n".join(wrong))
    draft = combined(bases, own.changes, own.place("extends"))
    draft = replace(draft, title=own.title, traits=draft.traits | set(own.traits))
    asked = dict(draft.asked)
    named = attempted([partial(_from_catalogue, each, own) for each in own.from_catalogue], wrong)
    for each in named:
        asked.setdefault(each.entry.id, each)
    added = attempted([partial(_added, entry, own, draft) for entry in own.added], wrong)
    draft = replace(draft, asked={**asked, **{each.entry.id: each for each in added}})
    draft = with_changes(draft, own.changes, own.name, wrong)
    for standard_id, reason in own.dropped.items():
        draft = next(iter(attempted([partial(_dropped, draft, standard_id, reason, own)], wrong)), draft)
    if wrong:
        raise PresetError("\n".join(wrong))
    return draft


def _from_catalogue(standard_id: str, own: PresetFile) -> Asked:
    catalogue = load_catalogue()
    entry = catalogue.entry(standard_id)
    if entry is None:
        where = own.place("standards", standard_id)
        raise PresetError(f"{where}: there is no standard {standard_id!r}{suggest(standard_id, catalogue.ids)}")
    preset = next(name for name in PRESETS if name in entry.presets)
    # Who asks for it by name means it, whether the project answers to its framework or not.
    return Asked(replace(entry, applies=replace(entry.applies, framework=None)), thresholds_of(entry, preset))


def _added(entry: Entry, own: PresetFile, draft: Draft) -> Asked:
    where = own.place("standards", entry.id)
    known = load_catalogue().ids | draft.ids
    if taken := [name for name in (entry.id, *entry.aliases) if name in known]:
        raise PresetError(f"{where}: there is a standard {taken[0]!r} already")
    traits = {*load_catalogue().traits, *draft.traits}
    for trait in (trait for group in entry.applies.traits for trait in group):
        if trait not in traits:
            raise PresetError(
                f"{own.place('standards', entry.id, trait)}: there is no trait {trait!r}"
                f"{did_you_mean(trait, sorted(traits))}; name one of your own in 'traits' of this file"
            )
    values = {name: next(iter(limit.values.values())) for name, limit in entry.thresholds.items()}
    thresholds = {
        name: Threshold(name, entry.thresholds[name].direction, value, value) for name, value in values.items()
    }
    return Asked(entry, thresholds, where)


def _dropped(draft: Draft, standard_id: str, reason: str, own: PresetFile) -> Draft:
    asked = draft.find(standard_id, own.place("drop", standard_id))
    left = {name: each for name, each in draft.asked.items() if name != asked.entry.id}
    line = preset_file.line_of(own.text, "drop", standard_id)
    message = f"{own.title} does not ask for {asked.entry.id}: {reason}"
    warning = Problem("warning", own.name, line, None, message)
    return replace(draft, asked=left, dropped=(*draft.dropped, warning))


# ---- what leaves this room ----


def _standard(asked: Asked, others: Mapping[str, Asked]) -> Standard:
    entry = asked.entry
    values = {
        f"{other.entry.id}.{name}": each.value for other in others.values() for name, each in other.thresholds.items()
    }
    values.update({name: each.value for name, each in asked.thresholds.items()})
    return Standard(
        id=entry.id,
        category=entry.category,
        title=entry.title,
        statement=_fill(entry.statement, values),
        applies=entry.applies,
        evidence=entry.evidence,
        thresholds=dict(asked.thresholds),
        skeleton=tuple(_fill(step, values) for step in entry.skeleton),
        sources=entry.sources,
        number_basis=entry.number_basis,
        min_environment=entry.min_environment,
        aliases=entry.aliases,
        reports=entry.reports,
        checks=entry.checks,
        scans=entry.scans,
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    def optional(found: re.Match[str]) -> str:
        return found[1] if all(name in values for name in PLACEHOLDER.findall(found[1])) else ""

    def value(found: re.Match[str]) -> str:
        return values.get(found[1], f"<{found[1].rpartition('.')[2]}>")

    return PLACEHOLDER.sub(value, OPTIONAL.sub(optional, text))
