"""Generated input against the OpenAPI description of the system, by schemathesis (the extra `api`).

Schemathesis runs as a process of its own: it brings much with it, and a time limit on a process holds.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

from pytest_bdd import parsers, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.standards.readers.reading import title
from mkdocs_jetty.steps.ports import Load, Target, World
from mkdocs_jetty.steps.safety import allow, cap
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
EXAMPLES = 25
"""Inputs for each operation, unless the sentence says another number."""
SECONDS = 60.0
SPARE_S = 20.0
SHOWN = 5
REQUEST_S = 10
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@dataclass(frozen=True)
class Tried:
    """What became of each operation."""

    operations: tuple[str, ...]
    failures: tuple[str, ...]


@when(phrase('each operation of the interface "{path}" gets generated input'))
def _each_operation_interface_gets_generated(
    path: str, jetty_target: Target, jetty_base_url: str, jetty_load: Load, jetty_root: Path, jetty_world: World,
    jetty_measure: Measure,
) -> None:  # fmt: skip
    allow(jetty_target, "fuzz")
    seconds = min(SECONDS, jetty_load.max_seconds)
    jetty_world.notes["tried"] = _try(path, jetty_base_url, jetty_root, EXAMPLES, seconds)
    _record(jetty_world.notes["tried"], EXAMPLES, jetty_measure)


@when(phrase('each operation of the interface "{path}" gets {n:Count} generated inputs within {limit:Duration}'))
def _each_operation_gets_so_much_input(
    path: str, n: int, limit: timedelta, jetty_target: Target, jetty_base_url: str, jetty_load: Load, jetty_root: Path,
    jetty_world: World, jetty_measure: Measure,
) -> None:  # fmt: skip
    allow(jetty_target, "fuzz")
    cap(jetty_load, requests=n, seconds=limit.total_seconds())
    jetty_world.notes["tried"] = _try(path, jetty_base_url, jetty_root, n, limit.total_seconds())
    jetty_measure("length", spoken(limit))
    _record(jetty_world.notes["tried"], n, jetty_measure)


@then("every answer is as the interface describes it")
def _every_answer_as_interface_describes(jetty_world: World) -> None:
    tried = jetty_world.notes.get("tried")
    assert isinstance(tried, Tried), "no step before has tried an interface"
    assert tried.operations, "the interface describes no operation, so nothing was tried"
    more = f"\n… and {len(tried.failures) - SHOWN} more" if len(tried.failures) > SHOWN else ""
    assert not tried.failures, "\n".join(tried.failures[:SHOWN]) + more


def _record(tried: Tried, examples: int, measure: Measure) -> None:
    measure("operations", len(tried.operations))
    measure("inputs for each operation", examples)


def _try(path: str, base_url: str, root: Path, examples: int, seconds: float) -> Tried:
    if importlib.util.find_spec("schemathesis") is None:
        raise Unavailable("this needs schemathesis, which is not installed: pip install 'mkdocs-jetty[api]'")
    with tempfile.TemporaryDirectory(prefix="jetty-api-") as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", _location(path, base_url, root), "--url", base_url,
            "--phases", "examples,coverage,fuzzing", "--checks", CHECKS, "--max-examples", str(examples),
            "--generation-deterministic",
            "--request-timeout", str(REQUEST_S), "--no-color", "--continue-on-failure", "--warnings", "off",
            "--report", "junit", "--report-junit-path", str(report),
        ]  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": ""}
        try:
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                                  timeout=seconds + SPARE_S, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Inconclusive(f"schemathesis was not done after {seconds:.0f} s: ask for fewer inputs") from None
        if not report.is_file():
            raise Inconclusive(f"schemathesis could not run: {title(done.stderr, done.stdout[-500:])}")
        return _tried(report)


def _location(path: str, base_url: str, root: Path) -> str:
    """A file of the project, or where the system serves its own description."""
    if path.startswith("/"):
        return urljoin(f"{base_url}/", path.lstrip("/"))
    file = (root / path).resolve()
    assert file.is_relative_to(root.resolve()), f"{path} lies outside the project"
    assert file.is_file(), f"{path}: there is no such file"
    return str(file)


def _tried(report: Path) -> Tried:
    operations, failures = [], []
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own process just now
        name = case.get("name", "")
        if case.find("skipped") is None:
            operations.append(name)
        for each in (*case.findall("failure"), *case.findall("error")):
            text = " ".join((each.text or each.get("message") or "").split())
            failures.append(f"{name}: {text[:300]}")
    return Tried(tuple(operations), tuple(failures))
