"""What the site's own search finds, in real builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from test_mkdocs import PAGE, Site

if TYPE_CHECKING:
    from pathlib import Path

THEMES = ("mkdocs", "material", "readthedocs")


@pytest.fixture(params=THEMES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    site = Site(tmp_path)
    order = "[search, jetty]" if request.param == "material" else "[jetty, search]"
    site.write("mkdocs.yml", f"site_name: Shop\ntheme: {request.param}\nplugins: {order}\n")
    twice = PAGE.format(then="it breaks") + "\nBetween <!--jetty 0-->them<!--/jetty-->.\n"
    site.write("docs/cart.md", twice + PAGE.format(then="it breaks").replace("Feature: Cart", "Feature: Basket"))
    return site


def found(site: Site) -> str:
    return json.dumps(json.loads(site.read("search/search_index.json"))["docs"])


def test_a_search_finds_the_words_of_the_specification_and_no_result(site: Site) -> None:
    site.build()
    index = found(site)
    assert index.count("Then it breaks") >= 2  # MkDocs keeps a page whole, and by its sections
    assert "Between" in index
    assert "them" in index
    for result in ("broken", "AssertionError", "failed", "jetty-", "Everything", "Not everything"):
        assert result not in index


def test_the_page_shows_all_that_the_search_did_not_see(site: Site) -> None:
    site.build()
    page = site.read("cart/index.html")
    assert page.count("&lt;b&gt;broken&lt;/b&gt;") == 2
    assert page.index("Feature:") < page.index("Between") < page.rindex("Feature:")
    assert "<pre><code>" not in page.split("Between")[0]
