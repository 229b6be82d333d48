"""A good neighbour: other code blocks, other plugins' files, secrets, links, search and titles stay what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import NOTES, Site, notebook, ordered, page, scenario

CODEHILITE = ["fenced_code", {"codehilite": {"css_class": "hl", "linenums": True}}]
HIGHLIGHT = [{"pymdownx.highlight": {"anchor_linenums": True, "linenums": True}}]
OWN_CLASS = [{"pymdownx.superfences": {"css_class": "own"}}]
WITHOUT_PYGMENTS = ["extra", {"pymdownx.highlight": {"use_pygments": False}}]
HIGHLIGHTING = {
    "mkdocs": ({"theme": "mkdocs"}, "theme: mkdocs"),
    "readthedocs": ({"theme": "readthedocs"}, "theme: readthedocs"),
    "material": ({"theme": "material"}, "theme: Material"),
    "codehilite": ({"theme": "mkdocs", "markdown_extensions": CODEHILITE}, "codehilite"),
    "highlight": ({"theme": "material", "markdown_extensions": HIGHLIGHT}, "pymdownx.highlight"),
    "superfences": ({"theme": "mkdocs", "markdown_extensions": OWN_CLASS}, "pymdownx.superfences"),
    "extra": ({"theme": "mkdocs", "markdown_extensions": WITHOUT_PYGMENTS}, "extra"),
}
UNCHANGED = "other code blocks stay as they are, byte for byte"


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(config, id=case, marks=pytest.mark.works(name, UNCHANGED))
        for case, (config, name) in HIGHLIGHTING.items()
    ],
)
def test_other_code_blocks_stay_as_they_are(tmp_path: Path, config: dict[str, object]) -> None:
    files = {"docs/index.md": NOTES, "docs/cart.md": page("Cart", "```yaml\na: 1\n```\n", scenario("Filling"))}
    built = Site(tmp_path / "with").build(files, ["search", "jetty"], "--strict", **config)
    without = Site(tmp_path / "without").build(files, ["search"], **config)
    built.holds(passed=1)
    assert built.code("") == without.code("")
    assert built.code("cart/")[0] == without.code("cart/")[0]


@pytest.mark.works("mkdocs-encryptcontent-plugin", "a red site is whole; an encrypted page's words are in no export")
def test_the_words_of_an_encrypted_page_are_nowhere_else(site: Site, order: str) -> None:
    locked = "---\npassword: pw\n---\n\n" + page("Cart", scenario("Secret name", "it breaks"))
    files = {"docs/index.md": page("Home", scenario("Open")), "docs/cart.md": locked}
    built = site.build(files, ordered(order, "search", "encryptcontent"))
    built.fails(passed=1, failed=1)
    assert ("Open", "passed") in built.named
    assert (site.root / "site/assets/javascripts/decrypt-contents.js").is_file()
    texts = {".html", ".json", ".xml", ".ndjson", ".svg"}
    written = [path for path in (site.root / "site").rglob("*") if path.suffix in texts]
    for word in ("it breaks", "Secret name", "secret-name"):
        assert [path for path in written if word in path.read_text(encoding="utf-8")] == [], word


@pytest.mark.works("Material: offline", "its search index is written for a red site too")
def test_offline_search_is_written_for_a_red_site(site: Site, order: str) -> None:
    files = {"docs/index.md": page("Home", scenario("Filling", "it breaks"))}
    built = site.build(files, ordered(order, "search", "offline"), theme="material")
    assert built.status == 1
    assert built.spec["project"]["verdict"] == "red"
    assert "Filling" in built.page("search/search_index.js")


@pytest.mark.works("validation: anchors", "links from prose to scenarios, from the same page and from others")
def test_links_to_scenarios_are_known(site: Site) -> None:
    files = {
        "docs/index.md": page("Home", "[promised](#scenario-home--own)\n", scenario("Own")),
        "docs/other.md": "# Other\n\n[there](index.md#scenario-home--own)\n",
    }
    built = site.build(files, ["search", "jetty"], validation={"anchors": "warn"}, strict=True)
    built.holds(passed=1)
    assert 'id="scenario-home--own"' in built.page("")
    wrong = {**files, "docs/other.md": "# Other\n\n[there](index.md#scenario-home--other)\n"}
    built = site.build(wrong, ["search", "jetty"], validation={"anchors": "warn"}, strict=True)
    assert built.status == 1
    assert "scenario-home--other" in built.log


FAILING = """\
from pytest_bdd import given

@given("it fails at length")
def fails():
    raise AssertionError("unspeakable")
"""


@pytest.mark.parametrize(
    "theme",
    [pytest.param(theme, marks=pytest.mark.works(name, "no failure text in the search index")) for theme, name in
     (("mkdocs", "MkDocs: search"), ("readthedocs", "theme: readthedocs"), ("material", "Material: search"))],
)  # fmt: skip
def test_failures_are_in_no_search_index(site: Site, theme: str) -> None:
    files = {
        "features/more_steps.py": FAILING,
        "docs/index.md": "# Home\n",
        "docs/cart.md": page("Cart", scenario("Filling", "it fails at length")),
    }
    built = site.build(files, ["search", "jetty"], theme=theme)
    built.fails(passed=0, failed=1)
    assert "unspeakable" in built.page("cart/")
    index = json.loads(built.page("search/search_index.json"))
    assert "unspeakable" not in json.dumps(index)
    assert "Filling" in json.dumps(index)


@pytest.mark.works("Material: status", "a page with a `status:` of its own still shows red")
def test_a_page_with_a_status_of_its_own_shows_red(site: Site) -> None:
    files = {
        "docs/index.md": "# Home\n",
        "docs/cart.md": "---\nstatus: new\n---\n\n" + page("Cart", scenario("Filling", "it breaks")),
    }
    built = site.build(files, ["search", "jetty"], theme="material")
    built.fails(passed=0, failed=1)
    assert "md-status--jetty-red" in built.page("")


@pytest.mark.works("Material: meta", "`.meta.yml` holds for `jetty:` keys")
def test_a_folders_meta_file_holds_for_our_keys(site: Site, order: str) -> None:
    files = {
        "docs/index.md": page("Home", scenario("Fine")),
        "docs/team/.meta.yml": "jetty: {owner: accounts team}\n",
        "docs/team/index.md": page("Team", scenario("Owned")),
        "docs/left/.meta.yml": "jetty: {exclude: true}\n",
        "docs/left/index.md": page("Left", scenario("Left out", "it breaks")),
    }
    built = site.build(files, ordered(order, "search", "meta"), "--strict", theme="material")
    built.holds(passed=2)
    assert built.scenario("Owned")["feature"]["owner"] == "accounts team"
    assert built.shown("left/") == []


@pytest.mark.xfail(
    reason="links to scenarios on the page to print lead nowhere: it renames targets of headings only", strict=True
)
@pytest.mark.works("mkdocs-print-site-plugin", "links on the page to print")
def test_links_on_the_page_to_print_lead_somewhere(site: Site) -> None:
    files = {"docs/index.md": "# Home\n", "docs/cart.md": page("Cart", scenario("Filling", "it breaks"))}
    built = site.build(files, ["search", "print-site", "jetty"], site_url="https://example.org/")
    printed = built.page("print_page/")
    links = [part.split('"', 1)[0] for part in printed.split('href="#')[1:] if "scenario" in part.split('"', 1)[0]]
    assert [link for link in links if f'id="{link}"' not in printed] == []


@pytest.mark.limit("mkdocs-jupyter", "a fence in a notebook is not run; the build says so")
def test_a_fence_in_a_notebook_is_named(site: Site) -> None:
    text = page("Book", scenario("In a notebook", "it breaks"))
    files = {"docs/index.md": page("Home", scenario("Fine")), "docs/book.ipynb": notebook(text)}
    built = site.build(files, ["search", "mkdocs-jupyter", "jetty"])
    assert built.shown("") == [("Fine", "green")]
    assert "book.ipynb" in built.log + "".join(built.problems)


LATE = """\
from mkdocs.plugins import event_priority

@event_priority(-100000)
def on_page_content(html, page, **kwargs):
    return html.replace("</h1>", "</h1>" + page.meta.get("late", ""))
"""


@pytest.mark.works("hooks", "HTML that a hook adds stays as it is")
def test_html_that_a_hook_adds_stays(site: Site) -> None:
    files = {"hook.py": LATE, "docs/index.md": "---\nlate: <p>late</p>\n---\n\n" + page("Home", scenario("Fine"))}
    built = site.build(files, ["search", "jetty"], "--strict", hooks=["hook.py"])
    built.holds(passed=1)
    assert "<p>late</p>" in built.page("")
