"""What earlier builds came to: the statuses of each scenario in the last few, and what has changed since the last one.

The site publishes it as `jetty/history.json`; the next build reads it back, where the option `history` names the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import JudgedScenario, Verdict

SCHEMA = 1
MOST = 30
"""Builds that are kept: enough for a month of working days, and 30 bytes for each scenario."""
ABSENT = "."
Code = Literal["p", "f", "k", "l", "s", "u", "."]
"""Passed, red, known red, flaky or in doubt, skipped, not run, not there."""


@dataclass(frozen=True)
class BuildRecord:
    """One build."""

    at: datetime
    commit: str | None = None
    run: str | None = None
    """The number of the CI run."""
    url: str | None = None
    """Where that run is shown."""
    red: int = 0
    scenarios: int = 0


@dataclass(frozen=True)
class Builds:
    """The last builds, the newest last; the statuses of a scenario have a character for each."""

    records: tuple[BuildRecord, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why the file that was named could not be read."""

    def of(self, scenario_id: str) -> str:
        """The statuses of a scenario, a character for each build."""
        return self.statuses.get(scenario_id, ABSENT * len(self.records))

    def with_now(self, verdict: Verdict, at: datetime) -> Builds:
        """The same with a build that has just ended."""
        number, url = ci_run()
        now = {
            judged.scenario.id: code_of(judged) for feature in verdict.features for judged in feature.scenarios
        }  # fmt: skip
        record = BuildRecord(
            at, verdict.commit, number, url, sum(code == "f" for code in now.values()), len(now)
        )  # fmt: skip
        records = (*self.records, record)[-MOST:]
        ids = {*self.statuses, *now}
        joined = {key: (self.of(key) + now.get(key, ABSENT))[-MOST:] for key in ids}
        return Builds(records, {key: text for key, text in sorted(joined.items()) if text.strip(ABSENT)})


@dataclass(frozen=True)
class Changes:
    """What is otherwise than in the last build, by the ids of scenarios."""

    since: BuildRecord
    red: tuple[str, ...]
    fixed: tuple[str, ...]
    flaky: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def code_of(judged: JudgedScenario) -> Code:
    """Return what a scenario came to, in one character."""
    if judged.known_red:
        return "k"
    if judged.red:
        return "f"
    if judged.proven:
        return "p"
    return {"passed": "l", "skipped": "s"}.get(judged.result.status, "u")  # type: ignore[return-value]


def changes(verdict: Verdict) -> Changes | None:
    """Return what has changed since the last build; None where none is known."""
    builds = verdict.builds
    if not builds.records:
        return None
    before = {key: text[-1] for key, text in builds.statuses.items() if text[-1] != ABSENT}
    now = {judged.scenario.id: code_of(judged) for feature in verdict.features for judged in feature.scenarios}

    def turned(code: Code) -> Iterator[str]:
        return (key for key, found in now.items() if found == code and before.get(key) != code)

    return Changes(
        builds.records[-1],
        red=tuple(turned("f")),
        fixed=tuple(key for key, code in now.items() if code == "p" and before.get(key) in ("f", "l")),
        flaky=tuple(turned("l")),
        added=tuple(key for key in now if key not in before),
        removed=tuple(key for key in before if key not in now),
    )


def ci_run(environment: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """The number and the address of the CI run that this is; both None elsewhere."""
    if number := environment.get("GITHUB_RUN_NUMBER"):
        parts = [environment.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
        return number, f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None
    if number := environment.get("CI_PIPELINE_IID"):
        return number, environment.get("CI_PIPELINE_URL")
    return None, None


# ---- the file ----


def read_builds(path: Path) -> Builds:
    """Read a `history.json`; a file that is not there or cannot be understood holds no builds, and says why."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            return Builds(problem=f"it has schema {data['schema']}, and {SCHEMA} is known here")
        records = tuple(_record(each) for each in data["builds"])[-MOST:]
        statuses = {str(key): str(text) for key, text in data["scenarios"].items()}
    except FileNotFoundError:
        return Builds()
    except OSError as error:
        return Builds(problem=f"it cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Builds(problem=f"it is no history: {type(error).__name__}: {error}")
    if any(len(text) != len(records) for text in statuses.values()):
        return Builds(problem="its scenarios have not as many statuses as there are builds")
    return Builds(records, statuses)


def as_json(builds: Builds) -> dict[str, Any]:
    """The file's content."""
    return {
        "schema": SCHEMA,
        "builds": [
            {
                "at": each.at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": each.commit,
                "run": each.run, "url": each.url, "red": each.red, "scenarios": each.scenarios,
            }
            for each in builds.records
        ],
        "scenarios": dict(builds.statuses),
    }  # fmt: skip


def _record(data: Mapping[str, Any]) -> BuildRecord:
    at = datetime.strptime(data["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    commit, run, url = (None if data.get(name) is None else str(data[name]) for name in ("commit", "run", "url"))
    return BuildRecord(at, commit, run, url, int(data["red"]), int(data["scenarios"]))
