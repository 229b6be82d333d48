"""What an open page is told while a site is served: that it is read again, what runs, and each result as it comes.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) through MkDocs' own server, which
has a thread for each request. A site that is built has none of this.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mkdocs_jetty.judge.verdict import judge_scenario
from mkdocs_jetty.run.model import Results
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.words import scenario_mark

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from mkdocs_jetty.run.model import ScenarioResult
    from mkdocs_jetty.spec.model import Scenario

PATH = "/jetty/live"
"""Where the events are, below wherever the site is mounted."""
HEARTBEAT_S = 15.0
"""Seconds after which a silent stream says that it is still there; a page that has gone is noticed by that."""
Message = dict[str, object]


class LiveFeed:
    """Tells every open page of one server how the present build goes on."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        """Held by whoever tells or listens."""
        self._builds = 0
        self._told: list[Message] = []
        """All of the present build: a page that comes later is told it from the beginning."""
        self._shown: str | None = None
        """When what the pages show was known."""
        self._due: dict[str, Scenario] = {}

    # ---- how a build goes on ----

    def reading(self) -> None:
        """A build begins: the pages are read."""
        self._tell({"event": "reading"}, anew=True)

    def running(self, due: Iterable[Scenario], total: int) -> None:
        """Scenarios are going to run.

        Args:
            due: Those that are; all others keep their results.
            total: How many scenarios there are in all.
        """
        self._due = {scenario.id: scenario for scenario in due}
        self._tell({"event": "running", "due": [anchor(each) for each in self._due], "total": total})

    def settled(self, scenario_id: str, result: ScenarioResult) -> None:
        """A scenario has its result."""
        if scenario := self._due.get(scenario_id):
            mark = scenario_mark(judge_scenario(scenario, Results({scenario_id: result})))
            self._tell({"event": "result", "id": anchor(scenario_id), **mark._asdict()})

    def judged(self) -> None:
        """All results are known, and the pages are written."""
        self._shown = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._tell({"event": "judged"})

    def failed(self) -> None:
        """The build came to nothing."""
        self._tell({"event": "failed"})

    def _tell(self, message: Message, *, anew: bool = False) -> None:
        with self._news:
            if anew:
                self._builds, self._told = self._builds + 1, []
            self._told.append({**message, "shown": self._shown})
            self._news.notify_all()

    # ---- the way to the pages ----

    def route(self, application: WSGIApplication) -> WSGIApplication:
        """Put the stream of events in front of a WSGI application.

        Args:
            application: Serves everything else.
        """

        def routed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if not environ.get("PATH_INFO", "").endswith(PATH):
                return application(environ, start_response)
            start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
            return self._stream()

        return routed

    def _stream(self) -> Iterator[bytes]:
        with self._news:
            # A page that comes when all is done shows it already.
            over = bool(self._told) and self._told[-1]["event"] == "judged"
            build, heard = self._builds, len(self._told) if over else 0
        yield b"retry: 1000\n\n"
        while True:
            with self._news:
                self._news.wait_for(lambda: (build, heard) != (self._builds, len(self._told)), HEARTBEAT_S)  # noqa: B023
                heard = heard if build == self._builds else 0
                build, news = self._builds, self._told[heard:]
            heard += len(news)
            yield b"".join(map(_event, news)) or b": still here\n\n"


def _event(message: Message) -> bytes:
    return f"data: {json.dumps(message)}\n\n".encode()
