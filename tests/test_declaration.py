"""`jetty.toml`: what it says, every mistake with its line, and the commands that write it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.standards.declaration import (
    check_declaration,
    parse_declaration,
    read_declaration,
    settled,
    validity,
)
from mkdocs_jetty.standards.model import (
    Applies,
    Attestation,
    Declaration,
    Evidence,
    Preset,
    Report,
    Standard,
    Threshold,
    ThresholdChange,
    Transition,
    Waiver,
)
from mkdocs_jetty.standards.writing import add_attestation, add_waiver, go_external, go_internal

TODAY = date(2026, 11, 22)

FULL = """\
# Decided in the architecture round.
[project]
state = "external"               # since the launch
preset = ["production-saas"]
frameworks = []
since = 2026-11-22

[thresholds.latency-budget]
p95 = "800 ms"
reason = "the map service answers late"

[thresholds.rate-limiting]
limit = 20

[[attestation]]
standard = "penetration-test"
by = "Ada"
on = 2026-11-01
until = 2027-10-01
link = "https://example.org/pentest"
statement = \"\"\"
[[waiver]] is only a word here
\"\"\"

[[waiver]]
standard = "latency-budget"
reason = "not-yet-implemented"
text = "the map service is replaced in January"
owner = "Ada"
approver = "Grace"
on = 2026-11-01
until = 2027-01-31
feature = "map"

[[report]]
standard = "dependency-vulnerabilities"
path = "reports/components.cdx.json"
format = "cyclonedx"
environment = "ci"

[[transition]]
state = "external"
on = 2026-11-22
preset = ["production-saas"]
"""


def errors(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse_declaration(text)
    return str(refused.value).splitlines()


def test_everything_is_read_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text(FULL)
    assert read_declaration(tmp_path) == Declaration(
        state="external",
        preset=("production-saas",),
        since=TODAY,
        thresholds=(
            ThresholdChange("latency-budget", "p95", "800 ms", "the map service answers late", 9),
            ThresholdChange("rate-limiting", "limit", "20", None, 13),
        ),
        attestations=(
            Attestation("penetration-test", "Ada", date(2026, 11, 1), date(2027, 10, 1),
                        "https://example.org/pentest", "[[waiver]] is only a word here", None, 15),
        ),
        waivers=(
            Waiver("latency-budget", "not-yet-implemented", "the map service is replaced in January", "Ada", "Grace",
                   date(2026, 11, 1), date(2027, 1, 31), "map", 25),
        ),
        reports=(
            Report("dependency-vulnerabilities", "reports/components.cdx.json", "cyclonedx", "ci", None, 35),
        ),
        history=(Transition("external", TODAY, ("production-saas",)),),
    )  # fmt: skip


def test_without_a_file_the_project_is_internal(tmp_path: Path) -> None:
    assert read_declaration(tmp_path) == Declaration()


def test_an_internal_project_may_name_the_preset_it_plans_for() -> None:
    assert parse_declaration('[project]\npreset = "enterprise"').preset == ("enterprise",)


def test_every_mistake_is_named_at_once_in_the_order_of_the_lines() -> None:
    text = FULL.replace('state = "external"  ', 'state = "extern"  ', 1).replace("until = 2027-10-01", 'until = "soon"')
    text = text.replace('approver = "Grace"', 'approver = " ADA "').replace("[[report]]", "[[reports]]")
    assert errors(text) == [
        "jetty.toml:3: `state` must be `internal` or `external` (did you mean `external`?), not 'extern'",
        "jetty.toml:19: `until` must be a date such as 2026-11-22, without quotes, not 'soon'",
        "jetty.toml:30: `approver` is the owner, Ada; somebody else has to approve a waiver",
        (
            "jetty.toml:35: jetty.toml has no table `reports` (did you mean `report`?); "
            "it has project, thresholds, load, attestation, waiver, report, transition"
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('preset = ["production-saas"]\nframeworks', "frameworks", "jetty.toml:3: an external project needs a preset"),
        ('["production-saas"]\nframeworks', "[]\nframeworks", "jetty.toml:4: `preset` is empty"),
        ('["production-saas"]\nframeworks', "4\nframeworks",
         "jetty.toml:4: `preset` must be a text or a list of texts"),
        ("frameworks = []", 'frameworks = ["hippa"]',
         "jetty.toml:5: there is no framework `hippa` (did you mean `hipaa`?)"),
        ("since = 2026", "sinse = 2026", "jetty.toml:6: `project` has no key `sinse` (did you mean `since`?)"),
        ("since = 2026-11-22", "since = 2026-11-22T10:00:00Z",
         "jetty.toml:6: `since` must be a date such as 2026-11-22, without"),
        ("since = 2026-11-22", "since = 2026-11-32", "jetty.toml:6: this is not valid TOML"),
        ('p95 = "800 ms"\n', "", "jetty.toml:8: `[thresholds.latency-budget]` changes no threshold"),
        ("limit = 20", "limit = true", "jetty.toml:13: `limit` must be a text such as"),
        ("until = 2027-10-01", "until = 2026-10-01",
         "jetty.toml:19: `until` (2026-10-01) lies before `on` (2026-11-01)"),
        ('link = "https://example.org/pentest"', 'link = " "', "jetty.toml:20: `link` is empty"),
        ('by = "Ada"\n', "", "jetty.toml:15: `attestation` needs `by`"),
        ('by = "Ada"', "by = 3", "jetty.toml:17: `by` must be a text in quotes, not 3"),
        ('"not-yet-implemented"', '"not-implemented"', "jetty.toml:27: `reason` must be `risk-accepted`"),
        ('format = "cyclonedx"', 'format = "cyclone"', "(did you mean `cyclonedx`?)"),
        ('environment = "ci"', 'environment = "prod"', "jetty.toml:39: `environment` must be"),
        ("[[report]]", "[report]", "jetty.toml:35: `report` must be a list of tables, each written `[[report]]`"),
        ("[project]", "[[project]]", "jetty.toml:2: `project` must be a table, written `[project]`"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_and_what_would_be_right(old: str, new: str, message: str) -> None:
    assert old in FULL
    assert message in "\n".join(errors(FULL.replace(old, new, 1)))


def test_the_second_of_two_records_is_found() -> None:
    record = FULL[FULL.index("[[waiver]]\n") : FULL.index("[[report]]")]
    wrong = record.replace("2027-01-31", "2025-01-31").replace("on = 2026-11-01", "on = 2026-10-01")
    lines = FULL.count("\n")
    assert errors(FULL + wrong) == [f"jetty.toml:{lines + 8}: `until` (2025-01-31) lies before `on` (2026-10-01)"]
    assert errors(FULL + record) == [
        f"jetty.toml:{lines + 1}: this waiver for `latency-budget` stands already on line 25; keep one"
    ]


def test_lines_hold_for_other_spellings() -> None:
    text = 'project = { state = "external" }\nreport = [\n  { standard = "a", path = 3 },\n]\n'
    assert errors(text)[1].startswith("jetty.toml:2: `path` must be a text")
    assert errors('project.state = "no"\r\n"waivers" = []\r\n')[1].startswith("jetty.toml:2: jetty.toml has no table")
    assert errors('[thresholds."odd name"]\nx = "# [a]" # [b]\ny = []\n') == [
        'jetty.toml:3: `y` must be a text such as "800 ms", or a number, not []'
    ]


def test_a_directory_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").mkdir()
    with pytest.raises(ConfigError, match="directory"):
        read_declaration(tmp_path)


# ---- with the preset at hand ----


def standard(standard_id: str, evidence: Evidence = "attestation", scope: str = "system", **limits: str) -> Standard:
    thresholds = {name: Threshold(name, "at-most", value, value) for name, value in limits.items()}
    applies = Applies("feature" if scope == "feature" else "system")
    return Standard(standard_id, "security", standard_id, "…", applies, evidence, thresholds)


PRESET = Preset(
    ("production-saas",), "Production SaaS", "1", (),
    (
        standard("penetration-test", every="365 days"),
        standard("uptime-monitoring", every="1 minute", valid="90 days"),
        standard("latency-budget", "scenario", "feature", p95="500 ms"),
        standard("dependency-vulnerabilities", "external-check", fresh="7 days"),
        standard("login-throttling", "scenario", "feature"),
    ),
)  # fmt: skip
ATTESTED = Attestation(
    "penetration-test", "Ada", date(2026, 11, 1), date(2027, 11, 1), "https://x.test", "done", None, 4
)
WAIVED = Waiver("latency-budget", "risk-accepted", "…", "Ada", "Grace", TODAY, date(2027, 1, 1), None, 9)


def problems(*, preset: Preset | None = PRESET, **records: object) -> list[Problem]:
    return check_declaration(replace(Declaration(), **records), preset, ("map", "login"), TODAY)  # type: ignore[arg-type]


def test_what_is_right_has_no_problem() -> None:
    assert problems(attestations=(ATTESTED,), waivers=(WAIVED,), since=TODAY) == []
    assert check_declaration(parse_declaration(FULL), PRESET, ("map",), TODAY) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"standard": "penetration-tests"}, "is not a standard of Production SaaS (did you mean `penetration-test`?)"),
        ({"feature": "maps"}, "there is no feature with the id `maps` (did you mean `map`?)"),
        ({"feature": "map"}, "`penetration-test` is met once for the system"),
        ({"until": date(2027, 11, 2)}, "runs 366 days, to 2027-11-02; the standard allows at most 365 days"),
        ({"standard": "latency-budget"}, "is proved by a scenario; a statement cannot stand in for one"),
        ({"on": TODAY + timedelta(days=1)}, "which lies in the future"),
    ],
)
def test_an_attestation_is_checked(change: dict[str, object], message: str) -> None:
    (problem,) = problems(attestations=(replace(ATTESTED, **change),))  # type: ignore[arg-type]
    assert message in problem.message
    assert (problem.page, problem.line) == ("jetty.toml", 4)


def test_how_long_a_statement_holds_is_not_how_often_a_probe_runs() -> None:
    assert [validity(each) for each in PRESET.standards] == ["365 days", "90 days", None, "7 days", None]


def test_a_waiver_lasts_half_a_year_at_most() -> None:
    assert problems(waivers=(replace(WAIVED, until=TODAY + timedelta(days=180)),)) == []
    (problem,) = problems(waivers=(replace(WAIVED, until=TODAY + timedelta(days=181)),))
    assert problem.level == "error"
    assert "lasts 181 days" in problem.message


def test_too_many_open_waivers_are_a_warning() -> None:
    waivers = tuple(replace(WAIVED, on=TODAY - timedelta(days=day)) for day in range(6))
    (problem,) = problems(waivers=waivers)
    assert problem.level == "warning"
    assert "6 waivers are open, more than 5" in problem.message
    expired = replace(WAIVED, on=date(2026, 1, 1), until=date(2026, 2, 1))
    assert problems(waivers=(*waivers[:5], expired)) == []


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (replace(ATTESTED, standard="dependency-vulnerabilities"), "is proved by a report of another tool"),
        (Report("latency-budget", "r.json"), "is proved by a scenario; a report cannot stand in for one"),
        (Report("penetration-test", "r.json"), "is proved by a person's dated statement; a report cannot stand in"),
    ],
)
def test_a_record_of_a_kind_that_never_counts_is_refused(record: Attestation | Report, message: str) -> None:
    kind = "attestations" if isinstance(record, Attestation) else "reports"
    (problem,) = problems(**{kind: (record,)})  # type: ignore[arg-type]
    assert (problem.level, problem.line) == ("error", record.line)
    assert message in problem.message


def test_a_declared_format_that_cannot_answer_is_refused() -> None:
    (problem,) = problems(preset=None, reports=(Report("backups", "r.sarif", "sarif"),))
    assert "a report of the kind sarif cannot answer `backups`; one of junit can" in problem.message
    assert problems(preset=None, reports=(Report("backups", "r.xml", "junit"),)) == []


def test_without_a_preset_the_catalogue_says_what_there_is() -> None:
    assert problems(preset=None, attestations=(ATTESTED,)) == []
    (problem,) = problems(preset=None, attestations=(replace(ATTESTED, standard="nonsense"),))
    assert "`nonsense` is not a standard of the catalogue" in problem.message
    assert len(problems(preset=None, since=date(2026, 11, 23))) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("nonsense", "p95", "1 s"), "there is no standard `nonsense`"),
        (("latency-budget", "p96", "1 s"), "latency-budget has no threshold `p96`; it has p95, p99"),
        (("latency-budget", "p95", "5 MB"), "cannot be compared"),
    ],
)
def test_without_a_preset_a_threshold_still_has_to_be_one(change: tuple[str, str, str], message: str) -> None:
    (problem,) = problems(preset=None, thresholds=(ThresholdChange(*change, None, 3),))
    assert (problem.level, problem.line) == ("error", 3)
    assert message in problem.message
    assert problems(preset=None, thresholds=(ThresholdChange("latency-budget", "p95", "9 s", None, 3),)) == []


def test_days_of_the_project_have_their_line() -> None:
    text = '[project]\npreset = ["startup-mvp"]\nsince = 2099-01-01\n[[transition]]\nstate = "external"\n'
    found = check_declaration(parse_declaration(f"{text}on = 2098-01-01\n"), None, (), TODAY)
    assert [each.line for each in found] == [3, 6]


MANY = """\
[project]
state = "external"
preset = ["startup-mvp"]
since = 2099-01-01
[thresholds.latency-budget]
p95 = "9 s"
[thresholds.nonsense]
x = 1
[[attestation]]
standard = "uptime-monitoring"
by = "Ada"
on = 2026-11-01
until = 2036-11-01
link = "https://l"
statement = "it holds"
feature = "nowhere"
[[waiver]]
standard = "backupps"
reason = "risk-accepted"
text = "agreed"
owner = "Ada"
approver = "Bob"
on = 2026-11-01
until = 2028-01-01
"""
ALL = [(4, "in the future"), (6, "looser than"), (8, "no standard 'nonsense'"),
       (9, "no feature"), (9, "runs 3653 days"),
       (17, "`backupps` is not a standard"), (17, "lasts 426 days")]  # fmt: skip


def test_all_that_is_wrong_is_told_in_one_go(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        settled(parse_declaration(MANY), tmp_path, ["map"], TODAY)
    told(str(refused.value), ALL)


def test_a_mistake_in_writing_hides_none_in_meaning(tmp_path: Path) -> None:
    text = MANY.replace('"Bob"', '"ada"').replace("on = 2026-11-01\nuntil = 2036", "until = 2036")
    (tmp_path / "jetty.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_declaration(tmp_path)
    # Features and the day are known only when the pages are.
    told(str(refused.value), [(6, "looser than"), (8, "no standard 'nonsense'"), (9, "`attestation` needs `on`"),
                              (16, "`backupps` is not a standard"), (16, "lasts 426 days"),
                              (21, "`approver` is the owner")])  # fmt: skip


def told(message: str, expected: list[tuple[int, str]]) -> None:
    lines = message.splitlines()
    assert len(lines) == len(expected), lines
    for line, (number, said) in zip(lines, expected, strict=True):
        assert line.startswith(f"jetty.toml:{number}: ")
        assert said in line


def test_presets_that_cannot_be_told_leave_the_ids_open(tmp_path: Path) -> None:
    text = MANY.replace('"startup-mvp"', '"none.yml"').replace("2099-01-01", "2026-01-01")
    with pytest.raises(ConfigError) as refused:
        settled(parse_declaration(text), tmp_path, ["nowhere"], TODAY)
    unread, lasts = str(refused.value).splitlines()
    assert "lasts 426 days" in lasts
    assert unread == "jetty.toml:3: none.yml: this preset cannot be read: No such file or directory"


# ---- writing ----


def test_going_external_keeps_what_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "jetty.toml"
    file.write_text('# ours\n[project]\nstate = "internal" # for now\n\n[thresholds.a]\np95 = "1 s" # why not\n')
    go_external(tmp_path, ["production-saas", "regulated"], ["gdpr"], TODAY)
    text = file.read_text()
    assert text.startswith('# ours\n[project]\nstate = "external" # for now\n')
    assert 'p95 = "1 s" # why not\n' in text
    declaration = read_declaration(tmp_path)
    assert (declaration.state, declaration.since, declaration.frameworks) == ("external", TODAY, ("gdpr",))
    assert declaration.history == (Transition("external", TODAY, ("production-saas", "regulated")),)
    assert [path.name for path in tmp_path.iterdir()] == ["jetty.toml"]


def test_there_and_back_is_kept(tmp_path: Path) -> None:
    go_external(tmp_path, ["startup-mvp"], [], TODAY)
    assert (tmp_path / "jetty.toml").read_text().startswith('[project]\nstate = "external"\n')
    with pytest.raises(ConfigError, match="external under startup-mvp already"):
        go_external(tmp_path, ["startup-mvp"], [], TODAY)
    go_external(tmp_path, ["enterprise"], [], TODAY + timedelta(days=3))
    assert read_declaration(tmp_path).since == TODAY
    with pytest.raises(ConfigError, match="needs a reason"):
        go_internal(tmp_path, " ", TODAY)
    declaration = go_internal(tmp_path, "the pilot is over", TODAY + timedelta(days=9))
    assert (declaration.state, declaration.since, declaration.preset) == ("internal", None, ("enterprise",))
    assert [each.state for each in declaration.history] == ["external", "external", "internal"]
    assert declaration.history[-1].reason == "the pilot is over"
    with pytest.raises(ConfigError, match="internal already"):
        go_internal(tmp_path, "again", TODAY)


def test_records_are_added_wherever_others_stand(tmp_path: Path) -> None:
    file = tmp_path / "jetty.toml"
    file.write_bytes(FULL.replace("\n", "\r\n").encode())
    hostile = 'he said "no"\n[[waiver]] \\ \u2028 # not a comment'
    add_attestation(tmp_path, replace(ATTESTED, by="Grace", statement=hostile))
    declaration = add_waiver(tmp_path, replace(WAIVED, text=" later "))
    assert file.read_bytes().decode().startswith(FULL.replace("\n", "\r\n"))
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")
    assert declaration == read_declaration(tmp_path)
    assert declaration.attestations[-1].statement == hostile
    assert declaration.waivers[-1].text == "later"


def test_records_join_an_array_written_inline(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text("attestation = [] # none yet\n")
    assert len(add_attestation(tmp_path, ATTESTED).attestations) == 1
    assert "# none yet" in (tmp_path / "jetty.toml").read_text()


def test_what_would_be_wrong_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "jetty.toml"
    file.write_text(FULL)
    for refused, message in (
        (lambda: add_attestation(tmp_path, replace(ATTESTED, by="Eve", until=date(2026, 1, 1))), "lies before"),
        (
            lambda: add_attestation(tmp_path, replace(ATTESTED, by="Eve", link="")),
            "^not written to jetty.toml: `link` is empty",
        ),
        (lambda: add_attestation(tmp_path, ATTESTED), "jetty.toml:15: `penetration-test` was attested by Ada"),
        (lambda: add_waiver(tmp_path, replace(WAIVED, approver="ada")), "somebody else"),
        (lambda: add_waiver(tmp_path, replace(WAIVED, feature="map")), "jetty.toml:25: `latency-budget` is waived"),
    ):
        with pytest.raises(ConfigError, match=message):
            refused()
    assert file.read_text() == FULL


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "jetty.toml").write_text("[project\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        go_external(tmp_path, ["startup-mvp"], [], TODAY)
    assert (tmp_path / "jetty.toml").read_text() == "[project\n"


@pytest.mark.parametrize("approver", ["ada", " ADA  ", "Ada\u200b", "\u2060Ada", "\uff21da", "A\u00adda"])
def test_one_person_does_not_approve_under_another_spelling(approver: str) -> None:
    text = FULL.replace('approver = "Grace"', f'approver = "{approver}"')
    assert any("`approver` is the owner" in each for each in errors(text))


def test_a_text_that_nobody_can_see_is_empty() -> None:
    text = FULL.replace('approver = "Grace"', 'approver = "\u200b"')
    assert any("`approver` is empty" in each for each in errors(text))


@pytest.mark.parametrize(("key", "value", "said"), [
    ("by", ".", "names nobody"), ("by", "\\u200b", "is empty"), ("by", "1", "names nobody"),
    ("statement", ".", "says nothing"), ("statement", "- 1 -", "says nothing"), ("statement", "x", "says nothing"),
    ("link", "x", "must lead somewhere"), ("link", "http://", "must lead somewhere"), ("link", "see above", "must"),
])  # fmt: skip
def test_a_record_that_says_nothing_is_refused(key: str, value: str, said: str) -> None:
    fields = {"by": "Ada", "link": "https://example.org/a", "statement": "it holds"} | {key: value}
    lines = "".join(f'{name} = "{text}"\n' for name, text in fields.items())
    text = f'[[attestation]]\nstandard = "uptime-monitoring"\non = 2026-11-01\nuntil = 2026-12-01\n{lines}'
    with pytest.raises(ConfigError, match=said):
        parse_declaration(text)


@pytest.mark.parametrize("link", [
    "https://example.org/runs/7", "evidence/backup.pdf", "backup.pdf", "OPS-12", "#12", "mailto:ops@example.org",
])  # fmt: skip
def test_a_link_may_be_an_address_a_file_or_a_ticket(link: str) -> None:
    text = f"""[[attestation]]
standard = "uptime-monitoring"
on = 2026-11-01
until = 2026-12-01
by = "Ada"
statement = "監視がある"
link = "{link}"
"""
    (record,) = parse_declaration(text).attestations
    assert record.link == link
