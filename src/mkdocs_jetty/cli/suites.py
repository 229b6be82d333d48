"""A suite of pytest-bdd that is there already: where its features and steps stand, and how it does under stock."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mkdocs_jetty.run.fingerprint import ELSEWHERE

SECONDS = 600
"""How long stock pytest may take before nothing is compared."""
_USES = re.compile(r"^\s*(?:from|import)\s+pytest_bdd\b", re.MULTILINE)
_SPELLINGS = {
    "openspec": (
        re.compile(r"^### Requirement:", re.MULTILINE),
        re.compile(r"^#### Scenario:", re.MULTILINE),
        re.compile(r"^[*+-] +\*\*WHEN\*\*", re.MULTILINE),
    ),
    "mdg": (
        re.compile(r"^#{1,6} +Scenario(?: Outline)?:", re.MULTILINE),
        re.compile(r"^[*+-] +(?:Given|When|Then) ", re.MULTILINE),
    ),
}
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")


@dataclass(frozen=True)
class Suite:
    """What was found, by directories relative to the project."""

    features: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    files: int = 0
    """How many `.feature` files there are."""
    pages: tuple[str, ...] = ()
    """Pages with scenarios in plain Markdown."""
    syntax: tuple[str, ...] = ()
    """How these are spelt: `mdg`, `openspec`."""

    def options(self) -> str:
        """The plugin's entry in `mkdocs.yml`, as one line of a list."""
        lists = {
            "features": self.features,
            "steps": self.steps if self.files or self.pages else (),
            "syntax": ("fences", *self.syntax) if self.syntax else (),
        }
        if not any(lists.values()):
            return "  - jetty\n"
        lines = "".join(f"      {name}: [{', '.join(values)}]\n" for name, values in lists.items() if values)
        return f"  - jetty:\n{lines}"


def found_suite(directory: Path) -> Suite:
    """Look for `.feature` files, for scenarios in plain Markdown, and for modules that use pytest-bdd."""
    features: set[str] = set()
    steps: set[str] = set()
    files = 0
    pages: dict[str, str] = {}
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if not _is_elsewhere(folder, name)]
        place = Path(folder).relative_to(directory).as_posix()
        here = [name for name in names if name.endswith(".feature")]
        files += len(here)
        features |= {place} if here else set()
        if any(name.endswith(".py") and _uses_pytest_bdd(Path(folder, name)) for name in names):
            steps.add(place)
        for name in sorted(names):
            if name.endswith(".md") and (spelt := _spelling(Path(folder, name))):
                pages[Path(folder, name).relative_to(directory).as_posix()] = spelt
    return Suite(_topmost(features), _topmost(steps), files, tuple(pages), tuple(sorted(set(pages.values()))))


def _spelling(path: Path) -> str | None:
    """Tell how a page spells scenarios as headings and lists, if it does."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    text = _FENCE.sub("", text)
    return next((name for name, every in _SPELLINGS.items() if all(each.search(text) for each in every)), None)


def _is_elsewhere(folder: str, name: str) -> bool:
    return name in ELSEWHERE or name.startswith(".") or name == "site" or Path(folder, name, "pyvenv.cfg").exists()


def _uses_pytest_bdd(path: Path) -> bool:
    try:
        return _USES.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


def _topmost(places: Iterable[str]) -> tuple[str, ...]:
    """Those that stand in none of the others."""
    known = sorted(set(places))

    def within(place: str, other: str) -> bool:
        return place != other and (other == "." or place.startswith(f"{other}/"))

    return tuple(place for place in known if not any(within(place, other) for other in known))


def under_stock(directory: Path, suite: Suite) -> dict[str, int] | None:
    """Return what stock pytest makes of the suite, by its own words; None where it cannot be run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:jetty", "-p", "no:cacheprovider", *suite.steps]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    last = next((line for line in reversed(done.stdout.splitlines()) if _COUNT.search(line)), "")
    return {word.rstrip("s") if word.startswith("error") else word: int(count) for count, word in _COUNT.findall(last)}
