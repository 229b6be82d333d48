"""Say which included files are missing: `pymdownx.snippets` leaves them out without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.recording import LANGUAGES

_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})(?P<header>.*)")


def missing_snippets(name: str, text: str, paths: Iterable[str]) -> list[Problem]:
    """Return what to say of files that snippets could not find: an error where one was to fill a block of Gherkin.

    Args:
        name: The page.
        text: What its file holds.
        paths: The files, and sections of files, as they are named.
    """
    lines = text.split("\n")
    problems = []
    for path in dict.fromkeys(paths):
        index = next((index for index, line in enumerate(lines) if path in line), None)
        ours = index is not None and _in_gherkin(lines[:index])
        lacks = "this block lacks it" if ours else "nothing of it is on this page, nor any specification that it holds"
        message = f"`{path}` is to be included here, and `pymdownx.snippets` does not find it, so {lacks}"
        problems.append(Problem("error" if ours else "warning", name, index and index + 1, None, message))
    return problems


def _in_gherkin(above: Sequence[str]) -> bool:
    fence = next((match for line in reversed(above) if (match := _FENCE.match(line))), None)
    return fence is not None and any(word in LANGUAGES for word in re.findall(r"\w+", fence["header"]))
