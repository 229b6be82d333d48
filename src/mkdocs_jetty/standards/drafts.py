"""Presets on their way: what several ask together, and what a change, by a file or by `jetty.toml`, makes of it.

Presets combine to the stricter value, threshold by threshold. What cannot be decided that way (two different words, or
numbers of different kinds) is an error that asks for a choice: nothing is settled silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards import quantities
from mkdocs_jetty.standards.catalogue import Entry, load_catalogue
from mkdocs_jetty.standards.model import Threshold, ThresholdChange
from mkdocs_jetty.standards.preset_file import suggest

_T = TypeVar("_T")


class PresetError(ConfigError):
    """Presets that cannot hold as declared; the message is a line for each mistake, with file and line where known."""


@dataclass(frozen=True)
class Asked:
    """A standard with the thresholds of one preset, its placeholders still open."""

    entry: Entry
    thresholds: Mapping[str, Threshold]
    where: str = ""
    """Where a project's own standard stands: `own.yml:3`."""


@dataclass(frozen=True)
class Draft:
    """What a preset asks so far."""

    title: str
    asked: Mapping[str, Asked]
    built_in: frozenset[str] = frozenset()
    """The built-in presets it stands on."""
    warnings: tuple[str, ...] = ()
    dropped: tuple[Problem, ...] = ()
    traits: frozenset[str] = frozenset()
    """Those that files of the project's own add."""

    @property
    def ids(self) -> frozenset[str]:
        """Every id and alias of a standard in it."""
        return frozenset(name for each in self.asked.values() for name in (each.entry.id, *each.entry.aliases))

    def find(self, standard_id: str, where: str) -> Asked:
        """Return what it asks under an id or alias.

        Raises:
            PresetError: If it does not ask for that.
        """
        for asked in self.asked.values():
            if standard_id in (asked.entry.id, *asked.entry.aliases):
                return asked
        if standard_id in load_catalogue().ids:
            raise PresetError(
                f"{where}: {self.title} does not ask for {standard_id!r}, so it has nothing to change there"
            )
        raise PresetError(f"{where}: there is no standard {standard_id!r}{suggest(standard_id, self.asked)}")


def thresholds_of(entry: Entry, preset: str) -> dict[str, Threshold]:
    """The thresholds that a standard has in a built-in preset."""
    return {
        name: Threshold(name, limit.direction, limit.values[preset], limit.values[preset])
        for name, limit in entry.thresholds.items()
        if preset in limit.values
    }


def attempted(attempts: Iterable[Callable[[], _T]], wrong: list[str]) -> list[_T]:
    """Return what came of those that went well; of the others their mistakes, added to `wrong`."""
    return [result for attempt in attempts for result in _attempted(attempt, wrong)]


def _attempted(attempt: Callable[[], _T], wrong: list[str]) -> list[_T]:
    try:
        return [attempt()]
    except ConfigError as error:
        wrong += str(error).splitlines()
        return []


# ---- several presets ----


def combined(drafts: Sequence[Draft], changes: Sequence[ThresholdChange], where: str) -> Draft:
    """Take everything that any of them asks, and for each threshold the stricter value.

    Args:
        drafts: At least one.
        changes: The project's own; where values differ that nothing can rank, they are its choice.
        where: Who names these presets.

    Raises:
        PresetError: If they ask for what cannot be combined.
    """
    chosen = {(change.standard, change.name): change.value for change in changes}
    asked = dict(drafts[0].asked)
    titles = " and ".join(draft.title for draft in drafts)
    clashes: list[str] = []
    for draft in drafts[1:]:
        for name, other in draft.asked.items():
            mine = asked.get(name, Asked(other.entry, {}, other.where))
            if mine.entry != other.entry:
                clashes.append(
                    f"{where}: there are two standards {name!r}, at {mine.where} and {other.where}; "
                    "give one of them another id"
                )
                continue
            merged = dict(mine.thresholds)
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
            asked[name] = replace(mine, thresholds=merged)
    if clashes:
        raise PresetError("\n".join(clashes))
    order = {entry.id: place for place, entry in enumerate(load_catalogue().entries)}
    return Draft(
        " + ".join(draft.title for draft in drafts),
        dict(sorted(asked.items(), key=lambda item: order.get(item[0], len(order)))),
        frozenset().union(*(draft.built_in for draft in drafts)),
        tuple(dict.fromkeys(warning for draft in drafts for warning in draft.warnings)),
        tuple(dict.fromkeys(problem for draft in drafts for problem in draft.dropped)),
        frozenset().union(*(draft.traits for draft in drafts)),
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


# ---- one change ----


def with_changes(draft: Draft, changes: Iterable[ThresholdChange], file: str, wrong: list[str]) -> Draft:
    """Set thresholds anew; what cannot be is left as it is, and its mistake added to `wrong`."""
    for change in changes:
        where = f"{file}:{change.line}" if change.line else file
        draft = next(iter(_attempted(partial(_changed, draft, change, where), wrong)), draft)
    return draft


def _changed(draft: Draft, change: ThresholdChange, where: str) -> Draft:
    asked = draft.find(change.standard, where)
    threshold = asked.thresholds.get(change.name)
    if threshold is None:
        names = ", ".join(asked.thresholds) or "none"
        raise PresetError(f"{where}: {asked.entry.id} has no threshold {change.name!r}; it has {names}")
    thresholds = {**asked.thresholds, change.name: _deviating(threshold, change, asked.entry.id, where)}
    return replace(draft, asked={**draft.asked, asked.entry.id: replace(asked, thresholds=thresholds)})


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
    # What a file asks is what the next change deviates from, unless the file itself asked for less than its preset.
    was_looser = threshold.looser and threshold.direction != "exact"
    asked = threshold.preset_value if was_looser else threshold.value
    looser = not quantities.satisfies(change.value, threshold.direction, asked)
    return replace(threshold, value=change.value, preset_value=asked, reason=reason or threshold.reason, looser=looser)
