"""A TCP proxy that stands between the system and what it depends on, and misbehaves when told to.

No mock: the system's own client meets a real refused connection, a real silence. It runs in a thread of its own, so it
works beside any framework and in steps that know nothing of asyncio.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Coroutine, Mapping
from typing import Any, Literal

Fault = Literal["ok", "down", "slow", "hang", "drop"]
FAULTS: tuple[Fault, ...] = ("ok", "down", "slow", "hang", "drop")
WHOLE = 100.0
CHUNK = 64 * 1024
PATIENCE = 10.0


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset, where a plain close would look like a polite goodbye."""
    with contextlib.suppress(OSError):
        at_once = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


class _Pipe:
    """One connection, in both directions."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.reader, self.writer = reader, writer
        self.cut = asyncio.Event()
        self.held = False
        self.asked = True  # a server may speak first, as SMTP does
        self.counted = True

    async def run(self) -> None:
        try:
            upstream = await asyncio.open_connection(*self.proxy.upstream)
        except OSError:
            _reset(self.writer)
            return
        tasks = [
            asyncio.ensure_future(self._pump(self.reader, upstream[1], answers=False)),
            asyncio.ensure_future(self._pump(upstream[0], self.writer, answers=True)),
        ]
        tasks.append(asyncio.ensure_future(self._watch(tasks[:])))
        try:
            await tasks[-1]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            upstream[1].close()
            # A cut connection is reset, not closed: that is what an outage looks like.
            _reset(self.writer) if self.cut.is_set() else self.writer.close()

    async def _watch(self, pumps: list[asyncio.Task[None]]) -> None:
        """Until both directions have ended, or the connection is cut."""
        cut = asyncio.ensure_future(self.cut.wait())
        while any(not pump.done() for pump in pumps) and not self.cut.is_set():
            waiting: list[asyncio.Future[Any]] = [cut, *(pump for pump in pumps if not pump.done())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        cut.cancel()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await self._hold(answers=answers)
                sink.write(data)
                await sink.drain()
            sink.write_eof()

    async def _hold(self, *, answers: bool) -> None:
        if not answers and not self.counted:
            self.counted = True
            self.proxy.connections += 1
        if self.proxy.fault == "hang":
            self.held = True
            await self.cut.wait()
            raise ConnectionAbortedError
        if not answers:
            self.asked = True
        elif self.asked:
            self.asked = False
            if self.proxy.fault == "slow":
                await asyncio.sleep(self.proxy.seconds)


class FaultProxy:
    """Passes a TCP connection on to `upstream`, or does not.

    Attributes:
        port: Where it listens, on 127.0.0.1: point the system here instead of at the dependency.
        fault: `ok`; `down` (connections are refused), `slow` (each answer begins `seconds` late), `hang` (nothing is
            ever answered) or `drop` (`percent` of the connections are reset, spread evenly and not by chance).
        connections: How many connections the dependency was asked over since the last change of fault: new ones, and
            those from before that were used again. Nobody can count those that are refused because it is `down`.
    """

    host = "127.0.0.1"

    def __init__(self, upstream: tuple[str, int], port: int = 0) -> None:
        self.upstream = upstream
        self.fault: Fault = "ok"
        self.seconds = 0.0
        self.percent = 0.0
        self.connections = 0
        self._due = 0.0
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._reserved = self._bound(port)
        self.port: int = self._reserved.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"fault proxy {self.port}", daemon=True)
        self._thread.start()
        self._call(self._listen())

    def set(self, fault: Fault, *, seconds: float = 0.0, percent: float = 0.0) -> None:
        """Change what it does, also to the connections that are there.

        Raises:
            ValueError: If there is no such fault.
        """
        if fault not in FAULTS:
            raise ValueError(f"no fault {fault!r}; there are: {', '.join(FAULTS)}")
        if not 0 <= percent <= WHOLE or seconds < 0:
            raise ValueError("a fault has between 0 and 100 percent, and no negative seconds")
        self._call(self._change(fault, seconds, percent))

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._loop.is_closed():
            return
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self._reserved.close()

    def _bound(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((self.host, port))
        return bound

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, sock=self._reserved, backlog=1024)

    async def _change(self, fault: Fault, seconds: float, percent: float) -> None:
        self.fault, self.seconds, self.percent = fault, seconds, percent
        self.connections, self._due = 0, 0.0
        for pipe in list(self._pipes):
            pipe.counted = False
            # What was never answered stays unanswered, also after the fault.
            if fault == "down" or pipe.held or (fault == "drop" and self._drops()):
                pipe.cut.set()
        if fault == "down" and self._server is not None:
            self._server.close()
            self._server = None
            # Bound but not listening: refused, and the port stays ours.
            self._reserved = self._bound(self.port)
        elif fault != "down" and self._server is None:
            await self._listen()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for pipe in list(self._pipes):
            pipe.cut.set()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.fault == "drop" and self._drops():
            _reset(writer)
            return
        pipe = _Pipe(self, reader, writer)
        task = asyncio.current_task()
        self._pipes.add(pipe)
        if task is not None:
            self._tasks.add(task)
        try:
            await pipe.run()
        finally:
            self._pipes.discard(pipe)
            if task is not None:
                self._tasks.discard(task)

    def _drops(self) -> bool:
        self._due += self.percent
        if self._due < WHOLE:
            return False
        self._due -= WHOLE
        return True


class ProxyFaults:
    """The port `jetty_faults` for dependencies that the system reaches through a `FaultProxy`.

    Example:
        `ProxyFaults({"mail server": proxy})`
    """

    def __init__(self, proxies: Mapping[str, FaultProxy]) -> None:
        self.proxies = dict(proxies)

    def break_(self, dependency: str, fault: str, **details: Any) -> None:
        """Break a dependency.

        Raises:
            KeyError: If there is no proxy for it.
            ValueError: If a proxy has no such fault.
        """
        proxy = self._proxy(dependency)
        known: dict[str, Fault] = {each: each for each in FAULTS}
        if fault not in known:
            raise ValueError(f"a proxy cannot make {fault!r}; it can make: {', '.join(FAULTS)}")
        proxy.set(known[fault], seconds=float(details.get("seconds", 0)), percent=float(details.get("percent", 0)))

    def restore(self) -> None:
        """Mend everything."""
        for proxy in self.proxies.values():
            proxy.set("ok")

    def calls(self, dependency: str) -> int | None:
        """Over how many connections the dependency was asked since it was broken; None where it refuses them all."""
        proxy = self._proxy(dependency)
        return None if proxy.fault == "down" else proxy.connections

    def _proxy(self, dependency: str) -> FaultProxy:
        if dependency not in self.proxies:
            raise KeyError(f"no proxy for `{dependency}`; there are: {', '.join(self.proxies) or 'none'}")
        return self.proxies[dependency]
