"""Find pages whose text another plugin has replaced, such as by an error: nothing they hold is lost in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_jetty.spec.front_matter import split_front_matter
from mkdocs_jetty.spec.lost import may_hold
from mkdocs_jetty.spec.model import Problem
from mkdocs_jetty.spec.site_markdown import enclosing

MACRO_ERROR = re.compile(r"\s*#\s*_Macro \w+ Error_(?P<rest>.*)", re.DOTALL)
"""What mkdocs-macros shows instead of a page."""
_REASON = re.compile(
    r"^_(?!File_)(?P<kind>\w+)_: (?P<said>.*)|^_(?P<line>Line \d+) in Markdown file:_ \*\*(?P<syntax>.*)\*\*",
    re.MULTILINE,
)
MEND = "put that right, or leave the page out with `jetty: {exclude: true}` in its front matter"


@dataclass(frozen=True)
class Source:
    """What is known of a page whose conversion shows no specification."""

    name: str
    text: str
    """What its file holds."""
    converted: str
    """The text that was converted."""


def replaced(page: Source, syntax: tuple[str, ...], made_before: Mapping[str, int]) -> Problem | None:
    """What is wrong with a page that shows no specification, if its file holds some or it has shown some before.

    Args:
        page: The page.
        syntax: Which spellings of specification count.
        made_before: How many scenarios the last build has shown on pages whose files hold none.
    """
    body = split_front_matter(page.text)[1]
    start = len(page.text) - len(body)
    found = may_hold(syntax).search(body)
    line = page.text.count("\n", 0, start + found.start()) + 1 if found else None
    error = MACRO_ERROR.match(page.converted)
    if error:
        shows = f"`macros` shows an error instead of this page{_reason(error['rest'])}"
        if found or page.name in made_before:
            return Problem("error", page.name, line, None, f"{shows}, so its specification does not run; {MEND}")
        # Whatever it may be, it is no matter of a specification that anybody knows of.
        return Problem("warning", page.name, None, None, f"{shows}; if it has specification, that does not run")
    if found is None or enclosing(body[: found.start()]) or found[0].strip() in page.converted:
        return None
    if _prose(body) & _lines(page.converted):
        message = "a plugin or a hook takes this off the page, so it does not run, though `jetty check` reads it"
        return Problem("warning", page.name, line, None, message)
    message = f"a plugin or a hook shows something else instead of this page, so its specification does not run; {MEND}"
    return Problem("error", page.name, line, None, message)


def _reason(shown: str) -> str:
    match = _REASON.search(shown)
    if match is None:
        return ""
    return f" ({match['kind']}: {match['said']})" if match["kind"] else f" ({match['line']}: {match['syntax']})"


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


def _prose(body: str) -> set[str]:
    """The lines of a page that stand for it: a heading or a fence's end may stand on any other as well."""
    return {line for line in _lines(body) if not re.match(r"#|[`~]{3}", line)}
