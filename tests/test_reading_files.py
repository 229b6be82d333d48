"""Which files are read, under which names, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mkdocs.utils import markdown_extensions

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import MARKDOWN_SUFFIXES, read

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
    assert messages(spec) == ["`features` names `gone.feature`, which does not exist"]


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
    assert messages(spec)[0].startswith("docs/good.md:3: `id` under `jetty:`")


# ---- pages of every suffix, patterns, directories ----


@pytest.mark.parametrize("suffix", [".markdown", ".mdown", ".mkdn", ".mkd"])
def test_every_page_that_mkdocs_renders_is_read(project: Path, suffix: str) -> None:
    assert suffix in markdown_extensions
    put(project / f"docs/deep/other{suffix}", PAGE)
    put(project / "docs/other.MD", PAGE)
    assert pages(spec_of(project)) == [f"docs/deep/other{suffix}", "docs/good.md"]
    assert pages(spec_of(project, include=["deep/*.md"])) == [f"docs/deep/other{suffix}"]
    assert pages(spec_of(project, exclude=[f"**/*{suffix}"])) == ["docs/good.md"]
    # What is left out is only what was named.
    assert pages(spec_of(project, exclude=["**/*.md"])) == [f"docs/deep/other{suffix}"]


def test_the_suffixes_are_those_of_mkdocs() -> None:
    assert sorted(MARKDOWN_SUFFIXES) == sorted(markdown_extensions)


def test_a_pattern_that_no_page_matches_is_a_warning_and_an_error_where_nothing_is_left(project: Path) -> None:
    spec = spec_of(project, include=["good.md", "spec/**"])
    [problem] = spec.problems
    assert (problem.level, problem.page, problem.line) == ("warning", "", None)
    assert "no page of the site matches `spec/**`" in problem.message
    settings = from_options(project, project / "mkdocs.yml", "Site", project / "docs", {"include": ["spec/**"]})
    [problem] = read(settings).problems
    assert (problem.level, str(problem).startswith("mkdocs.yml: `include`: no page")) == ("error", True)
    assert problem.message.endswith("so none of them is read")


def test_a_directory_without_feature_files_is_a_warning(project: Path) -> None:
    (project / "specs").mkdir()
    assert messages(spec_of(project, features=["specs"])) == ["`features`: no `.feature` file was found in `specs`"]


def test_a_site_without_pages_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    assert not spec_of(tmp_path).problems


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_directory_that_may_not_be_read_is_a_problem(project: Path) -> None:
    for name in ("secret", "private", ".hidden"):
        put(project / f"docs/{name}/a.md", PAGE)
        (project / f"docs/{name}").chmod(0)
    try:
        spec = spec_of(project, exclude=["private/**"])
    finally:
        for name in ("secret", "private", ".hidden"):
            (project / f"docs/{name}").chmod(0o700)
    assert pages(spec) == ["docs/good.md"]
    assert messages(spec) == [
        "docs/secret: this directory cannot be read, nor anything below it: Permission denied",
    ]


def test_a_directory_that_cannot_be_listed_is_a_problem(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(project / "docs/secret/a.md", PAGE)
    scan = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == "secret":  # noqa: PTH119 - as `os.walk` passes it
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert messages(spec_of(project)) == [
        "docs/secret: this directory cannot be read, nor anything below it: Permission denied"
    ]


# ---- front matter ----


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("exclude", '"no"'), ("exclude", '"false"'), ("exclude", "1"), ("exclude", "[]"),
        ("name", "12"), ("name", "no"), ("name", "[a]"), ("name", '""'), ("id", "12"), ("id", "a/b"),
        ("id", "[a]"), ("owner", "{a: b}"), ("owner", "true"), ("traits", "false"), ("traits", "{a: b}"),
        ("traits", "[1]"), ("traits", "[a, null]"), ("traits", '[""]'), ("steps", "3"), ("steps", "{a: b}"),
        ("steps", "[[a]]"), ("nam", "x"),
    ],
)  # fmt: skip
def test_a_key_of_the_wrong_kind_is_an_error_on_its_line(project: Path, key: str, value: str) -> None:
    put(project / "docs/good.md", f"---\ntitle: T\nname: other\n\njetty:\n  # why\n  {key}: {value}\n---\n{PAGE}")
    spec = spec_of(project)
    [problem] = spec.problems
    assert (problem.level, problem.page, problem.line) == ("error", "docs/good.md", 7)
    assert f"`{key}`" in problem.message
    # As if it were not there.
    assert [(f.id, f.name, f.traits, f.traits_declared, f.owner) for f in spec.features] == [
        ("t", "T", (), False, None)
    ]
    assert not spec.pages[0].steps


def test_what_is_wrong_on_a_page_without_specification_is_said_too(project: Path) -> None:
    put(project / "docs/prose.md", '---\njetty:\n  exclude: "no"\n---\nProse.\n')
    assert messages(spec_of(project))[0].startswith("docs/prose.md:3: `exclude`")


def test_keys_of_the_right_kind_are_taken(project: Path) -> None:
    put(project / "features/steps.py", "")
    keys = "{name: N, id: '12', traits: [a, b], owner: O, steps: [features/steps.py, steps.py], exclude: no}"
    put(project / "docs/good.md", f"---\njetty: {keys}\n---\n{PAGE}")
    spec = spec_of(project)
    assert not spec.problems
    assert [(f.id, f.name, f.traits, f.owner) for f in spec.features] == [("12", "N", ("a", "b"), "O")]
    assert spec.pages[0].steps == ("features/steps.py", "features/steps.py")


@pytest.mark.parametrize(("traits", "declared"), [("", False), ("[]", True), ("one", True)])
def test_traits_without_a_value_are_not_declared(project: Path, traits: str, declared: bool) -> None:
    put(project / "docs/good.md", f"---\njetty:\n  traits: {traits}\n  steps:\n  exclude:\n---\n{PAGE}")
    spec = spec_of(project)
    assert not spec.problems
    assert [feature.traits_declared for feature in spec.features] == [declared]


def test_an_excluded_page_is_left_alone(project: Path) -> None:
    put(project / "docs/good.md", f"---\njetty:\n  exclude: true\n  steps: gone.py\n---\n{PAGE}")
    assert spec_of(project) == Spec()


def test_a_step_module_that_does_not_exist_is_an_error_on_its_line(project: Path) -> None:
    put(project / "features/here.py", "")
    put(project / "docs/good.md", f"---\njetty:\n  name: N\n  steps: [here.py, gone.py]\n---\n{PAGE}")
    [message] = messages(spec_of(project))
    assert message.startswith("docs/good.md:4: `steps` under `jetty:` in the front matter names `gone.py`")


# ---- ids ----

OWN_ID = f"---\njetty:\n  id: same\n---\n{PAGE}"


def test_an_id_that_two_pages_give_themselves_is_an_error_that_names_both(project: Path) -> None:
    put(project / "docs/a.md", OWN_ID)
    put(project / "docs/b.md", OWN_ID)
    put(project / "docs/good.md", "Prose.\n")
    spec = spec_of(project)
    assert [feature.id for feature in spec.features] == ["same", "same-b"]
    [problem] = spec.problems
    assert (problem.level, problem.page, problem.line) == ("error", "docs/b.md", 3)
    assert "docs/a.md:3" in problem.message


def test_an_id_that_was_made_from_a_name_gives_way_to_one_that_was_written_down(project: Path) -> None:
    put(project / "docs/a.md", f"# Same\n\n{PAGE}")
    put(project / "docs/b.md", OWN_ID)
    spec = spec_of(project)
    assert [(feature.id, feature.page) for feature in spec.features] == [
        ("same-a", "docs/a.md"), ("same", "docs/b.md"), ("good", "docs/good.md"),
    ]  # fmt: skip
    assert not spec.problems


def test_an_id_that_a_feature_of_the_page_has_already_is_an_error(project: Path) -> None:
    named = "```gherkin\nFeature: Same\n  Scenario: named\n    Given y\n```\n\n"
    put(project / "docs/good.md", f"---\njetty:\n  id: same\n---\n{named}{PAGE}")
    spec = spec_of(project)
    assert sorted(feature.id for feature in spec.features) == ["same", "same-2"]
    assert messages(spec) == ["docs/good.md:3: the `id` `same` is already that of the feature `Same` in line 6"]
