"""Find pages whose text another plugin has replaced, such as by an error: nothing they hold is lost in silence."""

from __future__ import annotations

import re
from collections import Counter
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
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
MEND = "put that right, or leave the page out with `jetty: {exclude: true}` in its front matter"


@dataclass(frozen=True)
class Source:
    """What is known of a page."""

    name: str
    text: str
    """What its file holds."""
    converted: str
    """The text that was converted."""


def replaced(page: Source, syntax: tuple[str, ...], made_before: Mapping[str, int]) -> Problem | None:
    """What is wrong with a page that shows less specification than its file holds, or none where it has shown some.

    Args:
        page: The page.
        syntax: Which spellings of specification count.
        made_before: How many scenarios the last build has shown on pages whose files hold none.
    """
    body = split_front_matter(page.text)[1]
    start = len(page.text) - len(body)
    gone = _gone(body, page.converted, may_hold(syntax))
    line = None if gone is None else page.text.count("\n", 0, start + gone) + 1
    error = MACRO_ERROR.match(page.converted)
    if error:
        shows = f"`macros` shows an error instead of this page{_reason(error['rest'])}"
        if line or page.name in made_before:
            return Problem("error", page.name, line, None, f"{shows}, so its specification does not run; {MEND}")
        # Whatever it may be, it is no matter of a specification that anybody knows of.
        return Problem("warning", page.name, None, None, f"{shows}; if it has specification, that does not run")
    if line is None:
        return None
    if _prose(body) & _lines(page.converted):
        message = "a plugin or a hook takes this off the page, so it does not run, though `jetty check` reads it"
        return Problem("warning", page.name, line, None, message)
    message = f"a plugin or a hook shows something else instead of this page, so its specification does not run; {MEND}"
    return Problem("error", page.name, line, None, message)


def _gone(body: str, converted: str, holds: re.Pattern[str]) -> int | None:
    """Tell where in a page's text the first block stands that is no more in what was converted."""
    found = [*holds.finditer(_without_comments(body))]
    left = [*holds.finditer(_without_comments(converted))]
    if len(found) <= len(left):
        return None
    # What a template decides about may be left out.
    found = [match for match in found if not enclosing(body[: match.start()])]
    if len(found) <= len(left):
        return None
    still = Counter(map(_begun, left))
    for match in found:
        if not still[_begun(match)]:
            return match.start()
        still[_begun(match)] -= 1
    return None


def _begun(match: re.Match[str]) -> str:
    """The first two lines of a block."""
    return "\n".join(line.strip(" \t>") for line in match.string[match.start() :].split("\n", 2)[:2])


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda comment: " " * len(comment[0]), text) if "<!--" in text else text


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
