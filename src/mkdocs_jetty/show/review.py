"""What someone asks before hardening a feature, answered on one page of Markdown that can be handed on as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mkdocs_jetty.errors import UNPRINTABLE
from mkdocs_jetty.judge.model import STANDARD_STATUSES
from mkdocs_jetty.show import words
from mkdocs_jetty.spec.model import MODES
from mkdocs_jetty.standards.model import Attestation, ReportFinding, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, StandardVerdict, Verdict
    from mkdocs_jetty.spec.model import Feature
    from mkdocs_jetty.standards.model import Standard

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$!&])")
_WORD = re.compile(r"<(\w+)>")
_SAID = {
    "action": re.compile(
        r"I (?:attempt to|try to|successfully|fail to) (.+?)"
        r"(?: (?:\S+|a hundred) times (?:in .+|at once)| without permission)?"
    ),
    "page": re.compile(r"I am on the (.+) page"),
}
_MESSAGE = re.compile(r'I see a message "([^"]*)"')
FILLERS = {
    "message": "Too many login attempts. Please try again later.",
    "dependency": "database",
    "users": "10",
    "length": "10 seconds",
    "rate": "10",
    "n": "100",
    "back": "60 seconds",
}
"""What `jetty derive` writes for a word of which the feature says nothing; `--fill` says something else."""
VERBS = frozenset({
    "accept", "add", "apply", "approve", "archive", "assign", "book", "browse", "buy", "call", "cancel", "change",
    "check", "checkout", "choose", "close", "comment", "confirm", "contact", "copy", "create", "delete", "deliver",
    "deposit", "display", "download", "edit", "enter", "erase", "export", "fill", "find", "follow", "get", "give",
    "import", "install", "invite", "join", "leave", "like", "link", "list", "log", "login", "logout", "make",
    "manage", "mark", "move", "open", "order", "pay", "pick", "place", "play", "post", "print", "publish", "purchase",
    "rate", "read", "receive", "register", "reject", "remove", "rename", "renew", "reply", "report", "request",
    "reserve", "reset", "restore", "return", "review", "save", "schedule", "search", "see", "select", "sell", "send",
    "set", "share", "show", "sign", "signin", "signup", "start", "stop", "store", "submit", "subscribe", "switch",
    "take", "track", "transfer", "translate", "unsubscribe", "update", "upload", "use", "validate", "verify", "view",
    "vote", "watch", "withdraw", "write",
})  # fmt: skip
"""How the name of a feature begins that says what one does with it; of `Accounts` nobody could say “I accounts”."""
_EVIDENCE = {
    "scenario": "a scenario in production mode that claims it and passes",
    "attestation": "a dated attestation by a person",
    "external-check": "a report of another tool, named in `jetty.toml`",
}


def skeleton_gherkin(standard: Standard, fillers: Mapping[str, str] | None = None) -> str:
    """The scenario that would prove a standard; empty where no scenario can.

    Args:
        standard: The standard.
        fillers: What to write for the words of the feature, such as `<action>`; they stay as they are without it.
    """
    if not standard.skeleton:
        return ""
    words_of_it = {**_calls(standard), **fillers} if fillers is not None else {}
    steps = [f"  {_filled(_one_line(step), words_of_it)}" for step in standard.skeleton]
    tags = f"@production @standard:{standard.id}"
    return "\n".join([tags, f"Scenario: {_one_line(standard.title)}", *steps]) + "\n"


def blanks(standard: Standard) -> set[str]:
    """The words of the feature that the scenario of a standard leaves open."""
    return {name for step in standard.skeleton for name in _WORD.findall(_one_line(step))}


def action_of(feature: Feature) -> str | None:
    """What one does with a feature, as its own scenarios call it or as its name says; None where neither does."""
    said = [step.text for scenario in feature.scenarios for step in scenario.steps]
    own = next((match[1] for text in said if (match := _SAID["action"].fullmatch(text))), None)
    name = _one_line(feature.name).lower()
    return own or (name if re.split(r"[\s-]", name)[0] in VERBS else None)


def fillers_for(feature: Feature) -> dict[str, str]:
    """Return what to write for the words of a feature: as its own scenarios call them, or else by its name."""
    said = [step.text for scenario in feature.scenarios for step in scenario.steps]
    name = _one_line(feature.name).lower()
    found = {
        word: next((match[1] for text in said if (match := pattern.fullmatch(text))), name)
        for word, pattern in _SAID.items()
    }
    message = next((match[1] for text in said if (match := _MESSAGE.fullmatch(text))), FILLERS["message"])
    return {**FILLERS, **found, "message": message}


def _calls(standard: Standard) -> dict[str, str]:
    """One call and its repetitions."""
    retries = standard.thresholds.get("retries")
    return {"calls": str(int(retries.value) + 1)} if retries and retries.value.isdecimal() else {}


def _filled(step: str, fillers: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: fillers.get(found[1], found[0]), step)


def by_urgency(standards: Sequence[StandardVerdict]) -> list[StandardVerdict]:
    """Return what asks for attention first; within that, the order of the preset."""
    return sorted(standards, key=lambda item: STANDARD_STATUSES.index(item.status))


def left_to_do(feature: FeatureVerdict) -> list[StandardVerdict]:
    """The standards of a feature that nothing settles yet."""
    return [item for item in by_urgency(feature.standards) if not item.settled]


def record_in_words(record: Attestation | Waiver | ReportFinding | None) -> str:
    """A record as a sentence: who, when, until when."""
    if isinstance(record, Attestation):
        return f"attested by {record.by} on {words.day(record.on)}, until {words.day(record.until)}: {record.statement}"
    if isinstance(record, Waiver):
        reason = record.reason.replace("-", " ")
        return (
            f"waived until {words.day(record.until)} ({reason}): {record.text}; "
            f"owner {record.owner}, approved by {record.approver}"
        )
    if isinstance(record, ReportFinding):
        made = f", made {words.day(record.made_on)}" if record.made_on else ""
        return f"report {record.report.path}{made}: {record.error or record.note}"
    return ""


def render_review_files(verdict: Verdict) -> dict[str, str]:
    """The review of every feature, by its id."""
    return {feature.feature.id: review_markdown(verdict, feature.feature.id) for feature in verdict.features}


def review_markdown(verdict: Verdict, feature_id: str) -> str:
    """Which standards apply to a feature and why, what must be met, what proves each, and what is left."""
    feature = next((item for item in verdict.features if item.feature.id == feature_id), None)
    if feature is None:
        raise LookupError(f"there is no feature {feature_id!r}")
    lines = [*_opening(verdict, feature), *_what_is_left(feature), *_applying(verdict, feature), *_rest(feature)]
    return "\n".join(lines).rstrip() + "\n"


def _one_line(text: str) -> str:
    return UNPRINTABLE.sub("", " ".join(text.split()))


def in_markdown(value: object) -> str:
    """Text from outside as one line that Markdown takes for nothing but text."""
    return _SPECIAL.sub(r"\\\1", _one_line(str(value)))


def _opening(verdict: Verdict, feature: FeatureVerdict) -> Iterator[str]:
    yield f"# Review: {in_markdown(feature.feature.name)}"
    yield ""
    traits = ", ".join(map(in_markdown, feature.feature.traits)) or "none"
    yield f"- Specified in {in_markdown(feature.feature.page)}, line {feature.feature.line}; traits: {traits}"
    if verdict.preset:
        since = f" since {words.day(verdict.declaration.since)}" if verdict.declaration.since else ""
        yield f"- Project {in_markdown(verdict.name)}: {verdict.state}{since}"
        yield f"- Preset: {in_markdown(verdict.preset.title)} {in_markdown(verdict.preset.version)}"
    else:
        yield f"- Project {in_markdown(verdict.name)}: {verdict.state}; no standards apply until it is external"
    done = "complete" if feature.complete else "not complete"
    yield f"- Proven level: {feature.level}; the finish line is {verdict.finish_line}: {done}"
    if verdict.seen_on:
        commit = f" at {in_markdown(verdict.commit)}" if verdict.commit else ""
        yield f"- Verified {words.day(verdict.seen_on)}{commit}"
    yield ""
    yield "| Mode | State |"
    yield "|---|---|"
    for mode in MODES:
        if mode in feature.modes:
            yield f"| {mode} | {words.mode_mark(feature.modes[mode]).word} |"
    yield ""


def _what_is_left(feature: FeatureVerdict) -> Iterator[str]:
    yield "## What is left"
    yield ""
    scenarios = [judged for judged in feature.scenarios if judged.result.status != "passed"]
    missing = left_to_do(feature)
    for judged in scenarios:
        yield f"- [ ] scenario {_place(feature, judged)}"
    for item in missing:
        note = f": {in_markdown(item.note)}" if item.note else ""
        yield f"- [ ] {in_markdown(item.standard.title)} (`{_one_line(item.standard.id)}`) is {_word(item)}{note}"
    if not scenarios and not missing:
        yield "Nothing." if feature.complete else "No scenario is red and no standard is missing."
    yield ""


def _applying(verdict: Verdict, feature: FeatureVerdict) -> Iterator[str]:
    applying = [item for item in by_urgency(feature.standards) if item.status != "not-applicable"]
    if not applying:
        return
    yield "## Standards that apply"
    yield ""
    for item in applying:
        yield from _standard(verdict, item)


def _standard(verdict: Verdict, item: StandardVerdict) -> Iterator[str]:
    standard = item.standard
    yield f"### {in_markdown(standard.title)}: {_word(item)}"
    yield ""
    yield in_markdown(standard.statement)
    yield ""
    yield f"- Id: `{_one_line(standard.id)}`"
    yield f"- Applies: {in_markdown(item.why or standard.applies.text)}"
    numbers = "; ".join(f"{each.name} {words.asked(each)}" for each in standard.thresholds.values())
    if numbers:
        yield f"- Numbers to meet: {in_markdown(numbers)}"
    for deviation in filter(None, map(words.deviation, standard.thresholds.values())):
        yield f"- Deviation: {in_markdown(deviation)}"
    place = f", observed in {standard.min_environment} or nearer to production" if standard.min_environment else ""
    yield f"- Proved by: {_EVIDENCE[standard.evidence]}{place}"
    for line in _proofs(verdict, item):
        yield f"- Now: {line}"
    for each in item.observations:
        box = "[x]" if each.ok else "[ ]"
        asked = f"({each.limit})" if each.limit else ""
        yield in_markdown(
            " ".join(filter(None, ("-", box, each.name, each.number, asked, each.lack and f": {each.lack}")))
        )
    if standard.sources:
        yield f"- Sources: {in_markdown('; '.join(map(words.source, standard.sources)))}"
    if standard.number_basis:
        yield f"- Where the numbers come from: {in_markdown(standard.number_basis)}"
    yield ""
    if item.status in {"uncovered", "unmet"} and standard.skeleton:
        yield from _fenced(skeleton_gherkin(standard))


def _proofs(verdict: Verdict, item: StandardVerdict) -> Iterator[str]:
    for feature in verdict.features:
        for judged in feature.scenarios:
            if judged.scenario.id in item.scenarios:
                yield f"scenario {_place(feature, judged)}"
    record = record_in_words(item.record)
    if record:
        yield in_markdown(record)
    if item.note:
        yield in_markdown(item.note)
    elif not record and not item.scenarios:
        yield words.STANDARD_MEANS[item.status]


def _rest(feature: FeatureVerdict) -> Iterator[str]:
    others = [item for item in feature.standards if item.status == "not-applicable"]
    if others:
        yield "## Standards that do not apply"
        yield ""
    for item in others:
        why = item.why or item.note or item.standard.applies.text
        yield f"- {in_markdown(item.standard.title)}: {in_markdown(why)}"


def _place(feature: FeatureVerdict, judged: JudgedScenario) -> str:
    scenario = judged.scenario
    word = words.scenario_mark(judged).word
    return f"“{in_markdown(words.title(scenario))}” ({in_markdown(words.place(feature.feature, scenario))}): {word}"


def _word(item: StandardVerdict) -> str:
    return words.STANDARD[item.status].word


def _fenced(source: str) -> Iterator[str]:
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}gherkin"
    yield source.rstrip("\n")
    yield fence
    yield ""
