"""What failed runs again where `retries` asks for it: a pass after a failure is flaky, and tells of the failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mkdocs_jetty.run.messages import SEVERITY
from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.spec.model import Scenario


@dataclass
class Retries:
    """The failures of a run so far, by scenario."""

    results: dict[str, ScenarioResult]
    """The results of the run; a pass takes the place of the failure before it, and another failure does not."""
    _ended: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """How each attempt ended that failed, by scenario and row."""

    def due(self, pages: Mapping[str, list[Scenario]]) -> dict[str, list[Scenario]]:
        """Return the scenarios that failed and may pass, by page; what is known red is red by agreement."""
        due = {
            page: [one for one in scenarios if not one.wip and _failed(self.results.get(one.id))]
            for page, scenarios in pages.items()
        }
        return {page: scenarios for page, scenarios in due.items() if scenarios}

    def take(self, scenario_id: str, again: ScenarioResult) -> bool:
        """Take what came of another attempt; true if it is the better for it."""
        first = self.results[scenario_id]
        if not first.rows:
            better = self._after(scenario_id, "", first, again)
        else:
            rows = {
                params: self._after(scenario_id, params, row, again.rows.get(params))
                for params, row in first.rows.items()
            }
            better = first
            if any(rows[params] is not row for params, row in first.rows.items()):
                worst = max(rows.values(), key=lambda row: (SEVERITY.index(row.status), row.flaky))
                better = replace(worst, rows=rows)
        self.results[scenario_id] = better
        return better is not first

    def _after(
        self, scenario_id: str, params: str, first: ScenarioResult, again: ScenarioResult | None
    ) -> ScenarioResult:
        if not _failed(first) or again is None:
            return first
        ended = self._ended.setdefault((scenario_id, params), [*first.attempts, _ending(first)])
        if again.status == "passed":
            return replace(again, attempts=(*ended, *again.attempts))
        if _failed(again):
            ended += [*again.attempts, _ending(again)]
        return first


def _failed(result: ScenarioResult | None) -> bool:
    return result is not None and result.status == "failed"


def _ending(result: ScenarioResult) -> str:
    messages = (result.message, *(step.message for step in result.steps))
    return ": ".join(filter(None, (result.status, next(filter(None, messages), None))))
