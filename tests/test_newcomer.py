"""What a newcomer gets to read in the first hour: transcripts, kept for people to read and to compare.

`pytest tests/test_newcomer.py --refresh-snapshots` writes them anew. Read what has changed before you commit it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import invoke

SNAPSHOTS = Path(__file__).parent / "snapshots"
CHANGING = (
    (re.compile(r"\b\d+(?:\.\d+)? m?s\b(?!\")"), "0 s"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b"), "2026-01-01"),
    (re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}\b"), "1 Jan 2026"),
)
"""What differs from day to day and from machine to machine."""


class Session:
    """A person at a terminal, and what is seen there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: list[str] = []

    def says(self, *arguments: str, answer: str | None = None) -> None:
        """Call `jetty`."""
        result = invoke(*arguments, answer=answer)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        shown = f"{result.stdout}{result.stderr}".replace(str(self.root.parent), "/home/ada")
        for pattern, stand_in in CHANGING:
            shown = pattern.sub(stand_in, shown)
        status = f"[exit {result.exit_code}]\n" if result.exit_code else ""
        self.seen.append(f"$ jetty {' '.join(arguments)}\n{shown}{status}")

    def does(self, what: str, name: str, text: str, *, old: str = "") -> None:
        """Change a file: write it, or put a text in the place of another."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        assert old in before
        path.write_text(before.replace(old, text) if old else before + text, encoding="utf-8")
        self.seen.append(f"# {what} ({name})\n")

    def compare(self, name: str, *, refresh: bool) -> None:
        """Hold what was seen against what is kept."""
        path = SNAPSHOTS / name
        text = "\n".join(self.seen)
        if refresh:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8"), "read what has changed, then use --refresh-snapshots"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    for name in ("COLUMNS", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "shop"
    root.mkdir()
    monkeypatch.chdir(root)
    return Session(root)


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--refresh-snapshots", default=False))


FAREWELL = """
## Stable

```gherkin
Scenario: A guest leaves
  Given a visitor called "Bob"
  When the visitor leaves
  Then the farewell is "Bye, Bob!"
```
"""
LEAVING = """

@when("the visitor leaves", target_fixture="farewell")
def farewell(visitor):
    return f"Bye, {visitor}!"


@then(parsers.parse('the farewell is "{expected}"'))
def farewell_is(farewell, expected):
    assert farewell == expected
"""


@pytest.mark.slow
def test_an_empty_folder(session: Session, refresh: bool) -> None:
    session.says("init", "--yes")
    session.says("check")
    session.does("a slip in the program", "features/welcome_steps.py", "Hello, {name}!", old="Welcome, {name}!")
    session.says("check")
    session.does("put right", "features/welcome_steps.py", "Welcome, {name}!", old="Hello, {name}!")
    session.does("a second scenario", "docs/features/welcome.md", FAREWELL)
    session.says("check")
    session.says("snippets")
    session.does("its steps", "features/welcome_steps.py", LEAVING)
    session.says("check")
    session.does("a slip in the page", "docs/features/welcome.md", "when the visitor l", old="When the visitor l")
    session.says("check")
    session.does("put right", "docs/features/welcome.md", "When the visitor l", old="when the visitor l")
    session.says("status")
    session.says("external", "--preset", "startup-mvp", answer="y\ny\n")
    session.says("check")
    session.says("review", "welcome")
    session.says("derive", "welcome", "--write")
    session.says("derive", "welcome", "--write", "--action", "greet a visitor")
    session.says("chek")
    session.does("a slip in an option", "mkdocs.yml", "- jetty:\n      timout: 5", old="- jetty")
    session.says("check")
    session.compare("empty-folder.txt", refresh=refresh)


BASKET = """Feature: Basket
  Scenario: Adding
    Given an empty basket
    When I add "tea"
    Then it holds 1 thing

  Scenario Outline: Adding several
    Given an empty basket
    When I add "<what>"
    Then it holds <count> thing

    Examples:
      | what | count |
      | tea  | 1     |
      | cake | 1     |
"""
BASKET_TEST = """
from pytest_bdd import given, parsers, scenarios, then, when

scenarios("features/basket.feature")


@given("an empty basket", target_fixture="basket")
def empty():
    return []


@when(parsers.parse('I add "{what}"'))
def add(basket, what):
    basket.append(what)


@then(parsers.parse("it holds {count:d} thing"))
def holds(basket, count):
    assert len(basket) == count
"""


@pytest.mark.slow
def test_a_pytest_bdd_project(session: Session, refresh: bool) -> None:
    session.does("a suite that is there", "tests/features/basket.feature", BASKET)
    session.does("its test module", "tests/test_basket.py", BASKET_TEST)
    session.does("a page of its own", "docs/index.md", "# Shop\n")
    session.says("init", "--yes")
    session.says("check")
    session.does(
        "a slip in the program", "tests/test_basket.py", "basket.extend([what, what])", old="basket.append(what)"
    )
    session.says("check")
    session.does(
        "a module that is missing", "tests/test_basket.py", "\nimport shopp\nfrom pytest_bdd", old="\nfrom pytest_bdd"
    )
    session.says("check")
    session.compare("pytest-bdd-project.txt", refresh=refresh)


MATERIAL = """site_name: Shop
theme:
  name: material
plugins:
  - search
  - tags
  - blog
  - autorefs
  - awesome-pages
  - gen-files:
      scripts: [gen.py]
  - git-revision-date-localized
  - glightbox
  - macros
  - minify
markdown_extensions:
  - admonition
  - pymdownx.superfences
  - toc:
      permalink: true
"""
PAGE = """# Basket

!!! note "What it does"

    ```gherkin
    Scenario: Adding
      Given an empty basket
      When I add {{ thing }}
      Then it holds 1 thing
    ```

```Gherkin
Scenario: Removing
  Given an empty basket
```
"""


@pytest.mark.slow
def test_a_material_site_with_ten_plugins(session: Session, refresh: bool) -> None:
    session.does("a site that is there", "mkdocs.yml", MATERIAL)
    session.does("a page of it", "docs/index.md", "# Shop\n")
    session.says("init", "--yes")
    session.does("the plugin, as advised", "mkdocs.yml", "  - minify\n  - jetty\n", old="  - minify\n")
    session.says("init", "--yes")
    session.says("check")
    session.does("a specification", "docs/basket.md", PAGE)
    session.says("check")
    session.says("check", "docs/baskte.md")
    session.says("review", "baskets")
    session.compare("material-site.txt", refresh=refresh)
