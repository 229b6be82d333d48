"""Badges: one for each feature and mode, as an image and as an endpoint for shields.io.

What a badge can say is a closed list; only the label comes from a specification, and it is escaped.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import Any

from mkdocs_jetty.judge.model import FeatureVerdict, ModeStatus, ModeVerdict
from mkdocs_jetty.show.layers import open_standards
from mkdocs_jetty.spec.model import Mode


@dataclass(frozen=True)
class Look:
    """What a badge says, and on which colour: white on it has a contrast of 4.5:1 or more."""

    words: str
    colour: str


LABEL_COLOUR = "#24292f"
AMBER = "#8a4b00"
LOOKS: dict[ModeStatus, Look] = {
    "green": Look("green", "#1a7f37"),
    "red": Look("red", "#b3261e"),
    "wip": Look("known red", AMBER),
    "flaky": Look("flaky", AMBER),
    "ambiguous": Look("ambiguous", AMBER),
    "unknown": Look("unknown", "#57606a"),
    "none": Look("no scenarios", "#57606a"),
    "not-applicable": Look("not applicable", "#57606a"),
}
ON_NOTHING = Look("green, lower mode not green", "#57606a")

_LONGEST_LABEL = 48
_LONGEST_NAME = 150
_FORBIDDEN = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")

_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">
<title>{title}</title>
<rect width="{width}" height="20" rx="3" fill="{label_colour}"/>
<path d="M{left} 0h{flat}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{flat}z" fill="{colour}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle">
<text x="{label_x}" y="14" textLength="{label_length}">{label}</text>
<text x="{words_x}" y="14" textLength="{words_length}">{words}</text>
</g>
</svg>
"""


def badge_svg(label: str, look: Look) -> str:
    """A badge as an image that needs nothing from elsewhere."""
    full = _line(label)
    short = full if len(full) <= _LONGEST_LABEL else full[: _LONGEST_LABEL - 1] + "…"
    label_length, words_length = _length(short), _length(look.words)
    left, right = label_length + 12, words_length + 12
    return _TEMPLATE.format(
        width=left + right,
        left=left,
        flat=right - 3,
        label_colour=LABEL_COLOUR,
        colour=look.colour,
        title=escape(f"{full}: {look.words}"),
        label=escape(short),
        words=escape(look.words),
        label_x=left / 2,
        words_x=left + right / 2,
        label_length=label_length,
        words_length=words_length,
    )


def badge_endpoint(label: str, look: Look) -> dict[str, Any]:
    """The same badge as shields.io reads it."""
    return {"schemaVersion": 1, "label": _line(label), "message": look.words, "color": look.colour}


def badge_label(feature: FeatureVerdict, mode: Mode) -> str:
    """Return what stands on the left of a badge."""
    return f"{feature.feature.name} · {mode}"


def badge_stem(feature_id: str, mode: Mode) -> str:
    """The file name of a badge without its extension."""
    return f"{stem_of(feature_id)}-{mode}"


def stem_of(feature_id: str) -> str:
    """A file name for a feature without its extension: the id, unless that would not do as a file name."""
    name = _NOT_IN_A_NAME.sub("-", feature_id)
    if name != feature_id or len(name.encode()) > _LONGEST_NAME:
        # Two ids must not meet in one file because of what was taken out of them.
        digest = hashlib.sha256(feature_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        name = f"{name.encode()[:_LONGEST_NAME].decode(errors='ignore')}-{digest}"
    return name


def badge_of(feature: FeatureVerdict, mode: Mode) -> tuple[str, dict[str, Any]]:
    """Both forms of the badge of one mode of a feature."""
    label, look = badge_label(feature, mode), look_of(feature, mode)
    return badge_svg(label, look), badge_endpoint(label, look)


def look_of(feature: FeatureVerdict, mode: Mode) -> Look:
    """Return what the badge of a mode says: green production scenarios are no proof while standards are open."""
    judged: ModeVerdict = feature.modes[mode]
    if judged.status == "green" and judged.lower_mode_not_green:
        return ON_NOTHING
    left = open_standards(feature) if mode == "production" else 0
    return Look(f"{left} open", AMBER) if judged.status == "green" and left else LOOKS[judged.status]


def _line(text: str) -> str:
    return _FORBIDDEN.sub("", " ".join(text.split()))


def _length(text: str) -> int:
    """About what the text takes at 11 px; wide scripts take a full em."""
    return sum(7 if ord(char) < 0x1100 else 11 for char in text)  # noqa: PLR2004 - where the wide scripts begin
