"""`jetty init`: a green project, or one around a suite that is there; no file that exists is changed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from mkdocs_jetty.cli.common import load, run_and_judge
from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.cli.suites import Suite, found_suite, under_stock
from mkdocs_jetty.cli.terminal import console
from mkdocs_jetty.show.words import plural


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(directory: Path, yes: bool) -> None:
    """Set up a project in DIRECTORY, around the suite that is there; changes nothing that is there."""
    try:
        suite = found_suite(directory) if directory.is_dir() else Suite()
        if suite.files:
            said = plural(suite.files, "`.feature` file")
            click.echo(f"found {said} in {', '.join(suite.features)}; steps in {', '.join(suite.steps) or 'no module'}")
        if suite.pages:
            said = plural(len(suite.pages), "page")
            click.echo(f"found {said} with scenarios in plain Markdown, such as {plain(suite.pages[0])}")
        if not yes and sys.stdin.isatty() and not click.confirm(f"Set up {plain(directory.resolve())}?", default=True):
            click.echo("nothing was changed")
            return
        outcome = scaffold(directory, suite)
        hints = advice(directory, suite)
    except (OSError, UnicodeError) as error:
        raise WrongUse(f"cannot set up {directory}: {error}") from error
    for path, created in outcome:
        click.echo(f"{'created' if created else 'kept   '}  {plain(path)}")
    for hint in hints:
        click.echo(hint)
    docs = docs_dir(directory)
    if any(not page.startswith(f"{docs}/") for page in suite.pages):
        click.echo(
            f"only pages below {plain(docs)} count: move or link the others there, or name their folder as `docs_dir`"
        )
    if suite.files and not hints:
        compare(directory, suite)
    click.echo("next: jetty check, then mkdocs serve")


def compare(directory: Path, suite: Suite) -> None:
    """Run the suite under stock pytest and here, and say whether they agree."""
    stock = under_stock(directory, suite)
    if not stock:
        click.echo("stock pytest ran nothing of it, so there is nothing to compare with")
        return
    verdict = run_and_judge(load(directory / "mkdocs.yml"), console(stderr=True), quiet=True).verdict
    here = {word: count for word, count in verdict.counts.items() if count and word not in ("scenarios", "reused")}
    click.echo(f"stock pytest: {_counted(stock)}")
    click.echo(f"jetty:        {_counted(here)}")
    if (stock.get("passed", 0), bool(stock.keys() & {"failed", "error"})) == (here.get("passed", 0), verdict.red):
        click.echo("they agree")
    else:
        click.echo("they differ: `jetty check` says of each scenario why; the guide lists what differs by intention")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.items()) or "nothing"


CONFIG = """\
site_name: {name}
theme:
  name: material
plugins:
  - search
{jetty}"""

INDEX = """\
# {name}

What this project does is written down in its features, and each of them says whether it is true today.{begin}

<!-- jetty/overview -->
"""
BEGIN = "\nBegin with [Welcome](features/welcome.md)."

IGNORED = """\
.cache/
.pytest_cache/
.jetty/results.json
__pycache__/
site/
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
      - run: pip install "mkdocs-jetty[mkdocs]"{own}
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


def scaffold(directory: Path, suite: Suite) -> list[tuple[str, bool]]:
    """Create what is missing; each path with whether it was created."""
    alone = not suite.files and not suite.pages
    # A JSON string is a YAML string, whatever the directory is called.
    name = json.dumps(directory.resolve().name or "Documentation", ensure_ascii=False)
    docs = docs_dir(directory)
    files = {
        "mkdocs.yml": CONFIG.format(name=name, jetty=suite.options()),
        f"{docs}/index.md": INDEX.format(name=json.loads(name), begin=BEGIN if alone else ""),
        ".gitignore": IGNORED,
        ".github/workflows/docs.yml": WORKFLOW.replace("{own}", installed(directory)),
    }
    if alone:
        files |= {"features/welcome_steps.py": STEPS, f"{docs}/features/welcome.md": FEATURE}
    if (directory / docs / "README.md").exists():
        # MkDocs takes either as the front page, and complains of both.
        del files[f"{docs}/index.md"]
    return [(path, create(directory / path, text)) for path, text in files.items()]


def installed(directory: Path) -> str:
    """The lines of a workflow that install what the project itself needs."""
    lines = []
    if any((directory / name).is_file() for name in ("pyproject.toml", "setup.py", "setup.cfg")):
        lines.append("pip install .")
    names = ("requirements.txt", "requirements-dev.txt", "requirements-test.txt", "dev-requirements.txt")
    lines += [f"pip install -r {name}" for name in names if (directory / name).is_file()]
    return "".join(f"\n      - run: {line}" for line in lines)


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


def advice(directory: Path, suite: Suite) -> list[str]:
    """Return what to add to a configuration that was there before."""
    text = configuration(directory)
    if PLUGIN_LISTED.search(text):
        return []
    entry = suite.options().splitlines()
    if PLUGINS_KEY.search(text):
        return ["", "Add to the plugins in mkdocs.yml:", "", *entry, ""]
    # Naming any plugin turns off search, which MkDocs has on by default.
    return ["", "Add to mkdocs.yml:", "", "plugins:", "  - search", *entry, ""]
