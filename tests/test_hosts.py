"""The same page under ProperDocs and Zensical, each in an environment of its own that has no MkDocs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mkdocs_jetty.hosts.presenting import NOT_RUN

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[1]
STEPS = """\
from pytest_bdd import given, then

@given("a cart")
def cart():
    pass

@then("it holds")
def holds():
    pass

@then("it breaks")
def breaks():
    raise AssertionError("<b>broken</b>")
"""
PAGE = """\
# Cart

```gherkin
Feature: Cart

  Scenario: Filling
    Given a cart
    Then it holds

  Scenario: Dropping
    Given a cart
    Then it breaks
```
"""
THEME = "<title>{{ page.title }}</title>{{ page.content }}"
GREEN = 'class="jetty-scenario jetty-green"'
RED = 'class="jetty-scenario jetty-red"'


class Environment:
    def __init__(self, root: Path, requirement: str) -> None:
        self.bin = root / ("Scripts" if os.name == "nt" else "bin")
        subprocess.run([sys.executable, "-m", "venv", str(root)], check=True, timeout=120)
        installed = self.run(root, "python", "-m", "pip", "install", "--quiet", requirement, str(PROJECT))
        if installed.returncode != 0:
            pytest.skip(f"{requirement} cannot be installed here: {installed.stderr.strip()[-300:]}")

    def run(self, directory: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
        command = [str(self.bin / program), *arguments]
        return subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module")
def properdocs(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("properdocs"), "properdocs==1.6.7")


@pytest.fixture(scope="module")
def zensical(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("zensical"), "zensical==0.0.73")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    config = "site_name: Shop\nmarkdown_extensions: [mkdocs_jetty]\n"
    write(tmp_path, {"mkdocs.yml": config, "features/steps.py": STEPS, "docs/guide/cart.md": PAGE})
    write(tmp_path, {"docs/index.md": "# Shop\n\n<!-- jetty/overview -->\n"})
    return tmp_path


def cart(site: Path) -> str:
    return (site / "site/guide/cart/index.html").read_text(encoding="utf-8")


def test_properdocs_without_mkdocs_shows_the_statuses_and_fails(properdocs: Environment, site: Path) -> None:
    config = "site_name: Shop\ntheme: {name: null, custom_dir: theme}\nplugins: [jetty]\n"
    write(site, {"mkdocs.yml": config, "theme/main.html": THEME, "docs/index.md": "# Shop\n"})
    assert properdocs.run(site, "python", "-c", "import mkdocs").returncode == 1
    built = properdocs.run(site, "properdocs", "build", "-f", "mkdocs.yml")
    assert built.returncode == 1, built.stderr
    assert "docs/guide/cart.md:10: Dropping: failed" in built.stderr
    assert GREEN in cart(site)
    assert RED in cart(site)
    assert "&lt;b&gt;broken" in cart(site)
    assert (site / "site/jetty/spec.json").is_file()
    assert (site / "site/assets/jetty.css").is_file()


def test_zensical_shows_what_the_check_found(zensical: Environment, site: Path) -> None:
    checked = zensical.run(site, "jetty", "check")
    assert checked.returncode == 1, checked.stderr
    built = zensical.run(site, "zensical", "build", "--clean")
    assert built.returncode == 0, built.stderr
    assert GREEN in cart(site)
    assert RED in cart(site)
    assert "&lt;b&gt;broken" in cart(site)
    assert cart(site).count("--jetty-soft: #555d68;") == 1
    home = (site / "site/index.html").read_text(encoding="utf-8")
    assert "guide/cart/" in home.split("jetty-overview", 1)[1]
    completed = zensical.run(site, "jetty", "check", "--site")
    assert completed.returncode == 1, completed.stderr
    overview = (site / "site/jetty/index.html").read_text(encoding="utf-8")
    assert 'href="../guide/cart/' in overview
    assert json.loads((site / "site/jetty/spec.json").read_text(encoding="utf-8"))["counts"]["failed"] == 1
    assert list((site / "site/jetty/badges").glob("*-speed.svg"))


def test_a_zensical_site_without_the_extension_is_told_of_it(zensical: Environment, site: Path) -> None:
    write(site, {"mkdocs.yml": "site_name: Shop\nplugins: [jetty]\n"})
    assert zensical.run(site, "zensical", "build").returncode == 0
    checked = zensical.run(site, "jetty", "check")
    assert (
        "warning: mkdocs.yml: Zensical loads no plugins, so its pages show no result: add `- mkdocs_jetty` to "
        "`markdown_extensions`" in " ".join((checked.stdout + checked.stderr).split())
    )
    write(site, {"mkdocs.yml": "site_name: Shop\nplugins: [jetty]\nmarkdown_extensions: [mkdocs_jetty]\n"})
    assert "Zensical" not in zensical.run(site, "jetty", "check").stdout


def test_zensical_without_a_check_shows_nothing_as_run(zensical: Environment, site: Path) -> None:
    assert zensical.run(site, "zensical", "build", "--clean").returncode == 0
    assert NOT_RUN in cart(site)
    assert GREEN not in cart(site)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("features/steps.py", "def cart():\n    pass", "def cart():\n    raise OSError"),
     ("docs/guide/cart.md", "Given a cart\n    Then it holds", "Given a cart\n    Given a cart\n    Then it holds")],
)  # fmt: skip
def test_zensical_never_shows_a_stale_result(zensical: Environment, site: Path, name: str, old: str, new: str) -> None:
    assert zensical.run(site, "jetty", "check").returncode == 1
    text = (site / name).read_text(encoding="utf-8")
    write(site, {name: text.replace(old, new)})
    assert zensical.run(site, "zensical", "build", "--clean").returncode == 0
    assert "changed since it last ran" in cart(site)
    assert GREEN not in cart(site)
