"""A project of scenarios against the shop, run by `jetty check` as a user would; what became of each scenario."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

SHOP = Path(__file__).parent / "shop.py"
CONFTEST = """
import os, signal, socket, socketserver, sqlite3, subprocess, sys, threading, time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
import pytest
from pytest_bdd import given, parsers
from mkdocs_jetty.steps.ports import Request, Target

pytest_plugins = {plugins}
SHOP = {shop!r}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Shop:
    def __init__(self, folder):
        self.weak, self.process, self.released = "-", None, "1"
        self.port, self.mail = free_port(), free_port()
        self.file = str(folder / "shop.db")

    def start(self):
        command = [sys.executable, SHOP, str(self.port), self.file, self.released, str(self.mail), self.weak]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.03)
        raise RuntimeError("the shop does not start")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(20)

    def rows(self, table):
        with sqlite3.connect(self.file) as base:
            return [row[0] for row in base.execute("select * from " + table)]


class Deploy:
    def __init__(self, shop): self.shop = shop
    def version(self): return self.shop.released
    def kill(self): self.shop.end(signal.SIGKILL)
    def stop(self): self.shop.end(signal.SIGTERM)
    def start(self): self.shop.start()
    def deploy(self, version):
        if "nothing" in self.shop.weak:
            return
        self.previous, self.shop.released = self.shop.released, version
        if "gap" in self.shop.weak:
            self.stop()
            time.sleep(2)
            self.start()
    def rollback(self):
        if "stuck" not in self.shop.weak:
            self.shop.released = self.previous


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    if shop.process:
        shop.process.kill()
        shop.process.wait()


@given(parsers.parse("a shop without {{weak}}"))
def _(shop, weak):
    shop.weak = ",".join(weak.split(" and "))


@pytest.fixture
def jetty_target(shop):
    if shop.process is None:
        shop.start()
    return Target(base_url=f"http://127.0.0.1:{{shop.port}}")


@pytest.fixture
def jetty_actions():
    numbers = iter(range(1000))
    return {{
        "write a note": lambda who, valid: Request("POST", "/notes", form={{"text": "good" if valid else ""}}),
        "log in": lambda who, valid: Request(
            "POST", "/login", form={{"name": "admin", "password": "right" if valid else "wrong"}}),
        "order": lambda who, valid: Request("POST", "/orders", form={{"key": f"{{time.time()}}-{{next(numbers)}}"}}),
        "reset my password": lambda who, valid: Request("POST", "/reset", form={{"name": "me"}}),
        "look": lambda who, valid: Request("GET", "/"),
    }}


@pytest.fixture
def jetty_pages():
    return {{"home": "/", "front": "/page"}}
"""


def run(folder: Path, families: str, scenarios: str, conftest: str = "", files: dict[str, str] | None = None,
        without: str = "") -> dict[str, Any]:  # fmt: skip
    """Run the scenarios with the steps of the named families.

    Args:
        folder: An empty folder.
        families: The step modules, separated by blanks.
        scenarios: Gherkin.
        conftest: What the project has beyond the shop.
        files: Other files of the project.
        without: An installed module that the project does not have.

    Returns:
        Scenario name to its entry in the results.
    """
    plugins = [f"mkdocs_jetty.steps.{family}" for family in families.split()]
    text = CONFTEST.format(plugins=plugins, shop=str(SHOP)) + textwrap.dedent(conftest)
    if without:
        text = f"import sys\nsys.modules[{without!r}] = None\n" + text
    gherkin = f"```gherkin\nFeature: Shop\n{textwrap.dedent(scenarios)}\n```\n"
    page = "---\njetty: {traits: []}\n---\n# Shop\n\n## Production\n\n" + gherkin
    own = {
        "mkdocs.yml": "site_name: Shop\nplugins:\n  - jetty:\n      cache: false\n      concurrency: 2\n",
        "docs/index.md": page,
        "features/conftest.py": text,
    }
    for name, content in {**own, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_CURRENT", "JETTY"))}
    if without:  # nor pytest's plugin of it
        env["PYTEST_ADDOPTS"] = f"{env.get('PYTEST_ADDOPTS', '')} -p no:{without}"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs_jetty.cli", "check", "--json", "out.json"], cwd=folder, env=env,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (folder / "out.json").exists(), done.stdout + done.stderr
    spec = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    assert not [each for each in spec["problems"] if each["level"] == "error"], spec["problems"]
    return {each["name"]: each for feature in spec["features"] for each in feature["scenarios"]}


def said(scenario: dict[str, Any]) -> str:
    """What the steps of a scenario said, in one text."""
    return " ".join(str(step["message"]) for step in scenario["steps"] if step["message"])
