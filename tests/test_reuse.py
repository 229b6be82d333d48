"""What of an earlier run still holds: green results of scenarios that say the same, while nothing else has changed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mkdocs_jetty import config
from mkdocs_jetty.run import memory, runner
from mkdocs_jetty.run.fingerprint import after_run, fingerprint
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.run.reuse import Earlier, Plan, digests_of, plan, remembered
from mkdocs_jetty.run.touched import Touched
from mkdocs_jetty.spec import reader
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

PAGE = """\
# Cart

Prose.

```gherkin
Scenario: first
  Given a cart

Scenario: second
  Given a cart

Scenario: third
  Given a basket
```
"""
FIRST, SECOND, THIRD = "cart/first", "cart/second", "cart/third"
LONG_AGO = date(2026, 1, 2), "6678bad"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name, text in (
        ("mkdocs.yml", "site_name: Shop\nplugins: [jetty]\n"), ("docs/cart.md", PAGE), ("features/steps.py", ""),
        ("features/more.py", ""), ("shop.py", ""), ("data.json", "{}"),
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return config.load(tmp_path / "mkdocs.yml")


def passed(where: str = "features/steps.py", took: float = 3.0) -> ScenarioResult:
    return ScenarioResult("passed", None, (StepResult("passed", took, f"{where}:1"),), took)


def earlier(settings: Settings, *problems: Problem, **results: ScenarioResult) -> Earlier:
    spec = reader.read(settings)
    found = {FIRST: passed(took=9), SECOND: passed(took=2), THIRD: passed("features/more.py", 5)}
    found |= {f"cart/{name}": result for name, result in results.items()}
    known = Results(found, problems)
    return remembered(None, Plan(), known, fingerprint(settings, spec), digests_of(spec), LONG_AGO)


def planned(settings: Settings, before: Earlier, *, reuse: bool = True) -> Plan:
    spec = reader.read(settings)
    return plan(before, fingerprint(settings, spec), spec, reuse=reuse)


def edit(settings: Settings, name: str, text: str) -> None:
    (settings.root / name).write_text(text)


def test_prose_leaves_every_green_result_standing_and_marks_it(settings: Settings) -> None:
    before = earlier(settings)
    edit(settings, "docs/cart.md", PAGE.replace("Prose.", "More of it.\n\nAnd more."))
    found = planned(settings, before)
    assert found.first == ()
    assert list(found.held) == [FIRST, SECOND, THIRD]
    assert all(result.reused for result in found.held.values())


def test_a_step_that_changed_runs_again_alone(settings: Settings) -> None:
    before = earlier(settings)
    edit(settings, "docs/cart.md", PAGE.replace("a basket", "a trolley"))
    assert planned(settings, before).first == (THIRD,)


@pytest.mark.parametrize(
    "result",
    [
        ScenarioResult("failed", "assertion"),
        ScenarioResult("skipped"),
        ScenarioResult("unknown", "inconclusive"),
        replace(passed(), attempts=("failed: once",)),
        replace(passed(), steps=(StepResult("passed", candidates=("a:1", "b:1")),)),
    ],
    ids=["red", "skipped", "not run", "flaky", "ambiguous"],
)
def test_what_was_not_green_runs_again_each_time(settings: Settings, result: ScenarioResult) -> None:
    assert planned(settings, earlier(settings, second=result)).first == (SECOND,)


def test_what_is_known_red_runs_again_though_it_passed(settings: Settings) -> None:
    edit(settings, "docs/cart.md", PAGE.replace("Scenario: second", "@wip\nScenario: second"))
    assert planned(settings, earlier(settings)).first == (SECOND,)


def test_a_scenario_that_is_new_runs(settings: Settings) -> None:
    before = earlier(settings)
    edit(settings, "docs/cart.md", PAGE.replace("Scenario: third", "Scenario: new\n  Given a cart\n\nScenario: third"))
    assert planned(settings, before).first == ("cart/new",)


@pytest.mark.parametrize("name", ["shop.py", "data.json", "features/steps.py", "new.txt"])
def test_any_other_file_of_the_project_has_everything_run(settings: Settings, name: str) -> None:
    before = earlier(settings)
    edit(settings, name, "changed = 1\n")
    assert planned(settings, before).held == {}


def test_a_file_that_has_gone_has_everything_run(settings: Settings) -> None:
    before = earlier(settings)
    (settings.root / "data.json").unlink()
    assert planned(settings, before).held == {}


def test_what_changed_comes_first_then_what_was_red_then_what_is_quick(settings: Settings) -> None:
    before = earlier(settings, second=ScenarioResult("failed", "assertion", duration_ms=50))
    edit(settings, "features/more.py", "changed = 1\n")
    assert planned(settings, before).first == (THIRD, SECOND, FIRST)


def test_what_went_through_the_code_that_changed_comes_first(settings: Settings) -> None:
    slow = replace(passed(took=90), executed=("features/steps.py", "shop.py"))
    edit(settings, "docs/cart.md", PAGE)
    before = earlier(settings, third=slow)
    edit(settings, "shop.py", "changed = 1\n")
    assert planned(settings, before).first == (THIRD, SECOND, FIRST)
    by_row = replace(passed(took=90), rows={"a": slow, "b": passed()})
    before = earlier(settings, second=by_row)
    edit(settings, "shop.py", "changed = 2\n")
    assert planned(settings, before).first[0] == SECOND


EXECUTING = {
    "shop/__init__.py": "",
    "shop/cart.py": "def add():\n    return 1\n",
    "shop/cellar.py": "def fetch():\n    return 2\n",
    "features/steps.py": """\
import threading
from pytest_bdd import given
from shop import cart, cellar
@given("a cart")
def _(): assert cart.add() == 1
@given("a basket")
def _():
    thread = threading.Thread(target=cellar.fetch)
    thread.start()
    thread.join()
""",
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python tells of what is executed from 3.12 on")
def test_a_scenario_tells_which_files_of_the_project_it_executed(settings: Settings) -> None:
    """Each one anew, and what its threads execute too."""
    (settings.root / "shop.py").unlink()
    for name, text in EXECUTING.items():
        (settings.root / name).parent.mkdir(exist_ok=True)
        edit(settings, name, text)
    found = runner.run(reader.read(settings), settings).scenarios
    assert {each.status for each in found.values()} == {"passed"}
    assert found[FIRST].executed == found[SECOND].executed == ("features/steps.py", "shop/cart.py")
    assert found[THIRD].executed == ("features/steps.py", "shop/cellar.py")


def test_code_that_was_edited_during_the_run_is_not_what_ran(settings: Settings) -> None:
    spec, known = reader.read(settings), earlier(settings)
    edit(settings, "shop.py", "edited = 1\n")
    after = replace(known, fingerprint=after_run(known.fingerprint, settings, spec))
    assert planned(settings, after).held == {}


def test_data_that_a_run_wrote_itself_is_no_change(settings: Settings) -> None:
    spec, known = reader.read(settings), earlier(settings)
    edit(settings, "data.json", "[]")
    after = replace(known, fingerprint=after_run(known.fingerprint, settings, spec))
    assert planned(settings, after).first == ()


def test_data_that_somebody_else_wrote_during_the_run_is_a_change(settings: Settings) -> None:
    spec, known = reader.read(settings), earlier(settings)
    edit(settings, "data.json", "[]")
    edit(settings, "out.txt", "")
    after = replace(known, fingerprint=after_run(known.fingerprint, settings, spec, (), {"out.txt"}))
    assert planned(settings, after).held == {}
    edit(settings, "data.json", "{}")
    assert planned(settings, after).first == ()


def test_an_option_that_changed_has_everything_run(settings: Settings) -> None:
    assert planned(replace(settings, retries=1), earlier(settings)).held == {}


def test_a_variable_that_the_code_reads_has_everything_run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(settings, "shop.py", 'import os\nURL = os.environ["SHOP_URL"]\n')
    before = earlier(settings)
    assert planned(settings, before).first == ()
    monkeypatch.setenv("SHOP_URL", "elsewhere")
    assert planned(settings, before).held == {}


def test_what_the_run_as_a_whole_complained_of_is_not_put_together_from_parts(settings: Settings) -> None:
    before = earlier(settings, Problem("warning", "", None, None, "odd"))
    assert planned(settings, before).first == ()
    edit(settings, "docs/cart.md", PAGE.replace("a basket", "a trolley"))
    assert planned(settings, before).held == {}


def test_nothing_is_reused_where_it_was_not_asked_for(settings: Settings) -> None:
    assert planned(settings, earlier(settings), reuse=False).held == {}


def test_a_result_keeps_the_day_on_which_it_was_made(settings: Settings) -> None:
    known, spec = earlier(settings), reader.read(settings)
    held = Plan({FIRST: known.results.scenarios[FIRST]})
    now = date(2026, 3, 4), None
    later = remembered(known, held, known.results, known.fingerprint, digests_of(spec), now)
    assert later.made == {FIRST: LONG_AGO, SECOND: now, THIRD: now}


# ---- what a run touches ----


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> Touched:
    """One for all: nothing can take out what listens again."""
    root = tmp_path_factory.mktemp("touched")
    (root / "read.txt").write_text("")
    (root / "both.txt").write_text("")
    found = Touched(root)
    (root / "read.txt").read_text()
    (root / "both.txt").read_text()
    (root / "both.txt").write_text("written")
    (root / "draft.tmp").write_text("moved")
    (root / "draft.tmp").replace(root / "state.json")
    os.close(os.open(root / "raw.bin", os.O_CREAT | os.O_RDWR))
    sqlite3.connect(root / "shop.db").close()
    with suppress(OSError):
        Path("/elsewhere/none").read_text()
    return found


def test_what_is_read_and_never_written_can_be_followed(touched: Touched) -> None:
    assert touched.read() == ["read.txt"]


def test_what_is_written_is_the_run_s_own(touched: Touched) -> None:
    written = {"both.txt", "draft.tmp", "state.json", "raw.bin", "shop.db", "shop.db-wal"}
    assert written <= set(touched.written())
    assert not any(name.startswith("/") for name in touched.written())


def test_another_process_of_a_fixture_counts_for_all_that_follow(touched: Touched) -> None:
    touched.begin()
    assert not touched.outside()
    touched.step()
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert touched.outside()
    touched.begin()
    assert not touched.outside()
    subprocess.run([sys.executable, "-c", ""], check=True)  # before its first step
    touched.begin()
    assert touched.outside()


# ---- on disk, through the real commands ----

STEPS = """\
import socket, subprocess, sys, threading
from pathlib import Path
from pytest_bdd import given
RAN = Path(__file__).parents[2] / "ran"
def note(what):
    with RAN.open("a") as file: file.write(what + "\\n")
@given("a cart")
def cart(): note("cart")
@given("a basket")
def basket(): note("basket")
@given("another process")
def process():
    subprocess.run([sys.executable, "-c", ""], check=True)
    note("process")
@given("a system elsewhere")
def elsewhere():
    with socket.socket() as asking:
        asking.settimeout(0.1)
        asking.connect_ex(("127.0.0.1", 9))
    note("elsewhere")
@given("a system of our own")
def own():
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        note("own")
"""
DEPENDENT = """\
# Far

```gherkin
Scenario: a process
  Given another process
Scenario: elsewhere
  Given a system elsewhere
Scenario: own
  Given a system of our own
```
"""


def ran(root: Path, *command: str) -> list[str]:
    """Which steps a command has run."""
    notes = root.parent / "ran"
    notes.write_text("")
    subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, check=False)
    return notes.read_text().split()


def test_with_cache_true_only_what_has_changed_runs_again_in_a_build_and_a_check(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name, text in (
        ("mkdocs.yml", "site_name: Shop\nplugins:\n  - jetty:\n      cache: true\n"), ("docs/cart.md", PAGE),
        ("docs/far.md", DEPENDENT), ("features/steps.py", STEPS),
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    build, check = ("mkdocs", "build"), ("mkdocs_jetty.cli", "check")
    assert ran(root, *build) == ["cart", "cart", "basket", "process", "elsewhere", "own"]
    # What asks another process or the network is never reused; a server of the run itself is part of it.
    assert ran(root, *check) == ["process", "elsewhere"]
    (root / "docs/cart.md").write_text(PAGE.replace("Scenario: third\n  Given a basket", "Scenario: 3\n  Given a cart"))
    assert ran(root, *build) == ["cart", "process", "elsewhere"]
    spec = json.loads((root / "site/jetty/spec.json").read_text())
    assert spec["counts"]["reused"] == 3
    (root / "features/steps.py").write_text(STEPS + "\n")
    assert len(ran(root, *check)) == 6
    (root / "mkdocs.yml").write_text("site_name: Shop\nplugins: [jetty]\n")
    assert len(ran(root, *check)) == 6


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', "[" * 100_000])
def test_what_is_kept_and_cannot_be_understood_has_everything_run(settings: Settings, text: str) -> None:
    kept = replace(settings, cache=True)
    kept.cache_dir.mkdir(parents=True)
    (kept.cache_dir / memory.FILE).write_text(text)
    assert memory._load(kept) is None


def test_what_is_kept_counts_for_thirty_days_and_the_same_packages(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, known = replace(settings, cache=True), earlier(settings)
    memory._save(kept, known)
    loaded = memory._load(kept)
    assert loaded == known
    due = planned(settings, known)
    month = timedelta(days=30)
    assert memory._recent(due, known, (LONG_AGO[0] + month, None)).held == due.held
    assert memory._recent(due, known, (LONG_AGO[0] + month + timedelta(days=1), None)).held == {}
    monkeypatch.setattr(memory, "distributions", list)
    assert memory._load(kept) is None
