"""Locust as the engine: a real master, real workers, all on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps import engines
from mkdocs_jetty.steps.answers import accepted_by_default
from mkdocs_jetty.steps.engines import calibrate, locust
from mkdocs_jetty.steps.engines.judge import Answer, Judge
from mkdocs_jetty.steps.engines.result import LoadResult, Plan
from mkdocs_jetty.steps.ports import Load, Request, loopback

pytestmark = pytest.mark.slow
StartWorkers = Callable[[int], Callable[[str, int], None]]


def plan(users: int, kind: str = "burst", seconds: float = 0.0, rate: float = 0.0) -> Plan:
    request = Request("POST", "/login", form={"name": "ann", "password": "secret"}, headers={"X-Test": "1"})
    return Plan(kind, [request] * users, [loopback(n) for n in range(users)], seconds, rate, 10.0)  # type: ignore[arg-type]


def send(url: str, asked: Plan, load: Load) -> LoadResult:
    return engines.send(url, "local", asked, load, {})


@pytest.fixture
def url() -> Iterator[str]:
    with calibrate.null_server() as url:
        yield url


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[StartWorkers]:
    """Starts so many workers, as a team would on machines of its own: they know the master, and nothing of the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(count: int) -> Callable[[str, int], None]:
        def hook(host: str, port: int) -> None:
            command = [sys.executable, "-m", "locust", "-f", "-", "--worker"]
            command += ["--master-host", host, "--master-port", str(port)]
            with (tmp_path / "workers.txt").open("ab") as log:
                for number in range(count):
                    # Each writes the master's file there before it reads it: two at once would spoil each other's.
                    own = tmp_path / f"worker-{number}"
                    own.mkdir(exist_ok=True)
                    running.append(
                        subprocess.Popen(
                            command, cwd=own, env={**os.environ, "TMPDIR": str(own)},
                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                        )
                    )  # fmt: skip

        return hook

    yield start
    for worker in running:
        worker.terminate()
        worker.wait(20)


def test_a_master_and_two_workers_release_all_users_together(url: str, workers: StartWorkers) -> None:
    result = send(url, plan(20), Load("locust", workers=2, start_workers=workers(2)))
    assert (result.engine, result.users, result.requests) == ("locust", 20, 20)
    assert result.statuses == Counter({200: 20})
    assert result.max is not None
    assert 0 < result.max < 5, "time counts from the release, not from the start of the workers"


def test_a_worker_that_does_not_join_leaves_the_load_unavailable(url: str, workers: StartWorkers) -> None:
    load = Load("locust", workers=2, start_workers=workers(1), max_seconds=8)
    with pytest.raises(Unavailable, match=r"^1 of 2 Locust workers joined 127\.0\.0\.1:\d+ within 8 seconds$"):
        send(url, plan(4), load)


def test_without_workers_it_runs_in_one_process_and_on_a_timetable(url: str) -> None:
    result = send(url, plan(10, "rate", 2.0, 20.0), Load("locust"))
    assert result.statuses == Counter({200: 40})


def test_a_server_that_is_down_is_an_error_of_its_kind() -> None:
    with calibrate.null_server() as url:
        pass
    result = send(url, plan(5), Load("locust"))
    assert result.errors == Counter({"refused": 5})
    assert result.max == float("inf")


@pytest.mark.parametrize(("text", "unlike"), [("ok", 0), ("welcome to the harbour", 4)])
def test_what_is_unlike_the_answer_before_the_load_is_not_done(url: str, text: str, unlike: int) -> None:
    control = Answer("POST", f"{url}/login", 200, [("Content-Type", "text/plain")], text.encode())
    judge = Judge(accepted_by_default, by_default=True, controls={("POST", "/login"): control})
    result = engines.send(url, "local", plan(4), Load("locust"), {}, judge)
    assert (result.requests, result.unlike, result.accepted) == (4, unlike, 4 - unlike)
    assert any("not by their whole text" in note for note in result.notes)


def test_locust_is_never_imported_here(url: str) -> None:
    send(url, plan(2), Load("locust"))
    assert "locust" not in sys.modules
    assert "gevent" not in sys.modules


def test_without_locust_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locust.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unavailable, match=r"mkdocs-jetty\[locust\]"):
        send("http://127.0.0.1:9", plan(2), Load("locust"))
