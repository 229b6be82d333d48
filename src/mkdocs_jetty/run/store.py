"""Keeps the results of a check, for a host that renders pages but cannot run anything.

It stands in `.jetty/`, because `zensical build --clean` deletes all of `.cache`. A result counts only for the scenario
as it was and the project's files as they were: whatever has changed since has no result, and a file that cannot be
understood holds none.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mkdocs_jetty.run.attached import Attachment, checked
from mkdocs_jetty.run.fingerprint import Fingerprint, after_run, changed_files, fingerprint, scenario_digest
from mkdocs_jetty.run.model import STATUSES, Cause, Results, ScenarioResult, StepDefinition, StepResult
from mkdocs_jetty.spec.model import Problem

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.spec.model import Spec

SCHEMA = 4
STALE = "It has changed since it last ran. Run `jetty check` again."
"""Of a scenario; where a file has changed, the file is named."""
_TIMES = {"duration_ms", "duration_s", "made_on", "executed", "started"}


def results_file(root: Path) -> Path:
    """Tell where the results of a project are kept."""
    return root / ".jetty" / "results.json"


def save(results: Results, spec: Spec, settings: Settings, before: Fingerprint, commit: str | None = None) -> None:
    """Keep the results of a full run; the file is left alone when they say the same.

    Args:
        results: What happened.
        spec: What ran.
        settings: The project's settings.
        before: What the run began at.
        commit: What was checked out.

    Raises:
        OSError: If the file cannot be written.
    """
    kept = after_run(before, settings, spec)
    scenarios = {
        scenario.id: {"digest": scenario_digest(feature, scenario), **asdict(results.scenarios[scenario.id])}
        for feature, scenario in spec.scenarios()
        if scenario.id in results.scenarios
    }
    record = {
        "schema": SCHEMA,
        "config": settings.config_file.name if settings.config_file else "mkdocs.yml",
        "sources": kept.sources,
        "others": kept.others,
        "files": kept.files,
        "made_on": (results.made_on or datetime.now(timezone.utc).date()).isoformat(),
        "commit": results.commit if results.made_on else commit,
        "duration_s": round(results.duration_s, 3),
        "problems": [asdict(problem) for problem in results.problems],
        "scenarios": scenarios,
        "definitions": [asdict(each) for each in results.definitions],
    }
    path = results_file(settings.root)
    # The same shape as what is read back: lists for tuples.
    record = json.loads(json.dumps(record))
    if _timeless(record) != _timeless(_read(path)):
        _write(path, json.dumps(record, indent=1) + "\n")


def load(spec: Spec, settings: Settings) -> Results | None:
    """The results that were kept, for what is still as it was; nothing where there are none."""
    record = _read(results_file(settings.root))
    if record is None:
        return None
    try:
        return _results(record, spec, settings)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def kept_config(root: Path) -> str | None:
    """The name of the configuration that the results were made with."""
    record = _read(results_file(root))
    name = record.get("config") if record else None
    return Path(name).name if isinstance(name, str) and name else None


# ---- reading; whatever is not as expected raises, and then nothing is known ----


def _results(record: dict[str, Any], spec: Spec, settings: Settings) -> Results:
    now = fingerprint(settings, spec)
    fresh = (record["sources"], record["others"]) == (now.sources, now.others)
    stale = STALE if fresh else _why_stale(record["files"], now)
    kept = record["scenarios"]
    found: dict[str, ScenarioResult] = {}
    for feature, scenario in spec.scenarios():
        entry = kept.get(scenario.id)
        if fresh and entry is not None and entry["digest"] == scenario_digest(feature, scenario):
            found[scenario.id] = _scenario(entry)
        else:
            steps = (StepResult("unknown"),) * len(scenario.steps)
            found[scenario.id] = ScenarioResult("unknown", None, steps, message=stale)
    problems = tuple(map(_problem, record["problems"])) if fresh else ()
    made_on = date.fromisoformat(record["made_on"])
    return Results(
        found,
        problems,
        _number(record["duration_s"]) or 0.0,
        made_on=made_on,
        commit=_text(record["commit"]),
        definitions=tuple(StepDefinition(**each) for each in record.get("definitions", ())) if fresh else (),
    ).reused()


def is_stale(result: ScenarioResult) -> bool:
    """Tell whether a result was kept and does not count any more."""
    return result.status == "unknown" and result.cause is None and (result.message or "").endswith(AGAIN)


AGAIN = "Run `jetty check` again."


def _why_stale(files: dict[str, str], now: Fingerprint) -> str:
    changed = changed_files(files, now.files)
    if not changed:
        return f"An option, or a variable of the environment, has changed since it last ran. {AGAIN}"
    more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
    return f"`{changed[0]}`{more} changed since it last ran. {AGAIN}"


def _scenario(entry: dict[str, Any]) -> ScenarioResult:
    return ScenarioResult(
        status=_one_of(entry["status"], STATUSES),
        cause=None if entry["cause"] is None else _one_of(entry["cause"], get_args(Cause)),
        steps=tuple(map(_step, entry["steps"])),
        duration_ms=_number(entry["duration_ms"]),
        message=_text(entry["message"]),
        reused=entry["reused"] is True,
        output=_text(entry["output"]),
        measured={str(name): str(value) for name, value in (entry.get("measured") or {}).items()},
        environment=_text(entry.get("environment")),
        attempts=tuple(str(attempt) for attempt in entry["attempts"]),
        attachments=_attachments(entry),
        rows={str(params): _scenario(row) for params, row in entry["rows"].items()},
    )


def _step(entry: dict[str, Any]) -> StepResult:
    return StepResult(
        status=_one_of(entry["status"], STATUSES),
        duration_ms=_number(entry["duration_ms"]),
        definition=_text(entry["definition"]),
        message=_text(entry["message"]),
        location=_text(entry["location"]),
        traceback=_text(entry["traceback"]),
        candidates=tuple(str(place) for place in entry["candidates"]),
        overrides=_text(entry.get("overrides")),
        warnings=tuple(str(warning) for warning in entry["warnings"]),
        stock=entry.get("stock") is True,
        compared=tuple(str(side) for side in entry.get("compared") or ()),
        attachments=_attachments(entry),
        spans=None if entry.get("spans") is None else tuple((int(start), int(end)) for start, end in entry["spans"]),
    )


def _attachments(entry: dict[str, Any]) -> tuple[Attachment, ...]:
    kept = entry.get("attachments") or ()
    made = (checked(each["name"], each["media_type"], each["text"], each["data"]) for each in kept)
    return tuple(filter(None, made))


def _problem(entry: dict[str, Any]) -> Problem:
    level = _one_of(entry["level"], ("error", "warning"))
    line, column = (None if value is None else int(value) for value in (entry["line"], entry["column"]))
    return Problem(level, str(entry["page"]), line, column, str(entry["message"]))


def _one_of(value: Any, words: tuple[str, ...]) -> Any:
    if value in words:
        return value
    raise ValueError(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


# ---- the file ----


def _read(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("schema") == SCHEMA else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.with_name(".gitignore")
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    # Whoever reads at this moment finds the old file or the new one, never a half.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".results-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _timeless(value: Any) -> Any:
    """A record without how long things took, which is never the same twice."""
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in _TIMES}
    return [_timeless(item) for item in value] if isinstance(value, list) else value
