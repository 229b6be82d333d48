"""Kept results: they come back as they were, and only for what is still as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
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
    """Keep results, and return them as they are to come back."""
    spec = reader.read(settings)
    step = StepResult("passed", duration, "features/steps.py:1", candidates=("a:1",))
    scenarios = {one.id: ScenarioResult("passed", None, (step,), duration) for _, one in spec.scenarios()}
    results = Results(scenarios, (Problem("warning", "", None, None, "odd"),), 1.5)
    store.save(results, spec, settings, fingerprint(settings, spec), "6678bad")
    today = datetime.now(timezone.utc).date()
    return replace(results.reused(), made_on=today, commit="6678bad")


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
        ("docs/example.json", '{"ok": false}'),
        (".config/app.json", "{}"),
        ("docs/openapi.yaml", "openapi: 3.1.0"),
    ],
)
def test_what_changed_is_unknown(settings: Settings, name: str, text: str) -> None:
    keep(settings)
    (settings.root / name).parent.mkdir(exist_ok=True)
    (settings.root / name).write_text(text)
    results = loaded(settings)
    assert results is not None
    assert {result.status for result in results.scenarios.values()} == {"unknown"}
    (said,) = {result.message for result in results.scenarios.values()}
    assert said == (f"`{name}` changed since it last ran. {store.AGAIN}" if name != "docs/cart.md" else store.STALE)


def test_what_a_link_leads_to_counts_as_if_it_stood_here(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("lib")
    (elsewhere / "shop.json").write_text("1")
    (settings.root / "lib").symlink_to(elsewhere, target_is_directory=True)
    (settings.root / "round").symlink_to(settings.root, target_is_directory=True)
    assert keep(settings) == loaded(settings)
    (elsewhere / "shop.json").write_text("2")
    results = loaded(settings)
    assert results is not None
    assert {result.status for result in results.scenarios.values()} == {"unknown"}


def test_a_variable_that_the_code_reads_counts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.root / "shop.py").write_text("import os\nPRICE = os.environ.get('SHOP_PRICE')\n")
    monkeypatch.setenv("SHOP_PRICE", "1")
    assert keep(settings) == loaded(settings)
    monkeypatch.setenv("OTHER", "1")
    assert loaded(settings) == keep(settings)
    monkeypatch.setenv("SHOP_PRICE", "2")
    results = loaded(settings)
    assert results is not None
    (said,) = {result.message for result in results.scenarios.values()}
    assert said == f"An option, or a variable of the environment, has changed since it last ran. {store.AGAIN}"
    assert "SHOP_PRICE" not in store.results_file(settings.root).read_text()


@pytest.mark.parametrize("changed", [{"ambiguous": "warn"}, {"retries": 1}, {"tags": "@a"}, {"timeout": 3.0}])
def test_what_ran_by_other_options_is_unknown(settings: Settings, changed: dict[str, object]) -> None:
    keep(settings)
    results = loaded(replace(settings, **changed))  # type: ignore[arg-type]
    assert results is not None
    assert {result.status for result in results.scenarios.values()} == {"unknown"}


@pytest.mark.parametrize("name", ["site/index.html", "jetty.toml", "README.md", ".git/index", "mkdocs.yml"])
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
