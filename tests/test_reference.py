"""The reference says what the code says, and every message has a code in it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from commands import invoke
from message_templates import templates

from mkdocs_jetty import kinds
from mkdocs_jetty.config import OPTION_NAMES
from mkdocs_jetty.kinds import GROUPS, KINDS, OTHER, code_of, coded

ROOT = Path(__file__).parents[1]
FROM_ELSEWHERE = {
    "assess.py: text",
    "hosts/mkdocs.py: message",
    "hosts/mkdocs_build.py: error[1]",
    "hosts/mkdocs_run.py: line",
    "run/collect.py: message",
    "run/imported.py: said",
    "run/store.py: str(entry['message'])",
    "spec/build.py: each.message",
    "spec/build.py: lost.message",
    "spec/fences.py: each.message",
    "spec/mistakes.py: message",
    "spec/page.py: each.message",
    "spec/page.py: markdown.meta_error[1]",
    "spec/reader.py: message",
    "spec/swallowed.py: first + 1 + lost",
}
"""Problems whose message another place has made; `SAMPLES` has one of each that no template shows."""
SAMPLES = {
    "… and … … match: … scenario…, the first: …": "`a.py:1` and `b.py:2` both match: 3 scenarios, the first: One",
    "`…` has no … `…`…; it has …": "`project` has no key `x`; it has state",
    "… has no … `…`…; it has …": "jetty.toml has no table `x`; it has project",
    "……: a plugin shows it where it is no part of the page": "this block was not read as specification, so it did not "
    "run: a plugin shows it where it is no part of the page",
    "…line ……": "",
    "…; …": "nothing here runs: this block holds no scenario; if it is only an example, open the fence with",
    "…; if it is only an example, open the fence with ``` { .gherkin run=false }": "",
}
PASSED_ON = ["…: …", "jetty.toml: …"]
MORE = {
    "the tag `@Prodcution` says nothing here; did you mean `@production`?": "JTY209",
    "the heading `Stabel` above sets no mode; did you mean `Stable`?": "JTY209",
    "the doc string that opens here ends only in line 9, so `x` in line 7 is its text and does not run": "JTY208",
    "the front matter cannot be read: mapping values are not allowed here": "JTY106",
    "`markdown_extensions`: `x` cannot be used without a build (no module)": "JTY103",
    "`timeout` must be a number of seconds above 0, not 'soon'": "JTY109",
    "`until` must be a date such as 2026-11-22, without quotes, not 'x'": "JTY505",
    "'regulated' without a framework: name those you answer to": "JTY512",
    "`tags: @x` selects none of the scenarios, so nothing runs": "JTY403",
    "these results cannot be read: nothing there": "JTY601",
    "whatever a hook says": OTHER,
}


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_pages_are_fresh() -> None:
    made = reference().pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs/reference").glob("*.md")}
    stale = [name for name in {*made, *there} if made.get(name) != there.get(name)]
    assert not stale, "run `python tools/reference.py`"


def test_its_pages_are_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert not [name for name in reference().pages() if f"reference/{name}" not in navigation]


def test_every_message_of_the_source_is_of_one_kind() -> None:
    found, unknown = templates()
    assert len(found) > 140
    wrong = {}
    for text, place in found.items():
        said = SAMPLES.get(text, text)
        codes = [kind.code for kind in KINDS if re.search(kind.pattern, said)] if said else ["no message"]
        if len(codes) != 1:
            wrong[text] = (place, codes)
    assert not wrong, "give it a kind in `kinds.py`"
    assert unknown <= FROM_ELSEWHERE, "the test cannot see what these say"


def test_every_message_of_a_wrong_configuration_has_a_code() -> None:
    found, _ = templates({"ConfigError": 0, "PresetError": 0, "option_error": 2}, {})
    assert len(found) > 40
    without = [
        text for text in found if f"[{kinds.PREFIX}" not in coded(text.replace(": ", "f: ", text.startswith(":")))
    ]
    assert without == PASSED_ON


def test_codes_are_unique_and_sorted_and_every_kind_is_of_a_group() -> None:
    codes = [kind.code for kind in KINDS]
    assert codes == sorted(set(codes))
    assert all(re.fullmatch(r"JTY[1-9]\d\d", code) and code[3] in GROUPS for code in codes)


def test_a_code_is_explained_on_the_terminal() -> None:
    said = invoke("explain", "[jty506]").stdout
    assert said.startswith("JTY506: A record does not fit\n")
    assert "](" not in invoke("explain", "JTY106").stdout
    wrong = invoke("explain", "JTY5066")
    assert wrong.exit_code == 2
    assert "did you mean `JTY506`?" in wrong.stderr


def test_options_are_told_from_keys_of_the_declaration() -> None:
    assert set(kinds.OPTIONS) == set(OPTION_NAMES)


@pytest.mark.parametrize(("message", "code"), MORE.items())
def test_a_message_made_elsewhere_has_its_code(message: str, code: str) -> None:
    assert code_of(message) == code
    assert len([kind for kind in KINDS if re.search(kind.pattern, message)]) == (code != OTHER)
