"""The options: what they default to, and how a wrong one is answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mkdocs_jetty.config import OPTIONS, ConfigError, from_options, load
from mkdocs_jetty.standards.model import Declaration

GUIDE = Path(__file__).parent.parent / "docs/guide/steps.md"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mkdocs.yml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, text))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_guide_says_of_each_option_what_is_declared() -> None:
    guide = GUIDE.read_text(encoding="utf-8").split("## Options")[1]
    shown = re.findall(r"^\| `(\w+)` \| (.+?) \|(?: (.+))? \|$", guide, re.MULTILINE)
    assert shown == [(name, option.written, option.meaning) for name, option in OPTIONS.items()]


@pytest.mark.parametrize("name", OPTIONS)
def test_a_default_is_what_its_option_reads_from_how_the_guide_writes_it(name: str) -> None:
    option = OPTIONS[name]
    written = None if option.written == "none" else yaml.safe_load(option.written.strip("`"))
    assert option.read(written) == option.default


def test_defaults(tmp_path: Path) -> None:
    config_file = write(tmp_path, "site_name: Shop\nplugins: [jetty]\n")
    settings = load(config_file)
    assert vars(settings) == {
        "root": tmp_path,
        "config_file": config_file,
        "site_name": "Shop",
        "docs_dir": tmp_path / "docs",
        "site_dir": tmp_path / "site",
        "enabled": True,
        "execute": True,
        "steps": ("features",),
        "include": ("**/*.md",),
        "exclude": (),
        "features": (),
        "tags": "",
        "timeout": 60.0,
        "run_timeout": 1800.0,
        "memory_limit": None,
        "concurrency": "auto",
        "ambiguous": "error",
        "retries": 0,
        "cache": "auto",
        "cache_dir": tmp_path / ".cache/plugin/jetty",
        "syntax": ("fences",),
        "fail_on": ("red",),
        "results": (),
        "show_output": "auto",
        "expand_passed": False,
        "history": None,
        "source_url": None,
        "ledger": ".jetty/ledger.jsonl",
        "declaration": Declaration(),
        "unpublished": ("/templates/",),
    }


def test_every_option_is_taken_over(tmp_path: Path) -> None:
    options = {
        "enabled": False, "execute": False, "steps": "steps", "include": ["a/*.md"], "exclude": "b.md",
        "features": ["x.feature"], "tags": "@a and not @b", "timeout": 1.5, "run_timeout": 9, "memory_limit": 512,
        "concurrency": 3, "cache": False, "cache_dir": "tmp", "fail_on": ["red", "incomplete"], "results": ["r.ndjson"],
        "show_output": False, "source_url": "https://x/{path}#L{line}",
    }  # fmt: skip
    settings = from_options(tmp_path, None, "Shop", tmp_path / "pages", options)
    assert (settings.steps, settings.exclude, settings.timeout) == (("steps",), ("b.md",), 1.5)
    assert (settings.cache_dir, settings.docs_dir, settings.concurrency) == (tmp_path / "tmp", tmp_path / "pages", 3)
    assert settings.fail_on == ("red", "incomplete")


@pytest.mark.parametrize("plugins", ["[search]", "[jetty]", "{jetty: {}}", "\n  - jetty:\n", "\n  jetty:\n"])
def test_every_way_to_list_the_plugin_without_options(tmp_path: Path, plugins: str) -> None:
    assert load(write(tmp_path, f"plugins: {plugins}")).steps == ("features",)


def test_an_unknown_option_is_named_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    message = refused(tmp_path, "site_name: x\nplugins:\n  - search\n  - jetty:\n      step: features\n")
    assert message.startswith("mkdocs.yml:5: jetty has no option `step` (did you mean `steps`?)")


def test_a_line_is_looked_for_in_the_block_of_the_plugin(tmp_path: Path) -> None:
    message = refused(tmp_path, "plugins:\n  - tags:\n      tags: 1\n  - jetty:\n      tags: 1\n")
    assert message.startswith("mkdocs.yml:5: `tags` must be")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("enabled", "yes please"), ("execute", 1), ("steps", 3), ("steps", []), ("steps", [1]), ("include", {}),
        ("tags", "@a and ("), ("tags", ["@a"]), ("timeout", 0), ("timeout", True), ("timeout", "60"),
        ("run_timeout", -1), ("memory_limit", "1G"), ("memory_limit", 0), ("concurrency", 0), ("concurrency", "many"),
        ("cache", None), ("cache_dir", ""), ("fail_on", "blue"), ("fail_on", [1]), ("fail_on", None), ("results", 1),
        ("show_output", "always"), ("source_url", 1),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, option: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"jetty: `{option}` must be"):
        from_options(tmp_path, None, "x", tmp_path, {option: value})


def test_a_misspelt_word_gets_a_suggestion(tmp_path: Path) -> None:
    message = refused(tmp_path, "plugins:\n  - jetty:\n      fail_on: [redd]\n")
    assert message.startswith("mkdocs.yml:3: ")
    assert "did you mean `red`?" in message


def test_fail_on_may_be_empty(tmp_path: Path) -> None:
    assert load(write(tmp_path, "plugins:\n  - jetty:\n      fail_on: []\n")).fail_on == ()


def test_tags_only_mkdocs_understands_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETTY_TEST_EXECUTE", "false")
    text = """\
markdown_extensions:
  - pymdownx.superfences:
      format: !!python/name:pymdownx.superfences.fence_code_format
  - snippets: {base_path: !relative $config_dir}
  - x: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}
plugins:
  - jetty:
      execute: !ENV JETTY_TEST_EXECUTE
      timeout: !ENV [JETTY_TEST_NOT_SET, 7]
"""
    settings = load(write(tmp_path, text))
    assert (settings.execute, settings.timeout) == (False, 7.0)


def test_an_inherited_file_counts(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text("docs_dir: pages\nplugins: {jetty: {timeout: 5, cache: false}}\n")
    settings = load(write(tmp_path, "INHERIT: base.yml\nplugins: {jetty: {timeout: 6}}\n"))
    assert (settings.docs_dir, settings.timeout, settings.cache) == (tmp_path / "pages", 6.0, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [\n", "mkdocs.yml:2: this is not valid YAML"),
        ("- a\n", "a mapping of settings is expected"),
        ("INHERIT: mkdocs.yml\n", "goes round in a circle"),
        ("plugins:\n  - jetty: fast\n", "mkdocs.yml:2: `jetty` must be a mapping of options"),
        ("docs_dir: 3\n", "`docs_dir` must be a text"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "mkdocs.yml")


def test_the_state_comes_from_the_declaration(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text('[project]\nstate = "external"\npreset = "startup-mvp"\n')
    assert load(write(tmp_path, "plugins: [jetty]")).state == "external"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[project]\nstate = "extern"\n', "jetty.toml:2: `state` must be `internal` or `external` (did you mean"),
        ("[project\n", "jetty.toml:1: this is not valid TOML"),
    ],
)
def test_a_wrong_declaration_says_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "jetty.toml").write_text(text)
    assert message in refused(tmp_path, "plugins: [jetty]")
