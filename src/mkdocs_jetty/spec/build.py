"""Turn parsed blocks into features, scenarios, and what the page shows of them."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gherkin.dialect import Dialect

from mkdocs_jetty.spec.gherkin import Document
from mkdocs_jetty.spec.mistakes import mistakes
from mkdocs_jetty.spec.model import (
    Block,
    NotRunnable,
    Problem,
    Scenario,
    ShownBackground,
    ShownExamples,
    ShownHeading,
    ShownItem,
    ShownScenario,
    ShownStep,
    Step,
    StepType,
)
from mkdocs_jetty.spec.nothing import nothing_runs, scenario_keyword
from mkdocs_jetty.spec.place import Place
from mkdocs_jetty.spec.spelling import Lost, misspelt
from mkdocs_jetty.spec.swallowed import swallowed

STEP_TYPES: dict[str, StepType] = {"Context": "given", "Action": "when", "Outcome": "then"}
ID_LENGTH = 60
PLACEHOLDER = re.compile(r"<(.+?)>")


def slug(text: str) -> str:
    """A name as part of an identifier and of an address: lower case, words joined by hyphens."""
    words = re.sub(r"[^\w]+", "-", text.lower().replace("_", "-")).strip("-")
    return words[:ID_LENGTH].rstrip("-")


def free(wanted: str, taken: Container[str]) -> str:
    """The name that was wanted, with a number where it is taken."""
    unique, count = wanted, 1
    while unique in taken:
        count += 1
        unique = f"{wanted}-{count}"
    return unique


@dataclass
class Draft:
    """A feature while its page is read."""

    id: str
    name: str
    line: int
    tags: tuple[str, ...] = ()
    description: str = ""
    language: str = "en"
    scenarios: list[Scenario] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """The misspelt headings that were reported."""

    def claim(self, wanted: str) -> str:
        """An id of this feature that no other scenario has."""
        unique = free(wanted or "scenario", self.taken)
        self.taken.add(unique)
        return f"{self.id}/{unique}"


class BlockBuilder:
    """Builds one block; its scenarios go into the draft of their feature."""

    def __init__(self, document: Document, draft: Draft, place: Place, lines: Sequence[str], spoiled: str = "") -> None:
        self.document = document
        self.spoiled = spoiled
        """Why no scenario of the block can run, if so."""
        self.lost_background = ""
        """Why the block's background cannot hold, if so."""
        self.draft = draft
        self.place = place
        self.lines = lines
        self.problems: list[Problem] = []
        self.items: list[ShownItem] = []
        self.lost: list[Lost] = []
        self.names: set[str] = {scenario.outline or scenario.name for scenario in draft.scenarios}
        self.pickles: dict[str, list[dict[str, Any]]] = {}
        for pickle in document.pickles:
            self.pickles.setdefault(pickle["astNodeIds"][0], []).append(pickle)
        self.steps: dict[str, tuple[dict[str, Any], bool]] = {}
        self.dialect: Any = Dialect.for_name(document.feature["language"])

    def build(self, source: str) -> Block:
        """Build the block, its scenarios included."""
        feature = self.document.feature
        for background in self.document.background:
            self._index(background["steps"], background=True)
        if self.document.named:
            self.items.append(_heading("feature", feature))
        spoiled = self._spelling(feature) or self.spoiled
        self.problems += mistakes(self.document, self.place, self.draft.told)
        self._children(feature["children"], None, spoiled)
        if not _holds(feature):
            self.problems = nothing_runs(self.place, source, self.lost, self.problems, self.dialect)
        return Block(
            self.place.page, self.place.line, source, True, self.draft.id, tuple(self.items), tuple(self.problems)
        )

    def _children(self, children: list[dict[str, Any]], rule: dict[str, Any] | None, spoiled: str) -> None:
        for child in children:
            if "background" in child:
                spoiled = self._background(child["background"]) or spoiled
            elif "rule" in child:
                wrong = self._spelling(child["rule"])
                if not child["rule"]["children"]:
                    self._warn(child["rule"]["location"]["line"], "this rule holds no scenario, so nothing runs for it")
                self.items.append(_heading("rule", child["rule"]))
                self._children(child["rule"]["children"], child["rule"], wrong or spoiled)
            else:
                self._scenario(child["scenario"], rule, spoiled)

    def _background(self, node: dict[str, Any]) -> str:
        self._index(node["steps"], background=True)
        spoiled = self._spelling(node) or self._swallowed(node)
        if any(child.get("background") is node for child in self.document.feature["children"]):
            self.lost_background = self.lost_background or spoiled
        self.items.append(
            ShownBackground(
                node["keyword"],
                node["name"],
                _dedent(node["description"]),
                node["location"]["line"],
                _shown(node["steps"]),
            )
        )
        return spoiled

    def _scenario(self, node: dict[str, Any], rule: dict[str, Any] | None, spoiled: str) -> None:
        line, name = node["location"]["line"], node["name"]
        self._index(node["steps"], background=False)
        for each in (node, *node["examples"]):
            spoiled = self._spelling(each) or spoiled
        spoiled = self._swallowed(node) or spoiled
        if name in self.names:
            self._warn(
                line, f"another scenario of this feature is named `{name}` too; both run, but give each its own name"
            )
        self.names.add(name)
        made = {row: self._one(node, rule, pickle, row, spoiled) for row, pickle in self._rows(node)}
        self.draft.scenarios.extend(made.values())
        examples = tuple(_shown_examples(each, made) for each in node["examples"])
        for each in node["examples"]:
            if not each.get("tableBody"):
                self._warn(each["location"]["line"], "these Examples have no row, so nothing runs for them")
        self.items.append(
            ShownScenario(
                node["keyword"], name, _dedent(node["description"]), _tags(node), line, _shown(node["steps"]), examples,
                tuple(scenario.id for scenario in made.values()),
            )
        )  # fmt: skip

    def _rows(self, node: dict[str, Any]) -> list[tuple[int | None, dict[str, Any] | None]]:
        """Each scenario that a node stands for: the line of its row, and its pickle if it has one."""
        pickles = self.pickles.get(node["id"], [])
        if not node["examples"]:
            outline = node["keyword"] in self.dialect.scenario_outline_keywords
            return [(None, None if outline else pickles[0])]
        rows = {row["id"]: row["location"]["line"] for each in node["examples"] for row in each.get("tableBody", [])}
        return [(rows[pickle["astNodeIds"][1]], pickle) for pickle in pickles] or [(None, None)]

    def _one(
        self, node: dict[str, Any], rule: dict[str, Any] | None, pickle: dict[str, Any] | None, row: int | None,
        spoiled: str,
    ) -> Scenario:  # fmt: skip
        line = node["location"]["line"]
        name = pickle["name"] if pickle else node["name"]
        inherited = [*self.document.feature["tags"], *(rule["tags"] if rule else []), *node["tags"]]
        tags = tuple(dict.fromkeys(tag["name"] for tag in (pickle["tags"] if pickle else inherited)))
        steps = self._steps(pickle, self._background_values(node, row)) if pickle else ()
        defect: NotRunnable | None = "no-rows" if pickle is None else None if steps else "no-steps"
        if spoiled and defect is None:
            defect = "invalid-gherkin"
        wanted = slug(node["name"])
        if row is not None:
            wanted = (
                slug(name) if name != node["name"] else f"{wanted}-{slug(self._row_values(node, row)) or row - line}"
            )
        return Scenario(
            id=self.draft.claim(wanted), name=name, keyword=node["keyword"], mode=self.place.mode(tags, line),
            tags=tags, line=line, steps=steps, row_line=row,
            outline=node["name"] if row is not None else None,
            rule=rule["name"] if rule else None, description=_dedent(node["description"]), defect=defect,
            defect_note=self._note(defect, node, spoiled), own_tags=_tags(node),
        )  # fmt: skip

    def _note(self, defect: NotRunnable | None, node: dict[str, Any], spoiled: str) -> str:
        if defect != "no-rows" or node["examples"]:
            return spoiled if defect == "invalid-gherkin" else ""
        examples, scenario = self.dialect.examples_keywords[0], scenario_keyword(self.dialect)
        return (
            f"It is an outline without `{examples}:`; add them with a table of values, or begin it with `{scenario}:`."
        )

    def _background_values(self, node: dict[str, Any], row: int | None) -> dict[str, str]:
        """What fills `<name>` in the background: of a `.feature` file the row, as in pytest-bdd; of a page nothing."""
        if row is None or not self.place.is_file:
            return {}
        return next(
            dict(zip(_cells(each["tableHeader"]), _cells(found), strict=False))
            for each in node["examples"]
            for found in each.get("tableBody", [])
            if found["location"]["line"] == row
        )

    @staticmethod
    def _row_values(node: dict[str, Any], line: int) -> str:
        rows = (row for each in node["examples"] for row in each.get("tableBody", []))
        cells = next(row["cells"] for row in rows if row["location"]["line"] == line)
        return " ".join(cell["value"] for cell in cells)

    def _steps(self, pickle: dict[str, Any], values: Mapping[str, str]) -> tuple[Step, ...]:
        steps = []
        # `And` and `*` take the type of the step before them; with none before, that of a Given.
        current: StepType = "given"
        for each in pickle["steps"]:
            node, background = self.steps[each["astNodeIds"][0]]
            current = STEP_TYPES.get(node["keywordType"], current)
            table, docstring, media_type = _argument(each.get("argument") or {})
            step = Step(
                node["keyword"].strip(), current, each["text"], node["location"]["line"], table, docstring,
                media_type, background,
            )  # fmt: skip
            steps.append(_filled(step, values) if background and values else step)
        return tuple(steps)

    def _index(self, steps: list[dict[str, Any]], *, background: bool) -> None:
        self.steps.update((step["id"], (step, background)) for step in steps)

    def _spelling(self, node: dict[str, Any]) -> str:
        """Report what is lost in a node's description; say why what the node holds cannot run, if so."""
        spoiled = ""
        for lost in misspelt(node, self.lines, self.document.feature["language"]):
            self.lost.append(lost)
            self.problems.append(Problem(lost.level, self.place.page, lost.line, None, lost.message))
            if lost.level == "error" and not spoiled:
                spoiled = f"It is not all there: line {lost.line} is read as description, so it cannot run."
            if node is self.document.feature and lost.keyword.rstrip(":") in self.dialect.background_keywords:
                self.lost_background = self.lost_background or spoiled
        return spoiled

    def _swallowed(self, node: dict[str, Any]) -> str:
        """Report doc strings that were left open; say why what holds them cannot run, if so."""
        found = swallowed(node, self.lines, self.dialect)
        self.problems += [Problem("error", self.place.page, each.opened, None, each.message) for each in found]
        return f"Its doc string in line {found[0].opened} was left open, so it cannot run." if found else ""

    def _warn(self, line: int, message: str) -> None:
        self.problems.append(Problem("warning", self.place.page, line, None, message))


def _holds(feature: dict[str, Any]) -> bool:
    """Tell whether a block holds anything that runs, or that later blocks run."""
    rules = [child["rule"] for child in feature["children"] if "rule" in child]
    return len(feature["children"]) > len(rules) or any(rule["children"] for rule in rules)


def _cells(row: dict[str, Any]) -> list[str]:
    return [cell["value"] for cell in row["cells"]]


def _filled(step: Step, values: Mapping[str, str]) -> Step:
    """A step with the values of a row; what no column names stays as it is."""

    def fill(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

    table = step.table and tuple(tuple(map(fill, row)) for row in step.table)
    return replace(step, text=fill(step.text), table=table, docstring=step.docstring and fill(step.docstring))


def _argument(argument: dict[str, Any]) -> tuple[tuple[tuple[str, ...], ...] | None, str | None, str | None]:
    table = docstring = media_type = None
    if "dataTable" in argument:
        rows = argument["dataTable"]["rows"]
        table = tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows)
    if "docString" in argument:
        docstring = argument["docString"]["content"] or ""
        media_type = argument["docString"].get("mediaType")
    return table, docstring, media_type


def _heading(kind: Any, node: dict[str, Any]) -> ShownHeading:
    return ShownHeading(
        kind, node["keyword"], node["name"], _dedent(node["description"]), _tags(node), node["location"]["line"]
    )


def _shown(steps: list[dict[str, Any]]) -> tuple[ShownStep, ...]:
    return tuple(
        ShownStep(step["keyword"].strip(), step["text"], step["location"]["line"], *_argument(_as_pickled(step)))
        for step in steps
    )


def _as_pickled(step: dict[str, Any]) -> dict[str, Any]:
    return {key: step[key] for key in ("dataTable", "docString") if key in step}


def _shown_examples(node: dict[str, Any], made: dict[int | None, Scenario]) -> ShownExamples:
    header = tuple(cell["value"] for cell in node["tableHeader"]["cells"]) if node.get("tableHeader") else ()
    rows = tuple(
        (tuple(cell["value"] for cell in row["cells"]), made[row["location"]["line"]].id)
        for row in node.get("tableBody", [])
    )
    return ShownExamples(
        node["keyword"], node["name"], _dedent(node["description"]), _tags(node), node["location"]["line"], header, rows
    )


def _tags(node: dict[str, Any]) -> tuple[str, ...]:
    return tuple(tag["name"] for tag in node["tags"])


def _dedent(description: str | None) -> str:
    return "\n".join(line.strip() for line in (description or "").split("\n")).strip()
