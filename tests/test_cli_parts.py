"""Runs on a part of the specification and parts put together: `--lf`, `--changed`, `--shard`, `merge`, `report`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import invoke

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.spec.edit_front_matter import with_traits
from mkdocs_jetty.spec.model import Feature, Scenario, Step
from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.guesses import WORDS, guessed

STEPS = """
from pathlib import Path
from pytest_bdd import given, parsers

@given(parsers.parse("{name} holds"))
def _(name):
    assert name not in Path("broken.txt").read_text().split(), name + " is broken"
"""


def page(*names: str) -> str:
    scenarios = "\n".join(f"Scenario: {name}\n  Given {name} holds\n" for name in names)
    code = "```python\ndef f():\n    return 1\n```\n"
    return f"# {names[0].title()}\n\nProse with `code`:\n\n{code}\n```gherkin\n{scenarios}```\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "mkdocs.yml": "site_name: Shop\nplugins: [jetty]\n",
        "features/steps.py": STEPS,
        "broken.txt": "b1",
        "docs/a.md": page("a1", "a2"),
        "docs/b.md": page("b1", "b2"),
        "docs/index.md": "# Home\n",
        ".gitignore": ".cache/\n.jetty/\n__pycache__/\n.pytest_cache/\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def statuses(*arguments: object) -> dict[str, str]:
    """The status of each scenario after a check."""
    found = invoke("check", "--json", "out.json", *arguments)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.output
    spec = json.loads(Path("out.json").read_text("utf-8"))
    return {each["name"]: each["cause"] or each["status"] for one in spec["features"] for each in one["scenarios"]}


def test_last_failed_runs_what_was_red_and_forgets_what_is_mended(project: Path) -> None:
    first = invoke("check", "--lf")
    assert "nothing is known to have failed last, so everything runs" in first.output
    assert statuses("--lf") == {"a1": "not-selected", "a2": "not-selected", "b1": "assertion", "b2": "not-selected"}
    (project / "broken.txt").write_text("")
    assert statuses("--lf")["b1"] == "passed"
    assert set(statuses("--lf").values()) == {"passed"}


def test_a_part_that_is_green_passes_though_the_rest_is_not_complete(project: Path) -> None:
    (project / "mkdocs.yml").write_text(
        "site_name: Shop\nplugins:\n  - jetty:\n      fail_on: [red, incomplete, standards]\n"
    )
    done = invoke("check", "--shard", "1/2")
    assert (done.exit_code, "ok: 4 scenarios: 2 passed, 2 not selected" in done.output) == (0, True), done.output


def git(*arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_changed_runs_the_pages_that_git_says_have_changed(project: Path) -> None:
    assert "is in no git repository" in invoke("check", "--changed").output
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    assert set(statuses("--changed").values()) == {"not-selected"}
    Path("out.json").unlink()
    (project / "docs/a.md").write_text(page("a1", "a3"))
    (project / "docs/index.md").write_text("# Home, again\n")
    found = statuses("--changed")
    assert found == {"a1": "passed", "a3": "passed", "b1": "not-selected", "b2": "not-selected"}


def test_changed_runs_everything_where_more_than_pages_has_changed(project: Path) -> None:
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    (project / "features/steps.py").write_text(STEPS + "\n# a remark\n")
    done = invoke("check", "--changed")
    assert "more than pages has changed, so everything runs" in done.output
    assert "4 scenarios: 3 passed, 1 failed" in done.output


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_shard_that_is_none_is_refused(project: Path, text: str) -> None:
    done = invoke("check", f"--shard={text}")
    assert (done.exit_code, "a part and how many there are, such as 2/5" in done.output) == (2, True), done.output


def test_shards_together_are_the_whole(project: Path) -> None:
    for part in (1, 2, 3):
        invoke("check", "--shard", f"{part}/3", "--messages", f"part{part}.ndjson")
    whole = invoke("merge", "part1.ndjson", "part2.ndjson", "part3.ndjson", "--json", "merged.json")
    assert whole.exit_code == 1, whole.output
    counts = json.loads((project / "merged.json").read_text("utf-8"))["counts"]
    assert (counts["passed"], counts["failed"], counts["unknown"]) == (3, 1, 0)
    again = invoke("merge", "jetty-results.ndjson", "-o", "again.ndjson")
    assert "4 scenarios: 3 passed, 1 failed" in again.output


def test_a_part_that_is_missing_is_named_and_is_no_proof(project: Path) -> None:
    (project / "broken.txt").write_text("")
    invoke("check", "--shard", "1/2", "--messages", "part1.ndjson")
    done = invoke("merge", "part1.ndjson")
    assert done.exit_code == 1
    assert "no file has a result for 2 scenarios, the first: b1/b1" in done.output
    assert invoke("merge", "nosuch.ndjson").exit_code == 2


def test_what_has_changed_since_a_shard_ran_counts_for_nothing(project: Path) -> None:
    (project / "broken.txt").write_text("")
    invoke("check", "--messages", "all.ndjson")
    (project / "docs/a.md").write_text(page("a1", "a9"))
    done = invoke("merge", "all.ndjson")
    assert done.exit_code == 1
    assert "no file has a result for 1 scenario, the first: a1/a9" in done.output


def test_events_are_told_one_a_line_as_they_happen(project: Path) -> None:
    done = invoke("check", "--events", "events.jsonl", "docs/b.md")
    events: list[dict[str, Any]] = [json.loads(line) for line in Path("events.jsonl").read_text("ascii").splitlines()]
    assert [each["event"] for each in events] == ["run-started", "scenario", "scenario", "run-finished"]
    start, red, green, end = events
    assert (start["scenarios"], start["chosen"], end["exit"], end["verdict"]) == (2, 2, done.exit_code, "red")
    place = (red["page"], red["line"])
    assert (red["id"], red["status"], red["cause"], place) == ("b1/b1", "failed", "assertion", ("docs/b.md", 11))
    assert (red["message"].splitlines()[0], green["message"]) == ("b1 is broken", None)


def test_a_report_is_one_file_with_every_page_and_nothing_beside_it(project: Path) -> None:
    (project / "docs/pic.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (project / "docs/a.md").write_text(page("a1", "a2") + "\n![A](pic.svg) [other](b.md) [gone](nosuch.md)\n")
    done = invoke("report", "-o", "report.html")
    assert done.exit_code == 0, done.output
    text = (project / "report.html").read_text("utf-8")
    assert not re.findall(r'<(?:link|script|img|iframe)\b[^>]*\s(?:src|href)="(?!data:)', text)
    assert "def f():\n    return 1" in re.sub(r"<[^>]+>", "", text)
    assert 'src="data:image/svg+xml;base64,' in text
    assert re.search(r'<a href="#page-\d">other</a>', text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'\shref="#([^"]+)"', text))
    assert targets <= set(ids), targets - set(ids)
    assert "b1 is broken" in text


def test_watch_checks_again_after_a_change_and_survives_a_wrong_configuration(project: Path) -> None:
    command = [sys.executable, "-u", "-m", "mkdocs_jetty.cli", "check", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None

        def until(said: str) -> str:
            seen = []
            deadline = time.monotonic() + 60
            assert process.stdout is not None
            while time.monotonic() < deadline and (line := process.stdout.readline()):
                seen.append(line)
                if said in line:
                    return "".join(seen)
            raise AssertionError("".join(seen))

        assert "1 failed" in until("waiting for a change")
        (project / "broken.txt").write_text("")
        assert "ok: 4 scenarios: 4 passed" in until("waiting for a change")
        (project / "mkdocs.yml").write_text("site_name: Shop\nplugins:\n  - jetty:\n      nosuch: 1\n")
        assert "error:" in until("waiting for a change")
        (project / "mkdocs.yml").write_text("site_name: Shop\nplugins: [jetty]\n")
        assert "ok: 4 scenarios: 4 passed" in until("waiting for a change")
        process.terminate()


# ---- traits ----


def test_traits_are_guessed_shown_and_written_once_confirmed(project: Path) -> None:
    (project / "docs/a.md").write_text("---\ntitle: Pay\njetty:\n  owner: us\n---\n" + page("the invoice", "the card"))
    shown = invoke("traits")
    assert "payment" in shown.output
    assert "nothing was written" in shown.output
    done = invoke("traits", "--yes")
    assert "docs/a.md: traits: [payment]" in done.output, done.output
    assert (
        (project / "docs/a.md")
        .read_text()
        .startswith("---\ntitle: Pay\njetty:\n  traits: [payment]\n  owner: us\n---\n# The Invoice")
    )
    assert (project / "docs/b.md").read_text().startswith("---\njetty:\n  traits: []\n---\n\n# B1")
    assert "every feature declares its traits" in invoke("traits").output


def test_every_guess_is_a_trait_that_standards_know() -> None:
    assert set(WORDS) == set(load_catalogue().traits)


def test_a_word_within_another_speaks_for_nothing() -> None:
    steps = (Step("Given", "given", "a discard pile and a rolepage", 1),)
    scenario = Scenario("f/s", "S", "Scenario", "speed", (), 1, steps)
    assert guessed(Feature("f", "F", "a.md", 1, (scenario,))) == ()


@pytest.mark.parametrize(("before", "after"), [
    ("# A\n", "---\njetty:\n  traits: [ui]\n---\n\n# A\n"),
    ("---\ntitle: A\n---\n# A\n", "---\ntitle: A\njetty:\n  traits: [ui]\n---\n# A\n"),
    ("---\njetty: {owner: us}\n---\n", "---\njetty: {traits: [ui], owner: us}\n---\n"),
    ("---\njetty: {}\nx: 1\n---\n", "---\njetty: {traits: [ui]}\nx: 1\n---\n"),
    ("---\njetty:   # ours\n    owner: us\n---\n", "---\njetty:   # ours\n    traits: [ui]\n    owner: us\n---\n"),
])  # fmt: skip
def test_front_matter_gains_its_traits_and_keeps_the_rest(before: str, after: str) -> None:
    assert with_traits(before, ["ui"]) == after


@pytest.mark.parametrize("text", ["---\njetty: text\n---\n", "---\njetty: &a\n  owner: x\n---\n"])
def test_front_matter_that_cannot_be_changed_is_left_alone(text: str) -> None:
    with pytest.raises(ConfigError):
        with_traits(text, ["ui"])
