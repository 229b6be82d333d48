"""The plugins that live beside jetty: for each the least that makes it do its work, and what shows that it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from building import notebook


@dataclass(frozen=True)
class Neighbour:
    """A plugin or extension: how a site lists it, what it needs, and how one sees that it worked."""

    name: str
    plugins: tuple[Any, ...] = ()
    works: str = "its own work and the results stand side by side"
    files: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    cart: str = ""
    """What is added to the page with the specification."""
    seen: tuple[str, str] = ("cart/", "Filling")
    """A page, and what it must hold for the plugin to have worked."""
    git: bool = False
    last: bool = False
    """Whether it asks to be the last one listed, so that jetty can only come before it."""


MATERIAL = {"theme": {"name": "material", "font": False}}
NEIGHBOURS = (
    Neighbour(
        "MkDocs: search", ("search",), "its index holds the scenarios", seen=("search/search_index.json", "Filling")
    ),
    Neighbour("Material: search", ("search",), config=MATERIAL, seen=("search/search_index.json", "Filling")),
    Neighbour(
        "Material: tags",
        ("tags",),
        "tags of pages with specification",
        {
            "docs/tags.md": "# Tags\n\n<!-- material/tags -->\n",
            "docs/tagged.md": "---\ntags: [shop]\n---\n\n# Tagged\n",
        },
        MATERIAL,
        seen=("tags/", "shop"),
    ),
    Neighbour(
        "Material: meta",
        ("meta",),
        "`.meta.yml` holds for `jetty:` keys",
        {
            "docs/left/.meta.yml": "jetty: {exclude: true}\n",
            "docs/left/index.md": "# Left\n\n```gherkin\nScenario: Left\n  Given it breaks\n```\n",
        },
        MATERIAL,
        seen=("left/", "Left"),
    ),
    Neighbour("Material: typeset", ("typeset",), config=MATERIAL),
    Neighbour("Material: group", ({"group": {"enabled": True, "plugins": ["typeset"]}},), config=MATERIAL),
    Neighbour(
        "Material: offline",
        ("search", "offline"),
        "its search index is written for a red site too",
        config=MATERIAL,
        seen=("search/search_index.js", "Filling"),
    ),
    Neighbour("Material: privacy", ({"privacy": {"assets": False}},), config=MATERIAL),
    Neighbour(
        "mkdocs-minify-plugin",
        ({"minify": {"minify_html": True, "htmlmin_opts": {"remove_comments": True}}},),
        "minified HTML keeps the results",
        seen=("cart/", "jetty-scenario"),
    ),
    Neighbour("mkdocs-redirects", ({"redirects": {"redirect_maps": {"old.md": "cart.md"}}},), seen=("old/", "cart/")),
    Neighbour(
        "mkdocs-exclude",
        ({"exclude": {"glob": ["left/*"]}},),
        "what it excludes does not run",
        {"docs/left/a.md": "# Left\n\n```gherkin\nScenario: Left\n  Given it breaks\n```\n"},
    ),
    Neighbour(
        "mkdocs-exclude-search",
        ("search", {"exclude-search": {"exclude": ["notes.md"]}}),
        seen=("search/search_index.json", "Filling"),
    ),
    Neighbour(
        "mkdocs-glightbox",
        ("glightbox",),
        cart="![A](a.png)\n",
        files={"docs/a.png": ""},
        config=MATERIAL,
        seen=("cart/", "glightbox"),
    ),
    Neighbour(
        "mkdocs-panzoom-plugin",
        ("panzoom",),
        cart="```mermaid\ngraph LR\n```\n",
        config={
            **MATERIAL,
            "markdown_extensions": [
                {"pymdownx.superfences": {"custom_fences": [{"name": "mermaid", "class": "mermaid"}]}}
            ],
        },
        seen=("cart/", "panzoom"),
    ),
    Neighbour(
        "mkdocs-open-in-new-tab",
        ("open-in-new-tab",),
        cart="[out](https://example.org/)\n",
        seen=("cart/", "open_in_new_tab"),
    ),
    Neighbour(
        "mkdocs-callouts",
        ("callouts",),
        "specification after and within callouts",
        cart="> [!note] Title\n> text\n",
        config={"markdown_extensions": ["admonition"]},
        seen=("cart/", "admonition note"),
    ),
    Neighbour("mkdocs-roamlinks-plugin", ("roamlinks",), cart="[[notes]]\n", seen=("cart/", "notes/")),
    Neighbour(
        "mkdocs-drawio",
        ("drawio",),
        cart="![](a.drawio)\n",
        files={"docs/a.drawio": "<mxfile><diagram name='A'/></mxfile>"},
        seen=("cart/", "mxgraph"),
    ),
    Neighbour(
        "mkdocs-swagger-ui-tag",
        ("swagger-ui-tag",),
        cart='<swagger-ui src="api.json"/>\n',
        files={"docs/api.json": '{"openapi": "3.0.0", "info": {"title": "A", "version": "1"}, "paths": {}}'},
        seen=("cart/", "swagger-ui"),
    ),
    Neighbour(
        "mkdocs-mermaid2-plugin",
        ({"mermaid2": {"javascript": "js/mermaid.min.js"}},),
        files={"docs/js/mermaid.min.js": ""},
        cart="```mermaid\ngraph LR\n```\n",
        seen=("cart/", "mermaid"),
    ),
    Neighbour(
        "mkdocs-table-reader-plugin",
        ("table-reader",),
        cart='{{ read_csv("a.csv") }}\n',
        files={"docs/a.csv": "colour,size\nred,1\n"},
        seen=("cart/", "colour"),
    ),
    Neighbour(
        "mkdocs-git-revision-date-localized-plugin",
        ("git-revision-date-localized",),
        config=MATERIAL,
        git=True,
        seen=("cart/", "git-revision-date"),
    ),
    Neighbour(
        "mkdocs-git-authors-plugin",
        ({"git-authors": {"exclude": ["jetty/*"]}},),
        git=True,
        cart="{{ git_page_authors }}\n",
        seen=("cart/", "git-page-authors"),
    ),
    Neighbour(
        "mkdocs-rss-plugin",
        ({"rss": {"match_path": ".*", "use_git": False, "date_from_meta": {"as_creation": "date"}}},),
        "feeds hold no placeholder",
        config={"site_url": "https://example.org/"},
        seen=("feed_rss_created.xml", "<channel>"),
    ),
    Neighbour(
        "mkdocs-print-site-plugin",
        ("print-site",),
        "the page to print shows the results",
        config={"site_url": "https://example.org/"},
        last=True,
        seen=("print_page/", "jetty-scenario"),
    ),
    Neighbour(
        "mkdocs-llmstxt",
        ({"llmstxt": {"full_output": "llms-full.txt", "sections": {"All": ["cart.md"]}}},),
        "the text for models holds the scenarios",
        config={"site_url": "https://example.org/"},
        seen=("llms-full.txt", "Filling"),
    ),
    Neighbour("mkdocs-enumerate-headings-plugin", ("enumerate-headings",), seen=("cart/", "enumerate-heading")),
    Neighbour(
        "mkdocs-meta-descriptions-plugin",
        ("meta-descriptions",),
        cart="A paragraph about the shop that is here.\n",
        seen=("cart/", "A paragraph about"),
    ),
    Neighbour(
        "mkdocs-coverage",
        ({"coverage": {"html_report_dir": "htmlcov"}},),
        files={"docs/coverage.md": "# Coverage\n", "htmlcov/index.html": "<html></html>"},
        seen=("coverage/", "covindex.html"),
    ),
    Neighbour(
        "mkdocs-htmlproofer-plugin",
        ({"htmlproofer": {"raise_error": True, "validate_external_urls": False, "ignore_pages": ["jetty/*"]}},),
        "links of pages with specification are checked",
        cart="[Notes](notes.md)\n",
    ),
    Neighbour("mike", ({"mike": {"alias_type": "copy"}},), config={"site_url": "https://example.org/"}),
    Neighbour("mkdocs-same-dir", ("same-dir",), "the pages of `docs/` as before"),
    Neighbour(
        "mkdocs-jupyter",
        ("mkdocs-jupyter",),
        "pages beside notebooks",
        files={"docs/book.ipynb": notebook("# Book")},
        seen=("book/", "Book"),
    ),
)
