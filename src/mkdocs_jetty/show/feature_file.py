"""A feature as a classic `.feature` file, for tools that read nothing else.

Outlines stay outlines. A background that holds for all scenarios stays one; where fences of a page differ in theirs,
its steps stand in each scenario, because a file has room for one only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gherkin.dialect import Dialect

from mkdocs_jetty.spec.model import Feature, Scenario, ShownExamples, ShownHeading, ShownScenario, ShownStep, Spec, Step
from mkdocs_jetty.spec.modes import mode_by_tags
from mkdocs_jetty.spec.reader import TRAIT_TAG

AnyStep = Step | ShownStep


def feature_file(feature: Feature, spec: Spec) -> str:
    """The text of the file."""
    return "\n".join(_FeatureFile(feature, spec).lines()).rstrip("\n") + "\n"


class _FeatureFile:
    """One feature while it is written."""

    def __init__(self, feature: Feature, spec: Spec) -> None:
        self.feature = feature
        self.by_id: Mapping[str, Scenario] = {scenario.id: scenario for scenario in feature.scenarios}
        items = [
            item for page in spec.pages if page.path == feature.page for block in page.blocks for item in block.items
        ]
        self.shown = [
            item
            for item in items
            if isinstance(item, ShownScenario) and any(each in self.by_id for each in item.scenario_ids)
        ]
        self.rules = {item.name: item for item in items if isinstance(item, ShownHeading) and item.kind == "rule"}
        self.dialect: Any = Dialect.for_name(feature.language) or Dialect.for_name("en")
        backgrounds = {_said(self._background(item)) for item in self.shown}
        self.shared = self._background(self.shown[0]) if len(backgrounds) == 1 else []

    def lines(self) -> Iterator[str]:
        """The lines, the title first."""
        if self.feature.language != "en":
            yield f"# language: {self.feature.language}"
        yield from _tags((*self.feature.tags, *self._trait_tags()), "")
        yield f"{self.dialect.feature_keywords[0]}: {self.feature.name}"
        yield from _described(self.feature.description, "  ")
        if self.shared:
            yield from ("", f"  {self.dialect.background_keywords[0]}:", *_steps(self.shared, "    "))
        rule: str | None = None
        # What belongs to no rule has to stand before the first one.
        for item in sorted(self.shown, key=lambda item: self._rule(item) is not None):
            if self._rule(item) != rule:
                rule = self._rule(item)
                yield from self._rule_lines(str(rule))
            yield from self._scenario(item, "  " if rule is None else "    ")

    def _trait_tags(self) -> list[str]:
        """What the front matter says of the traits, as a `.feature` file says it."""
        if not self.feature.traits_declared:
            return []
        tags = [f"{TRAIT_TAG}{trait}" for trait in self.feature.traits] or [f"{TRAIT_TAG}none"]
        return [tag for tag in tags if tag not in self.feature.tags]

    def _rule(self, item: ShownScenario) -> str | None:
        return self._first(item).rule

    def _first(self, item: ShownScenario) -> Scenario:
        return next(self.by_id[each] for each in item.scenario_ids if each in self.by_id)

    def _background(self, item: ShownScenario) -> list[Step]:
        return [step for step in self._first(item).steps if step.background]

    def _rule_lines(self, name: str) -> Iterator[str]:
        heading = self.rules.get(name)
        yield ""
        yield from _tags(heading.tags if heading else (), "  ")
        yield f"  {self.dialect.rule_keywords[0]}: {name}"
        yield from _described(heading.description if heading else "", "    ")

    def _scenario(self, item: ShownScenario, indent: str) -> Iterator[str]:
        inner = f"{indent}  "
        yield ""
        yield from _tags((*self._mode_tag(item), *item.tags), indent)
        yield f"{indent}{item.keyword}: {item.name}".rstrip()
        yield from _described(item.description, inner)
        own: Sequence[AnyStep] = item.steps
        yield from _steps([*([] if self.shared else self._background(item)), *own], inner)
        for examples in item.examples:
            yield from _examples(examples, inner)

    def _mode_tag(self, item: ShownScenario) -> tuple[str, ...]:
        """The mode where it came from a heading, which a file does not have."""
        scenarios = [self.by_id[each] for each in item.scenario_ids if each in self.by_id]
        modes = {scenario.mode for scenario in scenarios if mode_by_tags(scenario.tags) is None} - {"speed"}
        return tuple(f"@{mode}" for mode in sorted(modes))


def _said(steps: Sequence[Step]) -> tuple[object, ...]:
    return tuple((step.keyword, step.text, step.table, step.docstring) for step in steps)


def _tags(tags: Sequence[str], indent: str) -> Iterator[str]:
    if tags:
        yield indent + " ".join(tags)


def _described(text: str, indent: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"{indent}{line.strip()}".rstrip()


def _steps(steps: Sequence[AnyStep], indent: str) -> Iterator[str]:
    for step in steps:
        yield f"{indent}{step.keyword.strip()} {step.text}"
        if step.docstring is not None:
            yield from _docstring(step.docstring, step.media_type or "", f"{indent}  ")
        if step.table is not None:
            yield from _table(step.table, f"{indent}  ")


def _docstring(text: str, media_type: str, indent: str) -> Iterator[str]:
    yield f'{indent}"""{media_type}'
    for line in text.split("\n"):
        yield indent + line.replace('"""', r"\"\"\"") if line else ""
    yield f'{indent}"""'


def _table(rows: Sequence[Sequence[str]], indent: str) -> Iterator[str]:
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield f"{indent}| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def _examples(examples: ShownExamples, indent: str) -> Iterator[str]:
    yield ""
    yield from _tags(examples.tags, indent)
    yield f"{indent}{examples.keyword}: {examples.name}".rstrip()
    yield from _described(examples.description, f"{indent}  ")
    if examples.header:
        yield from _table([examples.header, *(cells for cells, _ in examples.rows)], f"{indent}  ")
