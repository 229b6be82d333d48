from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import markdown
import pytest
from jinja2 import DictLoader, Environment

from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, ModeVerdict, Verdict
from mkdocs_jetty.run.model import STATUSES, ScenarioResult, StepDefinition, StepResult
from mkdocs_jetty.show import html, rendering
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.catalogue import sentence
from mkdocs_jetty.show.words import CAUSE, duration
from mkdocs_jetty.spec.model import (
    Block,
    Feature,
    Problem,
    Scenario,
    ShownBackground,
    ShownExamples,
    ShownHeading,
    ShownScenario,
    ShownStep,
    Spec,
    Step,
)

PAGE = "docs/login.md"
HOSTILE = (
    "</pre><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\n\n    # not code\n"
    "{{ 7*7 }} &amp; \x02wzxhzdk:0\x03 \x1b[31m"
)
VOID = {"br", "img", "hr", "path", "rect", "input"}
TONES = {"passed": "green", "skipped": "grey"}


class Tree(HTMLParser):
    """Fails on a tag that does not close the one that is open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.roots = 0
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.roots += not self.open
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def sound(text: str) -> Tree:
    """What Markdown's stash and a strict content policy ask of a piece of HTML."""
    tree = Tree(text)
    assert tree.roots == 1
    assert not {"script", "style", "img"} & set(tree.seen)
    assert not [name for name, _ in tree.attributes if name == "style" or name.startswith("on")]
    assert not [value for name, value in tree.attributes if value and ("data:" in value or "javascript:" in value)]
    ids = [value for name, value in tree.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert all(line.strip() and not line.startswith("    ") for line in text.split("\n"))
    assert not set("\x00\x02\x03\x1b") & set(text)
    assert text in markdown.markdown(f"Before\n\n{text}\n\nAfter")
    return tree


def verdict_of(*judged: JudgedScenario, **changes: object) -> Verdict:
    feature = Feature("login", "Login", PAGE, 1, tuple(item.scenario for item in judged))
    passed = sum(item.result.status == "passed" for item in judged)
    modes = {
        "speed": ModeVerdict("red", passed, len(judged)),
        "stable": ModeVerdict("green", 1, 1, lower_mode_not_green=True),
        "production": ModeVerdict("not-applicable", 0, 0),
    }
    counts = {"scenarios": len(judged), "wip": sum(item.known_red for item in judged)}
    counts |= {status: sum(item.result.status == status for item in judged) for status in STATUSES}
    red = any(item.red and not item.known_red for item in judged)
    whole = Verdict(
        "Harbour", "internal", "stable", Spec((feature,)), (FeatureVerdict(feature, judged, modes, "none", False),),
        (), counts, red, red, 1.5, True,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def judge(result: ScenarioResult, scenario: Scenario | None = None) -> JudgedScenario:
    scenario = scenario or Scenario("login/in", "Signs in", "Scenario", "speed", (), 5, STEPS)
    red = result.status not in ("passed", "skipped") and result.cause not in ("not-selected", "execute-off")
    return JudgedScenario(scenario, result, red, red and scenario.wip)


STEPS = (Step("Given", "given", 'a person "ada"', 6), Step("Then", "then", "they see <it> 10 times", 7))
SHOWN = ShownScenario(
    "Scenario", "Signs in", "", ("@smoke",), 5,
    tuple(ShownStep(step.keyword, step.text, step.line) for step in STEPS), (), ("login/in",),
)  # fmt: skip


def block_of(*items: object, **changes: object) -> Block:
    return replace(Block(PAGE, 4, "Scenario: x", True, "login", tuple(items)), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_said_in_words_and_colour(status: str) -> None:
    result = ScenarioResult(status, steps=(StepResult("passed"), StepResult(status)), duration_ms=38.2)  # type: ignore[arg-type]
    text = html.render_block(verdict_of(judge(result)), block_of(SHOWN))
    tree = sound(text)
    tone = TONES.get(status, "red")
    assert f'<section class="jetty-scenario jetty-{tone}" id="scenario-login--in" dir="auto">' in text
    assert ("not run" if status == "unknown" else status) in tree.text
    assert "38 ms" in tree.text
    assert 'href="#scenario-login--in"' in text


@pytest.mark.parametrize("cause", CAUSE)
def test_every_cause_is_said_in_plain_words(cause: str) -> None:
    status = "failed" if CAUSE[cause].startswith("failed") else "unknown"  # type: ignore[index]
    judged = judge(ScenarioResult(status, cause))  # type: ignore[arg-type]
    assert CAUSE[cause] in sound(html.render_block(verdict_of(judged), block_of(SHOWN))).text  # type: ignore[index]


def test_a_scenario_without_a_result_is_never_green() -> None:
    text = html.render_block(verdict_of(), block_of(SHOWN))
    assert "jetty-green" not in text
    assert "not run: no result" in sound(text).text


def test_known_red_is_amber() -> None:
    scenario = Scenario("login/in", "Signs in", "Scenario", "speed", ("@wip",), 5, STEPS)
    result = ScenarioResult("failed", "assertion", (StepResult("passed"), StepResult("failed", message="no")))
    text = html.render_block(verdict_of(judge(result, scenario)), block_of(SHOWN))
    assert "jetty-red" not in text
    assert "known red" in sound(text).text
    assert "jetty-scenario jetty-amber" in text


def test_a_failure_stands_under_its_step_with_its_places() -> None:
    failed = StepResult("failed", 3, "features/s.py:17", "got 200\n\nwanted 429", "features/app.py:3", "Traceback …")
    judged = judge(ScenarioResult("failed", "assertion", (StepResult("passed"), failed)))
    text = html.render_block(verdict_of(judged), block_of(SHOWN))
    tree = sound(text)
    assert "got 200\n\nwanted 429" in tree.text
    assert f"{PAGE}:7 · features/s.py:17 · features/app.py:3" in re.sub(r"\s+", " ", tree.text)
    assert ("data-search-exclude", None) in tree.attributes


def test_undefined_and_ambiguous_say_what_is_missing() -> None:
    steps = (StepResult("undefined"), StepResult("ambiguous", candidates=("a.py:1", "b.py:2")))
    text = html.render_block(verdict_of(judge(ScenarioResult("undefined", steps=steps))), block_of(SHOWN))
    tree = sound(text)
    assert "no step definition matches" in tree.text
    assert "a.py:1" in tree.text
    assert "b.py:2" in tree.text


def test_steps_that_were_never_reached_are_pale() -> None:
    steps = (StepResult("failed", message="x"), StepResult("unknown"))
    text = html.render_block(verdict_of(judge(ScenarioResult("failed", "error", steps))), block_of(SHOWN))
    assert text.count("jetty-rest") == 1


def test_values_are_marked() -> None:
    judged = judge(ScenarioResult("passed", steps=(StepResult("passed"),) * 2))
    text = html.render_block(verdict_of(judged), block_of(SHOWN))
    assert "<var>&#34;ada&#34;</var>" in text
    assert '<var class="jetty-placeholder">&lt;it&gt;</var>' in text
    assert "<var>10</var>" in text


def test_an_outline_has_a_status_for_each_row_and_the_failure_after_it() -> None:
    rows = [Scenario(f"login/o-{n}", f"O {n}", "Scenario Outline", "speed", (), 5, STEPS, 10 + n, "O") for n in (1, 2)]
    bad = ScenarioResult("failed", "assertion", (StepResult("passed"), StepResult("failed", message="too short")))
    good = ScenarioResult("passed", steps=(StepResult("passed"),) * 2)
    table = ShownExamples("Examples", "", "", (), 9, ("pw",), ((("a",), "login/o-1"), (("b",), "login/o-2")))
    shown = replace(SHOWN, keyword="Scenario Outline", examples=(table,), scenario_ids=("login/o-1", "login/o-2"))
    text = html.render_block(verdict_of(judge(good, rows[0]), judge(bad, rows[1])), block_of(shown))
    tree = sound(text)
    assert '<tr id="scenario-login--o-1" class="jetty-green">' in text
    assert '<tr id="scenario-login--o-2" class="jetty-red">' in text
    assert text.index("scenario-login--o-2") < text.index("too short")
    assert "1 of 2 rows red" in tree.text


def test_a_background_that_fails_is_told_in_the_scenario() -> None:
    steps = (Step("Given", "given", "a harbour", 3, background=True), *STEPS)
    scenario = Scenario("login/in", "Signs in", "Scenario", "speed", (), 5, steps)
    result = ScenarioResult("failed", "error", (StepResult("failed", message="no sea"), *(StepResult("unknown"),) * 2))
    background = ShownBackground("Background", "", "", 2, (ShownStep("Given", "a harbour", 3),))
    text = html.render_block(verdict_of(judge(result, scenario)), block_of(background, SHOWN))
    assert "Background: Given a harbour" in sound(text).text
    assert text.count("no sea") == 1


def test_what_is_only_an_example_says_so() -> None:
    source = "# language: fr\nFonctionnalité: Port\n  Soit un port\n\n  @a\n  Scénario: x"
    text = html.render_block(verdict_of(), block_of(runs=False, source=source))
    tree = sound(text)
    assert "Example, not run" in tree.text
    assert source in tree.text
    assert '<span class="jetty-keyword">Soit </span>' in text


def test_a_broken_block_shows_its_problems_and_its_source() -> None:
    problem = Problem("error", PAGE, 5, 3, "expected a step")
    tree = sound(html.render_block(verdict_of(), block_of(problems=(problem,), source="Scenari: x\n\n    y")))
    assert "5:3: expected a step" in tree.text
    assert "Scenari: x\n\n    y" in tree.text


def test_the_status_names_the_layers_and_links_what_is_red() -> None:
    judged = judge(ScenarioResult("failed", "error"))
    whole = verdict_of(judged)
    text = html.render_status(whole, PAGE)
    tree = sound(text)
    assert "not applicable" in tree.text
    assert "a lower mode is not green" in tree.text
    assert "1 scenario not green" in tree.text
    assert '<a href="#scenario-login--in">Signs in</a>' in text
    assert html.render_status(whole, "docs/other.md") == ""


def test_the_overview_opens_with_the_answer() -> None:
    good = verdict_of(judge(ScenarioResult("passed")))
    assert "Everything specified here works." in sound(html.render_overview(good)).text
    bad = verdict_of(judge(ScenarioResult("failed", "error")))
    text = html.render_overview(bad, lambda page: f"../{page}/")
    assert "Not everything works: 1 failed." in re.sub(r"\s+", " ", sound(text).text)
    assert f'href="../{PAGE}/"' in text
    idle = verdict_of(judge(ScenarioResult("unknown", "execute-off")), executed=False)
    assert "Nothing is proven yet" in sound(html.render_overview(idle)).text
    sound(html.render_overview(replace(good, features=(), counts={})))


def test_the_failures_list_links_each_and_is_friendly_when_empty() -> None:
    judged = judge(ScenarioResult("failed", "crash", message="the process died"))
    text = html.render_failures(verdict_of(judged))
    assert f'href="{PAGE}#scenario-login--in"' in text
    assert f"{PAGE}:5" in sound(text).text
    assert "Every scenario passed" in sound(html.render_failures(verdict_of(judge(ScenarioResult("passed"))))).text


def test_the_step_catalogue_counts_uses() -> None:
    steps = (StepResult("passed", definition="features/s.py:3"), StepResult("undefined"))
    text = html.render_steps(verdict_of(judge(ScenarioResult("undefined", steps=steps))))
    assert "<code>features/s.py:3</code></span></th><td>1</td>" in text
    assert f"{PAGE}:7" in sound(text).text
    sound(html.render_steps(verdict_of()))


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ('a cart with {n:d} "{what}"', 'Given a cart with <n> "<what>"'),
        ("{} and {{no field}}", "Given <…> and {no field}"),
        (r"^I (?P<verb>buy|sell) (?P<n>\d+) pears\.$", "Given I <verb> <n> pears."),
        (r"the (?P<what>(red|green) (?:pear|plum)) falls", "Given the <what> falls"),
        ("plain", "Given plain"),
    ],
)
def test_a_pattern_reads_as_a_sentence(pattern: str, shown: str) -> None:
    found = sentence(StepDefinition("s.py:1", "given", pattern, ""))
    assert "".join(f"<{text}>" if value else text for text, value in found) == shown


def test_values_are_marked_where_the_definition_captured_them() -> None:
    passed = StepResult("passed", definition="features/s.py:3", spans=((2, 4), (5, 5)))
    unknown = StepResult("passed", definition="features/s.py:3")
    words = 'a 12 "b"'
    step = Step("Given", "given", words, 6)
    shown = ShownScenario("Scenario", "In", "", (), 5, (ShownStep("Given", words, 6),), (), ("login/in",))
    for result, marked in (
        (passed, "a <var>12</var> &#34;b&#34;"),
        (unknown, "a <var>12</var> <var>&#34;b&#34;</var>"),
    ):
        judged = judge(
            ScenarioResult("passed", steps=(result,)), Scenario("login/in", "In", "", "speed", (), 5, (step,))
        )
        assert marked in html.render_block(verdict_of(judged), block_of(shown))


def test_the_step_catalogue_tells_what_no_scenario_uses_once_all_have_run() -> None:
    used = StepDefinition("features/s.py:3", "given", "a {thing}", "What it <does>.")
    idle = StepDefinition("features/s.py:9", "then", "never", "", used=False)
    steps = (StepResult("passed", definition="features/s.py:3"), StepResult("passed", definition="features/s.py:3"))
    whole = replace(verdict_of(judge(ScenarioResult("passed", steps=steps))), definitions=(used, idle))
    text = html.render_steps(whole)
    assert "Given a <var>thing</var>" in text
    assert "What it &lt;does&gt;." in text
    assert "1 step definition that no scenario uses" in text
    partly = replace(verdict_of(judge(ScenarioResult("unknown", "not-selected"))), definitions=(used, idle))
    assert "no scenario uses" not in html.render_steps(partly)


def test_nothing_that_users_write_becomes_markup() -> None:
    bad = HOSTILE
    step = Step(bad, "given", bad, 6, ((bad, bad),), bad, bad)
    scenario = Scenario("login/in", bad, bad, "speed", (f"@{bad}",), 5, (step,), description=bad)
    failed = StepResult("failed", 1, bad, bad, bad, bad, (bad, bad))
    judged = judge(ScenarioResult("failed", "error", (failed,), 1, bad + "!", output=bad), scenario)
    shown_step = ShownStep(bad, bad, 6, ((bad, bad),), bad, bad)
    table = ShownExamples(bad, bad, bad, (bad,), 9, (bad,), (((bad,), "login/in"),))
    plain = ShownScenario(bad, bad, bad, (bad,), 5, (shown_step,), (), ("login/in",))
    heading = ShownHeading("rule", bad, bad, bad, (bad,), 1)
    background = ShownBackground(bad, bad, bad, 2, (shown_step,))
    problem = Problem("error", PAGE, 1, 1, bad)
    whole = verdict_of(judged, problems=(problem,))
    named = replace(whole.features[0].feature, name=bad)
    whole = replace(whole, features=(replace(whole.features[0], feature=named),))
    for block in (
        block_of(heading, background, plain, problems=(problem,)),
        block_of(replace(plain, examples=(table,))),
        block_of(runs=False, source=bad),
        block_of(source=bad, problems=(problem,)),
    ):
        tree = sound(html.render_block(whole, block))
        assert "<script>alert(1)</script>" in tree.text
    for text in (html.render_status(whole, PAGE), html.render_overview(whole), html.render_failures(whole)):
        sound(text)
    sound(html.render_steps(whole))


def test_small_words() -> None:
    assert anchor("login/rate-limits") == "scenario-login--rate-limits"
    said = [duration(value) for value in (None, 0.2, 38, 1310, 125_000)]
    assert said == ["", "< 1 ms", "38 ms", "1.31 s", "2 min 5 s"]
    assert html.STYLESHEET.is_file()
    assert "url(" not in html.STYLESHEET.read_text(encoding="utf-8")


def test_templates_are_compiled_once_and_a_changed_one_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept = rendering._Bytecode(str(tmp_path / "__pycache__"), "%s.jinja")

    def shown(source: str) -> str:
        return (
            Environment(loader=DictLoader({"a.html": source}), autoescape=True, bytecode_cache=kept)
            .get_template("a.html")
            .render()
        )

    assert shown("one") == "one"
    (file,) = (tmp_path / "__pycache__").iterdir()
    file.write_bytes(b"no bytecode")
    assert [shown("one"), shown("two"), shown("two")] == ["one", "two", "two"]


def test_a_template_is_shown_where_no_bytecode_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept = rendering._Bytecode(str(tmp_path / "missing/__pycache__"), "%s.jinja")
    templates = Environment(loader=DictLoader({"a.html": "one"}), autoescape=True, bytecode_cache=kept)
    assert templates.get_template("a.html").render() == "one"
    assert not list(tmp_path.iterdir())
