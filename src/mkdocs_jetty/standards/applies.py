"""Which standards are for which features: all that judging asks of a preset, without what reads one."""

from __future__ import annotations

from collections.abc import Collection

from mkdocs_jetty.standards.model import Standard


def applies_to(
    standard: Standard, traits: Collection[str], frameworks: Collection[str], public: str | None = None
) -> tuple[bool, str]:
    """Tell whether a standard is for a feature with these traits, or for a system whose features have them, and why.

    Args:
        standard: The standard.
        traits: What the feature, or any feature of the system, has.
        frameworks: What the project answers to.
        public: Why everybody may use the feature and nobody signs in, where that is declared.
    """
    applies = standard.applies
    if public is not None and applies.unless_public:
        return False, f"declared public: {public}"
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


# ---- one preset ----
