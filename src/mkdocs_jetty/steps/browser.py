"""Pages in a real browser, by Playwright, and their accessibility, by axe (the extra `browser`).

Playwright's synchronous interface keeps an event loop in its thread for as long as it is open, and other steps need
that thread. So the browser lives in a thread of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import urljoin

import pytest
from pytest_bdd import given, parsers, then, when

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.ports import World
from mkdocs_jetty.steps.values import TYPES, spoken, spoken_size

pytest_plugins = ["mkdocs_jetty.steps.client"]

phrase = partial(parsers.parse, extra_types=TYPES)
Measure = Callable[[str, object], None]
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LEVELS = ("A", "AA", "AAA")
NEED = "this needs Playwright and axe, which are not installed: pip install 'mkdocs-jetty[browser]'"
OPEN_MS = 20_000
SETTLE_MS = 300
SHOWN = 5
ERROR = 400
WATCH = """
window.__jetty = {paint: null, shift: 0, reports: 0};
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.__jetty.paint = entry.startTime })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput)
  window.__jetty.shift += entry.value }).observe({type: 'layout-shift', buffered: true});
"""


class Browser:
    """A browser in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "jetty-browser")
        self._playwright: Any = None
        self._browser: Any = None
        self.page: Any = None
        self.transferred = 0

    def do(self, work: Callable[[], Any]) -> Any:
        """Do something in the browser's thread."""
        return self._thread.submit(work).result()

    def start(self) -> None:
        """Start a browser: Playwright's own, or else one that is installed.

        Raises:
            Unavailable: If there is none.
        """
        try:
            from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra
        except ImportError:
            raise Unavailable(NEED) from None
        self._playwright = self.do(lambda: sync_playwright().start())
        self._browser = self.do(self._launched)

    def _launched(self) -> Any:
        from playwright.sync_api import Error  # noqa: PLC0415 - an extra

        try:
            return self._playwright.chromium.launch()
        except Error as error:
            path = next((found for name in INSTALLED if (found := shutil.which(name))), None)
            if path is None:
                raise Unavailable("there is no browser: run `playwright install chromium`") from error
        try:
            return self._playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            raise Unavailable(f"the installed browser does not start: {str(error).splitlines()[0]}") from None

    def open(self, url: str, cookies: list[dict[str, Any]]) -> tuple[int, str]:
        """Open a page in a fresh session; gives its status and where it ended."""
        return self.do(lambda: self._opened(url, cookies))  # type: ignore[no-any-return]

    def _opened(self, url: str, cookies: list[dict[str, Any]]) -> tuple[int, str]:
        context = self._browser.new_context()
        context.add_cookies(cookies)
        self.page = context.new_page()
        self.page.add_init_script(WATCH)
        self.transferred = 0
        session = context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)
        answer = self.page.goto(url, timeout=OPEN_MS, wait_until="load")
        self.page.wait_for_load_state("networkidle", timeout=OPEN_MS)
        self.page.wait_for_timeout(SETTLE_MS)
        return answer.status, self.page.url

    def _finished(self, event: Mapping[str, Any]) -> None:
        self.transferred += int(event.get("encodedDataLength", 0))

    def seen(self, name: Literal["paint", "shift"]) -> Any:
        """Return what the page's own clock saw."""
        return self.do(lambda: self.page.evaluate(f"window.__jetty.{name}"))

    def violations(self, level: str) -> Mapping[str, Any]:
        """Return what axe finds, by the rules of a level of WCAG 2.2 and those below it.

        Raises:
            Unavailable: If axe is missing.
        """
        try:
            from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - an extra
        except ImportError:
            raise Unavailable(NEED) from None
        levels = [each.casefold() for each in LEVELS[: LEVELS.index(level) + 1]]
        tags = [f"wcag{version}{each}" for version in ("2", "21", "22") for each in levels]
        options = {"runOnly": {"type": "tag", "values": tags}}
        return self.do(lambda: Axe().run(self.page, options=options).response)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close it, as far as it was started."""
        for each, end in ((self._browser, "close"), (self._playwright, "stop")):
            if each is not None:
                self.do(getattr(each, end))
        self._thread.shutdown()


@pytest.fixture(scope="session")
def jetty_browser() -> Iterator[Browser]:
    """The browser of this session."""
    browser = Browser()
    try:
        browser.start()
        yield browser
    finally:
        browser.close()


@given(phrase("I open {page}"))
@when(phrase("I open {page}"))
@when(phrase("{page} is opened on the reference device"))
def _open(
    page: str, jetty_base_url: str, jetty_pages: Mapping[str, str], jetty_world: World, jetty_browser: Browser,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    path = _path(page, jetty_pages)
    status, url = jetty_browser.open(urljoin(f"{jetty_base_url}/", path.lstrip("/")), _cookies(request, jetty_base_url))
    jetty_world.notes["opened"] = url
    assert status < ERROR, f"{path} answered with status {status}"


@then(phrase("the page has no accessibility violations at WCAG 2.2 level {level:w}"))
@then(phrase("it has no accessibility violations at WCAG 2.2 level {level:w}"))
def _page_no_accessibility_violations_at(
    level: str, jetty_world: World, jetty_browser: Browser, jetty_measure: Measure
) -> None:
    _opened(jetty_world)
    assert level in LEVELS, f"WCAG has no level {level}; there are: {', '.join(LEVELS)}"
    found = jetty_browser.violations(level)
    jetty_measure("level", level)
    jetty_measure("rules that hold", len(found["passes"]))
    jetty_measure("to be looked at by a person", len(found["incomplete"]))
    assert found["passes"] or found["violations"], "axe found nothing on the page that it could judge"
    shown = [f"{each['id']} ({each['impact']}): {each['help']}, at {' '.join(map(str, each['nodes'][0]['target']))}"
             for each in found["violations"]]  # fmt: skip
    assert not shown, f"{len(shown)} rules are broken:\n" + "\n".join(shown[:SHOWN])


@then(phrase("the largest paint is within {limit:Duration}"))
@then(phrase("its largest paint is within {limit:Duration}"))
def _largest_paint_within(limit: timedelta, jetty_world: World, jetty_browser: Browser, jetty_measure: Measure) -> None:
    _opened(jetty_world)
    paint = jetty_browser.seen("paint")
    assert paint is not None, "nothing was painted that the browser would count"
    jetty_measure("lcp", spoken(limit))
    jetty_measure("observed lcp", f"{paint:.0f} ms")
    assert paint <= limit.total_seconds() * 1000, f"the largest paint came after {paint:.0f} ms, of {spoken(limit)}"


@then(phrase("its layout shift is at most {most:f}"))
def _layout_shift_at_most(most: float, jetty_world: World, jetty_browser: Browser, jetty_measure: Measure) -> None:
    _opened(jetty_world)
    shift = float(jetty_browser.seen("shift"))
    jetty_measure("cls", f"{most:g}")
    jetty_measure("observed cls", f"{shift:.4f}")
    assert shift <= most, f"the layout shifted by {shift:.3f}, of at most {most:g}"


@then(phrase("at most {most:Size} are transferred"))
def _at_most_transferred(most: int, jetty_world: World, jetty_browser: Browser, jetty_measure: Measure) -> None:
    _opened(jetty_world)
    size = jetty_browser.transferred
    jetty_measure("weight", spoken_size(most))
    jetty_measure("observed weight", spoken_size(size))
    assert size > 0, "nothing was transferred, so nothing was measured"
    assert size <= most, f"{size} bytes were transferred, of at most {spoken_size(most)}"


def _opened(world: World) -> None:
    assert "opened" in world.notes, "no page was opened before"


def _path(page: str, pages: Mapping[str, str]) -> str:
    """The path of `login`, `the login page`, `/login`."""
    name = page.removeprefix("the ").removesuffix(" page")
    known = pages.get(page, pages.get(name))
    return known if known is not None else (name if name.startswith("/") else f"/{name.replace(' ', '-')}")


def _cookies(request: pytest.FixtureRequest, base_url: str) -> list[dict[str, Any]]:
    """The cookies of the person that I am, where steps before have signed me in."""
    driver = request.getfixturevalue("jetty_driver")
    return [
        {"name": each.name, "value": each.value or "", "url": base_url} for each in driver.client(driver.me).cookies.jar
    ]
