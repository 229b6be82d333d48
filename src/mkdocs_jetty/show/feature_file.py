"""A feature as a classic `.feature` file, for tools that read nothing else. Read again, it says the same.

Outlines stay outlines. A background that holds for all scenarios stays one; where fences of a page differ in theirs,
its steps stand in each scenario, because a file has room for one only, and a column keeps
an outline from being filled into them. Where fences differ in their language, all
keywords become those of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gherkin.dialect import Dialect

from mkdocs_jetty.show.keywords import Keywords
from mkdocs_jetty.spec.gherkin import language_of
from mkdocs_jetty.spec.model import (
    Feature,
    Scenario,
    ShownBackground,
    ShownExamples,
    ShownHeading,
    ShownScenario,
    ShownStep,
    Spec,
    Step,
)
from mkdocs_jetty.spec.modes import mode_by_tags
from mkdocs_jetty.spec.reader import TRAIT_TAG

AnyStep = Step | ShownStep
_PLACEHOLDER = re.compile(r"<([^<>\n]+)>")


def feature_file(feature: Feature, spec: Spec) -> str:
    """The text of the file."""
    return "\n".join(_FeatureFile(feature, spec).lines()).rstrip("\n") + "\n"


@dataclass(frozen=True)
class _Item:
    """A scenario or an outline as a page shows it, with what it stands for."""

    shown: ShownScenario
    scenarios: tuple[Scenario, ...]
    rule: ShownHeading | None
    """The heading above it: two rules of one name are two."""
    language: str
    written: Mapping[int, ShownStep] | None = None
    """Of a `.feature` file, the steps of its backgrounds by their lines: each row fills them."""

    @property
    def background(self) -> list[Step]:
        found = [step for step in self.scenarios[0].steps if step.background]
        return [self._as_written(step) for step in found]

    def _as_written(self, step: Step) -> Step:
        shown = self.written.get(step.line) if self.written else None
        return replace(step, text=shown.text, table=shown.table, docstring=shown.docstring) if shown else step

    @property
    def own(self) -> list[tuple[ShownStep, Step | None]]:
        """The steps as written, each with itself as it runs, where it does."""
        run: list[Step | None] = [step for step in self.scenarios[0].steps if not step.background]
        return list(zip(self.shown.steps, run or [None] * len(self.shown.steps), strict=False))

    @property
    def filled(self) -> tuple[str, ...]:
        """What of its background its columns would be filled into, if that stood in the outline."""
        if self.written is not None:
            return ()
        names = {name for table in self.shown.examples for name in table.header}
        found = _PLACEHOLDER.findall(repr(_said(self.background)))
        return tuple(dict.fromkeys(name for name in found if name in names))


class _FeatureFile:
    """One feature while it is written."""

    def __init__(self, feature: Feature, spec: Spec) -> None:
        self.feature = feature
        self.items = list(_items(feature, spec))
        languages = {item.language for item in self.items}
        self.language = languages.pop() if len(languages) == 1 else feature.language
        self.keywords = Keywords(self.language)
        backgrounds = {_said(item.background) for item in self.items}
        shared = len(backgrounds) == 1 and self.items[0].background and not any(item.filled for item in self.items)
        self.shared = self.items[0] if shared else None

    def lines(self) -> Iterator[str]:
        """The lines, the title first."""
        if self.language != "en":
            yield f"# language: {self.language}"
        yield from _tags((*self.feature.tags, *self._trait_tags()), "")
        yield f"{self.keywords.feature}: {self.feature.name}"
        yield from _described(self.feature.description, "  ")
        if self.shared:
            yield from ("", f"  {self.keywords.background}:", *self._background(self.shared, "    "))
        rule: ShownHeading | None = None
        # What belongs to no rule has to stand before the first one.
        for item in sorted(self.items, key=lambda item: item.rule is not None):
            if item.rule != rule and item.rule is not None:
                rule = item.rule
                yield from self._rule(rule)
            yield from self._scenario(item, "  " if rule is None else "    ")

    def _trait_tags(self) -> list[str]:
        """Return what the front matter says of the traits, as a `.feature` file says it."""
        if not self.feature.traits_declared:
            return []
        tags = [f"{TRAIT_TAG}{trait}" for trait in self.feature.traits] or [f"{TRAIT_TAG}none"]
        return [tag for tag in tags if tag not in self.feature.tags]

    def _rule(self, heading: ShownHeading) -> Iterator[str]:
        yield ""
        yield from _tags(heading.tags, "  ")
        yield f"  {self.keywords.rule}: {heading.name}"
        yield from _described(heading.description, "    ")

    def _scenario(self, item: _Item, indent: str) -> Iterator[str]:
        shown, inner = item.shown, f"{indent}  "
        outline = bool(shown.examples) or item.scenarios[0].defect == "no-rows"
        yield ""
        yield from _tags((*_mode_tags(item.scenarios), *shown.tags), indent)
        yield f"{indent}{self.keywords.scenario(shown.keyword, item.language, outline=outline)}: {shown.name}"
        yield from _described(shown.description, inner)
        yield from () if self.shared else self._background(item, inner)
        for step, as_run in item.own:
            yield from self._step(step, as_run.type if as_run else None, item.language, inner)
        for examples in shown.examples:
            yield from self._examples(examples, item, inner)

    def _background(self, item: _Item, indent: str) -> Iterator[str]:
        for step in item.background:
            said = step if self.shared else _literal(step, item.filled)
            yield from self._step(said, step.type, self._language(item, step), indent)

    def _language(self, item: _Item, step: Step) -> str | None:
        """The language that a step was written in; a background may be another fence's."""
        return None if step.background and self.is_mixed else item.language

    def _step(self, step: AnyStep, kind: str | None, language: str | None, indent: str) -> Iterator[str]:
        yield f"{indent}{self.keywords.step(step.keyword, kind, language)} {step.text}"
        if step.docstring is not None:
            yield from _docstring(step.docstring, step.media_type or "", f"{indent}  ")
        if step.table is not None:
            yield from _table(step.table, f"{indent}  ")

    def _examples(self, examples: ShownExamples, item: _Item, indent: str) -> Iterator[str]:
        yield ""
        yield from _tags(examples.tags, indent)
        yield f"{indent}{self.keywords.examples(examples.keyword, item.language)}: {examples.name}"
        yield from _described(examples.description, f"{indent}  ")
        if examples.header:
            names = () if self.shared else item.filled
            # The last columns: what they hold is not filled in again.
            header = (*examples.header, *map(_stand_in, names))
            rows = [(*cells, *(f"<{name}>" for name in names)) for cells, _ in examples.rows]
            yield from _table([header, *rows], f"{indent}  ")

    @property
    def is_mixed(self) -> bool:
        """Whether some of it was written in another language."""
        return any(item.language != self.language for item in self.items)


def _items(feature: Feature, spec: Spec) -> Iterator[_Item]:
    by_id: Mapping[str, Scenario] = {scenario.id: scenario for scenario in feature.scenarios}
    for page in spec.pages:
        blocks = page.blocks if page.path == feature.page else ()
        backgrounds = (each for block in blocks for each in block.items if isinstance(each, ShownBackground))
        steps = {step.line: step for each in backgrounds for step in each.steps}
        written = steps if feature.page.endswith(".feature") else None
        for block in blocks:
            rule: ShownHeading | None = None
            language = block.language or language_of(block.source.split("\n"))
            for item in block.items:
                if isinstance(item, ShownHeading):
                    rule = item if item.kind == "rule" else None
                elif isinstance(item, ShownScenario):
                    scenarios = tuple(by_id[each] for each in item.scenario_ids if each in by_id)
                    if scenarios:
                        yield _Item(item, scenarios, rule, language if Dialect.for_name(language) else "en", written)


def _stand_in(name: str) -> str:
    """The column that says `<name>` where the background does, which no column fills on a page."""
    return f"{name}, in the background"


def _literal(step: Step, names: Sequence[str]) -> Step:
    def said(text: str) -> str:
        for name in names:
            text = text.replace(f"<{name}>", f"<{_stand_in(name)}>")
        return text

    table = step.table and tuple(tuple(map(said, row)) for row in step.table)
    docstring = step.docstring and said(step.docstring)
    return replace(
        step,
        text=said(step.text),
        table=table,
        docstring=docstring,
        media_type=step.media_type and said(step.media_type),
    )


def _mode_tags(scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    """The mode where it came from a heading, which a file does not have."""
    modes = {scenario.mode for scenario in scenarios if mode_by_tags(scenario.tags) is None} - {"speed"}
    return tuple(f"@{mode}" for mode in sorted(modes))


def _said(steps: Sequence[Step]) -> tuple[object, ...]:
    return tuple((step.keyword, step.type, step.text, step.table, step.docstring, step.media_type) for step in steps)


def _tags(tags: Sequence[str], indent: str) -> Iterator[str]:
    if tags:
        yield indent + " ".join(tags)


def _described(text: str, indent: str) -> Iterator[str]:
    for line in text.split("\n") if text else ():
        yield f"{indent}{line.strip()}".rstrip()


def _docstring(text: str, media_type: str, indent: str) -> Iterator[str]:
    # Each kind of quotes has an escape for itself, and no way to say that escape.
    quotes, escaped = ("```", r"\`\`\`") if r"\"\"\"" in text else ('"""', r"\"\"\"")
    yield f"{indent}{quotes}{media_type}"
    for line in text.split("\n"):
        yield indent + line.replace(quotes, escaped) if line else ""
    yield f"{indent}{quotes}"


def _table(rows: Sequence[Sequence[str]], indent: str) -> Iterator[str]:
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield indent + "|".join(["", *(f" {cell.ljust(width)} " for cell, width in zip(row, widths, strict=True)), ""])


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")
