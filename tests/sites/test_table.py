"""The guide's compatibility table says what these tests show, and nothing else."""

from __future__ import annotations

import subprocess
import sys

from building import PROJECT

AT_LEAST = 30


def test_the_table_in_the_guide_is_what_these_tests_show() -> None:
    done = subprocess.run(
        [sys.executable, "tests/sites/table.py", "--check"],
        cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    text = (PROJECT / "docs/guide/compatibility.md").read_text(encoding="utf-8")
    assert text.count("\n| ") - 1 >= AT_LEAST
