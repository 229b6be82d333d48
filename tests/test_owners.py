"""Whom to ask: front matter, an `@owner:` tag, or the `CODEOWNERS` file of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import Feature, Scenario, Spec
from mkdocs_jetty.spec.owners import code_owners, tagged_owner, with_owners

OWNERS = """\
# who answers for what
*            @acme/everyone
/docs/shop/  @acme/checkout  checkout@example.org # and a remark
docs/*.md    @ada

[Finance][2] @acme/finance
docs/tax.md
docs/free.md @nobody
/docs/open/
"""


def scenario(*tags: str) -> Scenario:
    return Scenario("f/a", "A", "Scenario", "speed", tags, 1, ())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/CODEOWNERS").write_text(OWNERS, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("page", "owner"), [
    ("docs/shop/pay/card.md", "@acme/checkout checkout@example.org"),
    ("docs/index.md", "@ada"),
    ("docs/sub/index.md", "@acme/everyone"),
    ("docs/tax.md", "@acme/finance"),
    ("docs/free.md", "@nobody"),
    ("docs/open/a.md", "@acme/finance"),
])  # fmt: skip
def test_the_last_rule_that_matches_names_the_owner(repository: Path, page: str, owner: str) -> None:
    assert code_owners(repository).of(repository / page) == owner


def test_a_project_below_the_root_of_its_repository_is_named_from_there(repository: Path) -> None:
    project = repository / "docs/shop"
    project.mkdir(parents=True)
    spec = with_owners(Spec((Feature("f", "F", "pages/a.md", 1, ()),)), project)
    assert spec.features[0].owner == "@acme/checkout checkout@example.org"


def test_what_the_author_says_goes_before_the_file(repository: Path) -> None:
    feature = Feature("f", "F", "docs/a.md", 1, (), owner="billing")
    assert with_owners(Spec((feature,)), repository).features[0].owner == "billing"


def test_without_a_file_nobody_is_named(tmp_path: Path) -> None:
    feature = Feature("f", "F", "docs/a.md", 1, ())
    assert with_owners(Spec((feature,)), tmp_path).features[0].owner is None


def test_the_nearest_tag_wins() -> None:
    assert tagged_owner(["@owner:a", "@x", "@owner:b"]) == "b"
    assert tagged_owner(["@owner:"]) is None
    assert words.owner(Feature("f", "F", "a.md", 1, (), owner="team"), scenario("@owner:ada")) == "ada"
    assert words.owner(Feature("f", "F", "a.md", 1, (), owner="team"), scenario()) == "team"
    assert words.owner(Feature("f", "F", "a.md", 1, ()), scenario()) == ""
