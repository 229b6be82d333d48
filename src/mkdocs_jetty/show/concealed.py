"""The verdict without the words of pages that a site shows only to those who have a password.

What is left says how many scenarios there are and what became of them: no name, step, value or message, and no id,
since ids are made of names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardVerdict, Verdict
from mkdocs_jetty.run.model import ScenarioResult, StepDefinition
from mkdocs_jetty.spec.model import Problem, Scenario, Spec

WORD = "concealed"
_TAGS = {"@wip", "@speed", "@stable", "@production"}


def concealed(verdict: Verdict, pages: Collection[str]) -> Verdict:
    """Return a verdict that says the same of the project, and nothing that stands on these pages."""
    if not pages:
        return verdict
    features = tuple(
        _feature(each, number) if each.feature.page in pages else each
        for number, each in enumerate(verdict.features, 1)
    )
    ids = {
        old.scenario.id: new.scenario.id
        for before, after in zip(verdict.features, features, strict=True)
        for old, new in zip(before.scenarios, after.scenarios, strict=True)
    }
    spec = Spec(
        tuple(each.feature for each in features),
        tuple(page for page in verdict.spec.pages if page.path not in pages),
        tuple(_problem(each, pages) for each in verdict.spec.problems),
    )
    return replace(
        verdict,
        spec=spec,
        features=features,
        problems=tuple(_problem(each, pages) for each in verdict.problems),
        standards=tuple(_standard(each, ids) for each in verdict.standards),
        definitions=_definitions(verdict, pages),
    )


def _definitions(verdict: Verdict, pages: Collection[str]) -> tuple[StepDefinition, ...]:
    """The step definitions without those that say what steps of these pages say."""
    shown = {
        step.definition
        for feature in verdict.features
        if feature.feature.page not in pages
        for judged in feature.scenarios
        for step in judged.result.steps
    }
    return tuple(each for each in verdict.definitions if each.place in shown or not each.used)


def _feature(verdict: FeatureVerdict, number: int) -> FeatureVerdict:
    id_ = f"{WORD}-{number}"
    scenarios = tuple(_judged(each, id_, index) for index, each in enumerate(verdict.scenarios, 1))
    feature = replace(
        verdict.feature,
        id=id_,
        name=f"{WORD.capitalize()} {number}",
        scenarios=tuple(each.scenario for each in scenarios),
        tags=(),
        description="",
    )
    return replace(
        verdict,
        feature=feature,
        scenarios=scenarios,
        standards=tuple(_standard(each, {}) for each in verdict.standards),
    )


def _judged(judged: JudgedScenario, feature: str, number: int) -> JudgedScenario:
    old = judged.scenario
    scenario = Scenario(
        f"{feature}/{number}", f"{WORD.capitalize()} {number}", old.keyword, old.mode,
        tuple(tag for tag in old.tags if tag in _TAGS), old.line,
        tuple(replace(each, text=WORD, table=None, docstring=None) for each in old.steps), old.row_line,
        defect=old.defect, source=old.source,
    )  # fmt: skip
    return replace(judged, scenario=scenario, result=_result(judged.result))


def _result(result: ScenarioResult) -> ScenarioResult:
    steps = tuple(
        replace(
            each, message=None, traceback=None, warnings=(WORD,) * len(each.warnings), compared=(), attachments=(),
            spans=None,
        )
        for each in result.steps
    )  # fmt: skip
    attempts = (WORD,) * len(result.attempts)
    return replace(result, steps=steps, message=None, output=None, measured={}, attempts=attempts, attachments=(),
                   rows={})  # fmt: skip


def _standard(verdict: StandardVerdict, ids: Mapping[str, str]) -> StandardVerdict:
    """A standard with the scenarios that claim it under other ids; a note may quote what is concealed."""
    told = tuple(ids.get(each, WORD) for each in verdict.scenarios)
    return verdict if told == verdict.scenarios else replace(verdict, scenarios=told, note="")


def _problem(problem: Problem, pages: Collection[str]) -> Problem:
    return replace(problem, message=f"The problem is {WORD}.") if problem.page in pages else problem
