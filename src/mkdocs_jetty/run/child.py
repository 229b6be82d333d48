"""One child process: started in a group of its own, watched while it runs, and gone afterwards with all it started.

The child tells what happens through a file of events. Its output goes to a file too, never to a pipe, because a
grandchild that keeps a pipe open would keep us waiting for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from mkdocs_jetty.run import launch
from mkdocs_jetty.run.job import Job
from mkdocs_jetty.run.standby import Standby, start

if TYPE_CHECKING:
    import threading

    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.run.collect import Collector, Event
    from mkdocs_jetty.run.watchdog import Watchdog
    from mkdocs_jetty.spec.model import Spec

GRACE_S = 5.0
"""How long a child that has finished may be idle before it ends."""
LONGEST_GRACE_S = 60.0
"""How long it may take in all."""
POLL_S = 0.01
OUTPUT_TAIL = 64 * 1024
WINDOWS = sys.platform == "win32"

_LAST_WORDS = re.compile(
    r"^INTERNALERROR> (?P<error>[\w.]+: .+)$"  # a plugin that raised where pytest expects nothing to be raised
    r"|^\++ (?P<timeout>Timeout) \++$",  # pytest-timeout, before it ends the process
    re.MULTILINE,
)

CommandBuilder = Callable[["Settings", Path], list[str]]
Why = Literal["ended", "timeout", "deadline", "stopped", "lingered", "unstartable"]


@dataclass(frozen=True)
class Ending:
    """How a child came to its end."""

    why: Why
    returncode: int | None
    output: str
    """The tail of what it printed."""
    forked: bool = False
    """Whether a copy of it went on with the run as well."""

    @property
    def by_signal(self) -> bool:
        """Whether a signal ended it."""
        return self.returncode is not None and self.returncode < 0

    @property
    def last_words(self) -> str:
        """What pytest or a plugin printed as the reason, in brackets; nothing where a signal or the code gave none."""
        found = list(_LAST_WORDS.finditer(self.output))
        if self.by_signal or not found:
            return ""
        return f" ({found[-1]['error'] or 'Timeout, says pytest-timeout'})"

    @property
    def words(self) -> str:
        """What to tell about the end of the process."""
        if self.why == "unstartable":
            return "the process could not be started"
        if self.returncode is None or self.returncode >= 0:
            return f"the process ended with exit code {self.returncode}"
        try:
            return f"the process died of {signal.Signals(-self.returncode).name}"
        except ValueError:
            return f"the process died of signal {-self.returncode}"


def pytest_command(settings: Settings, job: Path) -> list[str]:
    """Return the command that runs the scenarios of a job, undoing what in a project's options would hide some."""
    # The step modules that are there; what is not is named by whoever reads the settings.
    entries = (entry for entry in settings.steps if (settings.root / entry).exists())
    arguments = [
        *(f"--rootdir={settings.root}", f"--jetty-run={job}"),
        # A cache of its own rather than none: options such as `--lf` exist only while there is one.
        *("-o", f"cache_dir={job.parent / 'cache'}"),
        # By name, because a project or its environment may load no plugin that is not named.
        *("-p", "pytest-bdd", "-p", "jetty"),
        *("--maxfail=0", "-q"),
        # A directory or a page that cannot be collected loses its own scenarios only.
        "--continue-on-collection-errors",
        *(str(settings.root / entry) for entry in entries if Path(entry).name != "conftest.py"),
    ]
    return launch.command(str(settings.root), arguments)


class Child:
    """A child process with one job, from its start to its end."""

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        command: CommandBuilder = pytest_command,
        *,
        watchdog: Watchdog,
        without_when: bool = False,
        first: tuple[str, ...] = (),
        standby: Standby | None = None,
    ) -> None:
        self._settings = settings
        self._watchdog = watchdog
        self._without_when = without_when
        self._first = first
        self._standby = standby
        self._events = directory / "events.ndjson"
        self._output = directory / "output.txt"
        self._job = directory / "job.json"
        self._command = command
        self._forked = False

    def run(self, work: Spec, collector: Collector, deadline: float, stop: threading.Event) -> Ending:
        """Run what the collector lacks to the end, whichever it is; it has had every event when this returns."""
        self._write_job(work, collector)
        try:
            process = self._start()
        except OSError as error:
            return Ending("unstartable", None, str(error))
        self._watchdog.watch(process.pid)
        try:
            with self._events.open("rb") as stream:
                tail = _tail(stream)
                why = self._watch(process, tail, collector, deadline, stop)
                late = collector.running
                _end(process)
                self._take(process, tail, collector)
                if why == "timeout" and collector.running != late:
                    # It ended after all, between the verdict and the kill; what began since is not to blame.
                    collector.forget()
        finally:
            _end(process)
            self._watchdog.release(process.pid)
        return Ending(why, process.returncode, _last(self._output), self._forked)

    def _write_job(self, work: Spec, collector: Collector) -> None:
        settings = self._settings
        job = Job(
            root=str(settings.root),
            steps=settings.steps,
            ambiguous=settings.ambiguous,
            features=work.features,
            pages={page.path: page.steps for page in work.pages},
            ids=tuple(collector.tally.left),
            first=tuple(id_ for id_ in self._first if id_ in collector.tally.left),
            settled=collector.tally.settled_rows,
            events=str(self._events),
            # "auto" is for the host to decide; undecided means off, because a site may be public.
            output=settings.show_output is True,
            memory_limit=settings.memory_limit,
            without_when=self._without_when,
            parent=os.getpid(),
        )
        self._events.touch()
        job.write(self._job)

    def _start(self) -> subprocess.Popen[bytes]:
        command = self._command(self._settings, self._job)
        with self._output.open("wb") as output:
            waiting = self._standby.take(launch.arguments_of(command), self._output) if self._standby else None
            return waiting or start(command, self._settings.root, stdin=subprocess.DEVNULL, stdout=output)

    def _watch(
        self,
        process: subprocess.Popen[bytes],
        tail: Iterator[Event | None],
        collector: Collector,
        deadline: float,
        stop: threading.Event,
    ) -> Why:
        patience = _Patience(process.pid)
        while True:
            # Asked before reading: what a child wrote before it died is then never missed.
            dead = _is_dead(process)
            self._take(process, tail, collector)
            if dead:
                return "ended"
            now = time.monotonic()
            if collector.finished:
                if patience.ended(now):
                    return "lingered"
            elif collector.running and collector.running_for > self._settings.timeout:
                return "timeout"
            if now > deadline:
                return "deadline"
            if stop.wait(POLL_S):
                return "stopped"

    def _take(self, process: subprocess.Popen[bytes], tail: Iterator[Event | None], collector: Collector) -> None:
        for event in iter(lambda: next(tail), None):
            # A virtual environment's python.exe on Windows is a launcher: the events come from its child.
            if WINDOWS or event.get("pid") == process.pid or event.get("e") == "forked":
                collector.feed(event)
            else:
                self._forked = True


class _Patience:
    """How long to wait for a process that said that it has finished: while it works, a slow machine is no hang."""

    def __init__(self, pid: int) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._first: float | None = None
        self._last = 0.0
        self._spent: list[str] = []

    def ended(self, now: float) -> bool:
        """Tell whether it has had its time, asked again and again from its finish on."""
        self._first = self._first or now
        spent = self._cpu_time()
        if spent != self._spent or not self._last:
            self._spent, self._last = spent, now
        return now - self._last > GRACE_S or now - self._first > LONGEST_GRACE_S

    def _cpu_time(self) -> list[str]:
        """Return what it has used of the processor; where nothing tells, it counts as idle."""
        try:
            return self._stat.read_text("ascii", "replace").rpartition(")")[2].split()[11:13]
        except OSError:
            return []


def _tail(stream: IO[bytes]) -> Iterator[Event | None]:
    """Yield each event as its line is complete, and None whenever there is nothing more for now."""
    rest: list[bytes] = []
    while True:
        chunk = stream.read(1 << 20)
        if not chunk:
            yield None
            continue
        *lines, partial = chunk.split(b"\n")
        for line in lines:
            event = _event(b"".join((*rest, line)))
            rest.clear()
            if event is not None:
                yield event
        rest.append(partial)


def _event(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _is_dead(process: subprocess.Popen[bytes]) -> bool:
    if sys.platform in ("win32", "darwin"):
        return process.poll() is not None
    # Left unreaped, its number stays taken: killing the group later cannot hit a stranger.
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        return process.returncode is not None or os.waitid(os.P_PID, process.pid, flags) is not None
    except ChildProcessError:  # a host that ignores SIGCHLD has the kernel reap
        return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process and its group, and wait for it."""
    if process.returncode is not None and not WINDOWS and sys.platform != "darwin":
        return
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], check=False, capture_output=True)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - OUTPUT_TAIL))
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        return f"(its output could not be read: {error.strerror})"
