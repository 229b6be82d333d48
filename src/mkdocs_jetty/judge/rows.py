"""Takes apart what pytest made several tests of: each set of parameters is judged and shown as a scenario of its own.

A scenario that ran once is left as it is. Ids, counts, modes and exports follow from the rows; so do the blocks that
the pages show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mkdocs_jetty.run.model import Results, ScenarioResult
from mkdocs_jetty.spec.model import Block, Feature, Page, Scenario, ShownExamples, ShownScenario, Spec

Names = Mapping[str, tuple[str, ...]]
"""The ids that take the place of a scenario's own."""


def row_id(scenario_id: str, params: str) -> str:
    """The id of one row of a scenario."""
    return f"{scenario_id}[{params}]"


def base_id(scenario: Scenario) -> str:
    """The id of the scenario as it was read, whichever row of it this is."""
    return scenario.id if scenario.params is None else scenario.id.removesuffix(f"[{scenario.params}]")


def expanded(spec: Spec, results: Results) -> tuple[Spec, Results]:
    """Make a scenario of each row that a result has; what has no rows stays the same object."""
    rowed = {
        scenario.id: results.scenarios[scenario.id]
        for _, scenario in spec.scenarios()
        if scenario.id in results.scenarios and results.scenarios[scenario.id].rows
    }
    if not rowed:
        return spec, results
    names = {id_: tuple(row_id(id_, params) for params in result.rows) for id_, result in rowed.items()}
    features = tuple(_feature(feature, rowed) for feature in spec.features)
    pages = tuple(_page(page, names) for page in spec.pages)
    found: dict[str, ScenarioResult] = {}
    for id_, result in results.scenarios.items():
        found.update(_results(id_, result) if id_ in rowed else {id_: result})
    return replace(spec, features=features, pages=pages), replace(results, scenarios=found)


def _results(scenario_id: str, result: ScenarioResult) -> dict[str, ScenarioResult]:
    return {
        row_id(scenario_id, params): replace(row, reused=row.reused or result.reused)
        for params, row in result.rows.items()
    }


def _feature(feature: Feature, rowed: Mapping[str, ScenarioResult]) -> Feature:
    if not any(scenario.id in rowed for scenario in feature.scenarios):
        return feature
    return replace(feature, scenarios=tuple(one for each in feature.scenarios for one in _rows(each, rowed)))


def _rows(scenario: Scenario, rowed: Mapping[str, ScenarioResult]) -> Iterator[Scenario]:
    if scenario.id not in rowed:
        yield scenario
        return
    for params in rowed[scenario.id].rows:
        yield replace(scenario, id=row_id(scenario.id, params), params=params)


def _page(page: Page, names: Names) -> Page:
    blocks = tuple(_block(block, names) for block in page.blocks)
    return page if blocks == page.blocks else replace(page, blocks=blocks)


def _block(block: Block, names: Names) -> Block:
    items = tuple(_shown(item, names) if isinstance(item, ShownScenario) else item for item in block.items)
    return block if items == block.items else replace(block, items=items)


def _shown(item: ShownScenario, names: Names) -> ShownScenario:
    ids = tuple(one for each in item.scenario_ids for one in names.get(each, (each,)))
    return replace(item, scenario_ids=ids, examples=tuple(_examples(each, names) for each in item.examples))


def _examples(examples: ShownExamples, names: Names) -> ShownExamples:
    rows = tuple((cells, one) for cells, id_ in examples.rows for one in names.get(id_, (id_,)))
    return replace(examples, rows=rows)
