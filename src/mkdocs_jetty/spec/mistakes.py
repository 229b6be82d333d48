"""Report what was meant to set a mode, to claim a standard or to say something else of a scenario, and does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mkdocs_jetty.spec.gherkin import Document
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.modes import meant_by_comments, meant_by_heading, meant_by_tag
from mkdocs_jetty.spec.place import Place


def mistakes(document: Document, place: Place, told: set[str]) -> list[Problem]:
    """Find the tags, headings and comments of a block that are one slip away from saying something.

    Args:
        document: The block.
        place: Where it stands.
        told: The headings that were told of already, and those that are now.
    """
    found = [*_by_tags(document.feature), *_by_headings(place, told)]
    if place.is_file:
        found += [
            (line, f"the comment `{comment}` heads no section; did you mean `{mode.upper()} MODE`?")
            for line, comment, mode in meant_by_comments(document.comments)
        ]
    return [Problem("warning", place.page, line, None, message) for line, message in sorted(found)]


def _by_tags(feature: dict[str, Any]) -> Iterator[tuple[int, str]]:
    for tag in _tags(feature):
        if meant := meant_by_tag(tag["name"]):
            yield tag["location"]["line"], f"the tag `{tag['name']}` says nothing here; did you mean `{meant}`?"


def _by_headings(place: Place, told: set[str]) -> Iterator[tuple[int, str]]:
    for heading in place.headings:
        if heading not in told and (mode := meant_by_heading(heading)):
            told.add(heading)
            yield place.line, f"the heading `{heading}` above sets no mode; did you mean `{mode.title()}`?"


def _tags(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The tags of a node and of all that it holds, in the order of their lines."""
    yield from node.get("tags", ())
    for child in node.get("children", ()):
        for each in child.values():
            yield from _tags(each)
    for examples in node.get("examples", ()):
        yield from _tags(examples)
