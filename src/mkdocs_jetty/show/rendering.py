"""The templates, and what becomes of text on its way into them.

Every text from a specification or a run is data: it is escaped where it is put out, and its line breaks become
character references, so that Markdown sees neither a blank line nor an indented one in what it is handed.
"""

from __future__ import annotations

import base64
import re
import sys
import traceback
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from gherkin.dialect import Dialect
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)  # fmt: skip
from markupsafe import Markup

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor
from mkdocs_jetty.show.difference import difference, without_hints
from mkdocs_jetty.show.icons import icon, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2.bccache import Bucket

    from mkdocs_jetty.judge.model import StandardStatus
    from mkdocs_jetty.run.attached import Attachment
    from mkdocs_jetty.show.views import ScenarioView, StepView
    from mkdocs_jetty.show.words import Mark
    from mkdocs_jetty.spec.model import ShownScenario

Spans = tuple[tuple[int, ...], ...]
_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"
STYLESHEET = ASSETS / "jetty.css"
SCRIPT = ASSETS / "jetty.js"

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Markdown keeps its own placeholders between control characters, and a lone surrogate cannot be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WEB = re.compile(r"https?://[^\s\\]+", re.IGNORECASE)
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<line>\d+))?(?::\d+)?")
_TICKED = re.compile(r"`([^`\n]+)`")
_ARGUMENT = re.compile(
    r'"[^"\n]*"|(?<!\w)\'[^\'\n]*\'(?!\w)|(?P<placeholder><[^<>\s][^<>\n]*>)|(?P<number>(?<![\w.])\d[\w%]*(?:[.,:]\d[\w%]*)*)'
)
# Looked at once it is found: a pattern that has to give back what it took is slow on long lines of digits.
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*%?")


def _data(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    return Markup() if value is None else Markup(_escaped(str(value)))  # noqa: S704 (escaped in this very line)


def _escaped(text: str) -> str:
    if not text.isprintable():
        text = _UNPRINTABLE.sub("\ufffd", _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    # As markupsafe escapes, without the objects that it makes of each piece.
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&#34;").replace("'", "&#39;").replace("\n", "&#10;")


def _span(css: str, text: str) -> str:
    return f'<span class="{css}">{_escaped(text)}</span>'


def _marked(text: str, spans: Spans | None = None) -> str:
    """A text with its values marked: where its definition captured them, or else where they look like values."""
    parts, end = [], 0
    if spans is not None:
        for start, stop in spans:
            if start < stop:
                parts += [_escaped(text[end:start]), f"<var>{_escaped(text[start:stop])}</var>"]
                end = stop
        return "".join([*parts, _escaped(text[end:])])
    for match in _ARGUMENT.finditer(text):
        if match["number"] and not _NUMBER.fullmatch(match[0]):
            continue
        css = ' class="jetty-placeholder"' if match["placeholder"] else ""
        parts += [_escaped(text[end : match.start()]), f"<var{css}>{_escaped(match[0])}</var>"]
        end = match.end()
    return "".join([*parts, _escaped(text[end:])])


def _arguments(text: str, spans: Spans | None = None) -> Markup:
    return Markup(_marked(text, spans))  # noqa: S704 (escaped piece by piece)


def _ticked(value: object) -> Markup:
    """A message, with what stands between backticks as code."""
    text, parts, end = str(value), [], 0
    for match in _TICKED.finditer(text):
        parts += [_escaped(text[end : match.start()]), f"<code>{_escaped(match[1])}</code>"]
        end = match.end()
    return Markup("".join([*parts, _escaped(text[end:])]))  # noqa: S704 (escaped piece by piece)


# ---- what most of a page is made of, which no template has the time for ----


@lru_cache(maxsize=256)
def _step_opening(mark: Mark) -> str:
    if mark.tone == "green":
        return "<li>"  # the mark of its scenario says it
    rest = " jetty-rest" if mark.icon in ("none", "skip") else ""
    return f'<li class="jetty-{mark.tone}{rest}">{sign(mark, spoken=True)}'


def _step_list(views: Iterable[StepView], below: Callable[[StepView], str]) -> Markup:
    """The steps of a scenario or a background, each with what has to stand below its line."""
    lines = ['<ol class="jetty-steps">']
    for view in views:
        step = view.step
        more = f"\n{below(view)}" if view.has_more else ""
        lines.append(
            f"{_step_opening(view.mark)}<b>{_escaped(step.keyword)}</b> {_marked(step.text, view.spans)}{more}</li>"
        )
    return Markup("\n".join([*lines, "</ol>"]))  # noqa: S704 (escaped piece by piece)


def _scenario_head(shown: ScenarioView, item: ShownScenario, level: int) -> Markup:
    """The first line of a scenario: its mark, its name as a heading, how it went."""
    title, link = _escaped(item.name), _escaped(shown.anchor)
    took = f" · {shown.took}" if shown.took else ""
    outline = f'<span class="jetty-keyword">{_escaped(item.keyword)}:</span> ' if item.examples else ""
    spoken = shown.mark.tone == "green"
    word = "" if spoken else f'<span class="jetty-word">{_escaped(shown.mark.word)}</span>'
    when = f"{word}{took if word else took.removeprefix(' · ')}{' · reused' if shown.reused else ''}"
    return Markup(  # noqa: S704 (escaped piece by piece)
        f'<div class="jetty-head">{sign(shown.mark, spoken=spoken)}<h{level} class="jetty-name">'
        f"{outline}<b>{title}</b></h{level}> "
        f'<a class="jetty-link" href="#{link}" aria-label="Link to {title}">¶</a>'
        f'<span class="jetty-time" data-search-exclude>{when}</span></div>'
    )


@cache
def _keywords(language: str) -> re.Pattern[str]:
    dialect = Dialect.for_name(language) or Dialect.for_name("en")
    assert dialect is not None
    headings = (
        *dialect.feature_keywords, *dialect.rule_keywords, *dialect.background_keywords,
        *dialect.scenario_keywords, *dialect.scenario_outline_keywords, *dialect.examples_keywords,
    )  # fmt: skip
    steps = (
        *dialect.given_keywords, *dialect.when_keywords, *dialect.then_keywords,
        *dialect.and_keywords, *dialect.but_keywords,
    )  # fmt: skip
    spellings = sorted({f"{word}:" for word in headings} | set(steps), key=len, reverse=True)
    return re.compile(r"(\s*)(" + "|".join(map(re.escape, spellings)) + ")(.*)", re.DOTALL)


def _gherkin(source: str) -> Markup:
    """A source as it stands, with its keywords, tags, comments and values marked."""
    declared = re.search(r"^\s*#\s*language\s*:\s*([\w-]+)", source, re.MULTILINE)
    keywords = _keywords(declared[1] if declared else "en")
    lines = []
    for line in source.rstrip().splitlines():
        bare = line.lstrip()
        if bare.startswith(("#", "@")):
            lines.append(_span("jetty-comment" if bare[0] == "#" else "jetty-at", line))
        elif match := keywords.fullmatch(line):
            lines.append(_escaped(match[1]) + _span("jetty-keyword", match[2]) + _marked(match[3]))
        else:
            lines.append(_marked(line))
    return Markup("&#10;".join(lines))  # noqa: S704 (escaped piece by piece)


def web_link(address: str | None) -> str | None:
    """The address where it is one that a browser may follow without harm."""
    return address if address and _WEB.fullmatch(address) else None


def place_link(place: str, pattern: str | None) -> Markup:
    """`path:line` as a link to its source, where the project says how such a link looks."""
    match = _PLACE.fullmatch(place)
    if not web_link(pattern) or pattern is None or match is None:
        return _data(place)
    path = quote(_UNPRINTABLE.sub("", match["path"]), safe="/")
    # Not `format`: the pattern is data, and so is what goes into it.
    address = pattern.replace("{line}", match["line"] or "1").replace("{path}", path)
    return Markup('<a href="{}">{}</a>').format(_data(address), _data(place))


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _capitalize_first(text: Markup) -> Markup:
    return text[:1].upper() + text[1:]


def _standard_word(status: StandardStatus) -> str:
    return words.STANDARD[status].word


class _Bytecode(FileSystemBytecodeCache):
    """Keeps compiled templates as Python keeps compiled modules: beside their source, where it may write."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            # What cannot be kept is compiled again: a read-only installation, a full disk.
            with suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


TEMPLATES = _HERE / "templates"
OURS = "default"
"""The folder under which a template of a site finds the one of this package that it stands in for."""


class _Overrides(NamedTuple):
    """The templates that a site has of its own."""

    folder: Path
    root: Path
    """The project's directory, which messages name files from."""

    def named(self, path: Path, line: int | None = None) -> str:
        """A file as messages name it."""
        name = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return f"{name.as_posix()}:{line}" if line else name.as_posix()

    def check(self, path: Path) -> None:
        """Raise a ConfigError if a file is no template."""
        try:
            _environment(self.folder).parse(path.read_text("utf-8"))
        except TemplateSyntaxError as error:
            raise ConfigError(f"{self.named(path, error.lineno)}: this is no template: {error.message}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.named(path)}: this is no template: {error}") from None

    def place_of(self, error: Exception) -> str | None:
        """Tell where in these templates something went wrong; None where it is no fault of theirs."""
        frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        own = [self.named(path, line) for path, line in frames if path.is_relative_to(self.folder)]
        return own[-1] if own else (self.named(self.folder) if isinstance(error, TemplateError) else None)


_overrides: list[_Overrides] = []


def use_templates(folder: Path | None, root: Path) -> None:
    """Have a site's own templates stand in for those of the same name, from now on.

    Args:
        folder: Where they are; None where the site has none.
        root: The project's directory.

    Raises:
        ConfigError: If one of them is no template.
    """
    _overrides[:] = [_Overrides(folder, root)] if folder and folder.is_dir() else []
    for each in _overrides:
        for path in sorted(each.folder.glob("*.html")):
            each.check(path)


@cache
def _environment(overrides: Path | None) -> Environment:
    ours = FileSystemLoader(TEMPLATES)
    site: list[BaseLoader] = [FileSystemLoader(overrides)] if overrides else []
    environment = Environment(
        loader=ChoiceLoader([*site, ours, PrefixLoader({OURS: ours})]),
        # What a site has of its own is not kept in this package.
        bytecode_cache=None
        if overrides
        else _Bytecode(str(TEMPLATES / "__pycache__"), f"%s.{sys.implementation.cache_tag}.jinja"),
        autoescape=True,
        finalize=_data,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=overrides is not None,
    )
    environment.globals.update(icon=icon, sign=sign, step_list=_step_list, scenario_head=_scenario_head)
    environment.filters.update(
        arguments=_arguments, ticked=_ticked, gherkin=_gherkin, paragraphs=_paragraphs, anchor=anchor,
        duration=words.duration, plural=words.plural, day=words.day, place=place_link,
        difference=difference, without_hints=without_hints, attached=attached,
        capitalize_first=_capitalize_first, standard_word=_standard_word,
        title_of=words.title, where=lambda scenario, feature: words.place(feature, scenario),
    )  # fmt: skip
    return environment


def attached(made: Attachment, at: str | None) -> str:
    """The address of an attachment: of its file in the site, or of itself where there is no site.

    Args:
        made: The attachment.
        at: Where the site has its attachments; None where it has none.
    """
    if at is not None:
        return f"{at}{made.file}"
    return f"data:{made.media_type};base64,{base64.b64encode(made.content).decode('ascii')}"


def render_whole(template: str, **context: Any) -> str:
    """Fill a template that holds pages as they are, with lines of code in them.

    Raises:
        ConfigError: If a template of the site's own cannot be filled.
    """
    own = _overrides[0] if _overrides else None
    try:
        filled = _environment(own.folder if own else None).get_template(template)
        return filled.render({"source_url": None, "attached_at": None, **context})
    except Exception as error:
        if own is None or (place := own.place_of(error)) is None:
            raise
        raise ConfigError(f"{place}: this template cannot be filled: {error}") from error


def render(template: str, **context: Any) -> str:
    """Fill a template, without blank or indented lines."""
    rendered = render_whole(template, **context)
    return "\n".join(line.strip() for line in rendered.split("\n") if line.strip())
