"""The pages in a real browser: what a reader sees, with and without scripts, whatever the specification says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (`make browser` installs Debian's)"),
]
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
ATTACK = "<img src=x onerror=document.body.dataset.attacked=1>"
PAGE = f"""\
# Door

```gherkin
@tag{ATTACK.replace(" ", "_")}
Scenario: opens {ATTACK}
  Given it is "{ATTACK}"
    | {ATTACK} |
  Then fail with {ATTACK}
    \"\"\"
    {ATTACK}
    \"\"\"

Scenario: stays open
  Given it is "open"
```
"""
STEPS = """\
from pytest_bdd import given, parsers, then

@given(parsers.parse('it is "{what}"'))
def _(what): pass

@then(parsers.parse("fail with {what}"))
def _(what): raise AssertionError(what)
"""


@pytest.fixture(scope="module", params=["material", "mkdocs", "readthedocs"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    (root / "docs").mkdir()
    (root / "features").mkdir()
    (root / "mkdocs.yml").write_text(f"site_name: Door\nsite_url: ''\ntheme: {request.param}\nplugins: [jetty]\n")
    (root / "docs/index.md").write_text(PAGE)
    (root / "features/door.py").write_text(STEPS)
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build"], cwd=root, capture_output=True, text=True, check=False
    )
    assert build.returncode == 1, build.stderr
    return root / "site"


def browse(page: Path, profile: Path, *flags: str) -> str:
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_page_shows_each_status_and_runs_nothing_of_the_specification(site: Path, tmp_path: Path) -> None:
    served = (site / "index.html").read_text("utf-8")
    dom = browse(site / "index.html", tmp_path, "--dump-dom")
    assert "data-attacked" not in dom
    assert '<img src="x"' not in dom
    for page in (served, dom):  # what is served is what scripts leave alone: the page needs none
        assert len(re.findall(r'<section class="jetty-scenario', page)) == 2
        assert "failed: expectation not met" in page
        assert "docs/index.md:8" in page


def test_the_page_can_be_printed(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    browse(site / "index.html", tmp_path / "profile", f"--print-to-pdf={target}")
    assert target.read_bytes().startswith(b"%PDF")


HIDDEN = """\
# Door

=== "One"

    text of one

=== "Two"

    ```gherkin
    Scenario: inside a tab
      Given it is "open"
    ```

??? note "closed"

    ```gherkin
    Scenario: inside details
      Given it is "open"
    ```
"""
EXTENSIONS = "[pymdownx.superfences, pymdownx.details, {pymdownx.tabbed: {alternate_style: true}}]"


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("theme", ["material", "mkdocs", "readthedocs"])
def test_a_link_opens_what_hides_its_scenario(tmp_path: Path, theme: str, scripts: bool) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    config = f"site_name: Door\nsite_url: ''\ntheme: {theme}\nmarkdown_extensions: {EXTENSIONS}\nplugins: [jetty]\n"
    (tmp_path / "mkdocs.yml").write_text(config)
    (tmp_path / "docs/index.md").write_text(HIDDEN)
    (tmp_path / "features/door.py").write_text(STEPS)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], cwd=tmp_path, check=True)
    index = (tmp_path / "site/index.html").as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for target in ("scenario-door--inside-a-tab", "scenario-door--inside-details"):
            page = browser.new_context(java_script_enabled=scripts).new_page()
            page.goto(f"{index}#{target}")
            page.locator(f"#{target}").wait_for(state="visible", timeout=10_000)
        browser.close()
