"""Pages in a real browser: a good page passes, a poor one fails by rule, and without a browser nothing is run."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from step_projects import run, said

from mkdocs_jetty.steps.browser import INSTALLED

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, INSTALLED)), reason="no browser is installed"),
]
AXE = "has no accessibility violations at WCAG 2.2 level"
SCENARIOS = f"""
  Scenario: good
    When I open the front page
    Then the page {AXE} AA
    And the largest paint is within 10 seconds
    And its layout shift is at most 0.1
    And at most 1.5 MB are transferred
  Scenario: poor
    Given a shop without poor
    When I open /page
    Then it {AXE} AA
  Scenario: heavy
    Given a shop without large
    When I open front
    Then at most 10 KB are transferred
  Scenario: late
    When I open front
    Then the largest paint is within 1 us
  Scenario: missing
    When I open /nothing
    Then the page {AXE} AA
  Scenario: no level
    When I open front
    Then the page {AXE} B
  Scenario: not opened
    Then the page {AXE} AA
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("browser"), "browser", SCENARIOS)


def test_a_good_page_passes_and_its_numbers_are_recorded(found: dict[str, Any]) -> None:
    assert found["good"]["status"] == "passed", said(found["good"])
    measured = found["good"]["measured"]
    assert measured["level"] == "AA"
    assert measured["lcp"] == "10 seconds"
    assert int(measured["rules that hold"]) > 0


@pytest.mark.parametrize(
    ("name", "message"),
    [("poor", "image-alt"), ("heavy", "bytes were transferred"), ("late", "the largest paint came"),
     ("missing", "status 404"), ("no level", "no level B"), ("not opened", "no page was opened")],
)  # fmt: skip
def test_a_poor_page_fails(found: dict[str, Any], name: str, message: str) -> None:
    assert found[name]["status"] == "failed"
    assert message in said(found[name])


@pytest.mark.parametrize("extra", ["playwright.sync_api", "axe_playwright_python.sync_playwright"])
def test_without_the_extra_it_is_not_run(tmp_path_factory: pytest.TempPathFactory, extra: str) -> None:
    only = f"  Scenario: one\n    When I open front\n    Then the page {AXE} AA\n"
    found = run(tmp_path_factory.mktemp("bare"), "browser", only, without=extra)
    assert found["one"]["cause"] == "unavailable", said(found["one"])
    assert "mkdocs-jetty[browser]" in said(found["one"])


def test_without_a_browser_it_is_not_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    hide = "import os, shutil\nshutil.which = lambda name: None\nos.environ['PLAYWRIGHT_BROWSERS_PATH'] = '/nowhere'\n"
    only = f"  Scenario: one\n    When I open front\n    Then the page {AXE} AA\n"
    found = run(tmp_path_factory.mktemp("bare"), "browser", only, hide)
    assert found["one"]["cause"] == "unavailable", said(found["one"])
