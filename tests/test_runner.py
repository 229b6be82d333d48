"""The parent's side of a run, against real child processes that misbehave in every way a step can."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from mkdocs_jetty.run import child, watchdog
from mkdocs_jetty.run.collect import Collector
from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.run.retries import Retries
from mkdocs_jetty.run.runner import OnResult, _deal, run
from mkdocs_jetty.run.scrub import LIMIT, Scrubber
from mkdocs_jetty.run.tally import Tally
from mkdocs_jetty.spec.model import Feature, Scenario, Spec, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs_jetty.run.model import Results


PRELUDE = """
import ctypes, json, os, signal, subprocess, sys, threading, time
job = json.load(open(sys.argv[1]))
stream = open(job["events"], "a")
def say(e, pid=None, **fields):
    stream.write(json.dumps({"e": e, "pid": pid or os.getpid(), **fields}) + "\\n")
    stream.flush()
def begin(id):
    say("scenario", id=id)
    say("step-start", id=id, index=0)
def succeed(id, pid=None, steps=2):
    say("scenario", pid, id=id)
    for index in range(steps):
        say("step-start", pid, id=id, index=index)
        say("step", pid, id=id, index=index, status="passed", duration_ms=1, definition="features/a.py:1")
    say("end", pid, id=id, status="passed", duration_ms=2, cause=None, message=None, output=None)
say("start")
"""
ALL = """
for id in job["ids"]:
    if id == "f/b":
        misbehave()
    else:
        succeed(id)
say("finish", exitstatus=0)
"""


@dataclass(frozen=True)
class FakeSettings:
    root: Path
    config_file: Path | None = None
    execute: bool = True
    tags: str = ""
    results: tuple[str, ...] = ()
    timeout: float = 20
    run_timeout: float = 30
    memory_limit: int | None = None
    concurrency: int | str = 1
    retries: int = 0
    show_output: bool | str = "auto"
    steps: tuple[str, ...] = ("features",)
    ambiguous: str = "error"
    unpublished: tuple[str, ...] = ()


def scenario(name: str, feature: str = "f", **fields: object) -> Scenario:
    steps = (Step("Given", "given", "a start", 2), Step("When", "when", "it goes", 3))
    return Scenario(f"{feature}/{name}", name, "Scenario", "speed", fields.pop("tags", ()), 1, steps, **fields)


def spec(*scenarios: Scenario, page: str = "docs/f.md") -> Spec:
    return Spec((Feature("f", "F", page, 1, scenarios or tuple(map(scenario, "abc"))),))


def survivors(groups: list[int]) -> list[str]:
    """List the processes of these groups; one that only waits to be reaped by init is gone already."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], check=True, capture_output=True, text=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    return [" ".join(row) for row in rows if int(row[0]) in groups and not row[1].startswith("Z")]


class Play(Protocol):
    started: list[int]

    def __call__(
        self, body: str, of: Spec | None = None, on_result: OnResult | None = None, whole: str = ALL, **options: object
    ) -> Results: ...


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Run a spec with a child that does what a script says, and see that nothing of it survives."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr(child, "GRACE_S", 0.3)
    started: list[int] = []
    watchdogs: list[int] = []
    popen = child.subprocess.Popen

    def recording(*args: object, **options: object) -> object:
        process = popen(*args, **options)
        (watchdogs if watchdog.__file__ in args[0] else started).append(process.pid)
        return process

    monkeypatch.setattr(child.subprocess, "Popen", recording)

    def play(
        body: str, of: Spec | None = None, on_result: OnResult | None = None, whole: str = ALL, **options: object
    ) -> Results:
        script = tmp_path / "fake_child.py"
        script.write_text(PRELUDE + body + whole, encoding="utf-8")
        settings = FakeSettings(root=tmp_path, **options)
        return run(of or spec(), settings, on_result, command=lambda _, job: [sys.executable, str(script), str(job)])

    play.started = started
    yield play
    assert list(scratch.iterdir()) == []
    deadline = time.monotonic() + 3  # a killed process takes a moment to leave the process table
    while survivors(started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert survivors(started) == []


def statuses(results: Results) -> dict[str, str]:
    return {key: f"{r.status}/{r.cause}" if r.cause else r.status for key, r in results.scenarios.items()}


def misbehave(*lines: str) -> str:
    return "\n".join(["def misbehave():", "    begin('f/b')", *(f"    {line}" for line in lines)])


def test_a_good_run_has_a_result_for_every_scenario_in_the_order_of_the_spec(play: Play) -> None:
    seen: list[str] = []
    results = play("def misbehave(): succeed('f/b')\n", on_result=lambda key, _: seen.append(key))
    assert statuses(results) == {"f/a": "passed", "f/b": "passed", "f/c": "passed"}
    assert seen == ["f/a", "f/b", "f/c"]
    assert results.problems == ()
    assert results.scenarios["f/a"].steps[1].definition == "features/a.py:1"
    assert len(play.started) == 1


def test_a_known_red_scenario_that_passes_is_told_as_the_failure_it_counts_as(play: Play) -> None:
    seen: dict[str, str] = {}
    of = spec(scenario("a", tags=("@wip",)), scenario("b"))
    results = play(
        "def misbehave(): succeed('f/b')\n",
        of,
        lambda key, result: seen.update({key: f"{result.status}/{result.cause}"}),
    )
    assert seen == {"f/a": "failed/wip-passed", "f/b": "passed/None"}
    assert statuses(results) == {"f/a": "passed", "f/b": "passed"}  # the verdict is the judge's


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("os._exit(0)", "the process ended with exit code 0"),
        ("ctypes.string_at(0)", "the process died of SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "the process died of SIGKILL"),
        ("os.killpg(0, signal.SIGTERM)", "the process died of SIGTERM"),
    ],
)
def test_a_crash_costs_only_the_scenario_it_happened_in(play: Play, fault: str, what: str) -> None:
    results = play(misbehave(fault))
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/crash", "f/c": "passed"}
    crashed = results.scenarios["f/b"]
    assert [step.status for step in crashed.steps] == ["failed", "unknown"]
    assert crashed.steps[0].message == f"{what} in this step"
    assert crashed.message == f"{what} in: a start"
    assert len(play.started) == 2


def test_a_hang_costs_only_its_scenario(play: Play) -> None:
    results = play(misbehave("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "time.sleep(60)"), timeout=0.5)
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/timeout", "f/c": "passed"}
    assert results.scenarios["f/b"].steps[0].message == "timed out after 0.5 s in: a start"
    assert results.duration_s < 10


def test_ending_the_run_early_leaves_nothing_green_that_did_not_run(play: Play) -> None:
    results = play(misbehave("say('finish', exitstatus=0)", "sys.exit(0)"))
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/crash", "f/c": "passed"}


def test_an_exit_at_the_start_is_one_problem_with_the_reason(
    play: Play, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MY_API_KEY", "sesame-open-1")
    (tmp_path / "conftest.py").touch()
    results = play(f"print('sesame-open-1\\n{tmp_path}/conftest.py:3: ImportError'); sys.exit(4)\n")
    assert set(statuses(results).values()) == {"unknown/not-reached"}
    (problem,) = results.problems
    assert (problem.level, problem.page, problem.line) == ("error", "conftest.py", 3)
    assert problem.message == (
        "3 scenarios were never started: the process ended with exit code 4\n***\nconftest.py:3: ImportError"
    )
    assert len(play.started) == 1


def test_a_problem_the_child_names_itself_is_not_told_twice(play: Play) -> None:
    body = "say('problem', level='error', page='features/a.py', line=2, column=None, message='No.'); sys.exit(2)\n"
    (problem,) = play(body).problems
    assert str(problem) == "features/a.py:2: No."


def test_scenarios_that_no_child_starts_are_not_reached(play: Play) -> None:
    results = play("", whole="'f/a' in job['ids'] and succeed('f/a')\nsay('finish', exitstatus=0)\n")
    assert statuses(results) == {"f/a": "passed", "f/b": "unknown/not-reached", "f/c": "unknown/not-reached"}
    (problem,) = results.problems
    assert problem.message == "2 scenarios were never started: the process ended with exit code 0."


def test_events_of_another_process_are_ignored(play: Play) -> None:
    results = play(
        misbehave(
            "pid = os.fork()",
            "if not pid:",
            "    succeed('f/b'); succeed('f/c'); os._exit(0)",
            "os.waitpid(pid, 0)",
            "os._exit(1)",
        )
    )
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/crash", "f/c": "passed"}
    assert [problem.level for problem in results.problems] == ["warning"]


def test_broken_and_partial_lines_are_not_evidence(play: Play) -> None:
    noise = "stream.write('nonsense\\n[1]\\n' + '[' * 100000 + '\\n\\x00\\n{\"e\": [], \"pid\": %d}\\n' % os.getpid())"
    half = "stream.write(json.dumps({'e': 'end', 'pid': os.getpid(), 'id': 'f/b', 'status': 'passed'})[:-1])"
    results = play(misbehave(noise, half, "stream.flush()", "os._exit(0)"))
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/crash", "f/c": "passed"}


def test_a_line_that_comes_in_two_halves_is_one_event(play: Play) -> None:
    halves = "stream.write(line[:9]); stream.flush(); time.sleep(0.1); stream.write(line[9:] + '\\n')"
    event = "line = json.dumps({'e': 'end', 'pid': os.getpid(), 'id': 'f/b', 'status': 'failed', 'message': 'é'})"
    results = play(misbehave(event, halves))
    assert results.scenarios["f/b"].message == "é"
    assert statuses(results)["f/b"] == "failed/error"


def test_passed_without_a_pass_for_every_step_is_not_passed(play: Play) -> None:
    results = play("def misbehave(): succeed('f/b', steps=1)\n")
    assert statuses(results)["f/b"] == "unknown/inconclusive"


def test_a_second_attempt_does_not_undo_a_failure(play: Play) -> None:
    results = play(misbehave("say('end', id='f/b', status='failed', cause='assertion')", "succeed('f/b')"))
    assert statuses(results)["f/b"] == "failed/assertion"


def test_a_process_that_hangs_after_its_finish_is_stopped_with_a_warning(play: Play) -> None:
    results = play("def misbehave(): succeed('f/b')\n", whole=ALL + "time.sleep(60)\n")
    assert set(statuses(results).values()) == {"passed"}
    assert [problem.level for problem in results.problems] == ["warning"]
    assert results.duration_s < 10


def test_a_grandchild_that_keeps_the_output_open_is_killed(play: Play) -> None:
    results = play(
        misbehave("subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])", "succeed('f/b')")
    )
    assert statuses(results)["f/c"] == "passed"
    assert results.duration_s < 10


def test_the_run_timeout_stops_the_run(play: Play) -> None:
    results = play(misbehave("time.sleep(60)"), run_timeout=0.7)
    assert statuses(results) == {"f/a": "passed", "f/b": "unknown/not-reached", "f/c": "unknown/not-reached"}
    assert [problem.message for problem in results.problems] == [
        "The run was stopped after 0.7 s (run_timeout); what was left is not run."
    ]


FLAKY = """
count = pathlib.Path(__file__).with_name("count")
for id in job["ids"]:
    tried = count.read_text().split().count(id) if count.exists() else 0
    with count.open("a") as file: file.write(id + "\\n")
    if tried >= {"f/a": 0, "f/b": 2, "f/c": 9}[id]:
        succeed(id)
    else:
        begin(id)
        say("step", id=id, index=0, status="failed", message=f"try {tried + 1}")
        say("end", id=id, status="failed", cause="assertion")
say("finish")
"""


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_what_failed_runs_again_in_fresh_processes_and_a_pass_says_how_it_failed_before(
    play: Play, retries: int, tries: int
) -> None:
    seen: list[str] = []
    results = play("import pathlib\n", on_result=lambda key, _: seen.append(key), whole=FLAKY, retries=retries)
    assert len(play.started) == tries
    first, second, third = results.scenarios.values()
    assert (first.status, first.attempts) == ("passed", ())
    assert second.flaky == (retries >= 2)
    assert second.attempts == (("failed: try 1", "failed: try 2") if second.flaky else ())
    assert (third.status, third.steps[0].message, third.attempts) == ("failed", "try 1", ())
    assert seen == ["f/a", "f/b", "f/c", *(["f/b"] if second.flaky else [])]


def test_what_is_known_red_or_has_no_definition_does_not_run_again(play: Play) -> None:
    of = spec(scenario("a", tags=("@wip",)), scenario("b"))
    body = misbehave("say('end', id='f/b', status='undefined')")
    red = ALL.replace("succeed(id)", "say('scenario', id=id); say('end', id=id, status='failed')")
    results = play(body, of, whole=red, retries=3)
    assert statuses(results) == {"f/a": "failed/error", "f/b": "undefined"}
    assert len(play.started) == 1


def test_of_rows_each_counts_for_itself_when_the_scenario_runs_again() -> None:
    passed, failed = ScenarioResult("passed"), ScenarioResult("failed", "assertion", message="no")
    results = {"s": replace(failed, rows={"x": passed, "y": failed, "z": failed})}
    retries = Retries(results)
    assert retries.take("s", replace(failed, rows={"x": failed, "y": passed, "z": failed}))
    assert {name: row.status for name, row in results["s"].rows.items()} == {
        "x": "passed",
        "y": "passed",
        "z": "failed",
    }
    assert (results["s"].status, results["s"].rows["y"].attempts) == ("failed", ("failed: no",))
    assert retries.take("s", replace(passed, rows={"x": passed, "y": passed, "z": passed}))
    assert results["s"].flaky
    assert results["s"].rows["z"].attempts == ("failed: no", "failed: no")
    assert results["s"].rows["x"].attempts == ()


def test_ctrl_c_stops_the_child_and_keeps_what_is_known(play: Play) -> None:
    def interrupt(_: str, __: ScenarioResult) -> None:
        raise KeyboardInterrupt

    results = play(misbehave("time.sleep(60)"), on_result=interrupt)
    assert results.interrupted
    assert statuses(results) == {"f/a": "passed", "f/b": "unknown/not-reached", "f/c": "unknown/not-reached"}


def test_sigterm_leaves_no_child_behind(play: Play) -> None:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with pytest.raises(SystemExit):
        play(misbehave("time.sleep(60)"))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_nothing_is_spawned_where_nothing_is_to_run(play: Play) -> None:
    of = spec(scenario("a", defect="no-steps"), scenario("b", tags=("@slow",)))
    results = play("", of, tags="not @slow")
    assert statuses(results) == {"f/a": "unknown/no-steps", "f/b": "unknown/not-selected"}
    assert play.started == []


def test_execute_off_runs_nothing(play: Play) -> None:
    results = play("", execute=False)
    assert not results.executed
    assert set(statuses(results).values()) == {"unknown/execute-off"}
    assert play.started == []


def test_a_bad_tag_expression_runs_nothing_and_is_an_error(play: Play) -> None:
    results = play("", tags="@a and and")
    assert set(statuses(results).values()) == {"unknown/not-reached"}
    assert [problem.level for problem in results.problems] == ["error"]


def test_a_command_that_cannot_start_is_a_problem(tmp_path: Path) -> None:
    results = run(spec(), FakeSettings(tmp_path), command=lambda *_: [str(tmp_path / "missing")])
    assert set(statuses(results).values()) == {"unknown/not-reached"}
    assert "could not be started" in results.problems[0].message


@pytest.mark.parametrize("words", ["os._exit(74)", "begin('f/b'); os._exit(74)"])
def test_a_child_that_can_write_no_events_is_one_clear_message(play: Play, words: str) -> None:
    results = play(f"{words}\n")
    assert statuses(results)["f/a"] == "unknown/not-reached"
    (problem,) = results.problems
    assert "temporary directory" in problem.message
    assert "TMPDIR" in problem.message
    assert len(play.started) == 1


def test_a_temporary_directory_that_cannot_be_written_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    results = run(spec(), FakeSettings(tmp_path))
    assert set(statuses(results).values()) == {"unknown/not-reached"}
    assert "TMPDIR" in results.problems[0].message


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        (
            "INTERNALERROR> Traceback\nINTERNALERROR> TypeError: a marker without a number",
            "TypeError: a marker without",
        ),
        ("+++++++++++ Timeout +++++++++++\n~~ Stack of MainThread ~~", "Timeout, says pytest-timeout"),
    ],
)
def test_what_ended_a_child_is_told_in_the_words_that_it_printed(play: Play, printed: str, words: str) -> None:
    results = play(misbehave(f"print({printed!r}, flush=True)", "os._exit(3)"))
    assert statuses(results) == {"f/a": "passed", "f/b": "failed/crash", "f/c": "passed"}
    assert words in (results.scenarios["f/b"].message or "")


def test_pages_run_at_the_same_time_in_several_children(play: Play) -> None:
    features = tuple(Feature(f, f, f"docs/{f}.md", 1, (scenario("x", f), scenario("y", f))) for f in ("f", "g", "h"))
    started = time.monotonic()
    results = play("time.sleep(1)\n", Spec(features), concurrency=3)
    assert set(statuses(results).values()) == {"passed"}
    assert list(results.scenarios) == ["f/x", "f/y", "g/x", "g/y", "h/x", "h/y"]
    assert len(play.started) == 3
    assert time.monotonic() - started < 2.5


def test_pages_are_dealt_whole_and_in_balance() -> None:
    pages = {
        name: [scenario(str(n), name) for n in range(size)] for name, size in (("a", 1), ("b", 5), ("c", 2), ("d", 3))
    }
    groups = _deal(pages, 2)
    assert [list(group) for group in groups] == [["a", "b"], ["c", "d"]]
    assert len(_deal(pages, "auto")) == 1
    assert len(_deal(pages, 99)) == 4


def test_what_began_between_a_timeout_and_its_kill_is_not_to_blame() -> None:
    settled: dict[str, ScenarioResult] = {}
    collector = Collector(Tally({f"f/{n}": scenario(n) for n in "ab"}, settled.__setitem__), str)
    collector.feed({"e": "scenario", "id": "f/a"})
    collector.feed({"e": "end", "id": "f/a", "status": "failed"})
    collector.feed({"e": "scenario", "id": "f/b"})
    collector.forget()
    collector.fail("timeout", "timed out")
    assert list(settled) == ["f/a"]


def test_texts_are_scrubbed(tmp_path: Path) -> None:
    scrub = Scrubber(tmp_path, environ={"GITHUB_TOKEN": "tok-12345678", "DB_PASSWORD": "short", "HOME": "x"})
    assert scrub(f"\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link {tmp_path}/a.py:1\x00\r\n") == "red link a.py:1\n"
    assert scrub("tok-12\x1b[1m345678 short \ud800") == "*** short \ufffd"
    assert scrub("dG9rLTEyMzQ1Njc4") == "***"
    assert (
        scrub(f"{Path.home()}/x {Path.home()}stead {tmp_path}-other/a") == f"~/x {Path.home()}stead {tmp_path}-other/a"
    )


def test_a_secret_at_the_cut_is_masked_before_the_text_is_shortened(tmp_path: Path) -> None:
    scrub = Scrubber(tmp_path, environ={"TOKEN": "tok-12345678"})
    text = scrub("a" * (LIMIT // 2 - 4) + "tok-12345678" + "b" * LIMIT)
    assert "tok-" not in text
    assert "characters left out" in text
    assert len(text) < LIMIT + 50


def test_the_command_undoes_what_would_hide_scenarios(tmp_path: Path) -> None:
    (tmp_path / "features").mkdir()
    command = child.pytest_command(FakeSettings(tmp_path, steps=("features", "none")), tmp_path / "job.json")
    assert command[0] == sys.executable
    assert command[-1] == str(tmp_path / "features")
    assert f"--jetty-run={tmp_path / 'job.json'}" in command
    assert "--maxfail=0" in command


def test_the_child_is_told_its_job_and_its_environment(play: Play) -> None:
    tell = (
        "told = {'stdin': sys.stdin.read(), 'own': os.getsid(0) == os.getpid(), 'cwd': os.getcwd(), 'job': job,"
        " 'JETTY': os.environ.get('JETTY')}\n"
    )
    results = play(tell + misbehave("say('end', id='f/b', status='failed', output=json.dumps(told))"), memory_limit=512)
    told = json.loads(results.scenarios["f/b"].output or "")
    assert told["job"]["ids"] == ["f/a", "f/b", "f/c"]
    assert (told["job"]["memory_limit"], told["job"]["output"]) == (512, False)
    assert (told["stdin"], told["own"], told["JETTY"]) == ("", True, "1")
