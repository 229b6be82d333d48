"""What authors have to mend: claims of standards that do not exist or prove nothing, and features without traits."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from mkdocs_jetty.spec.model import Feature, Problem, Spec
from mkdocs_jetty.standards.applies import applies_to
from mkdocs_jetty.standards.model import Preset

TAG = "@standard:"
NO_TRAITS = (
    "an external project decides by traits which standards apply: declare them in the front matter, "
    "`jetty: {traits: [authentication]}`, or `traits: []` where none fits"
)
NO_TRAIT_TAGS = (
    "an external project decides by traits which standards apply: give the feature tags such as "
    "`@trait:authentication`, or `@trait:none` where none fits"
)


def check_claims(spec: Spec, preset: Preset | None, known: Collection[str], *, external: bool) -> list[Problem]:
    """Find claims of standards that do not exist, or that prove nothing here, and features that declare no traits.

    Args:
        spec: What was read.
        preset: The project's preset, if it has one.
        known: The ids of every standard there is, in any preset.
        external: Whether standards are judged at all.
    """
    ids = {*known, *((each for one in preset.standards for each in (one.id, *one.aliases)) if preset else ())}
    found = [problem for feature in spec.features for problem in _claims_of(feature, preset, ids, external=external)]
    if external and preset is not None:
        found.extend(_without_traits(spec))
    return list(dict.fromkeys(found))


def _claims_of(feature: Feature, preset: Preset | None, ids: Collection[str], *, external: bool) -> Iterable[Problem]:
    for scenario in feature.scenarios:
        page = scenario.source or feature.page
        for claimed in scenario.standards:
            if claimed not in ids:
                yield Problem("error", page, scenario.line, None, _unknown(claimed, ids))
            elif external and preset is not None:
                reason = _proves_nothing(claimed, feature, preset)
                if reason:
                    yield Problem("warning", page, scenario.line, None, f"`{TAG}{claimed}` {reason}")


def _unknown(claimed: str, ids: Collection[str]) -> str:
    close = difflib.get_close_matches(claimed, sorted(ids), 1)
    meant = f"did you mean `{TAG}{close[0]}`?" if close else "the catalogue of standards lists those there are"
    return f"`{TAG}{claimed}`: there is no such standard; {meant}"


def _proves_nothing(claimed: str, feature: Feature, preset: Preset) -> str | None:
    standard = preset.standard(claimed)
    if standard is None:
        return f"counts for nothing: the preset {preset.title} does not ask for it"
    if standard.applies.scope == "system":
        return None
    applies, why = applies_to(standard, feature.traits, preset.frameworks, feature.public)
    return None if applies else f"counts for nothing: the standard does not apply to {feature.name} ({why})"


def _without_traits(spec: Spec) -> Iterable[Problem]:
    for feature in spec.features:
        if feature.traits_declared:
            continue
        if feature.page.endswith(".feature"):
            yield Problem("error", feature.page, feature.line, None, NO_TRAIT_TAGS)
        else:
            yield Problem("error", feature.page, 1, None, NO_TRAITS)
