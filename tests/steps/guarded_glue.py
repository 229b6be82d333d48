"""What a project writes for the guarded application; the scenario says which weakness it has."""
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, ARG002, ARG005 - a project's own file, as a team writes it

import pytest
from guarded import App
from pytest_bdd import given, parsers

from mkdocs_jetty.steps.ports import Persona, Request, Target, loopback


@pytest.fixture
def app():
    return App()


@given(parsers.parse("a system that is {weak}"))
def _(app, weak):
    app.weak = set(weak.split())


@pytest.fixture
def jetty_target(app, request):
    return Target(app=app, trusted_proxy="behind" in request.node.name)


@pytest.fixture
def jetty_blocked(app, jetty_blocked):
    return lambda answer: jetty_blocked(answer) or ("bare" in app.weak and answer.status_code == 403)


class Users:
    def persona(self, name):
        return Persona(name, "ada", facts={"user": "ada"})

    def crowd(self, count):
        return [Persona(f"u{n}", f"u{n}", address=loopback(n), facts={"user": f"u{n}"}) for n in range(count)]


@pytest.fixture
def jetty_users():
    return Users()


@pytest.fixture
def jetty_actions():
    def log_in(who, valid):
        return Request("POST", "/login", form={"user": who.facts["user"], "password": "right" if valid else "wrong"})

    return {
        "log in": log_in,
        "order": lambda who, valid: Request("POST", "/order"),
        "sign up": lambda who, valid: Request("POST", "/signup", form={"user": who.name}),
    }


@pytest.fixture
def jetty_pages():
    return {"login": "/login"}


@pytest.fixture
def jetty_audit(app):
    return lambda: list(app.audit)


@pytest.fixture
def jetty_snapshot(app):
    return lambda: list(app.orders)


class Faults:
    def __init__(self, app):
        self.app = app

    def break_(self, dependency, fault, **details):
        self.app.audit_down = True

    def restore(self):
        self.app.audit_down = False


@pytest.fixture
def jetty_faults(app):
    return Faults(app)
