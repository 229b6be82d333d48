"""mkdocs-static-i18n builds all languages but one from its last event: each counts, and the gate closes once."""

from __future__ import annotations

import json

import pytest
from building import Site, ordered, page, scenario

LANGUAGES = [
    {"locale": "en", "name": "English", "build": True, "default": True},
    {"locale": "fr", "name": "Francais", "build": True},
]


def i18n(structure: str) -> dict[str, object]:
    return {"i18n": {"docs_structure": structure, "languages": LANGUAGES}}


def pages(structure: str, english: str, french: str) -> dict[str, str]:
    names = ("a.md", "a.fr.md", "index.md") if structure == "suffix" else ("en/a.md", "fr/a.md", "en/index.md")
    texts = (page("Door", scenario("Opening", english)), page("Porte", scenario("Ouvrir", french)), "# Home\n")
    return {f"docs/{name}": text for name, text in zip(names, texts, strict=True)}


@pytest.mark.works("mkdocs-static-i18n", "every language counts, the gate closes once after the last, exports hold all")
@pytest.mark.parametrize(
    ("structure", "order", "english", "french"),
    [
        ("suffix", "after", "it breaks", "it holds"),
        ("suffix", "before", "it holds", "it breaks"),
        ("folder", "after", "it holds", "it breaks"),
        ("folder", "before", "it breaks", "it holds"),
    ],
)
def test_red_in_any_language_is_red(site: Site, structure: str, order: str, english: str, french: str) -> None:
    built = site.build(pages(structure, english, french), ordered(order, "search", i18n(structure)))
    built.fails(passed=1, failed=1)
    colours = ["red" if step == "it breaks" else "green" for step in (english, french)]
    assert built.shown("a/") == [("Opening", colours[0])]
    assert built.shown("fr/a/") == [("Ouvrir", colours[1])]
    assert [name for name, _ in built.named] == ["Opening", "Ouvrir"]
    for name in ("Opening", "Ouvrir"):
        assert name in built.page("jetty/junit.xml")
        assert name in built.page("jetty/messages.ndjson")
    assert built.log.count("The specification does not hold") == 1


@pytest.mark.works("mkdocs-static-i18n", "a green site builds under `--strict`")
def test_green_in_every_language_is_green(site: Site, order: str) -> None:
    built = site.build(pages("suffix", "it holds", "it holds"), ordered(order, "search", i18n("suffix")), "--strict")
    built.holds(passed=2)
    assert built.shown("a/") == [("Opening", "green")]
    assert built.shown("fr/a/") == [("Ouvrir", "green")]


@pytest.mark.works("mkdocs-static-i18n", "a page without a translation shows its results in every language")
def test_a_page_that_is_not_translated_shows_its_results_in_every_language(site: Site) -> None:
    files = {**pages("suffix", "it holds", "it holds"), "docs/b.md": page("Gate", scenario("Closing", "it breaks"))}
    built = site.build(files, ordered("after", "search", i18n("suffix")))
    assert built.status == 1
    assert built.spec["project"]["verdict"] == "red"
    assert built.shown("b/") == built.shown("fr/b/") == [("Closing", "red")]
    assert {("Opening", "passed"), ("Ouvrir", "passed"), ("Closing", "failed")} == set(built.named)


@pytest.mark.parametrize("structure", ["suffix", "folder"])
def test_features_of_one_name_have_the_ids_that_a_check_gives_them(site: Site, structure: str) -> None:
    files = pages(structure, "it holds", "it holds")
    files = {name: text.replace("# Porte", "# Door") for name, text in files.items()}
    languages = [{**LANGUAGES[0], "default": False}, {**LANGUAGES[1], "default": True}]
    if structure == "suffix":
        languages = LANGUAGES
    built = site.build(files, [{"i18n": {"docs_structure": structure, "languages": languages}}, "jetty"])
    site.jetty("check", "--json", "check.json")
    checked = json.loads((site.root / "check.json").read_text("utf-8"))
    ids = [{feature["page"]: feature["id"] for feature in spec["features"]} for spec in (built.spec, checked)]
    assert len(ids[0]) == 2
    assert ids[0] == ids[1]


POST = "---\ndate: 2024-01-02\n---\n# Post\n\nIntro\n\n<!-- more -->\n\n"


@pytest.mark.works("mkdocs-static-i18n", "Material's blog, the switch between languages and the map of the site")
def test_a_blog_beside_languages_leaves_the_site_whole(site: Site, order: str) -> None:
    files = {**pages("suffix", "it holds", "it holds"), "docs/blog/index.md": "# Blog\n", "docs/blog/posts/a.md": POST}
    built = site.build(files, ordered(order, "search", i18n("suffix"), "blog"), theme="material")
    built.holds(passed=2)
    assert "a/" in built.page("sitemap.xml")
    assert built.shown("fr/a/") == [("Ouvrir", "green")]
