"""Red before green: what is recorded, how it survives renames and merges, and what a broken file leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.judge import ledger as ledgers
from mkdocs_jetty.judge.ledger import Ledger, dump, history, parse, read, update, write
from mkdocs_jetty.judge.model import History, Verdict
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Spec, Step

DAYS = [date(2026, 11, day) for day in range(1, 10)]
PASSED = ScenarioResult("passed", steps=(StepResult("passed"),))
FAILED = ScenarioResult("failed", "assertion", (StepResult("failed"),))
UNDEFINED = ScenarioResult("undefined", steps=(StepResult("undefined"),))
SKIPPED = ScenarioResult("skipped")
MISSING_TOOL = ScenarioResult("unknown", "unavailable")


def scenario(slug: str = "open", text: str = "it opens", **fields: Any) -> Scenario:
    values: dict[str, Any] = {"mode": "speed", "tags": (), "line": 3, "steps": (Step("When", "when", text, 4),)}
    return Scenario(f"door/{slug}", slug, "Scenario", **{**values, **fields})


def seen(*rows: tuple[Scenario, ScenarioResult], page: str = "docs/door.md", **more: Any) -> Verdict:
    spec = Spec((Feature("door", "Door", page, 1, tuple(one for one, _ in rows)),))
    results = Results({one.id: result for one, result in rows})
    return judge(spec, results, name="Doors", state="internal", fail_on=(), **more)


def recorded(*results: ScenarioResult) -> History:
    ledger = Ledger()
    for number, result in enumerate(results):
        ledger = update(ledger, seen((scenario(), result)), DAYS[number], f"c{number}")
    return history(ledger, seen((scenario(), PASSED)).spec).get("door/open", History())


def test_the_first_red_and_the_first_green_are_kept() -> None:
    known = recorded(UNDEFINED, FAILED, PASSED, PASSED)
    assert known == History(DAYS[0], "c0", DAYS[2], "c2")


def test_a_scenario_first_seen_green_was_never_seen_red() -> None:
    known = recorded(PASSED, FAILED)
    assert (known.red_on, known.green_on, known.red_again) == (None, DAYS[0], ((DAYS[1], "c1"),))


def test_each_turn_to_red_is_kept_once_however_long_it_lasts() -> None:
    known = recorded(FAILED, PASSED, FAILED, FAILED, PASSED, FAILED)
    assert known.red_again == ((DAYS[2], "c2"), (DAYS[5], "c5"))


@pytest.mark.parametrize("result", [SKIPPED, MISSING_TOOL, ScenarioResult("unknown", "not-selected")])
def test_what_did_not_run_shows_nothing(result: ScenarioResult) -> None:
    assert recorded(result) == History()
    assert recorded(PASSED, result).red_again == ()


def test_an_unexpected_pass_is_neither() -> None:
    wip = scenario(tags=("@wip",))
    assert update(Ledger(), seen((wip, PASSED)), DAYS[0]).entries == {}
    assert update(Ledger(), seen((wip, FAILED)), DAYS[0]).entries["door/open"].red == (DAYS[0], None)


def test_a_renamed_scenario_keeps_its_history() -> None:
    before = update(Ledger(), seen((scenario(), FAILED)), DAYS[0])
    renamed = seen((scenario("unlock"), PASSED))
    assert history(before, renamed.spec)["door/unlock"].red_on == DAYS[0]
    after = update(before, renamed, DAYS[1])
    assert set(after.entries) == {"door/unlock"}
    assert after.entries["door/unlock"].red == (DAYS[0], None)


def test_the_red_of_other_steps_says_nothing_of_those_of_now() -> None:
    before = ledgers.challenge(update(Ledger(), seen((scenario(), FAILED)), DAYS[0]), ["door/open"], DAYS[0])
    edited = seen((scenario(text="it swings"), PASSED))
    for ledger in (before, update(before, edited, DAYS[1])):
        known = history(ledger, edited.spec)["door/open"]
        assert (known.red_on, known.red_as_it_stands, known.challenged_on) == (DAYS[0], False, None)
    red = update(before, seen((scenario(text="it swings"), FAILED)), DAYS[2])
    assert history(red, edited.spec)["door/open"].red_as_it_stands
    assert parse(dump(red), "l") == red


@pytest.mark.parametrize("slugs", [("unlock", "push"), ("open", "push")])
def test_a_rename_in_doubt_is_a_new_scenario(slugs: tuple[str, str]) -> None:
    before = update(Ledger(), seen((scenario(), FAILED)), DAYS[0])
    known = history(before, seen(*((scenario(slug), PASSED) for slug in slugs)).spec)
    assert "push" not in {key.split("/")[1] for key in known}
    assert "door/unlock" not in known


def test_what_has_gone_goes_unless_its_page_is_broken_or_was_not_looked_at() -> None:
    before = update(Ledger(), seen((scenario(), FAILED)), DAYS[0])
    nothing = seen((scenario("other", "it closes"), PASSED))
    broken = replace(nothing, problems=(Problem("error", "docs/door.md", 4, None, "no keyword"),))
    assert set(update(before, nothing, DAYS[1]).entries) == {"door/other"}
    assert set(update(before, broken, DAYS[1]).entries) == {"door/open", "door/other"}
    assert set(update(before, nothing, DAYS[1], whole=False).entries) == {"door/open", "door/other"}


def test_lines_are_sorted_by_page_and_id_and_read_back_the_same() -> None:
    one = update(Ledger(), seen((scenario("b", "1"), FAILED), (scenario("a", "2"), PASSED)), DAYS[0], "c0")
    both = update(one, seen((scenario("c", "3"), PASSED), page="docs/a.md"), DAYS[1], whole=False)
    both = ledgers.challenge(both, ["door/a"], DAYS[2])
    text = dump(both)
    assert [line.split('"')[7] for line in text.splitlines()] == ["door/c", "door/a", "door/b"]
    assert parse(text, "l") == both
    assert dump(parse(text, "l")) == text


def test_two_lines_for_one_scenario_are_joined_to_the_earliest() -> None:
    late = dump(update(Ledger(), seen((scenario(), FAILED)), DAYS[3]))
    early = dump(update(Ledger(), seen((scenario(), FAILED)), DAYS[1]))
    assert parse(late + early, "l").entries["door/open"].red == (DAYS[1], None)
    assert parse(early + late, "l").entries["door/open"].red == (DAYS[1], None)


@pytest.mark.parametrize("bad", ["<<<<<<< HEAD", "[]", "3", '{"page": 1}', '"x"', "{", '{"page":"p","id":"i"}'])
def test_a_line_that_cannot_be_read_is_reported_with_its_place_and_kept(bad: str) -> None:
    good = dump(update(Ledger(), seen((scenario(), FAILED)), DAYS[0]))
    ledger = parse(f"{good}{bad}\n", ".jetty/ledger.jsonl")
    assert [str(problem).split(": ")[0] for problem in ledger.problems] == [".jetty/ledger.jsonl:2"]
    assert "door/open" in ledger.entries
    assert dump(update(ledger, seen((scenario(), PASSED)), DAYS[1])).endswith(f"\n{bad}\n")


def test_the_file_is_written_only_when_it_says_something_new_and_stays_in_git(tmp_path: Path) -> None:
    path = tmp_path / ".jetty" / "ledger.jsonl"
    assert read(path) == Ledger()
    path.parent.mkdir()
    (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    ledger = update(Ledger(), seen((scenario(), FAILED)), DAYS[0])
    assert write(ledger, path)
    assert not write(ledger, path)
    assert read(path) == ledger
    assert "!ledger.jsonl" in (path.parent / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert sorted(file.name for file in path.parent.iterdir()) == [".gitignore", "ledger.jsonl"]


def test_a_ledger_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\xff\xfe\xff")
    assert "not UTF-8" in str(read(path).problems[0])


def test_a_speed_scenario_that_was_green_and_is_red_is_a_regression() -> None:
    known = {"door/open": History(green_on=DAYS[0])}
    assert seen((scenario(), FAILED), history=known).features[0].regressed
    assert not seen((scenario(), PASSED), history=known).features[0].regressed
    assert not seen((scenario(), FAILED)).features[0].regressed
    assert not seen((scenario(tags=("@wip",)), FAILED), history=known).features[0].regressed
