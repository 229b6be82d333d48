"""What machines read of a site, written when somebody asks for it: while a site is served, hardly anybody does.

Hundreds of badges and a file of every event are a third of the time from a saved page to the page that shows it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_WRITTEN_LATE = re.compile(r"/jetty/.+\.(?!html)\w+$|/llms\.txt$|/review\.md$")


class LateFiles:
    """Holds back the writing of one build's files until a request for one of them comes."""

    def __init__(self) -> None:
        self.routed = False
        """Whether requests come by here; before that, nothing may be held back."""
        self._state = threading.Condition()
        self._building = False
        self._write: Callable[[], None] | None = None

    def begin(self) -> None:
        """A build empties the site: whoever asks now waits for its files."""
        with self._state:
            self._building = True

    def end(self, write: Callable[[], None] | None = None) -> None:
        """A build is over.

        Args:
            write: Writes its files; None where it has written them, or has none.
        """
        with self._state:
            self._building, self._write = False, write
            self._state.notify_all()

    def route(self, application: WSGIApplication) -> WSGIApplication:
        """Write before one of the files is served.

        Args:
            application: Serves the files of the site.
        """
        self.routed = True

        def routed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if _WRITTEN_LATE.search(environ.get("PATH_INFO", "")):
                with self._state:
                    self._state.wait_for(lambda: not self._building)
                    write, self._write = self._write, None
                    if write:
                        write()
            return application(environ, start_response)

        return routed
