"""Plugins that write the navigation: the generated overview is in it or left out of it on purpose, and warns nobody."""

from __future__ import annotations

import pytest
from building import Site, ordered, page, scenario

FILES = {
    "docs/index.md": "# Home\n",
    "docs/shop/index.md": "# Shop\n",
    "docs/shop/cart.md": page("Cart", scenario("Filling")),
}
STRICT_NAV = {"validation": {"nav": {"omitted_files": "warn", "not_found": "warn"}}}
NAVIGATIONS = {
    "mkdocs-awesome-nav": (["awesome-nav"], {"docs/.nav.yml": "nav:\n  - index.md\n  - shop\n"}),
    "mkdocs-awesome-pages-plugin": (["awesome-pages"], {"docs/.pages": "nav:\n  - index.md\n  - shop\n  - ...\n"}),
    "mkdocs-literate-nav": (
        [{"literate-nav": {"nav_file": "SUMMARY.md"}}],
        {"docs/SUMMARY.md": "* [Home](index.md)\n* [Shop](shop/index.md)\n* [Cart](shop/cart.md)\n"},
    ),
    "mkdocs-section-index": (["section-index"], {}),
}


@pytest.mark.parametrize(
    "plugin",
    [
        pytest.param(name, marks=pytest.mark.works(name, "its navigation stands, `omitted_files: warn` stays silent"))
        for name in NAVIGATIONS
    ],
)
def test_a_written_navigation_stays_silent(site: Site, plugin: str, order: str) -> None:
    plugins, files = NAVIGATIONS[plugin]
    built = site.build({**FILES, **files}, ordered(order, *plugins), "--strict", theme="material", **STRICT_NAV)
    built.holds(passed=1)
    assert built.shown("shop/cart/") == [("Filling", "green")]


@pytest.mark.works("nav", "a nav of one's own, under `omitted_files: warn`")
def test_a_nav_of_ones_own_stays_silent(site: Site) -> None:
    nav = ["index.md", {"Shop": ["shop/index.md", "shop/cart.md"]}]
    site.build(FILES, ["jetty"], "--strict", nav=nav, **STRICT_NAV).holds(passed=1)
