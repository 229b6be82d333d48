"""`jetty.toml`: what people decided, signed and dated, checked before anything runs.

A record that cannot be right must not count, and must not silently be left out either. So every mistake is found
at once, each with its line and what would be right; and nothing is run on a declaration that has one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from mkdocs_jetty.errors import ConfigError, parse_toml, read_text
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards.checks import check_declaration, validity
from mkdocs_jetty.standards.declaration_file import DeclarationReader
from mkdocs_jetty.standards.model import DECLARATION, FRAMEWORKS, Declaration, Preset
from mkdocs_jetty.standards.places import Places
from mkdocs_jetty.standards.presets import attempt, named_in

__all__ = [
    "check_declaration",
    "parse_declaration",
    "read_declaration",
    "settled",
    "validity",
]


def read_declaration(root: Path) -> Declaration:
    """Return what the project's `jetty.toml` says; a project without one is internal.

    Raises:
        ConfigError: If it cannot be read; with a line for each mistake, and for those that its presets and the
            catalogue can tell of the rest.
    """
    path = Path(root) / DECLARATION
    if not path.exists():
        return Declaration()
    declaration, errors = _parsed(read_text(path))
    if errors:
        known = tuple(name for name in declaration.frameworks if name in FRAMEWORKS)
        changes = tuple(change for change in declaration.thresholds if change.value)
        rest = replace(declaration, frameworks=known, thresholds=changes)
        _, others, problems = _checked(rest, Path(root), None, None)
        raise ConfigError(_told([*errors, *problems], others))
    return declaration


def parse_declaration(text: str) -> Declaration:
    """The declaration that a text holds.

    Raises:
        ConfigError: With a line for each mistake.
    """
    declaration, errors = _parsed(text)
    if errors:
        raise ConfigError(_told(errors))
    return declaration


def settled(
    declaration: Declaration, root: Path, feature_ids: Collection[str], today: date
) -> tuple[Preset | None, list[Problem]]:
    """The preset that a declaration comes to, and what its author should know.

    Raises:
        ConfigError: If the preset or anything in the declaration is wrong; with a line for each mistake.
    """
    preset, wrong, problems = _checked(declaration, root, feature_ids, today)
    if wrong or any(problem.level == "error" for problem in problems):
        raise ConfigError(_told(problems, wrong))
    return preset, problems


def _parsed(text: str) -> tuple[Declaration, list[Problem]]:
    text = text.replace("\r\n", "\n")
    reader = DeclarationReader(parse_toml(DECLARATION, text), Places(text))
    return reader.read(), reader.errors


def _checked(
    declaration: Declaration, root: Path, feature_ids: Collection[str] | None, today: date | None
) -> tuple[Preset | None, list[str], list[Problem]]:
    """The preset if there can be one, what is wrong with it, and what is to be said of the rest."""
    if not declaration.preset:
        return None, [], check_declaration(declaration, None, feature_ids, today)
    named = named_in(declaration)
    preset, wrong = attempt(declaration.preset, declaration.frameworks, declaration.thresholds, root, named)
    if preset is None:
        # Which standards there are only the presets could say: of the records, the rest is checked.
        return None, wrong, check_declaration(declaration, None, feature_ids, today, ids_known=False)
    return preset, wrong, check_declaration(declaration, preset, feature_ids, today)


def _told(problems: Iterable[Problem], others: Iterable[str] = ()) -> str:
    """All mistakes, those of `jetty.toml` in the order of its lines and those of other files after them."""
    lines: list[tuple[float, str]] = [
        (problem.line or 0, str(problem)) for problem in problems if problem.level == "error"
    ]
    lines += [(_line(each), each) for each in others]
    return "\n".join(dict.fromkeys(text for _, text in sorted(lines, key=lambda each: each[0])))


def _line(text: str) -> float:
    name, _, rest = text.partition(":")
    number = rest.partition(":")[0]
    return int(number) if name == DECLARATION and number.isdecimal() else float("inf")
