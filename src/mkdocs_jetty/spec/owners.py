"""Whom to ask about a feature: by its front matter, its `@owner:` tag, or the project's `CODEOWNERS` file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pathspec import GitIgnoreSpec

from mkdocs_jetty.spec.model import Spec

OWNER_TAG = "@owner:"
FOLDERS = ("", ".github", ".gitlab", "docs")
"""Where GitHub and GitLab look for a `CODEOWNERS` file, below the root of the repository."""
_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?\s*(?P<owners>.*)")
_LINE = re.compile(r"(?P<pattern>(?:\\.|[^\s\\#])(?:\\.|[^\s\\])*)(?P<owners>(?:\s+[^#]*)?)")


def tagged_owner(tags: Iterable[str]) -> str | None:
    """The owner that tags name, such as `@owner:checkout-team`; the last one wins, since inherited tags come first."""
    named = [tag.removeprefix(OWNER_TAG) for tag in tags if tag.startswith(OWNER_TAG)]
    return named[-1] if named and named[-1] else None


@dataclass(frozen=True)
class CodeOwners:
    """The rules of a `CODEOWNERS` file, in their order."""

    root: Path
    """What its patterns are relative to: the root of the repository."""
    rules: tuple[tuple[GitIgnoreSpec, str], ...] = ()

    def of(self, path: Path) -> str | None:
        """The owners of a file, as the last matching rule names them; None where none has any."""
        try:
            name = path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            return None
        found = [owners for spec, owners in self.rules if spec.match_file(name)]
        return found[-1] or None if found else None


def code_owners(project: Path) -> CodeOwners:
    """Read the `CODEOWNERS` file of the repository that a project stands in; without one there are no rules."""
    root = project.resolve()
    top = next((each for each in (root, *root.parents) if (each / ".git").exists()), root)
    for folder in FOLDERS:
        path = top / folder / "CODEOWNERS"
        try:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            continue
        return CodeOwners(top, tuple(_rules(text)))
    return CodeOwners(top)


def _rules(text: str) -> Iterable[tuple[GitIgnoreSpec, str]]:
    default = ""
    for line in map(str.strip, text.splitlines()):
        if section := _SECTION.fullmatch(line):
            default = section["owners"].strip()
        elif line and (rule := _LINE.match(line)):
            owners = " ".join(rule["owners"].split()) or default
            yield GitIgnoreSpec.from_lines([rule["pattern"]]), owners


def with_owners(spec: Spec, project: Path) -> Spec:
    """Give each feature that names no owner the one of its file."""
    if all(feature.owner for feature in spec.features):
        return spec
    known = code_owners(project)
    if not known.rules:
        return spec
    features = (
        feature if feature.owner else replace(feature, owner=known.of(project / feature.page))
        for feature in spec.features
    )
    return replace(spec, features=tuple(features))
