"""What a step does to its output costs its own scenario at most, on its page and on the next."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fault_projects import around, fault, player

if TYPE_CHECKING:
    from pathlib import Path

    from fault_projects import Play

PRINTS = """\
import subprocess
from pytest_bdd import when
@when("it prints")
def prints():
    print("said by Python")
    subprocess.run(["sh", "-c", "echo said by another; echo and wrong >&2"], check=True)
"""

PRINTED = ("said by Python", "said by another", "and wrong")

CASES = {
    "closes stdout": ["sys.stdout.close()"],
    "closes stderr": ["sys.stderr.close()"],
    "closes the real stdout": ["sys.__stdout__.close()", "sys.__stderr__.close()"],
    "wraps the buffer": ["io.TextIOWrapper(sys.stdout.buffer)", "gc.collect()"],
    "detaches the buffer": ["sys.stdout.detach()"],
    "writes bytes that are no UTF-8": [r"sys.stdout.buffer.write(b'caf\xe9\n')", r"sys.stderr.buffer.write(b'\xff')"],
    "prints surrogates": [r"print(os.fsdecode(b'caf\xe9.txt'))"],
    "asks for the descriptor": ["assert sys.stdout.fileno() >= 0"],
    "hands stdout to a process": ["subprocess.run(['echo', 'x'], stdout=sys.stdout, check=True)"],
    "closes all low descriptors": ["os.closerange(3, 256)"],
    "closes all descriptors": ["os.closerange(0, 65536)"],
    "closes the standard ones": ["os.close(0), os.close(1), os.close(2)"],
    "dup2 over them": ["null = os.open(os.devnull, os.O_RDWR)", "os.dup2(null, 1), os.dup2(null, 2)"],
    "replaces stdout": ["sys.stdout = sys.stderr = None"],
    "replaces stdout by what fails": ["sys.stdout = sys.__stdout__ = object()"],
}


def project(cases: dict[str, list[str]]) -> dict[str, str | bytes]:
    """Every case as a scenario between two others, all in one process, and a page that comes after."""
    page, steps = "", "import gc, io, os, subprocess, sys\nfrom pytest_bdd import when\n"
    for number, (case, body) in enumerate(cases.items()):
        page += f"Scenario: {case}\n  When it {case}\n\nScenario: after it {case}\n  When it prints\n\n"
        steps += f"@when('it {case}')\ndef step_{number}():\n" + "".join(f"    {line}\n" for line in body)
    return {
        "docs/a.md": f"# A\n\n```gherkin\nScenario: before\n  When it prints\n\n{page}```\n",
        "docs/b.md": "# B\n\n```gherkin\nScenario: next page\n  When it prints\n```\n",
        "features/prints.py": PRINTS,
        "features/bad.py": steps,
    }


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return player(tmp_path)


@pytest.mark.parametrize("shown", [True, False], ids=["output shown", "output not shown"])
def test_a_step_that_spoils_its_output_spoils_nothing_else(play: Play, shown: bool) -> None:
    outcome = play(project(CASES), show_output=shown)
    assert {name: status for name, status in outcome.short.items() if status != "passed"} == {}
    assert outcome.errors == []
    for name in ("before", *(f"after it {case}" for case in CASES), "next page"):
        printed = outcome.scenarios[name].result.output or ""
        assert [words in printed for words in PRINTED] == [shown] * len(PRINTED), name


@pytest.mark.parametrize("method", ["sys", "tee-sys", "no"])
def test_the_same_holds_for_the_way_of_capturing_that_a_project_asks_for(play: Play, method: str) -> None:
    outcome = play({**project(CASES), "pytest.ini": f"[pytest]\naddopts = --capture={method}\n"})
    red = {name for name, status in outcome.short.items() if status != "passed"}
    # These fail under stock pytest with this way of capturing as well.
    assert red <= {
        "detaches the buffer", "prints surrogates", "asks for the descriptor", "hands stdout to a process"
    }, {name: outcome.says(name) for name in red}  # fmt: skip


def test_a_failure_after_the_damage_is_still_told_in_its_own_words(play: Play) -> None:
    cases = {case: [*body, "assert 1 == 2, 'mine'"] for case, body in CASES.items()}
    outcome = play(project(cases))
    for case in CASES:
        assert (outcome.short[case], outcome.short[f"after it {case}"]) == ("failed/assertion", "passed")
        assert "mine" in outcome.says(case)


def test_capture_by_fixture_is_left_alone(play: Play) -> None:
    steps = fault("print('x')", "assert capfd.readouterr().out == 'x\\n'").replace("happens()", "happens(capfd)")
    outcome = play({"features/bad.py": steps})
    assert outcome.short == around("passed"), outcome.says("fault")


def test_pytest_itself_survives_the_same(tmp_path: Path) -> None:
    # Of every descriptor closed, none is left to print to.
    cases = {case: body for case, body in CASES.items() if case != "closes all descriptors"}
    for name, content in {"mkdocs.yml": "site_name: Faults\nplugins: [jetty]\n", **project(cases)}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(str(content), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "pytest-bdd", "-p", "jetty", "docs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert f"{2 * len(cases) + 2} passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
