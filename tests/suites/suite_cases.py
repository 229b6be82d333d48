"""Read the cases: small projects in text files, each beginning with `==== slug: sentence`, its files with `---- path`.

Between the two stand options, one a line, `key: value`; a key may come again:

    plugins    pytest plugins that the case is about, by their names; all others stay out
    options    of pytest, by its `addopts`
    ini        a line of pytest.ini
    jetty      a line of the plugin's options in mkdocs.yml
    differs    `reason | scenario | words`, or `… | words | words`: a key of differences.toml, what the scenario is for
               `jetty check` and, where that does not follow from it, for `pytest` with our plugin
    broken     a module that does not import: the scenarios that it binds must not be green
    bound      what is special in it belongs to the bound function, and so does not hold for a page: why
    pages      `true`: every feature stands on a page of the site as well, and must come to the same there
    exit       what `jetty check` answers, where that does not follow from the scenarios
    fault      a fault of ours that the case shows, so it is expected to fail; `fault-on-page`: that pages alone have
    own        `true`: needs a session of its own though it has none of the above

Cases that need no session of their own share one, each in a directory (and package) of its own below `suite/`.
Every Python file begins with the imports of `PRELUDE`, but for those whose first line is `# bare`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from textwrap import indent

HERE = Path(__file__).parent
PRELUDE = """\
import os, sys, warnings
import pytest
from pytest_bdd import given, when, then, step, scenario, scenarios, parsers
"""
PAGE = """\
---
jetty: {{{front_matter}}}
---

# Page

`````gherkin
{feature}
`````
"""
LINES_ABOVE = PAGE[: PAGE.index("{feature}")].count("\n")
ALONE = {"plugins", "options", "ini", "jetty", "exit", "own", "pages"}
KEYS = ALONE | {"differs", "fault", "fault-on-page", "bound", "broken"}
# By the names under which they are registered: each acts on every test, or costs every run its import.
PLUGINS = (
    "allure_pytest", "anyio", "asyncio", "django", "html", "html_fixtures", "metadata", "playwright", "pytest_cov",
    "pytest_mock", "randomly", "repeat", "rerunfailures", "timeout", "xdist", "xdist.looponfail",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """What a scenario is here, where that is not what stock says, and the reason's key."""

    reason: str
    scenario: str
    here: str
    in_pytest: str | None = None


@dataclass(frozen=True)
class Case:
    """One small project."""

    slug: str
    sentence: str
    keys: tuple[tuple[str, str], ...]
    files: dict[str, str] = field(hash=False)

    def all(self, key: str) -> list[str]:
        """The values of a key, in order."""
        return [value for name, value in self.keys if name == key]

    @property
    def alone(self) -> bool:
        """Whether it needs a session of its own."""
        return any(name in ALONE for name, _ in self.keys)

    @property
    def fault(self) -> str | None:
        """The fault of ours that it shows."""
        return next(iter(self.all("fault")), None)

    @cached_property
    def differences(self) -> dict[str, Difference]:
        """By the scenario's name."""
        found = [Difference(*(part.strip() for part in value.split("|"))) for value in self.all("differs")]
        return {each.scenario: each for each in found}

    @cached_property
    def pages(self) -> dict[str, str]:
        """The features that can stand on pages, by the pages' paths."""
        found = [name for name in self.files if name.endswith(".feature")]
        return {f"docs/{self.slug}/{name.removesuffix('.feature').replace('/', '-')}.md": name for name in found}

    def difference(self, name: str, line: int) -> Difference | None:
        """The difference that holds for a scenario; where names are not enough, it says the line: `name (line 2)`."""
        return self.differences.get(f"{name} (line {line})") or self.differences.get(name)

    def write(self, root: Path) -> None:
        """Write its files."""
        for name, text in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            bare = path.suffix != ".py" or path.name == "__init__.py" or text.startswith("# bare")
            path.write_text(text if bare else PRELUDE + text, encoding="utf-8")


def read_cases(path: Path) -> list[Case]:
    """The cases of a file."""
    _, *parts = re.split(r"^==== ", path.read_text("utf-8"), flags=re.MULTILINE)
    return [_case(part, path) for part in parts]


def _case(text: str, path: Path) -> Case:
    head, *files = re.split(r"^---- ", text, flags=re.MULTILINE)
    title, *lines = head.strip().splitlines()
    slug, sentence = title.split(": ", 1)
    keys = [tuple(line.split(": ", 1)) for line in lines if line.strip()]
    if wrong := [key for key in keys if len(key) != 2 or key[0] not in KEYS]:
        message = f"{path.name}: {slug}: no such key: {wrong}"
        raise ValueError(message)
    return Case(slug, sentence, tuple(keys), dict(part.split("\n", 1) for part in files))  # type: ignore[arg-type]


def write_alone(case: Case, root: Path) -> None:
    """Write a case as a project of its own."""
    case.write(root)
    if case.all("pages"):
        _write_pages(case, root, "")
    in_tests = any(name.startswith("tests/") for name in case.files)
    settings = [*case.all("jetty"), "features: [features]", f"steps: {'tests' if in_tests else 'features'}"]
    _write_project(root, settings, case.all("ini"), _named(case), case.all("options"))


def write_together(cases: Sequence[Case], root: Path, *, on_pages: bool = False) -> None:
    """Write cases as one project, each in a package of its own; the scenarios are those of features, or of pages."""
    for case in cases:
        home = root / "suite" / case.slug
        case.write(home)
        for folder in {home, *(file.parent for file in home.rglob("*.py"))}:
            folder.joinpath("__init__.py").touch()
        if on_pages:
            _write_pages(case, root, f"steps: suite/{case.slug}")
    _write_project(root, [f"features: [{'' if on_pages else 'suite'}]", "steps: suite"], [], [], [])


def _write_pages(case: Case, root: Path, front_matter: str) -> None:
    for page, name in case.pages.items():
        path = root / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(front_matter=front_matter, feature=case.files[name].rstrip("\n")), encoding="utf-8")


def _named(case: Case) -> list[str]:
    return [name.strip() for value in case.all("plugins") for name in value.split(",")]


def _write_project(
    root: Path, settings: Sequence[str], ini: Sequence[str], plugins: Sequence[str], options: Sequence[str]
) -> None:
    # Of a key that is given twice the first counts: a case's own words come before what holds for all.
    jetty = {line.split(":")[0]: line for line in reversed(settings)}
    (root / "docs").mkdir(parents=True, exist_ok=True)
    if not (root / "docs/index.md").exists():
        (root / "docs/index.md").write_text("# Home\n", encoding="utf-8")
    (root / "mkdocs.yml").write_text(
        "site_name: Suite\nplugins:\n  - jetty:\n" + indent("\n".join(jetty.values()) + "\n", " " * 6), encoding="utf-8"
    )
    out = [f"-p no:{name}" for name in PLUGINS if name not in plugins]
    lines = [f"addopts = -p no:cacheprovider {' '.join([*out, *options])}", *ini]
    (root / "pytest.ini").write_text("[pytest]\n" + "\n".join(lines) + "\n", encoding="utf-8")


def case_files() -> Iterator[Path]:
    """The files of cases."""
    return iter(sorted(HERE.joinpath("cases").glob("*.suite")))


def in_home(path: str) -> tuple[str, str]:
    """The case and the path within it, of a path in a project of several."""
    parts = PurePosixPath(path).parts
    return (parts[1], "/".join(parts[2:])) if len(parts) > 2 and parts[0] == "suite" else ("", path)
