"""Kept results: they come back as they were, and only for what is still as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mkdocs_jetty import config
from mkdocs_jetty.hosts.zensical import links
from mkdocs_jetty.run import store
from mkdocs_jetty.run.fingerprint import after_run, fingerprint
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.spec import reader
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from mkdocs_jetty.config import Settings

PAGE = "# Cart\n\n```gherkin\nScenario: Filling\n  Given a cart\n```\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Shop\n")
    (tmp_path / "docs/cart.md").write_text(PAGE)
    (tmp_path / "features/steps.py").write_text("")
    return config.load(tmp_path / "mkdocs.yml")


def keep(settings: Settings, duration: float = 2.5) -> Results:
    spec = reader.read(settings)
    step = StepResult("passed", duration, "features/steps.py:1", candidates=("a:1",))
    scenarios = {one.id: ScenarioResult("passed", None, (step,), duration) for _, one in spec.scenarios()}
    results = Results(scenarios, (Problem("warning", "", None, None, "odd"),), 1.5)
    store.save(results, spec, settings, fingerprint(settings, spec))
    return results


def loaded(settings: Settings) -> Results | None:
    return store.load(reader.read(settings), settings)


def test_results_come_back_as_they_were(settings: Settings) -> None:
    assert keep(settings) == loaded(settings)


def test_prose_does_not_make_a_result_stale(settings: Settings) -> None:
    results = keep(settings)
    (settings.docs_dir / "cart.md").write_text(PAGE.replace("# Cart\n", "# Cart\n\nMore prose.\n"))
    assert results == loaded(settings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docs/cart.md", PAGE.replace("a cart", "two carts")),
        ("features/steps.py", "x = 1\n"),
        ("docs/conftest.py", "\n"),
        ("app/main.py", "y = 2\n"),
        ("app/page.html", "<p>Hello</p>\n"),
    ],
)
def test_what_changed_is_unknown(settings: Settings, name: str, text: str) -> None:
    keep(settings)
    (settings.root / name).parent.mkdir(exist_ok=True)
    (settings.root / name).write_text(text)
    results = loaded(settings)
    assert results is not None
    assert {result.status for result in results.scenarios.values()} == {"unknown"}


@pytest.mark.parametrize("changed", [{"ambiguous": "warn"}, {"retries": 1}, {"tags": "@a"}])
def test_what_ran_by_other_options_is_unknown(settings: Settings, changed: dict[str, object]) -> None:
    keep(settings)
    results = loaded(replace(settings, **changed))  # type: ignore[arg-type]
    assert results is not None
    assert {result.status for result in results.scenarios.values()} == {"unknown"}


@pytest.mark.parametrize("name", ["site/index.html", "jetty.toml", "docs/cart.png", ".git/index", "mkdocs.yml"])
def test_what_no_result_depends_on_may_change(settings: Settings, name: str) -> None:
    results = keep(settings)
    (settings.root / name).parent.mkdir(exist_ok=True)
    (settings.root / name).write_text("")
    assert results == loaded(settings)


def test_a_run_may_write_files_but_code_that_changes_meanwhile_is_not_what_ran(settings: Settings) -> None:
    spec = reader.read(settings)
    before = fingerprint(settings, spec)
    (settings.root / "shop.db").write_bytes(b"rows")
    assert after_run(before, settings, spec) == fingerprint(settings, spec)
    (settings.root / "shop.py").write_text("z = 3\n")
    assert after_run(before, settings, spec) != fingerprint(settings, spec)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1}', '{"schema": 99}', "[" * 100_000, "\x00\xff"])
def test_a_file_that_cannot_be_understood_holds_no_results(settings: Settings, text: str) -> None:
    keep(settings)
    store.results_file(settings.root).write_text(text, encoding="utf-8")
    assert loaded(settings) is None


def test_a_status_nobody_knows_is_no_result(settings: Settings) -> None:
    keep(settings)
    path = store.results_file(settings.root)
    path.write_text(path.read_text().replace('"passed"', '"splendid"'))
    assert loaded(settings) is None


def test_the_file_is_left_alone_when_only_times_differ(settings: Settings) -> None:
    keep(settings)
    before = store.results_file(settings.root).read_text()
    keep(settings, duration=99)
    assert store.results_file(settings.root).read_text() == before


@pytest.mark.parametrize(
    ("page", "url", "directories", "expected"),
    [("docs/a/b.md", "", True, "a/b/"), ("docs/a/b.md", "c/", True, "../a/b/"),
     ("docs/index.md", "a/b/", True, "../../"),
     ("docs/a b.md", "a/c.html", False, "../a%20b.html")],
)  # fmt: skip
def test_links_between_pages_are_relative(page: str, url: str, directories: bool, expected: str) -> None:
    assert links("docs", url, directories=directories)(page) == expected
