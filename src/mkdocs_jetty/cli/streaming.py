"""`jetty check --events FILE`: one JSON object a line, as things happen, for programs that wait for a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from mkdocs_jetty.cli.errors import WrongUse
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.spec_json import overall
from mkdocs_jetty.spec.model import Feature, Scenario, Spec

SCHEMA = 1


class EventStream:
    """Writes the events of one run; each line is written whole, and at once.

    `run-started` says how many scenarios there are; `scenario` what became of one; `problem` what is wrong beside;
    `run-finished` how it stands, after everything else.
    """

    def __init__(self, target: Path) -> None:
        """Open the file.

        Args:
            target: The file, which is written anew; `-` is standard output.

        Raises:
            WrongUse: If it cannot be written.
        """
        try:
            self._file: IO[bytes] = sys.stdout.buffer if str(target) == "-" else target.open("wb")
        except OSError as error:
            raise WrongUse(f"cannot write {target}: {error.strerror}") from error
        self._known: Mapping[str, tuple[Feature, Scenario]] = {}

    def begin(self, spec: Spec, chosen: int) -> None:
        """Say that the run begins."""
        self._known = {scenario.id: (feature, scenario) for feature, scenario in spec.scenarios()}
        self._write("run-started", schema=SCHEMA, time=_now(), scenarios=len(self._known), chosen=chosen)

    def scenario(self, scenario_id: str, result: ScenarioResult) -> None:
        """Say what became of a scenario."""
        feature, scenario = self._known[scenario_id]
        self._write(
            "scenario", id=scenario_id, name=words.title(scenario), feature=feature.id, mode=scenario.mode,
            page=words.file(feature, scenario), line=scenario.row_line or scenario.line,
            owner=words.owner(feature, scenario) or None, anchor=anchor(scenario_id),
            status=result.status, cause=result.cause, duration_ms=result.duration_ms,
            message=_message(result),
        )  # fmt: skip

    def end(self, verdict: Verdict, status: int) -> None:
        """Say how it stands."""
        for problem in verdict.problems:
            self._write(
                "problem", level=problem.level, code=problem.code, page=problem.page or None, line=problem.line,
                message=problem.message,
            )  # fmt: skip
        self._write(
            "run-finished", time=_now(), verdict=overall(verdict), counts=dict(verdict.counts), exit=status,
            duration_s=round(verdict.duration_s, 3),
        )  # fmt: skip
        self.close()

    def close(self) -> None:
        """End the stream; standard output stays open."""
        if self._file is not sys.stdout.buffer:
            self._file.close()

    def _write(self, event: str, **fields: Any) -> None:
        # Escaped beyond ASCII: no terminal and no log can take it for anything else.
        self._file.write(json.dumps({"event": event, **fields}, ensure_ascii=True).encode() + b"\n")
        self._file.flush()


def _message(result: ScenarioResult) -> str | None:
    said = (step.message for step in result.steps if step.message and step.status not in ("passed", "unknown"))
    return next(said, None) or result.message


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
