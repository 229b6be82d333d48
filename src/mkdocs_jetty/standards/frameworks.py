"""What a framework of `regulated` adds to the presets: standards of its own, and tighter limits. It never loosens."""

from __future__ import annotations

from dataclasses import replace

from mkdocs_jetty.standards import quantities
from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.drafts import Asked, Draft, PresetError, thresholds_of
from mkdocs_jetty.standards.model import FRAMEWORKS
from mkdocs_jetty.standards.preset_file import suggest


def with_frameworks(draft: Draft, frameworks: tuple[str, ...], where: str) -> Draft:
    """Add the standards of these frameworks, and tighten the others to what they ask.

    Args:
        draft: What the presets come to.
        frameworks: Each once.
        where: Who names them.

    Raises:
        PresetError: If one is unknown, or nothing in the draft takes any.
    """
    catalogue = load_catalogue()
    unknown = [name for name in frameworks if name not in catalogue.frameworks]
    if unknown:
        raise PresetError("\n".join(
            f"{where}: there is no framework {name!r}{suggest(name, FRAMEWORKS)}" for name in unknown
        ))  # fmt: skip
    if "regulated" not in draft.built_in:
        return _without_frameworks(draft, frameworks, where)
    if not frameworks:
        warning = f"'regulated' without a framework: name those you answer to, frameworks = [{', '.join(FRAMEWORKS)}]"
        return replace(draft, warnings=(*draft.warnings, f"{warning}; they differ in their numbers"))
    asked = dict(draft.asked)
    for entry in catalogue.entries:
        named = [name for name in frameworks if name in entry.frameworks]
        if named and entry.id not in asked:
            ours = replace(entry, applies=replace(entry.applies, framework=" or ".join(named)))
            asked[entry.id] = Asked(ours, thresholds_of(entry, "regulated"))
    for name in frameworks:
        _tighten(asked, name)
    return replace(draft, asked=asked)


def _without_frameworks(draft: Draft, frameworks: tuple[str, ...], where: str) -> Draft:
    if frameworks:
        raise PresetError(f"{where}: frameworks need the preset 'regulated'; add it to 'preset', or remove them")
    # A standard that can never apply would look like one that is not needed.
    if never := [each for each in draft.asked.values() if each.entry.applies.framework]:
        raise PresetError("\n".join(
            f"{each.where}: {each.entry.id} is only for the framework {each.entry.applies.framework}, and frameworks "
            "need the preset 'regulated'; extend that, or take 'framework' out"
            for each in never
        ))  # fmt: skip
    return draft


def _tighten(asked: dict[str, Asked], framework: str) -> None:
    catalogue = load_catalogue()
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
            asked[change.standard] = Asked(replace(mine.entry, number_basis=basis), thresholds, mine.where)
