"""The library as a project uses it: chapter 9 word for word, missing ports, applications, clocks, overrides."""

from __future__ import annotations

import sys
import time
import types
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from conftest import GLUE
from target import MESSAGE, Box, build

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps import client, serving
from mkdocs_jetty.steps.clock import Time
from mkdocs_jetty.steps.ports import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project, Ran

CHAPTER_9 = {
    "Login endpoint rate limits excessive attempts": """
Given I am on the login page

When I attempt to log in 10 times in one minute

Then my subsequent attempts are blocked for 5 minutes

And I see a message "Too many login attempts. Please try again later."
""",
    "Login audit logs capture authentication attempts": """
Given I am on the login page

When I successfully log in

Then an audit log entry records my user ID, timestamp, and IP address
""",
}
EMPTY = "import pytest\n"
ONLY_ADDRESS = """
import pytest
from mkdocs_jetty.steps.ports import Target
@pytest.fixture
def jetty_target():
    return Target(base_url="http://127.0.0.1:9")
"""
FOREIGN = """
import pytest
from mkdocs_jetty.steps.ports import Request, Target
@pytest.fixture
def jetty_target():
    return Target(base_url="http://192.0.2.1")
@pytest.fixture
def jetty_actions():
    return {"log in": lambda who, valid: Request("POST", "/login")}
"""
OVERRIDING = f"""{GLUE}
@then(parsers.parse("an audit log entry records {{fields}}"))
def _(fields):
    pass
"""


@pytest.fixture(scope="module")
def chapter(project: Project) -> Ran:
    return project(CHAPTER_9)


@pytest.mark.parametrize("name", CHAPTER_9)
def test_chapter_9_runs_as_it_stands(chapter: Ran, name: str) -> None:
    result = chapter[name]
    assert result.status == "passed", result


def test_stock_steps_say_where_they_stand(chapter: Ran) -> None:
    steps = chapter["Login audit logs capture authentication attempts"].steps
    assert [step.overrides for step in steps] == [None, None, None]
    assert (steps[2].definition or "").startswith("mkdocs_jetty/steps/audit.py:")


def test_one_family_brings_the_ports_with_it(project: Project) -> None:
    steps = "[features, mkdocs_jetty.steps.audit, mkdocs_jetty.steps.http]"
    ran = project({"audit": CHAPTER_9["Login audit logs capture authentication attempts"]}, steps=steps)
    assert ran["audit"].status == "passed", ran["audit"]


def test_a_local_step_that_takes_the_place_of_a_stock_one_is_shown(project: Project) -> None:
    ran = project({"audit": CHAPTER_9["Login audit logs capture authentication attempts"]}, OVERRIDING)
    step = ran["audit"].steps[2]
    assert step.status == "passed"
    assert (step.definition or "").startswith("features/conftest.py:")
    assert (step.overrides or "").startswith("mkdocs_jetty/steps/audit.py:")


@pytest.mark.parametrize(
    ("glue", "body", "port"),
    [
        (EMPTY, CHAPTER_9["Login endpoint rate limits excessive attempts"], "jetty_target"),
        (ONLY_ADDRESS, 'When I successfully log in\nThen I see a message "x"', "jetty_actions"),
        (ONLY_ADDRESS, "When I successfully log in\nThen an audit log entry records my user ID", "jetty_audit"),
        (ONLY_ADDRESS, "When I successfully log in\nThen one structured log line records time", "jetty_logs"),
        (ONLY_ADDRESS, "When I successfully log in\nThen the metric x went up by 1", "jetty_metrics"),
        (ONLY_ADDRESS, "When each role tries to log in\nThen only the allowed roles succeed", "jetty_roles"),
        (ONLY_ADDRESS, "When I fail to log in\nThen nothing was stored", "jetty_snapshot"),
    ],
)  # fmt: skip
def test_a_port_that_nobody_filled_is_not_run(project: Project, glue: str, body: str, port: str) -> None:
    result = project({"a": body}, glue)["a"]
    assert (result.status, result.cause) == ("unknown", "unavailable"), result
    assert f"`{port}`" in (result.message or "")


def test_a_foreign_host_is_refused_before_anything_is_sent(project: Project) -> None:
    body = "When I attempt to log in 50 times at once\nThen at most 10 attempts are accepted"
    result = project({"a": body}, FOREIGN)["a"]
    assert (result.status, result.cause) == ("failed", "assertion")
    assert "nothing was sent" in (result.steps[0].message or "")


WITHOUT_ACTION = {
    "audit": "Given I am on the login page\nThen an audit log entry records my user ID, timestamp, and IP address",
    "block": "Given I am on the login page\nThen my subsequent attempts are blocked for 5 minutes",
    "parallel": "Then at most 10 attempts are accepted",
    "log": "Then one structured log line records time and status",
    "metric": "Then the metric http_requests_total went up by 1",
    "roles": "Then only the allowed roles succeed",
    "refused": "Then every one refuses me",
    "marked": "Then none of the marked values occurs in logs, traces or error events",
    "stored": "Then nothing was stored",
    "idle": "Given I am signed in\nThen my next request must sign in again",
}


@pytest.fixture(scope="module")
def idle_ones(project: Project) -> Ran:
    return project(WITHOUT_ACTION)


@pytest.mark.parametrize("name", WITHOUT_ACTION)
def test_an_outcome_without_an_action_does_not_pass(idle_ones: Ran, name: str) -> None:
    assert (idle_ones[name].status, idle_ones[name].cause) == ("failed", "assertion"), idle_ones[name]


# ---- in this process ----


def test_an_asgi_application_is_served() -> None:
    with serving.serve(build(Box())) as url:
        assert httpx.get(f"{url}/login").status_code == 200


def test_a_wsgi_application_is_served() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]

    assert not serving.is_asgi(app)
    with serving.serve(app) as url:
        assert httpx.get(f"{url}/here").text == "/here"


@pytest.mark.parametrize(("module", "says"), [("httpx", r"mkdocs-jetty\[steps\]"), ("uvicorn", "uvicorn")])
def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch, module: str, says: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    use: Callable[[], object] = client.need_httpx if module == "httpx" else serving.serve(build(Box())).__enter__
    with pytest.raises(Unavailable, match=says):
        use()


class _Travel:
    """What `time_machine.travel` does to `time.time`, and to nothing else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by, self.real, self.patch = 0.0, time.time, monkeypatch

    def __call__(self, *_: object, **__: object) -> _Travel:
        return self

    def start(self) -> _Travel:
        self.patch.setattr(time, "time", lambda: self.real() + self.by)
        return self

    def shift(self, span: timedelta) -> None:
        self.by += span.total_seconds()

    def stop(self) -> None:
        self.patch.setattr(time, "time", self.real)


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> _Travel:
    made = _Travel(monkeypatch)
    monkeypatch.setitem(sys.modules, "time_machine", types.SimpleNamespace(travel=made))  # type: ignore[arg-type]
    return made


def _blocked_for(box: Box, span: timedelta) -> tuple[bool, dict[str, object]]:
    app, measured = build(box), {}
    keeper = Time(Target(app=app), None, measured.__setitem__)
    with serving.serve(app) as url, httpx.Client(base_url=url) as caller:
        right = {"user": "mira", "password": "mira-secret-1"}
        for _ in range(10):
            caller.post("/login", data={"user": "mira", "password": "x"})

        def again() -> httpx.Response:
            return caller.post("/login", data=right)

        try:
            return keeper.blocked_for(span, again(), again), measured
        finally:
            keeper.stop()


def test_the_clock_of_this_process_is_moved_where_the_application_follows_it(travel: _Travel) -> None:
    assert _blocked_for(Box(), timedelta(minutes=5)) == (True, {"clock": "in-process"})


def test_a_block_that_ends_early_is_seen(travel: _Travel) -> None:
    with pytest.raises(AssertionError, match="asked for"):
        _blocked_for(Box(block=timedelta(minutes=4)), timedelta(minutes=5))


def test_a_clock_that_the_application_does_not_follow_is_not_believed(travel: _Travel) -> None:
    class Own(Box):
        def now(self) -> float:
            return time.monotonic()

    assert _blocked_for(Own(), timedelta(minutes=5)) == (False, {"clock": "contract"})


def test_a_short_block_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "time_machine", None)  # as where it is not installed
    assert _blocked_for(Box(block=timedelta(seconds=2)), timedelta(seconds=2)) == (True, {"clock": "wait"})


def test_the_message_is_that_of_the_refusal(chapter: Ran) -> None:
    assert MESSAGE in "\n".join(CHAPTER_9.values())
