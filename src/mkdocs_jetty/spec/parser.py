"""The reference parser, without those of its questions that can only be answered no.

It asks of each line up to a dozen times whether it is of this kind or that, which is most of what reading costs. The
first character of a line leaves few kinds of them open, and only those are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gherkin.dialect import Dialect
from gherkin.parser import Parser
from gherkin.token_scanner import TokenScanner

if TYPE_CHECKING:
    from gherkin.parser import ParserContext
    from gherkin.token import Token

_SIGNS = {
    "Empty": [""], "Comment": ["#"], "Language": ["#"], "TagLine": ["@"], "TableRow": ["|"],
    "DocStringSeparator": ['"', "`"],
}  # fmt: skip
_ASKED = (*_SIGNS, "FeatureLine", "RuleLine", "BackgroundLine", "ScenarioLine", "ExamplesLine", "StepLine")


@lru_cache(maxsize=8)
def _open_kinds(language: str) -> Mapping[str, set[str]]:
    """The kinds of line that each first character leaves open."""
    dialect = Dialect.for_name(language)
    assert dialect is not None
    words: dict[str, list[str]] = {
        **_SIGNS,
        "FeatureLine": dialect.feature_keywords,
        "RuleLine": dialect.rule_keywords,
        "BackgroundLine": dialect.background_keywords,
        "ScenarioLine": [*dialect.scenario_keywords, *dialect.scenario_outline_keywords],
        "ExamplesLine": dialect.examples_keywords,
        "StepLine": [
            *dialect.given_keywords, *dialect.when_keywords, *dialect.then_keywords,
            *dialect.and_keywords, *dialect.but_keywords,
        ],
    }  # fmt: skip
    kinds: dict[str, set[str]] = defaultdict(set)
    for kind, beginnings in words.items():
        for beginning in beginnings:
            kinds[beginning[:1]].add(kind)
    return dict(kinds)


class QuickParser(Parser):
    """Parses as the reference parser does: what is still asked, the same matcher answers."""

    def read_token(self, context: ParserContext) -> Token:
        """Read a line, and note what it can be."""
        token: Any = super().read_token(context)
        # In the dialect of this very line: the text may have named another one since the parser was made.
        kinds = _open_kinds(context.token_matcher.dialect_name)
        token.open_kinds = kinds.get(token.line.get_line_text()[:1], ()) if token.line else ()
        return token  # type: ignore[no-any-return]

    def match_token(self, state: int, token: Token, context: ParserContext) -> int:
        """Go on from a state; the original lists all states anew for each line."""
        following: int = getattr(self, f"match_token_at_{state}")(token, context)
        return following


def _asks(kind: str) -> Callable[[QuickParser, ParserContext, Any], bool]:
    ask = getattr(Parser, f"match_{kind}")

    def match(parser: QuickParser, context: ParserContext, token: Any) -> bool:
        return kind in token.open_kinds and ask(parser, context, token)

    return match


for _kind in _ASKED:
    setattr(QuickParser, f"match_{_kind}", _asks(_kind))


class _Numbered(TokenScanner):
    """Scans lines that have numbers of their own."""

    def __init__(self, lines: Sequence[str], numbers: Sequence[int]) -> None:
        super().__init__("\n".join(lines))
        self._before = [number - 1 for number in reversed(numbers)]

    def read(self) -> Token:
        """Read a line, under its number."""
        if self._before:
            self.line_number = self._before.pop()
        return super().read()


def scanner(lines: Sequence[str], numbers: Sequence[int]) -> TokenScanner:
    """Scan lines whose numbers are those of their file."""
    return _Numbered(lines, numbers)
