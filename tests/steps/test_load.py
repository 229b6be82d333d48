"""Load steps: what they send, what turns them red, and when they say that they cannot tell."""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.engines import builtin, calibrate, locust, report
from mkdocs_jetty.steps.engines.result import LoadResult, Plan, Sample, of_samples, quantile
from mkdocs_jetty.steps.ports import Request, loopback

CHAPTER_9 = """\
    Given 100 users attempt to log in simultaneously
    Then all requests complete within 2 seconds
    And no requests fail due to server overload
"""
PEAK = """\
    Given the declared peak traffic is 20 per second
    When the declared peak traffic times {} runs for {}
"""
SERVER = """
import asyncio, collections, os, sys

MODE, seen, peers = sys.argv[1], collections.Counter(), set()
ANSWER = "HTTP/1.1 %s\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"

async def serve(reader, writer):
    try:
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        length = [line for line in head.lower().split(b"\\r\\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
        if head.startswith(b"GET"):
            writer.write((ANSWER % "200 OK").encode())
            return await writer.drain()
        peers.add(writer.get_extra_info("peername")[0])
        seen["all"] += 1
        status = "200 OK"
        if MODE == "slow" and seen["all"] == 7:
            await asyncio.sleep(2.6)
        if MODE == "limit-each" and (len(peers) < seen["all"]):
            status = "429 Too Many Requests"
        if MODE == "limit-all" and seen["all"] > 10:
            status = "429 Too Many Requests"
        if MODE == "breaks" and seen["all"] % 10 == 0:
            status = "500 Oops"
        if MODE == "missing":
            status = "404 Not Found"
        if MODE == "recovers" and seen["all"] <= 15:
            status = "200 OK" if seen["all"] % 2 else "503 Busy"
        if MODE == "resets" and seen["all"] % 10 == 0:
            writer.transport.abort()
            return
        granted = "\\r\\nSet-Cookie: session=%d" % seen["all"] if status == "200 OK" else ""
        writer.write((ANSWER % (status + granted)).encode())
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)

asyncio.run(main())
"""
CONFTEST = """
import pytest
from mkdocs_jetty.steps.ports import Load, Request, Target

pytest_plugins = ["mkdocs_jetty.steps.load"]

@pytest.fixture
def jetty_target():
    return Target(base_url="{url}"{target})

@pytest.fixture
def jetty_actions():
    return {{"log in": lambda who, valid: Request("POST", "/login", form={{"name": who.name, "password": "secret"}})}}

@pytest.fixture
def jetty_load():
    return Load({load})

@pytest.fixture(autouse=True)
def shown(record_property, request):
    yield
    print("MEASURED", dict(request.node.user_properties))
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux has each user an address of their own")


@contextmanager
def server(mode: str = "fast") -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def run(
    root: Path, steps: str, url: str, load: str = "", target: str = "", extra: str = ""
) -> tuple[str, dict[str, str], str]:
    """Outcome, measured numbers and output of a scenario that pytest-bdd runs in a process of its own."""
    (root / "conftest.py").write_text(CONFTEST.format(url=url, load=load, target=target) + extra, encoding="utf-8")
    (root / "load.feature").write_text(f"Feature: Load\n  Scenario: Load\n{steps}", encoding="utf-8")
    (root / "test_load.py").write_text('from pytest_bdd import scenarios\nscenarios("load.feature")\n')
    (root / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_CURRENT", "JETTY"))}
    # Without the plugins that happen to be installed, which take most of the time.
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    plugins = ["-p", "no:cacheprovider", "-p", "pytest_bdd.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-s", "--color=no", *plugins], cwd=root, env=env,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    measured = re.search(r"MEASURED (\{.*\})", done.stdout)
    numbers = {name: str(value) for name, value in (eval(measured[1]) if measured else {}).items()}  # noqa: S307
    outcome = re.search(r"(\d+) (passed|failed|error)", done.stdout.splitlines()[-1])
    return (outcome[2] if outcome else "none"), numbers, done.stdout + done.stderr


# ---- chapter 9 ----


def test_chapter_9_passes_against_a_fast_server_and_its_numbers_are_recorded(tmp_path: Path) -> None:
    with server() as url:
        outcome, numbers, output = run(tmp_path, CHAPTER_9, url)
    assert outcome == "passed", output
    assert numbers["jetty.users"] == "100"
    assert numbers["jetty.limit"] == "2 seconds"
    assert numbers["jetty.environment"] == "local"
    assert numbers["jetty.answers"] == "100 with 200"
    assert all(numbers[f"jetty.{name}"].endswith(" ms") for name in ("p50", "p95", "p99", "max", "floor"))


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("slow", "the slowest request took 2."),
        ("limit-all", "91 of 100 requests were turned away with 429"),
        ("breaks", "10 of 100 requests failed from overload: 90 with 200, 10 with 500"),
        ("resets", "the slowest request took no answer"),
        ("missing", "one user alone, before the load, could not log in: status 404"),
    ],
)
def test_chapter_9_fails_against_a_server_that_does_not_hold(tmp_path: Path, mode: str, message: str) -> None:
    with server(mode) as url:
        outcome, _, output = run(tmp_path, CHAPTER_9, url)
    assert outcome == "failed"
    assert message in output


def test_a_reset_counts_as_overload(tmp_path: Path) -> None:
    with server("resets") as url:
        steps = CHAPTER_9.replace("    Then all requests complete within 2 seconds\n    And", "    Then")
        outcome, _, output = run(tmp_path, steps, url)
    assert outcome == "failed"
    assert "10 of 100 requests failed from overload: 90 with 200, 10 reset" in output


def test_a_server_that_is_down_fails(tmp_path: Path) -> None:
    with server() as url:
        pass
    outcome, _, output = run(tmp_path, CHAPTER_9, url)
    assert outcome == "failed"
    assert f"nothing listens at {url}" in output


@LINUX
def test_each_user_has_an_address_so_that_a_limit_for_each_address_lets_all_in(tmp_path: Path) -> None:
    with server("limit-each") as url:
        outcome, _, output = run(tmp_path, CHAPTER_9, url)
    assert outcome == "passed", output


# ---- refusals before anything is sent ----


@pytest.mark.parametrize(
    ("steps", "load", "message"),
    [
        (CHAPTER_9, "max_users=99", "max_users=99"),
        (CHAPTER_9, "max_requests=99", "max_requests=99"),
        ("    When 2 users log in for 3 minutes\n", "", "max_seconds=120"),
        ("    When 50 requests per second are sent to log in for 1 minute\n", "max_requests=2999", "max_requests=2999"),
        (PEAK.format("2 times", "15 minutes"), "", "max_seconds=120"),
    ],
)
def test_more_than_a_cap_is_a_failure_that_names_it(tmp_path: Path, steps: str, load: str, message: str) -> None:
    outcome, _, output = run(tmp_path, steps, "http://127.0.0.1:9", load)
    assert outcome == "failed"
    assert message in output


def test_a_host_that_is_not_loopback_is_refused(tmp_path: Path) -> None:
    outcome, _, output = run(tmp_path, CHAPTER_9, "http://192.0.2.1")
    assert outcome == "failed"
    assert "192.0.2.1 is neither; nothing was sent" in output


def test_production_needs_its_own_flag(tmp_path: Path) -> None:
    outcome, _, output = run(tmp_path, CHAPTER_9, "http://127.0.0.1:9", target=', environment="production"')
    assert outcome == "failed"
    assert "production" in output


# ---- inconclusive and unavailable ----

ACTIONS = """
import itertools
import pytest
from mkdocs_jetty.steps.ports import Request
NUMBERS = itertools.count()

@pytest.fixture
def jetty_actions():
    return {
        "comment": lambda who, valid: Request("POST", "/", form={"text": "Fine." if valid else ""}),
        "order": lambda who, valid: Request("POST", "/", json={"key": next(NUMBERS)}),
        "ask": lambda who, valid: Request("POST", "/", form={"text": "What?"}),
    }
"""
SAYS = """
@pytest.fixture
def jetty_accepted():
    return lambda response: response.text == "ok"
"""


@pytest.mark.parametrize(
    ("action", "extra", "outcome"),
    [
        ("comment", "", "failed"),
        ("comment", SAYS, "passed"),
        ("order", "", "passed"),
        ("ask", "", "passed"),
    ],
    ids=["wrong input is taken too", "the project says what counts", "a key for each", "takes no input"],
)
def test_what_right_and_wrong_input_get_alike_shows_nothing(
    tmp_path: Path, action: str, extra: str, outcome: str
) -> None:
    steps = f"    When 3 users attempt to {action} simultaneously\n    Then all requests complete within 5 seconds\n"
    with server() as url:
        found, _, output = run(tmp_path, steps, url, extra=ACTIONS + extra)
    assert found == outcome, output
    said = f"nothing shows that somebody could {action}: with wrong input the answer is the same (status 200, 'ok')"
    assert (said in output) == (outcome == "failed")


BUSY = """
import asyncio
import time

from mkdocs_jetty.steps.engines import builtin

drive = builtin._drive

async def hog():
    while True:
        time.sleep(0.06)
        await asyncio.sleep(0)

async def slowly(*args, **options):
    task = asyncio.create_task(hog())
    try:
        return await drive(*args, **options)
    finally:
        task.cancel()

builtin._drive = slowly
"""


@pytest.mark.slow
def test_a_driver_that_is_itself_too_slow_cannot_tell(tmp_path: Path) -> None:
    steps = (
        "    Given 10 users attempt to log in simultaneously\n    Then all requests complete within 200 milliseconds\n"
    )
    with server() as url:
        outcome, numbers, output = run(tmp_path, steps, url, extra=BUSY)
    assert outcome == "failed"
    assert "Inconclusive: the driver needs" in output
    assert "25% of the 200 ms asked" in output
    assert float(numbers["jetty.floor"].removesuffix(" ms")) > 50


COUNTED = """\
    calls.append(1)
    if len(calls) <= 3:
        return await drive(*args, **options)
    task = asyncio.create_task"""
LATER = "calls = []\n" + BUSY.replace("time.sleep(0.06)", "time.sleep(0.15)").replace(
    "    task = asyncio.create_task", COUNTED
)
"""Quiet while the driver is measured, which takes three rounds, and busy from the load on."""


@pytest.mark.slow
def test_a_machine_that_becomes_busy_during_the_load_cannot_tell(tmp_path: Path) -> None:
    steps = (
        "    Given 10 users attempt to log in simultaneously\n    Then all requests complete within 200 milliseconds\n"
    )
    with server() as url:
        outcome, numbers, output = run(tmp_path, steps, url, extra=LATER)
    assert outcome == "failed"
    assert "Inconclusive: the slowest request took" in output
    assert "but the machine had become busy" in output
    assert float(numbers["jetty.floor"].removesuffix(" ms")) < 50


def test_without_aiohttp_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unavailable, match=r"mkdocs-jetty\[load\]"):
        builtin.drive("http://127.0.0.1:9", plan(1), bound=False)


def test_without_an_action_it_is_not_run(tmp_path: Path) -> None:
    outcome, _, output = run(tmp_path, CHAPTER_9.replace("log in", "log out"), "http://127.0.0.1:9")
    assert outcome == "failed"
    assert "Unavailable: no action `log out`" in output


def test_an_engine_that_does_not_exist_is_named(tmp_path: Path) -> None:
    outcome, _, output = run(tmp_path, CHAPTER_9, "http://127.0.0.1:9", load='engine="magic"')
    assert outcome == "failed"
    assert "Unavailable: no load engine `magic`" in output


# ---- load that goes on ----


@pytest.mark.slow
def test_users_for_a_while_and_shares(tmp_path: Path) -> None:
    steps = """\
    When 10 users log in for 2 seconds
    Then 95% of requests complete within 500 ms
    And 99% of requests complete within 1500 ms
    And at most 0.5% of requests fail
    And service is normal within 5 seconds
"""
    with server() as url:
        outcome, numbers, output = run(tmp_path, steps, url)
    assert outcome == "passed", output
    asked = {"paced users": "10", "paced length": "2 seconds", "p95": "500 ms", "errors": "0.5%", "requests": "20"}
    assert {name: numbers[f"jetty.{name}"] for name in asked} == asked
    assert numbers["jetty.after"] == "5 seconds"


@pytest.mark.slow
def test_the_peak_is_sent_on_a_timetable(tmp_path: Path) -> None:
    steps = PEAK.format("2 times", "2 seconds") + "    Then at most 0.5% of requests fail\n"
    with server("breaks") as url:
        outcome, numbers, output = run(tmp_path, steps, url)
    assert outcome == "failed"
    assert "10% of requests failed, and at most 0.5% may: 72 with 200, 8 with 500" in output
    assert (numbers["jetty.factor"], numbers["jetty.length"], numbers["jetty.rate"]) == ("2", "2 seconds", "40")


def test_latency_of_a_timetable_counts_from_the_timetable() -> None:
    with server("slow") as url:
        samples, _ = builtin.drive(url, replace(plan(5), kind="rate", rate=20.0, seconds=1.0), bound=False)
    assert sum(sample.seconds > 2.5 for sample in samples) == 1, "one slow answer must not hold up the others"
    assert len(samples) == 20


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "outcome"), [("5 seconds", "passed"), ("1 ms", "failed")])
def test_service_is_normal_again(tmp_path: Path, limit: str, outcome: str) -> None:
    steps = f"""\
    When 10 users attempt to log in simultaneously
    Then service is normal within {limit}
"""
    with server("recovers") as url:
        seen, _, output = run(tmp_path, steps, url)
    assert seen == outcome, output


# ---- the engine ----


def plan(users: int) -> Plan:
    return Plan("burst", [Request("POST", "/login", form={"a": "b"})] * users, [loopback(n) for n in range(users)])


def test_it_works_inside_a_running_loop() -> None:
    async def inside(url: str) -> list[Sample]:
        return builtin.drive(url, plan(3), bound=False)[0]

    with calibrate.null_server() as url:
        assert [sample.status for sample in asyncio.run(inside(url))] == [200, 200, 200]


def test_nobody_sends_before_all_are_connected() -> None:
    """The system has room for some users only and takes nobody in for a while: those whom it has room for wait."""
    room, early = 4, []
    listening = socket.create_server(("127.0.0.1", 0), backlog=room)

    def serve() -> None:
        time.sleep(0.3)
        waiting = [listening.accept()[0] for _ in range(room)]
        early.extend(len(peer.recv(1)) for peer in waiting if select.select([peer], [], [], 0)[0])
        for peer in [*waiting, *(listening.accept()[0] for _ in range(12 - room))]:
            peer.recv(1_000)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        samples, _ = builtin.drive(f"http://127.0.0.1:{listening.getsockname()[1]}", plan(12), bound=False)
    finally:
        thread.join(30)
        listening.close()
    assert [sample.status for sample in samples] == [200] * 12
    assert early == []


def test_the_driver_is_measured_once_for_each_number_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    floors: calibrate.Floors = {}
    first = calibrate.floor_p95(plan(5), floors)
    monkeypatch.setattr(calibrate, "_measured", lambda _: pytest.fail("measured again"))
    assert calibrate.floor_p95(plan(5), floors) == first > 0


def test_a_driver_without_files_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    async def out_of_files(*_: object, **__: object) -> tuple[list[Sample], float]:
        return [Sample(0.1, 200), Sample(1.0, error="driver: [Errno 24] Too many open files")], 1.0

    monkeypatch.setattr(builtin, "_drive", out_of_files)
    with pytest.raises(Inconclusive, match="1 of 2 requests"):
        builtin.drive("http://127.0.0.1:9", plan(2), bound=False)


# ---- numbers ----


def test_a_percentile_is_a_time_that_was_really_seen_and_never_flatters() -> None:
    times = tuple((float(number), 1) for number in range(1, 101))
    assert [quantile(times, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert quantile(((1.0, 1), (9.0, 1)), 0.95) == 9


def test_429_is_left_out_of_the_times_and_a_missing_answer_is_not() -> None:
    result = of_samples(
        "builtin", "local", 3,
        [(Sample(0.001, 429), 8), (Sample(1.0, 200), 1), (Sample(2.0, error="timeout"), 1)], 2.0,
    )  # fmt: skip
    assert (result.limited, result.requests, result.p50) == (8, 10, 1.0)
    assert result.max == float("inf")
    assert dict(result.overloaded) == {"timeout": 1}
    assert result.failed == pytest.approx(0.9)


# ---- a load that ran elsewhere ----


def k6(made_on: date, users: int = 500) -> str:
    duration = {"type": "trend", "values": {"p(95)": 210.5, "p(99)": 400, "max": 900}}
    return json.dumps({
        "timestamp": made_on.isoformat(),
        "metrics": {
            "http_req_duration": duration, "vus_max": {"values": {"value": users}},
            "http_req_failed": {"values": {"rate": 0}},
        },
    })  # fmt: skip


def today() -> date:
    return datetime.now(tz=timezone.utc).date()


@pytest.mark.parametrize(
    ("age", "users", "asked", "outcome", "message"),
    [
        (2, 500, 100, "passed", ""),
        (2, 50, 100, "failed", "shows users 50, and 100 is asked"),
        (8, 500, 100, "failed", "Unavailable: the load report k6.json is 8 days old"),
        (-9, 500, 100, "failed", "which is still to come"),
    ],
)
def test_a_report_is_held_to_its_age_and_its_size(
    tmp_path: Path, age: int, users: int, asked: int, outcome: str, message: str
) -> None:
    (tmp_path / "k6.json").write_text(k6(today() - timedelta(days=age), users), encoding="utf-8")
    steps = CHAPTER_9.replace("100", str(asked))
    seen, _, output = run(tmp_path, steps, "http://127.0.0.1:9", load='engine="report", report="k6.json"')
    assert seen == outcome, output
    assert message in output


NAMED = """\
    Given the load report "k6.json" from at most 7 days ago
    Then 95% of requests complete within {}
    And no requests fail due to server overload
"""


@pytest.mark.parametrize(("limit", "outcome"), [("500 ms", "passed"), ("200 ms", "failed")])
def test_a_report_named_in_a_scenario_is_what_was_observed(tmp_path: Path, limit: str, outcome: str) -> None:
    (tmp_path / "k6.json").write_text(k6(today() - timedelta(days=1)), encoding="utf-8")
    family = 'pytest_plugins += ["mkdocs_jetty.steps.evidence"]'
    seen, numbers, output = run(tmp_path, NAMED.format(limit), "http://127.0.0.1:9", extra=family)
    assert seen == outcome, output
    assert (numbers["jetty.p95"], numbers["jetty.observed p95"]) == (limit, "210.5 ms")


def test_a_report_without_a_date_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "k6.json"
    path.write_text(k6(today()).replace('"timestamp"', '"about"'), encoding="utf-8")
    with pytest.raises(Unavailable, match="carries no date"):
        report.load_report(path, "staging", {})


def test_a_report_of_something_else_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(Unavailable, match="none of the known formats"):
        report.load_report(path, "local", {})


# ---- Locust's numbers ----


@pytest.mark.parametrize(("rounded", "edge"), [(7, 7.5), (150, 155), (3400, 3450), (59000, 59500)])
def test_locusts_rounded_times_are_taken_at_the_upper_edge(rounded: float, edge: float) -> None:
    entry = {"name": "200", "max_response_time": 1e9, "response_times": {str(rounded): 3}}
    assert list(locust._samples([entry])) == [(Sample(edge / 1000, 200), 3)]


def test_the_exact_maximum_of_locust_bounds_the_edge() -> None:
    entry = {"name": "200", "max_response_time": 1964.2, "response_times": {"2000": 1}}
    result = of_samples("locust", "local", 1, locust._samples([entry]), 2.0)
    assert isinstance(result, LoadResult)
    assert (result.max, result.statuses) == (pytest.approx(1.9642), Counter({200: 1}))
