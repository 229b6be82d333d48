"""The hidden fields of forms, which a browser sends back and an action should not have to know of."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from mkdocs_jetty.steps.ports import Request


class _Parser(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            path = urlsplit(urljoin(self.url, of.get("action", ""))).path
            self._open = self.forms.setdefault(path, {})
        elif tag == "input" and of.get("type", "").lower() == "hidden" and self._open is not None and of.get("name"):
            self._open[of["name"]] = of.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


class Forms:
    """What each person's pages held last."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def learn(self, name: str, page: str, url: str) -> None:
        """Take note of the forms of a page."""
        parser = _Parser(url)
        parser.feed(page)
        self._known.update({(name, path): fields for path, fields in parser.forms.items()})

    def filled(self, name: str, request: Request) -> Request:
        """The request with the hidden fields of its form; what the action says itself goes first."""
        fields = self._known.get((name, urlsplit(request.path).path))
        if request.form is None or not fields:
            return request
        return replace(request, form={**fields, **request.form})
