"""A feature as Cucumber's messages describe it: its document, and a pickle for each of its scenarios.

The document lists what runs, each row of an outline as a scenario of its own, with the lines of the page.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import cucumber_messages as m

from mkdocs_jetty.spec.model import Feature, Scenario, Step, StepType

_TYPES: dict[StepType, str] = {"given": "context", "when": "action", "then": "outcome"}


def document(feature: Feature) -> Any:
    """The document of one feature; a page with several has several."""
    return m.GherkinDocument(
        comments=[],
        uri=feature.page,
        feature=m.Feature(
            children=_children(feature),
            description=feature.description,
            keyword="Feature",
            language=feature.language,
            location=_at(feature.line),
            name=feature.name,
            tags=_tags(f"{feature.id}:feature", feature.tags, feature.line),
        ),
    )


def pickle(feature: Feature, scenario: Scenario) -> Any:
    """What runs; its id is the scenario's."""
    return m.Pickle(
        id=scenario.id,
        uri=feature.page,
        name=scenario.name,
        language=feature.language,
        location=_at(scenario.row_line or scenario.line),
        ast_node_ids=[_scenario_node(scenario.id)],
        tags=[
            m.PickleTag(ast_node_id=tag.id, name=tag.name)
            for tag in _tags(_scenario_node(scenario.id), scenario.tags, scenario.line)
        ],
        steps=[_pickle_step(scenario.id, number, step) for number, step in enumerate(scenario.steps)],
    )


def pickle_step_id(scenario_id: str, number: int) -> str:
    """The id of a step of a pickle."""
    return f"{scenario_id}:pickle-step:{number}"


def _scenario_node(scenario_id: str) -> str:
    return f"{scenario_id}:scenario"


def _step_node(scenario_id: str, number: int) -> str:
    return f"{scenario_id}:step:{number}"


def _at(line: int) -> Any:
    return m.Location(line=max(line, 1), column=1)


def _tags(owner: str, tags: tuple[str, ...], line: int) -> list[Any]:
    return [m.Tag(id=f"{owner}:tag:{number}", location=_at(line), name=tag) for number, tag in enumerate(tags)]


def _children(feature: Feature) -> list[Any]:
    children: list[Any] = []
    for number, (rule, group) in enumerate(groupby(feature.scenarios, key=lambda scenario: scenario.rule)):
        scenarios = list(group)
        if rule is None:
            children.extend(m.FeatureChild(scenario=_scenario(scenario)) for scenario in scenarios)
        else:
            children.append(m.FeatureChild(rule=_rule(f"{feature.id}:rule:{number}", rule, scenarios)))
    return children


def _rule(node: str, name: str, scenarios: list[Scenario]) -> Any:
    return m.Rule(
        children=[m.RuleChild(scenario=_scenario(scenario)) for scenario in scenarios],
        description="",
        id=node,
        keyword="Rule",
        location=_at(scenarios[0].line),
        name=name,
        tags=[],
    )


def _scenario(scenario: Scenario) -> Any:
    node = _scenario_node(scenario.id)
    return m.Scenario(
        description=scenario.description,
        examples=[],
        id=node,
        keyword=scenario.keyword,
        location=_at(scenario.row_line or scenario.line),
        name=scenario.name,
        steps=[_step(scenario.id, number, step) for number, step in enumerate(scenario.steps)],
        tags=_tags(node, scenario.tags, scenario.line),
    )


def _step(scenario_id: str, number: int, step: Step) -> Any:
    node, place = _step_node(scenario_id, number), _at(step.line)
    rows = [
        m.TableRow(cells=[m.TableCell(place, cell) for cell in row], id=f"{node}:row:{index}", location=place)
        for index, row in enumerate(step.table or ())
    ]
    return m.Step(
        id=node,
        keyword=f"{step.keyword} ",
        keyword_type=m.StepKeywordType[_TYPES[step.type]],
        location=place,
        text=step.text,
        data_table=m.DataTable(location=place, rows=rows) if rows else None,
        doc_string=None if step.docstring is None else m.DocString(step.docstring, '"""', place, step.media_type),
    )


def _pickle_step(scenario_id: str, number: int, step: Step) -> Any:
    return m.PickleStep(
        ast_node_ids=[_step_node(scenario_id, number)],
        id=pickle_step_id(scenario_id, number),
        text=step.text,
        type=m.PickleStepType[_TYPES[step.type]],
        argument=_argument(step),
    )


def _argument(step: Step) -> Any:
    if step.docstring is None and not step.table:
        return None
    rows = [m.PickleTableRow([m.PickleTableCell(cell) for cell in row]) for row in step.table or () if row]
    return m.PickleStepArgument(
        data_table=m.PickleTable(rows) if rows else None,
        doc_string=None
        if step.docstring is None
        else m.PickleDocString(content=step.docstring, media_type=step.media_type),
    )
