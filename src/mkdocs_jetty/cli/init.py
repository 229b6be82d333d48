"""`jetty init`: a project that is green at once; a file that exists is never touched, not even an empty one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from mkdocs_jetty.cli.errors import WrongUse, plain


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(directory: Path) -> None:
    """Set up a project in DIRECTORY; changes nothing that is there."""
    try:
        outcome = scaffold(directory)
        hints = advice(directory)
    except (OSError, UnicodeError) as error:
        raise WrongUse(f"cannot set up {directory}: {error}") from error
    for path, created in outcome:
        click.echo(f"{'created' if created else 'kept   '}  {plain(path)}")
    for hint in hints:
        click.echo(hint)
    click.echo("next: jetty check, then mkdocs serve")


CONFIG = """\
site_name: {name}
theme:
  name: material
plugins:
  - search
  - jetty
"""

INDEX = """\
# {name}

What this project does is written down in its features, and each of them says whether it is true today.
Begin with [Welcome](features/welcome.md).
"""

FEATURE = """\
# Welcome

Whoever comes in is greeted by name.

## Speed

```gherkin
Scenario: A visitor is greeted by name
  Given a visitor called "Ada"
  When the visitor comes in
  Then the greeting is "Welcome, Ada!"
```
"""

STEPS = '''\
"""The steps of docs/features/welcome.md. Replace `greet` with a call of your own code."""

from pytest_bdd import given, parsers, then, when


def greet(name):
    return f"Welcome, {name}!"


@given(parsers.parse('a visitor called "{name}"'), target_fixture="visitor")
def visitor(name):
    return name


@when("the visitor comes in", target_fixture="greeting")
def greeting(visitor):
    return greet(visitor)


@then(parsers.parse('the greeting is "{expected}"'))
def greeting_is(greeting, expected):
    assert greeting == expected
'''

# `pull_request`, never `pull_request_target`: building executes the code of whoever opened it.
WORKFLOW = """\
name: docs

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  docs:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "mkdocs-jetty[mkdocs]"
      - run: mkdocs build
      # Also when the build is red: the site is the report.
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: site
          path: site
"""

PLUGIN_LISTED = re.compile(r"""^\s*-?\s*["']?jetty["']?\s*(:.*)?(#.*)?$|^plugins:\s*\[[^\]]*\bjetty\b""", re.MULTILINE)
PLUGINS_KEY = re.compile(r"^plugins:", re.MULTILINE)
DOCS_DIR = re.compile(r"""^docs_dir:\s*["']?([^"'#\n]+?)["']?\s*(?:#.*)?$""", re.MULTILINE)


def scaffold(directory: Path) -> list[tuple[str, bool]]:
    """Create what is missing; each path with whether it was created."""
    # A JSON string is a YAML string, whatever the directory is called.
    name = json.dumps(directory.resolve().name or "Documentation", ensure_ascii=False)
    docs = docs_dir(directory)
    files = {
        "mkdocs.yml": CONFIG.format(name=name),
        "features/welcome_steps.py": STEPS,
        f"{docs}/index.md": INDEX.format(name=json.loads(name)),
        f"{docs}/features/welcome.md": FEATURE,
        ".github/workflows/docs.yml": WORKFLOW,
    }
    if (directory / docs / "README.md").exists():
        # MkDocs takes either as the front page, and complains of both.
        del files[f"{docs}/index.md"]
    return [(path, create(directory / path, text)) for path, text in files.items()]


def create(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def docs_dir(directory: Path) -> str:
    found = DOCS_DIR.search(configuration(directory))
    return found[1] if found else "docs"


def configuration(directory: Path) -> str:
    path = directory / "mkdocs.yml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def advice(directory: Path) -> list[str]:
    """What to add to a configuration that was there before."""
    text = configuration(directory)
    if PLUGIN_LISTED.search(text):
        return []
    if PLUGINS_KEY.search(text):
        return ["", "Add to the plugins in mkdocs.yml:", "", "  - jetty", ""]
    # Naming any plugin turns off search, which MkDocs has on by default.
    return ["", "Add to mkdocs.yml:", "", "plugins:", "  - search", "  - jetty", ""]
