"""A feature as Cucumber's messages describe it: its document, and a pickle for each of its scenarios.

The document lists what runs, each row of an outline as a scenario of its own, with the lines of the page. Messages are
plain dictionaries here and in `messages.py`: there are many, and each is only ever written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import Feature, Scenario, Step, StepType

Message = dict[str, Any]
"""A message of Cucumber's, or a part of one, by the names that its schema gives."""

_TYPES: dict[StepType, str] = {"given": "Context", "when": "Action", "then": "Outcome"}


def uris(features: Iterable[Feature]) -> dict[str, str]:
    """The address of each feature's document, by the feature's id: its file, and a fragment where it is not the first.

    Readers of Cucumber's messages take two documents of one address for one.
    """
    found: dict[str, str] = {}
    pages: set[str] = set()
    for feature in features:
        found[feature.id] = f"{feature.page}#{feature.id}" if feature.page in pages else feature.page
        pages.add(feature.page)
    return found


def document(feature: Feature, uri: str) -> Message:
    """The document of one feature; a page with several has several."""
    return {
        "comments": [],
        "uri": uri,
        "feature": {
            "children": _children(feature),
            "description": feature.description,
            "keyword": "Feature",
            "language": feature.language,
            "location": _at(feature.line),
            "name": feature.name,
            "tags": _tags(f"{feature.id}:feature", feature.tags, feature.line),
        },
    }


def pickle(feature: Feature, scenario: Scenario, uri: str) -> Message:
    """Return what runs; its id is the scenario's."""
    node = _scenario_node(scenario.id)
    return {
        "id": scenario.id,
        "uri": uri,
        "name": words.title(scenario),
        "language": feature.language,
        "location": _at(scenario.row_line or scenario.line),
        "astNodeIds": [node],
        "tags": [{"astNodeId": tag["id"], "name": tag["name"]} for tag in _tags(node, scenario.tags, scenario.line)],
        "steps": [_pickle_step(scenario.id, number, step) for number, step in enumerate(scenario.steps)],
    }


def pickle_step_id(scenario_id: str, number: int) -> str:
    """The id of a step of a pickle."""
    return f"{scenario_id}:pickle-step:{number}"


def _scenario_node(scenario_id: str) -> str:
    return f"{scenario_id}:scenario"


def _step_node(scenario_id: str, number: int) -> str:
    return f"{scenario_id}:step:{number}"


def _at(line: int) -> Message:
    return {"line": max(line, 1), "column": 1}


def _tags(owner: str, tags: tuple[str, ...], line: int) -> list[Message]:
    return [{"id": f"{owner}:tag:{number}", "location": _at(line), "name": tag} for number, tag in enumerate(tags)]


def _children(feature: Feature) -> list[Message]:
    children: list[Message] = []
    for number, (rule, group) in enumerate(groupby(feature.scenarios, key=lambda scenario: scenario.rule)):
        scenarios = list(group)
        if rule is None:
            children.extend({"scenario": _scenario(scenario)} for scenario in scenarios)
        else:
            children.append({"rule": _rule(f"{feature.id}:rule:{number}", rule, scenarios)})
    return children


def _rule(node: str, name: str, scenarios: list[Scenario]) -> Message:
    return {
        "children": [{"scenario": _scenario(scenario)} for scenario in scenarios],
        "description": "",
        "id": node,
        "keyword": "Rule",
        "location": _at(scenarios[0].line),
        "name": name,
        "tags": [],
    }


def _scenario(scenario: Scenario) -> Message:
    node = _scenario_node(scenario.id)
    return {
        "description": scenario.description,
        "examples": [],
        "id": node,
        "keyword": scenario.keyword,
        "location": _at(scenario.row_line or scenario.line),
        "name": scenario.name,
        "steps": [_step(scenario.id, number, step) for number, step in enumerate(scenario.steps)],
        "tags": _tags(node, scenario.tags, scenario.line),
    }


def _step(scenario_id: str, number: int, step: Step) -> Message:
    node, place = _step_node(scenario_id, number), _at(step.line)
    message: Message = {
        "id": node,
        "keyword": f"{step.keyword} ",
        "keywordType": _TYPES[step.type],
        "location": place,
        "text": step.text,
    }
    if step.table:
        cells = [[{"location": place, "value": cell} for cell in row] for row in step.table]
        rows = [{"cells": row, "id": f"{node}:row:{index}", "location": place} for index, row in enumerate(cells)]
        message["dataTable"] = {"location": place, "rows": rows}
    if step.docstring is not None:
        message["docString"] = {"content": step.docstring, "delimiter": '"""', "location": place, **_media_type(step)}
    return message


def _media_type(step: Step) -> Message:
    return {} if step.media_type is None else {"mediaType": step.media_type}


def _pickle_step(scenario_id: str, number: int, step: Step) -> Message:
    message: Message = {
        "astNodeIds": [_step_node(scenario_id, number)],
        "id": pickle_step_id(scenario_id, number),
        "text": step.text,
        "type": _TYPES[step.type],
    }
    argument: Message = {}
    if rows := [{"cells": [{"value": cell} for cell in row]} for row in step.table or () if row]:
        argument["dataTable"] = {"rows": rows}
    if step.docstring is not None:
        argument["docString"] = {"content": step.docstring, **_media_type(step)}
    return {**message, "argument": argument} if argument else message
