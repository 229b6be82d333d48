"""Good and bad Gherkin, a page each in `gherkin/`, with what is read from it in the YAML file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Spec, Step
from mkdocs_jetty.spec.reader import read

CORPUS = Path(__file__).parent / "gherkin"
PAGES = sorted(CORPUS.glob("*.md"))


def told(spec: Spec) -> dict[str, Any]:
    """A spec as its YAML file tells it."""
    told: dict[str, Any] = {"scenarios": [_scenario(*each) for each in spec.scenarios()]}
    if spec.problems:
        told["problems"] = [_problem(problem) for problem in spec.problems]
    return told


def _scenario(feature: Feature, scenario: Scenario) -> dict[str, Any]:
    said = {
        "id": scenario.id,
        "feature": feature.name,
        "rule": scenario.rule,
        "scenario": f"{scenario.line} {scenario.keyword}: {scenario.name}",
        "row": scenario.row_line,
        "mode": None if scenario.mode == "speed" else scenario.mode,
        "tags": list(scenario.tags),
        "description": scenario.description,
        "defect": scenario.defect,
        "steps": [_step(step) for step in scenario.steps],
    }
    return {key: value for key, value in said.items() if value not in (None, [], "")}


def _step(step: Step) -> Any:
    line = f"{step.line} {step.keyword} {step.text} ({'background, ' if step.background else ''}{step.type})"
    if step.table is not None:
        return {line: [list(row) for row in step.table]}
    if step.docstring is not None:
        return {f"{line} as {step.media_type}" if step.media_type else line: step.docstring}
    return line


def _problem(problem: Problem) -> str:
    return f"{problem.line}:{problem.column or ''} {problem.level}: {problem.message}"


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_of_the_corpus_is_read_as_its_yaml_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    newline = "\r\n" if page.stem.startswith("windows-") else "\n"
    (tmp_path / page.name).write_bytes(text.replace("\n", newline).encode())
    expected = yaml.safe_load(page.with_suffix(".yaml").read_text(encoding="utf-8"))
    assert told(read(from_options(tmp_path, None, "Site", tmp_path, {}))) == expected
