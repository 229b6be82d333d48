"""Projects to run end to end, with real child processes, and what is true of every run of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from mkdocs_jetty.config import load
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run.runner import run
from mkdocs_jetty.spec.reader import read

if TYPE_CHECKING:
    from pathlib import Path

    from mkdocs_jetty.judge.model import JudgedScenario, Verdict

PAGE = """\
# Faults

```gherkin
Scenario: before
  Given all is well

{middle}

Scenario: after
  Given all is well
```
"""
FAULT = "Scenario: fault\n  Given all is well\n  When it happens\n  Then all is well"
GOOD = """\
from pytest_bdd import given, then
@given("all is well")
@then("all is well")
def well(): pass
"""
TIME_LIMIT_S = 25


def fault(*body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body)
    imports = "import asyncio, ctypes, os, pytest, signal, sys, time"
    return f"{imports}\nfrom pytest_bdd import when\n@when('it happens')\ndef happens():\n{lines}\n"


HARMLESS = fault("pass")


@dataclass(frozen=True)
class Outcome:
    """The verdict, with its scenarios by name."""

    verdict: Verdict
    seconds: float
    scenarios: dict[str, JudgedScenario] = field(default_factory=dict)

    @property
    def short(self) -> dict[str, str]:
        """Status and cause of each scenario."""
        return {
            name: "/".join(filter(None, (judged.result.status, judged.result.cause)))
            for name, judged in self.scenarios.items()
        }

    @property
    def errors(self) -> list[str]:
        return [str(problem) for problem in self.verdict.problems if problem.level == "error"]

    def says(self, name: str) -> str:
        """All messages of a scenario."""
        result = self.scenarios[name].result
        return "\n".join(filter(None, (result.message, *(step.message for step in result.steps))))


class Play(Protocol):
    def __call__(self, files: dict[str, str | bytes], **settings: object) -> Outcome: ...


def player(tmp_path: Path) -> Play:
    """What writes a project, runs it end to end, and holds it to what is true of every run."""

    def play(files: dict[str, str | bytes], **settings: object) -> Outcome:
        project = {
            "mkdocs.yml": "site_name: Faults\nplugins: [jetty]\n",
            "docs/a.md": PAGE.format(middle=FAULT),
            "features/steps.py": GOOD,
            **files,
        }
        for name, content in project.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        loaded = replace(load(tmp_path / "mkdocs.yml"), **settings)
        spec = read(loaded)
        started = time.monotonic()
        results = run(spec, loaded)
        seconds = time.monotonic() - started
        verdict = judge(spec, results, name="Faults", state="internal", fail_on=("red",))
        outcome = Outcome(verdict, seconds)
        for feature in verdict.features:
            for judged in feature.scenarios:
                taken = judged.scenario.name in outcome.scenarios
                outcome.scenarios[judged.scenario.id if taken else judged.scenario.name] = judged
        honest(outcome, {scenario.id for _, scenario in spec.scenarios()})
        return outcome

    return play


def honest(outcome: Outcome, expected: set[str]) -> None:
    assert outcome.seconds < TIME_LIMIT_S
    assert {judged.scenario.id for judged in outcome.scenarios.values()} == expected
    for judged in outcome.scenarios.values():
        if judged.result.status == "passed":
            assert judged.scenario.steps
            assert [step.status for step in judged.result.steps] == ["passed"] * len(judged.scenario.steps)
            assert all(step.definition for step in judged.result.steps)


def around(middle: str) -> dict[str, str]:
    return {"before": "passed", "fault": middle, "after": "passed"}
