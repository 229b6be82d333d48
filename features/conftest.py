"""A small project in a directory of its own, and the real commands run on it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import textwrap
from datetime import datetime, timezone
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

# Each stands for a program on the path, taken from the environment that runs this specification.
PROGRAMS = {
    "mkdocs": ["-m", "mkdocs"],
    "pytest": ["-m", "pytest"],
    "jetty": ["-c", "from mkdocs_jetty.cli import main; main()"],
}
# Plugins that only this project's development brings along: to load them takes longer than most scenarios do.
NEEDED = {"jetty", "pytest-bdd", "xdist", "xdist.looponfail"}
NOT_NEEDED = sorted({entry.name for entry in entry_points(group="pytest11")} - NEEDED)
VERDICTS = ("verdict.json", "site/jetty/spec.json")


class Project:
    """The directory, what was written into it, and what the last command answered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.options: list[str] = []
        self.status: int | None = None
        self.output = ""
        self.today: str | None = None

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{text}\n", encoding="utf-8")

    def configure(self) -> None:
        """Write `mkdocs.yml`, unless the scenario brought its own."""
        if (self.root / "mkdocs.yml").exists():
            return
        plugin = "  - jetty:\n" + textwrap.indent("\n".join(self.options), " " * 6) if self.options else "  - jetty"
        self.write("mkdocs.yml", f"site_name: Small\nplugins:\n{plugin}")

    def run(self, command: str) -> None:
        """Run a command; on a day of its own where one was named."""
        self.configure()
        program, *arguments = shlex.split(command)
        # What the outer pytest tells its own children is none of the inner one's business.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        environment["PYTEST_ADDOPTS"] = " ".join(f"-p no:{name}" for name in NOT_NEEDED)
        if self.today:
            noon = datetime.fromisoformat(f"{self.today}T12:00:00").replace(tzinfo=timezone.utc)
            environment["SOURCE_DATE_EPOCH"] = str(int(noon.timestamp()))
        finished = subprocess.run(
            [sys.executable, *PROGRAMS[program], *arguments], cwd=self.root, env=environment, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            errors="replace", timeout=50,
        )  # fmt: skip
        self.status, self.output = finished.returncode, finished.stdout

    def verdict(self) -> dict[str, Any]:
        """What the last command wrote as JSON."""
        for name in VERDICTS:
            if (self.root / name).is_file():
                return dict(json.loads((self.root / name).read_text("utf-8")))
        raise AssertionError(f"no verdict was written; the command said:\n{self.output}")

    def scenarios(self) -> list[dict[str, Any]]:
        return [scenario for feature in self.verdict()["features"] for scenario in feature["scenarios"]]

    def scenario(self, name: str) -> dict[str, Any]:
        found = [scenario for scenario in self.scenarios() if scenario["name"] == name]
        assert len(found) == 1, f"{len(found)} scenarios are called {name!r}: {self.scenarios()}"
        return found[0]

    def feature(self, name: str) -> dict[str, Any]:
        found = [feature for feature in self.verdict()["features"] if feature["name"] == name]
        assert len(found) == 1, f"{len(found)} features are called {name!r}"
        return dict(found[0])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
