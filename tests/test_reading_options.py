"""What the options `features`, `exclude` and `steps` name, and what is said of that which is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_jetty import config
from mkdocs_jetty.spec.files import base_of
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

CLASSIC = "Feature: {}\n  Scenario: x\n    Given y\n"
FILES = (
    "feats/a.feature", "feats/b.feature", "feats/deep/c.feature", "feats/deep/er/d.feature", "feats/notes.txt",
    "other/e.feature", "docs/f.feature", ".hidden/g.feature", "node_modules/h.feature", "site/i.feature",
    "env/pyvenv.cfg", "env/j.feature", "f[1]/k.feature",
)  # fmt: skip


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in FILES:
        put(tmp_path / "project" / name, CLASSIC.format(name))
    put(tmp_path / "shared/z.feature", CLASSIC.format("Shared"))
    return tmp_path / "project"


def spec_of(root: Path, options: str) -> Spec:
    put(root / "mkdocs.yml", f"site_name: Site\nplugins:\n  - jetty:\n      {options}\n")
    return read(config.load(root / "mkdocs.yml"))


def named(spec: Spec) -> list[str]:
    return [page.path for page in spec.pages]


def messages(spec: Spec) -> list[str]:
    return [f"{problem.level}: {problem}" for problem in spec.problems]


@pytest.mark.parametrize(
    ("entry", "base"),
    [
        ("feats", "feats"),
        ("feats/a.feature", "feats/a.feature"),
        ("feats/*/c.feature", "feats"),
        ("**/*.feature", ""),
        ("gone", "gone"),
    ],
)
def test_a_pattern_has_a_directory_to_watch(project: Path, entry: str, base: str) -> None:
    assert base_of(project, entry) == project / base


EVERY = [name for name in FILES if name.startswith(("docs", "feats", "other", "f[")) and name.endswith(".feature")]


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        ("feats/*.feature", ["feats/a.feature", "feats/b.feature"]),
        ("feats/?.feature", ["feats/a.feature", "feats/b.feature"]),
        ("feats/**/*.feature", [name for name in EVERY if name.startswith("feats")]),
        ("./feats/*.feature", ["feats/a.feature", "feats/b.feature"]),
        ("feats/*", [name for name in EVERY if name.startswith("feats")]),
        ("f*/", [name for name in EVERY if name.startswith("f")]),
        ("*/deep/*.feature", ["feats/deep/c.feature"]),
        ("../shared/*.feature", ["../shared/z.feature"]),
        ("f[1]/k.feature", ["f[1]/k.feature"]),
        # What others made, the site itself, and what is hidden is not what a pattern means.
        ("**/*.feature", sorted(EVERY)),
        ("feats/b.feature, feats/*.feature", ["feats/b.feature", "feats/a.feature"]),
        (".hidden/*.feature", [".hidden/g.feature"]),
        ("site/i.feature", ["site/i.feature"]),
    ],
)
def test_features_takes_patterns(project: Path, patterns: str, files: list[str]) -> None:
    spec = spec_of(project, "features: [" + ", ".join(f'"{each}"' for each in patterns.split(", ")) + "]")
    assert sorted(named(spec)) == sorted(files)
    assert not spec.problems


def test_an_absolute_pattern_is_a_pattern(project: Path) -> None:
    assert named(spec_of(project, f"features: ['{project.parent}/shared/*.feature']")) == ["../shared/z.feature"]


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ("feats/a.feature", ["feats/b.feature", "feats/deep/c.feature", "feats/deep/er/d.feature"]),
        ("feats/deep/**", ["feats/a.feature", "feats/b.feature"]),
        ("**/[bc].feature", ["feats/a.feature", "feats/b.feature", "feats/deep/c.feature", "feats/deep/er/d.feature"]),
        ("**/*.feature", []),
        ("a.feature", ["feats/a.feature", "feats/b.feature", "feats/deep/c.feature", "feats/deep/er/d.feature"]),
    ],
)
@pytest.mark.parametrize("features", ["feats", "feats/**/*.feature"])
def test_exclude_reaches_feature_files_by_their_path_in_the_project(
    project: Path, features: str, exclude: str, left: list[str]
) -> None:
    spec = spec_of(project, f"features: ['{features}']\n      exclude: ['{exclude}']")
    assert named(spec) == left
    assert not spec.problems


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("features: [nosuch]", "error: mkdocs.yml:4: `features` names `nosuch`, which does not exist"),
        ("features: [feats/x]", "error: mkdocs.yml:4: `features` names `feats/x`, which does not exist"),
        (
            "features: [feats/*.feat]",
            "error: mkdocs.yml:4: `features` names `feats/*.feat`, which matches no `.feature` file",
        ),
        (
            "features: [gone/*.feature]",
            "error: mkdocs.yml:4: `features` names `gone/*.feature`, which matches no `.feature` file",
        ),
        ("tags: ''\n      steps: nosuch", "error: mkdocs.yml:5: `steps` names `nosuch`, which does not exist"),
        ("steps: [feats, nosuch.py]", "error: mkdocs.yml:4: `steps` names `nosuch.py`, which does not exist"),
        ("steps: tests/nosuch", "error: mkdocs.yml:4: `steps` names `tests/nosuch`, which does not exist"),
    ],
)  # fmt: skip
def test_what_an_option_names_and_nobody_has_is_an_error_at_its_line(project: Path, options: str, message: str) -> None:
    assert messages(spec_of(project, options)) == [message]


@pytest.mark.parametrize(
    "options", ["steps: features", "steps: mkdocs_jetty.steps.http", "steps: feats", "enabled: true"]
)
def test_the_default_directory_of_steps_may_be_missing(project: Path, options: str) -> None:
    assert not spec_of(project, options).problems
