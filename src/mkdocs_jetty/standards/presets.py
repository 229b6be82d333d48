"""What the chosen presets, frameworks and the project's own deviations come to.

Presets combine to the stricter value, threshold by threshold. What cannot be decided that way (two different words, or
numbers of different kinds) is an error that asks for a choice: nothing is settled silently.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.standards import preset_file, quantities
from mkdocs_jetty.standards.catalogue import Catalogue, Entry, load_catalogue
from mkdocs_jetty.standards.model import FRAMEWORKS, Preset, Standard, Threshold, ThresholdChange
from mkdocs_jetty.standards.preset_file import PresetFile, suggest

PRESETS = ("startup-mvp", "production-saas", "enterprise", "regulated")
DECLARATION = "jetty.toml"
PLACEHOLDER = re.compile(r"\{([\w.-]+)\}")
OPTIONAL = re.compile(r"\[\[(.*?)\]\]")


class PresetError(ConfigError):
    """Presets that cannot hold as they are declared; the message is one line, with file and line where known."""


@dataclass(frozen=True)
class Asked:
    """A standard with the thresholds of one preset, its placeholders still open."""

    entry: Entry
    thresholds: Mapping[str, Threshold]


@dataclass(frozen=True)
class Draft:
    """A preset on its way: what it asks so far."""

    title: str
    asked: Mapping[str, Asked]
    built_in: frozenset[str] = frozenset()
    """The built-in presets it stands on."""
    warnings: tuple[str, ...] = ()


def resolve(names: Sequence[str], frameworks: Sequence[str], changes: Sequence[ThresholdChange], root: Path) -> Preset:
    """Combine the presets, add what the frameworks ask, and apply the project's deviations.

    Args:
        names: Built-in presets, or paths (relative to `root`) of files that extend one.
        frameworks: What a regulated project answers to.
        changes: The `[thresholds]` of `jetty.toml`.
        root: The directory of `jetty.toml`.

    Raises:
        PresetError: If a name is unknown, a file is wrong, or values cannot be combined or compared.
    """
    catalogue = load_catalogue()
    if not names:
        raise PresetError(f"{DECLARATION}: no preset is named; there are {', '.join(PRESETS)}")
    drafts = [_draft(name, root, (), _place(root, "preset")) for name in _distinct(names)]
    draft = _combine(drafts, changes, _place(root, "preset"))
    draft = _with_frameworks(draft, tuple(dict.fromkeys(frameworks)), catalogue, _place(root, "frameworks"))
    for change in changes:
        draft = _changed(draft, change, f"{DECLARATION}:{change.line}" if change.line else DECLARATION)
    titles = [catalogue.frameworks[name].title for name in dict.fromkeys(frameworks)]
    return Preset(
        names=tuple(names),
        title=f"{draft.title} ({', '.join(titles)})" if titles else draft.title,
        version=catalogue.version,
        frameworks=tuple(dict.fromkeys(frameworks)),
        standards=tuple(_standard(each, draft.asked) for each in draft.asked.values()),
        warnings=draft.warnings,
    )


def applies_to(standard: Standard, traits: Collection[str], frameworks: Collection[str]) -> tuple[bool, str]:
    """Whether a standard is for a feature with these traits, or for a system whose features have them, and why."""
    applies = standard.applies
    named = applies.framework.split(" or ") if applies.framework else []
    if named and not set(named) & set(frameworks):
        return False, f"only with the framework {' or '.join(named)}"
    system = applies.scope == "system"
    if not applies.traits:
        return True, "the system" if system else "every feature"
    for group in applies.traits:
        if set(group) <= set(traits):
            return True, f"{'trait' if len(group) == 1 else 'traits'} {' and '.join(group)}"
    wanted = " or ".join(" and ".join(group) for group in applies.traits)
    noun = "traits" if any(len(group) > 1 for group in applies.traits) else "trait"
    return False, f"{'no feature has' if system else 'without'} the {noun} {wanted}"


def _place(root: Path, key: str) -> str:
    """Where a key stands in the declaration, if there is one."""
    try:
        text = (root / DECLARATION).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return DECLARATION
    return f"{DECLARATION}:{preset_file.line_of(text, key)}"


def _draft(name: str, folder: Path, chain: tuple[Path, ...], where: str) -> Draft:
    if name in PRESETS:
        return _built_in(name)
    if not preset_file.looks_like_path(name):
        raise PresetError(f"{where}: there is no preset {name!r}{suggest(name, PRESETS)}; or name a .yml or .toml file")
    path = (folder / name).resolve()
    if path in chain:
        circle = " → ".join(each.name for each in (*chain[chain.index(path) :], path))
        raise PresetError(f"{where}: the presets extend each other in a circle: {circle}")
    try:
        own = preset_file.read(path, name)
    except (ConfigError, ValueError) as error:
        raise PresetError(str(error)) from None
    return _extended(own, path, (*chain, path))


def _built_in(name: str) -> Draft:
    catalogue = load_catalogue()
    asked = {
        entry.id: Asked(entry, thresholds_of(entry, name))
        for entry in catalogue.entries
        if name in entry.presets and not entry.frameworks
    }
    return Draft(catalogue.presets[name].title, asked, frozenset(_ancestry(name)))


def thresholds_of(entry: Entry, preset: str) -> dict[str, Threshold]:
    """The thresholds that a standard has in a built-in preset."""
    return {
        name: Threshold(name, limit.direction, limit.values[preset], limit.values[preset])
        for name, limit in entry.thresholds.items()
        if preset in limit.values
    }


def _ancestry(name: str | None) -> Iterable[str]:
    while name is not None:
        yield name
        name = load_catalogue().presets[name].extends


def _distinct(names: Sequence[str]) -> list[str]:
    """Leave out built-in presets that another built-in one extends: it has decided already what differs."""
    implied = {each for name in names if name in PRESETS for each in list(_ancestry(name))[1:]}
    return [name for name in dict.fromkeys(names) if name not in implied]


def _extended(own: PresetFile, path: Path, chain: tuple[Path, ...]) -> Draft:
    bases = [_draft(name, path.parent, chain, own.place("extends")) for name in _distinct(own.extends)]
    draft = _combine(bases, own.changes, own.name)
    asked = dict(draft.asked)
    for standard_id in own.from_catalogue:
        entry = _entry(standard_id, own.place("standards", standard_id))
        preset = next(name for name in PRESETS if name in entry.presets)
        asked.setdefault(entry.id, Asked(entry, thresholds_of(entry, preset)))
    for entry in own.added:
        if entry.id in asked or load_catalogue().entry(entry.id):
            raise PresetError(f"{own.place('standards', entry.id)}: there is a standard {entry.id!r} already")
        limits = {
            name: (limit.direction, next(iter(limit.values.values()))) for name, limit in entry.thresholds.items()
        }
        asked[entry.id] = Asked(
            entry, {name: Threshold(name, how, value, value) for name, (how, value) in limits.items()}
        )
    draft = replace(draft, title=own.title, asked=asked)
    for change in own.changes:
        draft = _changed(draft, change, f"{own.name}:{change.line}" if change.line else own.name)
    for standard_id, reason in own.dropped.items():
        draft = _dropped(draft, standard_id, reason, own)
    return draft


def _dropped(draft: Draft, standard_id: str, reason: str, own: PresetFile) -> Draft:
    asked = _find(draft, standard_id, own.place("drop", standard_id))
    left = {name: each for name, each in draft.asked.items() if name != asked.entry.id}
    warning = f"{own.title} does not ask for {asked.entry.id}: {reason}"
    return replace(draft, asked=left, warnings=(*draft.warnings, warning))


def _entry(standard_id: str, where: str) -> Entry:
    catalogue = load_catalogue()
    entry = catalogue.entry(standard_id)
    if entry is None:
        raise PresetError(f"{where}: there is no standard {standard_id!r}{suggest(standard_id, catalogue.ids)}")
    return entry


def _combine(drafts: Sequence[Draft], changes: Sequence[ThresholdChange], where: str) -> Draft:
    """Take everything that any of them asks, and for each threshold the stricter value."""
    chosen = {(change.standard, change.name): change.value for change in changes}
    asked = dict(drafts[0].asked)
    clashes = []
    titles = " and ".join(draft.title for draft in drafts)
    for draft in drafts[1:]:
        for name, other in draft.asked.items():
            mine = asked.get(name)
            merged = dict(mine.thresholds) if mine else {}
            for threshold in other.thresholds.values():
                kept = _merged(merged.get(threshold.name), threshold, chosen.get((name, threshold.name)))
                if kept is None:
                    values = f"{merged[threshold.name].value!r} or {threshold.value!r}"
                    clashes.append(
                        f"{where}: {titles} differ in {threshold.name} of {name}: {values}; "
                        f"choose one in [thresholds.{name}]"
                    )
                else:
                    merged[threshold.name] = kept
            asked[name] = Asked(mine.entry if mine else other.entry, merged)
    if clashes:
        raise PresetError("\n".join(clashes))
    order = {entry.id: place for place, entry in enumerate(load_catalogue().entries)}
    ordered = dict(sorted(asked.items(), key=lambda item: order.get(item[0], len(order))))
    return Draft(
        " + ".join(draft.title for draft in drafts),
        ordered,
        frozenset().union(*(draft.built_in for draft in drafts)),
        tuple(dict.fromkeys(warning for draft in drafts for warning in draft.warnings)),
    )


def _merged(mine: Threshold | None, other: Threshold, choice: str | None) -> Threshold | None:
    """The stricter of the two; None where only a person can say."""
    if mine is None:
        return other
    try:
        return mine if quantities.stricter(mine.direction, mine.value, other.value) == mine.value else other
    except ValueError:
        if choice is None:
            return None
        # The choice is between what the presets ask, so either of the two is no deviation.
        return other if quantities.satisfies(choice, "exact", other.value) else mine


def _with_frameworks(draft: Draft, frameworks: tuple[str, ...], catalogue: Catalogue, where: str) -> Draft:
    unknown = [name for name in frameworks if name not in catalogue.frameworks]
    if unknown:
        raise PresetError(f"{where}: there is no framework {unknown[0]!r}{suggest(unknown[0], FRAMEWORKS)}")
    if "regulated" not in draft.built_in:
        if frameworks:
            raise PresetError(
                f"{DECLARATION}: frameworks need the preset 'regulated'; add it to 'preset', or remove them"
            )
        return draft
    if not frameworks:
        warning = f"'regulated' without a framework: name those you answer to, frameworks = [{', '.join(FRAMEWORKS)}]"
        return replace(draft, warnings=(*draft.warnings, f"{warning}; they differ in their numbers"))
    asked = dict(draft.asked)
    for entry in catalogue.entries:
        named = [name for name in frameworks if name in entry.frameworks]
        if named:
            ours = replace(entry, applies=replace(entry.applies, framework=" or ".join(named)))
            asked[entry.id] = Asked(ours, thresholds_of(entry, "regulated"))
    for name in frameworks:
        _tighten(asked, name, catalogue)
    return replace(draft, asked=asked)


def _tighten(asked: dict[str, Asked], framework: str, catalogue: Catalogue) -> None:
    for change in catalogue.frameworks[framework].tightens:
        mine = asked.get(change.standard)
        if mine is None:
            continue
        threshold = mine.thresholds[change.name]
        value = quantities.stricter(threshold.direction, threshold.value, change.value)
        if value != threshold.value:
            basis = f"{mine.entry.number_basis} {catalogue.frameworks[framework].title} tightens it: {change.basis}."
            tightened = replace(threshold, value=value, preset_value=value, looser=False, reason=None)
            thresholds = {**mine.thresholds, change.name: tightened}
            asked[change.standard] = Asked(replace(mine.entry, number_basis=basis), thresholds)


def _find(draft: Draft, standard_id: str, where: str) -> Asked:
    for asked in draft.asked.values():
        if standard_id in (asked.entry.id, *asked.entry.aliases):
            return asked
    if standard_id in load_catalogue().ids:
        raise PresetError(f"{where}: {draft.title} does not ask for {standard_id!r}, so it has nothing to change there")
    raise PresetError(f"{where}: there is no standard {standard_id!r}{suggest(standard_id, draft.asked)}")


def _changed(draft: Draft, change: ThresholdChange, where: str) -> Draft:
    asked = _find(draft, change.standard, where)
    threshold = asked.thresholds.get(change.name)
    if threshold is None:
        names = ", ".join(asked.thresholds) or "none"
        raise PresetError(f"{where}: {asked.entry.id} has no threshold {change.name!r}; it has {names}")
    thresholds = {**asked.thresholds, change.name: _deviating(threshold, change, asked.entry.id, where)}
    return replace(draft, asked={**draft.asked, asked.entry.id: Asked(asked.entry, thresholds)})


def _deviating(threshold: Threshold, change: ThresholdChange, standard_id: str, where: str) -> Threshold:
    keeps = quantities.satisfies(change.value, threshold.direction, threshold.value)
    if keeps is None:
        raise PresetError(
            f"{where}: {change.name} of {standard_id} is {threshold.value!r}, and {change.value!r} cannot be compared "
            "with it; write the same kind of quantity"
        )
    reason = (change.reason or "").strip() or None
    if not keeps and reason is None:
        is_how, asks = {
            "at-most": ("looser than", "at most "),
            "at-least": ("looser than", "at least "),
            "exact": ("not", ""),
        }[threshold.direction]
        raise PresetError(
            f"{where}: {change.name} = {change.value!r} is {is_how} what {standard_id} asks for "
            f"({asks}{threshold.value}); give a reason, or keep to it"
        )
    looser = not quantities.satisfies(change.value, threshold.direction, threshold.preset_value)
    return replace(threshold, value=change.value, reason=reason or threshold.reason, looser=looser)


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
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    def optional(found: re.Match[str]) -> str:
        return found[1] if all(name in values for name in PLACEHOLDER.findall(found[1])) else ""

    def value(found: re.Match[str]) -> str:
        return values.get(found[1], f"<{found[1].rpartition('.')[2]}>")

    return PLACEHOLDER.sub(value, OPTIONAL.sub(optional, text))
