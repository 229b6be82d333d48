"""What is settled of some scenarios, row by row, over one child after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from itertools import chain

from mkdocs_jetty.run.model import ScenarioResult, Status, StepResult
from mkdocs_jetty.spec.model import Scenario

Sink = Callable[[str, ScenarioResult], None]
Params = str | None
"""Which of several tests of a scenario: None for the only one."""
UNREACHED = StepResult("unknown")
SEVERITY: tuple[Status, ...] = ("passed", "skipped", "unknown", "pending", "undefined", "ambiguous", "failed")


class Tally:
    """Knows which tests each scenario has, and tells of a scenario when all of them are settled."""

    def __init__(self, scenarios: Mapping[str, Scenario], settle: Sink) -> None:
        self.left = dict(scenarios)
        """What is not settled yet."""
        self._sink = settle
        self._rows: dict[str, dict[Params, ScenarioResult]] = {}
        self._planned: dict[str, tuple[Params, ...]] = {}

    @property
    def settled_rows(self) -> dict[str, tuple[Params, ...]]:
        """The rows that need not run again, of the scenarios that are not settled as a whole."""
        return {scenario_id: tuple(rows) for scenario_id, rows in self._rows.items() if scenario_id in self.left}

    def plan(self, rows: Mapping[str, Iterable[Params]]) -> None:
        """Take what a child is going to run; what has been settled before it is not in there."""
        for scenario_id in self.left.keys() & rows.keys():
            done = self._rows.get(scenario_id, {})
            self._planned[scenario_id] = tuple(dict.fromkeys(chain(done, rows[scenario_id])))

    def settle(self, scenario_id: str, params: Params, result: ScenarioResult) -> None:
        """Take the result of one test; the first one stands, whatever comes later."""
        if scenario_id in self.left:
            rows = self._rows.setdefault(scenario_id, {})
            rows.setdefault(params, result)
            if not set(self._planned.get(scenario_id, ())).difference(rows):
                self._tell(scenario_id)

    def amend(self, scenario_id: str, params: Params, result: ScenarioResult) -> None:
        """Take another result for a test that was settled, and tell once more of a scenario that was told of."""
        self._rows[scenario_id][params] = result
        if scenario_id not in self.left:
            self._tell(scenario_id)

    def give_up(self, scenario_id: str, missing: ScenarioResult) -> None:
        """Settle a scenario of which not every row could run."""
        if scenario_id in self.left:
            rows = self._rows.setdefault(scenario_id, {})
            for params in self._planned.get(scenario_id, (None,)):
                rows.setdefault(params, missing)
            self._tell(scenario_id)

    def close(self) -> None:
        """Settle what some rows have been settled of, as no child will run the others."""
        for scenario_id in self._rows.keys() & self.left.keys():
            self.give_up(scenario_id, not_reached(self.left[scenario_id]))

    def _tell(self, scenario_id: str) -> None:
        self.left.pop(scenario_id, None)
        rows = self._rows[scenario_id]
        result = max(rows.values(), key=_badness)
        named = {params or "(none)": each for params, each in rows.items()}
        self._sink(scenario_id, result if list(rows) == [None] else dataclasses.replace(result, rows=named))


def not_reached(scenario: Scenario, message: str | None = None) -> ScenarioResult:
    """The result of a scenario that was to run and did not."""
    return ScenarioResult("unknown", "not-reached", (UNREACHED,) * len(scenario.steps), message=message)


def _badness(result: ScenarioResult) -> tuple[int, bool]:
    return SEVERITY.index(result.status), result.flaky or result.ambiguous_steps
