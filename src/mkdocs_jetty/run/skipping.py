"""What a test module would bind that skips itself while it is imported, as with `pytest.importorskip`.

Such a module never comes to its `scenarios()`, so its text has to say which scenarios are skipped with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BINDING = {"scenario", "scenarios"}
BASE = "features_base_dir"


@dataclass(frozen=True)
class Skipped:
    """A module that skips itself."""

    path: Path
    reason: str
    binds: tuple[tuple[Path, str | None], ...]
    """Each `.feature` file or directory that it names, and the scenario where it names one."""

    def skips(self, file: Path, name: str) -> bool:
        """Tell whether the module would bind a scenario of a file."""
        return any(file.is_relative_to(path) and wanted in (None, name) for path, wanted in self.binds)


def read_skipped(path: Path, reason: str, base: Path) -> Skipped:
    """Read what a module would bind.

    Args:
        path: The module.
        reason: Why it skips itself.
        base: The directory that the names of its feature files start from, where the module names no other.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return Skipped(path, reason, ())
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in BINDING)
    return Skipped(path, reason, tuple(each for call in calls for each in _bound(call, base)))


def _bound(call: ast.Call, base: Path) -> Iterator[tuple[Path, str | None]]:
    texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    named = {each.arg: each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)}
    base = base / str(named.get(BASE, ""))
    if _name(call.func) == "scenarios":
        yield from (((base / text).resolve(), None) for text in texts)
        return
    file, name, *_ = [*texts, *(str(named[key]) for key in ("feature_name", "scenario_name") if key in named), "", ""]
    if file:
        yield (base / file).resolve(), name or None


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
