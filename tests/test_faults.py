"""Whatever a step, a module or a project's options do: every scenario has a true result, and the run ends.

Each case is a whole project with real child processes: a scenario before the fault, the fault, and one after it.
"""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from fault_projects import FAULT, HARMLESS, PAGE, around, fault, player

if TYPE_CHECKING:
    from pathlib import Path

    from fault_projects import Play


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return player(tmp_path)


# ---- a step that misbehaves ----

STEPS = {
    "os._exit(0)": ("failed/crash", "exit code 0", ["os.write(1, b'3 passed')", "os._exit(0)"]),
    "segfault": ("failed/crash", "SIGSEGV", ["ctypes.string_at(0)"]),
    "SIGKILL": ("failed/crash", "SIGKILL", ["os.kill(os.getpid(), signal.SIGKILL)"]),
    "SIGKILL to its group": ("failed/crash", "SIGKILL", ["os.killpg(0, signal.SIGKILL)"]),
    "hang": ("failed/timeout", "timed out after 2 s", ["time.sleep(600)"]),
    "hang that swallows": (
        "failed/timeout",
        "timed out after 2 s",
        ["while True:", "    try: time.sleep(600)", "    except BaseException: pass"],
    ),
    "sys.exit": ("failed/error", "SystemExit", ["sys.exit(0)"]),
    "closed files": ("passed", "", ["os.closerange(3, 256)"]),
    "chdir": ("passed", "", ["os.chdir('/')"]),
    "environment cleared": ("passed", "", ["os.environ.clear()", "sys.path.clear()"]),
    "skip": ("skipped", "not today", ["pytest.skip('not today')"]),
    "xfail": ("skipped", "known", ["pytest.xfail('known')"]),
    "NotImplementedError": ("pending", "", ["raise NotImplementedError"]),
    "assertion": ("failed/assertion", "1 == 2", ["assert 1 == 2"]),
    "recursion": ("failed/error", "RecursionError", ["happens()"]),
    "surrogates and NUL": ("failed/error", "", [r"raise ValueError('\udc80\x00\x1b[31m')"]),
    "coroutine returned": ("failed/error", "async", ["return asyncio.sleep(0)"]),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_bad_step_spoils_its_own_scenario_only(play: Play, case: str) -> None:
    expected, words, body = STEPS[case]
    outcome = play({"features/bad.py": fault(*body)}, timeout=2)
    assert outcome.short == around(expected)
    assert words in outcome.says("fault")
    assert outcome.verdict.fails == (expected not in {"passed", "skipped"})
    assert outcome.errors == []


def test_an_exception_whose_text_cannot_be_made_is_a_failure(play: Play) -> None:
    bad = "class Bad(Exception):\n    def __str__(self): raise RuntimeError\n"
    assert play({"features/bad.py": bad + fault("raise Bad")}).short == around("failed/error")


@pytest.mark.parametrize("body", ["async def happens(): assert False", "async def happens():\n    yield 1"])
def test_an_async_step_is_refused_because_nothing_would_be_checked(play: Play, body: str) -> None:
    outcome = play({"features/bad.py": f"from pytest_bdd import when\n@when('it happens')\n{body}\n"})
    assert outcome.short == around("failed/error")
    assert "async" in outcome.says("fault")


@pytest.mark.parametrize("call", ["pytest.exit('enough', returncode=0)", "os.kill(os.getpid(), signal.SIGINT)"])
def test_a_step_that_ends_the_run_is_red_and_the_rest_runs(play: Play, call: str) -> None:
    outcome = play({"features/bad.py": fault(call, "time.sleep(1)")})
    assert outcome.short == {**around(""), "fault": outcome.short["fault"]}
    assert outcome.short["fault"].startswith("failed/")


PAGE_OF_COPIES = """\
# B

```gherkin
Scenario: next page
  Given all is well
```
"""
COPIES = {
    "goes on": ["os.fork()"],
    "goes on late": ["os.fork() or time.sleep(1)"],
    "raises": ["if not os.fork(): raise ValueError('in the copy')"],
    "exits as a program does": ["if not os.fork(): sys.exit(0)"],
    "goes on and is waited for": ["pid = os.fork()", "pid and os.waitpid(pid, 0)"],
}
COUNT = """\
from pathlib import Path
from pytest_bdd import then
def pytest_bdd_after_step(step):
    with Path("counted").open("a") as file: print(step.name, file=file)
"""


@pytest.mark.parametrize("case", COPIES)
def test_a_step_whose_copy_goes_on_is_red_and_the_copy_does_nothing_more(play: Play, tmp_path: Path, case: str) -> None:
    files = {"docs/b.md": PAGE_OF_COPIES, "conftest.py": COUNT, "features/slow.py": SLOW_STEP}
    page = PAGE.replace("Scenario: after", "Scenario: slow\n  Given it takes a while\n\nScenario: after")
    outcome = play({**files, "docs/a.md": page.format(middle=FAULT), "features/bad.py": fault(*COPIES[case])})
    assert outcome.short == {**around("failed/error"), "slow": "passed", "next page": "passed"}
    assert "forked a copy" in outcome.says("fault")
    steps = outcome.scenarios["fault"].result.steps
    assert [step.status for step in steps] == ["passed", "failed", "passed"]
    assert (tmp_path / "counted").read_text().split("\n").count("it takes a while") == 1
    assert (tmp_path / "counted").read_text().split("\n").count("it happens") == 1


SLOW_STEP = """\
import time
from pytest_bdd import given
@given("it takes a while")
def slow(): time.sleep(2)
"""


@pytest.mark.parametrize(
    "body",
    [
        ["if not os.fork(): os._exit(0)"],
        ["import multiprocessing as m", "with m.get_context('fork').Pool(2) as pool: pool.map(abs, [1, 2])"],
        ["import subprocess", "subprocess.run(['true'], preexec_fn=lambda: None, check=True)"],
    ],
    ids=["fork and _exit", "a pool", "a program"],
)
def test_a_copy_that_ends_itself_in_its_step_is_fine(play: Play, body: list[str]) -> None:
    outcome = play({"features/bad.py": fault(*body)})
    assert outcome.short == around("passed")
    assert outcome.verdict.problems == ()


def test_a_module_that_forks_while_it_is_imported_is_named(play: Play) -> None:
    outcome = play({"features/bad.py": f"import os\nos.fork()\n{HARMLESS}"})
    assert outcome.short == around("passed")
    assert any("forked a copy" in error for error in outcome.errors)


def test_a_plugin_that_takes_its_time_to_finish_is_not_told_as_a_hang(play: Play, tmp_path: Path) -> None:
    slow = """
        import time
        from pathlib import Path
        def pytest_sessionfinish():
            time.sleep(7)
            Path("report").touch()
    """
    outcome = play({"conftest.py": dedent(slow), "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert outcome.verdict.problems == ()
    assert (tmp_path / "report").exists()


def test_a_grandchild_that_keeps_the_output_open_keeps_nobody_waiting(play: Play) -> None:
    body = fault("import subprocess", "subprocess.Popen(['sleep', '60'])")
    assert play({"features/bad.py": body}).short == around("passed")


def test_a_thread_that_never_ends_does_not_hold_the_run(play: Play) -> None:
    body = fault("import threading", "threading.Thread(target=time.sleep, args=(600,)).start()")
    outcome = play({"features/bad.py": body})
    assert outcome.short == around("passed")
    assert any("hung" in str(problem) for problem in outcome.verdict.problems)


def test_an_exit_handler_does_not_undo_the_results(play: Play) -> None:
    assert play({"features/bad.py": fault("import atexit", "atexit.register(os._exit, 33)")}).short == around("passed")


def test_memory_beyond_the_limit_is_an_error_of_its_scenario(play: Play) -> None:
    outcome = play({"features/bad.py": fault("bytearray(2 << 30)")}, memory_limit=1024)
    assert outcome.short == around("failed/error")
    assert "MemoryError" in outcome.says("fault")


def test_a_memory_limit_that_nothing_can_start_in_is_named(play: Play) -> None:
    outcome = play({"features/bad.py": HARMLESS}, memory_limit=10)
    assert set(outcome.short.values()) == {"unknown/not-reached"}
    (error,) = outcome.errors
    assert "memory_limit: 10 (MiB)" in error
    assert "Traceback" not in error


def test_a_process_that_breaks_down_for_want_of_memory_names_the_limit(play: Play) -> None:
    """As an interpreter may that can allocate nothing."""
    dying = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    (error,) = play({"conftest.py": dying}, memory_limit=4000).errors
    assert "died of SIGSEGV; memory_limit: 4000 (MiB) may be too little to start in" in error
    (error,) = play({"conftest.py": dying}).errors
    assert "memory_limit" not in error


# ---- fixtures and marks ----

FIXTURE = "import pytest\nfrom pytest_bdd import when\n@pytest.fixture\ndef thing():\n{body}\n"
USE = "@when('it happens')\ndef happens(thing): pass\n"


def test_an_error_in_a_fixture_of_a_step_is_red(play: Play) -> None:
    body = FIXTURE.format(body="    raise OSError('no thing')") + USE
    outcome = play({"features/bad.py": body})
    assert outcome.short["fault"].startswith("failed/")
    assert outcome.short == around(outcome.short["fault"])
    assert "no thing" in outcome.says("fault")


@pytest.mark.parametrize("hook", ["pytest_sessionfinish", "pytest_unconfigure"])
def test_a_hook_that_fails_after_the_last_scenario_is_a_problem_of_the_run(play: Play, hook: str) -> None:
    conftest = f"def {hook}():\n    raise RuntimeError('the database is still there')\n"
    outcome = play({"features/conftest.py": conftest, "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert outcome.verdict.fails
    (error,) = outcome.errors
    assert error == (
        f"features/conftest.py:2: after the last scenario, in `{hook}`: RuntimeError: the database is still there"
    )


def test_an_error_in_setup_is_red(play: Play) -> None:
    conftest = """
        import pytest
        @pytest.fixture(autouse=True)
        def thing(request):
            if request.node.name == "fault": raise OSError("no thing")
    """
    outcome = play({"features/conftest.py": dedent(conftest), "features/bad.py": HARMLESS})
    assert outcome.short == around("failed/setup")
    assert "no thing" in outcome.says("fault")


def test_an_error_in_teardown_is_red(play: Play) -> None:
    outcome = play({"features/bad.py": FIXTURE.format(body="    yield\n    raise OSError('not gone')") + USE})
    assert outcome.short == around("failed/teardown")
    assert "not gone" in outcome.says("fault")


def tagged(tag: str) -> dict[str, str | bytes]:
    return {"docs/a.md": PAGE.format(middle=f"{tag}\n{FAULT}")}


def test_a_tag_that_the_projects_hook_turns_into_a_skip_is_grey(play: Play) -> None:
    conftest = """
        import pytest
        def pytest_bdd_apply_tag(tag, function):
            if tag == "later":
                pytest.mark.skip(reason="after the move")(function)
                return True
    """
    outcome = play({**tagged("@later"), "features/conftest.py": dedent(conftest), "features/bad.py": HARMLESS})
    assert outcome.short == around("skipped")
    assert "after the move" in outcome.says("fault")


def test_the_tag_skip_skips(play: Play) -> None:
    assert play({**tagged("@skip"), "features/bad.py": HARMLESS}).short == around("skipped")


def test_a_failure_that_the_mark_xfail_expects_is_grey_and_no_pass(play: Play) -> None:
    outcome = play({**tagged("@xfail"), "features/bad.py": fault("assert False")})
    assert outcome.short == around("skipped")
    assert not outcome.verdict.fails


# ---- modules ----


def test_a_module_with_a_syntax_error_leaves_the_others(play: Play) -> None:
    outcome = play({"features/bad.py": "from pytest_bdd import when\n\ndef broken(:\n"})
    assert outcome.short == around("undefined")
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("features/bad.py:3")
    assert "does not import: features/bad.py:3" in outcome.says("fault")


@pytest.mark.parametrize("line", ["import no_such_module", "raise SystemExit(0)"])
def test_a_conftest_beside_the_steps_that_fails_is_one_problem_with_its_place(play: Play, line: str) -> None:
    outcome = play({"features/conftest.py": f"import os\n{line}\n", "features/bad.py": HARMLESS})
    assert set(outcome.short.values()) <= {"undefined", "unknown/not-reached"}  # as in pytest, nothing beside it runs
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("features/conftest.py:2: ")
    assert outcome.verdict.fails


def test_a_conftest_beside_the_pages_that_fails_is_one_problem_with_its_place(play: Play) -> None:
    outcome = play({"docs/conftest.py": "import os\nimport no_such_module\n", "features/bad.py": HARMLESS})
    assert set(outcome.short) == {"before", "fault", "after"}
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("docs/conftest.py:2: ")
    assert "no_such_module" in outcome.errors[0]
    assert outcome.verdict.fails


def test_a_conftest_that_fails_spoils_the_pages_below_it_only(play: Play) -> None:
    below = "# B\n\n```gherkin\nScenario: below\n  Given all is well\n```\n"
    files = {"docs/sub/b.md": below, "docs/sub/conftest.py": "import no_such_module\n"}
    outcome = play({**files, "features/bad.py": HARMLESS})
    assert outcome.short == {**around("passed"), "below": "unknown/not-reached"}
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("docs/sub/conftest.py:1: this `conftest.py` does not import")


def test_a_module_that_ends_the_process_at_import_makes_all_red(play: Play) -> None:
    outcome = play({"features/bad.py": "import os\nos._exit(0)\n"})
    assert set(outcome.short.values()) == {"unknown/not-reached"}
    assert len(outcome.errors) == 1
    assert "exit code 0" in outcome.errors[0]
    assert outcome.verdict.fails


def test_a_missing_steps_directory_leaves_the_steps_undefined(play: Play) -> None:
    outcome = play({"mkdocs.yml": "plugins:\n  - jetty:\n      steps: nowhere\n"})
    assert set(outcome.short.values()) == {"undefined"}


def test_a_test_module_that_binds_its_own_scenarios_is_a_source_of_steps(play: Play) -> None:
    feature = "Feature: Other\n  Scenario: own\n    Given all is well\n"
    module = f"from pytest_bdd import scenarios\nscenarios('x.feature')\n{HARMLESS}"
    assert play({"features/x.feature": feature, "features/test_x.py": module}).short == around("passed")


# ---- a project's own options ----

OPTIONS = [
    "-x --maxfail=1 -v --capture=no",
    "-n auto --dist=loadfile",
    "-p no:xdist",
    "--collect-only --lf --sw --ignore=docs",
    "-p no:terminal",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_options_of_the_project_hide_no_scenario(play: Play, options: str) -> None:
    ini = f"[pytest]\naddopts = {options}\n"
    outcome = play({"pytest.ini": ini, "features/bad.py": fault("assert False")})
    assert outcome.short == around("failed/assertion")


@pytest.mark.parametrize("options", ["-k 'not fault'", "--deselect=docs/a.md::fault"])
def test_what_the_project_deselects_is_said_to_be_left_out(play: Play, options: str) -> None:
    ini = f"[pytest]\naddopts = {options}\n"
    outcome = play({"pytest.ini": ini, "features/bad.py": fault("assert False")})
    assert outcome.short == around("unknown/not-selected")
    assert outcome.errors == []


def test_where_the_project_deselects_everything_nothing_is_well(play: Play) -> None:
    outcome = play({"pytest.ini": "[pytest]\naddopts = -m nothing\n", "features/bad.py": fault("assert False")})
    assert set(outcome.short.values()) == {"unknown/not-selected"}
    (error,) = outcome.errors
    assert error == (
        'every scenario is left out by the project\'s own configuration of pytest: `-m "nothing"`; so nothing runs'
    )


def test_assertions_hold_whatever_the_environment_says(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    files = {"helper/__init__.py": "def must(value): assert value, 'no'\n", "conftest.py": ""}
    outcome = play({**files, "features/bad.py": fault("from helper import must", "must(False)")})
    assert outcome.short == around("failed/assertion")


@pytest.mark.parametrize(
    ("variables", "addopts"),
    [({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, ""), ({}, "-p no:jetty")],
)
def test_environments_that_hinder_pytest_hinder_no_run(
    play: Play, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], addopts: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ini = f"[pytest]\naddopts = {addopts}\n"
    page = "# Café\n\n```gherkin\nScenario: déjà vu\n  Given all is well\n```\n"
    outcome = play({"pytest.ini": ini, "docs/b.md": page, "features/bad.py": HARMLESS})
    assert outcome.short == {**around("passed"), "déjà vu": "passed"}
    assert outcome.errors == []


def test_strict_markers_have_nothing_against_tags(play: Play) -> None:
    ini = "[pytest]\naddopts = --strict-markers --strict-config\n"
    outcome = play({"pytest.ini": ini, **tagged("@slow @owner:me"), "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")


def test_options_that_pytest_refuses_are_one_problem(play: Play) -> None:
    outcome = play({"pytest.ini": "[pytest]\naddopts = --no-such-option\n", "features/bad.py": HARMLESS})
    assert set(outcome.short.values()) == {"unknown/not-reached"}
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("pytest.ini:2: ")
    assert "--no-such-option" in outcome.errors[0]


# ---- pages ----


def test_scenarios_of_one_name_both_run(play: Play) -> None:
    middle = "Scenario: before\n  When it happens"
    outcome = play({"docs/a.md": PAGE.format(middle=middle), "features/bad.py": fault("assert False")})
    assert sorted(outcome.short.values()) == ["failed/assertion", "passed", "passed"]


def test_a_scenario_without_steps_is_never_green(play: Play) -> None:
    outcome = play({"docs/a.md": PAGE.format(middle="Scenario: fault")})
    assert outcome.short == around("unknown/no-steps")
    assert outcome.verdict.fails


def test_a_misspelt_keyword_is_never_green(play: Play) -> None:
    outcome = play({"docs/a.md": PAGE.format(middle="Scenario: fault\n  Givn all is well")})
    assert outcome.short == around("unknown/no-steps")


def test_an_outline_without_rows_is_never_green(play: Play) -> None:
    middle = "Scenario Outline: fault\n  Given all is <how>\n\n  Examples:\n    | how |"
    outcome = play({"docs/a.md": PAGE.format(middle=middle)})
    assert outcome.short == around("unknown/no-rows")
    assert outcome.verdict.fails


@pytest.mark.parametrize("content", ["# Café".encode("latin-1"), "# A\n".encode("utf-16")])
def test_a_page_that_is_not_utf8_spoils_itself_only(play: Play, content: bytes) -> None:
    outcome = play({"docs/b.md": content, "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert len(outcome.errors) == 1
    assert outcome.errors[0].startswith("docs/b.md:1: ")


def test_gherkin_that_does_not_parse_spoils_its_block_only(play: Play) -> None:
    page = "# B\n\n```gherkin\nScenario: other\n  Given a\n    | x | y |\n    | z |\n```\n"
    outcome = play({"docs/b.md": page, "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert any(error.startswith("docs/b.md:7:") for error in outcome.errors)


@pytest.mark.parametrize(
    "page", ["\ufeff" + PAGE.format(middle=FAULT), PAGE.format(middle=FAULT).replace("\n", "\r\n")]
)
def test_a_bom_and_windows_lines_change_nothing(play: Play, page: str) -> None:
    outcome = play({"docs/a.md": page, "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert [judged.scenario.line for judged in outcome.scenarios.values()] == [4, 7, 12]


# ---- which definition serves a step ----


def defines(text: str, value: str) -> str:
    return f"from pytest_bdd import when\n@when({text!r})\ndef happens(): {value}\n"


RED, GREEN = "assert False", "pass"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"docs/conftest.py": GREEN, "features/bad.py": RED}, "passed"),
        ({"features/one.py": GREEN, "features/two.py": GREEN}, "ambiguous"),
        ({"features/one.py": GREEN, "features/test_two.py": RED}, "passed"),
        ({"features/test_one.py": GREEN, "features/test_two.py": GREEN}, "ambiguous"),
        ({"features/conftest.py": GREEN, "features/two.py": GREEN}, "ambiguous"),
        ({"docs/conftest.py": GREEN, "conftest.py": RED}, "passed"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_the_nearest_definition_serves_a_step(play: Play, files: dict[str, str], expected: str) -> None:
    outcome = play({name: defines("it happens", body) for name, body in files.items()})
    assert outcome.short == around(expected)
    if expected == "ambiguous":
        candidates = next(s.candidates for s in outcome.scenarios["fault"].result.steps if s.candidates)
        assert [place.split(":")[0] for place in candidates] == sorted(files)


@pytest.mark.parametrize("named", ["test_two.py", "features/test_two.py"])
def test_the_modules_that_a_page_names_come_first(play: Play, named: str) -> None:
    page = f"---\njetty:\n  steps: [{named}]\n---\n{PAGE.format(middle=FAULT)}"
    files = {"docs/conftest.py": RED, "features/one.py": RED, "features/test_two.py": GREEN}
    outcome = play({"docs/a.md": page, **{name: defines("it happens", body) for name, body in files.items()}})
    assert outcome.short == around("passed")


def test_a_project_whose_warnings_are_errors_runs_as_any_other(play: Play) -> None:
    outcome = play({"pytest.ini": "[pytest]\nfilterwarnings = error\n", "features/bad.py": HARMLESS})
    assert outcome.short == around("passed")
    assert outcome.errors == []
