"""What is found in a page's own conversion: which fences, their text, their lines, and what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import markdown
import pytest

from mkdocs_jetty.config import from_options, load
from mkdocs_jetty.hosts.markdown import JettyExtension
from mkdocs_jetty.spec.alignment import aligned
from mkdocs_jetty.spec.build_only import Made, keep, last_build, unseen
from mkdocs_jetty.spec.model import Block, Page, Scenario, ShownScenario, Spec
from mkdocs_jetty.spec.names import FileRead
from mkdocs_jetty.spec.origins import Lines, Origin, lines_of
from mkdocs_jetty.spec.reader import read
from mkdocs_jetty.spec.replaced import Source, replaced

FENCE = "```gherkin\nScenario: x\n  Given y\n```\n"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def spec_of(root: Path, page: str, config: str = "") -> Spec:
    put(root / "docs/page.md", page)
    put(root / "mkdocs.yml", f"site_name: Site\nplugins: [jetty]\n{config}")
    return read(load(root / "mkdocs.yml"))


def scenarios(spec: Spec) -> list[Scenario]:
    return [scenario for _, scenario in spec.scenarios()]


def messages(spec: Spec) -> list[str]:
    return [str(problem) for problem in spec.problems]


# ---- only our fences change ----


@pytest.mark.parametrize(
    "configs", [{}, {"codehilite": {"css_class": "hl", "linenums": True}}, {"pymdownx.highlight": {}}], ids=str
)
def test_a_site_without_superfences_keeps_its_other_blocks_to_the_letter(configs: dict[str, Any]) -> None:
    text = "# T\n\n```yaml\na: 1\n```\n\n- item\n\n    ```text\n    in a list\n    ```\n\n~~~\nplain\n~~~\n\n    code\n"
    extensions = ["fenced_code", "tables", *configs]
    without = markdown.markdown(text, extensions=extensions, extension_configs=configs)
    own = JettyExtension()
    assert markdown.markdown(text, extensions=[*extensions, own], extension_configs=configs) == without
    shown = markdown.markdown(f"{text}\n{FENCE}", extensions=[*extensions, own], extension_configs=configs)
    assert shown.startswith(without)
    assert "Scenario: x" in shown


@pytest.mark.parametrize("extensions", ["[]", "[pymdownx.superfences]", "[fenced_code, admonition]"])
def test_fences_are_found_in_lists_and_quotes_and_never_in_other_fences(tmp_path: Path, extensions: str) -> None:
    quoted = "".join(f"> {line}\n" for line in FENCE.replace("x", "q").splitlines())
    listed = "".join(f"    {line}\n" for line in FENCE.replace("x", "l").splitlines())
    page = f"# T\n\n````md\n{FENCE}````\n\n{quoted}\n- item\n\n{listed}\n"
    spec = spec_of(tmp_path, page, f"markdown_extensions: {extensions}\n")
    assert [each.name for each in scenarios(spec)] == ["q", "l"]
    assert not spec.problems


@pytest.mark.parametrize("language", ["gherkin", "cucumber", "feature"])
def test_every_name_of_the_language_is_specification(tmp_path: Path, language: str) -> None:
    assert len(scenarios(spec_of(tmp_path, FENCE.replace("gherkin", language)))) == 1


# ---- the author's text ----


@pytest.mark.parametrize("extensions", ["[]", "[pymdownx.superfences]"])
@pytest.mark.parametrize("around", ["", "> ", "\t", "    "])
def test_a_tab_reaches_the_step_as_a_tab(tmp_path: Path, extensions: str, around: str) -> None:
    fence = (
        '```gherkin\nScenario: x\n  Given a\tb\n    """\n    one\t1\n\n    \ttwo\n    """\n  And t\n    | a\tb |\n```\n'
    )
    text = "- item\n\n" * (around.isspace()) + "".join(f"{around}{line}\n" for line in fence.splitlines())
    [scenario] = scenarios(spec_of(tmp_path, text, f"markdown_extensions: {extensions}\n"))
    first, second = scenario.steps
    assert (first.text, first.docstring) == ("a\tb", "one\t1\n\n\ttwo")
    assert second.table == (("a\tb",),)


# ---- nothing is lost in silence ----

LOST = [
    ('```yaml filename="a.yml"\nx: 1\n```\n\n', "line 1, ````yaml filename"),
    ("```yaml copy=true\nx: 1\n```\n\n", "line 1, ````yaml copy=true"),
    ("```console $ ls\nx\n```\n\n", "line 1, ````console $ ls"),
    ("```python\nnever closed\n\n", "the code block that line 1 opens"),
]


@pytest.mark.parametrize(("above", "blamed"), LOST, ids=[case[0].split("\n")[0] for case in LOST])
@pytest.mark.parametrize("extensions", ["[]", "[pymdownx.superfences]"])
def test_a_fence_that_another_one_swallows_is_an_error_with_both_lines(
    tmp_path: Path, above: str, blamed: str, extensions: str
) -> None:
    spec = spec_of(tmp_path, above + FENCE, f"markdown_extensions: {extensions}\n")
    [problem] = spec.problems
    assert (problem.level, problem.page, problem.line) == ("error", "docs/page.md", above.count("\n") + 1)
    assert blamed in problem.message


@pytest.mark.parametrize("outer", ["````md", "~~~text"])
def test_a_block_that_is_shown_as_an_example_is_no_problem(tmp_path: Path, outer: str) -> None:
    spec = spec_of(tmp_path, f"{outer}\n{FENCE}{outer.rstrip('mdtex')}\n")
    assert not scenarios(spec)
    assert not spec.problems


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("``` {.foo .gherkin}", "its language is `foo`; put `.gherkin` first"),
        ("```Cucumber", "its language is `Cucumber`"),
        ("```gherkin !x", "its opening line cannot be read"),
    ],
)
def test_what_only_looks_like_ours_is_an_error(tmp_path: Path, header: str, message: str) -> None:
    spec = spec_of(tmp_path, f"{header}\nScenario: x\n", "markdown_extensions: [pymdownx.superfences]\n")
    assert message in messages(spec)[0]


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("    :::gherkin\n    Scenario: x\n", "error"),
        ("    #!gherkin\n    Scenario: x\n", "error"),
        ('<pre><code class="language-gherkin">Scenario: x\n</code></pre>\n', "warning"),
        ("    :::python\n    Scenario: x\n", None),
        ("````md\n    :::gherkin\n    Scenario: x\n````\n", None),
    ],
)
def test_code_that_says_it_is_gherkin_and_is_no_fence_is_named(tmp_path: Path, code: str, level: str | None) -> None:
    problems = spec_of(tmp_path, f"# T\n\ntext\n\n{code}", "markdown_extensions: [codehilite]\n").problems
    assert [(each.level, each.line) for each in problems] == ([(level, 5)] if level else [])


# ---- the site's own extensions ----


def test_a_fence_that_the_site_accepts_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(
        tmp_path / "site_fences.py",
        "def fmt(source, language, css_class, options, md, **kw): return '<p>chart</p>'\n"
        "def val(language, inputs, options, attrs, md): options.update(inputs); return True\n",
    )
    config = (
        "markdown_extensions:\n  - pymdownx.superfences:\n      custom_fences:\n        - {name: vega, class: vega, "
        "format: !!python/name:site_fences.fmt , validator: !!python/name:site_fences.val }\n"
    )
    spec = spec_of(tmp_path, f'```vega width="300"\nx\n```\n\n{FENCE}', config)
    assert not spec.problems
    assert [each.line for each in scenarios(spec)] == [6]
    monkeypatch.delitem(__import__("sys").modules, "site_fences")


def test_an_extension_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    [message] = messages(spec_of(tmp_path, FENCE, "markdown_extensions: [nosuch_extension]\n"))
    assert message.startswith("mkdocs.yml: `markdown_extensions`: `nosuch_extension` cannot be used without a build")


def test_a_file_that_snippets_cannot_find_is_named(tmp_path: Path) -> None:
    put(tmp_path / "part.md", '--8<-- "deep.md"\n\n--8<-- "part.md"\n')
    parts = ("gone.md", "part.md", "part.md:1:2", "part.md:nosuch")
    included = "\n\n".join(f'--8<-- "{part}"' for part in parts)
    page = f'# T\n\n{included}\n\n```gherkin\n--8<-- "x.feature"\n```\n\n{FENCE}'
    spec = spec_of(tmp_path, page, "markdown_extensions: [pymdownx.snippets]\n")
    assert len(scenarios(spec)) == 1
    said = [(each.level, each.line, each.message.split()[0]) for each in spec.problems if "included" in each.message]
    assert said == [
        ("warning", 3, "`gone.md`"), ("warning", None, "`deep.md`"), ("warning", 9, "`part.md:nosuch`"),
        ("error", 12, "`x.feature`"),
    ]  # fmt: skip


def test_a_file_that_the_site_adds_to_every_page_counts_on_each(tmp_path: Path) -> None:
    put(tmp_path / "last.md", FENCE)
    config = "markdown_extensions:\n  - pymdownx.snippets: {auto_append: [last.md]}\n"
    put(tmp_path / "docs/prose.md", "# Prose\n")
    assert [feature.page for feature in spec_of(tmp_path, "# T\n", config).features] == [
        "docs/page.md",
        "docs/prose.md",
    ]


def test_what_a_plugin_finishes_is_named_and_not_run(tmp_path: Path) -> None:
    page = FENCE.replace("y", "{{ value }}")
    assert len(scenarios(spec_of(tmp_path, page))) == 1
    put(tmp_path / "mkdocs.yml", "site_name: Site\nplugins: [macros, jetty]\n")
    spec = read(load(tmp_path / "mkdocs.yml"))
    assert not scenarios(spec)
    assert "docs/page.md:1: this block is finished in a build, by `macros`" in messages(spec)[0]


@pytest.mark.parametrize(
    ("plugin", "step"), [("table-reader", "{{ read_csv('t.csv') }}"), ("markdownextradata", "the word {{ word }}")]
)
def test_neighbours_of_macros_finish_blocks_as_well(tmp_path: Path, plugin: str, step: str) -> None:
    page = FENCE.replace("y", step)
    put(tmp_path / "mkdocs.yml", f"site_name: Site\nplugins: [{plugin}, jetty]\n")
    put(tmp_path / "docs/page.md", page)
    spec = read(load(tmp_path / "mkdocs.yml"))
    assert not scenarios(spec)
    assert f"this block is finished in a build, by `{plugin}`" in messages(spec)[0]


@pytest.mark.parametrize(
    ("above", "runs"),
    [
        ("{% if false %}", False),
        ("{%- for n in [1, 2] -%}", False),
        ("{% if a %}x{% endif %}", True),
        ("{% set a = 1 %}", True),
        ("{% set a %}", False),
        ("{% raw %}{% if a %}", True),
        ("{% if a %}{% if b %}{% endif %}", False),
        ("{% if a % 2 == 0 %}", False),
        ("{% if a % 2 %}x{% endif %}", True),
        ("{# {% if a %} #}", True),
        ("{# not yet:", False),
        ("## Heading {#id}", True),
        ("{% for a in b %}\n{% endfor %}", True),
        ("{%- set a -%}x{%- endset -%}", True),
        ("{% if a %}{% endfor %}", False),
    ],
)
def test_what_a_template_decides_about_is_named_and_not_run(tmp_path: Path, above: str, runs: bool) -> None:
    put(tmp_path / "mkdocs.yml", "site_name: Site\nplugins: [macros, jetty]\n")
    put(tmp_path / "docs/page.md", f"# Page\n\n{above}\n\n{FENCE}")
    spec = read(load(tmp_path / "mkdocs.yml"))
    assert len(scenarios(spec)) == runs
    assert (
        any("docs/page.md:5: this block is finished in a build, by `macros`" in each for each in messages(spec)) != runs
    )


def test_what_directories_say_of_their_pages_holds(tmp_path: Path) -> None:
    put(tmp_path / "docs/sub/.meta.yml", "jetty:\n  traits: [authentication]\n  owner: team\n")
    put(tmp_path / "docs/sub/page.md", f"---\njetty: {{traits: [payments]}}\n---\n{FENCE}")
    put(tmp_path / "mkdocs.yml", "site_name: Site\nplugins: [meta, jetty]\n")
    [feature] = read(load(tmp_path / "mkdocs.yml")).features
    assert (feature.traits, feature.owner) == (("authentication", "payments"), "team")


def test_a_hidden_directory_that_the_site_brings_back_is_read(tmp_path: Path) -> None:
    put(tmp_path / "docs/.well/a.md", FENCE)
    put(tmp_path / "docs/.other/b.md", FENCE)
    spec = spec_of(tmp_path, "# T\n", 'exclude_docs: "!.well/"\n')
    assert [page.path for page in spec.pages] == ["docs/.well/a.md"]


def test_a_snippet_is_named_by_its_own_file_and_line(tmp_path: Path) -> None:
    put(tmp_path / "parts/part.md", "Intro\n\n" + FENCE.replace("y\n", "y\n  no\n"))
    put(tmp_path / "parts/only.txt", "Scenario: only\n  Given y\n")
    page = '# T\n\n--8<-- "parts/part.md"\n\n```gherkin\n--8<-- "parts/only.txt"\n```\n'
    spec = spec_of(tmp_path, page, "markdown_extensions: [pymdownx.superfences, pymdownx.snippets]\n")
    assert messages(spec)[0].startswith("parts/part.md:6:3: not valid Gherkin")
    [scenario] = scenarios(spec)
    assert (scenario.source, scenario.line, scenario.steps[0].line) == ("parts/only.txt", 1, 2)


# ---- lines ----


def origins(raw: str, text: str, *others: tuple[str, str]) -> list[tuple[int, str | None, bool]]:
    lines = lines_of("docs/p.md", raw.split("\n"), text, lambda: [(name, each.split("\n")) for name, each in others])
    assert type(lines) is not Lines
    found: list[Origin] = [getattr(lines, "at")(number) for number in range(1, raw.count("\n") + 2)]  # noqa: B009
    return [(each.line, each.source, each.made) for each in found]


def test_a_line_with_a_word_filled_in_is_its_own_line() -> None:
    assert origins("a one\nit holds\nb two", "a one\nit {{ w }}\nb two") == [
        (1, None, False), (2, None, False), (3, None, False),
    ]  # fmt: skip


def test_lines_of_an_included_file_are_its_own() -> None:
    found = origins("head line\nfirst part\nsecond part\nlast line", "head line\n{% x %}\nlast line",
                    ("parts/a.md", "top\nfirst part\nsecond part\n"))  # fmt: skip
    assert found == [(1, None, False), (2, "parts/a.md", False), (3, "parts/a.md", False), (3, None, False)]


def test_what_code_has_made_goes_by_the_line_of_its_call() -> None:
    found = origins("head line\nmade here\nand there\nalso this\nlast line", "head line\n{{ call() }}\nlast line")
    assert [each[0] for each in found] == [1, 2, 2, 2, 3]
    assert [each[2] for each in found] == [False, True, True, True, False]


def test_lines_below_front_matter_are_those_of_the_file() -> None:
    lines = lines_of("docs/p.md", ["# T", "", "x"], "---\na: 1\n---\n\n# T\n\nx\n", list)
    assert lines.settle(FileRead()) == FileRead()
    assert lines.offset == 4


def test_lines_that_say_nothing_are_no_anchors() -> None:
    assert aligned(["```", "new", "```", "old"], ["old"]) == [None, None, None, 0]


# ---- what only a build can see ----


def made(page: str, name: str) -> Page:
    item = ShownScenario("Scenario", name, "", (), 2, (), (), (f"f/{name}",))
    return Page(page, "T", (Block(page, 1, f"Scenario: {name}", True, "f", (item,)),))


def test_what_only_a_build_shows_is_counted_and_named(tmp_path: Path) -> None:
    settings = from_options(tmp_path, None, "Site", tmp_path / "docs", {})
    pages = [made("docs/gen/a.md", "a"), made("docs/b.md", "b")]
    keep(settings, [Made(pages[0], "gen-files"), Made(pages[1], None)])
    [problem] = unseen(last_build(tmp_path), [])
    assert problem.level == "warning"
    assert problem.message == (
        "2 scenarios on 2 pages exist only in a build (made by `gen-files`): `mkdocs build` runs them"
    )
    [problem] = unseen(last_build(tmp_path), [pages[1]])
    assert problem.message.startswith("1 scenario on docs/gen/a.md exists only in a build")
    keep(settings, [])
    assert not unseen(last_build(tmp_path), [])


def test_what_the_last_build_left_out_is_left_out_until_something_changes(tmp_path: Path) -> None:
    put(tmp_path / "docs/draft.md", FENCE)
    assert len(scenarios(spec_of(tmp_path, FENCE))) == 2
    keep(load(tmp_path / "mkdocs.yml"), [], ["docs/draft.md"])
    spec = spec_of(tmp_path, FENCE)
    assert [feature.page for feature in spec.features] == ["docs/page.md"]
    assert messages(spec) == ["docs/draft.md: the last build left this page out, so its scenario does not run here"]
    assert spec.problems[0].level == "warning"
    assert len(scenarios(spec_of(tmp_path, FENCE, "site_author: Somebody\n"))) == 2
    put(tmp_path / "docs/draft.md", f"# Draft\n\n{FENCE}")
    assert len(scenarios(spec_of(tmp_path, FENCE))) == 2
    assert not spec_of(tmp_path, FENCE).problems


def test_a_readme_that_mkdocs_drops_for_an_index_is_not_read(tmp_path: Path) -> None:
    for name in ("README.md", "a/README.md", "b/README.md", "b/index.md"):
        put(tmp_path / "docs" / name, FENCE)
    assert [feature.page for feature in spec_of(tmp_path, FENCE).features] == [
        "docs/README.md", "docs/a/README.md", "docs/b/index.md", "docs/page.md",
    ]  # fmt: skip


def test_without_a_site_file_fences_are_found_wherever_markdown_can_have_them(tmp_path: Path) -> None:
    put(tmp_path / "docs/page.md", "!!! note\n\n" + "".join(f"    {line}\n" for line in FENCE.splitlines()))
    assert len(scenarios(read(from_options(tmp_path, None, "Site", tmp_path / "docs", {})))) == 1


# ---- what a plugin shows instead of a page ----

ERROR = "# _Macro Rendering Error_\n\n_File_: `page.md`\n\n_ValueError_: no word\n\n```\nTraceback\n```"
SYNTAX = (
    "# _Macro Syntax Error_\n\n_File_: `page.md`\n\n_Line 3 in Markdown file:_ **unexpected end**\n```markdown\nx\n```"
)
SAID = f"# T\n\nSome words.\n\n{FENCE}"


@pytest.mark.parametrize(
    ("text", "converted", "level", "line", "words"),
    [
        (f"---\na: b\n---\n{SAID}", ERROR, "error", 8, "`macros` shows an error instead of this page (ValueErr"),
        (SAID, SYNTAX, "error", 5, "(Line 3: unexpected end)"),
        ("# T\n\n{{ scenario() }}\n", ERROR, "warning", None, "if it has specification, that does not run"),
        (SAID, "# T\n\nNo access.\n", "error", 5, "shows something else instead of this page"),
        (SAID, "", "error", 5, "shows something else instead of this page"),
        (SAID, "# T\n\nSome words.\n", "warning", 5, "a plugin or a hook takes this off the page"),
        (SAID, SAID, None, None, ""),
        (f"# T\n\n{{% if internal %}}\n{FENCE}{{% endif %}}\n", "# T\n", None, None, ""),
        ("# T\n\nSome words.\n", "Other words.\n", None, None, ""),
        (f"{SAID}\n{FENCE.replace('x', 'z')}", SAID, "warning", 10, "a plugin or a hook takes this off the page"),
        (f"{SAID}\n{FENCE.replace('x', 'z')}", SAID.replace("x", "z"), "warning", 5, "takes this off the page"),
        (SAID.replace("x", "{{ name }}"), SAID, None, None, ""),
        (f"{SAID}\n<!--\n{FENCE}-->\n", SAID, None, None, ""),
    ],
)
def test_a_page_that_a_plugin_replaces_loses_nothing_in_silence(
    text: str, converted: str, level: str | None, line: int | None, words: str
) -> None:
    problem = replaced(Source("docs/page.md", text, converted), ("fences",), {})
    assert (problem and problem.level) == level
    if problem:
        assert problem.line == line
        assert words in problem.message


def test_a_page_that_has_shown_scenarios_and_shows_an_error_is_wrong(tmp_path: Path) -> None:
    settings = from_options(tmp_path, None, "Site", tmp_path / "docs", {})
    keep(settings, [Made(made("docs/page.md", "a"), None), Made(made("docs/gone.md", "b"), None)])
    for _ in range(2):  # the note stays as long as nobody knows better
        before = last_build(tmp_path).made
        problem = replaced(Source("docs/page.md", "{{ scenario() }}", ERROR), ("fences",), before)
        assert problem is not None
        assert problem.level == "error"
        keep(settings, [], still={"docs/page.md"})
    assert last_build(tmp_path).made == {"docs/page.md": 1}
