"""Statuses in plain words, with the tone and the mark that go with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mkdocs_jetty.spec.owners import tagged_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from mkdocs_jetty.judge.model import JudgedScenario, ModeVerdict, StandardStatus
    from mkdocs_jetty.run.model import Cause, Status
    from mkdocs_jetty.spec.model import Feature, Page, Scenario, Step
    from mkdocs_jetty.standards.model import Direction, Source, Threshold


class Mark(NamedTuple):
    """How a status looks and reads."""

    tone: str
    icon: str
    word: str


STEP: Mapping[Status, Mark] = {
    "passed": Mark("green", "pass", "passed"),
    "failed": Mark("red", "fail", "failed"),
    "pending": Mark("red", "wait", "pending"),
    "undefined": Mark("red", "ask", "undefined"),
    "ambiguous": Mark("red", "ask", "ambiguous"),
    "skipped": Mark("grey", "skip", "skipped"),
    "unknown": Mark("grey", "none", "not run"),
}
MODE: Mapping[str, Mark] = {
    "none": Mark("grey", "none", "nothing specified"),
    "red": Mark("red", "fail", "red"),
    "green": Mark("green", "pass", "green"),
    "wip": Mark("amber", "warn", "known red"),
    "flaky": Mark("amber", "warn", "flaky"),
    "ambiguous": Mark("amber", "half", "ambiguous"),
    "unknown": Mark("grey", "none", "not run"),
    "not-applicable": Mark("grey", "skip", "not applicable"),
}
CAUSE: Mapping[Cause, str] = {
    "assertion": "failed: expectation not met",
    "error": "failed: error",
    "timeout": "failed: took too long",
    "crash": "failed: the process crashed",
    "setup": "failed in setup",
    "teardown": "failed in teardown",
    "wip-passed": "failed: it passes, so its @wip has to go",
    "not-selected": "not run: not selected",
    "execute-off": "not run: execution is off",
    "no-steps": "not run: it has no steps",
    "no-rows": "not run: its Examples have no rows",
    "invalid-gherkin": "not run: invalid Gherkin",
    "not-reached": "not run: not reached",
    "unavailable": "not run: something it needs is missing",
    "inconclusive": "inconclusive: the run could not tell",
}
STANDARD: Mapping[StandardStatus, Mark] = {
    "unmet": Mark("red", "fail", "unmet"),
    "uncovered": Mark("red", "none", "uncovered"),
    "stale": Mark("red", "clock", "stale"),
    "claimed": Mark("amber", "half", "claimed"),
    "unknown": Mark("grey", "ask", "not run"),
    "due": Mark("amber", "clock", "due"),
    "waived": Mark("amber", "skip", "waived"),
    "attested": Mark("blue", "sign", "attested"),
    "met": Mark("green", "pass", "met"),
    "not-applicable": Mark("grey", "dot", "not applicable"),
}
STANDARD_MEANS: Mapping[StandardStatus, str] = {
    "unmet": "its proof is red, or below the threshold",
    "uncovered": "nothing proves it yet",
    "stale": "its proof has expired",
    "claimed": "a scenario passes that does not prove it",
    "unknown": "its scenario was not run",
    "due": "attested, and to be renewed within 14 days",
    "waived": "an agreed exception, until its date",
    "attested": "by a person's dated word",
    "met": "proved by what ran",
    "not-applicable": "not for this feature",
}
_CHECKED = {"primary": "", "secondary": "second hand", "memory": "from memory"}
_SIGNS: Mapping[Direction, str] = {"at-most": "≤ ", "at-least": "≥ ", "exact": ""}
# From what needs a look first to what needs none.
URGENCY: tuple[Status, ...] = ("failed", "ambiguous", "undefined", "pending", "skipped", "unknown", "passed")
DOUBTFUL = Mark("amber", "half", "ambiguous, but passed")
"""Of a step that passed although several definitions match it, and of its scenario."""
WARNING = Mark("amber", "warn", "warning")
_TONES = ("red", "amber", "grey", "green")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def scenario_mark(judged: JudgedScenario | None) -> Mark:
    """The mark of one scenario; without a verdict there is no evidence, hence no green."""
    if judged is None:
        return STEP["unknown"]._replace(word="not run: no result")
    plain = STEP[judged.result.status]
    word = CAUSE[judged.result.cause] if judged.result.cause else plain.word
    if judged.known_red:
        return Mark("amber", "warn", f"known red, {word}")
    if judged.red:
        return Mark("red", plain.icon, word)
    if not judged.proven and judged.result.status == "passed":
        return MODE["flaky"] if judged.result.flaky else DOUBTFUL
    # A red tone is the verdict's to give: without it, what is not passed stays grey.
    return Mark("green" if judged.result.status == "passed" else "grey", plain.icon, word)


def outline_mark(marks: list[Mark]) -> Mark:
    """One mark for all rows of an outline: that of the worst of them."""
    worst = min(marks, key=lambda mark: _TONES.index(mark.tone))
    same = sum(mark.tone == worst.tone for mark in marks)
    if len(marks) == 1 or (same == len(marks) and len({mark.word for mark in marks}) == 1):
        return worst
    doubtful = sorted({mark.word.partition(",")[0] for mark in marks if mark.tone == "amber"})
    kinds = {"red": "red", "amber": " or ".join(doubtful), "grey": "not run or skipped", "green": "passed"}
    kind = kinds[worst.tone]
    return worst._replace(word=f"{same} of {len(marks)} rows {kind}")


def step_mark(status: Status, *, known_red: bool = False) -> Mark:
    """The mark of one step; what fails by agreement is amber."""
    mark = STEP[status]
    return mark._replace(tone="amber") if known_red and mark.tone == "red" else mark


def worst_status(statuses: Iterable[Status]) -> Status:
    """The status that stands for many."""
    return min(statuses, key=URGENCY.index, default="unknown")


def mode_mark(mode: ModeVerdict) -> Mark:
    """The mark of one mode of a feature, with its counts in the word: `4 of 5 pass`."""
    mark = MODE[mode.status]
    if mode.lower_mode_not_green:
        mark = Mark("amber", "half", "a lower mode is not green")
    if not mode.total or mode.status == "not-applicable":
        return mark
    counted = f"{mode.passed} of {mode.total} pass"
    return mark._replace(word=counted if mark.word in ("green", "red", "not run") else f"{counted}, {mark.word}")


def attempts(ended: Sequence[str]) -> str:
    """Tell how a scenario that passed at last had ended before: `failed twice, then passed: it is red`."""
    times = {1: "once", 2: "twice"}.get(len(ended), f"{len(ended)} times")
    reasons = dict.fromkeys(each.removeprefix("failed: ").strip() for each in ended)
    return f"failed {times}, then passed: {'; '.join(reasons)}"


def title(scenario: Scenario) -> str:
    """The name of a scenario, with the parameters that it ran with."""
    return scenario.name if scenario.params is None else f"{scenario.name} [{scenario.params}]"


def row_of(page: Page | None, scenario: Scenario) -> str:
    """The values of the Examples row that a scenario stands for: `3, apples`; empty where it stands for none."""
    if page is None or scenario.row_line is None:
        return ""
    examples = (table for block in page.blocks for item in block.items for table in getattr(item, "examples", ()))
    return next((", ".join(cells) for table in examples for cells, key in table.rows if key == scenario.id), "")


def owner(feature: Feature, scenario: Scenario) -> str:
    """Whom to ask about a scenario: by its own tags, else its feature's owner; empty where nobody is named."""
    return tagged_owner(scenario.tags) or feature.owner or ""


def file(feature: Feature, scenario: Scenario, step: Step | None = None) -> str:
    """The file that the lines of a scenario, or of one of its steps, are of."""
    return (step.source if step else None) or scenario.source or feature.page


def place(feature: Feature, scenario: Scenario, step: Step | None = None) -> str:
    """Tell where a scenario stands, or one of its steps: `docs/login.md:12`."""
    line = step.line if step else scenario.row_line or scenario.line
    return f"{file(feature, scenario, step)}:{line}"


def duration(milliseconds: float | None) -> str:
    """A duration as one reads it aloud."""
    if milliseconds is None:
        return ""
    if milliseconds < 999.5:  # noqa: PLR2004
        return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "< 1 ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:  # noqa: PLR2004
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"  # noqa: PLR2004
    return f"{round(seconds) // 60} min {round(seconds) % 60} s"


def plural(count: int, noun: str) -> str:
    """`1 scenario`, `2 scenarios`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def day(value: date | None) -> str:
    """A date that nobody can take for another: `5 Nov 2026`."""
    # Not `strftime`: its names of months follow the machine's language.
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}" if value else ""


def asked(threshold: Threshold, value: str | None = None) -> str:
    """Return what a threshold asks: `≤ 500 ms`."""
    return f"{_SIGNS[threshold.direction]}{threshold.value if value is None else value}"


def deviation(threshold: Threshold) -> str:
    """Tell where the project asks something else than its preset; empty where it does not."""
    if threshold.value == threshold.preset_value:
        return ""
    reason = f", because {threshold.reason}" if threshold.reason else ""
    return (
        f"{threshold.name}: the preset asks {asked(threshold, threshold.preset_value)}, "
        f"the project {asked(threshold)}{reason}"
    )


def source(of: Source) -> str:
    """A source, with how far it can be trusted."""
    checked = _CHECKED.get(of.verified, "not checked")
    extra = ", ".join(filter(None, (of.note, checked)))
    return f"{of.ref} ({extra})" if extra else of.ref
