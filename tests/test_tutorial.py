"""The tutorial, as a reader follows it: each file is written, each command run, each line of its answer seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs/guide/tutorial.md"
FENCE = re.compile(r"^(`{3,})(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
MORE = " (more)"


def run(command: str, root: Path) -> str:
    binaries = str(Path(sys.executable).parent)
    environment = {
        **os.environ, "PATH": binaries + os.pathsep + os.environ["PATH"], "COLUMNS": "300", "PYTHONPATH": "",
        # The day on which the tutorial was written, as its records run out.
        "SOURCE_DATE_EPOCH": "1795680000", "NO_MKDOCS_2_WARNING": "1",
    }  # fmt: skip
    done = subprocess.run(  # noqa: S602 - the lines of the tutorial are shell commands
        command, cwd=root, env=environment, shell=True, capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_every_block_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    commands = 0
    for _, language, title, text in FENCE.findall(PAGE.read_text("utf-8")):
        if title:
            path = tmp_path / title.removesuffix(MORE)
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text("utf-8") if title.endswith(MORE) else ""
            path.write_text(before + text, encoding="utf-8")
        elif language == "console":
            for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *said = each.splitlines()
                if not command.startswith("pip "):
                    commands += 1
                    output = run(command, tmp_path)
                    for line in said:
                        assert line in output, f"$ {command}\n{line!r} is not in:\n{output}"
    assert commands >= 12
