"""What a run records beside its status: numbers, the place of observation, and that it could not tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mkdocs_jetty.config import load
from mkdocs_jetty.run import store
from mkdocs_jetty.run.fingerprint import fingerprint
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.run.runner import run
from mkdocs_jetty.spec.reader import read

STEPS = """
import pytest
from mkdocs_jetty import Inconclusive, Unavailable
from pytest_bdd import given, parsers, then, when

@given(parsers.parse("{count:d} users"))
def users(count, record_property):
    record_property("jetty.users", count)
    record_property("jetty.environment", "staging")
    record_property("other", 1)

@given("an unknown place")
def place(record_property):
    record_property("jetty.environment", "stagging")

@given("no database")
def database():
    raise Unavailable("no database at port 5432")

@pytest.fixture
def driver():
    raise Unavailable("k6 is not installed")

@given("a driver")
def with_driver(driver):
    pass

@given("a slow driver")
def slow():
    raise Inconclusive

@when("it runs")
def runs():
    pass

@then("it holds")
def holds():
    pass
"""


def results(root: Path, *givens: str) -> Results:
    scenarios = "\n".join(f"Scenario: {name}\n  Given {name}\n  When it runs\n  Then it holds\n" for name in givens)
    (root / "docs").mkdir()
    (root / "features").mkdir()
    (root / "docs/load.md").write_text(f"# Load\n\n```gherkin\n{scenarios}```\n", encoding="utf-8")
    (root / "features/steps.py").write_text(STEPS, encoding="utf-8")
    (root / "mkdocs.yml").write_text("site_name: x\nplugins: [jetty]\n", encoding="utf-8")
    settings = load(root / "mkdocs.yml")
    return run(read(settings), settings)


def test_recorded_numbers_and_the_place_reach_the_result_and_are_kept(tmp_path: Path) -> None:
    found = results(tmp_path, "500 users")
    one = found.scenarios["load/500-users"]
    assert (dict(one.measured), one.environment, one.status) == ({"users": "500"}, "staging", "passed")
    settings = load(tmp_path / "mkdocs.yml")
    spec = read(settings)
    store.save(found, spec, settings, fingerprint(settings, spec))
    kept = store.load(spec, settings)
    assert kept is not None
    assert kept.scenarios["load/500-users"] == replace(one, reused=True)


def test_a_place_that_does_not_exist_is_named_and_not_believed(tmp_path: Path) -> None:
    found = results(tmp_path, "an unknown place")
    assert found.scenarios["load/an-unknown-place"].environment is None
    assert ["stagging" in problem.message for problem in found.problems] == [True]


@pytest.mark.parametrize(
    ("given", "cause", "said"),
    [
        ("no database", "unavailable", "no database at port 5432"),
        ("a driver", "unavailable", "k6 is not installed"),
        ("a slow driver", "inconclusive", "the run could not tell"),
    ],
)
def test_what_could_not_be_found_out_is_unknown_with_its_cause(
    tmp_path: Path, given: str, cause: str, said: str
) -> None:
    (one,) = results(tmp_path, given).scenarios.values()
    assert (one.status, one.cause, one.message) == ("unknown", cause, said)


def test_a_run_without_when_steps_does_not_call_them(tmp_path: Path) -> None:
    results(tmp_path, "500 users")
    steps = tmp_path / "features/steps.py"
    steps.write_text(STEPS.replace("def runs():\n    pass", "def runs():\n    assert False"), encoding="utf-8")
    settings = load(tmp_path / "mkdocs.yml")
    spec = read(settings)
    assert run(spec, settings).scenarios["load/500-users"].status == "failed"
    one = run(spec, settings, without_when=True).scenarios["load/500-users"]
    assert (one.status, len(one.steps)) == ("passed", 2)
