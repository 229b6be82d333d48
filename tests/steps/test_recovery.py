"""Backups, rollbacks, deployments, actions cut short: good ones pass, bad ones fail for their own reason."""

from __future__ import annotations

# ruff: noqa: ISC004, E501 - a scenario is best read in one piece
from typing import Any

import pytest
from step_projects import run, said

CONFTEST = """
ORDERS = []


@pytest.fixture(autouse=True)
def no_orders():
    ORDERS.clear()


@pytest.fixture
def jetty_write_meanwhile(request):
    return None if "idle" in request.node.name else lambda: ORDERS.append("an order")


class Restoring(Deploy):
    # Rolling back restores the data from before the deployment.
    def deploy(self, version):
        self.before = list(ORDERS)
        super().deploy(version)
    def rollback(self):
        if "restoring" in self.shop.weak:
            ORDERS[:] = self.before
        super().rollback()


@given("an order arrives")
def _():
    ORDERS.append("an order of somebody")


class Backup:
    kind, made, data = "good", timedelta(minutes=5), {"people": ["admin"], "notes": ["one", "two"]}
    def newest(self):
        return None if self.kind == "none" else SimpleNamespace(made_at=datetime.now(timezone.utc) - self.made)
    def oldest(self):
        return SimpleNamespace(made_at=datetime.now(timezone.utc) - timedelta(days=31))
    def restore(self, backup):
        time.sleep(0.05)
        return {**self.data, "notes": ["one"]} if self.kind == "lossy" else self.snapshot()
    def snapshot(self):
        return {"people": []} if self.kind == "empty" else {**self.data, "orders": [*ORDERS]}


class Chain:
    kind = "good"
    def __init__(self): self.bad = None
    def verify(self): return None if self.kind == "blind" else ("7" if self.kind == "wrong" and self.bad else self.bad)
    def alter(self): self.bad = "3"; return "3"
    def remove(self): self.bad = "4"; return "4"
    def restore(self): self.bad = None
    def change_as_application(self): return self.kind == "open"


@pytest.fixture
def jetty_backup():
    return Backup()


@pytest.fixture
def jetty_audit_integrity():
    return Chain()


@pytest.fixture
def jetty_deploy(shop):
    return Restoring(shop)


@pytest.fixture
def jetty_effects(shop):
    def parts():
        return {"order": len(shop.rows("orders")), "payment": len(shop.rows("payments"))}
    return {"order": parts, "write a note": lambda: {"note": len(shop.rows("notes"))}}


@given(parsers.parse("a {kind} backup"))
def _(jetty_backup, kind):
    jetty_backup.kind = kind
    jetty_backup.made = {"old": timedelta(days=2), "future": -timedelta(days=1)}.get(kind, jetty_backup.made)


@given(parsers.parse("a {kind} audit log"))
def _(jetty_audit_integrity, kind):
    jetty_audit_integrity.kind = kind
"""
SCENARIOS = {
    # name: (steps, None or what the failure says)
    "restore": ("Given the latest backup|When it is restored into an empty environment|"
                "Then the restored data equals the original|And the restore took at most 4 hours", None),
    "age": ("Then the newest backup is at most 1 hour old|And backups reach back at least 30 days", None),
    "lossy": ("Given a lossy backup|And the latest backup|When it is restored into an empty environment|"
              "Then the restored data equals the original", "differs: in notes"),
    "slow": ("Given the latest backup|When it is restored into an empty environment|"
             "Then the restore took at most 10 ms", "the restore took"),
    "empty": ("Given a empty backup|And the latest backup", "there is no data to compare"),
    "none": ("Given a none backup|And the latest backup", "there is no backup"),
    "old": ("Given a old backup|Then the newest backup is at most 1 hour old", "2 days"),
    "future": ("Given a future backup|Then the newest backup is at most 1 hour old", "still to come"),
    "short": ("Then backups reach back at least 60 days", "the oldest backup"),
    "sound log": ("When one entry is altered or removed|Then verification names the first bad entry|"
                  "And the application account cannot change entries", None),
    "blind log": ("Given a blind audit log|When one entry is altered or removed|"
                  "Then verification names the first bad entry", "finds the log sound"),
    "wrong log": ("Given a wrong audit log|When one entry is altered or removed|"
                  "Then verification names the first bad entry", "names '7'"),
    "open log": ("Given a open audit log|Then the application account cannot change entries", "changed an entry"),
    "rollback": ("Given a release that fails its health check is deployed|When it is rolled back|"
                 "Then the previous version serves again within 10 seconds|And data written meanwhile is kept", None),
    "idle rollback, written by a step": (
        "Given a release that fails its health check is deployed|And an order arrives|When it is rolled back|"
        "Then data written meanwhile is kept", None),
    "restoring": ("Given a shop without restoring|And a release that fails its health check is deployed|"
                  "When it is rolled back|Then the previous version serves again within 10 seconds|"
                  "And data written meanwhile is kept", "the rollback changed data: in orders"),
    "restoring by itself": (
        "Given a shop without restoring|And a release that fails its health check is deployed|And an order arrives|"
        "Then the previous version serves again within 10 seconds|And data written meanwhile is kept",
        "the rollback changed data: in orders"),
    "stuck": ("Given a shop without stuck|And a release that fails its health check is deployed|When it is rolled back|"
              "Then the previous version serves again within 1 second", "did not serve again"),
    "nothing": ("Given a shop without nothing|And a release that fails its health check is deployed", "still serves"),
    "deploy": ("When a new version is deployed while 5 users look|Then at most 0.1% of requests fail", None),
    "gap": ("Given a shop without gap|When a new version is deployed while 5 users look|"
            "Then at most 0.1% of requests fail", "requests failed"),
    "twice": ("When I send the same order request twice at the same moment|Then it takes effect once", None),
    "bad twice": ("Given a shop without twice|When I send the same order request twice at the same moment|"
                  "Then it takes effect once", "order +2"),
    "killed": ("When the process is killed in the middle of order|"
               "Then after restart the data shows all of it or none of it", None),
    "torn": ("Given a shop without torn|When the process is killed in the middle of order|"
             "Then after restart the data shows all of it or none of it", "part of `order` was done"),
    "stopped": ("When the process is told to stop in the middle of order|"
                "Then running requests complete and it ends within 30 seconds", None),
    "abrupt": ("Given a shop without abrupt|When the process is told to stop in the middle of order|"
               "Then running requests complete and it ends within 30 seconds", "were not completed"),
}  # fmt: skip
UNKNOWN = {
    "one part": ("When the process is killed in the middle of write a note", "unavailable"),
    "idle rollback": ("Given a release that fails its health check is deployed|When it is rolled back|"
                      "Then data written meanwhile is kept", "inconclusive"),
    "no effect": ("When I send the same look request twice at the same moment", "unavailable"),
    "too quick": ("When the process is told to stop in the middle of look|"
                  "Then running requests complete and it ends within 30 seconds", "inconclusive"),
}  # fmt: skip


def gherkin(scenarios: dict[str, tuple[str, str | None]]) -> str:
    return "".join(
        f"  Scenario: {name}\n" + "".join(f"    {step}\n" for step in steps.split("|"))
        for name, (steps, _) in scenarios.items()
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    scenarios = gherkin({**SCENARIOS, **UNKNOWN})
    return run(tmp_path_factory.mktemp("recovery"), "recovery integrity load", scenarios, CONFTEST)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_holds_passes_and_what_does_not_fails(found: dict[str, Any], name: str) -> None:
    message = SCENARIOS[name][1]
    assert found[name]["status"] == ("passed" if message is None else "failed"), said(found[name])
    assert message is None or message in said(found[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_told_is_neither(found: dict[str, Any], name: str) -> None:
    assert found[name]["cause"] == UNKNOWN[name][1], said(found[name])


@pytest.mark.slow
def test_the_limits_are_recorded_by_the_names_of_the_standards(found: dict[str, Any]) -> None:
    assert found["restore"]["measured"]["rto"] == "4 hours"
    assert found["age"]["measured"]["rpo"] == "1 hour"
    assert found["age"]["measured"]["keep"] == "30 days"
    assert found["rollback"]["measured"]["within"] == "10 seconds"
    assert found["deploy"]["measured"]["paced users"] == "5"
    assert found["stopped"]["measured"]["stop"] == "30 seconds"
    assert int(found["killed"]["measured"]["killed before it answered"]) >= 1


PORTS = {
    "backup": "Given the latest backup", "deploy": "When the process is told to stop in the middle of look",
    "audit_integrity": "When one entry is altered or removed", "effects": SCENARIOS["twice"][0].split("|", maxsplit=1)[0],
}  # fmt: skip


def test_without_the_ports_nothing_is_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    scenarios = gherkin({name: (step, None) for name, step in PORTS.items()})
    found = run(tmp_path_factory.mktemp("ports"), "recovery integrity", scenarios)
    for name, scenario in found.items():
        assert scenario["cause"] == "unavailable", name
        assert f"jetty_{name}" in said(scenario)
