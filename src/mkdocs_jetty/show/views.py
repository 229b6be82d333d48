"""What a block's template needs to know about each line that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mkdocs_jetty.show import words
from mkdocs_jetty.show.anchors import anchor, standard_anchor
from mkdocs_jetty.show.trend import Dots, dots
from mkdocs_jetty.spec.build import slug
from mkdocs_jetty.spec.model import ShownScenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mkdocs_jetty.judge.model import JudgedScenario, Verdict
    from mkdocs_jetty.run.attached import Attachment
    from mkdocs_jetty.run.model import ScenarioResult, StepResult
    from mkdocs_jetty.show.words import Mark
    from mkdocs_jetty.spec.model import Block, Feature, ShownExamples, ShownStep, Step

STANDARD = "@standard:"
_NO_MATCH = "no step definition matches"


class Failure(NamedTuple):
    """Why something did not pass, and where."""

    mark: Mark
    step: str
    """The step, where the failure does not stand right under it."""
    message: str
    places: tuple[str, ...]
    candidates: tuple[str, ...] = ()
    traceback: str | None = None
    at: int | None = None
    """Which of the scenario's own steps it belongs to, from 0; None where it is none of these."""
    compared: tuple[str, ...] = ()
    """What was expected and what came."""
    attachments: tuple[Attachment, ...] = ()
    spans: tuple[tuple[int, ...], ...] | None = None
    """What the definition captured of `step`; None where that is not known."""


class StepView(NamedTuple):
    """One step as shown."""

    step: ShownStep
    mark: Mark
    failures: tuple[Failure, ...] = ()
    overrides: str | None = None
    """The stock step that the project has written anew."""
    attachments: tuple[Attachment, ...] = ()
    """Of a step that passed; those of a failure stand with it."""
    spans: tuple[tuple[int, ...], ...] | None = None
    """What its definition captured of its text; None where that is not known."""

    @property
    def has_more(self) -> bool:
        """Whether anything stands below its line."""
        step = self.step
        more = self.failures or self.overrides or self.attachments or step.table
        return bool(more) or step.docstring is not None


class Past(NamedTuple):
    """What the ledger knows of a scenario, in words."""

    parts: tuple[tuple[str, str | None], ...]
    """What happened, each with its commit."""
    challenged: str = ""


class RowView(NamedTuple):
    """One row of an Examples table, or one of several tests of a scenario."""

    cells: tuple[str, ...]
    params: str | None
    anchor: str
    mark: Mark
    failures: tuple[Failure, ...]
    took: str
    past: Past | None = None


class ScenarioView(NamedTuple):
    """One scenario or outline as shown."""

    anchor: str
    mark: Mark
    took: str
    reused: bool
    steps: tuple[StepView, ...]
    rest: tuple[Failure, ...]
    """What went wrong outside the steps that are shown."""
    examples: tuple[tuple[ShownExamples, tuple[RowView, ...]], ...]
    tests: tuple[RowView, ...]
    """The tests of a scenario without Examples, where there are several."""
    outputs: tuple[str, ...]
    attachments: tuple[Attachment, ...] = ()
    """What was attached outside its steps, or in the rows that passed."""
    past: Past | None = None
    measured: str = ""
    dots: Dots | None = None
    """The last builds of it."""


def _message(result: StepResult) -> str:
    if result.status == "undefined":
        extra = (result.message or "").strip()
        return extra if _NO_MATCH in extra.lower() else "\n".join(filter(None, (_NO_MATCH, extra)))
    if result.status == "ambiguous" and not result.message:
        return "more than one step definition matches"
    if result.status == "pending" and not result.message:
        return "its step definition is not written yet"
    return (result.message or "").strip() or "no message"


def _distinct(places: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place for place in places if place))


def _step_failures(
    feature: Feature, judged: JudgedScenario, step: Step, result: StepResult, at: int | None
) -> Iterable[Failure]:
    before = f"{'Background: ' if step.background else ''}{step.keyword} "
    label = f"{before}{step.text}"
    moved = [(len(before) + start, len(before) + end) for start, end in result.spans or ()]
    spans = None if result.spans is None else tuple(moved)
    places = _distinct((words.place(feature, judged.scenario, step), result.definition, result.location))
    if result.status not in ("passed", "unknown") or result.message:
        mark = words.step_mark(result.status, known_red=judged.known_red)
        yield Failure(
            mark, label, _message(result), places, result.candidates, result.traceback, at, result.compared,
            result.attachments, spans,
        )  # fmt: skip
    elif result.candidates:
        ran = f"; {result.definition} ran, as pytest-bdd has it" if result.definition else ""
        message = f"{len(result.candidates)} step definitions match{ran}"
        yield Failure(words.DOUBTFUL, label, message, places, result.candidates, at=at, spans=spans)
    for warning in result.warnings:
        yield Failure(words.WARNING, label, warning, places, at=at, spans=spans)


def _outcomes(judged: JudgedScenario) -> Iterator[tuple[Step, StepResult, int | None]]:
    """The steps of a scenario with what became of them, and which of its own steps each is; None for a background's."""
    own = 0
    for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (a crash may cut them short)
        yield step, result, None if step.background else own
        own += not step.background


def failures_of(feature: Feature, judged: JudgedScenario) -> tuple[Failure, ...]:
    """All that kept a scenario from passing, or makes its pass doubtful, in the order of its steps."""
    scenario, result = judged.scenario, judged.result
    failures = [
        failure
        for step, outcome, at in _outcomes(judged)
        for failure in _step_failures(feature, judged, step, outcome, at)
    ]
    told = {failure.message for failure in failures}
    message = (result.message or "").strip()
    # What ended the process is said at its step.
    at_its_step = result.cause in {"crash", "timeout"} and any(failure.mark.tone != "green" for failure in failures)
    if message and message not in told and not at_its_step:
        failures.append(Failure(words.scenario_mark(judged), "", message, (words.place(feature, scenario),)))
    if result.flaky:
        told_so = words.attempts(result.attempts)
        failures.append(Failure(words.scenario_mark(judged), "", told_so, (words.place(feature, scenario),)))
    return tuple(failures)


def past_of(verdict: Verdict, judged: JudgedScenario) -> Past | None:
    """Red before green, as the ledger has it; None where there is no ledger or nothing to say."""
    known = verdict.history.get(judged.scenario.id)
    if known is None:
        # With a ledger in use, a green scenario that it does not know has not been seen red.
        unseen = bool(verdict.history) and judged.result.status == "passed"
        return Past((("never seen red", None),)) if unseen else None
    first = f"first red {words.day(known.red_on)}" if known.red_on else "never seen red"
    parts = [(first, known.red_commit)]
    if not known.red_as_it_stands:
        parts = [(f"{first} with other steps", known.red_commit), ("never seen red as it stands", None)]
    if known.green_on:
        since = "first green" if known.red_again else "green since"
        parts.append((f"{since} {words.day(known.green_on)}", known.green_commit))
    parts += [(f"red again {words.day(on)}", commit) for on, commit in known.red_again]
    challenged = words.day(known.challenged_on)
    proves = f"challenged on {challenged}: passes without its When steps, proves nothing" if challenged else ""
    return Past(tuple(parts), proves)


def measured_in_words(results: Iterable[ScenarioResult]) -> str:
    """The numbers that scenarios ran with or observed, and where."""
    said = dict.fromkeys(f"{name} {value}".strip() for result in results for name, value in result.measured.items())
    places = dict.fromkeys(result.environment for result in results if result.environment)
    named = {"measured": " · ".join(said), "observed": ", ".join(places)}
    return " · ".join(f"{name}: {words}" for name, words in named.items() if words)


class BlockView:
    """One block with all that the verdict knows about it."""

    def __init__(self, verdict: Verdict, block: Block) -> None:
        self._judged = verdict.judged
        self._block = block
        self._verdict = verdict

    def standard_of(self, tag: str) -> str | None:
        """Tell where the page shows the standard that a tag claims; None where it shows none of that name."""
        feature = self._verdict.by_id.get(self._block.feature_id or "")
        if feature is None or not tag.startswith(STANDARD):
            return None
        known = (each for each in feature.standards if each.status != "not-applicable")
        named = tag.removeprefix(STANDARD)
        return standard_anchor(feature.feature.id, named) if named in {each.standard.id for each in known} else None

    def rule_level(self, level: int) -> int:
        """The level of a rule's heading: below that of a feature that the block itself names."""
        named = any(getattr(item, "kind", "") == "feature" for item in self._block.items)
        return min(level + named, 6)

    def background(self, steps: Sequence[ShownStep]) -> tuple[StepView, ...]:
        """The steps of a background, each with the worst of what it met in any scenario."""
        feature = self._verdict.by_id.get(self._block.feature_id or "")
        met: dict[int, list[StepResult]] = {}
        for judged in feature.scenarios if feature else ():
            for step, result in zip(judged.scenario.steps, judged.result.steps):  # noqa: B905 (may be cut short)
                if step.background:
                    met.setdefault(step.line, []).append(result)
        return tuple(
            StepView(step, _worst(found), spans=_spans(step, found))
            for step in steps
            for found in [met.get(step.line, [])]
        )

    def scenario(self, shown: ShownScenario) -> ScenarioView:
        """A scenario or an outline with what became of it."""
        examples = tuple((table, tuple(map(self._row, table.rows))) for table in shown.examples)
        several = not any(rows for _, rows in examples) and len(shown.scenario_ids) > 1
        tests = tuple(self._row(((), key)) for key in shown.scenario_ids) if several else ()
        outline = several or any(rows for _, rows in examples)
        known = [self._judged[key] for key in shown.scenario_ids if key in self._judged]
        marks = [words.scenario_mark(self._judged.get(key, (None, None))[1]) for key in shown.scenario_ids]
        results = [judged.result for _, judged in known]
        failures = failures_of(*known[0]) if known and not outline else ()
        met: list[list[tuple[StepResult, bool]]] = [[] for _ in shown.steps]
        for _, judged in known:
            for _, result, at in _outcomes(judged):
                if at is not None and at < len(met):
                    met[at].append((result, judged.known_red))
        times = [result.duration_ms for result in results if result.duration_ms is not None]
        return ScenarioView(
            anchor=self.anchor_of(shown),
            mark=words.outline_mark(marks) if marks else words.scenario_mark(None),
            took=words.duration(sum(times)) if times else "",
            reused=bool(results) and all(result.reused for result in results),
            steps=tuple(
                _step(step, met[at], [each for each in failures if each.at == at])
                for at, step in enumerate(shown.steps)
            ),
            rest=tuple(failure for failure in failures if failure.at is None or failure.at >= len(met)),
            examples=examples,
            tests=tests,
            outputs=tuple(result.output for result in results if result.output),
            attachments=tuple(_beside_steps(results, rows=outline)),
            past=past_of(self._verdict, known[0][1]) if known and not outline else None,
            measured=measured_in_words(results),
            dots=dots(self._verdict.builds, known[0][1]) if known and not outline else None,
        )

    def anchor_of(self, shown: ShownScenario) -> str:
        """The `id` of a scenario; of an outline by its own name, so that a new row changes nothing."""
        if not shown.scenario_ids:
            return f"scenario-line-{shown.line}"
        if not any(table.rows for table in shown.examples) and len(shown.scenario_ids) == 1:
            return anchor(shown.scenario_ids[0])
        page = self._verdict.spec.by_path.get(self._block.page)
        blocks = [each for each in page.blocks if each.feature_id == self._block.feature_id] if page else [self._block]
        items = (item for block in blocks for item in block.items if isinstance(item, ShownScenario))
        outlines = [item for item in items if item.name == shown.name]
        again = f"-{outlines.index(shown) + 1}" if len(outlines) > 1 else ""
        return f"outline-{anchor(f'{self._block.feature_id}/{slug(shown.name)}')}{again}"

    def _row(self, row: tuple[tuple[str, ...], str]) -> RowView:
        cells, key = row
        feature, judged = self._judged.get(key, (None, None))
        if feature is None or judged is None:
            return RowView(cells, None, anchor(key), words.scenario_mark(None), (), "")
        took = words.duration(judged.result.duration_ms)
        return RowView(
            cells,
            judged.scenario.params,
            anchor(key),
            words.scenario_mark(judged),
            failures_of(feature, judged),
            took,
            past_of(self._verdict, judged),
        )


def _step(shown: ShownStep, met: Sequence[tuple[StepResult, bool]], failures: Sequence[Failure]) -> StepView:
    excused = all(known_red for result, known_red in met if words.STEP[result.status].tone == "red")
    overrides = next((result.overrides for result, _ in met if result.overrides), None)
    attached = met[0][0].attachments if len(met) == 1 and not failures else ()
    mark = _worst([result for result, _ in met], known_red=excused)
    return StepView(shown, mark, tuple(failures), overrides, attached, _spans(shown, [result for result, _ in met]))


def _spans(shown: ShownStep, met: Sequence[StepResult]) -> tuple[tuple[int, ...], ...] | None:
    """What was captured of a step as it is shown; of one with a placeholder, each row captures something else."""
    if "<" in shown.text or not met or any(each.spans != met[0].spans for each in met):
        return None
    return met[0].spans


def _beside_steps(results: Sequence[ScenarioResult], *, rows: bool) -> Iterator[Attachment]:
    """Return what no step of a scenario shows: what was attached outside of them, and in the rows that passed."""
    for result in results:
        yield from result.attachments
        if rows and len(results) > 1:
            yield from (each for step in result.steps if step.status == "passed" for each in step.attachments)


def _worst(results: Sequence[StepResult], *, known_red: bool = False) -> Mark:
    status = words.worst_status(result.status for result in results)
    if status == "passed" and any(result.candidates for result in results):
        return words.DOUBTFUL
    return words.step_mark(status, known_red=known_red)
