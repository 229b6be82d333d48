"""What a project writes for the clinic."""
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, ARG002, ARG005 - a project's own file, as a team writes it

import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from clinic import DIGEST, Clinic, build, signature
from pytest_bdd import given, parsers

from mkdocs_jetty.steps.ownership import Tenants
from mkdocs_jetty.steps.ports import Persona, Request, Target
from mkdocs_jetty.steps.serving import serve

C = Clinic()
FACTS = {
    "user": "mira",
    "password": "mira-secret-1",
    "card number": "4111111111111111",
    "card code": "737",
    "url": "https://example.com/",
}
ME = Persona("mira", "u1", facts=FACTS)
OTHER = Persona("olga", "u2", address="127.0.3.1", facts={"user": "olga", "password": "olga-secret-1"})


def fact(who, name):
    return who.facts.get(name, "")


@pytest.fixture(scope="session")
def server():
    with serve(build(C)) as url:
        yield url


@pytest.fixture(autouse=True)
def fresh():
    C.__dict__.update(Clinic().__dict__)


@given(parsers.parse("a clinic without {what}"))
def _(what):
    C.gone = set(what.split())


@given("a clinic with a second factor")
def _():
    C.asks_for_factor = True


class Deploy:
    def kill(self):
        C.running -= 0 if C.has("replace") else 1

    def instances(self):
        return C.running

    def version(self):
        return "1"


@pytest.fixture
def jetty_deploy():
    return Deploy()


@pytest.fixture
def jetty_target(server):
    return Target(base_url=server)


@pytest.fixture
def jetty_actions():
    numbers = iter(range(1000))

    def log_in(who, valid):
        return Request(
            "POST", "/login", form={"user": fact(who, "user"), "password": fact(who, "password") if valid else "-"}
        )

    return {
        "log in": log_in,
        "choose a password": lambda who, valid: Request("POST", "/password", form={"password": fact(who, "password")}),
        "ask for a reset": lambda who, valid: Request("POST", "/reset", form={"user": "mira" if valid else "nobody"}),
        "use the reset link": lambda who, valid: Request("POST", "/new", form={"link": fact(who, "link")}),
        "enter my second factor": lambda who, valid: Request("POST", "/factor", form={"code": str(next(numbers))}),
        "fetch a page": lambda who, valid: Request("GET", "/fetch?url=" + fact(who, "url")),
        "read a record": lambda who, valid: Request("GET", "/records/" + (who.user_id or "u1")),
        "pay": lambda who, valid: Request(
            "POST", "/pay", form={"number": fact(who, "card number"), "code": fact(who, "card code")}
        ),
        "list": lambda who, valid: Request("GET", "/list"),
        "act": lambda who, valid: Request("POST", "/act"),
        "work": lambda who, valid: Request("GET", "/slow"),
        "ask for my data": lambda who, valid: Request("GET", "/export"),
        "ask for my erasure": lambda who, valid: Request("POST", "/erase"),
    }


@pytest.fixture
def jetty_pages():
    return {"contact": "/page", "checkout": "/checkout"}


@pytest.fixture
def jetty_users():
    return SimpleNamespace(persona=lambda name: ME, crowd=lambda count: [OTHER] * count)


@pytest.fixture
def jetty_clock():
    return SimpleNamespace(name="hook", pass_by=lambda span: setattr(C, "shift", C.shift + span.total_seconds()))


class Faults:
    def break_(self, dependency, fault, **details):
        C.down.add(dependency)

    def restore(self):
        if C.has("heal"):
            C.down.clear()


@pytest.fixture
def jetty_faults():
    return Faults()


class Jobs:
    def queue(self, count):
        C.queued = [time.monotonic()] * count

    def waiting(self):
        if C.has("work"):
            C.done += len(C.queued) if C.has("done") else 0
            C.queued = []
        return len(C.queued)

    def oldest(self):
        return timedelta(seconds=time.monotonic() - C.queued[0]) if C.queued else timedelta()

    def done(self):
        return C.done


@pytest.fixture
def jetty_jobs():
    return Jobs()


class Retention:
    def __init__(self):
        self.records = {"old": True, "young": True}

    def add(self, expired):
        return "old" if expired else "young"

    def run(self):
        self.records["old"] = not C.has("retention")
        self.records["young"] = C.has("keep")

    def has(self, record):
        return self.records[record]


@pytest.fixture
def jetty_retention():
    return Retention()


class Backup:
    def newest(self):
        return dict(C.names) | {"made": datetime.now(timezone.utc)}

    def snapshot(self):
        return dict(C.names)

    def restore(self, backup):
        return {"u2": backup["u2"]} if C.has("erase-again") else backup


@pytest.fixture
def jetty_backup():
    return Backup()


@pytest.fixture
def jetty_snapshot():
    return lambda: (dict(C.names), C.paid)


@pytest.fixture
def jetty_webhook():
    def make(right, age):
        stamp, signed = signature(age.total_seconds(), C, right)
        return Request("POST", "/webhook", content=b"{}", headers={"X-Time": stamp, "X-Signature": signed})

    return make


VALUES = {
    "jetty_health": {"readiness": "/ready", "liveness": "/live"},
    "jetty_alerts": lambda: list(C.alerts),
    "jetty_queries": lambda: list(C.queries),
    "jetty_results": lambda count: setattr(C, "results", count),
    "jetty_private_page": "/account",
    "jetty_reset_link": lambda: list(C.links)[-1],
    "jetty_password_hash": lambda who: C.hashes.get("mira", ""),
    "jetty_audit": lambda: list(C.audit),
    "jetty_logs": lambda: list(C.logs),
    "jetty_stored": lambda: list(C.stored),
    "jetty_assets": ("/a.css",),
    "jetty_foreign": (Request("GET", "/records/u2"),),
    "jetty_approved_scripts": (DIGEST,),
    "jetty_tenants": Tenants(ME, (Request("GET", "/records/u2"),), ("/search",), "Mira M", ("Olga O",)),
    "jetty_stores": {"names": lambda who: [C.names[who.user_id]] if C.names.get(who.user_id) else []},
    "jetty_record_content": ("Mira M",),
}
for name, value in VALUES.items():
    globals()[name] = pytest.fixture(name=name)(lambda value=value: value)
