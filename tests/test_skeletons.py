"""What `jetty derive` writes runs with the stock steps as it is: every line is one stock phrase."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mkdocs_jetty.show.review import FILLERS, skeleton_gherkin
from mkdocs_jetty.standards.catalogue import load_catalogue
from mkdocs_jetty.standards.model import Standard
from mkdocs_jetty.standards.presets import PRESETS, resolve
from mkdocs_jetty.steps import listing

OWN = {
    "file-upload-safety": "where a file is put, and under which name, differs too much between systems for one phrase",
}
"""Standards whose skeleton asks for steps of the project, and why."""
WORDS = {**FILLERS, "action": "place an order", "page": "order"}
PHRASES = listing.phrases()


def of(preset: str) -> list[Standard]:
    frameworks = list(load_catalogue().frameworks) if preset == "regulated" else []
    every = resolve([preset], frameworks, [], Path()).standards
    return [each for each in every if each.evidence == "scenario" and each.skeleton]


def matches(standard: Standard) -> list[tuple[str, list[str]]]:
    """Each line of the derived scenario, and the stock phrases that match it."""
    found, kind = [], ""
    for line in skeleton_gherkin(standard, WORDS).splitlines()[2:]:
        keyword, _, text = line.strip().partition(" ")
        kind = kind if keyword == "And" else keyword.lower()
        fit = {f"{each.kind} {each.text}" for each in PHRASES if each.kind == kind and each.parser.is_matching(text)}
        found.append((line.strip(), sorted(fit)))
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_every_line_of_a_skeleton_is_one_stock_phrase(preset: str) -> None:
    for standard in of(preset):
        lines = matches(standard)
        assert all("<" not in line for line, _ in lines), (standard.id, lines)
        wrong = [(line, fit) for line, fit in lines if len(fit) != 1]
        assert bool(wrong) == (standard.id in OWN), (standard.id, wrong)
        assert all(len(fit) <= 1 for _, fit in lines), (standard.id, wrong)


def test_at_least_forty_standards_can_be_derived_without_a_change() -> None:
    standards = {each.id: each for preset in PRESETS for each in of(preset)}
    whole = [name for name, each in standards.items() if all(len(fit) == 1 for _, fit in matches(each))]
    assert len(whole) >= 40
    assert set(standards) - set(whole) == set(OWN)


def test_the_review_keeps_the_words_of_the_feature_visible() -> None:
    throttling = next(each for each in of("startup-mvp") if each.id == "login-throttling")
    assert '"<message>"' in skeleton_gherkin(throttling)
    assert "<" not in skeleton_gherkin(throttling, WORDS)


PAGE = """---
jetty: {traits: [authentication, public-endpoint, ui]}
---
# Login

## Stable

```gherkin
Scenario: In
  When I successfully log in
  Then my session cookie has the safe attributes
```
"""


def test_what_is_derived_runs_without_a_change(tmp_path: Path) -> None:
    steps = Path(__file__).parent / "steps"
    glue = (steps / "clinic_glue.py").read_text(encoding="utf-8")
    files = {
        "mkdocs.yml": "site_name: S\nplugins:\n- jetty:\n    steps: [features, mkdocs_jetty.steps]\n    timeout: 30\n",
        "jetty.toml": '[project]\nstate = "external"\npreset = ["startup-mvp"]\nsince = 2026-01-01\n',
        "docs/login.md": PAGE,
        "features/conftest.py": f"import sys\nsys.path.insert(0, {str(steps)!r})\n{glue}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    written = _jetty(tmp_path, "derive", "login", "--write", "--fill", "length=1 second")
    assert written.returncode == 0, written.stderr
    page = (tmp_path / "docs" / "login.md").read_text(encoding="utf-8")
    assert "When I successfully log in" in page.partition("## Production")[2]
    assert "10 users log in for 1 second" in page
    checked = _jetty(tmp_path, "check", "--json", "out.json")
    assert (tmp_path / "out.json").exists(), checked.stdout + checked.stderr
    spec = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    derived = [each for feature in spec["features"] for each in feature["scenarios"] if each["mode"] == "production"]
    not_run = [each["name"] for each in derived if each["status"] in {"undefined", "ambiguous", "pending"}]
    assert len(derived) >= 15
    own = [each["name"] for each in derived if set(each["standards"]) & set(OWN)]
    assert not_run == own, not_run
    assert sum(each["status"] == "passed" for each in derived) >= 3
    assert {each["cause"] for each in derived} <= {None, "assertion", "unavailable", "inconclusive"}, derived


def _jetty(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_CURRENT", "JETTY"))}
    command = [sys.executable, "-m", "mkdocs_jetty.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300)


def test_the_guide_shows_every_stock_phrase() -> None:
    page = Path(__file__).parents[1] / "docs" / "guide" / "step-library.md"
    assert f"{listing.BEGIN}\n\n{listing.listing()}\n\n{listing.END}" in page.read_text(encoding="utf-8"), (
        "run python -m mkdocs_jetty.steps.listing"
    )
    assert all(each.text for each in PHRASES)


def test_no_two_stock_phrases_are_the_same() -> None:
    said = [(each.kind, each.text) for each in PHRASES]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("fill", ["dependency", "=x", "a= "])
def test_fill_takes_a_name_and_a_text(tmp_path: Path, fill: str) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: S\nplugins: [jetty]\n", encoding="utf-8")
    (tmp_path / "docs").mkdir()
    done = _jetty(tmp_path, "derive", "x", "--fill", fill)
    assert done.returncode == 2, done
    assert "--fill takes NAME=TEXT" in done.stderr
