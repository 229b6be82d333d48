"""A served page is live: it says what runs, shows each result as it comes, and comes back as it was left."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from mkdocs_jetty.hosts import live
from mkdocs_jetty.hosts.late_files import LateFiles
from mkdocs_jetty.hosts.live import LiveFeed
from mkdocs_jetty.run.model import ScenarioResult
from mkdocs_jetty.run.standby import Standby
from mkdocs_jetty.spec.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
STEPS = """\
import time
from pytest_bdd import given, parsers, then

@given(parsers.parse("item {number:d}"), target_fixture="number")
def item(number):
    time.sleep({pause})
    return number

@then(parsers.parse("it is {expected:d}"))
def it_is(number, expected):
    assert number == expected
"""


def scenario(id_: str) -> Scenario:
    return Scenario(id_, id_, "Scenario", "speed", (), 1, ())


# ---- the feed ----


def listen(feed: LiveFeed) -> Iterator[dict[str, Any]]:
    answers: list[tuple[str, list[tuple[str, str]]]] = []
    stream = feed.route(lambda *_: [])({"PATH_INFO": "/docs/jetty/live"}, lambda *given: answers.append(given))
    for chunk in stream:
        assert dict(answers[0][1])["Content-Type"] == "text/event-stream"
        for line in chunk.decode().splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_a_page_hears_what_runs_and_what_becomes_of_it() -> None:
    feed = LiveFeed()
    feed.reading()
    feed.running([scenario("a/one"), scenario("a/two")], 5)
    feed.settled("a/one", ScenarioResult("failed", "assertion"))
    told = listen(feed)
    assert next(told)["event"] == "reading"
    running = next(told)
    assert (running["due"], running["total"]) == (["scenario-a--one", "scenario-a--two"], 5)
    result = next(told)
    assert (result["id"], result["tone"], result["word"]) == ("scenario-a--one", "red", "failed: expectation not met")
    threading.Timer(0.1, feed.settled, ("a/two", ScenarioResult("passed"))).start()
    assert (next(told)["id"], running["shown"]) == ("scenario-a--two", None)
    feed.judged()
    assert next(told)["event"] == "judged"


def test_a_page_that_comes_when_all_is_done_hears_of_the_next_build_alone() -> None:
    feed = LiveFeed()
    feed.reading()
    feed.judged()
    told = listen(feed)
    threading.Timer(0.1, feed.reading).start()
    news = next(told)
    assert news["event"] == "reading"
    assert news["shown"] is not None
    feed.failed()
    assert next(told)["event"] == "failed"


def test_a_silent_stream_says_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    feed = LiveFeed()
    stream = iter(feed.route(lambda *_: [])({"PATH_INFO": "/jetty/live"}, lambda *_: None))
    assert [next(stream), next(stream)] == [b"retry: 1000\n\n", b": still here\n\n"]


def test_every_other_address_is_served_as_before() -> None:
    served = LiveFeed().route(lambda *_: [b"page"])({"PATH_INFO": "/jetty/"}, lambda *_: None)
    assert list(served) == [b"page"]


# ---- processes that wait ----


def test_a_process_that_waits_runs_with_the_variables_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standby, output = Standby(tmp_path), tmp_path / "output"
    standby.prepare()
    (tmp_path / "helper.py").write_text("WORD = 'imported'\n")
    (tmp_path / "test_it.py").write_text("import os, helper\ndef test(): print(helper.WORD, os.environ['LATER'])\n")
    monkeypatch.setenv("LATER", "and set later")
    output.touch()
    process = standby.take(["-q", "-s", "-p", "no:cacheprovider", "test_it.py"], output)
    assert process is not None
    assert process.wait(60) == 0, output.read_text()
    assert "imported and set later" in output.read_text()
    assert standby.take([], output) is None


def test_no_process_waits_for_one_that_is_gone(tmp_path: Path) -> None:
    code = "import sys, pathlib; from mkdocs_jetty.run.standby import Standby\n"
    code += "standby = Standby(pathlib.Path()); standby.prepare(); print(standby._waiting[0].pid, flush=True)\n"
    code += "sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    assert parent.stdin
    waiting = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    end = time.monotonic() + 60
    while _lives(waiting):
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # where nobody reaps it, as in a container, it stays as a name
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


# ---- the page ----

NOTES = """
var told = new Set(JSON.parse(sessionStorage.told || "[]"));
const note = () => {
  const bar = document.querySelector(".jetty-live:not([hidden])");
  if (!bar) return;
  told.add(bar.textContent);
  for (const each of document.querySelectorAll("section.jetty-stale")) told.add("stale " + each.id);
  for (const each of document.querySelectorAll("section.jetty-red:not(.jetty-stale)")) told.add("red " + each.id);
  sessionStorage.told = JSON.stringify([...told]);
};
new MutationObserver(note).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""
"""Keeps what the bar has said, and what was stale or red meanwhile, over the reload."""


def notes(page: Page) -> tuple[list[str], set[str], set[str]]:
    """What has been noted since it was last asked: what was said, what was stale, what turned red."""
    found = page.evaluate(
        "(() => { const all = JSON.parse(sessionStorage.told); sessionStorage.told = '[]'; return all; })()"
    )
    stale = {each.removeprefix("stale ") for each in found if each.startswith("stale ")}
    red = {each.removeprefix("red ") for each in found if each.startswith("red ")}
    return found, stale, red


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    tmp_path, log_file = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("log") / "serve.log"
    (tmp_path / "docs").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Live\nsite_url: ''\ntheme: mkdocs\nplugins: [jetty]\n")
    (tmp_path / "features/steps.py").write_text(STEPS.replace("{pause}", "0.1"))
    for page in ("index", "other"):
        scenarios = (f"Scenario: number {n} of {page}\n  Given item {n}\n  Then it is {n}\n" for n in range(10))
        text = f"# Page {page}\n\nProse.\n\n```gherkin\n" + "\n".join(scenarios) + "```\n"
        (tmp_path / f"docs/{page}.md").write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "-a", address], cwd=tmp_path, stdout=log, stderr=log,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while "Serving on" not in log_file.read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
        yield tmp_path, f"http://{address}/other/"
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (`make browser` installs Debian's)")
def test_an_open_page_follows_what_runs_and_comes_back_as_it_was_left(served: tuple[Path, str]) -> None:
    root, url = served
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 900, "height": 300})
        page.add_init_script(NOTES)
        page.goto(url)
        page.locator(".jetty-fold > summary").nth(6).click()
        page.evaluate("scrollTo(0, 120)")
        text = (root / "docs/other.md").read_text()
        (root / "docs/other.md").write_text(text.replace("it is 4", "it is 5").replace("Given item 7", "Given item 07"))
        page.locator(".jetty-scenario.jetty-red .jetty-failure").wait_for(timeout=30_000)  # the page has come
        assert page.locator(".jetty-fold[open]").count() == 1
        assert page.evaluate("scrollY") == 120
        # Two of twenty run, and are stale at once; the other results stand.
        told, stale, red = notes(page)
        assert stale == {"scenario-page-other--number-4-of-other", "scenario-page-other--number-7-of-other"}
        assert red == {"scenario-page-other--number-4-of-other"}
        assert any(each.startswith("Something changed: reading the pages · shown: results of ") for each in told)
        assert any(each.startswith("Running 1 of 2 · 1 red · 18 kept · shown: results of ") for each in told)
        # All twenty run, and each result is on the page before the page comes.
        (root / "features/steps.py").write_text(STEPS.replace("{pause}", "0.1").replace("==", "!="))
        page.wait_for_function(
            "document.querySelectorAll('.jetty-scenario.jetty-red .jetty-failure').length > 8", timeout=30_000
        )
        told, stale, red = notes(page)
        assert len(stale) == 10
        assert len(red) == 10  # the one that expected another number was red before
        assert any(each.startswith("Running 20 of 20 · ") for each in told)
        browser.close()


def test_a_site_that_is_built_has_nothing_live(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Built\nplugins: [jetty]\n")
    (tmp_path / "docs/index.md").write_text("# Home\n")
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], cwd=tmp_path, check=True)
    assert [path for path in (tmp_path / "site").rglob("*") if "live" in path.name] == []
    assert "jetty-live" not in (tmp_path / "site/index.html").read_text()


# ---- what machines read ----


def test_what_machines_read_is_written_when_it_is_asked_for() -> None:
    late, written = LateFiles(), []
    application = late.route(lambda environ, _: [environ["PATH_INFO"].encode()])
    late.end(lambda: written.append("first"))
    for path in ("/", "/page/", "/jetty/", "/jetty/index.html", "/search/search_index.json", "/assets/jetty.css"):
        assert list(application({"PATH_INFO": path}, lambda *_: None)) == [path.encode()]
    assert written == []
    for path in ("/docs/jetty/badges/cart-speed.svg", "/jetty/spec.json", "/llms.txt", "/page/review.md"):
        late.end(lambda path=path: written.append(path))
        application({"PATH_INFO": path}, lambda *_: None)
        application({"PATH_INFO": path}, lambda *_: None)
        assert written.pop() == path
        assert written == []


def test_whoever_asks_during_a_build_waits_for_its_files() -> None:
    late, written = LateFiles(), []
    application = late.route(lambda *_: [b""])
    late.end(lambda: written.append("old"))
    late.begin()
    threading.Timer(0.1, late.end, (lambda: written.append("new"),)).start()
    application({"PATH_INFO": "/jetty/spec.json"}, lambda *_: None)
    assert written == ["new"]
