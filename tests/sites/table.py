"""Writes the guide's compatibility table from the tests in this folder: `python tests/sites/table.py`.

The tests say with their marks what they show; the versions are those of the lock files. `--check` only compares.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/guide/compatibility.md"
PYTHON = {"python_full_version": "3.11.9", "python_version": "3.11", "platform_python_implementation": "CPython"}
HEAD = """\
# Compatibility

jetty is one plugin among many. This page says which others were tried with it, and what was seen. `tests/sites` builds
real sites for each row, green and red, and this page is written from those tests: `python tests/sites/table.py`.

Each row says what its tests assert. All of them look at the exit status, `spec.json`, the overview and the page
alike. *Order* says where `jetty` was listed: after the other plugin, before it, or both; it is left out where it cannot
matter. Versions are those that the tests install on Python 3.11.

| plugin or extension | version | order | what works | limits |
|---|---|---|---|---|
"""
ORDERS = {frozenset({"after"}): "after", frozenset({"before"}): "before", frozenset({"after", "before"}): "both"}
DISTRIBUTIONS = {
    "pymdownx": "pymdown-extensions", "Material": "mkdocs-material",
    "theme: Material": "mkdocs-material",
    "codehilite": "Markdown", "extra": "Markdown",
}  # fmt: skip


class Collected:
    """What the tests of this folder say about each plugin."""

    def __init__(self) -> None:
        self.orders: dict[str, set[str]] = defaultdict(set)
        self.works: dict[str, list[str]] = defaultdict(list)
        self.limits: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the marks of all tests, in the order of the files."""
        for item in session.items:
            lacks = [mark.kwargs["reason"] for mark in item.iter_markers("xfail")]
            for mark in item.iter_markers("works"):
                name, what = mark.args
                self.orders[name] |= _orders(item)
                _add(self.works[name], [] if lacks else [what])
                _add(self.limits[name], lacks)
            for mark in item.iter_markers("limit"):
                _add(self.limits[mark.args[0]], [mark.args[1]])


def _add(texts: list[str], more: list[str]) -> None:
    texts += [text for text in more if text not in texts]


def _orders(item: pytest.Item) -> set[str]:
    if "order" in item.callspec.params if hasattr(item, "callspec") else False:
        return {item.callspec.params["order"]}
    return {mark.args[0] for mark in item.iter_markers("order")}


def versions() -> dict[str, str]:
    """Return the version of each distribution that the lock files pin, by its name in small letters."""
    pinned = {}
    for lock in sorted(HERE.parent.glob("sites*/requirements.lock")):
        for line in lock.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith((" ", "#")):
                requirement = Requirement(line)
                if requirement.marker is None or requirement.marker.evaluate({**PYTHON}):
                    pinned.setdefault(requirement.name.lower(), str(requirement.specifier).removeprefix("=="))
    return pinned


def version_of(name: str, pinned: dict[str, str]) -> str:
    """Return the version of what a row is about: its own, or that of the package it comes with."""
    family = re.split(r"[.: ]", name)[0]
    keys = (name, DISTRIBUTIONS.get(name, ""), DISTRIBUTIONS.get(family, ""), "mkdocs")
    return next(pinned[key.lower()] for key in keys if key.lower() in pinned)


def table(collected: Collected) -> str:
    """Return the whole page."""
    pinned = versions()
    rows = []
    for name in sorted({*collected.works, *collected.limits}, key=str.lower):
        order = ORDERS.get(frozenset(collected.orders[name]), "–")  # noqa: RUF001 # a dash is meant
        cells = (
            f"`{name}`" if " " not in name else name,
            version_of(name, pinned),
            order,
            "; ".join(collected.works[name]),
            "; ".join(collected.limits[name]),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or compare it, and return the exit status."""
    collected = Collected()
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(HERE)], plugins=[collected])
    if status != pytest.ExitCode.OK:
        print("tests/sites cannot be collected", file=sys.stderr)
        return 2
    text = table(collected)
    if "--check" in arguments:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        if not same:
            print(f"{PAGE.name} is out of date: python tests/sites/table.py", file=sys.stderr)
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
