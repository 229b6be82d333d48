"""Reports of other tools as evidence: one phrase for SARIF, CycloneDX, pip-audit and ZAP, one for load reports.

A report that is missing, broken or without a date proves nothing, so its step fails; only a project that has not said
what it would be held against is "not run".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pytest_bdd import given, parsers, then

from mkdocs_jetty.assess import this_day
from mkdocs_jetty.config import ConfigError
from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.standards.declaration import read_declaration
from mkdocs_jetty.standards.model import Applies, Report, Standard, Threshold
from mkdocs_jetty.standards.presets import named_in, resolve
from mkdocs_jetty.standards.readers.reading import SEVERITIES, mapping, mappings, title
from mkdocs_jetty.standards.reports import read_report
from mkdocs_jetty.steps.ports import World
from mkdocs_jetty.steps.values import TYPES, spoken

pytest_plugins = ["mkdocs_jetty.steps.ports"]

phrase = partial(parsers.parse, extra_types=TYPES)
BILLS = ("sbom.cdx.json", "bom.json", "sbom.json", "reports/sbom.json")
SHOWN = 5
Measure = Callable[[str, object], None]


# ---- scans and their age ----


@given(phrase('the report "{path}"'))
def _report(path: str, jetty_world: World) -> None:
    jetty_world.notes["report"] = path


@then(phrase('the report "{path}" has no findings of severity {level} or above'))
def _report_no_findings_severity_or(
    path: str, level: str, jetty_root: Path, jetty_world: World, jetty_measure: Measure
) -> None:
    jetty_world.notes["report"] = path
    assert level in SEVERITIES, f"no severity `{level}`; there are: {', '.join(SEVERITIES)}"
    asked = Threshold("level", "exact", level, level)
    finding = read_report(jetty_root, Report("security-scanning", path), _standard({"level": asked}))
    jetty_measure("level", level)
    for name, value in finding.measured.items():
        jetty_measure(name, value)
    assert any(name.startswith("findings") for name in finding.measured) or finding.error, f"{path} is no scan"
    assert finding.ok, f"{path}: {finding.error or finding.note}"


@then(phrase('the report "{path}" is at most {limit:Duration} old'))
def _report_at_most_old(
    path: str, limit: timedelta, jetty_root: Path, jetty_world: World, jetty_measure: Measure
) -> None:
    jetty_world.notes["report"] = path
    _young(path, limit, jetty_root, jetty_measure)


@then(phrase("the report is at most {limit:Duration} old"))
def _that_report_at_most_old(limit: timedelta, jetty_root: Path, jetty_world: World, jetty_measure: Measure) -> None:
    _young(_named(jetty_world), limit, jetty_root, jetty_measure)


def _named(world: World) -> str:
    path = world.notes.get("report")
    assert isinstance(path, str), 'no report was named before: write `Given the report "path"`'
    return path


def _young(path: str, limit: timedelta, root: Path, measure: Measure) -> None:
    finding = read_report(root, Report("security-scanning", path), _standard({}))
    assert finding.error is None, f"{path}: {finding.error}"
    assert finding.made_on is not None, f"{path} carries no date of its own, so nobody knows how old it is"
    age = _age(finding.made_on, path)
    measure("age", spoken(age))
    # By both names that standards give to the age of evidence.
    for name in ("every", "fresh"):
        measure(name, spoken(limit))
    assert age <= limit, f"{path} is of {finding.made_on}: {age.days} days old, of at most {spoken(limit)}"


def _age(made_on: date, path: str) -> timedelta:
    # A day of grace, for the tool's clock may be in another time zone.
    age = this_day() - made_on
    assert age >= timedelta(days=-1), f"{path} is of {made_on}, which is still to come"
    return max(age, timedelta())


def _standard(thresholds: Mapping[str, Threshold]) -> Standard:
    return Standard(
        "security-scanning", "security", "Report", "", Applies("system"), "external-check", thresholds=thresholds
    )


# ---- load that ran elsewhere ----


@given(phrase('the load report "{path}" from at most {limit:Duration} ago'))
def _load_report_from_at_most(
    path: str, limit: timedelta, jetty_root: Path, jetty_world: World, jetty_measure: Measure
) -> None:
    jetty_world.notes["report"] = path
    _young(path, limit, jetty_root, jetty_measure)


@then(phrase('the load report "{path}" meets the latency budget'))
def _load_report_meets_latency_budget(path: str, jetty_root: Path, jetty_measure: Measure) -> None:
    budget = _budget(jetty_root)
    finding = read_report(jetty_root, Report("latency-budget", path), budget)
    for name, value in finding.measured.items():
        jetty_measure(name, value)
    assert finding.error is None, f"{path}: {finding.error}"
    assert finding.ok, f"{path}: {finding.note}"
    lacking = [name for name in budget.thresholds if name not in finding.measured]
    assert not lacking, f"{path} does not say its {' and '.join(lacking)}"


def _budget(root: Path) -> Standard:
    """The latency budget as the project's preset and its deviations have it."""
    try:
        declaration = read_declaration(root)
        if not declaration.preset:
            raise Unavailable("this needs a latency budget: name a preset in jetty.toml")
        preset = resolve(
            declaration.preset, declaration.frameworks, declaration.thresholds, root, named_in(declaration)
        )
    except ConfigError as error:
        raise Unavailable(f"the latency budget cannot be read: {error}") from error
    budget = preset.standard("latency-budget")
    if budget is None:
        raise Unavailable(f"{preset.title} has no latency budget")
    return budget


# ---- licences ----


@given(phrase('the bill of materials "{path}"'))
def _bill_materials(path: str, jetty_world: World) -> None:
    jetty_world.notes["bill"] = path


@then(phrase("every component in the bill of materials has an allowed licence"))
def _every_component_bill_materials_allowed(
    jetty_root: Path, jetty_world: World, jetty_allowed_licences: Sequence[str], jetty_measure: Measure
) -> None:
    path = jetty_world.notes.get("bill") or next((name for name in BILLS if (jetty_root / name).is_file()), None)
    if path is None:
        raise Unavailable(f'no bill of materials: write `Given the bill of materials "path"`, or keep {BILLS[0]}')
    _licensed(jetty_root, path, jetty_allowed_licences, jetty_measure)


@then(phrase('every component in the bill of materials "{path}" has an allowed licence'))
def _every_component_of_that_bill_allowed(
    path: str, jetty_root: Path, jetty_allowed_licences: Sequence[str], jetty_measure: Measure
) -> None:
    _licensed(jetty_root, path, jetty_allowed_licences, jetty_measure)


def _licensed(root: Path, path: str, allowed: Sequence[str], measure: Measure) -> None:
    components = _components(root, path)
    bad = [f"{title(each.get('name'))}: {', '.join(_licences(each)) or 'none named'}"
           for each in components if not _allowed(_licences(each), allowed)]  # fmt: skip
    measure("components", len(components))
    assert components, f"{path} lists no component"
    more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    assert not bad, f"not allowed: {'; '.join(bad[:SHOWN])}{more}"


def _components(root: Path, path: str) -> list[Mapping[str, Any]]:
    file = (root / path).resolve()
    assert file.is_relative_to(root.resolve()), f"{path} lies outside the project"
    assert file.is_file(), f"{path}: there is no such file"
    try:
        data = mapping(json.loads(file.read_text(encoding="utf-8-sig")))
    except (ValueError, RecursionError) as error:
        raise AssertionError(f"{path} is not valid JSON: {error}") from None
    assert data.get("bomFormat") == "CycloneDX", f"{path} is not a bill of materials in CycloneDX"
    return _with_parts(data)


def _with_parts(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = mappings(holder.get("components"))
    return [*found, *(part for each in found for part in _with_parts(each))]


def _licences(component: Mapping[str, Any]) -> list[str]:
    named = []
    for each in mappings(component.get("licenses")):
        licence = mapping(each.get("license"))
        text = each.get("expression") or licence.get("id") or licence.get("name")
        if isinstance(text, str) and text.strip():
            named.append(text.strip())
    return named


def _allowed(licences: Sequence[str], allowed: Sequence[str]) -> bool:
    """Tell whether all of a component's licences are allowed; one that names none is not."""
    known = {each.casefold() for each in allowed}
    return bool(licences) and all(each.casefold() in known or _expression(each, known) for each in licences)


def _expression(text: str, known: set[str]) -> bool:
    """Tell whether an SPDX expression can be met: any side of OR, both of AND; what cannot be read is not allowed."""
    words = re.findall(r"\(|\)|[^\s()]+", text.casefold())

    def any_of() -> bool:
        result = all_of()
        while words and words[0] == "or":
            words.pop(0)
            result = all_of() or result
        return result

    def all_of() -> bool:
        result = one()
        while words and words[0] == "and":
            words.pop(0)
            result = one() and result
        return result

    def one() -> bool:
        word = words.pop(0)
        if word == "(":
            result = any_of()
            return words.pop(0) == ")" and result
        if len(words) > 1 and words[0] == "with":
            words.pop(0)
            word = f"{word} with {words.pop(0)}"
        return word in known

    try:
        return any_of() and not words
    except (IndexError, RecursionError):
        return False
