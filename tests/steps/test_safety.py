"""An attack goes to this machine and to hosts that are listed, and nowhere else."""

from __future__ import annotations

import pytest

from mkdocs_jetty.steps import safety
from mkdocs_jetty.steps.ports import Load, Target

LOCAL = ["http://127.0.0.1:8000", "http://127.8.9.1", "http://[::1]:80", "http://localhost:5000"]
FOREIGN = ["http://192.0.2.1", "https://[2001:db8::1]", "http://10.0.0.1", "http://0.0.0.0", "http://127.0.0.1.example"]


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"localhost": ["127.0.0.1", "::1"], "both.example": ["127.0.0.1", "192.0.2.1"]}
    real = safety.addresses_of

    def resolve(host: str) -> list[str]:
        return known.get(host) or (real(host) if host[:1] in "0123456789:" else [])

    monkeypatch.setattr(safety, "addresses_of", resolve)


@pytest.mark.parametrize("kind", ["load", "fuzz", "fault"])
@pytest.mark.parametrize("url", LOCAL)
def test_this_machine_may_be_attacked(url: str, kind: safety.Kind) -> None:
    safety.allow(Target(base_url=url), kind)


@pytest.mark.parametrize("url", [*FOREIGN, "http://both.example", "http://unknown.example", "http:///x"])
def test_a_host_of_somebody_else_may_not(url: str) -> None:
    with pytest.raises(safety.Refused, match="nothing was sent"):
        safety.allow(Target(base_url=url), "load")


def test_a_listed_host_may(monkeypatch: pytest.MonkeyPatch) -> None:
    safety.allow(Target(base_url="https://Ours.Example/x", allowed_hosts=("ours.example",)), "fuzz")


def test_a_url_elsewhere_is_judged_by_itself() -> None:
    with pytest.raises(safety.Refused):
        safety.allow(Target(base_url=LOCAL[0]), "load", "http://192.0.2.1/x")


def test_an_application_is_served_here() -> None:
    safety.allow(Target(app=object()), "load")


def test_production_needs_a_flag() -> None:
    with pytest.raises(safety.Refused, match="production=True"):
        safety.allow(Target(base_url=LOCAL[0], environment="production"), "fault")
    safety.allow(Target(base_url=LOCAL[0], environment="production", production=True), "fault")


@pytest.mark.parametrize("asked", [{"users": 11}, {"requests": 101}, {"seconds": 1.5}])
def test_caps(asked: dict[str, float]) -> None:
    load = Load(max_users=10, max_requests=100, max_seconds=1)
    safety.cap(load, users=10, requests=100, seconds=1)
    with pytest.raises(safety.Refused, match="nothing was sent"):
        safety.cap(load, **asked)
