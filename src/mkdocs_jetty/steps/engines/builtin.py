"""The engine for one machine: aiohttp, a connection and a source address for each user, a gate before which all wait.

It has a thread and an event loop of its own, so that it also works where a loop runs already.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import importlib.util
import math
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.engines.judge import KEPT, Answer, Judge
from mkdocs_jetty.steps.engines.result import Plan, Sample
from mkdocs_jetty.steps.ports import Request

if TYPE_CHECKING:
    import aiohttp

PREPARE = 10.0
"""Seconds for all to connect; who has not by then is released with the others, and its connecting counts."""
PACE = 1.0
"""A user that goes on acts once in so many seconds."""
SPARE_FILES = 200
_OURS = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS)
"""What the driver's machine ran out of: says nothing about the system."""


def drive(base_url: str, plan: Plan, *, bound: bool, judge: Judge | None = None) -> tuple[list[Sample], float]:
    """Send the load.

    Args:
        base_url: Where to.
        plan: What.
        bound: Whether each user sends from the address that the plan gives them.
        judge: What the answers are judged by: those of a burst when all are there, so that nobody's time suffers from
            it, and those of a load that goes on as they come. Without it, by nothing.

    Returns:
        The samples, and the seconds from the first request to the last answer.

    Raises:
        Unavailable: If aiohttp is missing, or this machine does not let us open so many connections.
        Inconclusive: If the driver's own machine ran out of something.
    """
    if importlib.util.find_spec("aiohttp") is None:
        raise Unavailable("load needs aiohttp: install `mkdocs-jetty[load]`")
    with _files(plan), ThreadPoolExecutor(1, "jetty-load") as thread:
        work = _drive(base_url, plan, bound=bound, judge=judge)
        samples, seconds = thread.submit(lambda: asyncio.run(work, debug=False)).result()
    if ours := [sample.error for sample in samples if sample.error and sample.error.startswith("driver")]:
        raise Inconclusive(f"the driver could not send {len(ours)} of {len(samples)} requests ({ours[0]})")
    return [sample.judged(judge) for sample in samples], seconds


async def _drive(base_url: str, plan: Plan, *, bound: bool, judge: Judge | None) -> tuple[list[Sample], float]:
    import aiohttp  # noqa: PLC0415 - an extra

    driver = _Driver(aiohttp, base_url, plan, bound=bound, judge=judge)
    kinds: dict[str, Callable[[], Awaitable[list[Sample]]]]
    kinds = {"burst": driver.burst, "users": driver.users, "rate": driver.rate}
    gc.collect()
    try:
        samples = await kinds[plan.kind]()
        return samples, asyncio.get_running_loop().time() - driver.opened
    finally:
        await driver.close()


class _Driver:
    def __init__(self, library: Any, base_url: str, plan: Plan, *, bound: bool, judge: Judge | None) -> None:
        self.library = library
        self.base = base_url.rstrip("/")
        self.plan = plan
        self.loop = asyncio.get_running_loop()
        self.bound = bound
        self.judge = judge
        self.gate = asyncio.Event()
        self.ready = asyncio.Event()
        self.waiting: set[int] = set(range(plan.users))
        self.opened = 0.0
        self.sessions: list[aiohttp.ClientSession] = []

    async def close(self) -> None:
        await asyncio.gather(*(session.close() for session in self.sessions))

    # ---- all at the same moment ----

    async def burst(self) -> list[Sample]:
        for user in range(self.plan.users):
            self.sessions.append(self._session(user, force_close=True, trace_configs=[self._stop_at_gate(user)]))
        tasks = [asyncio.create_task(self._once(user)) for user in range(self.plan.users)]
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.ready.wait(), PREPARE)
        self.opened = self.loop.time()
        self.gate.set()
        return await self._gathered(tasks)

    async def _once(self, user: int) -> Sample:
        sample = await self._send(self.sessions[user], self.plan.requests[user], None)
        self._arrived(user)
        return sample

    def _stop_at_gate(self, user: int) -> aiohttp.TraceConfig:
        """The request is made and its connection is open: nothing is left but to send."""

        async def stop(*_: Any) -> None:
            self._arrived(user)
            await self.gate.wait()

        trace = self.library.TraceConfig()
        trace.on_connection_create_end.append(stop)
        return trace  # type: ignore[no-any-return]

    def _arrived(self, user: int) -> None:
        self.waiting.discard(user)
        if not self.waiting:
            self.ready.set()

    # ---- for a while ----

    async def users(self) -> list[Sample]:
        """Each user acts once a second, from a moment of its own in the first second; a late answer delays the next."""
        self.sessions = [self._session(user, limit=1) for user in range(self.plan.users)]
        self.opened = self.loop.time()
        tasks = [asyncio.create_task(self._go_on(user)) for user in range(self.plan.users)]
        return [sample for samples in await asyncio.gather(*tasks) for sample in samples]

    async def _go_on(self, user: int) -> list[Sample]:
        samples: list[Sample] = []
        at = self.opened + PACE * user / self.plan.users
        end = self.opened + self.plan.seconds
        while at < end:
            await asyncio.sleep(max(at - self.loop.time(), 0))
            number = (user + len(samples) * self.plan.users) % len(self.plan.requests)
            samples.append((await self._send(self.sessions[user], self.plan.requests[number], at)).judged(self.judge))
            at = max(at + PACE, self.loop.time())
        return samples

    async def rate(self) -> list[Sample]:
        """An open model: what is due is sent, however many answers are still missing, and is late from then on."""
        self.sessions = [self._session(user, limit=0) for user in range(self.plan.users)]
        self.opened = self.loop.time()
        tasks = []
        for number in range(round(self.plan.rate * self.plan.seconds)):
            due = self.opened + number / self.plan.rate
            if (early := due - self.loop.time()) > 0:
                await asyncio.sleep(early)
            session = self.sessions[number % len(self.sessions)]
            request = self.plan.requests[number % len(self.plan.requests)]
            tasks.append(asyncio.create_task(self._send_and_judge(session, request, due)))
            if number % 50 == 0:
                await asyncio.sleep(0)  # where the timetable is behind, answers must still be read
        return await self._gathered(tasks)

    # ---- one request ----

    async def _gathered(self, tasks: Sequence[asyncio.Task[Sample]]) -> list[Sample]:
        done, late = await asyncio.wait(tasks, timeout=self.plan.timeout) if tasks else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return [task.result() if task in done else Sample(math.inf, error="timeout") for task in tasks]

    async def _send_and_judge(self, session: aiohttp.ClientSession, request: Request, since: float) -> Sample:
        return (await self._send(session, request, since)).judged(self.judge)

    async def _send(self, session: aiohttp.ClientSession, request: Request, since: float | None) -> Sample:
        """Latency counts from `since`, the moment when the request was due; from the gate without one."""
        try:
            async with session.request(
                request.method, self.base + request.path, data=_body(request), json=request.json,
                headers=dict(request.headers), allow_redirects=False,
            ) as response:  # fmt: skip
                body = await response.read()
                seconds = self.loop.time() - (self.opened if since is None else since)
                answer = self._kept(response, body) if self.judge else None
                return Sample(seconds, response.status, answer=answer)
        except asyncio.TimeoutError:
            return Sample(math.inf, error="timeout")
        except (OSError, self.library.ClientError) as error:
            return Sample(math.inf, error=_kind(error))

    def _kept(self, response: aiohttp.ClientResponse, body: bytes) -> Answer:
        headers = tuple(response.headers.items())
        return Answer(response.method, str(response.url), response.status, headers, body[:KEPT])

    def _session(self, user: int, trace_configs: Any = None, **options: Any) -> aiohttp.ClientSession:
        if self.bound:
            options |= {"local_addr": (self.plan.addresses[user], 0), "family": socket.AF_INET}
        # A burst ends for all at once; those that go on have a deadline for each request.
        total = None if trace_configs else self.plan.timeout
        return self.library.ClientSession(  # type: ignore[no-any-return]
            connector=self.library.TCPConnector(**options), trace_configs=trace_configs,
            timeout=self.library.ClientTimeout(total=total, sock_connect=None),
            cookie_jar=self.library.DummyCookieJar(),
        )  # fmt: skip


def _body(request: Request) -> Any:
    return dict(request.form) if request.form is not None else request.content


def _kind(error: BaseException) -> str:
    """In one word why there is no answer."""
    if getattr(error, "errno", None) in _OURS:
        return f"driver: {error}"
    names = {type(each).__name__ for each in (error, getattr(error, "os_error", None), error.__cause__)}
    if "ConnectionRefusedError" in names:
        return "refused"
    if names & {"ServerDisconnectedError", "ConnectionResetError", "ClientPayloadError", "BrokenPipeError",
                "ClientOSError", "ClientConnectionResetError", "ConnectionAbortedError"}:  # fmt: skip
        return "reset"
    return "timeout" if "TimeoutError" in names else type(error).__name__


@contextlib.contextmanager
def _files(plan: Plan) -> Iterator[None]:
    """Room for a connection for each user: many systems start a process with room for 1,024 files or less."""
    needed = plan.users + SPARE_FILES + round(plan.rate)
    try:
        import resource  # noqa: PLC0415 - not on Windows, which has no such limit
    except ImportError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise Unavailable(
                f"{plan.users} users need {needed} open files, and this process may have {hard}: ulimit -n"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
