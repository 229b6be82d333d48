"""The commands of the method: transition, records, review, derivation, the ledger, the challenge, what others take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import invoke

from mkdocs_jetty.config import load
from mkdocs_jetty.spec.reader import read

STEPS = """
from pytest_bdd import given, parsers, then, when

@given(parsers.parse('a user "{name}"'), target_fixture="user")
def user(name):
    return {"name": name}

@when("she logs in")
def log_in(user):
    user["in"] = True

@then("she is in")
def is_in(user):
    assert user.get("in")

@then("nothing is looked at")
def nothing():
    pass
"""

LOGIN = """---
jetty:
  traits: [authentication]
---
# Login

## Speed

```gherkin
Scenario: In
  Given a user "Ada"
  When she logs in
  Then she is in

Scenario: Vacuous
  Given a user "Ada"
  When she logs in
  Then nothing is looked at
```

## Stable

```gherkin
Scenario Outline: In as <name>
  Given a user "<name>"
  When she logs in
  Then she is in

  Examples:
    | name |
    | Bob  |
    | C\\|D |
```
"""


def jetty(*arguments: str | Path, answer: str | None = None) -> Result:
    return invoke(*arguments, answer=answer)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "mkdocs.yml": "site_name: Login\nplugins: [jetty]\n",
        "features/login_steps.py": STEPS,
        "docs/login.md": LOGIN,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")  # 2026-11-22
    return tmp_path


@pytest.fixture
def external(project: Path) -> Path:
    (project / "jetty.toml").write_text(
        '[project]\nstate = "external"\npreset = ["startup-mvp"]\nsince = 2026-11-01\n', encoding="utf-8"
    )
    return project


def ledger(project: Path) -> dict[str, Any]:
    lines = (project / ".jetty/ledger.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}


# ---- the transition ----


def test_external_shows_what_it_means_asks_and_writes_the_day(project: Path) -> None:
    result = jetty("external", "--preset", "production-saas", answer="y\n")
    assert result.exit_code == 0, result.output
    assert "complete now, but not once external: login" in result.output
    assert "login-throttling" in result.output
    written = (project / "jetty.toml").read_text(encoding="utf-8")
    assert 'preset = ["production-saas"]' in written
    assert "since = 2026-11-22" in written


def test_external_that_is_declined_changes_nothing(project: Path) -> None:
    result = jetty("external", "--preset", "startup-mvp", answer="n\n")
    assert "nothing was changed" in result.output
    assert not (project / "jetty.toml").exists()


@pytest.mark.parametrize(
    "arguments", [["--preset", "production-sass", "--yes"], ["--preset", "regulated", "--framework", "hippo"], []]
)
def test_external_with_a_wrong_option_is_one_line_and_exits_2(project: Path, arguments: list[str]) -> None:
    result = jetty("external", *arguments)
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    assert not (project / "jetty.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "production-sass"], "Error: --preset: there is no preset 'production-sass'"),
        (["--preset", "none.yml"], "Error: --preset: none.yml: this preset cannot be read"),
        (["--preset", "regulated", "--framework", "hippa"], "Error: --framework: there is no framework 'hippa'"),
        (["--preset", "enterprise", "--framework", "hipaa"], "Error: --framework: frameworks need the preset"),
    ],
)
def test_a_wrong_option_is_blamed_and_not_the_file(external: Path, arguments: list[str], said: str) -> None:
    result = jetty("external", *arguments, "--yes")
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
    assert "jetty.toml" not in result.stderr


def test_every_mistake_stands_on_a_line_of_its_own(external: Path) -> None:
    with (external / "jetty.toml").open("a", encoding="utf-8") as file:
        file.write('[[waiver]]\nstandard = "backupps"\nreason = "risk-accepted"\ntext = "agreed"\nowner = "A"\n')
        file.write('approver = "a"\non = 2026-11-01\nuntil = 2028-01-01\n')
    result = jetty("check")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["Error", "jetty.toml:5"], ["Error", "jetty.toml:5"], ["Error", "jetty.toml:10"],
    ]  # fmt: skip
    assert "`backupps` is not a standard" in lines[0]
    assert "lasts 426 days" in lines[1]
    assert "`approver` is the owner" in lines[2]


def test_internal_needs_a_reason_and_keeps_it(external: Path) -> None:
    assert jetty("internal").exit_code == 2
    assert jetty("internal", "--reason", "the pilot ended").exit_code == 0
    written = (external / "jetty.toml").read_text(encoding="utf-8")
    assert 'state = "internal"' in written
    assert "the pilot ended" in written


# ---- records ----

ATTEST = ("--by", "Ada", "--until", "2026-12-31", "--link", "https://example.org/x", "--statement", "It is done.")
WAIVE = ("--reason", "risk-accepted", "--text", "Small", "--owner", "Ada", "--until", "2026-12-31")


def test_attest_adds_a_dated_record(external: Path) -> None:
    result = jetty("attest", "uptime-monitoring", *ATTEST)
    assert result.exit_code == 0, result.output
    written = (external / "jetty.toml").read_text(encoding="utf-8")
    assert "[[attestation]]" in written
    assert "on = 2026-11-22" in written
    assert jetty("status").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["attest", "backupps", *ATTEST], "did you mean `backups`"),
        (["attest", "login-throttling", *ATTEST], "proved by a scenario"),
        (["attest", "transport-encryption", *ATTEST, "--until", "2047-01-01"], "proved by a report of another tool"),
        (["attest", "uptime-monitoring", *ATTEST, "--until", "soon"], "--until"),
        (["attest", "uptime-monitoring", *ATTEST, "--until", "31.1.2027"], "write the day as 2027-01-31"),
        (["attest", "uptime-monitoring", *ATTEST, "--until", "2027/1/31"], "write the day as 2027-01-31"),
        (["attest", "uptime-monitoring", *ATTEST, "--until", "2026-02-30"], "there is no day 2026-02-30"),
        (["attest", "uptime-monitoring", *ATTEST, "--feature", "logon"], "no feature"),
        (["waive", "backups", *WAIVE, "--approver", "Ada"], "owner"),
        (["waive", "backups", *WAIVE, "--approver", "Bob", "--until", "2031-01-01"], "at most"),
        (["waive", "backups", *WAIVE, "--approver", "Bob", "--reason", "tired"], "risk-accepted"),
    ],
)
def test_a_record_that_would_not_hold_is_refused_in_one_line(external: Path, arguments: list[str], said: str) -> None:
    before = (external / "jetty.toml").read_bytes()
    result = jetty(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert (external / "jetty.toml").read_bytes() == before


def test_waive_adds_an_exception_that_is_shown(external: Path) -> None:
    assert jetty("waive", "login-throttling", *WAIVE, "--approver", "Bob", "--feature", "login").exit_code == 0
    answer = json.loads(jetty("review", "login", "--json").stdout)
    assert {each["id"]: each["status"] for each in answer["standards"]}["login-throttling"] == "waived"


def test_a_record_for_what_does_not_apply_is_written_with_a_warning(external: Path) -> None:
    result = jetty("waive", "backups", *WAIVE, "--approver", "Bob")
    assert result.exit_code == 0, result.output
    assert "backups does not apply to any feature (no feature has the trait stores-data)" in result.stderr
    assert jetty("waive", "health-checks", *WAIVE, "--approver", "Bob").stderr == ""


# ---- review and derivation ----


def test_status_names_the_standards_that_are_missing(external: Path) -> None:
    result = jetty("status")
    assert "login: standards uncovered: " in result.stdout
    assert "login-throttling" in result.stdout
    (feature,) = json.loads(jetty("status", "login", "--json").stdout)["features"]
    assert any("login-throttling" in lack for lack in feature["missing"])


def test_review_as_a_table_as_json_and_as_markdown(external: Path) -> None:
    assert "login-throttling" in jetty("review", "login").stdout
    assert json.loads(jetty("review", "login", "--json").stdout)["feature"]["id"] == "login"
    assert jetty("review", "login", "--markdown").stdout.startswith("# Review: Login\n")
    assert jetty("review", "login", "--markdown", "--json").exit_code == 2


def test_review_uses_kept_results_while_nothing_has_changed(external: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jetty("check")
    monkeypatch.setattr("mkdocs_jetty.run.runner.run", lambda *_, **__: pytest.fail("it ran again"))
    assert jetty("review", "login").exit_code == 0


def test_derive_prints_gherkin_with_the_numbers_of_the_preset(external: Path) -> None:
    result = jetty("derive", "login")
    assert "@production @standard:login-throttling\nScenario: " in result.stdout
    assert "{" not in result.stdout


def test_derive_needs_an_external_project(project: Path) -> None:
    assert jetty("derive", "login").exit_code == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_derive_write_appends_a_section_and_keeps_the_rest(external: Path, newline: str) -> None:
    page = external / "docs/login.md"
    page.write_bytes(LOGIN.replace("\n", newline).rstrip().encode())
    before = page.read_bytes()
    result = jetty("derive", "login", "--write")
    assert result.exit_code == 0, result.output
    after = page.read_bytes()
    assert after.startswith(before)
    assert f"{newline}## Production: ".encode() in after
    assert after.count(b"\n") == after.count(newline.encode())
    production = [one for _, one in read(load(external / "mkdocs.yml")).scenarios() if one.mode == "production"]
    assert "login-throttling" in {name for one in production for name in one.standards}
    assert "nothing to add: each standard of login has a scenario" in jetty("derive", "login").stderr


@pytest.mark.parametrize(
    ("fill", "message"),
    [("foo=bar", "no scenario to be derived has a blank <foo>; there are: action, length, message, page, users"),
     ("users=0", "above zero"), ("users=10.5", "whole number such as 10"), ("users=many", "whole number"),
     ("length=0 seconds", "above zero"), ("length=soon", "duration such as 10 seconds"),
     ('message=a "b"', "double quote")],
)  # fmt: skip
def test_derive_refuses_fills_that_make_no_sense(external: Path, fill: str, message: str) -> None:
    before = (external / "docs/login.md").read_bytes()
    result = jetty("derive", "login", "--write", "--fill", fill)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert (external / "docs/login.md").read_bytes() == before


def test_derive_takes_fills_that_make_sense(external: Path) -> None:
    fills = ("users=twenty", "length=1.5 seconds", "message=Too many, come back later")
    text = jetty("derive", "login", *(part for each in fills for part in ("--fill", each))).stdout
    assert "When twenty users " in text
    assert " for 1.5 seconds" in text
    assert 'I see a message "Too many, come back later"' in text


def test_derive_refuses_a_number_that_would_prove_nothing(external: Path) -> None:
    page = external / "docs/login.md"
    page.write_text(LOGIN.replace("traits: [", "traits: [external-dependency, "), encoding="utf-8")
    (external / "jetty.toml").write_text(
        '[project]\nstate = "external"\npreset = ["production-saas"]\nsince = 2026-11-22\n', encoding="utf-8"
    )
    assert "got at most 4 calls" in jetty("derive", "login", "--fill", "calls=4").stdout
    assert "dependency-timeouts asks for at most 4" in jetty("derive", "login", "--fill", "calls=5").stderr


def test_derive_write_says_which_steps_nobody_serves(external: Path) -> None:
    page = external / "docs/login.md"
    assert "serve them" in jetty("derive", "login", "--write").stdout
    page.write_text(LOGIN.replace("traits: [", "traits: [file-upload, "), encoding="utf-8")
    said = " ".join(jetty("derive", "login", "--write").stdout.split())
    assert "of them next: say how your system is reached" in said
    assert "file-upload-safety needs steps of your own: When I upload each file from the hostile file corpus;" in said


def test_derive_write_into_a_fence_that_is_its_feature(external: Path) -> None:
    page = external / "docs/cart.md"
    said = '    Feature: Cart\n      Scenario: In\n        Given a user "A"\n'
    fence = f"- item\n\n    ```gherkin\n{said}    ```\n\nThe end.\n"
    page.write_text(f"---\njetty: {{traits: []}}\n---\n# Carts\n\n{fence}", encoding="utf-8")
    result = jetty("derive", "cart", "--write", "--action", "fill the cart")
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    assert text.endswith("    ```\n\nThe end.\n")
    (cart,) = [each for each in read(load(external / "mkdocs.yml")).features if each.id == "cart"]
    assert any(one.mode == "production" for one in cart.scenarios)


def test_derive_asks_what_one_does_where_nothing_says_it(external: Path) -> None:
    (external / "docs/cart.md").write_text(
        '---\njetty: {traits: [stores-data]}\n---\n# Accounts\n\n```gherkin\nScenario: In\n  Given a user "A"\n```\n',
        encoding="utf-8",
    )
    refused = jetty("derive", "accounts")
    assert refused.exit_code == 2
    assert 'what does one do with Accounts? Say it as in “I log in”: --action "log in"' in " ".join(
        refused.stderr.split()
    )
    assert "I accounts" not in refused.output
    assert "withdraw" in jetty("derive", "accounts", "--action", "withdraw").stdout


def test_derive_write_into_a_feature_file(external: Path) -> None:
    (external / "mkdocs.yml").write_text(
        "site_name: L\nplugins:\n  - jetty:\n      features: [specs]\n", encoding="utf-8"
    )
    path = external / "specs/cart.feature"
    path.parent.mkdir()
    path.write_text('Feature: Cart\n\n  Scenario: In\n    Given a user "A"\n', encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    result = jetty("derive", "cart", "--write", "--action", "fill the cart")
    assert result.exit_code == 0, result.output
    assert path.read_text(encoding="utf-8").startswith(f"{before}\n  @production @standard:")


# ---- the ledger and the challenge ----


def test_check_writes_the_ledger_only_when_asked(project: Path) -> None:
    jetty("check")
    assert not (project / ".jetty/ledger.jsonl").exists()
    jetty("check", "--record")
    assert ledger(project)["login/in"]["green"]["on"] == "2026-11-22"


def test_challenge_names_what_passes_without_its_when_steps(project: Path) -> None:
    result = jetty("challenge")
    assert result.exit_code == 1, result.output
    assert "docs/login.md:15: passes without its When steps: Vacuous" in result.output
    assert "1 of 4 challenged scenarios passes without When steps" in result.output
    assert {key for key, entry in ledger(project).items() if entry["challenged"]} == {"login/vacuous"}


def test_challenge_takes_back_what_no_longer_holds(project: Path) -> None:
    jetty("challenge")
    page = project / "docs/login.md"
    page.write_text(page.read_text(encoding="utf-8").replace("nothing is looked at", "she is in"), encoding="utf-8")
    assert jetty("challenge", "login").exit_code == 0
    assert not [key for key, entry in ledger(project).items() if entry["challenged"]]


def test_challenge_of_an_unknown_feature_exits_2(project: Path) -> None:
    assert jetty("challenge", "logon").exit_code == 2


# ---- what others take ----

UNDEFINED = """# Shop

```gherkin
Scenario: Buy
  Given a shop with "tea" and "mugs"
  And a shop with "tea"
  When I buy 3 for 2.50 ##[group]
  And I buy 4 for 7.25 ##[group]
  Then {braces} cost 1
```
"""


def test_snippets_are_pending_and_serve_every_step_once_pasted(project: Path) -> None:
    (project / "docs/login.md").write_text(UNDEFINED, encoding="utf-8")
    result = jetty("snippets")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("def ") == 4
    assert "##[" not in result.stdout
    (project / "features/shop_steps.py").write_text(result.stdout, encoding="utf-8")
    checked = jetty("check")
    assert "1 pending" in checked.output
    assert "undefined" not in checked.output
    assert "ambiguous" not in checked.output


def test_exported_features_say_the_same_as_the_pages(project: Path) -> None:
    assert jetty("export", "--format", "features", "-o", "out").exit_code == 0
    before = read(load(project / "mkdocs.yml"))
    (project / "docs/login.md").unlink()
    (project / "mkdocs.yml").write_text("site_name: L\nplugins:\n  - jetty:\n      features: [out]\n", encoding="utf-8")
    after = read(load(project / "mkdocs.yml"))
    assert not after.problems

    def told(spec: Any) -> list[object]:
        return [(one.id, one.mode, [(s.keyword, s.text) for s in one.steps]) for _, one in spec.scenarios()]

    assert told(after) == told(before)


def test_exported_features_keep_their_traits(project: Path) -> None:
    assert jetty("export", "--format", "features", "-o", "out").exit_code == 0
    (text,) = (file.read_text(encoding="utf-8") for file in Path("out").rglob("login.feature"))
    assert "@trait:authentication" in text.split("Feature:")[0]


@pytest.mark.parametrize(("form", "start"), [("messages", "{"), ("junit", "<?xml"), ("json", "{")])
def test_results_are_exported_to_stdout_or_a_file(project: Path, form: str, start: str) -> None:
    assert jetty("export", "--format", form).stdout.startswith(start)
    jetty("export", "--format", form, "-o", "out/results")
    assert (project / "out/results").read_text(encoding="utf-8").startswith(start)


def test_features_are_exported_to_a_directory_only(project: Path) -> None:
    assert jetty("export", "--format", "features").exit_code == 2
    assert jetty("export", "--format", "nosuch").exit_code == 2
