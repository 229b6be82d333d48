"""What the driver needs for itself: the same load against a server, in a process of its own, that does nothing.

A driver that is the bottleneck makes a fast system look slow, and spreads a burst until it is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from dataclasses import replace

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.engines.builtin import drive
from mkdocs_jetty.steps.engines.result import Plan, of_samples

LONGEST = 2.0
"""Seconds of calibration for a load that goes on."""
MOST = 2000
"""Requests of calibration for a load that goes on."""
TURNS = 2
_WARM_UP = 20
_BOUND = sys.platform == "linux"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Floors = MutableMapping[tuple[str, int, float], float]
"""What was measured already, by kind of load, users and rate."""


def floor_p95(plan: Plan, floors: Floors) -> float:
    """The driver's own p95 for a plan, in seconds; measured once for each kind of load, number of users and rate.

    Raises:
        Inconclusive: If the driver could not even do this.
    """
    key = (plan.kind, plan.users, plan.rate)
    if key not in floors:
        floors[key] = _measured(plan)
    return floors[key]


def floor_now(plan: Plan) -> float:
    """The driver's own p95 for a plan at this moment, in seconds: a machine may have become busy since it was measured.

    Raises:
        Inconclusive: If the driver could not even do this.
    """
    return _measured(plan)


def _measured(plan: Plan) -> float:
    """The better of some turns: what is a floor can only be too high by chance."""
    with null_server() as url:
        first = replace(plan, kind="burst", addresses=plan.addresses[:_WARM_UP])
        drive(url, first, bound=_BOUND)
        if plan.kind == "burst":
            return min(_p95(url, plan) for _ in range(TURNS))
        each_second = plan.rate or plan.users
        return _p95(url, replace(plan, seconds=min(plan.seconds, LONGEST, max(MOST / each_second, 0.5))))


def _p95(url: str, plan: Plan) -> float:
    samples, seconds = drive(url, plan, bound=_BOUND)
    result = of_samples("builtin", "local", plan.users, ((sample, 1) for sample in samples), seconds)
    if result.accepted < result.requests or result.p95 is None:
        raise Inconclusive(f"against a server that does nothing, the driver got {result.said()}")
    return result.p95


@contextlib.contextmanager
def null_server() -> Iterator[str]:
    """The base URL of a server that does nothing but answer, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import serve; serve()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                raise Inconclusive("the server that the driver is measured against did not start")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


class _Nothing(asyncio.Protocol):
    """Answers each request as soon as all of it is there."""

    def __init__(self) -> None:
        self.seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.seen += data
        while (end := self.seen.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.seen, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.seen) < whole:
                return
            self.seen = self.seen[whole:]
            self.transport.write(_ANSWER)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Nothing, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is how the parent learns it
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def serve() -> None:
    """Be the server that does nothing: print the port, and end when the input does."""
    asyncio.run(_serve())
