"""Sites put together from several folders or repositories: every scenario runs, named by its own file and line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from building import Built, Site, ordered, page, scenario

ROOT_PAGES = {"docs/index.md": "# Home\n", "docs/cart.md": page("Cart", scenario("Filling"))}
SUB_PAGES = {
    "sub/mkdocs.yml": "site_name: sub\nnav:\n  - Home: index.md\n  - Door: door.md\n",
    "sub/docs/index.md": "# Sub\n",
    "sub/docs/door.md": page("Door", scenario("Opening", "it breaks"), scenario("Closing")),
}
NAV = [{"Home": "index.md"}, {"Cart": "cart.md"}, {"Sub": "!include ./sub/mkdocs.yml"}]


def assert_both_are_run(built: Built) -> None:
    built.fails(passed=2, failed=1)
    assert built.shown("cart/") == [("Filling", "green")]
    assert built.shown("sub/door/") == [("Opening", "red"), ("Closing", "green")]
    assert "sub/docs/door.md:4: Opening: failed" in built.log
    assert ".." not in built.page("jetty/spec.json")
    assert "docs_" not in built.page("jetty/spec.json")


@pytest.mark.works("mkdocs-monorepo-plugin", "`!include`d projects run; failures name their own files")
def test_included_projects_run(site: Site, order: str) -> None:
    assert_both_are_run(site.build({**ROOT_PAGES, **SUB_PAGES}, ordered(order, "search", "monorepo"), nav=NAV))


@pytest.mark.works("mkdocs-techdocs-core", "Backstage's bundle, with and without `!include`")
def test_techdocs_runs_included_projects(tmp_path: Path, order: str) -> None:
    site = Site(tmp_path, "sites-techdocs")
    built = site.build({**ROOT_PAGES, **SUB_PAGES}, ordered(order, "techdocs-core"), nav=NAV)
    assert_both_are_run(built)


@pytest.mark.works("mkdocs-techdocs-core", "Backstage's bundle, with and without `!include`")
def test_techdocs_builds_a_green_site(tmp_path: Path) -> None:
    site = Site(tmp_path, "sites-techdocs")
    site.build(ROOT_PAGES, ordered("after", "techdocs-core"), "--strict").holds(passed=1)


def repository(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git = [
        "git",
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-C",
        str(folder),
    ]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Start"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)


@pytest.mark.works(
    "mkdocs-multirepo-plugin", "pages of imported repositories run; a red site is cleaned up as a green one"
)
def test_imported_repositories_run(site: Site, tmp_path_factory: pytest.TempPathFactory, order: str) -> None:
    other = tmp_path_factory.mktemp("other")
    repository(
        other,
        {"docs/index.md": "# Sub\n", "docs/door.md": SUB_PAGES["sub/docs/door.md"], "mkdocs.yml": "site_name: sub\n"},
    )
    repos = [{"section": "sub", "import_url": f"file://{other}?branch=main"}]
    built = site.build(
        ROOT_PAGES,
        ordered(order, "search", {"multirepo": {"cleanup": True, "repos": repos}}),
        repo_url="https://example.org/shop",
        edit_uri="edit/main/docs",
    )
    built.fails(passed=2, failed=1)
    assert built.shown("cart/") == [("Filling", "green")]
    assert built.shown("sub/door/") == [("Opening", "red"), ("Closing", "green")]
    assert not (site.root / "temp_dir").exists()
