"""Real sites, built by `mkdocs build` in a process of its own."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import markdown
import pytest
from commands import invoke

from mkdocs_jetty.hosts.markdown import JettyExtension
from mkdocs_jetty.hosts.presenting import NOT_READ, NOT_RUN, PageContext
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.spec.model import Spec

if TYPE_CHECKING:
    from pathlib import Path

STEPS = """\
from pytest_bdd import given, then

@given("a cart")
def cart():
    pass

@then("it holds")
def holds():
    pass

@then("it breaks")
def breaks():
    raise AssertionError("<b>broken</b>")
"""
PAGE = """\
# Cart

```gherkin
Feature: Cart

  Scenario: Filling
    Given a cart
    Then {then}
```
"""


class Site:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("mkdocs.yml", "site_name: Shop\nplugins: [jetty]\n")
        self.write("features/steps.py", STEPS)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mkdocs", "build", *arguments]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1763800000", "NO_MKDOCS_2_WARNING": "1"}
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    def read(self, name: str) -> str:
        return (self.root / "site" / name).read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _away_from_our_own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_green_specification_builds(site: Site) -> None:
    site.write("docs/index.md", "# Home\n")
    site.write("docs/guide/cart.md", PAGE.format(then="it holds"))
    built = site.build("--strict")
    assert built.returncode == 0, built.stderr
    assert json.loads(site.read("jetty/spec.json"))["counts"]["passed"] == 1
    assert "Filling" in site.read("guide/cart/index.html")
    assert "<div data-jetty=" not in site.read("guide/cart/index.html")
    overview = site.read("jetty/index.html")
    assert "Everything specified here works." in overview
    assert '<a href="../guide/cart/">Cart</a>' in overview
    assert "assets/jetty.css" in site.read("guide/cart/index.html")
    assert (site.root / "site/assets/jetty.css").is_file()


@pytest.mark.parametrize("arguments", [[], ["--strict", "--quiet"], ["--dirty"]])
def test_a_red_specification_fails_after_the_whole_site_is_written(site: Site, arguments: list[str]) -> None:
    site.write("docs/index.md", PAGE.format(then="it breaks"))
    site.write("docs/other.md", "# Other\n")
    built = site.build(*arguments)
    assert built.returncode == 1, built.stderr
    assert "docs/index.md:6: Filling: failed" in built.stderr
    assert "Traceback" not in built.stderr
    assert "&lt;b&gt;broken" in site.read("index.html")
    assert "<b>broken" not in site.read("index.html")
    for name in ("other/index.html", "jetty/index.html", "jetty/spec.json", "jetty/junit.xml", "sitemap.xml"):
        assert (site.root / "site" / name).is_file(), name


def test_a_specification_cannot_speak_to_the_terminal_or_the_runner(site: Site) -> None:
    bad = "\x1b[31mR\x1b]0;t\x07 ##[error]y \u202e ::error::z"
    site.write("docs/index.md", f"# Home\n\n```gherkin\nScenario: x {bad}\n  Given a {bad}\n```\n")
    built = site.build()
    by_pytest = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "docs"],
        cwd=site.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    for said in (built.stdout + built.stderr, by_pytest.stdout + by_pytest.stderr):
        assert "x " in said
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", said), said
        assert "##[" not in said
        assert not re.search(r"(?m)(^|\s)::error", said), said


def test_an_empty_fail_on_never_fails(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      fail_on: []\n")
    site.write("docs/index.md", PAGE.format(then="it breaks"))
    built = site.build("--strict")
    assert built.returncode == 0, built.stderr
    assert json.loads(site.read("jetty/spec.json"))["counts"]["failed"] == 1


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs", "material"])
def test_every_theme_shows_the_status_in_its_navigation(site: Site, theme: str) -> None:
    site.write("mkdocs.yml", f"site_name: Shop\ntheme: {theme}\nplugins: [jetty]\n")
    site.write("docs/index.md", "# Home\n")
    site.write("docs/cart.md", PAGE.format(then="it holds"))
    built = site.build()
    assert built.returncode == 0, built.stderr
    navigation = site.read("index.html")
    assert ("md-status--jetty-green" if theme == "material" else "Cart ✓") in navigation


def test_a_navigation_has_no_marks_where_nothing_ran_but_of_what_is_wrong(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\ntheme: material\nplugins:\n  - jetty:\n      execute: false\n")
    site.write("docs/index.md", "# Home\n")
    site.write("docs/cart.md", PAGE.format(then="it holds"))
    site.write("docs/broken.md", "# Broken\n\n```gherkin\nScenaro: x\n```\n")
    site.build()
    navigation = site.read("index.html")
    assert "md-status--jetty-red" in navigation
    assert "md-status--jetty-grey" not in navigation


def test_python_beside_the_pages_is_not_published(site: Site) -> None:
    site.write("docs/index.md", PAGE.format(then="it holds"))
    site.write("docs/conftest.py", "")
    site.write("docs/__pycache__/conftest.cpython-311.pyc", "")
    assert site.build().returncode == 0
    assert not list((site.root / "site").rglob("*.py*"))


def test_a_wrong_option_stops_the_build_with_its_line(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      stepz: x\n")
    site.write("docs/index.md", "# Home\n")
    built = site.build()
    assert built.returncode == 1
    assert "mkdocs.yml:4: jetty has no option `stepz` (did you mean `steps`?)" in built.stderr


def test_a_disabled_plugin_does_nothing(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      enabled: false\n")
    site.write("docs/index.md", PAGE.format(then="it breaks"))
    assert site.build("--strict").returncode == 0
    assert not (site.root / "site/jetty").exists()


def test_without_execution_nothing_is_green(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      execute: false\n")
    site.write("docs/index.md", PAGE.format(then="it holds"))
    assert site.build().returncode == 0
    counts = json.loads(site.read("jetty/spec.json"))["counts"]
    assert (counts["passed"], counts["unknown"]) == (0, 1)


def test_a_feature_file_has_a_page_of_its_own(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      features: classic\n")
    site.write("docs/index.md", "# Home\n")
    site.write("classic/old.feature", "Feature: Old & <i>odd</i>\n  Scenario: S\n    Given a cart\n")
    built = site.build("--strict")
    assert built.returncode == 0, built.stderr
    page = site.read("jetty/features/classic-old/index.html")
    assert "<i>odd" not in page
    assert json.loads(site.read("jetty/spec.json"))["features"][0]["url"] == "jetty/features/classic-old/"


def test_the_overview_stands_where_it_is_marked_and_nowhere_else(site: Site) -> None:
    site.write("docs/index.md", "# Home\n\n<!-- jetty/overview -->\n\n    <!-- jetty/failures -->\n")
    site.write("docs/cart.md", PAGE.format(then="it holds"))
    built = site.build()
    assert built.returncode == 0, built.stderr
    home = site.read("index.html")
    assert "Everything specified here works." in home
    assert "&lt;!-- jetty/failures --&gt;" in home
    assert not (site.root / "site/jetty/index.html").exists()


def test_a_fence_that_a_hook_puts_on_a_page_is_specification(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nhooks: [hooks.py]\nplugins: [jetty]\n")
    text = "\n\n```gherkin\nScenario: Late\n  Given nothing is known\n```\n"
    site.write("hooks.py", f"def on_page_markdown(markdown, **kwargs):\n    return markdown + {text!r}\n")
    site.write("docs/index.md", "# Home\n")
    built = site.build()
    assert built.returncode == 1
    assert "docs/index.md:1: Late: " in built.stderr
    assert NOT_READ not in site.read("index.html")


def test_a_fence_runs_wherever_markdown_allows_one(site: Site) -> None:
    fence = "```gherkin\nScenario: {name}\n  Given a cart\n  Then it holds\n```\n"
    listed = "- In a list:\n\n" + re.sub(r"^", "    ", fence.format(name="Listed"), flags=re.MULTILINE)
    quoted = re.sub(r"^", "> ", fence.format(name="Quoted").rstrip(), flags=re.MULTILINE)
    site.write("docs/index.md", f"# Places\n\n{listed}\n\nText.\n\n{quoted}\n")
    built = site.build()
    assert built.returncode == 0, built.stderr
    assert json.loads(site.read("jetty/spec.json"))["counts"]["passed"] == 2
    assert NOT_READ not in site.read("index.html")


# ---- the extension alone ----

FENCE = "```gherkin\nFeature: <A>\n```\n"


@pytest.mark.parametrize(
    "others",
    [[], ["fenced_code"], ["pymdownx.superfences"], ["pymdownx.superfences", "fenced_code"], ["md_in_html", "toc"]],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_extension_works_in_any_order_with_others(others: list[str], first: bool) -> None:
    own = JettyExtension()
    md = markdown.Markdown(extensions=[own, *others] if first else [*others, own])
    shown = md.convert(f"- item\n\n    {FENCE.strip().replace(chr(10), chr(10) + '    ')}\n")
    assert NOT_RUN in shown
    assert html.escape("Feature: <A>") in shown
    assert "<A>" not in shown


def test_without_results_nothing_is_shown_as_run() -> None:
    shown = markdown.markdown(f"# T\n\n{FENCE}\n\n<!-- jetty/overview -->\n", extensions=["mkdocs_jetty"])
    assert shown.count(NOT_RUN) == 2
    assert "green" not in shown


def test_headings_are_left_alone() -> None:
    md = markdown.Markdown(extensions=["toc", JettyExtension()])
    shown = md.convert(f"# One\n\n{FENCE}\n## Two\n\n{FENCE}")
    assert shown.count(NOT_RUN) == 2
    assert [token["name"] for token in md.toc_tokens[0]["children"]] == ["Two"]


@pytest.mark.parametrize("header", ["``` { .gherkin run=false }", "```gherkin {run=false}", '```gherkin run="false"'])
def test_every_spelling_of_an_example_is_an_example(header: str) -> None:
    shown = markdown.markdown(f"{header}\nFeature: A\n```\n", extensions=["mkdocs_jetty"])
    assert "jetty-example" in shown


def test_a_fence_that_was_not_read_says_so_and_is_recorded() -> None:
    verdict = judge(Spec(), Results(), name="x", state="internal", fail_on=("red",))
    context = PageContext(verdict, "docs/a.md")
    shown = markdown.markdown(FENCE, extensions=[JettyExtension(context)])
    assert NOT_READ in shown
    assert context.unread == [("docs/a.md", "Feature: <A>")]


def test_a_fence_in_indented_code_stays_code() -> None:
    shown = markdown.markdown(f"Text:\n\n    {FENCE.strip().replace(chr(10), chr(10) + '    ')}\n\n{FENCE}",
                              extensions=[JettyExtension()])  # fmt: skip
    assert shown.count(NOT_RUN) == 1


def test_what_the_site_leaves_out_is_no_specification(site: Site) -> None:
    site.write(
        "mkdocs.yml", "site_name: Shop\nexclude_docs: |\n  *.off.md\n  /old/\ndraft_docs: draft.md\nplugins: [jetty]\n"
    )
    site.write("docs/index.md", PAGE.format(then="it holds"))
    for name in ("a.off.md", "old/[x].md", "draft.md", "templates/t.md", "README.md"):
        site.write(f"docs/{name}", PAGE.format(then="nothing is known"))
    done = site.build()
    # README.md stands behind index.md, which MkDocs says too.
    assert done.returncode == 0, done.stderr
    spec = json.loads(site.read("jetty/spec.json"))
    assert [feature["page"] for feature in spec["features"]] == ["docs/index.md"]


def test_a_page_that_another_plugin_takes_away_is_no_specification(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nhooks: [hooks.py]\nplugins: [jetty]\n")
    site.write(
        "hooks.py",
        "def on_files(files, config):\n    files.remove(files.get_file_from_path('b [1]!#.md'))\n    return files\n",
    )
    site.write("docs/index.md", PAGE.format(then="it holds"))
    site.write("docs/b [1]!#.md", PAGE.format(then="nothing is known"))
    done = site.build()
    assert done.returncode == 0, done.stderr
    assert json.loads(site.read("jetty/spec.json"))["counts"]["scenarios"] == 1


def test_a_block_that_the_site_does_not_render_as_a_fence_is_an_error(site: Site) -> None:
    fence = FENCE.strip().replace("\n", "\n    ").replace("<A>", "A")
    site.write("docs/index.md", f"# Home\n\n!!! note\n\n    {fence}\n\nThe end.\n")
    done = site.build()
    assert done.returncode == 1
    assert "docs/index.md:5: this block will not run: it stands where Markdown shows no fence" in done.stderr
    assert "Speed" not in site.read("index.html")


def test_what_a_comment_hides_is_named_once(site: Site) -> None:
    seen = PAGE.format(then="it holds")
    site.write("docs/index.md", f"{seen}\n<!-- not yet\n\n{seen}\n-->\n")
    assert site.build().returncode == 1
    [problem] = json.loads(site.read("jetty/spec.json"))["problems"]
    assert "it stands where Markdown shows no fence (a comment" in problem["message"]
    assert NOT_READ not in site.read("index.html")


def test_a_page_that_lacks_its_included_file_says_so(site: Site) -> None:
    site.write("mkdocs.yml", "site_name: Shop\nplugins: [jetty]\nmarkdown_extensions: [pymdownx.snippets]\n")
    site.write("docs/index.md", '# Home\n\n--8<-- "features/moved.md"\n')
    done = site.build()
    assert done.returncode == 0
    assert "docs/index.md:3: `features/moved.md` is to be included here" in done.stderr


def test_a_page_that_another_one_is_written_over_is_an_error(site: Site) -> None:
    site.write("docs/index.md", "# Home\n")
    site.write("docs/a.md", PAGE.format(then="it holds"))
    site.write("docs/a/index.md", "# A\n")
    done = site.build()
    assert done.returncode == 1
    assert "docs/a.md: nobody sees this page: `docs/a/index.md` is written to the same address" in done.stderr


HOOKS = """\
def on_config(config):
    config.plugins["jetty"].config["exclude"] = ["out.md"]

def on_page_markdown(markdown, page, **kwargs):
    return markdown.partition("<!-- internal -->")[0]

def on_post_page(output, page, **kwargs):
    return "" if page.file.src_uri == "empty.md" else output
"""


def test_what_hooks_take_away_is_named(site: Site) -> None:
    site.write("hooks.py", HOOKS)
    site.write("mkdocs.yml", "site_name: Shop\nhooks: [hooks.py]\nplugins: [jetty]\n")
    seen = PAGE.format(then="it holds")
    site.write("docs/index.md", f"{seen}\n<!-- internal -->\n{seen.replace('Filling', 'Emptying')}")
    site.write("docs/out.md", PAGE.format(then="it breaks"))
    site.write("docs/empty.md", seen)
    assert site.build().returncode == 1
    spec = json.loads(site.read("jetty/spec.json"))
    assert {feature["page"] for feature in spec["features"]} == {"docs/index.md", "docs/empty.md"}
    [taken, unwritten] = sorted(spec["problems"], key=lambda each: each["level"], reverse=True)
    assert (taken["level"], taken["page"], taken["line"]) == ("warning", "docs/index.md", 14)
    assert (unwritten["level"], unwritten["page"]) == ("error", "docs/empty.md")
    assert "nobody sees this page: the site holds no file of it" in unwritten["message"]


CHANGING = """\
def on_config(config):
    config.plugins["jetty"].config["tags"] = "not @slow"

def on_page_markdown(markdown, page, **kwargs):
    return markdown.partition("<!-- internal -->")[0].replace("Swapped", "Changed")
"""
OTHERWISE = "the last build did not show this block as it stands here"


def test_a_check_names_what_the_last_build_showed_otherwise(site: Site) -> None:
    """Until the page or the site's file changes: then nobody knows what a build does with it."""
    site.write("hooks.py", CHANGING)
    site.write("mkdocs.yml", "site_name: Shop\nhooks: [hooks.py]\nplugins: [jetty]\n")
    seen = PAGE.format(then="it holds")
    site.write("docs/index.md", f"{seen}\n<!-- internal -->\n{seen.replace('Filling', 'Emptying')}")
    site.write("docs/gone.md", f"# Gone\n\nWhat stands here is prose.\n\n<!-- internal -->\n\n{seen}")
    site.write("docs/swapped.md", seen.replace("Filling", "Swapped"))
    site.write("docs/same.md", seen)
    assert site.build().returncode == 0

    def said() -> list[str]:
        done = invoke("check", "-f", site.root / "mkdocs.yml")
        assert done.exit_code == 0, done.output
        return [line for line in done.output.splitlines() if "the last build" in line]

    first = said()
    assert [line.split(": ")[1] for line in first[:3]] == ["docs/gone.md:9", "docs/index.md:14", "docs/swapped.md:3"]
    assert all(OTHERWISE in line for line in first[:3])
    assert "mkdocs.yml: the last build ran with another `tags` than this file says" in first[3]
    site.write("docs/index.md", site.root.joinpath("docs/index.md").read_text("utf-8") + "\nMore.\n")
    assert not any("docs/index.md" in line for line in said())
    site.write("mkdocs.yml", "site_name: Shopping\nhooks: [hooks.py]\nplugins: [jetty]\n")
    assert said() == []


def test_the_anchor_of_a_scenario_is_on_its_page_once(site: Site) -> None:
    own = '## Mine {#scenario-cart--filling}\n\n<a id="scenario-cart--filling"></a> [there](#scenario-cart--filling)\n'
    code = '    <a id="scenario-cart--filling">\n'
    site.write("mkdocs.yml", "site_name: Shop\nplugins: [jetty]\nmarkdown_extensions: [attr_list]\n")
    site.write(
        "docs/index.md", f"{PAGE.format(then='it holds')}\n{own}\n{code}\n## Standards\n\n<!-- jetty/standards -->\n"
    )
    site.write("jetty.toml", '[project]\nstate = "external"\nsince = 2025-01-01\npreset = ["startup-mvp"]\n')
    done = site.build()
    page = site.read("index.html")
    ids = re.findall(r'<[a-z][^<>]*\sid="([^"]+)"', page)
    assert [each for each in ids if ids.count(each) > 1] == []
    assert '<section class="jetty-scenario jetty-green" id="scenario-cart--filling"' in page
    assert {"scenario-cart--filling_1", "scenario-cart--filling_2", "standards", "standards_1"} <= set(ids)
    assert page.count('href="#scenario-cart--filling_1"') == 1  # the table of contents
    assert '&lt;a id="scenario-cart--filling"&gt;' in page
    assert "docs/index.md: the id `scenario-cart--filling` is that of a scenario" in done.stderr


def test_a_dirty_build_renders_what_is_true_now(site: Site) -> None:
    site.write("docs/cart.md", PAGE.format(then="it holds"))
    site.write("docs/index.md", "# Home\n\n<!-- jetty/overview -->\n")
    assert site.build().returncode == 0
    site.write(
        "features/steps.py", STEPS.replace("def holds():\n    pass", 'def holds():\n    raise AssertionError("no")')
    )
    assert site.build("--dirty").returncode == 1
    for name in ("cart/index.html", "index.html"):
        assert "jetty-red" in site.read(name)


def test_a_dirty_build_renders_what_pages_have_from_elsewhere(site: Site) -> None:
    site.write(
        "mkdocs.yml",
        "site_name: Shop\ntheme: material\nplugins:\n  - blog: {post_url_format: '{slug}'}\n  - jetty\n"
        "markdown_extensions:\n  - pymdownx.snippets: {base_path: [parts]}\n",
    )
    site.write("docs/index.md", '# Home\n\n--8<-- "cart.md"\n')
    site.write("docs/blog/index.md", "# Blog\n")
    post = PAGE.format(then="it breaks").replace("Filling", "Posted").removeprefix("# Cart\n")
    site.write("docs/blog/posts/one.md", f"---\ndate: 2024-01-31\n---\n# One\n\nIntro.\n\n<!-- more -->\n{post}")
    site.write("parts/cart.md", PAGE.format(then="it holds"))
    assert site.build().returncode == 1
    site.write("parts/cart.md", PAGE.format(then="it breaks"))
    assert site.build("--dirty").returncode == 1
    spec = json.loads(site.read("jetty/spec.json"))
    assert {(each["name"], each["status"]) for feature in spec["features"] for each in feature["scenarios"]} == {
        ("Filling", "failed"),
        ("Posted", "failed"),
    }
    for name in ("index.html", "blog/one/index.html"):
        assert "jetty-red" in site.read(name)


# ---- templates of the site's own ----

OWN_TEMPLATES = "site_name: Shop\ntheme: {name: mkdocs, custom_dir: overrides}\nplugins: [jetty]\n"


def test_a_template_of_the_sites_own_stands_in_for_ours(site: Site) -> None:
    site.write("mkdocs.yml", OWN_TEMPLATES)
    site.write("docs/index.md", PAGE.format(then="it holds"))
    own = '<p class="ours">Written by hand: {{ verdict.counts.scenarios }}</p>\n{% include "default/overview.html" %}'
    site.write("overrides/jetty/overview.html", own)
    built = site.build("--strict")
    assert built.returncode == 0, built.stderr
    overview = site.read("jetty/index.html")
    assert overview.index("Written by hand: 1") < overview.index("Everything specified here works.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p>\n{% for x in %}\n", "this is no template: Expected an expression"),
        ("<p>\n{{ nothing_of_that_name }}\n", "this template cannot be filled: 'nothing_of_that_name' is undefined"),
    ],
)
def test_a_template_that_is_broken_is_named_with_its_line(site: Site, text: str, said: str) -> None:
    site.write("mkdocs.yml", OWN_TEMPLATES)
    site.write("docs/index.md", PAGE.format(then="it holds"))
    site.write("overrides/jetty/overview.html", text)
    built = site.build()
    assert built.returncode == 1
    assert f"ERROR   -  overrides/jetty/overview.html:2: {said}" in built.stderr
    assert "Traceback" not in built.stderr
