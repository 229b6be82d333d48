"""Which evidence makes which standard hold, and what follows for level, completeness and the gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mkdocs_jetty.assess import assess, this_day
from mkdocs_jetty.config import ConfigError, load
from mkdocs_jetty.judge.model import StandardVerdict, Verdict
from mkdocs_jetty.judge.standards import check_claims
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show.spec_json import spec_json
from mkdocs_jetty.spec.model import MODES, Feature, Scenario, Spec, Step
from mkdocs_jetty.spec.reader import read
from mkdocs_jetty.standards.model import (
    Applies,
    Attestation,
    Declaration,
    Preset,
    Report,
    ReportFinding,
    Standard,
    Threshold,
    Waiver,
)
from mkdocs_jetty.standards.presets import resolve

TODAY = date(2026, 11, 23)
TODAY_AT_NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
FAILED = ScenarioResult("failed", "assertion", (StepResult("failed"),))
Row = tuple[str, ScenarioResult]
STEPS = (Step("When", "when", "it opens", 4), Step("Then", "then", "it is open", 5))


def passed(environment: str | None = None, **measured: str) -> ScenarioResult:
    steps = (StepResult("passed"),) * len(STEPS)
    return ScenarioResult("passed", steps=steps, measured=measured, environment=environment)


def standard(evidence: Any = "scenario", scope: Any = "feature", traits: Any = (), **fields: Any) -> Standard:
    return Standard("std", "c", "Standard", "It holds.", Applies(scope, traits), evidence, **fields)


def threshold(name: str, direction: Any, value: str) -> dict[str, Threshold]:
    return {name: Threshold(name, direction, value, value)}


def project(
    one: Standard,
    rows: Sequence[Row] = (),
    declaration: Declaration = Declaration(),  # noqa: B008 # frozen
    findings: Sequence[ReportFinding] = (),
    *,
    tags: tuple[str, ...] = ("@standard:std",),
    **more: Any,
) -> Verdict:
    solid = [(mode, passed()) for mode in MODES]
    scenarios, results = [], {}
    for number, (mode, result) in enumerate((*solid, *rows)):
        own = tags if number >= len(solid) else ()
        name = f"s{number}"
        scenarios.append(Scenario(f"door/{name}", name, "Scenario", mode, own, 9, STEPS))  # type: ignore[arg-type]
        results[f"door/{name}"] = result
    spec = Spec((Feature("door", "Door", "docs/door.md", 1, tuple(scenarios), traits=("ui",), traits_declared=True),))
    preset = Preset(("own",), "Own", "1", (), (one,))
    values: dict[str, Any] = {"name": "Doors", "state": "external", "fail_on": ("standards",), "today": TODAY}
    return judge(
        spec, Results(results), preset=preset, declaration=declaration, findings=findings, **{**values, **more}
    )


def only(*args: Any, **more: Any) -> StandardVerdict:
    verdict = project(*args, **more)
    return (*verdict.features[0].standards, *verdict.standards)[0]


def attested(until: int, feature: str | None = None) -> Declaration:
    day = TODAY + timedelta(days=until)
    return Declaration("external", attestations=(Attestation("std", "Ada", date(2026, 1, 1), day, "l", "s", feature),))


def waived(until: int) -> Declaration:
    day = TODAY + timedelta(days=until)
    return Declaration(
        "external", waivers=(Waiver("std", "risk-accepted", "small", "Ada", "Bob", date(2026, 1, 1), day),)
    )


def finding(age: int | None = 0, **fields: Any) -> ReportFinding:
    made = None if age is None else TODAY - timedelta(days=age)
    return ReportFinding(Report("std", "r.json"), **{"ok": True, "made_on": made, "note": "0 findings", **fields})


# ---- by scenarios ----


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([("production", passed())], "met"),
        ([("production", passed()), ("production", FAILED)], "unmet"),
        ([("production", ScenarioResult("undefined"))], "unmet"),
        ([("production", ScenarioResult("skipped"))], "unknown"),
        ([("production", ScenarioResult("unknown", "not-selected"))], "unknown"),
        ([("production", ScenarioResult("unknown", "inconclusive"))], "unknown"),
        ([("production", passed()), ("production", ScenarioResult("skipped"))], "unknown"),
        ([("stable", passed())], "uncovered"),
        ([], "uncovered"),
    ],
)
def test_a_scenario_proves_in_production_mode_and_now(rows: list[Row], status: str) -> None:
    assert only(standard(), rows).status == status


def test_a_claim_in_another_mode_is_named() -> None:
    found = only(standard(), [("stable", passed())])
    assert "stable mode only" in found.note
    assert found.scenarios == ("door/s3",)


def test_known_red_is_unmet() -> None:
    assert only(standard(), [("production", FAILED)], tags=("@standard:std", "@wip")).status == "unmet"


@pytest.mark.parametrize(
    ("measured", "status", "note"),
    [
        ({"users": "500"}, "met", "users 500 (at least 500)"),
        ({"users": "499"}, "unmet", "users was 499; asks for at least 500"),
        ({"users": "plenty"}, "unknown", "cannot be compared"),
        ({"users": "5000; 600"}, "met", "users 5000; 600 (at least 500)"),
        ({"users": "5000; 5"}, "unmet", "users was 5; asks for at least 500"),
        ({"users": "5; 5000"}, "unmet", "users was 5; asks for at least 500"),
        ({"users": "5000; plenty"}, "unknown", "users plenty cannot be compared"),
        ({"users": "plenty; 5"}, "unmet", "users was 5"),
        ({}, "claimed", "not observed: users"),
        ({"colour": "red"}, "claimed", "not observed: users"),
    ],
)
def test_what_the_run_recorded_is_held_against_the_threshold(measured: Any, status: str, note: str) -> None:
    one = standard(thresholds=threshold("users", "at-least", "500"))
    found = only(one, [("production", passed(**measured))])
    assert found.status == status
    assert note in found.note


def test_words_with_a_semicolon_are_one_value() -> None:
    one = standard(thresholds=threshold("who", "exact", "everyone; keys for staff"))
    for said in ("everyone; keys for staff", "everyone; keys for staff; everyone; keys for staff"):
        assert only(one, [("production", passed(who=said))]).status == "met"
    for said in ("everyone", "everyone; keys for staff; everyone", "everyone; keys for staff; nobody; keys for staff"):
        assert only(one, [("production", passed(who=said))]).status == "unmet"


def test_what_several_scenarios_recorded_is_shown_together() -> None:
    one = standard(thresholds=threshold("users", "at-least", "500"))
    rows = [("production", passed(users="500")), ("production", passed(users="800"))]
    assert only(one, rows).note == "users 500; 800 (at least 500)"


@pytest.mark.parametrize(
    ("environment", "status"),
    [
        (None, "unmet"),
        ("local", "unmet"),
        ("ci", "unmet"),
        ("staging", "met"),
        ("production", "met"),
        ("qa", "unknown"),
    ],
)
def test_an_observation_counts_from_its_environment_up(environment: str | None, status: str) -> None:
    found = only(standard(min_environment="staging"), [("production", passed(environment))])
    assert found.status == status
    if environment is None:
        assert found.note == "observed locally; asks for staging"


# ---- by records ----


@pytest.mark.parametrize(
    ("left", "status"), [(15, "attested"), (14, "due"), (1, "due"), (0, "due"), (-1, "stale"), (-400, "stale")]
)
def test_an_attestation_runs_out(left: int, status: str) -> None:
    found = only(standard("attestation"), (), attested(left))
    assert (found.status, found.expires) == (status, TODAY + timedelta(days=left))


@pytest.mark.parametrize("evidence", ["scenario", "external-check"])
def test_an_attestation_stands_in_for_no_other_kind(evidence: Any) -> None:
    found = only(standard(evidence), (), attested(100))
    assert found.status == "uncovered"
    assert "an attestation does not stand in" in found.note


def test_a_scenario_stands_in_for_any_kind() -> None:
    for evidence in ("attestation", "external-check"):
        assert only(standard(evidence), [("production", passed())]).status == "met"
        assert only(standard(evidence), [("production", FAILED)], attested(100)).status == "unmet"


def test_a_record_of_another_feature_or_of_a_feature_for_the_system_does_not_count() -> None:
    assert only(standard("attestation"), (), attested(100, "window")).status == "uncovered"
    assert only(standard("attestation"), (), attested(100, "door")).status == "attested"
    assert only(standard("attestation", "system"), (), attested(100, "door")).status == "uncovered"
    assert only(standard("attestation", "system"), (), attested(100)).status == "attested"


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (finding(0), "met"),
        (finding(7), "met"),
        (finding(8), "stale"),
        (finding(None), "stale"),
        (finding(0, ok=False), "unmet"),
        (finding(0, ok=False, error="no JSON"), "unknown"),
    ],
)
def test_a_report_counts_within_its_age(report: ReportFinding, status: str) -> None:
    one = standard("external-check", thresholds=threshold("fresh", "at-most", "7 days"))
    assert only(one, (), Declaration("external"), [report]).status == status


@pytest.mark.parametrize(("ahead", "status"), [(0, "met"), (1, "met"), (2, "unknown"), (26000, "unknown")])
@pytest.mark.parametrize("limits", [threshold("fresh", "at-most", "7 days"), {}])
def test_a_report_from_the_future_is_of_no_known_age(ahead: int, status: str, limits: dict[str, Threshold]) -> None:
    found = only(standard("external-check", thresholds=limits), (), Declaration("external"), [finding(-ahead)])
    assert found.status == status
    assert ("dated in the future" in found.note) is (status == "unknown")


def test_the_worst_of_several_reports_counts() -> None:
    one = standard("external-check")
    assert only(one, (), Declaration("external"), [finding(), finding(ok=False)]).status == "unmet"


# ---- waivers ----


def test_an_open_waiver_covers_what_is_missing_and_nothing_else() -> None:
    found = only(standard(), [("production", FAILED)], waived(0))
    assert found.status == "waived"
    assert "risk-accepted" in found.note
    assert "Ada" in found.note
    assert "2026-11-23" in found.note
    assert not found.settled
    assert only(standard(), [("production", passed())], waived(9)).status == "met"


def test_an_expired_waiver_covers_nothing_and_says_so() -> None:
    found = only(standard(), (), waived(-1))
    assert found.status == "uncovered"
    assert "expired on 2026-11-22" in found.note


# ---- what follows ----


def test_what_does_not_apply_says_why_and_is_settled() -> None:
    found = only(standard(traits=(("payment",),)))
    assert (found.status, found.settled) == ("not-applicable", True)
    assert "payment" in found.why


def test_a_standard_of_the_system_applies_through_any_feature_with_the_trait() -> None:
    assert only(standard("attestation", "system", (("ui",),))).why == "trait ui, as in Door"
    assert only(standard("attestation", "system", (("payment",),))).status == "not-applicable"


@pytest.mark.parametrize(
    ("rows", "level", "complete", "fails"),
    [
        ([("production", passed())], "production", True, False),
        ([], "stable", False, True),
    ],
)
def test_production_needs_every_standard_of_the_feature(
    rows: list[Row], level: str, *, complete: bool, fails: bool
) -> None:
    verdict = project(standard(), rows)
    assert (verdict.features[0].level, verdict.features[0].complete, verdict.fails) == (level, complete, fails)


def test_a_standard_of_the_system_counts_for_the_project_only() -> None:
    verdict = project(standard("attestation", "system"))
    assert (verdict.features[0].complete, verdict.fails, verdict.standards[0].status) == (True, True, "uncovered")
    assert not project(standard("attestation", "system"), partial=True).standards


def test_an_internal_project_is_judged_by_no_standard() -> None:
    verdict = project(standard(), state="internal")
    assert verdict.features[0].standards == ()
    assert verdict.preset is not None


def test_spec_json_names_the_standards() -> None:
    verdict = project(standard(), [("production", passed())])
    document = spec_json(verdict, lambda page: page, TODAY_AT_NOON)
    assert document["project"]["preset"] == ["own"]
    entry = document["features"][0]["standards"][0]
    assert (entry["id"], entry["status"], entry["scenarios"]) == ("std", "met", ["door/s3"])


# ---- what authors have to mend ----


def test_a_claim_of_an_unknown_standard_is_an_error_with_a_suggestion() -> None:
    spec = project(standard(), [("production", passed())], tags=("@standard:login-throtling",)).spec
    problems = check_claims(spec, None, {"login-throttling"}, external=False)
    assert [(each.level, each.page, each.line) for each in problems] == [("error", "docs/door.md", 9)]
    assert "did you mean `@standard:login-throttling`" in problems[0].message


def test_a_claim_that_proves_nothing_is_a_warning() -> None:
    rows = [("production", passed())]
    verdict = project(standard(traits=(("payment",),)), rows)
    problems = check_claims(verdict.spec, verdict.preset, (), external=True)
    assert [each.level for each in problems] == ["warning"]
    other = project(standard(), rows, tags=("@standard:other",))
    problems = check_claims(other.spec, other.preset, {"other"}, external=True)
    assert "does not ask for it" in problems[0].message
    assert check_claims(other.spec, other.preset, {"other"}, external=False) == []


# ---- a whole project ----

SITE = "site_name: Doors\nplugins: [jetty]\n"
PAGE = """# Login

```gherkin
Scenario: Enter
  When I enter
```
"""


def built(tmp_path: Path, declaration: str, page: str = PAGE) -> Verdict:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(SITE, encoding="utf-8")
    (tmp_path / "docs" / "login.md").write_text(page, encoding="utf-8")
    (tmp_path / "jetty.toml").write_text(declaration, encoding="utf-8")
    settings = load(tmp_path / "mkdocs.yml")
    return assess(settings, read(settings), Results())


EXTERNAL = '[project]\nstate = "external"\npreset = ["production-saas"]\nsince = 2026-01-01\n'


def test_a_feature_without_traits_is_a_problem_in_an_external_project(tmp_path: Path) -> None:
    verdict = built(tmp_path, EXTERNAL)
    assert [(each.page, each.line) for each in verdict.problems] == [("docs/login.md", 1)]
    assert "declare them in the front matter" in verdict.problems[0].message
    assert verdict.red


@pytest.mark.parametrize("traits", ["[]", "[authentication]"])
def test_declared_traits_decide_which_standards_apply(tmp_path: Path, traits: str) -> None:
    verdict = built(tmp_path, EXTERNAL, f"---\njetty:\n  traits: {traits}\n---\n{PAGE}")
    assert not verdict.problems
    statuses = {each.standard.id: each.status for each in verdict.features[0].standards}
    assert statuses["login-throttling"] == ("not-applicable" if traits == "[]" else "uncovered")
    assert verdict.preset is not None
    assert verdict.standards


@pytest.mark.parametrize(
    ("trait", "hint"),
    [("authentification", "did you mean `authentication`?"), ("sailing", "standards know admin, api,")],
)
def test_a_trait_that_no_standard_knows_is_no_free_pass(tmp_path: Path, trait: str, hint: str) -> None:
    verdict = built(tmp_path, EXTERNAL, f"---\njetty:\n  name: {trait}\n  traits:\n    - {trait}\n---\n{PAGE}")
    (problem,) = verdict.problems
    assert (problem.level, problem.line) == ("error", 5)
    assert hint in problem.message
    assert verdict.red


def test_a_wrong_preset_stops_everything(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"jetty\.toml:3"):
        built(tmp_path, '[project]\nstate = "external"\npreset = ["production-sass"]\n')


def test_the_day_comes_from_the_epoch_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert this_day() == date(1970, 1, 2)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert this_day() >= TODAY - timedelta(days=3650)


# ---- how old, and of how many kinds ----


@pytest.mark.parametrize(
    ("age", "status"), [(0, "met"), (90, "met"), (91, "stale"), (9000, "stale"), (None, "stale"), (-3, "unknown")]
)
def test_every_report_has_an_age(age: int | None, status: str) -> None:
    assert only(standard("external-check"), findings=[finding(age)]).status == status


def test_a_standard_that_asks_for_two_kinds_of_scan_needs_two_reports() -> None:
    one = standard("external-check", scans=("static", "dynamic"))
    static, dynamic = finding(kinds=("static",)), finding(kinds=("dynamic",))
    found = only(one, findings=[static])
    assert found.status == "unmet"
    assert "no report of a scan for weaknesses of the running system" in found.note
    assert only(one, findings=[static, static]).status == "unmet"
    assert only(one, findings=[static, dynamic]).status == "met"
    assert only(one, findings=[static, finding(ok=False, kinds=("dynamic",))]).status == "unmet"


def test_what_everybody_may_use_needs_no_sign_in_and_says_why() -> None:
    def statuses(public: str | None) -> dict[str, tuple[str, str]]:
        preset = resolve(("startup-mvp",), (), (), Path())
        feature = Feature("map", "Map", "docs/map.md", 1, (), traits=("ui",), traits_declared=True, public=public)
        verdict = judge(
            Spec((feature,)), Results(), name="", state="external", fail_on=(), preset=preset, today=TODAY
        )  # fmt: skip
        return {each.standard.id: (each.status, each.why) for each in verdict.features[0].standards}

    private, public = statuses(None), statuses("Anybody may look at the map.")
    assert private["authorization-enforced"][0] == "uncovered"
    assert public["authorization-enforced"] == ("not-applicable", "declared public: Anybody may look at the map.")
    changed = {key for key in private if private[key] != public[key]}
    assert changed == {"authentication-enforced", "authorization-enforced"}


def test_what_is_public_and_private_at_once_is_refused(tmp_path: Path) -> None:
    meta = "---\njetty:\n  traits: [admin]\n  public: Anybody may look at it.\n---\n"
    page = f"{meta}# Map\n\n```gherkin\nScenario: A\n  Given a\n```\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/map.md").write_text(page)
    (tmp_path / "mkdocs.yml").write_text("site_name: Map\nplugins: [jetty]\n")
    external = '[project]\nstate = "external"\npreset = ["startup-mvp"]\nsince = 2026-11-01\n'
    (tmp_path / "jetty.toml").write_text(external)
    settings = load(tmp_path / "mkdocs.yml")
    verdict = assess(settings, read(settings), Results())
    assert "it is declared `public` and has the trait `admin`, which contradict each other" in [
        problem.message for problem in verdict.problems
    ]
