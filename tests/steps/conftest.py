"""A real project with the stock steps and a real server, run once by the real runner for all cases of a module."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mkdocs_jetty.config import load
from mkdocs_jetty.run.model import Results, ScenarioResult
from mkdocs_jetty.run.runner import run
from mkdocs_jetty.spec.model import Spec
from mkdocs_jetty.spec.reader import read

TARGET = Path(__file__).with_name("target.py")
GLUE = '''
"""What a project writes: where it listens, what can be done, who there is, what it records."""
from contextlib import contextmanager
from datetime import timedelta
import pytest
from pytest_bdd import given, parsers, then
from mkdocs_jetty.steps.ports import Persona, Request, Target, loopback
from mkdocs_jetty.steps.serving import serve
from target import Box, PROTECTIONS, build, exposition, without

BOX = Box()
PEOPLE = {
    "I": Persona("mira", "u1", "user", facts={"user": "mira", "password": "mira-secret-1"}),
    "without permission": Persona("mira", "u1", "user", facts={"user": "mira", "password": "mira-secret-1"}),
    "user": Persona("user", "u1", "user", facts={"user": "mira", "password": "mira-secret-1"}),
    "admin": Persona("admin", "u2", "admin", facts={"user": "olga", "password": "olga-secret-1"}),
    "visitor": Persona("visitor"),
}

class People:
    def persona(self, name):
        return PEOPLE[name]
    def crowd(self, count):
        return [Persona(f"user-{n}", f"u{n + 100}", address=loopback(n), facts=PEOPLE["I"].facts) for n in range(count)]

class Shift:
    name = "hook"
    def pass_by(self, span):
        BOX.shift += span.total_seconds()

@pytest.fixture(scope="session")
def server():
    with serve(build(BOX)) as url:
        yield url

@pytest.fixture(autouse=True)
def fresh():
    BOX.__dict__.update(Box().__dict__)

@given(parsers.parse("a system without {what}"))
def _(what):
    BOX.on = without(what)

@pytest.fixture
def jetty_target(server):
    return Target(base_url=server)

@pytest.fixture
def jetty_actions():
    def log_in(who, valid):
        secret = who.facts["password"] if valid else "wrong"
        return Request("POST", "/login", form={"user": who.facts["user"], "password": secret})
    return {
        "log in": log_in,
        "log out": lambda who, valid: Request("POST", "/logout"),
        "change my name": lambda who, valid: Request("POST", "/account", form={"name": "Mira B." if valid else ""}),
        "upload": lambda who, valid: Request("POST", "/upload"),
        "place an order": lambda who, valid: Request("POST", "/order"),
        "close the shop": lambda who, valid: Request("POST", "/admin"),
    }

@pytest.fixture
def jetty_pages():
    return {"login": "/login", "account": "/account"}

@pytest.fixture
def jetty_users():
    return People()

@pytest.fixture
def jetty_clock(request):
    return None if "no clock" in request.node.name else Shift()

@pytest.fixture
def jetty_audit():
    return lambda: list(BOX.audit)

@pytest.fixture
def jetty_logs():
    return lambda: list(BOX.logs)

@pytest.fixture
def jetty_metrics():
    return lambda: exposition(BOX)

@pytest.fixture
def jetty_snapshot():
    return lambda: dict(BOX.names)

@pytest.fixture
def jetty_roles():
    return ("user", "admin", "visitor")

@pytest.fixture
def jetty_permissions():
    return {"close the shop": ("admin",)}

@pytest.fixture
def jetty_routes():
    return ("/account",)

@pytest.fixture
def jetty_private_page():
    return "/account"

@pytest.fixture
def jetty_unexpected():
    @contextmanager
    def broken(action):
        BOX.broken = True
        yield
        BOX.broken = False
    return broken
'''


@dataclass(frozen=True)
class Ran:
    """A run of a project, by the names of its scenarios."""

    spec: Spec
    results: Results

    def __getitem__(self, name: str) -> ScenarioResult:
        ids = [scenario.id for _, scenario in self.spec.scenarios() if scenario.name == name]
        assert len(ids) == 1, f"{name}: {ids}"
        return self.results.scenarios[ids[0]]


Project = Callable[..., Ran]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Run scenarios (name to steps) in a project of their own; `glue` is its conftest.py."""

    def make(scenarios: dict[str, str], glue: str = GLUE, steps: str = "[features, mkdocs_jetty.steps]") -> Ran:
        root = tmp_path_factory.mktemp("project")
        (root / "docs").mkdir()
        (root / "features").mkdir()
        (root / "mkdocs.yml").write_text(f"site_name: S\nplugins:\n- jetty:\n    steps: {steps}\n    concurrency: 1\n")
        (root / "features" / "conftest.py").write_text(glue)
        shutil.copy(TARGET, root / "features" / "target.py")
        blocks = [f"Scenario: {name}\n{body}\n" for name, body in scenarios.items()]
        (root / "docs" / "index.md").write_text("# A system\n\n```gherkin\n" + "\n".join(blocks) + "```\n")
        settings = load(root / "mkdocs.yml")
        spec = read(settings)
        return Ran(spec, run(spec, settings))

    return make
