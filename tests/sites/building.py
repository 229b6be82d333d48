"""Builds a real site with real plugins from a short description, and answers what came of it.

The plugins live in an environment of their own (`make` sets it up), so a build is a process of that environment. A case
says which files the site has and which plugins; the answer is what a reader, a machine and a CI job would see.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
STEPS = """\
from pytest_bdd import given, parsers, then

@given("it holds")
def holds():
    pass

@given("it breaks")
def breaks(request):
    # Equal messages would be told together.
    raise AssertionError("broken in " + request.node.name)

@then(parsers.parse("{number:d} is one"))
def one(number):
    assert number == 1
"""
NOTES = """\
# Notes

```yaml
a: 1
```

```python
def f():
    return "x"
```

```console
$ ls
```

    indented

~~~
no language
~~~
"""
QUIET = {
    "SOURCE_DATE_EPOCH": "1763800000",
    "NO_MKDOCS_2_WARNING": "1",
    "DISABLE_MKDOCS_2_WARNING": "true",
    "NO_COLOR": "1",
    "COLUMNS": "400",
}
EVERYTHING_WORKS = "Everything specified here works."
NOT_EVERYTHING_WORKS = "Not everything works:"
_SCENARIO = re.compile(r"""<section\s+class="jetty-scenario jetty-(\w+)"[^>]*?>.*?<b>(.*?)</b>""", re.DOTALL)
_CODE = re.compile(r"<pre.*?</pre>|<div class=\"?(?:codehilite|highlight|hl)\b.*?</div>", re.DOTALL)
_ID = re.compile(r"""\sid=["']?([^\s"'>]+)""")


def scenario(name: str, step: str = "it holds") -> str:
    """Return the text of a fence with one scenario."""
    return f"```gherkin\nScenario: {name}\n  Given {step}\n```\n"


def page(title: str, *parts: str) -> str:
    """Return the text of a page: its title, then each part after an empty line."""
    return "\n".join([f"# {title}\n", *parts])


def notebook(text: str) -> str:
    """Return the JSON of a Jupyter notebook with one cell of Markdown."""
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def ordered(order: str, *plugins: Any, options: dict[str, Any] | None = None) -> list[Any]:
    """Return the list of plugins with jetty before or after the others, with jetty's options."""
    jetty: list[Any] = [{"jetty": options} if options else "jetty"]
    return [*jetty, *plugins] if order == "before" else [*plugins, *jetty]


@dataclass(frozen=True)
class Built:
    """What a build left behind."""

    root: Path
    status: int
    log: str
    output: Path = field(default=Path("site"))

    def page(self, name: str) -> str:
        """Return the HTML of a page by its address, such as `cart/`."""
        path = self.root / self.output / name
        if name.endswith("/") or not name:
            flat = path.with_suffix(".html")
            path = path / "index.html" if (path / "index.html").exists() or not name else flat
        return path.read_text(encoding="utf-8")

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The site's `jetty/spec.json`; the log where the build did not get that far."""
        assert (self.root / self.output / "jetty/spec.json").is_file(), self.log
        return json.loads(self.page("jetty/spec.json"))

    @property
    def results(self) -> dict[str, str]:
        """The status of each scenario, by its id."""
        return {each["id"]: each["status"] for feature in self.spec["features"] for each in feature["scenarios"]}

    @property
    def named(self) -> list[tuple[str, str]]:
        """Name and status of each scenario, sorted."""
        return sorted(
            (each["name"], each["status"]) for feature in self.spec["features"] for each in feature["scenarios"]
        )

    def scenario(self, name: str) -> dict[str, Any]:
        """Return the one scenario of this name with its feature under `feature`."""
        found = [
            {**each, "feature": feature}
            for feature in self.spec["features"]
            for each in feature["scenarios"]
            if each["name"] == name
        ]
        assert len(found) == 1, (name, self.named)
        return found[0]

    @property
    def problems(self) -> list[str]:
        """What `spec.json` holds as problems, a line for each."""
        return [f"{each['page']}:{each['line']}: {each['message']}" for each in self.spec["problems"]]

    def shown(self, name: str) -> list[tuple[str, str]]:
        """Return name and colour of each scenario on a page, in the order of the page."""
        return [(_text(title), colour) for colour, title in _SCENARIO.findall(self.page(name))]

    def code(self, name: str) -> list[str]:
        """Return the code blocks of a page, as they are written."""
        return _CODE.findall(self.page(name))

    def doubled_ids(self, name: str) -> set[str]:
        """Return the ids that occur more than once on a page."""
        ids = [each for each in _ID.findall(self.page(name)) if each.startswith("scenario-")]
        return {each for each in ids if ids.count(each) > 1}

    def holds(self, *, passed: int, problems: int = 0) -> None:
        """Assert a green site in every place that says so."""
        assert self.status == 0, self.log
        assert "Traceback" not in self.log, self.log
        assert (self.spec["project"]["verdict"], len(self.problems)) == ("green", problems), self.problems
        assert [status for _, status in self.named] == ["passed"] * passed, self.named
        assert EVERYTHING_WORKS in _text(self.page("jetty/"))

    def fails(self, *, passed: int, failed: int, overview: str = "jetty/") -> None:
        """Assert a red site in every place that says so, whole and without a traceback."""
        assert self.status == 1, self.log
        assert "Traceback" not in self.log, self.log
        assert self.spec["project"]["verdict"] == "red"
        counted = {"passed": passed, "failed": failed, "scenarios": passed + failed}
        assert {name: self.spec["counts"][name] for name in counted} == counted, self.log
        assert NOT_EVERYTHING_WORKS in _text(self.page(overview))

    def shows(self, **pages: list[tuple[str, str]]) -> None:
        """Assert name and colour of the scenarios on each page, given by its first folder's name."""
        for name, wanted in pages.items():
            address = "" if name == "home" else f"{name}/"
            assert self.shown(address) == wanted, (name, self.log)
            assert not self.doubled_ids(address)


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


@dataclass
class Site:
    """A site that is being described."""

    root: Path
    environment: str = "sites"

    def __post_init__(self) -> None:
        if not self._python.exists():
            pytest.skip(
                f"there is no environment .venvs/{self.environment}: `make .venvs/{self.environment}/.installed`"
            )
        self.write({"features/steps.py": STEPS})

    @property
    def _python(self) -> Path:
        folder = PROJECT / ".venvs" / self.environment
        return folder / "Scripts/python.exe" if os.name == "nt" else folder / "bin/python"

    def write(self, files: dict[str, str]) -> None:
        """Write files by their paths in the project."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def jetty(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command `jetty` in the project's folder."""
        (self.root / "_jetty_command.py").write_text("from mkdocs_jetty.cli import main\n\nmain()\n", encoding="utf-8")
        return self.run("_jetty_command", *arguments)

    def run(self, *arguments: str, text: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a module of the environment in the project's folder, with `text` as its standard input."""
        return subprocess.run(
            [str(self._python), "-W", "ignore::DeprecationWarning", "-m", *arguments],
            cwd=self.root,
            env={**os.environ, **QUIET, **environment},
            input=text, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    def command(self, name: str, *arguments: str) -> Built:
        """Run a command of the environment, such as `properdocs`, and return what came of its build."""
        done = subprocess.run(
            [str(self._python.with_name(name)), *arguments],
            cwd=self.root, env={**os.environ, **QUIET}, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        return Built(self.root, done.returncode, done.stdout + done.stderr)

    def configure(self, plugins: list[Any], raw: str = "", **config: Any) -> str:
        """Return the text of `mkdocs.yml` after writing it; `raw` is added as it is."""
        whole = {"site_name": "Shop", "plugins": plugins, **config}
        text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True) + raw
        self.write({"mkdocs.yml": text})
        return text

    def build(
        self,
        files: dict[str, str],
        plugins: list[Any],
        *flags: str,
        raw: str = "",
        program: str = "mkdocs",
        **config: Any,
    ) -> Built:
        """Write the files and the configuration, build, and return what came of it."""
        self.write(files)
        self.configure(plugins, raw, **config)
        return self.built(program, "build", *flags)

    def built(self, *arguments: str, text: str | None = None) -> Built:
        """Run a build and return what came of it."""
        done = self.run(*arguments, text=text)
        return Built(self.root, done.returncode, done.stdout + done.stderr)
