"""What the command prints on consoles that cannot show everything: programs get UTF-8, people no traceback."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

PAGE = """# Café 門

```gherkin
Scenario: Öffnen ✓
  Given the "café" of 門
```
"""
CONSOLES = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0"},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "docs/cafe.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: Café ✓\nplugins: [jetty]\n", encoding="utf-8")
    return tmp_path


def jetty(project: Path, console: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    plain = {key: value for key, value in os.environ.items() if key not in {"PYTHONIOENCODING", "PYTHONUTF8"}}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs_jetty.cli", *arguments],
        cwd=project, env={**plain, **CONSOLES[console]}, capture_output=True, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES)
def test_what_programs_read_is_utf8_on_every_console(project: Path, console: str) -> None:
    snippets = jetty(project, console, "snippets").stdout.decode("utf-8")
    ast.parse(snippets)
    # Under the locale C the run itself may stop at such a name, and then looks up no step.
    assert "門" in snippets or console == "C"
    junit = jetty(project, console, "export", "--format", "junit").stdout
    assert "Öffnen ✓" in [case.get("name") for case in ET.fromstring(junit).iter("testcase")]  # noqa: S314 - our own
    messages = jetty(project, console, "export", "--format", "messages").stdout.decode("utf-8")
    assert any("Öffnen ✓" in json.loads(line).get("pickle", {}).get("name", "") for line in messages.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("console", CONSOLES)
def test_a_name_that_the_console_cannot_show_is_escaped(project: Path, console: str) -> None:
    checked = jetty(project, console, "check", "--json", "verdict.json")
    assert checked.returncode == 1
    assert b"\\u2713" in checked.stdout
    assert json.loads((project / "verdict.json").read_text(encoding="utf-8"))["project"]["name"] == "Café ✓"
    for command in (["status"], ["review", "café-門"], ["export", "--format", "features", "-o", "out"], ["--help"]):
        assert jetty(project, console, *command).returncode == 0
    assert [path.name for path in (project / "out").iterdir()] == ["café-門.feature"]
    assert jetty(project, console, "review", "nö").returncode == 2


@pytest.mark.slow
def test_a_site_is_written_where_the_locale_cannot_say_its_names(project: Path) -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"}
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q"], cwd=project, env=env, capture_output=True, check=False
    )
    assert b"Traceback" not in built.stderr, built.stderr.decode(errors="replace")
    assert (project / "site/jetty/badges/café-門-speed.svg").is_file()
