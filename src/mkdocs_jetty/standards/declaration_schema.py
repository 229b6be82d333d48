"""The JSON Schema of `jetty.toml`, for editors that complete and check it while it is typed.

What only the presets and the specification can tell (whether a standard exists, whether a record is too long) it leaves
to `jetty check`.
"""

from __future__ import annotations

from typing import Any

from mkdocs_jetty.standards.declaration_file import STATES
from mkdocs_jetty.standards.model import DECLARATION, ENVIRONMENTS, FRAMEWORKS, WAIVER_REASONS
from mkdocs_jetty.standards.presets import PRESETS
from mkdocs_jetty.standards.readers.reading import FORMATS

Schema = dict[str, Any]


def declaration_schema() -> Schema:
    """The schema, in the draft of 2020-12."""
    day = {"type": "string", "format": "date", "description": "A day, such as 2026-11-22, without quotes."}
    preset = _texts("One of the presets that come along, or the path of one of your own.", list(PRESETS))
    state = _text("internal: the finish line is stable; external: it is production.", enum=list(STATES))
    standard = _text("The id of the standard.")
    feature = _text("The id of the feature that it is for; without it, for all.")
    reason = _text("Why another number is right here; needed where it asks for less.")
    limit = {"type": ["string", "number"], "minLength": 1}
    thresholds = {"type": "object", "properties": {"reason": reason}, "additionalProperties": limit, "minProperties": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": DECLARATION,
        **_table({
            "project": _table({
                "state": state, "preset": preset, "since": day,
                "frameworks": {"type": "array", "items": _text("", enum=list(FRAMEWORKS)),
                               "description": "With `regulated`: those that you answer to."},
            }),
            "thresholds": {"type": "object", "additionalProperties": thresholds},
            "load": _table({"normal": _text('Normal load, such as "20 users".', pattern="^[1-9][0-9]* users?$")}),
            "attestation": _records(
                {"standard": standard, "by": _text("The person who signs."), "on": day, "until": day,
                 "link": _text("An address, a file of the project or a ticket."),
                 "statement": _text("What holds, in a few words.")},
                {"feature": feature},
            ),
            "waiver": _records(
                {"standard": standard,
                 "reason": _text("Why there is none, of a closed list.", enum=list(WAIVER_REASONS)),
                 "text": _text("Why."),
                 "owner": _text("Who puts it right."), "approver": _text("Somebody else, who agrees."), "on": day,
                 "until": day},
                {"feature": feature},
            ),
            "report": _records(
                {"standard": standard, "path": _text("The file, from the project's folder.")},
                {"format": _text("What the file is, where that is not to be seen.", enum=list(FORMATS)),
                 "environment": _text("Where it was observed.", enum=list(ENVIRONMENTS)),
                 "feature": feature, "tool": _text("What made it."), "made_on": day,
                 "digest": _text("Of the file, as `jetty evidence add` writes it."), "by": _text("Who noted it.")},
            ),
            "transition": _records({"state": state, "on": day}, {"preset": preset, "reason": _text("Why.")}),
        }),
    }  # fmt: skip


def _text(said: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, **({"description": said} if said else {}), **more}


def _texts(said: str, known: list[str]) -> Schema:
    one = {"anyOf": [{"enum": known}, {"type": "string", "minLength": 1}]}
    return {"description": said, "anyOf": [*one["anyOf"], {"type": "array", "items": one}]}


def _table(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _records(required: Schema, optional: Schema) -> Schema:
    return {"type": "array", "items": {**_table({**required, **optional}), "required": list(required)}}
