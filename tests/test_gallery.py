"""The published site as its readers use it: every status on one page, and a thousand scenarios with twenty red ones."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

MAKE = Path(__file__).parents[1] / "examples/gallery/make.py"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (`make browser` installs Debian's)"
)
pytestmark = pytest.mark.slow


def gallery() -> Any:
    spec = importlib.util.spec_from_file_location("gallery", MAKE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def built(root: Path, files: dict[str, str]) -> Path:
    gallery().write(root, files)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1763800000", "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return root / "site"


@pytest.fixture(scope="module")
def statuses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = gallery().statuses()
    files["mkdocs.yml"] += "nav:\n  - index.md\n  - Shop:\n      - Buying: [paying.md, other.md]\n"
    files["docs/other.md"] = "# Other\n"
    return built(tmp_path_factory.mktemp("statuses"), files)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("big"), gallery().big())


def read(page: Path) -> str:
    return (page / "index.html").read_text("utf-8")


def text_of(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup))


# ---- pages ----


def test_the_pages_for_the_whole_project_exist_and_every_feature_links_them(statuses: Path) -> None:
    page = read(statuses / "paying")
    for name, link in (("jetty/failures", "../jetty/failures/"), ("jetty/steps", "../jetty/steps/")):
        assert f'<a href="{link}">' in page
        assert (statuses / name / "index.html").is_file()
    assert '<a href="..">Overview</a>' in page or '<a href="../">Overview</a>' in page
    assert 'href="jetty/failures/#cause-1"' in read(statuses)


def test_the_owner_is_named_on_the_page_in_the_overview_and_at_each_failure(statuses: Path) -> None:
    assert "Owner: checkout team" in read(statuses / "paying")
    assert "checkout team" in text_of(read(statuses))
    assert text_of(read(statuses / "jetty/failures")).count("checkout team") > 10
    spec = json.loads((statuses / "jetty/spec.json").read_text("utf-8"))
    assert {each["owner"] for each in spec["features"][0]["scenarios"]} == {"checkout team"}


def test_a_section_of_the_navigation_shows_its_worst_page(statuses: Path) -> None:
    said = text_of(read(statuses / "other"))
    assert "Buying ✗ 1(1 of 2 pages red)" in said
    assert "Shop ✗ 1(1 of 2 pages red)" in said


def test_scenarios_stand_in_the_table_of_contents_and_as_entries_of_the_search(statuses: Path) -> None:
    page = read(statuses / "paying")
    assert re.search(r'<a href="#scenario-paying--the-shop-breaks"[^>]*>.*?✗', page, re.DOTALL)
    index = json.loads((statuses / "search/search_index.json").read_text("utf-8"))["docs"]
    found = {each["location"]: each for each in index}
    entry = found["paying/#scenario-paying--the-shop-breaks"]
    assert entry["title"] == "The shop breaks"
    assert "the shop breaks" in entry["text"]
    assert "empty" not in entry["text"]  # of its failure
    assert "paying/#outline-scenario-paying--count-apples-cost-total" in found


def test_headings_of_scenarios_stand_one_level_below_those_around_them(statuses: Path) -> None:
    page = read(statuses / "paying")
    assert re.search(r'<h3 class="jetty-name"><b>A cart can be paid</b></h3>', page)


def test_what_was_expected_and_what_came_stand_side_by_side(statuses: Path) -> None:
    page = read(statuses / "paying")
    assert "<dd><ins>3</ins> apples, 240 cents</dd><dt>got</dt><dd><del>2</del> apples, 240 cents</dd>" in page
    assert "      <ins>&#34;count&#34;: 3,&#10;</ins>" in page
    assert "Use -v" not in page


def test_what_fails_is_grouped_by_cause_and_what_is_quiet_apart(statuses: Path) -> None:
    page = read(statuses / "jetty/failures")
    said = text_of(page)
    assert "13 red scenarios, 13 causes." in said
    assert "raise NotImplementedError" in page  # a definition to start from
    for group in ("1 known red", "1 skipped", "1 not selected"):
        assert group in said
    assert "this machine has no card reader" in said
    assert page.count('id="cause-') == 13


def test_twenty_scenarios_that_one_step_breaks_are_one_cause(big: Path) -> None:
    page = read(big / "jetty/failures")
    assert "20 red scenarios, 1 cause." in text_of(page)
    assert "20 \N{MULTIPLICATION SIGN} the receipt says …, not …" in text_of(page)
    assert len(re.findall(r'<li><a href="\.\./\.\./(?:checkout|taxes)/', page)) == 20


def test_the_overview_has_every_feature_in_sections_and_opens_the_worst(big: Path) -> None:
    page = read(big)
    assert len(re.findall(r"<tr data-states", page)) == 100
    sections = re.findall(r'<details class="jetty-section"( open)?><summary><span[^>]*>(.*?)</span>', page)
    assert [name for _, name in sections] == list(gallery().AREAS)
    assert [name for is_open, name in sections if is_open] == ["Checkout"]
    assert len(page.encode()) < 200_000


def test_passed_scenarios_weigh_little(big: Path) -> None:
    page = read(big / "accounts/page-01")
    (block,) = re.findall(r'<div class="jetty-block">.*?</section>\s*</div>', page, re.DOTALL)
    scenarios = block.count('<section class="jetty-scenario')
    assert len(block.encode()) < scenarios * 750


# ---- in a browser ----


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium.new_context(viewport={"width": 1200, "height": 900})
        chromium.close()


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def visible(page: Page) -> list[str]:
    return page.locator(".jetty-modes tbody tr:visible th").all_inner_texts()


@in_a_browser
def test_the_overview_filters_sorts_and_keeps_its_state_in_the_address(big: Path, page: Page) -> None:
    page.goto((big / "index.html").as_uri())
    assert page.locator("output").inner_text() == "100 features"
    page.locator('[data-filter="red"]').click()
    assert page.locator("output").inner_text() == "20 of 100 features"
    assert len(visible(page)) == 20
    page.locator("[name=owner]").select_option("team 8")
    assert visible(page) == [f"Taxes {number}" for number in range(1, 11)]
    page.locator("[name=find]").fill('not ("taxes 1" or "taxes 2")')
    assert visible(page) == [f"Taxes {number}" for number in range(3, 10)]
    assert "show=red" in page.url
    assert "owner=team+8" in page.url
    page.reload()
    assert visible(page) == [f"Taxes {number}" for number in range(3, 10)]
    page.locator("[name=find]").fill("@nosuch")
    assert page.locator(".jetty-nothing").is_visible()
    page.locator(".jetty-clear").click()
    page.wait_for_function("document.querySelector('output').textContent === '100 features'")
    page.locator("[name=sort]").select_option("name")
    assert visible(page)[:2] == ["Checkout 1", "Checkout 10"]


@in_a_browser
def test_a_link_to_a_passed_scenario_opens_it_and_keys_lead_through_red_ones(statuses: Path, page: Page) -> None:
    address = (statuses / "paying/index.html").as_uri()
    page.goto(address)
    assert not page.locator("text=Given a cart with 2 apples").first.is_visible()
    page.goto(f"{address}#scenario-paying--a-cart-can-be-paid")
    page.wait_for_function("document.querySelector('#scenario-paying--a-cart-can-be-paid details').open")
    page.goto(address)
    page.keyboard.press("j")
    focused = "document.activeElement.id"
    assert page.evaluate(focused) == "scenario-paying--the-receipt-is-wrong"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "scenario-paying--a-dictionary-differs"
    page.keyboard.press("k")
    assert page.evaluate(focused) == "scenario-paying--the-receipt-is-wrong"


@in_a_browser
def test_all_passed_scenarios_open_and_close_at_once(big: Path, page: Page) -> None:
    page.goto((big / "accounts/page-01/index.html").as_uri())
    folds = page.locator("details.jetty-fold")
    open_ones = page.locator("details.jetty-fold[open]")
    assert folds.count() > 2
    assert open_ones.count() == 0
    page.get_by_role("button", name="Expand all").click()
    assert open_ones.count() == folds.count()
    page.get_by_role("button", name="Collapse all").click()
    assert open_ones.count() == 0
    folds.first.locator("summary").click()
    assert page.get_by_role("button", name="Expand all").count() == 1


@in_a_browser
@pytest.mark.parametrize("name", ["", "paying/", "jetty/failures/", "jetty/steps/"])
def test_nothing_scrolls_sideways_at_320_px(statuses: Path, page: Page, name: str) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto((statuses / f"{name}index.html").as_uri())
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320, wide


WIDEST = """Math.max(0, ...[...document.querySelectorAll("[class^=jetty]")]
    .filter(each => !each.closest(".jetty-scroll")).map(each => each.getBoundingClientRect().right))"""
"""How far to the right anything of ours reaches that does not scroll by itself."""


def violations(page: Page, context: str) -> list[tuple[str, str, str]]:
    """What axe finds in what is ours: rule, element, why."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 # only where there is a browser

    found = Axe().run(page, context=context, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    return [
        (each["id"], node["html"][:160], node.get("failureSummary", "")[:300])
        for each in found.response["violations"]
        for node in each["nodes"]
        if 'class="jetty' in node["html"] or ".jetty" in str(node["target"])
    ]


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["", "paying/", "jetty/failures/", "jetty/steps/"])
def test_axe_finds_nothing_in_what_we_show(statuses: Path, browser: BrowserContext, name: str, scheme: Any) -> None:
    page = browser.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto((statuses / f"{name}index.html").as_uri())
    wrong = violations(page, "article")
    page.close()
    assert wrong == []


@in_a_browser
@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs", "darkly", "slate"])
def test_axe_finds_nothing_under_other_themes_and_nothing_scrolls_sideways(
    tmp_path: Path, browser: BrowserContext, theme: str
) -> None:
    """The last two are dark. A theme's own parts, and the colour that it gives to links, are its own affair."""
    files = gallery().statuses()
    options = files["mkdocs.yml"].partition("plugins:")[2]
    files["mkdocs.yml"] = f"site_name: Every status\ntheme: {{name: {theme}}}\nplugins:{options}"
    site = built(tmp_path, files)
    page = browser.new_page()
    for name in ("", "paying/", "jetty/failures/", "jetty/steps/"):
        page.set_viewport_size({"width": 1200, "height": 900})
        page.goto((site / f"{name}index.html").as_uri())
        wrong = [each for each in violations(page, "body") if not each[1].startswith("<a href=")]
        assert wrong == [], name
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate(WIDEST) <= 321, name
    page.close()
