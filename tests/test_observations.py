"""A standard is met by what was observed of each thing that it names, and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.judge.model import History, StandardVerdict
from mkdocs_jetty.judge.observations import phrase_pattern
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.spec.model import Feature, Scenario, Spec, Step
from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.model import Declaration
from mkdocs_jetty.standards.presets import resolve

PRESET = resolve(("production-saas",), (), (), Path())
WAYS = {"Given": "given", "When": "when", "Then": "then", "And": "then"}
Told = Sequence[str]


def scenario(number: int, standard: str, texts: Told, tags: Told) -> Scenario:
    steps, kind = [], "given"
    for line, text in enumerate(texts, 2):
        word, _, rest = text.partition(" ")
        kind = kind if word == "And" else WAYS[word]
        steps.append(Step(word, kind, rest, line))  # type: ignore[arg-type]
    every = ("@production", f"@standard:{standard}", *tags)
    return Scenario(f"f/s{number}", f"s{number}", "Scenario", "production", every, 1, tuple(steps))


def claim(
    standard: str, *claims: tuple[Told, dict[str, str]], stock: bool = True, load: str | None = None,
    tags: Told = (), **more: Any,
) -> StandardVerdict:  # fmt: skip
    """What a standard is when these scenarios claim it, each with its steps and what they recorded."""
    scenarios = [scenario(number, standard, texts, tags) for number, (texts, _) in enumerate(claims)]
    results = {
        one.id: ScenarioResult(
            "passed", steps=tuple(StepResult("passed", stock=stock) for _ in one.steps), measured=measured, **more
        )
        for one, (_, measured) in zip(scenarios, claims, strict=True)
    }
    traits = ("authentication", "data-entry", "public-endpoint", "ui")
    feature = Feature("f", "F", "docs/f.md", 1, tuple(scenarios), traits=traits, traits_declared=True)
    verdict = judge(
        Spec((feature,)), Results(results), name="S", state="external", fail_on=("red",), today=date(2026, 11, 26),
        preset=PRESET, declaration=Declaration("external", load=load), findings=(),
    )  # fmt: skip
    return next(each for each in (*verdict.features[0].standards, *verdict.standards) if each.standard.id == standard)


NAMING = sorted(
    each.id for each in PRESET.standards if each.evidence == "scenario" and {*each.checks, *each.thresholds} - {"every"}
)
TRIED = ("When something is tried", "Then it holds")
THROTTLED = {"attempts": "10", "window": "1 minute", "block": "15 minutes"}


@pytest.mark.parametrize("standard", NAMING)
def test_a_tag_alone_meets_nothing(standard: str) -> None:
    found = claim(standard, (TRIED, {}))
    assert found.status != "met"
    assert found.status in {"not-applicable", "unmet"} or "not observed" in found.note


@pytest.mark.parametrize(
    ("measured", "status", "said"),
    [
        (THROTTLED, "met", "block 15 minutes (at least 15 minutes)"),
        ({**THROTTLED, "attempts": "5"}, "met", "attempts 5"),
        ({**THROTTLED, "attempts": "11"}, "unmet", "attempts was 11"),
        ({**THROTTLED, "window": "2 minutes"}, "unmet", "window was 2 minutes"),
        ({**THROTTLED, "block": "5 minutes"}, "unmet", "block was 5 minutes"),
        ({**THROTTLED, "clock": "contract"}, "claimed", "only promised: block"),
        ({**THROTTLED, "clock": "hook; contract"}, "claimed", "only promised: block"),
        ({**THROTTLED, "clock": "in-process"}, "met", "block 15 minutes"),
        ({"attempts": "10", "window": "1 minute"}, "claimed", "not observed: block"),
        ({"attempts": "10"}, "claimed", "not observed: window, block"),
        ({}, "claimed", "not observed: attempts, window, block"),
        ({"Attempts": "10", "windows": "1 minute"}, "claimed", "not observed: attempts, window, block"),
        ({**THROTTLED, "attempts": "nan"}, "unknown", "cannot be compared"),
        ({**THROTTLED, "attempts": "10; 50"}, "unmet", "attempts was 50"),
        ({**THROTTLED, "attempts": ""}, "unknown", "cannot be compared"),
    ],
)
def test_throttling_by_what_was_recorded(measured: dict[str, str], status: str, said: str) -> None:
    found = claim("login-throttling", (TRIED, measured))
    assert (found.status, said in found.note) == (status, True), found.note


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("Then it holds",), "it has no When step"),
        (("When something is tried",), "it has no Then step"),
        (("Given ok",), "it has no When and no Then step"),
    ],
)
def test_what_tries_or_checks_nothing_is_no_evidence(texts: Told, said: str) -> None:
    found = claim("login-throttling", (texts, THROTTLED))
    assert found.status == "claimed"
    assert said in found.note


def test_what_is_no_evidence_takes_none_away() -> None:
    assert claim("login-throttling", (TRIED, THROTTLED), (("Then ok",), {})).status == "met"


@pytest.mark.parametrize("doubt", [{"attempts": ("failed", "passed")}])
def test_a_flaky_scenario_is_no_evidence(doubt: dict[str, Any]) -> None:
    found = claim("login-throttling", (TRIED, THROTTLED), **doubt)
    assert found.status == "claimed"
    assert "flaky" in found.note


def test_several_scenarios_share_the_observations() -> None:
    some, rest = {"attempts": "10"}, {"window": "1 minute", "block": "15 minutes"}
    assert claim("login-throttling", (TRIED, some), (TRIED, rest)).status == "met"


def test_what_was_found_vacuous_is_no_evidence() -> None:
    one = scenario(0, "login-throttling", TRIED, ())
    feature = Feature("f", "F", "docs/f.md", 1, (one,), traits=("authentication",), traits_declared=True)
    result = ScenarioResult("passed", steps=(StepResult("passed"),) * 2, measured=THROTTLED)
    verdict = judge(
        Spec((feature,)), Results({one.id: result}), name="S", state="external", fail_on=("red",),
        today=date(2026, 11, 26), preset=PRESET, declaration=Declaration("external"), findings=(),
        history={one.id: History(challenged_on=date(2026, 11, 25))},
    )  # fmt: skip
    found = next(each for each in verdict.features[0].standards if each.standard.id == "login-throttling")
    assert found.status == "claimed"
    assert "passes without its When steps" in found.note


EVERY = "When each payload from every corpus is sent to log in"
REST = (
    "Then every one is refused or stored as plain text", "And no payload changes what is executed",
    "And no response reveals an internal error",
)  # fmt: skip


def test_stock_phrases_observe_what_the_catalogue_says_of_them() -> None:
    found = claim("input-sanitization", ((EVERY, *REST), {}))
    assert found.status == "met"
    assert [(each.name, each.ok) for each in found.observations] == [
        ("sql", True), ("command", True), ("template", True), ("nothing executed", True), ("no internal error", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "lacking"),
    [
        (('When each payload from the "html" corpus is sent to log in', *REST), "sql, command, template"),
        (('When each payload from the "sql" corpus is sent to log in', *REST), "command, template"),
        ((EVERY, "Then no payload changes what is executed", REST[2]), "sql, command, template"),
        ((EVERY, REST[0]), "nothing executed, no internal error"),
        # what was checked before the attack, or after another one, says nothing of it
        (("When I try", REST[0], EVERY, "Then no payload changes what is executed", REST[2]), "sql, command, template"),
        ((EVERY, "Then it is over", "When I try", *REST), "sql, command, template"),
        (("When I am on the login page", "Then ok"), "sql, command, template, nothing executed, no internal error"),
    ],
)
def test_a_part_of_it_is_a_claim(texts: Told, lacking: str) -> None:
    found = claim("input-sanitization", (texts, {}))
    assert found.status == "claimed"
    assert f"not observed: {lacking};" in found.note


def test_the_words_of_a_phrase_without_its_definition_observe_nothing() -> None:
    assert claim("input-sanitization", ((EVERY, *REST), {}), stock=False).status == "claimed"


def test_steps_of_ones_own_record_checks_by_name() -> None:
    names = ("sql", "command", "template", "nothing executed", "no internal error")
    recorded = dict.fromkeys(names, "True")
    assert claim("input-sanitization", (TRIED, recorded), stock=False).status == "met"
    for wrong in ("False", "no", "0", "", "true; false"):
        assert claim("input-sanitization", (TRIED, {**recorded, "sql": wrong}), stock=False).status == "claimed"


FAST = {"p95": "9 ms", "p99": "9 ms"}


@pytest.mark.parametrize(
    ("recorded", "load", "status", "said"),
    [
        ({"requests": "100", "paced users": "20"}, "20 users", "met", "p95 9 ms"),
        ({"requests": "100", "users": "50"}, "20 users", "met", "p95 9 ms"),
        ({"requests": "4", "paced users": "20"}, "20 users", "claimed", "of 4 requests; it takes 20"),
        ({"requests": "99", "paced users": "20"}, "20 users", "claimed", "of 99 requests; it takes 100"),
        ({"paced users": "20"}, "20 users", "claimed", "of 0 requests"),
        ({"requests": "100", "paced users": "2"}, "20 users", "claimed", "normal load (2 users)"),
        ({"requests": "100"}, "20 users", "claimed", "not observed: normal load"),
        ({"requests": "100", "paced users": "20"}, None, "claimed", "not observed: normal load"),
    ],
)
def test_a_percentile_needs_samples_and_the_declared_load(
    recorded: dict[str, str], load: str | None, status: str, said: str
) -> None:
    found = claim("latency-budget", (TRIED, {**FAST, **recorded}), load=load)
    assert (found.status, said in found.note) == (status, True), found.note


def test_a_given_that_acts_stands_for_a_when_where_the_standard_has_it_so() -> None:
    told = (
        "Given 100 users attempt to log in simultaneously", "Then all requests complete within 2 seconds",
        "And no requests fail due to server overload",
    )  # fmt: skip
    recorded = {"users": "500", "limit": "2 seconds"}
    assert claim("concurrent-load", (told, recorded)).status == "met"
    assert claim("concurrent-load", (told, recorded), stock=False).status == "claimed"


@pytest.mark.parametrize(
    ("phrase", "text", "fits"),
    [
        ("blocked for {span}", "blocked for 5 minutes", True),
        ("blocked for {span}", "blocked for ", False),
        ("a {x} | b", "b", True),
        ("a {x} | b", "a c", True),
        ("a.b", "axb", False),
        ("it is refused", "it is refused with status 413", False),
    ],
)
def test_a_phrase_stands_for_its_texts(phrase: str, text: str, fits: bool) -> None:
    assert (phrase_pattern(phrase).fullmatch(text) is not None) == fits


def test_every_phrase_of_a_check_is_one_of_the_skeleton_or_of_the_library() -> None:
    for entry in load_catalogue().entries:
        skeleton = [step.split(" ", 1)[1] for step in entry.skeleton]
        for name, phrases in entry.checks.items():
            for phrase in phrases:
                known = any(phrase_pattern(phrase).fullmatch(step) for step in skeleton)
                assert known or '"' in phrase, f"{entry.id}: {name}: {phrase}"


def test_every_standard_that_a_scenario_proves_names_what_to_observe() -> None:
    silent = [each.id for each in load_catalogue().entries if each.evidence == "scenario"]
    silent = [each for each in silent if not (entry := load_catalogue().entry(each)).checks and not entry.thresholds]  # type: ignore[union-attr]
    assert silent == []


def test_a_block_that_one_scenario_saw_end_is_observed_though_another_only_read_a_promise() -> None:
    promised = {"attempts": "10", "block": "15 minutes", "clock": "contract"}
    seen = {"window": "1 minute", "block": "15 minutes", "clock": "hook"}
    assert claim("login-throttling", (TRIED, promised), (TRIED, seen)).status == "met"
    assert (
        claim("login-throttling", (TRIED, promised), (TRIED, {"window": "1 minute", "clock": "hook"})).status
        == "claimed"
    )


def test_the_load_of_another_scenario_is_none_of_these_percentiles() -> None:
    alone = {**FAST, "requests": "100"}
    busy = {"paced users": "50", "requests": "500"}
    assert claim("latency-budget", (TRIED, alone), (TRIED, busy), load="20 users").status == "claimed"
    few = {**FAST, "requests": "4", "paced users": "20"}
    assert claim("latency-budget", (TRIED, few), (TRIED, busy), load="20 users").status == "claimed"
