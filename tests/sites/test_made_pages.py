"""Pages that plugins and hooks make or change: what is rendered is what runs, once, and is shown in place."""

from __future__ import annotations

import pytest
from building import Site, ordered, page, scenario

TOLERANT = {"fail_on": []}
BOTH = [("Good", "green"), ("Bad", "red")]
FENCES = scenario("Good") + "\n" + scenario("Bad", "it breaks")


def parts(order: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """Options and flags of a case: once tolerant and strict, so that a warning is an error; once with the gate."""
    return (TOLERANT, ("--strict",)) if order == "after" else ({}, ())


def build(site: Site, order: str, files: dict[str, str], *plugins: object, **config: object):  # noqa: ANN201
    options, flags = parts(order)
    built = site.build(
        {"docs/index.md": "# Home\n", **files}, ordered(order, *plugins, options=options), *flags, **config
    )
    assert built.status == (0 if order == "after" else 1), built.log
    assert "Traceback" not in built.log
    assert built.spec["project"]["verdict"] == "red"
    assert not built.problems
    return built


GEN = f"""\
import mkdocs_gen_files

with mkdocs_gen_files.open("gen/spec.md", "w") as page:
    page.write({page("Made", FENCES)!r})
"""


@pytest.mark.works("mkdocs-gen-files", "generated pages run and are shown; a failure names the page and the plugin")
def test_a_generated_page_runs(site: Site, order: str) -> None:
    built = build(site, order, {"gen.py": GEN}, {"gen-files": {"scripts": ["gen.py"]}})
    assert built.named == [("Bad", "failed"), ("Good", "passed")]
    assert built.shown("gen/spec/") == BOTH
    assert built.scenario("Bad")["feature"]["url"] == "gen/spec/"
    if order == "before":
        assert "gen/spec.md" in next(line for line in built.log.splitlines() if "Bad" in line)


MACROS = """\
def define_env(env):
    env.variables["word"] = "holds"
    env.variables["wrong"] = "breaks"
    env.variables["name"] = "Value in a name"

    @env.macro
    def scen(name, word="holds"):
        return "```gherkin\\nScenario: %s\\n  Given it %s\\n```" % (name, word)
"""
MACRO_PAGE = """\
# Macros

{{ scen("Printed") }}

{{ scen("Printed and red", "breaks") }}

```gherkin
Scenario: Value in a step
  Given it {{ word }}

Scenario: Red value in a step
  Given it {{ wrong }}

Scenario: {{ name }}
  Given it holds
```

{% if false %}
```gherkin
Scenario: Left out
  Given it breaks
```
{% endif %}

{% raw %}
```gherkin
Scenario: Kept as it is
  Given it holds
```
{% endraw %}
"""


@pytest.mark.works(
    "mkdocs-macros-plugin", "fences that macros print, values in steps and names, conditions around a fence"
)
def test_what_macros_print_runs(site: Site, order: str) -> None:
    built = build(site, order, {"main.py": MACROS, "docs/m.md": MACRO_PAGE}, "macros")
    assert built.shown("m/") == [
        ("Printed", "green"), ("Printed and red", "red"), ("Value in a step", "green"),
        ("Red value in a step", "red"), ("Value in a name", "green"), ("Kept as it is", "green"),
    ]  # fmt: skip
    assert len(built.named) == 6
    assert built.scenario("Value in a step")["steps"][0]["text"] == "it holds"
    assert built.scenario("Red value in a step")["line"] == 11
    assert built.scenario("Kept as it is")["line"] == 27
    if order == "before":
        assert "docs/m.md:11: Red value in a step: failed" in built.log
        assert "docs/m.md" in next(line for line in built.log.splitlines() if "Printed and red" in line)


RAISES = (
    MACROS
    + """
    @env.macro
    def broken():
        if "fail" in env.variables["extra"]:
            raise ValueError("no word")
        return scen("Made")
"""
)


@pytest.mark.works("mkdocs-macros-plugin", "a macro that raises makes the page red, not empty")
def test_a_macro_that_raises_is_no_green_page(site: Site, order: str) -> None:
    files = {
        "main.py": RAISES,
        "docs/index.md": page("Home", scenario("Fine")),
        "docs/made.md": page("Made", "{{ broken() }}\n"),
        "docs/own.md": page("Own", "{{ broken() }}\n", scenario("Own")),
    }
    site.build(files, ordered(order, "macros"), extra={"whole": 1}).holds(passed=4)
    for _ in range(2):
        built = site.build(files, ordered(order, "macros"), extra={"fail": 1})
        assert built.status == 1
        assert built.spec["project"]["verdict"] == "red"
        assert built.named == [("Fine", "passed")]
        assert [(each["level"], each["page"], each["line"]) for each in built.spec["problems"]] == [
            ("error", "docs/made.md", None), ("error", "docs/own.md", 5),
        ]  # fmt: skip
        assert [
            each for each in built.problems if "shows an error instead of this page (ValueError: no wo" in each
        ] == (built.problems)
        assert "this page (ValueError: no word), so its specification does not run" in built.page("own/")


EXTRA_PAGE = "# Extra\n\n```gherkin\nScenario: {{ word }} in a name\n  Given it {{ verb }}\n```\n"


@pytest.mark.works("mkdocs-markdownextradata-plugin", "values of `extra` in steps and names")
@pytest.mark.parametrize("order", ["after", "before"])
def test_values_of_extra_are_what_runs(site: Site, order: str) -> None:
    built = build(site, order, {"docs/m.md": EXTRA_PAGE}, "markdownextradata", extra={"word": "Tea", "verb": "breaks"})
    assert built.shown("m/") == [("Tea in a name", "red")]
    assert built.scenario("Tea in a name")["line"] == 4


PART = """\
# Part

<!-- start -->

```gherkin
Scenario: Good
  Given it holds
```

```gherkin
Scenario: Bad
  Given it breaks
```

<!-- end -->

```gherkin
Scenario: Beyond
  Given it breaks
```
"""
ONLY = "Scenario: Only\n  Given it holds\n\nScenario: Only red\n  Given it breaks\n"
INCLUDES = """\
# Including

{% include-markdown "../parts/part.md" start="<!-- start -->" end="<!-- end -->" %}

```gherkin
{% include "../parts/only.txt" %}
```

```gherkin
Scenario: Own
  Given it breaks
```
"""


@pytest.mark.works(
    "mkdocs-include-markdown-plugin",
    "files from anywhere, with `start` and `end`, around and inside a fence; lines are those of the included file",
)
def test_an_included_file_runs_where_it_is_shown(site: Site, order: str) -> None:
    files = {"docs/m.md": INCLUDES, "parts/part.md": PART, "parts/only.txt": ONLY}
    built = build(site, order, files, "include-markdown")
    assert built.shown("m/") == [*BOTH, ("Only", "green"), ("Only red", "red"), ("Own", "red")]
    assert len(built.named) == 5
    assert built.scenario("Own")["line"] == 10
    assert built.scenario("Bad")["line"] == 11
    if order == "before":
        assert "parts/part.md:11: Bad: failed" in built.log
        assert "parts/only.txt:4: Only red: failed" in built.log
        assert "docs/m.md:10: Own: failed" in built.log


@pytest.mark.works(
    "mkdocs-include-markdown-plugin", "a page that another page includes counts once on each, with ids of their own"
)
def test_a_page_that_another_includes_counts_on_both(site: Site, order: str) -> None:
    files = {"docs/m.md": '# Outer\n\n{% include-markdown "inc.md" %}\n', "docs/inc.md": page("Inner", FENCES)}
    built = build(site, order, files, "include-markdown")
    assert built.shown("m/") == built.shown("inc/") == BOTH
    assert sorted(built.results.values()) == ["failed", "failed", "passed", "passed"]
    assert len(built.results) == 4


SNIPPETS = """\
# Snippets

--8<-- "parts/part.md:5:8"

--8<-- "parts/sections.md:cart"

```gherkin
--8<-- "parts/only.txt"
```

```gherkin
Scenario: Own
  Given it breaks
```
"""
SECTIONS = f"""\
nothing

--8<-- [start:cart]
{scenario("Section", "it breaks")}
--8<-- [end:cart]
"""


@pytest.mark.works(
    "pymdownx.snippets", "whole files, lines and sections, around and inside a fence; lines are those of the part"
)
@pytest.mark.parametrize("order", ["after", "before"])
def test_snippets_run_where_they_are_shown(site: Site, order: str) -> None:
    files = {
        "docs/m.md": SNIPPETS, "docs/whole.md": '# Whole\n\n--8<-- "parts/whole.md"\n', "parts/whole.md": FENCES,
        "parts/part.md": PART, "parts/only.txt": ONLY, "parts/sections.md": SECTIONS,
    }  # fmt: skip
    extensions = [{"pymdownx.snippets": {"check_paths": True}}]
    built = build(site, order, files, "search", markdown_extensions=extensions)
    assert built.shown("whole/") == BOTH
    assert built.shown("m/") == [
        ("Good", "green"), ("Section", "red"), ("Only", "green"), ("Only red", "red"), ("Own", "red"),
    ]  # fmt: skip
    assert len(built.named) == 7
    if order == "before":
        assert "parts/whole.md:7: Bad: failed" in built.log
        assert "parts/only.txt:4: Only red: failed" in built.log
        assert "docs/m.md:12: Own: failed" in built.log


@pytest.mark.xfail(reason="of two parts one after the other, the second can be named by the first's file", strict=True)
@pytest.mark.works("pymdownx.snippets", "sections between other parts")
def test_a_section_after_another_part_is_named_by_its_own_file(site: Site) -> None:
    files = {"docs/m.md": SNIPPETS, "parts/part.md": PART, "parts/only.txt": ONLY, "parts/sections.md": SECTIONS}
    built = build(site, "before", files, "search", markdown_extensions=["pymdownx.snippets"])
    assert "parts/sections.md:5: Section: failed" in built.log


@pytest.mark.works("markdown-include", "included files run where they are shown")
def test_markdown_include_runs_where_it_is_shown(site: Site) -> None:
    files = {"docs/m.md": "# Outer\n\n{!parts/whole.md!}\n", "parts/whole.md": FENCES}
    built = build(site, "after", files, "search", markdown_extensions=["markdown_include.include"])
    assert built.shown("m/") == BOTH
    assert built.named == [("Bad", "failed"), ("Good", "passed")]


@pytest.mark.works("mkdocs-embed-external-markdown", "fences of a template on the page run")
def test_jinja_of_embed_external_markdown_runs(site: Site) -> None:
    loop = "{% for verb in ['holds', 'breaks'] %}\n" + scenario("It {{ verb }}", "it {{ verb }}") + "{% endfor %}\n"
    built = build(site, "before", {"docs/m.md": page("Loop", loop)}, "external-markdown")
    assert built.shown("m/") == [("It holds", "green"), ("It breaks", "red")]


@pytest.mark.works("mkdocs-codeinclude-plugin", "code of files beside specification stays code")
def test_included_code_stays_code(site: Site) -> None:
    text = "# Code\n\n<!--codeinclude-->\n[Steps](../features/steps.py)\n<!--/codeinclude-->\n\n" + FENCES
    built = build(site, "after", {"docs/m.md": text}, "codeinclude")
    assert built.shown("m/") == BOTH


REWRITE = """\
def on_page_markdown(markdown, **kwargs):
    return markdown.replace("PLACEHOLDER", "breaks")
"""
PLACEHOLDER = page("Door", scenario("Opening", "it PLACEHOLDER"), scenario("Closing"))


@pytest.mark.works("hooks", "Markdown that a hook rewrites is what runs")
def test_what_a_hook_rewrites_is_what_runs(site: Site, order: str) -> None:
    built = build(site, order, {"hook.py": REWRITE, "docs/door.md": PLACEHOLDER}, hooks=["hook.py"])
    assert built.shown("door/") == [("Opening", "red"), ("Closing", "green")]
    assert built.scenario("Opening")["steps"][0]["text"] == "it breaks"
    if order == "before":
        assert "docs/door.md:4: Opening: failed" in built.log


@pytest.mark.works("hooks", "lines that a hook puts before the text leave the author's line numbers alone")
def test_lines_before_the_text_leave_line_numbers_alone(site: Site) -> None:
    hook = 'def on_page_markdown(markdown, **kwargs):\n    return "!!! note\\n\\n    Draft\\n\\n" + markdown\n'
    built = build(site, "before", {"hook.py": hook, "docs/door.md": page("Door", FENCES)}, hooks=["hook.py"])
    assert built.shown("door/") == BOTH
    assert "docs/door.md:9: Bad: failed" in built.log


DOCS_DIR = """\
import os
import mkdocs.plugins

{priority}
def on_config(config):
    config.docs_dir = os.path.abspath("docs2")
    return config
"""


@pytest.mark.works("hooks", "`docs_dir` set in `on_config` is where pages are read")
@pytest.mark.parametrize(
    "priority", ["", "@mkdocs.plugins.event_priority(100)", "@mkdocs.plugins.event_priority(-100)"]
)
def test_a_docs_dir_that_a_hook_sets_is_read(site: Site, priority: str) -> None:
    files = {
        "hook.py": DOCS_DIR.format(priority=priority),
        "docs2/index.md": "# Home\n",
        "docs2/door.md": page("Door", FENCES),
    }
    built = build(site, "before", files, hooks=["hook.py"])
    assert built.shown("door/") == BOTH
    assert "docs2/door.md:9: Bad: failed" in built.log


@pytest.mark.works("mkdocs build -f -", "a configuration from standard input")
def test_a_configuration_from_standard_input_runs(site: Site) -> None:
    site.write({"docs/index.md": "# Home\n", "docs/door.md": page("Door", FENCES)})
    text = site.configure(["search", "jetty"])
    (site.root / "mkdocs.yml").unlink()
    built = site.built("mkdocs", "build", "-f", "-", text=text)
    built.fails(passed=1, failed=1)
    assert built.shown("door/") == BOTH


LOADED = """\
import sys
from mkdocs.commands.build import build
from mkdocs.config import load_config

config = load_config("mkdocs.yml", plugins=["search", {"jetty": {"steps": "mysteps"}}])
config.plugins.on_startup(command="build", dirty=False)
build(config)
"""


@pytest.mark.works("mkdocs.config.load_config", "options given in code hold in the run")
def test_options_given_in_code_hold_in_the_run(site: Site) -> None:
    steps = (site.root / "features/steps.py").rename(site.root / "moved.py").read_text(encoding="utf-8")
    site.write({"docs/index.md": page("Home", scenario("Opening")), "mysteps/steps.py": steps, "building.py": LOADED})
    site.configure(["search"])
    built = site.built("building")
    built.holds(passed=1)
