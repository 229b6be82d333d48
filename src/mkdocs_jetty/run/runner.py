"""From Spec to Results: what is to run is dealt to child processes, and what they say is put together.

A child that dies or hangs costs the scenario it was in; the rest runs in a fresh child. That ends, because every child
either settles a scenario or is the last of its group. Whatever happens, each scenario of the spec has a result.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mkdocs_jetty.run import narrow
from mkdocs_jetty.run.child import Child, CommandBuilder, Ending, pytest_command
from mkdocs_jetty.run.collect import Collector
from mkdocs_jetty.run.events import CANNOT_TELL
from mkdocs_jetty.run.imported import with_imported
from mkdocs_jetty.run.model import Cause, Results, ScenarioResult, StepDefinition, together
from mkdocs_jetty.run.retries import Retries
from mkdocs_jetty.run.reuse import Plan
from mkdocs_jetty.run.scrub import Scrubber
from mkdocs_jetty.run.selection import chosen
from mkdocs_jetty.run.standby import Standby
from mkdocs_jetty.run.tally import UNREACHED, Tally
from mkdocs_jetty.run.watchdog import Watchdog
from mkdocs_jetty.spec.model import Problem, Scenario, Spec

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings

SCENARIOS_PER_WORKER = 200
"""Below this, one more process costs more than it saves."""
_SHOWN_LINES = 30
_FILE_LINE = re.compile(r'File "(?P<quoted>[^"\n]+)", line (?P<number>\d+)|(?P<bare>[^\s:"\']+):(?P<line>\d+)\b')
_OUT_OF_MEMORY = re.compile(
    r"MemoryError|[Cc]annot allocate memory|failed to map segment|can't start new thread"
    # What CPython says where it could not even make the exception.
    r"|SystemError: .*without (?:setting an exception|exception set)"
)
_REFUSED = re.compile(r"^\s*inifile: (?P<ini>.+?)\s*$", re.MULTILINE)

OnResult = Callable[[str, ScenarioResult], None]
Pages = dict[str, list[Scenario]]


@dataclass(frozen=True)
class _Noted:
    """What the workers of one run have noted beside the results."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    definitions: list[StepDefinition] = field(default_factory=list)

    def take(self, collector: Collector) -> None:
        """Add what one child has told."""
        self.read.update(collector.read)
        self.written.update(collector.written)
        self.definitions.extend(collector.definitions)


@dataclass
class _Run:
    """What the workers of one run share."""

    spec: Spec
    settings: Settings
    directory: Path
    command: CommandBuilder
    scrub: Scrubber
    deadline: float
    watchdog: Watchdog
    without_when: bool = False
    first: tuple[str, ...] = ()
    standby: Standby | None = None
    noted: _Noted = field(default_factory=_Noted)
    stop: threading.Event = field(default_factory=threading.Event)
    settled: queue.SimpleQueue[tuple[str, ScenarioResult] | None] = field(default_factory=queue.SimpleQueue)

    def child(self) -> Child:
        directory = Path(tempfile.mkdtemp(prefix="child-", dir=self.directory))
        return Child(
            self.settings, directory, self.command, watchdog=self.watchdog, without_when=self.without_when,
            first=self.first, standby=self.standby,
        )  # fmt: skip


def run(
    spec: Spec,
    settings: Settings,
    on_result: OnResult | None = None,
    *,
    command: CommandBuilder = pytest_command,
    without_when: bool = False,
    only: Collection[str] | None = None,
    plan: Plan | None = None,
    standby: Standby | None = None,
) -> Results:
    """Run what the settings select, and tell of each scenario as it ends; the user's code cannot make it raise.

    Args:
        spec: What there is.
        settings: The project's settings.
        on_result: Told of each scenario as it ends.
        command: What starts a child.
        without_when: Whether the When steps are left out.
        only: The ids of the scenarios to run of those that the settings select; None for all of them.
        plan: What need not run because an earlier result still holds, and what is to run first.
        standby: Processes that wait for a run, for the command that is the default alone.
    """
    plan = plan or Plan()
    started = time.monotonic()
    if without_when:
        spec = narrow.without_when(spec)
    if not settings.execute:
        nothing = Results({s.id: _not_run(s, s.defect or "execute-off") for _, s in spec.scenarios()}, executed=False)
        return with_imported(spec, nothing, settings.root, settings.results, config_file=settings.config_file)
    results, pages, problems = _select(spec, settings, only, plan)
    noted = _Noted()
    interrupted = False
    if pages:
        try:
            directory = Path(tempfile.mkdtemp(prefix="jetty-"))
        except OSError as error:
            return Results(
                {s.id: _not_run(s, s.defect or "not-reached") for _, s in spec.scenarios()}, (_no_room(error),)
            )
        try:
            scrub = Scrubber(settings.root, (directory,))
            tell = _as_counted(spec, on_result) if on_result else None
            with Watchdog() as watchdog:
                deadline = started + settings.run_timeout
                shared = _Run(
                    spec,
                    settings,
                    directory,
                    command,
                    scrub,
                    deadline,
                    watchdog,
                    without_when,
                    plan.first,
                    standby,
                    noted,
                )
                interrupted = _run_groups(shared, _deal(pages, settings.concurrency), results, problems, tell)
                interrupted = interrupted or _retry(shared, pages, results, problems, tell)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    for _, scenario in spec.scenarios():
        results.setdefault(scenario.id, _not_run(scenario, "not-reached"))
    problems += _all_left_out([results[scenario.id] for each in pages.values() for scenario in each])
    ordered = {scenario.id: results[scenario.id] for _, scenario in spec.scenarios()}
    distinct = tuple(dict.fromkeys(problems))
    took = time.monotonic() - started
    here = Results(
        ordered, distinct, took, interrupted=interrupted, read=frozenset(noted.read), written=frozenset(noted.written),
        definitions=together(noted.definitions),
    )  # fmt: skip
    return with_imported(spec, here, settings.root, settings.results, config_file=settings.config_file)


def _all_left_out(found: Sequence[ScenarioResult]) -> list[Problem]:
    """A problem, where pytest was to run scenarios and the project's own configuration of it selects none."""
    if not found or any(result.cause != "not-selected" for result in found):
        return []
    return [Problem("error", "", None, None, f"every scenario is {found[0].message}; so nothing runs")]


def _not_run(scenario: Scenario, cause: Cause) -> ScenarioResult:
    return ScenarioResult("unknown", cause, (UNREACHED,) * len(scenario.steps))


def _as_counted(spec: Spec, on_result: OnResult) -> OnResult:
    """Tell of each scenario as it will count: one that is known red and passes is a failure."""
    wip = {scenario.id for _, scenario in spec.scenarios() if scenario.wip}

    def tell(scenario_id: str, result: ScenarioResult) -> None:
        if result.status == "passed" and scenario_id in wip:
            result = replace(result, status="failed", cause="wip-passed")
        on_result(scenario_id, result)

    return tell


def _select(
    spec: Spec, settings: Settings, only: Collection[str] | None, plan: Plan
) -> tuple[dict[str, ScenarioResult], Pages, list[Problem]]:
    """Part what cannot or shall not run from what will, by page."""
    results: dict[str, ScenarioResult] = {}
    pages: Pages = {}
    wanted, problems = chosen(spec, settings)
    if wanted is None:
        return results, pages, problems
    for feature, scenario in spec.scenarios():
        if scenario.defect:
            results[scenario.id] = _not_run(scenario, scenario.defect)
        elif scenario.id not in wanted or (only is not None and scenario.id not in only):
            results[scenario.id] = _not_run(scenario, "not-selected")
        elif scenario.id in plan.held:
            results[scenario.id] = plan.held[scenario.id]
        else:
            pages.setdefault(feature.page, []).append(scenario)
    return results, pages, problems


def _deal(pages: Pages, concurrency: int | str) -> list[Pages]:
    """Deal whole pages into groups of about the same number of scenarios."""
    total = sum(map(len, pages.values()))
    if isinstance(concurrency, int):
        wanted = concurrency
    else:
        wanted = min(os.cpu_count() or 1, max(1, total // SCENARIOS_PER_WORKER))
    sizes = [0] * max(1, min(wanted, len(pages)))
    place: dict[str, int] = {}
    for page in sorted(pages, key=lambda page: -len(pages[page])):
        place[page] = sizes.index(min(sizes))
        sizes[place[page]] += len(pages[page])
    return [{page: pages[page] for page in pages if place[page] == group} for group in range(len(sizes))]


def _run_groups(
    shared: _Run,
    groups: list[Pages],
    results: dict[str, ScenarioResult],
    problems: list[Problem],
    on_result: OnResult | None,
) -> bool:
    """Run the groups at the same time, and hand on their results in this thread; true when interrupted."""
    interrupted = False
    with ThreadPoolExecutor(len(groups), "jetty") as pool, _terminable(), contextlib.ExitStack() as stack:
        # Said before the pool waits for its workers, however this ends.
        stack.callback(shared.stop.set)
        futures = [pool.submit(_run_group, shared, pages) for pages in groups]
        try:
            for future in futures:
                future.add_done_callback(lambda _: shared.settled.put(None))
            for scenario_id, result in _settled(shared, len(futures)):
                results[scenario_id] = result
                if on_result:
                    on_result(scenario_id, result)
        except KeyboardInterrupt:
            interrupted = True
        shared.stop.set()
        for future in futures:
            problems.extend(future.result())
    while not shared.settled.empty():
        if (late := shared.settled.get()) is not None:
            results[late[0]] = late[1]
    return interrupted


def _retry(
    shared: _Run,
    pages: Pages,
    results: dict[str, ScenarioResult],
    problems: list[Problem],
    on_result: OnResult | None,
) -> bool:
    """Run what failed again, as often as the settings say; true when interrupted."""
    retries = Retries(results)
    for _ in range(shared.settings.retries):
        due = retries.due(pages)
        if not due or time.monotonic() > shared.deadline:
            break
        fresh = replace(shared, stop=threading.Event(), settled=queue.SimpleQueue())
        again: dict[str, ScenarioResult] = {}
        interrupted = _run_groups(fresh, _deal(due, shared.settings.concurrency), again, problems, None)
        for scenario_id, result in again.items():
            if retries.take(scenario_id, result) and on_result:
                on_result(scenario_id, results[scenario_id])
        if interrupted:
            return True
    return False


def _settled(shared: _Run, workers: int) -> Iterator[tuple[str, ScenarioResult]]:
    while workers:
        # With a time limit, because a wait without one cannot be interrupted on Windows.
        with contextlib.suppress(queue.Empty):
            item = shared.settled.get(timeout=0.5)
            if item is None:
                workers -= 1
            else:
                yield item


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack, so that no child outlives us; what the host minds, leave alone."""
    signals = [signal.SIGTERM] if sys.platform == "win32" else [signal.SIGTERM, signal.SIGHUP]
    main = threading.current_thread() is threading.main_thread()
    ours = [each for each in signals if main and signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, _terminate)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


def _terminate(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _run_group(shared: _Run, pages: Pages) -> list[Problem]:
    """Run the scenarios of some pages in one child after another, until each is settled or none can be."""
    scenarios = {s.id: s for scenarios in pages.values() for s in scenarios}
    tally = Tally(scenarios, lambda scenario_id, result: shared.settled.put((scenario_id, result)))
    work = narrow.on_pages(shared.spec, pages.keys())
    problems: list[Problem] = []
    while tally.left and not shared.stop.is_set():
        collector = Collector(tally, shared.scrub)
        try:
            ending = shared.child().run(work, collector, shared.deadline, shared.stop)
        except OSError as error:
            problems.append(_no_room(error))
            break
        _settle_running(collector, ending, shared.settings)
        collector.leave_out()
        shared.noted.take(collector)
        said = _starved(collector, ending, shared.settings) or collector.problems
        problems += said
        problems += _remarks(ending, collector)
        if ending.why == "stopped":
            break
        if ending.returncode == CANNOT_TELL and not collector.finished:
            problems.append(_no_room(None))
            break
        if ending.why == "deadline":
            problems.append(_out_of_time(shared.settings))
            break
        if tally.left and not collector.settled:
            if not any(problem.level == "error" for problem in said):
                problems.append(_nothing_started(len(tally.left), ending, shared))
            break
    tally.close()
    return problems


def _settle_running(collector: Collector, ending: Ending, settings: Settings) -> None:
    if ending.why == "stopped":
        collector.abandon("interrupted")
    elif ending.why == "deadline":
        collector.abandon(f"stopped, because the run had taken {settings.run_timeout:g} s (run_timeout)")
    elif ending.why == "timeout":
        collector.fail("timeout", f"timed out after {settings.timeout:g} s")
    elif ending.why == "lingered" or (collector.finished and (ending.returncode or 0) >= 0):
        collector.fail("crash", f"the run was ended{ending.last_words}")
    else:
        collector.fail("crash", f"{ending.words}{ending.last_words}")


def _remarks(ending: Ending, collector: Collector) -> Iterator[Problem]:
    if ending.forked:
        yield _warning("A step forked a process that went on with the run; what that copy reported was ignored.")
    if ending.why == "lingered":
        yield _warning("The run had finished but its process hung, in a thread or an exit handler, and was stopped.")
    elif ending.why == "ended" and collector.finished and ending.returncode not in range(6):
        yield _warning(f"The run had finished, then {ending.words}; the results stand.")


def _warning(message: str) -> Problem:
    return Problem("warning", "", None, None, message)


def _out_of_time(settings: Settings) -> Problem:
    message = f"The run was stopped after {settings.run_timeout:g} s (run_timeout); what was left is not run."
    return Problem("error", "", None, None, message)


def _no_room(error: OSError | None) -> Problem:
    why = f": {error.strerror or error}" if error else ", which is perhaps full"
    where = f"the temporary directory {tempfile.gettempdir()}" if tempfile.tempdir else "any temporary directory"
    message = f"The run cannot write to {where}{why}; make room, or name another by TMPDIR. What was left is not run."
    return Problem("error", "", None, None, message)


def _starved(collector: Collector, ending: Ending, settings: Settings) -> list[Problem]:
    """Name the limit where it left no memory to start a scenario with, whatever broke first for want of it."""
    limit, said = settings.memory_limit, [problem.message for problem in collector.problems]
    if not limit or collector.began or not any(map(_OUT_OF_MEMORY.search, (ending.output, *said))):
        return []
    message = f"memory_limit: {limit} (MiB) is too little even to start the run; raise it, or leave it out"
    return [Problem("error", "", None, None, message)]


def _nothing_started(lost: int, ending: Ending, shared: _Run) -> Problem:
    """Say why a child started none of its scenarios, with the end of what it printed."""
    text, limit = shared.scrub(ending.output).strip(), shared.settings.memory_limit
    page, line = _blame(text, shared.settings.root)
    shown = "\n".join(text.splitlines()[-_SHOWN_LINES:])
    count = "1 scenario was" if lost == 1 else f"{lost} scenarios were"
    # An interpreter without memory may break down in any way before it can say so.
    starved = limit and (ending.by_signal or line is None)
    hint = f"; memory_limit: {limit} (MiB) may be too little to start in" if starved else ""
    message = f"{count} never started: {ending.words}{hint}" + (f"\n{shown}" if shown else ".")
    return Problem("error", page, line, None, message)


def _blame(text: str, root: Path) -> tuple[str, int | None]:
    """Find the innermost place in the project's own files that the text names."""
    for match in reversed(list(_FILE_LINE.finditer(text))):
        path = match["quoted"] or match["bare"]
        with contextlib.suppress(OSError, ValueError):
            if not Path(path).is_absolute() and (root / path).is_file():
                return Path(path).as_posix(), int(match["number"] or match["line"])
    if refused := _REFUSED.search(text):
        return _addopts(root, refused["ini"])
    return "", None


def _addopts(root: Path, ini: str) -> tuple[str, int | None]:
    """Tell where a configuration file sets the options that pytest refused."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        for number, line in enumerate((root / ini).read_text("utf-8").splitlines(), 1):
            if line.lstrip().startswith("addopts"):
                return Path(ini).as_posix(), number
    return "", None
