"""Locust as an engine: always in a process of its own, for importing it patches sockets, threads and time.

In one process, or as a master that waits for workers. The workers fetch what they need from the master; the numbers
come back in the file that Locust writes, one entry for each status, for Locust keeps no statuses of its own.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.standards.model import Environment
from mkdocs_jetty.steps.engines.judge import ALIKE, Answer, Judge, text_of, words_in
from mkdocs_jetty.steps.engines.result import LoadResult, Plan, Sample, of_samples
from mkdocs_jetty.steps.ports import Load, Request

WAIT = 60.0
"""Seconds for the workers to join."""
SPARE = 30.0
"""Seconds for Locust to start and to stop."""
HOST, PORT = "127.0.0.1", 5557
JUDGED = "answers were judged by status, place and likeness to one made before the load, not by their whole text"
UNSEEN = "answers were judged by their status alone"
NOTES = ("response times rounded by Locust, taken at the upper edge", "the driver's own floor is not measured")

LOCUSTFILE = """\
import base64
import itertools
import json
import re
import time

import gevent
import requests
from gevent.event import Event
from locust import User, events, task
from locust.runners import MasterRunner, WorkerRunner
from requests.adapters import HTTPAdapter

PLAN = json.loads(base64.b64decode("@PLAN@"))
gate = Event()
numbers = itertools.count()
opened = finished = 0


def release(*_, **__):
    global opened
    opened = time.perf_counter()
    gate.set()


def finish(environment, *_, **__):
    global finished
    finished += 1
    if finished >= PLAN["users"]:
        gevent.spawn(environment.runner.quit)


@events.init.add_listener
def set_up(environment, **_):
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        runner.register_message("jetty-finished", finish)
        environment.events.spawning_complete.add_listener(lambda **_: runner.send_message("jetty-release"))
    elif isinstance(runner, WorkerRunner):
        runner.register_message("jetty-release", release)
    else:
        environment.events.spawning_complete.add_listener(release)


class Address(HTTPAdapter):
    def __init__(self, address):
        self.address = address
        super().__init__(pool_maxsize=100, max_retries=0)

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


class Someone(User):
    def on_start(self):
        number = next(numbers) * max(PLAN["workers"], 1) + max(self.environment.runner.worker_index, 0)
        self.number = number % PLAN["users"]
        self.session = requests.Session()
        self.session.trust_env = False
        if PLAN["bound"]:
            self.session.mount("http", Address(PLAN["addresses"][self.number]))

    @task
    def act(self):
        gate.wait()
        {"burst": self.once, "users": self.go_on, "rate": self.by_timetable}[PLAN["kind"]]()
        runner = self.environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message("jetty-finished")
        else:
            finish(self.environment)
        gevent.sleep(1_000_000)

    def once(self):
        self.send(opened, self.number)

    def go_on(self):
        due, number = opened + self.number / PLAN["users"], self.number
        while due < opened + PLAN["seconds"]:
            gevent.sleep(max(due - time.perf_counter(), 0))
            self.send(due, number)
            number += PLAN["users"]
            due = max(due + 1, time.perf_counter())

    def by_timetable(self):
        sent = []
        for number in range(self.number, round(PLAN["rate"] * PLAN["seconds"]), PLAN["users"]):
            due = opened + number / PLAN["rate"]
            gevent.sleep(max(due - time.perf_counter(), 0))
            sent.append(gevent.spawn(self.send, due, number))
        gevent.joinall(sent)

    def send(self, since, number):
        request = PLAN["requests"][number % len(PLAN["requests"])]
        content = base64.b64decode(request["content"]) if request["content"] is not None else request["form"]
        outcome, exception = None, None
        try:
            response = self.session.request(
                request["method"], PLAN["base"] + request["path"], data=content, json=request["json"],
                headers=request["headers"], timeout=PLAN["timeout"], allow_redirects=False,
            )
            outcome = outcome_of(response)
            if response.status_code >= 400:
                exception = Exception(outcome)
        except Exception as error:
            outcome, exception = kind(error), error
        self.session.cookies.clear()
        self.environment.events.request.fire(
            request_type="jetty", name=outcome, response_time=(time.perf_counter() - since) * 1000,
            response_length=0, exception=exception, context={},
        )


def outcome_of(response):
    if response.status_code >= 400 or PLAN["words"] is None:
        return str(response.status_code)
    place = response.headers.get("Location", "")[:200]
    text = re.sub(r"<(script|style)\\b.*?</\\1>|<[^>]*>", " ", response.text, flags=re.DOTALL | re.IGNORECASE)
    said, first = set(re.findall(r"[^\\W\\d_]{2,}", text.casefold())), set(PLAN["words"])
    like = len(said & first) >= PLAN["alike"] * len(first) if first else not said
    return json.dumps([response.status_code, place, like])


def kind(error):
    text = repr(error)
    if isinstance(error, requests.Timeout):
        return "timeout"
    if "Connection refused" in text:
        return "refused"
    if "Too many open files" in text or "Cannot assign requested address" in text:
        return "driver"
    return "reset" if "reset" in text or "aborted" in text or "Broken pipe" in text else type(error).__name__
"""


def run(
    base_url: str, environment: Environment, plan: Plan, load: Load, *, bound: bool, notes: tuple[str, ...] = (),
    judge: Judge | None = None,
) -> LoadResult:  # fmt: skip
    """Send the load with Locust.

    The bodies stay where Locust runs: what comes back of an answer is its status, where it sends one, and whether it
    has the words of the answer that was made before the load.

    Raises:
        Unavailable: If Locust is missing, or fewer workers joined than were asked for.
        Inconclusive: If Locust says that the machines it ran on were too busy.
    """
    if importlib.util.find_spec("locust") is None:
        raise Unavailable("this load needs Locust: install `mkdocs-jetty[locust]`")
    with tempfile.TemporaryDirectory(prefix="jetty-locust-") as directory:
        file, numbers = Path(directory, "jetty_locustfile.py"), Path(directory, "numbers")
        file.write_text(_locustfile(base_url, plan, load, judge, bound=bound), encoding="utf-8")
        port = _free_port() if load.start_workers else PORT
        log = _ran(_command(file, numbers, plan, load, port), directory, plan, load, port)
        # Some versions of Locust add the suffix themselves, others take the name as it is.
        written = next((path for path in (numbers, numbers.with_suffix(".json")) if path.is_file()), None)
        if written is None:
            raise Unavailable(f"Locust gave no numbers: {_last_line(log)}")
        samples = list(_samples(json.loads(written.read_text(encoding="utf-8")), judge))
    if "CPU usage" in log or "exceeded cpu threshold" in log:
        raise Inconclusive("the machine that made the load was itself too busy, by Locust's word: use more workers")
    if "failed to send heartbeat" in log:
        raise Inconclusive("a worker was lost while the load ran")
    said = (*NOTES, JUDGED if _control(judge) else UNSEEN, *notes)
    if any(sample.error == "driver" for sample, _ in samples):
        raise Inconclusive("a machine that made the load ran out of files or addresses")
    return of_samples("locust", environment, plan.users, _complete(plan, samples), plan.seconds, notes=said)


def _locustfile(base_url: str, plan: Plan, load: Load, judge: Judge | None, *, bound: bool) -> str:
    control = _control(judge)
    data = {
        "base": base_url.rstrip("/"), "kind": plan.kind, "users": plan.users, "seconds": plan.seconds,
        "rate": plan.rate, "timeout": plan.timeout, "workers": load.workers, "bound": bound,
        "words": sorted(words_in(text_of(control.response().text))) if control else None, "alike": ALIKE,
        "addresses": list(plan.addresses), "requests": [_as_json(request) for request in plan.requests],
    }  # fmt: skip
    return LOCUSTFILE.replace("@PLAN@", base64.b64encode(json.dumps(data).encode()).decode())


def _as_json(request: Request) -> Mapping[str, Any]:
    content = request.content
    form = dict(request.form) if request.form is not None else None
    fields = {**asdict(request), "form": form, "headers": dict(request.headers)}
    return {**fields, "content": base64.b64encode(content).decode() if content is not None else None}


def _command(file: Path, numbers: Path, plan: Plan, load: Load, port: int) -> list[str]:
    command = [
        sys.executable, "-m", "locust", "-f", str(file), "--headless", "--json-file", str(numbers),
        "--users", str(plan.users), "--spawn-rate", str(plan.users), "--run-time", f"{_longest(plan):.0f}s",
        "--exit-code-on-error", "0", "--loglevel", "INFO",
    ]  # fmt: skip
    if load.workers:
        command += [
            "--master", "--master-bind-host", HOST, "--master-bind-port", str(port),
            "--expect-workers", str(load.workers), "--expect-workers-max-wait", f"{_wait(load):.0f}",
        ]  # fmt: skip
    return command


def _ran(command: list[str], directory: str, plan: Plan, load: Load, port: int) -> str:
    """Return what Locust logged."""
    # Settings of Locust's own, in the environment or in a file beside the project, must not change what is asked.
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    log = Path(directory, "log.txt")
    with log.open("w", encoding="utf-8") as output, subprocess.Popen(
        command, cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:  # fmt: skip
        try:
            if load.workers and load.start_workers:
                load.start_workers(HOST, port)
            process.wait(_longest(plan) + SPARE + (_wait(load) if load.workers else 0))
        except subprocess.TimeoutExpired:
            raise Unavailable("Locust did not come to an end") from None
        finally:
            process.kill()
    text = log.read_text(encoding="utf-8", errors="replace")
    if "Gave up waiting for workers" in text:
        joined = max((int(number) for number in re.findall(r"(\d+) workers connected", text)), default=0)
        raise Unavailable(
            f"{joined} of {load.workers} Locust workers joined {HOST}:{port} within {_wait(load):.0f} seconds"
        )
    return text


def _wait(load: Load) -> float:
    return min(WAIT, load.max_seconds)


def _longest(plan: Plan) -> float:
    return math.ceil(plan.seconds + plan.timeout + 5)


def _control(judge: Judge | None) -> Answer | None:
    """The one answer to compare with; a mixture of actions has more, and then there is nothing to compare."""
    return next(iter(judge.controls.values())) if judge and len(judge.controls) == 1 else None


def _samples(entries: Any, judge: Judge | None = None) -> Iterator[tuple[Sample, int]]:
    for entry in entries:
        name, most = str(entry["name"]), float(entry["max_response_time"])
        for milliseconds, count in entry["response_times"].items():
            seconds = min(_upper_edge(float(milliseconds)), most) / 1000
            yield _sample(name, seconds, judge), int(count)


def _sample(name: str, seconds: float, judge: Judge | None) -> Sample:
    if name.isdigit():
        return Sample(seconds, int(name))
    if not name.startswith("["):
        return Sample(math.inf, error=name)
    status, place, like = json.loads(name)
    control = _control(judge)
    if control is None or judge is None:
        return Sample(seconds, status)
    answer = replace(control, status=status, headers=_at(control, place), body=control.body if like else b"")
    if status == control.status and not like:
        return Sample(seconds, status, verdict="unlike", said="a text that is unlike the one before the load")
    return Sample(seconds, status, answer=answer).judged(judge)


def _at(control: Answer, place: str) -> list[tuple[str, str]]:
    headers = [(name, value) for name, value in control.headers if name.lower() != "location"]
    return [*headers, ("Location", place)] if place else headers


def _upper_edge(milliseconds: float) -> float:
    """The longest time that Locust rounds to this one."""
    for below, half in ((100, 0.5), (1000, 5), (10_000, 50)):
        if milliseconds < below:
            return milliseconds + half
    return milliseconds + 500


def _complete(plan: Plan, samples: list[tuple[Sample, int]]) -> list[tuple[Sample, int]]:
    """Requests of a burst that were still without an answer at the end are missing in Locust's numbers."""
    lost = plan.users - sum(count for _, count in samples) if plan.kind == "burst" else 0
    return [*samples, (Sample(math.inf, error="timeout"), lost)] if lost > 0 else samples


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _last_line(text: str) -> str:
    return next((line.strip()[-200:] for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
