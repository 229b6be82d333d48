"""A served site never lies: after each of many random edits it says what a run of everything says.

A dozen edits here; `JETTY_SOAK=1000 python -m pytest tests/test_soak.py` makes a thousand, and prints how it went.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts files and threads in /proc"),
]
EDITS = int(os.environ.get("JETTY_SOAK", "12"))
SEED = int(os.environ.get("JETTY_SOAK_SEED", "1"))
STEPS = """\
import json, os, sys
from pathlib import Path
from pytest_bdd import given, parsers, then
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "linked"))
import elsewhere
from shop.prices import price

@given(parsers.parse("{count:d} items"), target_fixture="count")
def items(count): return count

@then(parsers.parse("they cost {amount:d}"))
def cost(count, amount): assert price(count) == amount

@then("the data is right")
def data(): assert json.loads((ROOT / "docs/data.json").read_text())["ok"]

@then("the link is right")
def link(): assert elsewhere.OK

@then("the hidden file is right")
def hidden(): assert (ROOT / ".config/flag").read_text() == "1"

@then("no file is in the way")
def in_the_way(): assert not (ROOT / "obstacle.txt").exists()
"""
SCENARIOS = ("the data is right", "the link is right", "the hidden file is right", "no file is in the way")
PRICES = "def price(count):\n    return count * 2\n"
SITE = "site_name: Soak\ntheme: mkdocs\nplugins:\n  - jetty:\n      ledger: ../ledger.jsonl\n"


class Project:
    """A project, and all that can happen to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.chance = random.Random(SEED)  # noqa: S311 (not for secrets)
        self.pages: dict[str, list[tuple[str, int, int]]] = {}
        self.write("mkdocs.yml", SITE)
        self.write("features/steps.py", STEPS)
        self.write("shop/__init__.py", "")
        self.write("shop/prices.py", PRICES)
        self.write("docs/data.json", '{"ok": true}')
        self.write(".config/flag", "1")
        (root.parent / "outside").mkdir()
        (root / "linked").symlink_to(root.parent / "outside", target_is_directory=True)
        self.write("linked/elsewhere.py", "OK = True\n")
        others = "\n".join(f"Scenario: {each}\n  Given 1 items\n  Then {each}\n" for each in SCENARIOS)
        self.write("docs/index.md", f"# Others\n\n```gherkin\n{others}```\n")
        for number in range(3):
            self.pages[f"p{number}"] = [(f"scenario {each}", each, 2 * each) for each in range(1, 4)]
            self.page(f"p{number}")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def page(self, name: str, prose: str = "Prose.") -> None:
        told = (
            f"Scenario: {title}\n  Given {n} items\n  Then they cost {cost}\n" for title, n, cost in self.pages[name]
        )
        self.write(f"docs/{name}.md", f"# Page {name}\n\n{prose}\n\n```gherkin\n" + "\n".join(told) + "```\n")

    # ---- what can happen ----

    def one(self) -> str:
        return self.chance.choice(list(self.pages))

    def prose(self) -> None:
        self.page(self.one(), f"Prose {self.chance.random()}.")

    def step(self) -> None:
        name = self.one()
        place = self.chance.randrange(len(self.pages[name]))
        title, count, _ = self.pages[name][place]
        self.pages[name][place] = (title, count, 2 * count + self.chance.choice((0, 0, 1)))
        self.page(name)

    def rename_scenario(self) -> None:
        name = self.one()
        _, count, cost = self.pages[name].pop()
        self.pages[name].insert(0, (f"renamed {self.chance.randrange(1000)}", count, cost))
        self.page(name)

    def new_scenario(self) -> None:
        name = self.one()
        self.pages[name].append((f"new {self.chance.randrange(1000)}", 5, 10))
        self.page(name)

    def new_page(self) -> None:
        name = f"n{self.chance.randrange(1000)}"
        self.pages[name] = [("only one", 1, 2)]
        self.page(name)

    def delete_page(self) -> None:
        if len(self.pages) > 1:
            name = self.one()
            del self.pages[name]
            (self.root / f"docs/{name}.md").unlink()

    def rename_page(self) -> None:
        name, other = self.one(), f"r{self.chance.randrange(1000)}"
        self.pages[other] = self.pages.pop(name)
        (self.root / f"docs/{name}.md").rename(self.root / f"docs/{other}.md")
        self.page(other)

    def code(self) -> None:
        self.write("shop/prices.py", PRICES.replace("* 2", self.chance.choice(("* 2", "* 2", "* 3", "+ count"))))

    def broken_steps(self) -> None:
        self.write("features/steps.py", STEPS + self.chance.choice(("", "", "def (", "import nowhere\n", "x = 1\n")))

    def data(self) -> None:
        self.write("docs/data.json", self.chance.choice(('{"ok": true}', '{"ok": false}')))

    def link(self) -> None:
        self.write("linked/elsewhere.py", self.chance.choice(("OK = True\n", "OK = False\n")))

    def hidden(self) -> None:
        self.write(".config/flag", self.chance.choice("01"))

    def obstacle(self) -> None:
        """A file that nobody has read: the next build sees it, whatever made it build."""
        path = self.root / "obstacle.txt"
        path.unlink() if path.exists() else path.touch()
        self.prose()

    def option(self) -> None:
        self.write("mkdocs.yml", SITE + self.chance.choice(("", "", "      retries: 1\n", "      tags: 'not @wip'\n")))

    def broken_page(self) -> None:
        self.write(f"docs/{self.one()}.md", "# Broken\n\n```gherkin\nScenario: x\n  Whn it is\n```\n")

    def edits(self) -> list[Callable[[], None]]:
        return [
            self.prose, self.step, self.step, self.rename_scenario, self.new_scenario, self.new_page, self.delete_page,
            self.rename_page, self.code, self.broken_steps, self.data, self.link, self.hidden, self.obstacle,
            self.option, self.broken_page,
        ]  # fmt: skip


class Server:
    """`mkdocs serve` on a project."""

    def __init__(self, project: Project, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.root, self.log = project.root, folder / "serve.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", "serve", "-a", self.address], cwd=project.root, stdout=log,
                stderr=log, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            )  # fmt: skip

    def spec(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{self.address}/jetty/spec.json", timeout=60) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    def used(self) -> tuple[int, int, int]:
        """Its open files, its threads, and the processes below it."""
        place = Path(f"/proc/{self.process.pid}")
        children = sum(len(path.read_text().split()) for path in place.glob("task/*/children"))
        return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir())), children


def said(spec: dict[str, Any]) -> tuple[dict[str, str], Counter[str]]:
    """The status of each scenario, and the problems, without what moves."""
    statuses = {each["id"]: each["status"] for feature in spec["features"] for each in feature["scenarios"]}
    return statuses, Counter(f"{each['page']}: {each['message']}" for each in spec["problems"])


def everything(project: Project, folder: Path) -> dict[str, Any]:
    """What a run of everything says."""
    found = folder / "check.json"
    subprocess.run(
        [sys.executable, "-m", "mkdocs_jetty.cli", "check", "--json", str(found)],
        cwd=project.root, capture_output=True, check=False,
    )  # fmt: skip
    return json.loads(found.read_text())  # type: ignore[no-any-return]


def test_after_every_edit_the_site_says_what_a_run_of_everything_says(tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    folder.mkdir()
    project = Project(tmp_path / "project")
    server = Server(project, folder)
    done: list[str] = []
    try:
        end = time.monotonic() + 60
        while "Serving on" not in server.log.read_text():
            assert time.monotonic() < end, server.log.read_text()
            time.sleep(0.1)
        first = None
        for number in range(EDITS):
            edit = project.chance.choice(project.edits())
            edit()
            done.append(edit.__name__)
            want = said(everything(project, folder))
            end = time.monotonic() + 20
            while (shown := said(server.spec())) != want:
                assert time.monotonic() < end, f"{done}\n{shown}\n{want}\n{server.log.read_text()[-3000:]}"
                time.sleep(0.2)
            first = first or server.used()
            if EDITS > 100 and number % 50 == 0:
                print(number, server.used())
        assert first
        assert all(now <= then + 4 for now, then in zip(server.used(), first, strict=True))
    finally:
        server.process.kill()
        server.process.wait(10)
