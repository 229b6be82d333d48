"""Fences as the site reads them: what it renders as specification runs, and no lost fence is silent."""

from __future__ import annotations

import pytest
from building import Site, page, scenario

FORMAT = """\
def fmt(source, language, css_class, options, md, **kw):
    return "<div class='chart'></div>"

def val(language, inputs, options, attrs, md):
    options.update(inputs)
    return True
"""
VEGALITE = """
markdown_extensions:
  - pymdownx.superfences:
      custom_fences:
        - name: vegalite
          class: vegalite
          format: !!python/name:mkdocs_fence.fmt
          validator: !!python/name:mkdocs_fence.val
        - name: gherkin
          class: own
          format: !!python/name:mkdocs_fence.fmt
"""
ACCEPTED = {
    "title": '```yaml title="a.yml"',
    "lines": '```yaml hl_lines="1"',
    "braces": "```yaml {1,3}",
    "attributes": '```{ .yaml filename="a.yml" }',
    "custom": '```vegalite width="300"',
    "exec": '```python exec="true"',
}
REFUSED = {
    "filename": '```yaml filename="a.yml"',
    "copy": "```yaml copy=true",
    "marked": '```yaml hl_lines="a"',
    "console": "```console $ ls",
    "unclosed": "```python",
}


def above(opening: str, name: str, *, closed: bool = True) -> str:
    return page(
        "Above",
        f"{opening}\nx = 1\n" + ("```\n" if closed else ""),
        "Then:\n",
        scenario(f"Real below {name}", "it breaks"),
    )


@pytest.mark.works(
    "pymdownx.superfences",
    "custom fences with validators and options; a fence that it refuses is an error where Gherkin is lost to it",
)
@pytest.mark.works("markdown-exec", "a fence with its options does not hide the next one")
def test_specification_below_a_fence_that_the_site_accepts_runs(site: Site) -> None:
    files = {f"docs/{name}.md": above(opening, name) for name, opening in ACCEPTED.items()}
    environment = {"mkdocs_fence.py": FORMAT, "docs/index.md": "# Home\n"}
    site.write({**files, **environment})
    site.configure(["search", "markdown-exec", "jetty"], VEGALITE)
    built = site.built("mkdocs", "build")
    built.fails(passed=0, failed=len(ACCEPTED))
    for name in ACCEPTED:
        assert built.shown(f"{name}/") == [(f"Real below {name}", "red")], name
        assert f"docs/{name}.md:10: Real below {name}: failed" in built.log, name


def test_specification_lost_to_a_fence_above_is_an_error(site: Site) -> None:
    files = {f"docs/{name}.md": above(opening, name, closed=name != "unclosed") for name, opening in REFUSED.items()}
    built = site.build({**files, "docs/index.md": page("Home", scenario("Fine"))}, ["search", "jetty"])
    assert built.status == 1, built.log
    assert "Traceback" not in built.log
    assert built.spec["project"]["verdict"] == "red"
    for name in REFUSED:
        run = (f"Real below {name}", "red") in built.shown(f"{name}/")
        reported = [
            each for each in built.spec["problems"] if each["page"] == f"docs/{name}.md" and each["level"] == "error"
        ]
        assert run or (reported and reported[0]["line"]), (name, built.problems)
    assert built.shown("") == [("Fine", "green")]


SPELLINGS = """\
# Spellings

```cucumber
Scenario: As cucumber
  Given it breaks
```

```feature
Scenario: As feature
  Given it breaks
```

``` {.foo .gherkin}
Scenario: Among classes
  Given it breaks
```

``` { .gherkin run=false }
Scenario: Shown only
  Given it breaks
```
"""


@pytest.mark.works("pymdownx.superfences", "`cucumber`, `feature` and a class among others are read")
def test_other_spellings_of_the_language_run_or_are_reported(site: Site) -> None:
    built = site.build({"docs/index.md": SPELLINGS}, ["search", "jetty"])
    assert built.status == 1
    shown = [name for name, _ in built.shown("")]
    for name, line in (("As cucumber", 3), ("As feature", 8), ("Among classes", 13)):
        problems = [each["line"] for each in built.spec["problems"]]
        assert name in shown or line in problems, (name, built.log)
    assert "Shown only" not in [name for name, _ in built.named]


EXTENSIONS = [
    "abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "smarty", "tables",
    "callouts", "github-callouts", "pymdownx.betterem", "pymdownx.blocks.admonition", "pymdownx.blocks.details",
    "pymdownx.blocks.tab", "pymdownx.caret", "pymdownx.critic", "pymdownx.details", "pymdownx.fancylists",
    "pymdownx.highlight", "pymdownx.inlinehilite", "pymdownx.keys", "pymdownx.magiclink", "pymdownx.mark",
    "pymdownx.saneheaders", "pymdownx.smartsymbols", "pymdownx.tilde",
    {"toc": {"permalink": True}},
    {"pymdownx.arithmatex": {"generic": True}},
    {"pymdownx.superfences": {"relaxed_headers": True, "disable_indented_code_blocks": True}},
    {"pymdownx.tabbed": {"alternate_style": True}},
    {"pymdownx.tasklist": {"custom_checkbox": True}},
]  # fmt: skip


def indented(text: str, by: str = "    ") -> str:
    return "\n".join(by + line if line else line for line in text.splitlines()) + "\n"


EVERYWHERE = page(
    "Everywhere",
    "a.  An item\n\n" + indented(scenario("In a fancy list")),
    "!!! note\n\n" + indented(scenario("In an admonition")),
    "??? note\n\n" + indented(scenario("In details")),
    '=== "One"\n\n' + indented(scenario("In a tab")),
    '=== "Two"\n\n' + indented(scenario("In another tab", "it breaks")),
    "/// details | Summary\n\n" + scenario("In a block") + "\n///\n",
    "> quoted\n>\n" + indented(scenario("In a quote"), "> "),
    "> NOTE: a callout\n>\n" + indented(scenario("In a callout"), "> "),
    "> [!NOTE]\n> an alert\n>\n" + indented(scenario("In an alert"), "> "),
    "A note.[^1]\n\n[^1]: The note.\n\n" + indented(scenario("In a footnote")),
    "Term\n\n:   Meaning\n\n" + indented(scenario("In a definition")),
    '<div markdown="block">\n\n' + scenario("In HTML") + "\n</div>\n",
    scenario("Marks {++of++} {--critic--}, ==marks==, ~sub~, ^sup^, ++ctrl+a++, $x$, :+1: and *stars*"),
    '```gherkin title="a.feature" linenums="1"\nScenario: With options\n  Given it holds\n```\n',
)


@pytest.mark.works("pymdownx extensions", "fences in tabs, details, blocks and lists; names full of their syntax")
@pytest.mark.works("markdown-callouts", "fences in callouts and alerts run")
def test_specification_is_found_wherever_extensions_put_it(site: Site) -> None:
    built = site.build({"docs/index.md": EVERYWHERE}, ["search", "jetty"], markdown_extensions=EXTENSIONS)
    built.fails(passed=13, failed=1)
    assert not built.problems
    shown = dict(built.shown(""))
    assert [name for name, colour in shown.items() if colour == "red"] == ["In another tab"]
    assert len(built.shown("")) == len(shown) == 14
    assert set(shown) == {name for name, _ in built.named}
    assert "Marks {++of++} {--critic--}, ==marks==, ~sub~, ^sup^, ++ctrl+a++, $x$, :+1: and *stars*" in shown


TEXT_STEPS = """\
from pytest_bdd import given, parsers, then

@given("the import file", target_fixture="lines")
def lines(docstring):
    return docstring.split("\\n")

@then(parsers.parse("its lines are {expected}"))
def same(lines, expected):
    assert repr(lines) == expected, repr(lines)

@given(parsers.re(r"a cell:(?P<rest>.*)"))
def cell(rest, datatable):
    assert datatable == [["a\\tb", "c"]], datatable
    assert rest == " x\\ty", repr(rest)
"""
TEXT_FEATURE = """\
Scenario: Tabs
  Given the import file
    \"\"\"
    one\t1
    \t two
  \x20\x20\x20\x20\x20
    three
    \"\"\"
  Then its lines are ['one\\t1', '\\t two', '', 'three']

Scenario: Cells
  Given a cell: x\ty
    | a\tb | c |

\tScenario: Indented by a tab
\t\tGiven it holds
"""


@pytest.mark.works(
    "pymdownx.superfences",
    "tabs and blank lines of steps, cells and doc strings reach the step as the author wrote them",
)
@pytest.mark.parametrize("preserve", [False, True])
def test_the_text_is_the_authors(site: Site, preserve: bool) -> None:
    files = {"docs/index.md": f"# Text\n\n```gherkin\n{TEXT_FEATURE}```\n", "features/text_steps.py": TEXT_STEPS}
    files["more/text.feature"] = "Feature: Text\n\n" + TEXT_FEATURE
    extensions = [{"pymdownx.superfences": {"preserve_tabs": preserve}}]
    built = site.build(files, [{"jetty": {"features": ["more"]}}], markdown_extensions=extensions)
    built.holds(passed=6)
    assert [name for name, _ in built.shown("")] == ["Tabs", "Cells", "Indented by a tab"]
