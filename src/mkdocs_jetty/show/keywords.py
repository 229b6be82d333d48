"""The keywords of one language, for text that may have been written in another one."""

from __future__ import annotations

from typing import Any

from gherkin.dialect import Dialect


def _dialect(language: str | None) -> Any:
    return Dialect.for_name(language or "en") or Dialect.for_name("en")


class Keywords:
    """What is written in any language comes back in one; what is in that language already stays as it is."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.dialect = _dialect(language)
        self.feature: str = self.dialect.feature_keywords[0]
        self.rule: str = self.dialect.rule_keywords[0]
        self.background: str = self.dialect.background_keywords[0]

    def scenario(self, keyword: str, language: str, *, outline: bool) -> str:
        """The keyword of a scenario or an outline; of none, the language's own."""
        if keyword and language == self.language:
            return keyword
        own: str = (self.dialect.scenario_outline_keywords if outline else self.dialect.scenario_keywords)[-1]
        return own

    def examples(self, keyword: str, language: str) -> str:
        """The keyword of a table of examples."""
        own: str = self.dialect.examples_keywords[0]
        return keyword if language == self.language else own

    def step(self, keyword: str, kind: str | None, language: str | None) -> str:
        """The keyword of a step of this kind; nobody may know which language it was written in."""
        if language == self.language or keyword == "*":
            return keyword
        for conjunction in ("and", "but") if language else ():
            if keyword in map(str.strip, getattr(_dialect(language), f"{conjunction}_keywords")):
                kind = conjunction
        own: list[str] = getattr(self.dialect, f"{kind or 'given'}_keywords")
        return next(word.strip() for word in own if word.strip() != "*")
