"""Docstrings and the output of code are converted with the site's extensions, inside the page's own conversion."""

from __future__ import annotations

import pytest
from building import Site, ordered, page, scenario

SHOP = '''\
"""The shop.

```gherkin
Scenario: In a docstring
  Given it breaks
```
"""

def buy(what: str) -> str:
    """Buy something.

    Args:
        what: the thing

    Returns:
        the thing
    """
    return what
'''
API = page("Shop", scenario("Fine"), "## Reference\n", "::: shop\n", "## After\n", scenario("Also fine"))
MKDOCSTRINGS = {"mkdocstrings": {"handlers": {"python": {"paths": ["src"]}}}}


@pytest.mark.works(
    "mkdocstrings", "the page's own specification stands once; Gherkin in a docstring is shown and named as not run"
)
def test_docstrings_are_not_the_page(site: Site, order: str) -> None:
    built = site.build(
        {"docs/index.md": API, "src/shop.py": SHOP}, ordered(order, "search", "autorefs", MKDOCSTRINGS), "--strict"
    )
    built.holds(passed=2)
    assert built.shown("") == [("Fine", "green"), ("Also fine", "green")]
    html = built.page("")
    assert html.count("jetty-status") == 1
    assert not built.doubled_ids("")
    assert "Not run" in html.split("In a docstring")[0].rsplit("<section", 1)[1]
    assert "an extension is missing" not in html + built.log


@pytest.mark.works("mkdocstrings", "a red page with docstrings is red")
@pytest.mark.works("mkdocs-autorefs", "links between pages and docstrings resolve")
def test_a_red_page_with_docstrings_is_red(site: Site) -> None:
    text = page("Shop", scenario("Fine", "it breaks"), "## Reference\n", "See [buy][shop.buy].\n", "::: shop\n")
    built = site.build(
        {"docs/index.md": text, "src/shop.py": SHOP}, ordered("before", "search", "autorefs", MKDOCSTRINGS)
    )
    built.fails(passed=0, failed=1)
    assert built.shown("") == [("Fine", "red")]
    assert "docs/index.md:4: Fine: failed" in built.log


PRINTED = '''\
```python exec="true" source="above"
print("""
~~~gherkin
Scenario: Printed
  Given it breaks
~~~
""")
```
'''
EXECUTED = page(
    "Code",
    scenario("Fine"),
    '```python exec="true"\nprint("**made**")\n```\n',
    PRINTED,
    scenario("Also fine"),
)


@pytest.mark.works(
    "markdown-exec", "the page's own specification stands once; Gherkin that code prints is shown and named as not run"
)
def test_output_of_code_is_not_the_page(site: Site, order: str) -> None:
    built = site.build(
        {"docs/index.md": EXECUTED},
        ordered(order, "search", "markdown-exec"),
        "--strict",
        markdown_extensions=["pymdownx.superfences"],
    )
    built.holds(passed=2)
    assert built.shown("") == [("Fine", "green"), ("Also fine", "green")]
    html = built.page("")
    assert html.count("jetty-status") == 1
    assert "<strong>made</strong>" in html
    assert "Not run" in html.split("Printed")[-2].rsplit("<section", 1)[1]
