"""The verdict as JUnit XML, for the test reports of CI systems: a suite for each feature."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from mkdocs_jetty.judge.model import FeatureVerdict, JudgedScenario, Verdict
from mkdocs_jetty.show import words
from mkdocs_jetty.show.spec_json import paired
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Step

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot say, not even escaped."""

_FAILURES = frozenset({"assertion", "wip-passed"})
PROBLEMS_SUITE = "problems"


def junit_xml(verdict: Verdict) -> str:
    """Every scenario as a test case; an error that is no scenario's stands in a suite of its own."""
    root = ET.Element("testsuites", name=_clean(verdict.name), time=_seconds(verdict.duration_s * 1000))
    for feature in verdict.features:
        root.append(_suite(feature))
    errors = [problem for problem in verdict.problems if problem.level == "error"]
    if errors:
        root.append(_problems(errors))
    _count(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(verdict: FeatureVerdict) -> ET.Element:
    feature = verdict.feature
    suite = ET.Element("testsuite", name=_clean(feature.name), file=_clean(feature.page))
    durations = [judged.result.duration_ms for judged in verdict.scenarios]
    suite.set("time", _seconds(sum(duration for duration in durations if duration is not None)))
    suite.extend(_case(feature, judged) for judged in verdict.scenarios)
    _count(suite)
    return suite


def _case(feature: Feature, judged: JudgedScenario) -> ET.Element:
    scenario, result = judged.scenario, judged.result
    case = ET.Element(
        "testcase",
        classname=_clean(feature.id),
        name=_clean(words.title(scenario)),
        file=_clean(words.file(feature, scenario)),
        line=str(scenario.row_line or scenario.line),
        time=_seconds(result.duration_ms),
    )
    outcome = _outcome(judged)
    if outcome is not None:
        case.append(outcome)
    for attempt in result.attempts:
        # As Surefire has it: whoever reads it so sees a flaky test, and everybody else one that passed.
        again = ET.SubElement(case, "flakyFailure" if result.flaky else "rerunFailure", type="attempt")
        again.set("message", _clean(attempt.split("\n", 1)[0]))
        again.text = _clean(attempt)
    if result.output:
        ET.SubElement(case, "system-out").text = _clean(result.output)
    return case


def _outcome(judged: JudgedScenario) -> ET.Element | None:
    result = judged.result
    kind = result.cause or result.status
    if result.status == "passed":
        return None
    if judged.known_red:
        return ET.Element("skipped", message=_clean(f"known red (@wip): {_headline(judged)}"))
    if not judged.red:
        return ET.Element("skipped", message=_clean(_headline(judged)))
    # JUnit's own distinction: a failure was checked for, an error was not.
    unexpected = result.status == "unknown" or (result.status == "failed" and result.cause not in _FAILURES)
    found = ET.Element("error" if unexpected else "failure", type=kind, message=_clean(_headline(judged)))
    found.text = _clean("\n".join(_details(judged)))
    return found


def _headline(judged: JudgedScenario) -> str:
    """The first line of what went wrong: the scenario's own words, else those of the first step that did not pass."""
    result = judged.result
    steps = (step.message for step in result.steps if step.status != "passed")
    message = result.message or next((message for message in steps if message), None)
    lines = message.strip().splitlines() if message else []
    return f"{result.status}: {lines[0]}" if lines else result.cause or result.status


def _details(judged: JudgedScenario) -> Iterable[str]:
    if judged.result.message:
        yield judged.result.message
    for step, result in paired(judged.scenario.steps, judged.result.steps):
        yield f"{result.status:>9}  {step.keyword} {step.text}  ({_at(judged.scenario, step)}line {step.line})"
        if result.message:
            yield result.message
        if result.location:
            yield f"at {result.location}"
        yield from (f"matches {place}" for place in result.candidates)


def _at(scenario: Scenario, step: Step) -> str:
    return f"{step.source}, " if step.source not in (None, scenario.source) else ""


def _problems(problems: list[Problem]) -> ET.Element:
    suite = ET.Element("testsuite", name=PROBLEMS_SUITE, time="0.000")
    for problem in problems:
        case = ET.SubElement(suite, "testcase", classname=PROBLEMS_SUITE, name=_clean(str(problem)), time="0.000")
        if problem.page:
            case.set("file", _clean(problem.page))
        if problem.line:
            case.set("line", str(problem.line))
        ET.SubElement(case, "error", type="problem", message=_clean(problem.message))
    _count(suite)
    return suite


def _count(element: ET.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(len(list(element.iter(tag)))))


def _seconds(milliseconds: float | None) -> str:
    finite = milliseconds is not None and math.isfinite(milliseconds)
    return f"{max(milliseconds or 0, 0) / 1000:.3f}" if finite else "0.000"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)
