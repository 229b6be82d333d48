"""What a CI service shows beside a change: annotations at the lines, a summary of the job, a code quality report."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mkdocs_jetty.show import words
from mkdocs_jetty.show.causes import causes, reason
from mkdocs_jetty.show.failures import cause_views, since
from mkdocs_jetty.show.review import in_markdown
from mkdocs_jetty.show.summary import summary

if TYPE_CHECKING:
    from mkdocs_jetty.judge.model import Verdict

MOST = 50
"""Annotations that are made: GitHub shows no more than 50 of a check run."""
_FIRST = 20


def workflow_commands(verdict: Verdict) -> Iterator[str]:
    """The workflow commands by which GitHub shows each red scenario, and each problem, at its line."""
    told = list(_commands(verdict))
    yield from told[:MOST]
    if len(told) > MOST:
        yield f"::notice::{len(told) - MOST} more are red; the site and the exports name them all"


def _commands(verdict: Verdict) -> Iterator[str]:
    for problem in verdict.problems:
        kind = "error" if problem.level == "error" else "warning"
        place = {"file": problem.page, "line": problem.line, "col": problem.column}
        yield _command(kind, {**place, "title": f"Specification ({problem.code})"}, problem.message)
    for feature in verdict.features:
        for judged in feature.scenarios:
            if judged.red and not judged.known_red:
                file = words.file(feature.feature, judged.scenario)
                line = judged.scenario.row_line or judged.scenario.line
                yield _command(
                    "error", {"file": file, "line": line, "title": words.title(judged.scenario)}, reason(judged)
                )


def _command(kind: str, properties: Mapping[str, object], message: str) -> str:
    given = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items() if value)
    return f"::{kind} {given}::{_escaped(message)}"


def _escaped(value: object, more: str = "") -> str:
    """By the runner's own rules: https://docs.github.com/actions/reference/workflow-commands."""
    text = str(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for char in more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def job_summary(verdict: Verdict) -> str:
    """Tell how the specification stands, in Markdown: the answer, then the causes of red."""
    lines = [f"## {in_markdown(verdict.name)}: specification", "", f"**{in_markdown(summary(verdict))}**", ""]
    found = cause_views(verdict)
    if found:
        lines += ["| scenarios | why | first | owner | red since |", "|---|---|---|---|---|"]
        for cause in found[:_FIRST]:
            feature, judged = verdict.judged[cause.first]
            cells = (
                len(cause.lines), cause.title, words.place(feature, judged.scenario), ", ".join(cause.owners),
                since(verdict, judged),
            )  # fmt: skip
            lines.append("| " + " | ".join(in_markdown(cell) for cell in cells) + " |")
        if len(found) > _FIRST:
            lines.append(f"\nand {words.plural(len(found) - _FIRST, 'more cause')}")
        lines.append("")
    errors = [problem for problem in verdict.problems if problem.level == "error"]
    lines += [f"- {in_markdown(problem)}" for problem in errors[:_FIRST]]
    complete = sum(feature.complete for feature in verdict.features)
    lines += [
        "",
        f"{complete} of {words.plural(len(verdict.features), 'feature')} complete; finish line {verdict.finish_line}.",
    ]
    return "\n".join(lines) + "\n"


def code_quality(verdict: Verdict) -> list[dict[str, Any]]:
    """Each red scenario and each problem as GitLab's code quality report has them."""
    found = []
    for cause in causes(verdict.features):
        for feature, judged in cause.scenarios:
            if not judged.known_red:
                line = judged.scenario.row_line or judged.scenario.line
                said = f"{words.title(judged.scenario)}: {reason(judged)}"
                found.append(_issue("scenario", words.file(feature, judged.scenario), line, said, "major"))
    for problem in verdict.problems:
        if problem.page:
            severity = "major" if problem.level == "error" else "minor"
            found.append(_issue("specification", problem.page, problem.line or 1, problem.message, severity))
    return found


def _issue(check: str, path: str, line: int, description: str, severity: str) -> dict[str, Any]:
    key = json.dumps([check, path, description])
    return {
        "description": description, "check_name": f"jetty/{check}", "severity": severity,
        "fingerprint": hashlib.sha256(key.encode("utf-8", "replace")).hexdigest(),
        "location": {"path": path, "lines": {"begin": line}},
    }  # fmt: skip


def tell_github(verdict: Verdict, stream: IO[str] | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Tell GitHub's runner, where this runs on one: annotations to its log, and the job's summary."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    for command in workflow_commands(verdict):
        print(command, file=stream or sys.stdout)
    if path := environment.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(path).open("a", encoding="utf-8", errors="replace") as file:
                file.write(job_summary(verdict))
        except OSError:
            return  # the log and the site say the same
