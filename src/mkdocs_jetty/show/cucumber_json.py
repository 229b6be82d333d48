"""The verdict as Cucumber's old JSON, which many report tools still read instead of Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mkdocs_jetty.show import words
from mkdocs_jetty.show.spec_json import paired

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
    from mkdocs_jetty.run.model import StepResult
    from mkdocs_jetty.spec.model import Step

NANOS = 1_000_000
"""Nanoseconds in a millisecond: this format counts in them."""


def cucumber_json(verdict: Verdict) -> list[dict[str, Any]]:
    """Every feature with its scenarios; a row of Examples is a scenario of its own, as Cucumber has it."""
    return [_feature(feature) for feature in verdict.features]


def _feature(judged: FeatureVerdict) -> dict[str, Any]:
    feature = judged.feature
    return {
        "uri": feature.page, "id": feature.id, "keyword": "Feature", "name": feature.name, "line": feature.line,
        "description": feature.description, "tags": [{"name": tag, "line": feature.line} for tag in feature.tags],
        "elements": [_scenario(one) for one in judged.scenarios],
    }  # fmt: skip


def _scenario(judged: JudgedScenario) -> dict[str, Any]:
    scenario, result = judged.scenario, judged.result
    steps = [_step(step, found) for step, found in paired(scenario.steps, result.steps)]
    if steps and result.status != "passed" and all(each["result"]["status"] == "passed" for each in steps):
        # A hook tells what no step does: a failure in teardown, say.
        message = result.message or result.cause or result.status
        after = [{"result": {"status": "failed", "duration": 0, "error_message": message}}]
    else:
        after = []
    return {
        "id": scenario.id, "keyword": scenario.keyword, "type": "scenario", "name": words.title(scenario),
        "line": scenario.row_line or scenario.line, "description": scenario.description,
        "tags": [{"name": tag, "line": scenario.line} for tag in scenario.tags],
        "steps": steps, **({"after": after} if after else {}),
    }  # fmt: skip


def _step(step: Step, result: StepResult) -> dict[str, Any]:
    status = "skipped" if result.status == "unknown" else result.status
    outcome: dict[str, Any] = {"status": status}
    if result.duration_ms is not None:
        outcome["duration"] = int(result.duration_ms * NANOS)
    if result.message:
        outcome["error_message"] = result.message
    entry: dict[str, Any] = {
        "keyword": f"{step.keyword} ", "name": step.text, "line": step.line,
        "match": {"location": result.definition} if result.definition else {}, "result": outcome,
    }  # fmt: skip
    if step.table is not None:
        entry["rows"] = [{"cells": list(row)} for row in step.table]
    if step.docstring is not None:
        entry["doc_string"] = {"value": step.docstring, "content_type": step.media_type or "", "line": step.line + 1}
    return entry
