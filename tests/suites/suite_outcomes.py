"""A pytest plugin (`-p suite_outcomes`) that writes what each test is a test of, and how each of its phases ended.

It is the same for stock and for ours, knows nothing of either but pytest-bdd's own register of bound functions, and
adds lines to the file that `SUITE_OUTCOMES` names, so that the workers of pytest-xdist can write to it too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd.parser import ScenarioTemplate
from pytest_bdd.scenario import scenario_wrapper_template_registry

IS_WORKER = pytest.StashKey[bool]()
EXAMPLE = "_pytest_bdd_example"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[IS_WORKER] = hasattr(config, "workerinput")
    config.pluginmanager.register(Outcomes(config.stash[IS_WORKER]), "suite-outcomes")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    rows = Rows()
    for item in session.items:
        _write(test=item.nodeid, **_identity(item, session.config.rootpath, rows))


class Outcomes:
    """Listens where the reports of all workers arrive."""

    def __init__(self, is_worker: bool) -> None:
        self.is_worker = is_worker

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not self.is_worker:
            xfail = hasattr(report, "wasxfail")
            said = str(report.longrepr or "")[-2000:]
            _write(ended=report.nodeid, when=report.when, outcome=report.outcome, xfail=xfail, said=said)

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.is_worker:
            _write(broken=report.nodeid, said=str(report.longrepr)[-2000:])


class Rows:
    """Numbers the rows of outlines, whatever order their tests come in and whatever else they are multiplied by."""

    def __init__(self) -> None:
        self.seen: dict[int, list[int]] = {}

    def number(self, template: ScenarioTemplate, row: dict[str, str]) -> int:
        """The number of a row from 0; of equal rows, the one that came first."""
        contexts = [context for examples in template.examples for context in examples.as_contexts()]
        equal = [number for number, context in enumerate(contexts) if context == row]
        met = self.seen.setdefault(hash((id(template), equal[0])), [])
        if id(row) not in met:
            met.append(id(row))
        return equal[met.index(id(row)) % len(equal)]


def _identity(item: pytest.Item, root: Path, rows: Rows) -> dict[str, Any]:
    template = scenario_wrapper_template_registry.get(getattr(item, "obj", None)) if hasattr(item, "obj") else None
    callspec = getattr(item, "callspec", None)
    params = dict(callspec.params) if callspec else {}
    row = rows.number(template, params[EXAMPLE]) if template and EXAMPLE in params else None
    found: dict[str, Any] = {"row": row, "id": callspec.id if callspec else None, "others": set(params) != {EXAMPLE}}
    if template is None:
        file, line, _ = item.location
        return found | {"file": Path(file).as_posix(), "line": (line or 0) + 1, "bound": False}
    file = os.path.relpath(template.feature.filename, root)
    return found | {"file": Path(file).as_posix(), "line": template.line_number, "bound": True}


def _write(**fields: Any) -> None:
    data = (json.dumps(fields, ensure_ascii=True) + "\n").encode()
    descriptor = os.open(os.environ["SUITE_OUTCOMES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
