"""The three modes of a feature as its readers see them: how far it is proven, and what the next mode lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import MODES

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import FeatureVerdict
    from mkdocs_jetty.show.words import Mark
    from mkdocs_jetty.spec.model import Mode


class Layer(NamedTuple):
    """One mode of a feature."""

    mode: Mode
    mark: Mark
    proven: bool
    """Whether the feature's level reaches it."""
    finish: bool
    """Whether it is the finish line."""


def layers(feature: FeatureVerdict, finish: Mode) -> list[Layer]:
    """The modes of a feature, in their order."""
    reached = MODES.index(feature.level) if feature.level != "none" else -1
    shown = [mode for mode in MODES if mode in feature.modes]
    return [Layer(mode, layer_mark(feature, mode), MODES.index(mode) <= reached, mode == finish) for mode in shown]


def layer_mark(feature: FeatureVerdict, mode: Mode) -> Mark:
    """The mark of a mode. Production is proven by its standards as well; green scenarios alone are half of it."""
    judged = feature.modes[mode]
    mark = words.mode_mark(judged)
    if judged.status == "not-applicable":
        return _beyond_the_finish(feature, mode, mark)
    asked = [item for item in feature.standards if item.status != "not-applicable"]
    if mode != "production" or not asked:
        return mark
    met = sum(item.settled for item in asked)
    mark = mark._replace(word=f"{mark.word} · {met} of {words.plural(len(asked), 'standard')} met")
    if judged.status == "green" and feature.level != "production":
        return mark._replace(tone="amber", icon="half")
    return mark


def open_standards(feature: FeatureVerdict) -> int:
    """Tell how many of a feature's standards nothing settles yet."""
    return sum(not item.settled for item in feature.standards)


def _beyond_the_finish(feature: FeatureVerdict, mode: Mode, mark: Mark) -> Mark:
    """A mode that the project does not ask for: what is red there is red all the same."""
    here = [judged for judged in feature.scenarios if judged.scenario.mode == mode]
    if not here:
        return mark
    passed = sum(judged.proven for judged in here)
    word = f"{passed} of {len(here)} pass, beyond the finish line"
    if any(judged.red and not judged.known_red for judged in here):
        return words.MODE["red"]._replace(word=word)
    return mark._replace(icon="none", word=word)
