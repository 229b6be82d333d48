"""What holds for every test."""

from __future__ import annotations

import os

import pytest

# Plugins that only this project's own development brings along. The many pytest runs that the tests start need none of
# them, and take twice as long with them; Locust's even replaces sockets and threads when it is loaded.
UNNEEDED = ("locust", "schemathesis", "hypothesispytest", "anyio", "playwright", "platformdirs")
# What is told to a CI service is not what these tests are about, wherever they run.
for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(name, None)
os.environ["PYTEST_ADDOPTS"] = " ".join(["-p no:" + name for name in UNNEEDED])

# Step definitions of the compatibility kit's samples, copied where they are used: one is named `markdown`, as its
# sample is, and must not stand in for the module of that name.
collect_ignore = ["cck"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh-snapshots", action="store_true", help="Write tests/snapshots anew.")
