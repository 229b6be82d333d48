"""Which files are read, under which names, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

PAGE = "```gherkin\nScenario: x\n  Given y\n```\n"
CLASSIC = "Feature: Classic\n  Scenario: x\n    Given y\n"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    put(tmp_path / "project/docs/good.md", PAGE)
    return tmp_path / "project"


def spec_of(root: Path, docs: str = "docs", **options: object) -> Spec:
    return read(from_options(root, None, "Site", root / docs, options))


def pages(spec: Spec) -> list[str]:
    return [page.path for page in spec.pages]


def messages(spec: Spec) -> list[str]:
    return [str(problem) for problem in spec.problems]


def test_feature_files_outside_the_pages_are_named_from_the_project(project: Path) -> None:
    put(project / "specs/deep/a.feature", CLASSIC)
    put(project.parent / "shared/b.feature", CLASSIC.replace("Classic", "Shared"))
    spec = spec_of(project, features=["specs", "../shared/b.feature", "gone.feature"])
    assert pages(spec) == ["docs/good.md", "specs/deep/a.feature", "../shared/b.feature"]
    assert messages(spec) == ["gone.feature: cannot be read: No such file or directory"]


def test_pages_outside_the_project_have_no_absolute_name(project: Path) -> None:
    put(project.parent / "texts/far.md", PAGE)
    spec = spec_of(project, docs="../texts")
    assert pages(spec) == ["../texts/far.md"]
    assert not spec.problems


def test_a_link_out_of_the_project_is_refused(project: Path) -> None:
    (project / "docs/link.md").symlink_to(put(project.parent / "outside/a.md", PAGE))
    (project / "docs/deep").symlink_to(project.parent / "outside")
    (project / "link.feature").symlink_to(put(project.parent / "outside/a.feature", CLASSIC))
    spec = spec_of(project, features=["link.feature"])
    assert pages(spec) == ["docs/good.md"]
    assert [each.split(",")[0] for each in messages(spec)] == [
        f"{name}: is a link to a file outside the project"
        for name in ("docs/deep/a.md", "docs/link.md", "link.feature")
    ]


def test_a_link_out_of_the_project_may_hold_prose(project: Path) -> None:
    (project / "docs/readme.md").symlink_to(put(project.parent / "README.md", "# About\n"))
    assert not spec_of(project).problems


def test_a_link_within_the_project_is_read_and_circles_end(project: Path) -> None:
    put(project / "more/a.md", PAGE)
    (project / "docs/more").symlink_to(project / "more")
    (project / "docs/circle").symlink_to(project / "docs")
    spec = spec_of(project)
    assert pages(spec) == ["docs/good.md", "docs/more/a.md"]
    assert not spec.problems


def test_what_is_no_file_is_a_problem_of_its_own(project: Path) -> None:
    put(project / "docs/directory.md/inside.md", PAGE)
    os.mkfifo(project / "docs/pipe.md")
    (project / "docs/nowhere.md").symlink_to(project / "gone")
    spec = spec_of(project)
    assert pages(spec) == ["docs/directory.md/inside.md", "docs/good.md"]
    assert messages(spec) == [
        "docs/directory.md: cannot be read: it is a directory",
        "docs/nowhere.md: cannot be read: No such file or directory",
        "docs/pipe.md: cannot be read: it is no regular file",
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_spoils_itself_only(project: Path) -> None:
    put(project / "docs/secret.md", PAGE).chmod(0)
    spec = spec_of(project)
    assert pages(spec) == ["docs/good.md"]
    assert messages(spec) == ["docs/secret.md: cannot be read: Permission denied"]


def test_a_feature_named_like_its_page_stays_apart_from_the_pages_own(project: Path) -> None:
    own = "```gherkin\nScenario: own\n  Given y\n```\n"
    put(
        project / "docs/good.md", f"# Login\n\n```gherkin\nFeature: Login\n  Scenario: named\n    Given y\n```\n\n{own}"
    )
    spec = spec_of(project)
    assert sorted(scenario.id for _, scenario in spec.scenarios()) == ["login-2/own", "login/named"]
    assert [block.feature_id for block in spec.pages[0].blocks] == ["login", "login-2"]


def test_a_footnote_counts_where_it_is_written_and_shows_where_it_is_rendered(project: Path) -> None:
    note = "[^1]: note\n\n" + "".join(f"    {line}\n" for line in PAGE.splitlines())
    put(project / "docs/good.md", f"Text.[^1]\n\n{note}\n\n{PAGE}")
    spec = spec_of(project)
    assert [(scenario.id, scenario.line) for _, scenario in spec.scenarios()] == [("good/x", 6), ("good/x-2", 12)]
    assert [block.line for block in spec.pages[0].blocks] == [11, 5]


def test_a_misspelt_step_is_found_in_a_quote_too(project: Path) -> None:
    put(project / "docs/good.md", "> ```gherkin\n> Scenario: x\n>   Givn y\n>   Then z\n> ```\n")
    assert messages(spec_of(project))[0].startswith("docs/good.md:3: this line is read as description")


def test_an_id_that_no_address_could_hold_is_a_problem(project: Path) -> None:
    put(project / "docs/good.md", f"---\njetty:\n  id: a/b c\n---\n{PAGE}")
    spec = spec_of(project)
    assert [scenario.id for _, scenario in spec.scenarios()] == ["good/x"]
    assert messages(spec)[0].startswith("docs/good.md:1: `id` under `jetty:`")
