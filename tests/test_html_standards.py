from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import markdown
import pytest

from mkdocs_jetty.hosts.markdown import JettyExtension, PageContext
from mkdocs_jetty.judge.model import (
    STANDARD_STATUSES,
    FeatureVerdict,
    History,
    JudgedScenario,
    ModeVerdict,
    StandardVerdict,
    Verdict,
)
from mkdocs_jetty.run.model import ScenarioResult, StepResult
from mkdocs_jetty.show import html, words
from mkdocs_jetty.show.review import render_review_files, review_markdown, skeleton_gherkin
from mkdocs_jetty.show.views import BlockView
from mkdocs_jetty.spec.model import Block, Feature, Page, Problem, Scenario, ShownExamples, ShownScenario, Spec, Step
from mkdocs_jetty.standards.model import (
    Applies,
    Attestation,
    Declaration,
    Preset,
    Report,
    ReportFinding,
    Source,
    Standard,
    Threshold,
    Waiver,
)

PAGE = "docs/login.md"
TODAY = date(2026, 11, 22)
HOSTILE = (
    "</pre></td><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\n\n    # no {{ 7*7 }} \x02k\x03 \x1b[31m"
)
SOURCE_URL = "https://example.org/blob/main/{path}#L{line}"
VOID = {"input"}


class Tree(HTMLParser):
    """Fails on a tag that does not close the one that is open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.roots = 0
        self.text = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.roots += not self.open
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.tags if tag == "a"]


def sound(text: str) -> Tree:
    tree = Tree(text)
    assert tree.roots == 1
    assert not {"script", "style", "img"} & {tag for tag, _ in tree.tags}
    assert not [name for _, attrs in tree.tags for name in attrs if name == "style" or name.startswith("on")]
    assert not [link for link in tree.links if re.match(r"\s*(javascript|data):", link)]
    ids = [attrs["id"] for _, attrs in tree.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not set("\x00\x02\x03\x1b") & set(text)
    assert text in markdown.markdown(f"Before\n\n{text}\n\nAfter")
    return tree


def said(text: str) -> str:
    return " ".join(sound(text).text.split())


LIMIT = Threshold("limit", "at-most", "10", "10")
THROTTLING = Standard(
    "login-throttling", "security", "Throttled attempts", "At most 10 attempts a minute.",
    Applies("feature", (("authentication",),), "authentication"), "scenario", {"limit": LIMIT},
    ("When I try 10 times", "Then I am refused"), (Source("ASVS V6.3.1", "primary"), Source("PCI 8.3.4", "memory")),
    "limit is judgement", "staging",
)  # fmt: skip
RESTORE = replace(THROTTLING, id="restore", category="resilience", title="Tested restore", evidence="attestation",
                  skeleton=(), thresholds={})  # fmt: skip
STEPS = (Step("Given", "given", "a person", 6),)
SCENARIO = Scenario("login/limits", "Refuses the eleventh", "Scenario", "production", ("@production",), 5, STEPS)
ATTESTED = Attestation("restore", "Ada", date(2026, 11, 1), date(2027, 1, 31), "https://example.org/drill", "It works.")
WAIVED = Waiver("login-throttling", "risk-accepted", "Few users.", "Bo", "Cleo", TODAY, date(2026, 12, 24))


def judged(status: str = "passed", scenario: Scenario = SCENARIO, **changes: object) -> JudgedScenario:
    result = ScenarioResult(status, steps=(StepResult(status),), **changes)  # type: ignore[arg-type]
    return JudgedScenario(scenario, result, status == "failed", known_red=False)


def verdict_of(*standards: StandardVerdict, scenario: JudgedScenario | None = None, **changes: object) -> Verdict:
    scenario = scenario or judged()
    feature = Feature("login", "Login", PAGE, 1, (scenario.scenario,), traits=("authentication",))
    modes = {mode: ModeVerdict("green", 1, 1) for mode in ("speed", "stable", "production")}
    complete = all(item.settled for item in standards)
    level = "production" if complete else "stable"
    preset = Preset(("production-saas",), "Production SaaS", "2026.11", (), (THROTTLING, RESTORE))
    whole = Verdict(
        "Harbour", "external", "production", Spec((feature,), (Page(PAGE, "Login", ()),)),
        (FeatureVerdict(feature, (scenario,), modes, level, complete, standards),),
        (), {"scenarios": 1, "passed": 1}, False, False, 1.5, True, (), preset,
        Declaration("external", ("production-saas",), since=date(2026, 11, 1)), {}, TODAY, "9f3c2ab",
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def one(status: str, standard: Standard = THROTTLING, **fields: object) -> StandardVerdict:
    return StandardVerdict(standard, status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", STANDARD_STATUSES)
def test_every_state_of_a_standard_is_said_in_words(status: str) -> None:
    text = said(html.render_standards(verdict_of(one(status, why="trait authentication")), PAGE))
    assert "Throttled attempts" in text
    assert "trait authentication" in text
    if status != "not-applicable":
        assert words.STANDARD[status].word in text  # type: ignore[index]


def test_what_is_missing_comes_first_and_what_does_not_apply_is_folded() -> None:
    standards = (one("met", replace(RESTORE, id="a", title="Alpha")), one("not-applicable"), one("uncovered", RESTORE))
    text = said(html.render_standards(verdict_of(*standards), PAGE))
    assert text.index("Tested restore") < text.index("Alpha") < text.index("1 standard that does not apply")


def test_what_is_missing_offers_the_scenario_that_would_prove_it() -> None:
    tree = sound(html.render_standards(verdict_of(one("uncovered")), PAGE))
    assert skeleton_gherkin(THROTTLING) == (
        "@production @standard:login-throttling\nScenario: Throttled attempts\n"
        "  When I try 10 times\n  Then I am refused\n"
    )
    assert skeleton_gherkin(THROTTLING).rstrip() in tree.text
    assert "jetty attest restore" in said(html.render_standards(verdict_of(one("uncovered", RESTORE)), PAGE))
    assert skeleton_gherkin(RESTORE) == ""


def test_a_tag_leads_to_the_standard_that_it_claims_where_the_page_shows_it() -> None:
    whole = verdict_of(one("met"), one("not-applicable", RESTORE))
    view = BlockView(whole, Block(PAGE, 1, "", True, "login", (), ()))
    anchor = view.standard_of("@standard:login-throttling")
    assert f'id="{anchor}"' in html.render_standards(whole, PAGE)
    assert [view.standard_of(tag) for tag in ("@standard:restore", "@standard:no-such", "@production")] == [None] * 3


def test_a_proof_leads_to_its_scenario_or_its_record() -> None:
    finding = ReportFinding(Report("restore", "reports/zap.json"), ok=True, made_on=TODAY, note="0 findings")
    standards = (
        one("met", scenarios=("login/limits",)),
        one("attested", RESTORE, record=ATTESTED, expires=ATTESTED.until),
        one("waived", replace(THROTTLING, id="w"), record=WAIVED),
        one("met", replace(RESTORE, id="z"), record=finding),
    )
    tree = sound(html.render_standards(verdict_of(*standards), PAGE, source_url=SOURCE_URL))
    assert "#scenario-login--limits" in tree.links
    assert "https://example.org/drill" in tree.links
    assert "https://example.org/blob/main/reports/zap.json#L1" in tree.links
    text = " ".join(tree.text.split())
    assert "until 31 Jan 2027" in text
    assert "waived until 24 Dec 2026 (risk accepted): Few users.; owner Bo, approved by Cleo" in text
    assert "made 22 Nov 2026: 0 findings" in text


def test_a_deviation_is_shown_with_both_numbers_and_its_reason() -> None:
    slower = Threshold("p95", "at-most", "800 ms", "500 ms", "the supplier is slow", looser=True)
    standard = replace(THROTTLING, thresholds={"p95": slower})
    sentence = "p95: the preset asks ≤ 500 ms, the project ≤ 800 ms, because the supplier is slow"
    assert f"Looser than the preset: {sentence}" in said(html.render_standards(verdict_of(one("met", standard)), PAGE))
    assert sentence in review_markdown(verdict_of(one("met", standard)), "login")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "https://a b", "//x"])
def test_only_web_addresses_become_links(link: str) -> None:
    whole = verdict_of(one("attested", RESTORE, record=replace(ATTESTED, link=link)))
    whole = replace(whole, declaration=replace(whole.declaration, attestations=(replace(ATTESTED, link=link),)))
    for text in (html.render_standards(whole, PAGE, source_url=link), html.render_overview(whole, source_url=link)):
        assert link not in sound(text).links


def test_the_overview_says_plainly_whether_the_project_is_ready() -> None:
    ready = said(html.render_overview(verdict_of(one("met"))))
    assert ready.startswith("Ready for production.")
    assert "External since 1 Nov 2026 · Production SaaS 2026.11 · finish line production" in ready
    assert "verified 22 Nov 2026 at 9f3c2ab" in ready
    assert "%" not in ready
    missing = verdict_of(one("uncovered"), standards=(one("stale", RESTORE),))
    tree = sound(html.render_overview(missing, lambda page: f"../{page}/"))
    text = " ".join(tree.text.split())
    assert text.startswith("Not ready for production: 1 of 1 feature not complete")
    assert "1 standard of features open, 1 standard of the system open." in text
    assert f"../{PAGE}/#standard-login--login-throttling" in tree.links
    assert "#standard-system--restore" in tree.links


def test_regressions_are_named_before_anything_else() -> None:
    red = judged("failed", replace(SCENARIO, mode="speed", name="Signs in"))
    whole = verdict_of(one("met"), scenario=red, red=True)
    whole = replace(whole, features=(replace(whole.features[0], regressed=True, complete=False),))
    text = said(html.render_overview(whole))
    assert text.index("Regressions") < text.index("Signs in") < text.index("Proven level")
    assert "Regression: it was complete" in said(html.render_status(whole, PAGE))


def test_the_matrix_shows_each_standard_for_each_feature_with_its_word() -> None:
    standards = tuple(
        one(status, replace(THROTTLING, id=f"s-{status}", title=f"Standard {status}", category=category))
        for status, category in zip(STANDARD_STATUSES, ["security", "resilience", "compliance"] * 4)  # noqa: B905
    )
    tree = sound(html.render_standards(verdict_of(*standards), "docs/index.md"))
    titles = [attrs["title"] for tag, attrs in tree.tags if tag == "td" and "title" in attrs]
    assert len(titles) == len(STANDARD_STATUSES) - 1
    assert "Standard unmet, Login: unmet" in titles
    assert "1 standard that applies to no feature" in " ".join(tree.text.split())
    uses = {str(attrs["href"]).lstrip("#") for tag, attrs in tree.tags if tag == "use"}
    assert uses <= {attrs.get("id") for tag, attrs in tree.tags if tag == "symbol"}


def test_records_stand_in_the_order_of_their_expiry() -> None:
    whole = verdict_of(one("met"), declaration=Declaration("external", attestations=(ATTESTED,), waivers=(WAIVED,)))
    text = said(html.render_overview(whole))
    assert text.index("24 Dec 2026") < text.index("31 Jan 2027")
    assert "in 32 days" in text
    late = replace(WAIVED, until=date(2026, 11, 21))
    whole = replace(whole, declaration=replace(whole.declaration, waivers=(late,)))
    assert "waiver: expired" in said(html.render_overview(whole))
    assert "1 day ago" in said(html.render_overview(whole))


SHOWN = ShownScenario("Scenario", "Refuses", "", (), 5, (), (), ("login/limits",))


def block_of(shown: ShownScenario = SHOWN) -> Block:
    return Block(PAGE, 4, "Scenario: x", runs=True, feature_id="login", items=(shown,))


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (
            History(date(2026, 11, 3), "1a2b", date(2026, 11, 5), "3c4d"),
            "first red 3 Nov 2026 1a2b · green since 5 Nov 2026 3c4d",
        ),
        (
            History(date(2026, 11, 3), None, date(2026, 11, 5), None, ((TODAY, "5e6f"),)),
            "first green 5 Nov 2026 · red again 22 Nov 2026 5e6f",
        ),
        (History(None, None, date(2026, 11, 5)), "never seen red · green since 5 Nov 2026"),
        (
            History(date(2026, 11, 3), challenged_on=TODAY),
            "challenged on 22 Nov 2026: passes without its When steps, proves nothing",
        ),
    ],
)
def test_the_history_of_a_scenario_is_told(known: History, text: str) -> None:
    assert text in said(html.render_block(verdict_of(history={"login/limits": known}), block_of()))
    rows = ShownExamples("Examples", "", "", (), 9, ("n",), ((("1",), "login/limits"),))
    outline = replace(SHOWN, examples=(rows,))
    assert text in said(html.render_block(verdict_of(history={"login/limits": known}), block_of(outline)))


def test_without_a_ledger_there_is_no_history() -> None:
    assert "red" not in said(html.render_block(verdict_of(), block_of()))
    assert "never seen red" in said(html.render_block(verdict_of(history={"other": History()}), block_of()))


def test_what_was_measured_stands_under_its_scenario() -> None:
    scenario = judged(measured={"users": "500"}, environment="staging")
    assert "measured: users 500 · observed: staging" in said(
        html.render_block(verdict_of(scenario=scenario), block_of())
    )


def test_places_lead_to_their_source() -> None:
    step = StepResult("failed", definition="features/a b.py:17", message="no")
    red = JudgedScenario(SCENARIO, ScenarioResult("failed", "assertion", (step,)), red=True, known_red=False)
    for render in (html.render_failures, html.render_steps):
        tree = sound(render(verdict_of(scenario=red), source_url=SOURCE_URL))
        assert "https://example.org/blob/main/features/a%20b.py#L17" in tree.links
        assert not [link for link in sound(render(verdict_of(scenario=red))).links if "a%20b" in link]


def test_a_page_of_a_feature_ends_with_its_standards_unless_they_have_a_place() -> None:
    def page(source: str, verdict: Verdict) -> str:
        return markdown.markdown(source, extensions=[JettyExtension(PageContext(verdict, PAGE))])

    whole = verdict_of(one("uncovered"))
    assert page("# Login\n\nText", whole).count('id="standards"') == 1
    placed = page("# Login\n\n<!-- jetty/standards -->\n\nText", whole)
    assert placed.count('id="standards"') == 1
    assert placed.index('id="standards"') < placed.index("Text</p>")
    assert 'id="standards"' not in page("# Login", replace(whole, state="internal"))


def test_problems_are_named_once_a_page() -> None:
    whole = verdict_of(one("met"), problems=(Problem("error", PAGE, 3, 1, "mend this"),))
    for source in ("<!-- jetty/overview -->\n\n<!-- jetty/failures -->", "<!-- jetty/failures -->"):
        text = markdown.markdown(source, extensions=[JettyExtension(PageContext(whole, "docs/index.md"))])
        assert text.count("mend this") == 1


def test_a_review_answers_what_is_asked_before_hardening() -> None:
    standards = (
        one("uncovered", note="nothing claims it", why="trait authentication"),
        one("attested", RESTORE, record=ATTESTED),
        one("not-applicable", replace(RESTORE, id="n"), why="no"),
    )
    whole = verdict_of(*standards)
    text = review_markdown(whole, "login")
    for part in (
        "# Review: Login", "Preset: Production SaaS 2026.11", "Numbers to meet: limit ≤ 10",
        "- Applies: trait authentication", f"```gherkin\n{skeleton_gherkin(THROTTLING)}```",
        "- [ ] Throttled attempts (`login-throttling`) is uncovered: nothing claims it",
        "attested by Ada on 1 Nov 2026, until 31 Jan 2027", "## Standards that do not apply",
    ):  # fmt: skip
        assert part in text
    assert render_review_files(whole) == {"login": text}
    with pytest.raises(LookupError):
        review_markdown(whole, "nobody")


def test_nothing_that_users_write_becomes_markup() -> None:
    bad = HOSTILE
    threshold = Threshold(bad, "at-most", bad, f"{bad}!", bad, looser=True)
    standard = Standard(
        "s", bad, bad, bad, Applies("feature", (), bad), "scenario", {bad: threshold}, (bad, "```"),
        (Source(bad, "memory", bad),), bad, "staging",
    )  # fmt: skip
    finding = ReportFinding(Report("s", bad), ok=False, made_on=TODAY, note=bad, error=bad)
    attested = replace(ATTESTED, standard="s", by=bad, statement=bad, link=bad, feature=bad)
    waived = replace(WAIVED, standard=bad, reason=bad, text=bad, owner=bad, approver=bad)
    standards = tuple(
        one("unmet", replace(standard, id=f"s{index}"), note=bad, why=bad, record=record, scenarios=("login/limits",))
        for index, record in enumerate((finding, attested, waived))
    )
    scenario = judged(scenario=replace(SCENARIO, name=bad), measured={bad: bad}, environment=bad)
    whole = verdict_of(
        *standards, one("not-applicable", replace(standard, id="s3"), why=bad), scenario=scenario, standards=standards,
        commit=bad, preset=Preset((bad,), bad, bad, (), (standard,), (bad,)),
        declaration=Declaration("external", attestations=(attested,), waivers=(waived,)),
        history={"login/limits": History(TODAY, bad, TODAY, bad, ((TODAY, bad),), TODAY)},
    )  # fmt: skip
    feature = replace(whole.features[0].feature, name=bad)
    whole = replace(whole, features=(replace(whole.features[0], feature=feature, regressed=True),))
    pattern = "https://x/{path}\"'><script>"
    for text in (
        html.render_standards(whole, PAGE, source_url=pattern, heading=True),
        html.render_standards(whole, "docs/index.md", source_url=pattern, heading=True),
        html.render_overview(whole, source_url=pattern),
        html.render_status(whole, PAGE),
        html.render_block(whole, block_of(), source_url=pattern),
    ):
        assert "alert(1)" in sound(text).text
    review = review_markdown(whole, "login")
    shown = markdown.markdown(review, extensions=["pymdownx.superfences"])
    assert "<script" not in shown
    assert "<img" not in shown
