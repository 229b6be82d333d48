"""Material's blog renders posts and lists of posts itself: a post's scenarios run once, and the lists show them."""

from __future__ import annotations

import pytest
from building import Site, ordered, page, scenario

POST = """\
---
date: 2024-01-31
categories: [News]
---

# One

{intro}
<!-- more -->

{rest}"""
FILES = {
    "docs/index.md": "# Home\n",
    "docs/blog/index.md": "# Blog\n",
    "docs/blog/posts/one.md": POST.format(
        intro=scenario("Before the fold"), rest=scenario("After the fold", "it breaks")
    ),
    "docs/blog/posts/left.md": "---\ndate: 2024-02-01\njetty: {exclude: true}\n---\n\n# Left out\n\n<!-- more -->\n\n"
    + scenario("Left", "it breaks"),
    "docs/blog/posts/draft.md": "---\ndate: 2024-02-02\ndraft: true\n---\n\n# Draft\n\n<!-- more -->\n\n"
    + scenario("Unfinished", "it breaks"),
}
PLUGINS = ("search", {"blog": {"post_url_format": "{slug}"}}, "tags")
LISTS = ("blog/", "blog/archive/2024/", "blog/category/news/")


@pytest.mark.works(
    "Material: blog",
    "posts run once; excerpts, archives and categories show their results; excluded posts and drafts stay out",
)
def test_posts_run_once_and_excerpts_show_them(site: Site, order: str) -> None:
    built = site.build(FILES, ordered(order, *PLUGINS), theme="material")
    built.fails(passed=1, failed=1)
    assert built.shown("blog/one/") == [("Before the fold", "green"), ("After the fold", "red")]
    assert built.scenario("After the fold")["feature"]["url"] == "blog/one/"
    assert "docs/blog/posts/one.md:16: After the fold: failed" in built.log
    for address in LISTS:
        assert built.shown(address) == [("Before the fold", "green")], address
        assert "not read" not in built.page(address), address
    assert built.shown("blog/left-out/") == []
    assert "blog/archive" not in built.page("jetty/spec.json")


@pytest.mark.works("Material: blog", "a green blog builds under `--strict`")
def test_a_green_blog_is_green(site: Site, order: str) -> None:
    files = {
        **FILES,
        "docs/blog/posts/one.md": POST.format(intro=scenario("Before the fold"), rest=scenario("After the fold")),
    }
    built = site.build(files, ordered(order, *PLUGINS), "--strict", theme="material")
    built.holds(passed=2)
    assert built.shown("blog/one/") == [("Before the fold", "green"), ("After the fold", "green")]


@pytest.mark.works("Material: blog", "`exclude` reaches posts by their path")
def test_posts_can_be_excluded_by_their_path(site: Site) -> None:
    files = {**FILES, "docs/cart.md": page("Cart", scenario("Filling"))}
    plugins = ordered("after", *PLUGINS, options={"exclude": ["blog/**"]})
    built = site.build(files, plugins, "--strict", theme="material")
    built.holds(passed=1)
    assert built.shown("blog/one/") == []
