"""A scenario that cannot run for want of ports says all that it needs, each with an example, and so does the check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
# Door

```gherkin
Scenario: Nothing is stored
  When each role tries to open
  Then only the allowed roles succeed
  And nothing was stored

Scenario: Of its own
  Given a target
  When I request the hall page

Scenario: Nobody has defined it
  Given something else
```
"""
STEPS = """\
import pytest
from pytest_bdd import given

@pytest.fixture
def jetty_roles(): return ("user",)

@given("a target")
def target(jetty_target): pass
"""


def test_all_ports_that_are_missing_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    option = "plugins:\n  - jetty:\n      steps: [features, mkdocs_jetty.steps]\n"
    (tmp_path / "mkdocs.yml").write_text(f"site_name: Door\n{option}")
    (tmp_path / "docs/door.md").write_text(PAGE)
    (tmp_path / "features/conftest.py").write_text(STEPS)
    command = [sys.executable, "-m", "mkdocs_jetty.cli", "check", "--json", str(tmp_path.parent / "verdict.json")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    (feature,) = json.loads((tmp_path.parent / "verdict.json").read_text())["features"]
    stored, own, _ = ([step["message"] or "" for step in each["steps"]] for each in feature["scenarios"])
    assert "override the fixture `jetty_target` in features/conftest.py; it returns Target(" in "".join(stored + own)
    said = "".join(stored)
    for name in ("jetty_permissions", "jetty_actions", "jetty_snapshot", "jetty_target"):
        assert f"`{name}` returns " in said or f"fixture `{name}` in features/conftest.py; it returns " in said
    assert "jetty_roles" not in said  # which is filled
    assert "jetty_backup" not in said  # which is only one way to see what is stored
    last = " ".join(told.split())
    asked = re.findall(r"`(jetty_\w+)`", last.partition("not run for want of ")[2].partition(":")[0])
    assert set(asked[:2]) == {"jetty_target", "jetty_actions"}  # which both scenarios need
    assert set(asked) == {"jetty_target", "jetty_actions", "jetty_permissions", "jetty_snapshot"}
    assert "`jetty snippets` prints definitions for 1 undefined step" in last


def test_a_phrase_of_the_library_that_is_not_loaded_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Door\nplugins: [jetty]\n")
    (tmp_path / "docs/door.md").write_text(PAGE)
    command = [sys.executable, "-m", "mkdocs_jetty.cli"]
    told = subprocess.run([*command, "check"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "add `mkdocs_jetty.steps` to the option `steps`: it serves 4 undefined steps" in " ".join(told.split())
    found = subprocess.run([*command, "snippets"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.stdout.count("@given") == 2
    assert "@when" not in found.stdout
    assert "4 steps of the step library" in " ".join(found.stderr.split())
