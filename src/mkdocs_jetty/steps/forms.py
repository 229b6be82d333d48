"""The hidden fields of forms, which a browser sends back and an action should not have to know of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from mkdocs_jetty.steps.markup import attributes, elements, name_of, parse
from mkdocs_jetty.steps.ports import Request

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def hidden_fields(page: str, url: str) -> dict[str, dict[str, str]]:
    """The hidden fields of each form of a page, by the path that it is sent to."""
    forms: dict[str, dict[str, str]] = {}
    for form, fields in _forms(parse(page)):
        path = urlsplit(urljoin(url, form.get("action", ""))).path
        known = forms.setdefault(path, {})
        for each in map(attributes, fields):
            if each.get("type", "").lower() == "hidden" and each.get("name"):
                known[each["name"]] = each.get("value", "")
    return forms


def _forms(root: Element) -> Iterator[tuple[dict[str, str], list[Element]]]:
    """Each form's attributes, and the inputs that belong to it."""
    every = list(elements(root))
    inside = {id(each) for form in every if name_of(form) == "form" for each in elements(form)}
    for at, form in enumerate(every):
        if name_of(form) == "form":
            # One that stands between the parts of a table is empty, and owns what follows it there.
            after = takewhile(lambda each: name_of(each) != "form", every[at + 1 :]) if not len(form) else ()
            named = (each for each in every if attributes(each).get("form", "") == form.get("id", None))
            owned = [*elements(form), *(each for each in after if id(each) not in inside), *named]
            yield attributes(form), [each for each in owned if name_of(each) == "input"]


class Forms:
    """What each person's pages held last."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[str, str]] = {}

    def learn(self, name: str, page: str, url: str) -> None:
        """Take note of the forms of a page."""
        self._known.update({(name, path): fields for path, fields in hidden_fields(page, url).items()})

    def filled(self, name: str, request: Request) -> Request:
        """The request with the hidden fields of its form; what the action says itself goes first."""
        fields = self._known.get((name, urlsplit(request.path).path))
        if request.form is None or not fields:
            return request
        return replace(request, form={**fields, **request.form})
