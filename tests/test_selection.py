"""What `tags` selects: by tags, by the mode however it was set, and never nothing in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from commands import invoke

from mkdocs_jetty.config import from_options
from mkdocs_jetty.run.selection import selected, selects_nothing
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

PAGE = """# Door

```gherkin
Scenario: plain
  Given y

@stable
Scenario: tagged
  Given y

@speed @production
Scenario: both
  Given y
```

## Stable: refusals

```gherkin
@slow
Scenario: below a heading
  Given y

@production
Scenario: elsewhere
  Given y

@wip
Scenario: empty
```
"""
CLASSIC = """Feature: Classic
  # STABLE MODE SCENARIOS
  Scenario: below a comment
    Given y
"""
STABLE = ["tagged", "below a heading", "empty", "below a comment"]


def site(root: Path, tags: str) -> Path:
    files = {
        "mkdocs.yml": f'site_name: S\nplugins:\n  - jetty:\n      features: [classic.feature]\n      tags: "{tags}"\n',
        "docs/door.md": PAGE, "classic.feature": CLASSIC,
        "features/steps.py": "from pytest_bdd import given\n@given('y')\ndef _(): pass\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    site(tmp_path, "")
    return read(from_options(tmp_path, None, "Site", tmp_path / "docs", {"features": ["classic.feature"]}))


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ("@stable", STABLE),
        ("@speed", ["plain"]),
        ("@production", ["both", "elsewhere"]),
        ("@stable and not @slow", ["tagged", "empty", "below a comment"]),
        ("not (@speed or @production)", STABLE),
        ("@slow", ["below a heading"]),
        ("@slow or @speed", ["plain", "below a heading"]),
        ("@wip", ["empty"]),
        ("", ["plain", "tagged", "both", "below a heading", "elsewhere", "empty", "below a comment"]),
        (" ", ["plain", "tagged", "both", "below a heading", "elsewhere", "empty", "below a comment"]),
        ("@speed and @production", []),
        ("@Stable", []),
    ],
)
def test_a_mode_selects_however_it_was_set(spec: Spec, tags: str, names: list[str]) -> None:
    chosen = selected(spec, tags)
    assert [scenario.name for _, scenario in spec.scenarios() if scenario.id in chosen] == names


@pytest.mark.parametrize(
    ("tags", "hint"),
    [
        ("@nightly", "so nothing runs; no scenario has `@nightly`"),
        ("@prodcution", "; no scenario has `@prodcution` (did you mean `@production`?)"),
        ("@slwo and @stabel", "`@slwo` (did you mean `@slow`?); no scenario has `@stabel` (did you mean `@stable`?)"),
        ("@speed and @production", "selects none of the scenarios, so nothing runs"),
    ],
)
def test_what_selects_nothing_is_told_with_what_was_meant(spec: Spec, tags: str, hint: str) -> None:
    message = selects_nothing(spec, tags)
    assert message.startswith(f"`tags: {tags}` selects none of the scenarios")
    assert message.endswith(hint)


def check(root: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(root)
    return invoke("check")


def test_an_expression_that_selects_nothing_is_red_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(site(tmp_path, "@smok"), monkeypatch)
    assert result.exit_code == 1
    assert "error: mkdocs.yml:5: `tags: @smok` selects none of the scenarios" in result.output
    assert "ok:" not in result.output


def test_what_a_heading_selects_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = check(site(tmp_path, "@stable and not @wip"), monkeypatch)
    assert "3 passed, 1 unknown, 3 not selected" in result.output


def test_an_expression_on_a_site_without_scenarios_is_no_slip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(tmp_path, "@stable")
    (tmp_path / "docs/door.md").write_text("# Door\n")
    (tmp_path / "mkdocs.yml").write_text('site_name: S\nplugins:\n  - jetty:\n      tags: "@stable"\n')
    assert check(tmp_path, monkeypatch).exit_code == 0


def test_a_wrong_option_is_told_of_for_one_page_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(tmp_path, "")
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins:\n  - jetty:\n      steps: nosuch\n")
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "docs/door.md")
    assert "error: mkdocs.yml:4: `steps` names `nosuch`, which does not exist" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "there is no site in "), (["--shard", "1/2"], "nothing may be left out"), (["page.md"], "nothing may be")],
)
def test_check_site_needs_a_site_and_the_whole_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/page.md").write_text("# Page\n", encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: Site\nplugins: [jetty]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "--site", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
