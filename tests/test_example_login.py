"""The example is a real project: its own pytest and its own site must hold, in place and as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "login"
SECONDS = 300

pytestmark = pytest.mark.slow


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The outer pytest's own variables would reach into the inner one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(
        command, cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def output(done: subprocess.CompletedProcess[str]) -> str:
    return f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    target = tmp_path_factory.mktemp("site")
    return target, run("mkdocs", "build", "-d", str(target))


@pytest.fixture(scope="module")
def spec(site: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, object]:
    target, done = site
    written = target / "jetty" / "spec.json"
    assert written.is_file(), output(done)
    answer: dict[str, object] = json.loads(written.read_text(encoding="utf-8"))
    return answer


def test_pytest_runs_every_scenario_of_the_pages_and_all_pass(tmp_path: Path) -> None:
    done = run("pytest", "docs", "-p", "no:cacheprovider", f"--junit-xml={tmp_path / 'junit.xml'}")
    assert done.returncode == 0, output(done)
    assert "28 passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_site_builds(site: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = site
    assert done.returncode == 0, output(done)


def test_the_site_says_that_the_project_is_green(spec: dict[str, object]) -> None:
    assert spec["project"]["verdict"] == "green", spec["problems"]  # type: ignore[index]


def test_every_scenario_passed_in_the_site(spec: dict[str, object]) -> None:
    counts = spec["counts"]
    assert counts["passed"] == counts["scenarios"] == 28  # type: ignore[index]


def test_both_features_have_reached_the_finish_line(spec: dict[str, object]) -> None:
    levels = {feature["id"]: (feature["level"], feature["complete"]) for feature in spec["features"]}  # type: ignore[attr-defined]
    assert levels == {"login": ("stable", True), "sign-out": ("stable", True)}
