"""A stock phrase that a project has written anew is named: on the page, and in the results that are kept."""

from __future__ import annotations

from pathlib import Path

from mkdocs_jetty.config import load
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.run import store
from mkdocs_jetty.run.fingerprint import fingerprint
from mkdocs_jetty.run.model import Results, ScenarioResult, StepResult
from mkdocs_jetty.show.html import render_block
from mkdocs_jetty.spec.reader import read

STOCK = "mkdocs_jetty/steps/audit.py:39"
PAGE = "# A system\n\n```gherkin\nScenario: One\n  Then an audit log entry records <b>\n```\n"


def _project(root: Path, overrides: str | None) -> tuple[str, Results | None]:
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "index.md").write_text(PAGE)
    (root / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n")
    settings = load(root / "mkdocs.yml")
    spec = read(settings)
    step = StepResult("passed", 1.0, "features/conftest.py:3", overrides=overrides)
    results = Results({scenario.id: ScenarioResult("passed", None, (step,)) for _, scenario in spec.scenarios()})
    store.save(results, spec, settings, fingerprint(settings, spec))
    verdict = judge(spec, results, name="S", state="internal", fail_on=["red"])
    return render_block(verdict, spec.pages[0].blocks[0]), store.load(spec, settings)


def test_the_page_says_so(tmp_path: Path) -> None:
    page, kept = _project(tmp_path, STOCK)
    assert f"overrides the stock step <code>{STOCK}</code>" in page
    assert kept is not None
    assert [each.steps[0].overrides for each in kept.scenarios.values()] == [STOCK]


def test_a_step_of_the_project_alone_says_nothing(tmp_path: Path) -> None:
    page, _ = _project(tmp_path, None)
    assert "overrides" not in page


def test_it_is_data(tmp_path: Path) -> None:
    page, _ = _project(tmp_path, "<script>")
    assert "<script>" not in page
