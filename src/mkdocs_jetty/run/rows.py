"""Several tests of one scenario: each is a row, named by its parameters and by the module that binds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from mkdocs_jetty.run import compat


def row_names(items: Sequence[pytest.Item], root: Path) -> list[str | None]:
    """The `params` of each test of one scenario; None for the only one that there is."""
    functions = [item for item in items if isinstance(item, pytest.Function)]
    modules = {item.path for item in functions}
    names: list[str | None] = []
    for item in functions:
        several = len({_within(each) for each in functions if each.path == item.path}) > 1
        parts = [_path(item.path, root)] if len(modules) > 1 else []
        parts += [_within(item)] if several else []
        name = "-".join(["::".join(parts), *compat.parameter_ids(item)] if parts else compat.parameter_ids(item))
        names.append(name or None)
    return _unique(names)


def _within(item: pytest.Function) -> str:
    """The name of a test function within its module."""
    classes = [each.name for each in item.iter_parents() if isinstance(each, pytest.Class)]
    return "::".join([*reversed(classes), item.originalname])


def _path(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _unique(names: list[str | None]) -> list[str | None]:
    seen: Counter[str | None] = Counter()
    found: list[str | None] = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else " ".join(filter(None, (name, f"({seen[name]})"))))
    return found
