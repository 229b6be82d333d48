"""What in a description was meant to run, and what is only prose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

Read = Callable[[str], Spec]


@pytest.fixture
def read_fence(tmp_path: Path) -> Read:
    def act(gherkin: str) -> Spec:
        (tmp_path / "page.md").write_text(f"```gherkin\n{gherkin}\n```\n", encoding="utf-8")
        return read(from_options(tmp_path, None, "Site", tmp_path, {}))

    return act


def found(spec: Spec, level: str) -> list[int]:
    """The lines of the problems of a level, counted within the fence."""
    return [problem.line - 1 for problem in spec.problems if problem.level == level and problem.line]


def defects(spec: Spec) -> dict[str, str | None]:
    return {scenario.name: scenario.defect for _, scenario in spec.scenarios()}


LOST = {
    "below a feature": ("Feature: F\n  Given lost\n  Scenario: a\n    Given ok", [2]),
    "below a feature, after prose": ("Feature: F\n  Prose\n  When lost\n  Scenario: a\n    Given ok", [3]),
    "And alone below a feature": ("Feature: F\n  And lost\n  Scenario: a\n    Given ok", [2]),
    "And with its Given": ("Feature: F\n  Prose\n  Given lost\n  And lost\n  Scenario: a\n    Given ok", [3, 4]),
    "below a rule": ("Rule: r\n  Then lost\n  Scenario: a\n    Given ok", [2]),
    "below examples": ("Scenario Outline: a\n  Given <x>\n  Examples:\n  Given lost\n  | x |\n  | 1 |", [4]),
    "scenario without a colon": ("Scenario lost\n  Given lost\n\nScenario: a\n  Given ok", [1, 2]),
    "scenario without a colon in another": ("Scenario: a\n\nScenario lost\n  Given ok", [3]),
    "the same, with an empty line": ("Scenario: a\n\nScenario lost\n\n  Given ok", [3]),
    "background without a colon": ("Background\n  Given lost\n\nScenario: a\n  Given ok", [1, 2]),
    "background with a bullet": ("- Background:\n  Given lost\n\nScenario: a\n  Given ok", [1, 2]),
    "full-width colon": ("Scenario: a\nScenario\uff1alost\n  Given ok", [2]),
    "second feature": ("Feature: F\n  Scenario: a\n  Feature: lost\n    Given ok", [3]),
    "upper case": ("Scenario: a\n  GIVEN lost\n  Given ok", [2]),
    "lower case": ("Scenario: a\n  given lost\n  Given ok", [2]),
    "lower case, twice": ("Scenario: a\n  given lost\n  and lost\n  Given ok", [2, 3]),
    "lower case below prose": ("Scenario: a\n  As before\n  given lost\n  Given ok", [3]),
    "lower case below a feature": ("Feature: F\n  given lost\n  Scenario: a\n    Given ok", [2]),
    "in a background": ("Background:\n  given lost\n  Given ok\nScenario: a\n  Given ok", [2]),
    "colon": ("Scenario: a\n  Given: lost\n  Given ok", [2]),
    "colon later in the line": ("Scenario: a\n  Givn the address: lost\n  Given ok", [2]),
    "no-break space": ("Scenario: a\n  Given\u00a0lost\n  Given ok", [2]),
    "ideographic space": ("Scenario: a\n  Given\u3000lost\n  Given ok", [2]),
    "zero-width space": ("Scenario: a\n  \u200bGiven lost\n  Given ok", [2]),
    "bullet": ("Scenario: a\n  - Given lost\n  Given ok", [2]),
    "bullet And": ("Scenario: a\n  - And lost\n  Given ok", [2]),
    "number": ("Scenario: a\n  1. Given lost\n  Given ok", [2]),
    "bold": ("Scenario: a\n  **Given** lost\n  Given ok", [2]),
    "below a comment": ("Scenario: a\n  # why\n  Givn lost\n  Given ok", [3]),
    "another language": ("# language: fr\nScénario: a\n  soit lost\n  Soit ok", [3]),
    "no accent composed": ("# language: fr\nScénario: a\n  E\u0301tant donné lost\n  Soit ok", [3]),
    "English in another language": ("# language: fr\nScénario: a\n  Given lost\n  Soit ok", [3]),
    "English heading in another language": ("# language: fr\nBackground:\n  Soit lost\nScénario: a\n  Soit ok", [2, 3]),
    "no space after the keyword": ("# language: ja\n機能: F\n  もし lost\n  シナリオ: a\n    もし ok", [3]),
}  # fmt: skip


@pytest.mark.parametrize(("gherkin", "lines"), LOST.values(), ids=LOST)
def test_what_was_meant_to_run_is_an_error_and_spoils_its_scenario(
    read_fence: Read, gherkin: str, lines: list[int]
) -> None:
    spec = read_fence(gherkin)
    assert found(spec, "error") == lines
    assert defects(spec) == {"a": "invalid-gherkin"}


PROSE = {
    "user story": "Feature: F\n  As a user\n  I want to see\n  So that I know\n\n  {}",
    "wrapped": "Feature: F\n  People log in\n  when they like\n  and stay a while,\n  but not long.\n\n  {}",
    "wrapped in a scenario": "{}\n  This is what happens\n  when people log in,\n  and then some.\n\n  Given a",
    "longer words": "Feature: F\n  Andrew, Thenardier and Whenua. Givenness.\n\n  Then-clauses. Given's.\n\n  {}",
    "names": "Feature: F\n  Dan logs in.\n\n  Tub of butter.\n\n  {}",
    "heading words": "Feature: F\n  Rule of thumb is our rule.\n\n  Rules are many.\n\n  Examples follow.\n\n  {}",
    "heading words, wrapped": "Feature: F\n  Scenario planning is an art that takes\n  years to learn.\n\n  {}",
    "rules": "Feature: F\n  Rules:\n  - one\n  - another\n\n  {}",
    "ability": "Feature: F\n  Ability to pay\n\n  {}",
    "a link": "Feature: F\n  See https://example.org/given/when\n\n  {}",
    "comments": "Feature: F\n  # Given a comment\n  Prose\n  # Scenario with no colon\n\n  {}",
    "a sentence's end": "Feature: F\n  That is what happens\n  then.\n\n  {}",
}  # fmt: skip


@pytest.mark.parametrize("gherkin", PROSE.values(), ids=PROSE)
def test_prose_stays_prose(read_fence: Read, gherkin: str) -> None:
    text = gherkin.format("Scenario: a")
    spec = read_fence(text if text.rstrip().endswith("Given a") else f"{text}\n    Given a")
    assert not spec.problems
    assert defects(spec) == {"a": None}


DOUBTFUL = {
    "And that goes on": "Feature: F\n  As a user\n  I want to see\n  And to hear\n\n  Scenario: a\n    Given ok",
    "But that is a sentence": "Feature: F\n  It is easy.\n  But this is prose.\n\n  Scenario: a\n    Given ok",
    "list of rules": "Feature: F\n  Always:\n  - when logged in, all is well\n\n  Scenario: a\n    Given ok",
}


@pytest.mark.parametrize("gherkin", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_may_be_either_is_a_warning_and_spoils_nothing(read_fence: Read, gherkin: str) -> None:
    spec = read_fence(gherkin)
    assert len(found(spec, "warning")) == 1
    assert not found(spec, "error")
    assert defects(spec) == {"a": None}


@pytest.mark.parametrize(
    ("gherkin", "right"),
    [
        ("Feature: F\n  Given lost\n  Scenario: a\n    Given ok", "`Given` belongs below a scenario or a background"),
        ("Scenario: a\n  given lost\n  Given ok", "begin it with `Given `"),
        ("Scenario: a\nScenario b\n  Given ok", "begin it with `Scenario:`"),
        ("Feature: F\n  Scenario: a\n  Feature: lost\n    Given ok", "`Feature:` cannot stand here"),
        ("# language: fr\nScénario: a\n  When lost\n  Soit ok", "begin it with `Quand `"),
    ],
)
def test_the_message_says_what_would_be_right(read_fence: Read, gherkin: str, right: str) -> None:
    [problem] = read_fence(gherkin).problems
    assert right in problem.message
    assert "if it is prose, begin it with another word" in problem.message


def test_a_lost_step_spoils_its_own_scenario_only(read_fence: Read) -> None:
    spec = read_fence("Scenario: a\n  given lost\n  Given ok\n\nScenario: b\n  Given ok")
    assert defects(spec) == {"a": "invalid-gherkin", "b": None}
    [note] = [scenario.defect_note for _, scenario in spec.scenarios() if scenario.defect]
    assert "line 3" in note


def test_a_line_lost_in_a_rule_spoils_the_scenarios_of_that_rule(read_fence: Read) -> None:
    spec = read_fence("Rule: r\n  Given lost\n  Scenario: a\n    Given ok\nRule: s\n  Scenario: b\n    Given ok")
    assert defects(spec) == {"a": "invalid-gherkin", "b": None}


def test_a_line_lost_in_a_background_spoils_what_it_holds_for(read_fence: Read) -> None:
    rules = "Rule: r\n  Background:\n    given lost\n    Given ok\n  Scenario: a\n    Given ok\n"
    spec = read_fence(f"{rules}Rule: s\n  Scenario: b\n    Given ok")
    assert defects(spec) == {"a": "invalid-gherkin", "b": None}


# ---- backgrounds of a page ----

AFTER = (
    "\n```\n\n```gherkin\nScenario: after\n  Given ok\n```\n\n```gherkin\nFeature: own\n  Scenario: named\n    Given ok"
)


@pytest.mark.parametrize(
    "broken",
    [
        "Background:\n  Given lost\n  Nonsense",
        "Scenario: x\n  Given ok\nBackground:\n  Given lost",
        "# language: xx\nBackground:\n  Given lost",
        "# language: fr\nContexte:\n  Soit lost\n  Nonsense",
        "Background\n  Given lost",
        "Backgroud:\n  Given lost",
        "Background:\n  given lost\n  Given ok",
    ],
)
def test_a_background_that_cannot_be_read_spoils_the_later_fences_it_would_hold_for(
    read_fence: Read, broken: str
) -> None:
    spec = read_fence(f"Scenario: before\n  Given ok\n```\n\n```gherkin\n{broken}{AFTER}")
    assert defects(spec) == {"before": None, "after": "invalid-gherkin", "named": None}
    [note] = [scenario.defect_note for _, scenario in spec.scenarios() if scenario.name == "after"]
    assert "line" in note
    assert found(spec, "error")


@pytest.mark.parametrize(
    "broken",
    [
        "Scenario: x\n  Given lost\n  Nonsense",
        "Feature: f\n  Background:\n    Given lost\n    Nonsense",
        "Scenaro: x\n  Given lost",
        "Given lost",
    ],
)
def test_what_holds_for_itself_only_spoils_itself_only(read_fence: Read, broken: str) -> None:
    spec = read_fence(broken + AFTER)
    assert defects(spec) == {"after": None, "named": None}
    assert found(spec, "error")


def test_a_background_whose_fence_does_not_run_spoils_what_it_would_hold_for(tmp_path: Path) -> None:
    page = "> ```Gherkin\n> Background:\n>   Given lost\n> ```\n\n```gherkin\nScenario: after\n  Given ok\n```\n"
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    spec = read(from_options(tmp_path, None, "Site", tmp_path, {}))
    assert defects(spec) == {"after": "invalid-gherkin"}
