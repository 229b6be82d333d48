"""`mkdocs serve` on a red project: it stays up, follows the step files, and never builds for no reason."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

STEPS = """\
from pathlib import Path
from pytest_bdd import given, then

@given("a cart")
def cart():
    with Path({counter!r}).open("a") as file:
        file.write("ran\\n")

@then("it holds")
def holds():
    assert {holds}
"""
PAGE = """\
# Cart

Prose.

```gherkin
Scenario: Filling
  Given a cart
  Then it holds
```
"""
STARTED = "Building documentation"
REBUILT = "Reloading browsers"  # MkDocs filters messages that repeat, such as how long a build took
RED, GREEN = 'class="jetty-scenario jetty-red"', 'class="jetty-scenario jetty-green"'


class Server:
    def __init__(self, root: Path, counter: Path) -> None:
        self.root, self.counter = root, counter
        (root / "docs").mkdir(parents=True)
        (root / "features").mkdir()
        (root / "mkdocs.yml").write_text("site_name: Shop\nplugins: [jetty]\n", encoding="utf-8")
        self.page(PAGE)
        self.steps(holds=False)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.log_file = root.parent / "serve.log"
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", "serve", "-a", self.address],
                cwd=root, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
            )  # fmt: skip

    def page(self, text: str) -> None:
        (self.root / "docs/index.md").write_text(text, encoding="utf-8")

    def steps(self, *, holds: bool) -> None:
        text = STEPS.format(counter=str(self.counter), holds=holds)
        (self.root / "features/steps.py").write_text(text, encoding="utf-8")

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    @property
    def runs(self) -> int:
        return len(self.counter.read_text(encoding="utf-8").splitlines())

    def get(self, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=5) as response:
            assert response.status == 200
            return str(response.read().decode())

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    served = Server(tmp_path / "site", tmp_path / "counter")
    try:
        served.wait(lambda: "Serving on" in served.log)
        yield served
    finally:
        served.process.kill()
        served.process.wait(10)


def test_a_red_project_is_served_and_turns_green_when_its_steps_do(server: Server) -> None:
    assert RED in server.get()
    assert server.runs == 1
    server.steps(holds=True)
    server.wait(lambda: server.log.count(REBUILT) == 1)
    shown = server.get()
    assert GREEN in shown
    assert RED not in shown
    assert server.runs == 2


def test_serving_does_not_build_in_circles(server: Server) -> None:
    time.sleep(6)
    assert server.log.count(STARTED) == 1
    assert server.process.poll() is None
    server.steps(holds=True)
    server.wait(lambda: server.log.count(REBUILT) == 1)
    time.sleep(3)
    assert server.log.count(STARTED) == 2


def test_prose_is_rebuilt_without_running_what_is_green(server: Server) -> None:
    server.page(PAGE.replace("Prose.", "Better prose."))
    server.wait(lambda: server.log.count(REBUILT) == 1)
    assert "Better prose." in server.get()
    assert RED in server.get()
    assert server.runs == 2  # what is red is tried again
    server.steps(holds=True)
    server.wait(lambda: server.log.count(REBUILT) == 2)
    server.page(PAGE.replace("Prose.", "Best prose."))
    server.wait(lambda: server.log.count(REBUILT) == 3)
    assert "Best prose." in server.get()
    assert GREEN in server.get()
    assert "reused" in server.get()
    assert server.runs == 3


def test_a_file_of_the_application_is_no_prose(server: Server) -> None:
    (server.root / "greeting.html").write_text("<p>Hello</p>", encoding="utf-8")
    server.page(PAGE.replace("Prose.", "Better prose."))
    server.wait(lambda: server.log.count(REBUILT) == 1)
    assert server.runs == 2


def test_the_application_s_code_is_followed_and_a_file_written_again_is_no_change(server: Server) -> None:
    code = server.root / "shop" / "cart.py"
    code.parent.mkdir()
    code.write_text("FULL = True\n", encoding="utf-8")
    server.wait(lambda: server.log.count(REBUILT) == 1)
    assert server.runs == 2
    code.touch()
    time.sleep(3)
    assert server.log.count(STARTED) == 2
    (server.root / "jetty.toml").write_text('[project]\nstate = "internal"\n', encoding="utf-8")
    server.wait(lambda: server.log.count(REBUILT) == 2)


def test_a_slip_in_the_configuration_shows_on_the_pages_and_holds_nothing_back(server: Server) -> None:
    right = (server.root / "mkdocs.yml").read_text(encoding="utf-8")
    wrong = "site_name: Shop\nplugins:\n  - jetty:\n      retires: 2\n"
    (server.root / "mkdocs.yml").write_text(wrong, encoding="utf-8")
    server.wait(lambda: server.log.count(REBUILT) == 1)
    assert "mkdocs.yml:4: jetty has no option `retires` (did you mean `retries`?)" in server.log
    assert "jetty has no option" in server.get("/jetty/")
    (server.root / "mkdocs.yml").write_text(right, encoding="utf-8")
    server.wait(lambda: server.log.count(REBUILT) == 2)
    assert "jetty has no option" not in server.get("/jetty/")
    (server.root / "jetty.toml").write_text("[projct]\n", encoding="utf-8")
    server.wait(lambda: server.log.count(REBUILT) == 3)
    assert "has no table" in server.get("/jetty/")
