"""Change one key of a page's front matter, and nothing else of what its author wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.spec.front_matter import split_front_matter

_OPENING = re.compile(r"\A\ufeff?---[ \t]*\r?\n")
_KEY = re.compile(r"^jetty[ \t]*:(?P<rest>[^\r\n]*)(?P<end>\r?\n|\Z)", re.MULTILINE)


def with_traits(text: str, traits: Sequence[str]) -> str:
    """A page's text with its traits in the front matter.

    Raises:
        ConfigError: If the front matter is written in a way that cannot be changed without a person.
    """
    value = f"traits: [{', '.join(traits)}]"
    opening = _OPENING.match(text)
    if opening is None:
        return _checked(text, f"---\njetty:\n  {value}\n---\n\n{text}", traits)
    end = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE).search(text, opening.end())
    if end is None:
        raise ConfigError("its front matter is never closed")
    head = text[opening.end() : end.start()]
    key = _KEY.search(head)
    if key is None:
        changed = f"{head}jetty:\n  {value}\n"
    elif not key["rest"].strip() or key["rest"].lstrip().startswith("#"):
        below = re.compile(r"([ \t]+)\S").match(head, key.end())
        indent = below[1] if below else "  "
        changed = f"{head[: key.end()]}{indent}{value}\n{head[key.end() :]}"
    elif key["rest"].strip().startswith("{"):
        at = head.index("{", key.start()) + 1
        rest = head[at:].lstrip()
        changed = f"{head[:at]}{value}{'' if rest.startswith('}') else ', '}{rest}"
    else:
        raise ConfigError("its front matter has a `jetty:` key that is no mapping")
    return _checked(text, text[: opening.end()] + changed + text[end.start() :], traits)


def _checked(before: str, after: str, traits: Sequence[str]) -> str:
    """The new text, if it says what the old one said, and the traits."""
    old, new = _meta(before), _meta(after)
    own: Any = old.get("jetty")
    wanted = {**old, "jetty": {**(own if isinstance(own, dict) else {}), "traits": list(traits)}}
    if new != wanted or split_front_matter(before)[1].strip() != split_front_matter(after)[1].strip():
        raise ConfigError("its front matter cannot be changed without a person; write the traits there yourself")
    return after


def _meta(text: str) -> dict[str, Any]:
    try:
        meta = split_front_matter(text)[0]
    except yaml.YAMLError as error:
        raise ConfigError(f"its front matter is no YAML: {error}") from None
    return dict(meta)
