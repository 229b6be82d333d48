"""No process of ours is left, however and whenever the command that started it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"),
]

MARKER = "JETTY_TEST_OF_PROCESSES"
PAGE = "# Long\n\n```gherkin\nScenario: before\n  Given all is well\n\nScenario: long\n  Given it takes long\n```\n"
STEPS = """\
import subprocess, time
from pathlib import Path
from pytest_bdd import given
@given("all is well")
def well(): pass
@given("it takes long")
def long():
    subprocess.Popen(["sleep", "90"])
    Path("reached").touch()
    time.sleep(90)
"""
SLOW = "import time\nfrom pathlib import Path\nPath('reached').touch()\ntime.sleep(90)\n"
HOOK = """\
import time
from pathlib import Path
def on_post_page(output, **_):
    Path("reached").touch()
    time.sleep(90)
"""


class Project:
    """A project whose run takes long, and the command that runs it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.marker = uuid.uuid4().hex
        self.process: subprocess.Popen[bytes] | None = None
        self.write("mkdocs.yml", "site_name: Long\nplugins: [jetty]\n")
        self.write("docs/index.md", PAGE)
        self.write("features/steps.py", STEPS)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.root.parent / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.root, env={**os.environ, MARKER: self.marker, "NO_MKDOCS_2_WARNING": "1"},
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait((self.root / "reached").exists, self.log)
        return self.process

    def log(self) -> str:
        return (self.root.parent / "log").read_text(encoding="utf-8", errors="replace")

    def left(self) -> list[str]:
        """The processes that inherited our marker."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"{MARKER}={self.marker}".encode() in (path / "environ").read_bytes():
                    found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


def wait(condition: Callable[[], bool], log: Callable[[], str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log()
        time.sleep(0.1)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    # A suite that runs in the background may have inherited that Ctrl-C is ignored, and would hand it on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made = Project(tmp_path / "site")
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    wait(lambda: not made.left(), lambda: "\n".join(made.left()), 20)


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


BUILD, CHECK, SERVE = ("mkdocs", "build"), ("mkdocs_jetty.cli", "check"), ("mkdocs", "serve", "-a", free_address())
ENDS = [
    pytest.param(command, number, id=f"{command[1]} {number.name}")
    for command in (BUILD, CHECK, SERVE)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
]


@pytest.mark.parametrize(("command", "number"), ENDS)
def test_nothing_outlives_a_command_that_is_ended_while_a_step_runs(
    project: Project, command: tuple[str, ...], number: signal.Signals
) -> None:
    process = project.start(*command)
    assert len(project.left()) >= 3
    process.send_signal(number)
    assert process.wait(30) != 0 or number is signal.SIGINT
    wait(lambda: not project.left(), lambda: "\n".join(project.left()), 10)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(("command", "where"), [(CHECK, "conftest.py"), (BUILD, "hook.py")])
def test_nothing_outlives_a_command_that_is_ended_before_or_after_the_steps(
    project: Project, command: tuple[str, ...], where: str, number: signal.Signals
) -> None:
    if where == "hook.py":
        project.write("mkdocs.yml", "site_name: Long\nplugins: [jetty]\nhooks: [hook.py]\n")
        project.write("features/steps.py", STEPS.partition("    subprocess")[0] + "    pass\n")
    project.write(where, HOOK if where == "hook.py" else SLOW)
    project.start(*command).send_signal(number)
    assert project.process is not None
    assert project.process.wait(30) != 0
    wait(lambda: not project.left(), lambda: "\n".join(project.left()), 10)


def test_one_ctrl_c_ends_a_server_that_has_not_begun_to_serve(project: Project) -> None:
    process = project.start(*SERVE)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    assert "Serving on" not in project.log()


def test_a_command_under_nohup_minds_no_hang_up(project: Project) -> None:
    project.write("features/steps.py", STEPS.replace("90", "3"))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = project.start(*CHECK)
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0


def test_names_beyond_ascii_run_and_build_under_an_ascii_locale(project: Project) -> None:
    project.write(
        "docs/index.md",
        PAGE.replace("# Long", "# Café").partition("Scenario: long")[0].replace("before", "déjà vu") + "```\n",
    )
    project.write("reached", "")
    for command in (CHECK, BUILD):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=project.root, capture_output=True, check=False, timeout=60,
            env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"Traceback" not in done.stdout + done.stderr
