"""Check what a page says of itself under `jetty:` in its front matter, key by key, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mkdocs_jetty.errors import did_you_mean, says_something
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

FRONT_MATTER = re.compile(r"\A-{3}[ \t]*\n(.*?\n)(?:-{3}|\.{3})[ \t]*(?:\n|\Z)", re.DOTALL)
# The older style, without a fence, that MkDocs reads as well.
_PLAIN_KEY = re.compile(r"[ ]{0,3}([A-Za-z0-9_-]+):\s*(.*)")
_PLAIN_MORE = re.compile(r"(?:[ ]{4}|\t)\s*(.*)")
WHERE = "under `jetty:` in the front matter"


@dataclass(frozen=True)
class FrontMatter:
    """What a page says of itself."""

    name: str | None = None
    id: str | None = None
    traits: tuple[str, ...] | None = None
    """None: not declared; empty: declared to have none."""
    owner: str | None = None
    public: str | None = None
    """Why everybody may use it and nobody signs in, where that is so."""
    steps: tuple[str, ...] = ()
    """As written."""
    exclude: bool = False
    lines: dict[str, int] = field(default_factory=dict)
    """Where each key stands."""


def split_front_matter(text: str) -> tuple[dict[str, Any], str, tuple[int, str] | None]:
    """Split a page into its front matter and the text that is rendered, as MkDocs does.

    Returns:
        The front matter, the text, and the line and message of an error in the front matter, if there is one.
    """
    match = FRONT_MATTER.match(text)
    if not match:
        return (*_plain_front_matter(text), None)
    try:
        meta = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        return {}, text, (mark.line + 2 if mark else 1, f"the front matter cannot be read: {problem}")
    return (meta, text[match.end() :].lstrip("\n"), None) if isinstance(meta, dict) else ({}, text, None)


def _plain_front_matter(text: str) -> tuple[dict[str, Any], str]:
    meta: dict[str, Any] = {}
    key, end = "", 0
    lines = text.split("\n")
    for line in lines:
        if not line.strip():
            end += 1
            break
        if match := _PLAIN_KEY.match(line):
            key = match[1].lower()
            meta[key] = f"{meta[key]} {match[2].strip()}" if key in meta else match[2].strip()
        elif key and (match := _PLAIN_MORE.match(line)):
            meta[key] += f" {match[1].strip()}"
        else:
            break
        end += 1
    return (meta, "\n".join(lines[end:]).lstrip("\n")) if meta else ({}, text)


def read_front_matter(meta: dict[str, Any], text: str, page: str) -> tuple[FrontMatter, list[Problem]]:
    """Check the keys of `jetty:`; one that is wrong is reported and left out.

    Args:
        meta: The page's whole front matter.
        text: The page.
        page: Its name, for messages.
    """
    own = meta.get("jetty")
    if own is None:
        return FrontMatter(), []
    lines = _lines(text)
    if not isinstance(own, dict):
        message = f"`jetty:` in the front matter takes keys: {', '.join(_KINDS)}"
        return FrontMatter(), [Problem("error", page, lines.get("jetty", 1), None, message)]
    values: dict[str, Any] = {}
    problems = []
    for key, value in own.items():
        kind = _KINDS.get(key)
        if kind is None:
            wrong = f"unknown key `{key}` {WHERE}{did_you_mean(str(key), list(_KINDS))}; known: {', '.join(_KINDS)}"
        # A key without a value was left to be filled in.
        elif value is None or kind.fits(value):
            values |= {} if value is None else {key: kind.read(value)}
            continue
        else:
            wrong = f"`{key}` {WHERE} is {kind.wanted}, not `{value!r}`"
        problems.append(Problem("error", page, lines.get(f"jetty.{key}", 1), None, wrong))
    return FrontMatter(**values, lines=lines), problems


def missing_steps(meta: FrontMatter, settings: Settings, page: str) -> list[Problem]:
    """The step modules that the page names, and that do not exist."""
    places = ", ".join(f"`{place}`" for place in settings.steps)
    return [
        Problem(
            "error", page, meta.lines.get("jetty.steps", 1), None,
            f"`steps` {WHERE} names `{step}`, which exists neither in the project's directory nor in {places}",
        )
        for step in meta.steps
        if not any((settings.root / base / step).exists() for base in ("", *settings.steps))
    ]  # fmt: skip


def step_module(settings: Settings, step: str) -> str:
    """A step module that a page names: relative to the project, or to one of its step directories."""
    for base in ("", *settings.steps):
        if (settings.root / base / step).exists():
            return (Path(base) / step).as_posix()
    return step


# ---- what each key may be ----


@dataclass(frozen=True)
class _Kind:
    wanted: str
    fits: Callable[[Any], bool]
    read: Callable[[Any], Any] = lambda value: value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[\w.-]+", value) is not None


def _are_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(_is_text(each) for each in value))


def _texts(value: Any) -> Sequence[str]:
    return (value,) if isinstance(value, str) else tuple(value)


_KINDS = {
    "name": _Kind("a text (in quotes, if it is a number or a word such as `yes`)", _is_text),
    "id": _Kind("made of letters, digits, `-`, `_` and `.` (in quotes, if it is a number)", _is_id),
    "traits": _Kind("a list of texts such as `[authentication]`, or `[]` for none", _are_texts, _texts),
    "owner": _Kind("a text", _is_text),
    "public": _Kind("a sentence that says why everybody may use it and nobody signs in", says_something),
    "steps": _Kind("a path or a list of paths", _are_texts, _texts),
    "exclude": _Kind("`true` or `false`, without quotes", lambda value: isinstance(value, bool)),
}


# ---- where each key stands ----


def _lines(text: str) -> dict[str, int]:
    """The lines of `jetty` and of its keys (as `jetty.id`): the values themselves have lost theirs."""
    match = FRONT_MATTER.match(text)
    root = yaml.compose(match.group(1), Loader=yaml.SafeLoader) if match else None
    return {**_keys(root, ""), **_keys(_value(root, "jetty"), "jetty.")}


def _keys(node: yaml.Node | None, prefix: str) -> dict[str, int]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    # The text begins on the second line, and marks count from 0.
    return {f"{prefix}{key.value}": key.start_mark.line + 2 for key, _ in pairs}


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == name), None)
