"""What holds for every page that anyone may write: random pages, read and rendered."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import markdown
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mkdocs_jetty.config import Settings, from_options
from mkdocs_jetty.hosts.markdown import JettyExtension, PageContext, normal
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.spec.model import Feature, Page, Scenario, ShownScenario, Spec
from mkdocs_jetty.spec.reader import read

SITE_EXTENSIONS = (
    "toc", "tables", "admonition", "attr_list", "def_list", "footnotes", "md_in_html",
    "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed",
)  # fmt: skip
RENDERED = re.compile(
    r'<section class="jetty-block (jetty-\w+)"><p class="jetty-message">[^<]*</p>'
    r'<pre><code class="language-gherkin">(.*?)</code></pre></section>',
    re.DOTALL,
)

quickly = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@lru_cache(maxsize=1)
def project() -> Settings:
    root = Path(mkdtemp(prefix="jetty-properties-")).resolve()
    (root / "docs").mkdir()
    return from_options(root, None, "Site", root / "docs", {})


@pytest.fixture(scope="module", autouse=True)
def _removed_afterwards() -> object:
    yield
    for path in sorted(project().root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    project().root.rmdir()


def spec_of(text: str | bytes) -> Spec:
    (project().docs_dir / "page.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(project())


def page_of(spec: Spec) -> Page:
    return spec.pages[0] if spec.pages else Page("docs/page.md", "", ())


def scenarios_of(spec: Spec) -> list[Scenario]:
    return [scenario for _, scenario in spec.scenarios()]


def rendered(text: str) -> list[tuple[str, bool]]:
    """Each fence that the site shows as specification, in order, and whether it says that it runs."""
    configs = {"pymdownx.tabbed": {"alternate_style": True}}
    md = markdown.Markdown(
        extensions=[*SITE_EXTENSIONS, JettyExtension(PageContext(None, "docs/page.md"))], extension_configs=configs
    )
    shown = RENDERED.findall(md.convert(text))
    return [(normal(html.unescape(source)), kind == "jetty-unknown") for kind, source in shown]


# ---- pages ----

words = st.sampled_from(
    ["a cart", "<b>bold</b>", "`code`", "ünï", "日本", "😀", "\\| x", "<what>", "# no", "5 > 3", "x_y"]
)
names = st.lists(words, min_size=1, max_size=3).map(" ".join)
GHERKIN_LINES = [
    "Feature: ", "Scenario: ", "Scenario Outline: ", "Examples:", "Background:", "Rule: ", "Given ", "When ",
    "And ", "* ", "Then <a>", "| a | b |", "| 1 |", "| a", '"""', "~~~", "@tag", "@a @b # c", "# language: fr",
    "# language: xx", "#", "Fonctionnalité: ", "Soit ", "Givn ", "Scenaro: ", "", "", "prose",
    "given ", "Given: ", "- When ", "Given\u00a0", "Scenario ", "Background", "and ", "\t",
    "- item", "> quote", "# STABLE MODE", "\x0c", "\u2028",
]  # fmt: skip
junk_gherkin = st.lists(
    st.tuples(
        st.sampled_from(["", "  ", "    "]), st.sampled_from(GHERKIN_LINES), st.one_of(st.just(""), words)
    ).map("".join),
    max_size=8,
).map("\n".join)  # fmt: skip


@st.composite
def good_gherkin(draw: st.DrawFn) -> str:
    """One scenario or outline that parses, perhaps under a feature or a rule, perhaps with a background."""
    lines: list[str] = []
    if draw(st.booleans()):
        lines.append(f"Feature: {draw(names)}")
        if draw(st.booleans()):
            lines += ["", "  Some prose.", ""]
    if draw(st.booleans()):
        lines += ["  Background:", f"    Given {draw(names)}", ""]
    if lines and draw(st.booleans()):
        lines += [f"  Rule: {draw(names)}", ""]
    for _ in range(draw(st.integers(1, 3))):
        outline = draw(st.booleans())
        lines += [f"  @t{draw(st.integers(0, 3))}"] if draw(st.booleans()) else []
        lines.append(f"  Scenario{' Outline' if outline else ''}: {draw(names)}")
        for keyword in draw(
            st.lists(st.sampled_from(["Given", "When", "Then", "And", "But", "*"]), min_size=1, max_size=4)
        ):
            lines.append(f"    {keyword} {draw(names)}")
            argument = draw(st.sampled_from(["", "", "table", "docstring"]))
            lines += ["      | a | <what> |", "", "      | \\| | 2 |"] if argument == "table" else []
            lines += ['      """', "      text", "", "        deeper", '      """'] if argument == "docstring" else []
        if outline:
            lines += ["", "    Examples:", "      | what | n |"]
            lines += [f"      | {draw(st.integers(0, 5))} | x |" for _ in range(draw(st.integers(1, 3)))]
        lines.append("")
    return "\n".join(lines)


def indented(text: str, by: str) -> str:
    return "\n".join(by + line if line.strip() or by.strip() else line for line in text.split("\n"))


CONTAINERS = [
    ("", ""), ("- item\n\n", "    "), ("1. item\n\n    - deeper\n\n", "        "),
    ('=== "Tab"\n\n', "    "), ("!!! note\n\n", "    "),
    ('??? note "More"\n\n', "    "), ("", "> "), ("> - item\n>\n", ">     "), ("", "> > "), ("[^1]: note\n\n", "    "),
    ("term\n:   text\n\n", "    "), ('!!! note\n\n    === "Tab"\n\n', "        "),
]  # fmt: skip
ODD_CONTAINERS = [
    *CONTAINERS, ("prose\n\n", "    "), ("<!--\n", ""), ("<div markdown>\n", ""), ("<div>\n", ""),
    ("- item\n", "  "), ("", " "), ("", "   "),
    ("prose\n", ""), ("- ", ""), ("> ", ""), ("~~~text\n", ""), ("````md\n", ""),
]  # fmt: skip
OPENERS = [
    ("```gherkin", "```"), ("~~~gherkin", "~~~"), ("````gherkin", "````"), ("``` { .gherkin }", "```"),
    ("``` gherkin", "```"),
    ("``` { .gherkin run=false }", "```"), ("```gherkin {run=false}", "```"),
    ('```gherkin title="T" hl_lines="1"', "```"),
    ('``` { .gherkin run="off" }', "```"), ("``` { .gherkin #id .other }", "```"),
]  # fmt: skip
ODD_OPENERS = [
    *OPENERS, ("```Gherkin", "```"), ("```gherkin", ""), ("```gherkin", "~~~"), ("```text", "```"), ("```", "```"),
    ("```gherkin", "````"), ("```gherkin nonsense", "```"),
]  # fmt: skip


@st.composite
def fence(draw: st.DrawFn, gherkin: st.SearchStrategy[str], *, odd: bool = False) -> str:
    before, by = draw(st.sampled_from(ODD_CONTAINERS if odd else CONTAINERS))
    opening, closing = draw(st.sampled_from(ODD_OPENERS if odd else OPENERS[:5]))
    return before + indented(f"{opening}\n{draw(gherkin)}\n{closing}", by)


prose = st.one_of(
    names,
    st.sampled_from(["# Title", "## Stable mode", "Title\n=====", "* * *", "    code", "<p>raw</p>"]),
    st.just("| a | b |\n|---|---|\n| 1 | 2 |"),
    st.lists(names, max_size=3).map("\n- ".join),
)  # fmt: skip
any_page = st.lists(st.one_of(prose, fence(junk_gherkin, odd=True), fence(good_gherkin(), odd=True)), max_size=6).map(
    "\n\n".join
)
# An empty element between two parts keeps Markdown from taking one for a continuation of the other.
plain_prose = st.sampled_from(
    ["Some prose.", "# Title", "## Stable mode", "## Other", "- item\n- item", "<p>raw</p>", ""]
)
good_pages = st.lists(st.one_of(plain_prose, fence(good_gherkin())), max_size=6)
good_page = good_pages.map("\n\n<p></p>\n\n".join)


# ---- what holds ----


@quickly
@given(any_page)
def test_what_is_read_is_what_is_rendered(text: str) -> None:
    blocks = page_of(spec_of(text)).blocks
    assert [(normal(block.source), block.runs) for block in blocks] == rendered(text)


@quickly
@given(good_page)
def test_a_rendered_page_shows_every_block_that_was_read(text: str) -> None:
    spec = spec_of(text)
    context = PageContext(judge(spec, Results({}), name="Site", state="internal", fail_on=["red"]), "docs/page.md")
    md = markdown.Markdown(extensions=[*SITE_EXTENSIONS, JettyExtension(context)])
    md.convert(text)
    assert not context.unread
    assert not context.unshown


@quickly
@given(st.one_of(any_page, good_page))
def test_every_line_number_is_the_authors(text: str) -> None:
    spec = spec_of(text)
    lines = ["", *text.split("\n")]
    for scenario in scenarios_of(spec):
        assert scenario.keyword in lines[scenario.line]
        assert (scenario.outline or scenario.name) in lines[scenario.line]
        assert scenario.row_line is None or "|" in lines[scenario.row_line]
        for step in scenario.steps:
            assert step.keyword in lines[step.line]
            assert scenario.row_line is not None or step.text in lines[step.line]
    for block in page_of(spec).blocks:
        assert "gherkin" in lines[block.line]
        for item in block.items:
            assert item.name in lines[item.line]
            steps = () if not isinstance(item, ShownScenario) else item.steps
            assert all(step.text in lines[step.line] for step in steps)
    for problem in spec.problems:
        assert problem.line is None or 1 <= problem.line <= len(lines)


@quickly
@given(st.one_of(any_page, good_page))
def test_each_scenario_has_its_own_id_and_its_own_place_on_the_page(text: str) -> None:
    spec = spec_of(text)
    ids = [scenario.id for scenario in scenarios_of(spec)]
    shown = [
        each
        for block in page_of(spec).blocks
        for item in block.items
        if isinstance(item, ShownScenario)
        for each in item.scenario_ids
    ]
    assert len(set(ids)) == len(ids)
    assert sorted(shown) == sorted(ids)
    assert all(feature.id and each.id.startswith(f"{feature.id}/") for feature, each in spec.scenarios())


@quickly
@given(st.one_of(any_page, good_page), st.sampled_from(["\r\n", "\r"]), st.booleans())
def test_the_ends_of_lines_and_a_byte_order_mark_change_nothing(text: str, newline: str, mark: bool) -> None:
    other = ("\ufeff" if mark else "") + text.replace("\n", newline)
    assert spec_of(other) == spec_of(text)


@quickly
@given(good_pages, good_gherkin())
def test_a_fence_at_the_end_never_changes_what_stands_before(parts: list[str], added: str) -> None:
    text = "\n\n<p></p>\n\n".join(parts)
    before = scenarios_of(spec_of(text))
    after = scenarios_of(spec_of(f"{text}\n\n<p></p>\n\n```gherkin\n{added}\n```\n"))
    more = len(after) - len(before)
    assert more > 0
    assert [each for each in after if each in before] == before


@quickly
@given(
    good_pages,
    good_pages,
    st.sampled_from(["Scenario: x\n  Given y\n  no", "Feature: x\n  | a |", "# language: xx\nScenario: x"]),
)
def test_a_broken_fence_never_changes_its_neighbours(above: list[str], below: list[str], broken: str) -> None:
    def page(source: str) -> list[Scenario]:
        return scenarios_of(spec_of("\n\n<p></p>\n\n".join([*above, source, *below])))

    height = broken.count("\n")
    example = page("```text\n" + "\n" * height + "\n```")
    assert page(f"```gherkin\n{broken}\n```") == example


@quickly
@given(good_pages, good_pages)
def test_below_a_broken_background_nothing_runs_that_it_would_hold_for(above: list[str], below: list[str]) -> None:
    def page(source: str) -> list[tuple[Feature, Scenario]]:
        return list(spec_of("\n\n<p></p>\n\n".join([*above, source, *below])).scenarios())

    line = "\n\n<p></p>\n\n".join([*above, ""]).count("\n")
    for feature, scenario in page("```gherkin\nBackground:\n  Given y\n  no\n```"):
        own = feature.line == 1
        assert (scenario.defect == "invalid-gherkin") == (own and scenario.line > line)


@quickly
@given(st.binary(max_size=60), junk_gherkin)
def test_no_bytes_are_too_strange_to_be_read(raw: bytes, gherkin: str) -> None:
    spec_of(b"```gherkin\n" + raw + gherkin.encode() + b"\n```\n" + raw)
