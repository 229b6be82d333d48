"""The verdict as JSON, for programs to read: `jetty/spec.json` in the site, `jetty check --json`.

Its shape is a promise, written down in `spec.schema.json` beside this file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from itertools import zip_longest
from pathlib import Path
from typing import Any

from mkdocs_jetty.judge.model import FeatureVerdict, History, JudgedScenario, ModeVerdict, StandardVerdict, Verdict
from mkdocs_jetty.judge.verdict import mode_status
from mkdocs_jetty.run.model import StepResult
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.words import owner
from mkdocs_jetty.spec.model import Feature, Problem, Step

SCHEMA: Path = Path(__file__).with_name("spec.schema.json")

UrlFor = Callable[[str], str]


def spec_json(verdict: Verdict, url_for: UrlFor, generated: datetime) -> dict[str, Any]:
    """Everything the verdict says, in types that JSON has."""
    return {
        "schema": 1,
        "generated": generated.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "project": {
            "name": verdict.name,
            "state": verdict.state,
            "preset": list(verdict.declaration.preset if verdict.preset is None else verdict.preset.names),
            **_preset(verdict),
            "finish_line": verdict.finish_line,
            "verdict": overall(verdict),
        },
        "counts": dict(verdict.counts),
        "features": [_feature(feature, verdict.history, url_for) for feature in verdict.features],
        "standards": [_standard(standard) for standard in verdict.standards],
        "problems": [_problem(problem) for problem in verdict.problems],
    }


def _preset(verdict: Verdict) -> dict[str, Any]:
    if verdict.preset is None:
        return {}
    return {
        "preset_version": verdict.preset.version,
        "frameworks": list(verdict.preset.frameworks),
        "since": _day(verdict.declaration.since),
    }


def overall(verdict: Verdict) -> str:
    """The project in one word; a project where nothing ran is not green."""
    if verdict.red:
        return "red"
    return mode_status([scenario for feature in verdict.features for scenario in feature.scenarios])


def _feature(verdict: FeatureVerdict, history: Mapping[str, History], url_for: UrlFor) -> dict[str, Any]:
    feature = verdict.feature
    url = url_for(feature.page)
    return {
        "id": feature.id,
        "name": feature.name,
        "page": feature.page,
        "url": url,
        "line": feature.line,
        "owner": feature.owner,
        "traits": list(feature.traits),
        "level": verdict.level,
        "complete": verdict.complete,
        "regressed": verdict.regressed,
        "modes": {mode: _mode(judged) for mode, judged in verdict.modes.items()},
        "standards": [_standard(standard) for standard in verdict.standards],
        "scenarios": [
            _scenario(feature, judged, history.get(judged.scenario.id, History()), url) for judged in verdict.scenarios
        ],
    }


def _standard(verdict: StandardVerdict) -> dict[str, Any]:
    return {
        "id": verdict.standard.id,
        "title": verdict.standard.title,
        "evidence": verdict.standard.evidence,
        "status": verdict.status,
        "scenarios": list(verdict.scenarios),
        "note": verdict.note,
        "why": verdict.why,
        "expires": _day(verdict.expires),
        "observations": [
            {
                "name": each.name, "asked": each.asked, "value": each.value, "ok": each.ok,
                "promised": each.promised, "why": each.why,
            }
            for each in verdict.observations
        ],
    }  # fmt: skip


def _mode(mode: ModeVerdict) -> dict[str, Any]:
    return {
        "status": mode.status,
        "passed": mode.passed,
        "total": mode.total,
        "lower_mode_not_green": mode.lower_mode_not_green,
        "standing_on_nothing": mode.lower_mode_not_green,  # its name up to 0.1, for one more version
    }


def _scenario(feature: Feature, judged: JudgedScenario, history: History, url: str) -> dict[str, Any]:
    scenario, result = judged.scenario, judged.result
    return {
        "id": scenario.id,
        "name": scenario.name,
        "owner": owner(feature, scenario) or None,
        "mode": scenario.mode,
        "status": result.status,
        "cause": result.cause,
        "message": result.message,
        "wip": scenario.wip,
        "reused": result.reused,
        "flaky": result.flaky,
        "attempts": list(result.attempts),
        "params": scenario.params,
        "tags": list(scenario.tags),
        "standards": list(scenario.standards),
        "line": scenario.line,
        "row_line": scenario.row_line,
        "source": scenario.source,
        "url": f"{url}#{anchor(scenario.id)}",
        "duration_ms": _milliseconds(result.duration_ms),
        "red_on": _day(history.red_on if history.red_as_it_stands else None),
        "green_on": _day(history.green_on),
        "red_again": [day.isoformat() for day, _ in history.red_again],
        "challenged_on": _day(history.challenged_on),
        "measured": dict(result.measured),
        "environment": result.environment,
        "steps": [_step(step, found, scenario.source) for step, found in paired(scenario.steps, result.steps)],
    }


def paired(steps: tuple[Step, ...], results: tuple[StepResult, ...]) -> list[tuple[Step, StepResult]]:
    """Each step with its result; one that has none is unknown."""
    nothing = StepResult("unknown")
    pairs = zip_longest(steps, results[: len(steps)], fillvalue=None)
    return [(step, result or nothing) for step, result in pairs if step is not None]


def _step(step: Step, result: StepResult, source: str | None) -> dict[str, Any]:
    return {
        "keyword": step.keyword,
        "text": step.text,
        "line": step.line,
        "source": step.source or source,
        "status": result.status,
        "duration_ms": _milliseconds(result.duration_ms),
        "definition": result.definition,
        "overrides": result.overrides,
        "candidates": list(result.candidates),
        "message": result.message,
        "warnings": list(result.warnings),
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _milliseconds(value: float | None) -> float | None:
    # JSON has no NaN, and a clock that went wrong is no reason to write no file.
    return round(value, 3) if value is not None and math.isfinite(value) else None


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "level": problem.level,
        "code": problem.code,
        "page": problem.page,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
    }
