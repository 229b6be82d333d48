"""Run a project three times and say in the same words what each scenario came to.

Stock is `pytest -p no:jetty`; ours are `jetty check` and `pytest` with our plugin. A scenario is known by its file, its
line and, of an outline, the number of its row. It may have several tests, so what it came to is a sorted list of words:
`passed`, `failed`, `setup`, `teardown` (failed there), `skipped`, `flaky`; `absent` where there is no test of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BIN = ROOT / ".venvs/suites" / ("Scripts" if os.name == "nt" else "bin")
Key = tuple[str, int, int | None]
# As stock has no words of its own for them: it fails.
MODULE = re.compile(r"^.*\.py(?:-|$)")
FAILED = {"undefined": "failed", "pending": "failed"}


@dataclass
class Outcomes:
    """What a run came to."""

    code: int
    text: str
    words: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The parameters of a scenario's tests, where it has any, without those of its rows."""
    names: dict[Key, str] = field(default_factory=dict)
    said: dict[Key, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    rows: dict[Key, Key] = field(default_factory=dict)
    """By the line of a row of Examples, where the tests of pages stand, the row's key."""

    def with_rows_of(self, check: Outcomes) -> Outcomes:
        """The same, with the tests of rows under their keys."""
        for by_line, key in check.rows.items():
            if by_line in self.words:
                self.words[key] += self.words.pop(by_line)
        return self

    def of(self, key: Key) -> str:
        """What a scenario came to, in words."""
        return " ".join(sorted(self.words.get(key, []))) or "absent"


def run_pytest(root: Path, *options: str) -> Outcomes:
    """Run pytest on a project, and read what the plugin beside this file wrote."""
    log = root / f".outcomes{len(list(root.glob('.outcomes*')))}.jsonl"
    log.touch()
    command = [str(BIN / "pytest"), "-p", "suite_outcomes", "--continue-on-collection-errors", *options]
    code, text = _run(command, root, SUITE_OUTCOMES=str(log), PYTHONPATH=str(HERE))
    return _from_lines([json.loads(line) for line in log.read_text("ascii").splitlines()], code, text)


def run_check(root: Path) -> Outcomes:
    """Run `jetty check` on a project, and read its JSON."""
    code, text = _run([str(BIN / "jetty"), "check", "--json", ".check.json"], root)
    path = root / ".check.json"
    return _from_json(json.loads(path.read_text("utf-8")) if path.is_file() else {}, code, text)


def _run(command: list[str], root: Path, **more: str) -> tuple[int, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "JETTY", "COV_"))}
    env |= {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8", **more}
    done = subprocess.run(
        command, cwd=root, env=env, capture_output=True, text=True, encoding="utf-8", errors="replace",
        check=False, timeout=240, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _from_lines(lines: Iterable[Mapping[str, Any]], code: int, text: str) -> Outcomes:
    tests: dict[str, Mapping[str, Any]] = {}
    phases: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    found = Outcomes(code, text)
    for line in lines:
        if "test" in line:
            tests[line["test"]] = line
        elif "ended" in line:
            phases[line["ended"]].append(line)
        else:
            found.problems.append(f"{line['broken']}: {line['said']}")
    for node, test in tests.items():
        if test["file"].endswith(".py") or not phases[node]:  # no scenario's, or never begun
            continue
        key = (test["file"], test["line"], test["row"])
        if test["others"] and test["row"] is None and test["id"] is not None:
            found.ids[key].append(test["id"])
        found.words[key].append(_word(phases[node]))
        found.said[key] = "\n".join(phase["said"] for phase in phases[node] if phase["said"])
    return found


def _word(phases: list[Mapping[str, Any]]) -> str:
    last = [phase for phase in phases if phase["outcome"] != "rerun"]
    again = len(last) != len(phases)
    ended = {phase["when"]: phase["outcome"] for phase in last}
    if ended.get("setup") == "failed":
        return "setup"
    if ended.get("call") == "failed":
        return "failed"
    if ended.get("teardown") == "failed":
        return "teardown"
    if "skipped" in ended.values():
        return "skipped"
    if ended.get("call") != "passed":
        return "unfinished"
    return "flaky" if again else "passed"


def _from_json(spec: Mapping[str, Any], code: int, text: str) -> Outcomes:
    found = Outcomes(code, text, problems=[str(each["message"]) for each in spec.get("problems", [])])
    scenarios = [(feature["page"], one) for feature in spec.get("features", []) for one in feature["scenarios"]]
    rows: dict[tuple[str, int], set[int]] = defaultdict(set)
    for page, one in scenarios:
        if one["row_line"] is not None:
            rows[page, one["line"]].add(one["row_line"])
    for page, one in scenarios:
        row = None if one["row_line"] is None else sorted(rows[page, one["line"]]).index(one["row_line"])
        key = (page, one["line"], row)
        if row is not None:
            found.rows[page, one["row_line"], None] = key
        found.words[key].append(_status(one))
        found.names[key] = one["name"]
        if row is None and (own := MODULE.sub("", one.get("params") or "")):
            found.ids[key].append(own)
        found.said[key] = "\n".join(str(step["message"]) for step in one["steps"] if step["message"])
    return found


def _status(one: Mapping[str, Any]) -> str:
    if one.get("flaky"):
        return "flaky"
    if one["status"] == "failed" and one["cause"] in {"setup", "teardown"}:
        return str(one["cause"])
    if one["status"] == "unknown":
        return f"unknown:{one['cause']}"
    return str(one["status"])


def like_stock(words: str) -> str:
    """The words of `jetty check` as stock would have to put them."""
    return " ".join(sorted(FAILED.get(word, word) for word in words.split()))
