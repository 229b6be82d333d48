"""Reports of scanners: SARIF, CycloneDX, pip-audit and ZAP. What somebody has settled in them is not counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mkdocs_jetty.standards.readers.reading import (
    SEVERITIES,
    Found,
    ReadingError,
    ReportReading,
    Severity,
    day,
    mapping,
    mappings,
    number,
    oldest,
    severity_score,
    severity_vector,
    severity_word,
    title,
)

_LEVELS: dict[Any, Severity] = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
_NOT_A_FINDING = ("pass", "notApplicable", "informational")
_SETTLED = ("resolved", "resolved_with_pedigree", "false_positive", "not_affected")
_RISKS: dict[float | None, Severity] = {3: "high", 2: "medium", 1: "low", 0: "info"}


def read_sarif(data: Mapping[str, Any]) -> ReportReading:
    """SARIF 2.1: severity by the rule's `security-severity` score where there is one, else by the level."""
    if not str(data.get("version", "")).startswith("2.1"):
        raise ReadingError(f"SARIF {title(data.get('version'))} is not read; write version 2.1.0")
    runs = mappings(data["runs"])
    if not runs or len(runs) != len(data["runs"]):
        raise ReadingError("it holds no run of a tool" if not runs else "one of its runs is broken")
    found: list[Found] = []
    for run in runs:
        tool = mapping(run.get("tool"))
        name = title(mapping(tool.get("driver")).get("name"))
        invocations = mappings(run.get("invocations"))
        if wrong := _not_whole(invocations):
            raise ReadingError(f"the run of {name} {wrong}")
        results = run.get("results")
        if not isinstance(results, list) or len(mappings(results)) != len(results):
            raise ReadingError(f"the run of {name} holds no results, not even an empty list: it did not finish")
        rules = _rules(tool)
        raised = _overrides(invocations, tool)
        found += [_sarif_found(each, rules, raised) for each in mappings(results) if _is_open(each)]
    names = tuple(title(mapping(mapping(run.get("tool")).get("driver")).get("name")) for run in runs)
    return ReportReading("sarif", oldest([_sarif_day(run) for run in runs]), tuple(found), tools=names)


def _rules(tool: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]]:
    """Rules by id, and those of the driver by their index too."""
    driver = mappings(mapping(tool.get("driver")).get("rules"))
    rules: dict[Any, Mapping[str, Any]] = dict(enumerate(driver))
    for rule in [*driver, *(rule for part in mappings(tool.get("extensions")) for rule in mappings(part.get("rules")))]:
        rules.setdefault(str(rule.get("id")), rule)
    return rules


def _not_whole(invocations: list[Mapping[str, Any]]) -> str:
    """Tell how a run says that it was not whole; empty where it does not."""
    for each in invocations:
        if each.get("executionSuccessful") is False:
            return "did not succeed, by its own word"
        if each.get("exitSignalName") or each.get("processStartFailureMessage"):
            return "was ended before it was through, by its own word"
        for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            told = [note for note in mappings(each.get(kind)) if note.get("level") == "error"]
            if told:
                return f"tells of an error: {title(mapping(told[0].get('message')).get('text'))}"
    return ""


def _overrides(invocations: list[Mapping[str, Any]], tool: Mapping[str, Any]) -> dict[str, str]:
    """The levels that the run itself gave to rules, by their ids (SARIF 2.1.0, 3.20.5)."""
    driver = mappings(mapping(tool.get("driver")).get("rules"))
    found: dict[str, str] = {}
    for each in (each for run in invocations for each in mappings(run.get("ruleConfigurationOverrides"))):
        rule, level = mapping(each.get("descriptor")), mapping(each.get("configuration")).get("level")
        index = rule.get("index")
        by_index = driver[index].get("id") if isinstance(index, int) and 0 <= index < len(driver) else None
        if isinstance(level, str):
            found[str(rule.get("id", by_index))] = level
    return found


def _sarif_found(
    result: Mapping[str, Any], rules: Mapping[Any, Mapping[str, Any]], overrides: Mapping[str, str]
) -> Found:
    reference = mapping(result.get("rule"))
    rule_id = result.get("ruleId", reference.get("id"))
    rule = _rule(rules, str(rule_id), result.get("ruleIndex", reference.get("index")))
    score = next(
        (severity for holder in (result, rule)
         if (severity := severity_score(mapping(holder.get("properties")).get("security-severity")))),
        None,
    )  # fmt: skip
    raised = overrides.get(str(rule_id)) or overrides.get(str(rule.get("id")))
    given = raised or mapping(rule.get("defaultConfiguration")).get("level", "warning")
    level = result.get("level", given)
    by_level = _LEVELS.get(level) if isinstance(level, str) else None
    return Found(title(rule_id, rule.get("id"), mapping(result.get("message")).get("text")), score or by_level)


def _rule(rules: Mapping[Any, Mapping[str, Any]], rule_id: str, index: Any) -> Mapping[str, Any]:
    """The rule that a result names.

    An id may be a path, `CA1000/1`, below that of its rule (SARIF 2.1.0, 3.27.5 and 3.52.4): the nearest one counts.
    """
    if (exact := rules.get(rule_id)) is not None:
        return exact
    if isinstance(index, int) and (by_index := rules.get(index)) is not None:
        return by_index
    while "/" in rule_id:
        rule_id = rule_id.rpartition("/")[0]
        if (above := rules.get(rule_id)) is not None:
            return above
    return {}


def _is_open(result: Mapping[str, Any]) -> bool:
    # SARIF 2.1.0, 3.27.23: one that is rejected, or still under review, suppresses nothing.
    states = [each.get("status", "accepted") for each in mappings(result.get("suppressions"))]
    accepted = bool(states) and all(state == "accepted" for state in states)
    return not accepted and result.get("kind") not in _NOT_A_FINDING and result.get("baselineState") != "absent"


def _sarif_day(run: Mapping[str, Any]) -> Any:
    moments = [day(each.get("endTimeUtc")) or day(each.get("startTimeUtc"))
               for each in mappings(run.get("invocations"))]  # fmt: skip
    return oldest(moments)


def read_cyclonedx(data: Mapping[str, Any]) -> ReportReading:
    """CycloneDX with its vulnerabilities; a bare list of components says nothing about them."""
    vulnerabilities = data.get("vulnerabilities")
    if not isinstance(vulnerabilities, list) or len(mappings(vulnerabilities)) != len(vulnerabilities):
        raise ReadingError("it lists components, but has no `vulnerabilities`: nothing says that they were looked for")
    if not vulnerabilities and not mappings(data.get("components")):
        raise ReadingError("it holds no component, so nothing was looked at")
    found = tuple(
        Found(title(each.get("id")), _worst(each), day(each.get("published")) or day(each.get("created")))
        for each in mappings(vulnerabilities)
        if mapping(each.get("analysis")).get("state") not in _SETTLED
    )
    return ReportReading("cyclonedx", day(mapping(data.get("metadata")).get("timestamp")), found, tools=("cyclonedx",))


def _worst(vulnerability: Mapping[str, Any]) -> Severity | None:
    ratings = mappings(vulnerability.get("ratings"))
    # Where its word, its score and its vector disagree, the worst one counts.
    words = [severity_word(each.get("severity")) for each in ratings]
    words += [severity_score(each.get("score")) for each in ratings]
    words += [severity_vector(each.get("vector")) for each in ratings]
    return min((word for word in words if word), key=SEVERITIES.index, default=None)


def read_pip_audit(data: Any) -> ReportReading:
    """pip-audit's JSON: it names neither severities nor its own date."""
    entries = data if isinstance(data, list) else data["dependencies"]
    dependencies = mappings(entries)
    if len(dependencies) != len(entries) or not dependencies:
        raise ReadingError("it holds no dependency" if not dependencies else "one of its dependencies is broken")
    found, skipped = [], 0
    for each in dependencies:
        if "skip_reason" in each:
            skipped += 1
            continue
        vulns = each.get("vulns")
        if not isinstance(vulns, list):
            raise ReadingError(f"the dependency {title(each.get('name'))} has no `vulns`")
        found += [Found(f"{title(each.get('name'))} {title(vuln.get('id'))}", None) for vuln in mappings(vulns)]
    if skipped == len(dependencies):
        raise ReadingError("not one of its dependencies was checked")
    notes = (f"{skipped} dependencies were not checked",) if skipped else ()
    return ReportReading("pip-audit", None, tuple(found), notes=notes, tools=("pip-audit",))


def read_zap(data: Mapping[str, Any]) -> ReportReading:
    """ZAP's traditional JSON report; alerts marked as false positives are settled."""
    sites = mappings([data["site"]] if isinstance(data["site"], dict) else data["site"])
    if not sites or not all(isinstance(site.get("alerts"), list) for site in sites):
        raise ReadingError("it holds no site with alerts: nothing was scanned")
    found = tuple(
        Found(title(alert.get("name"), alert.get("alert")), _RISKS.get(number(alert.get("riskcode"))))
        for site in sites
        for alert in mappings(site["alerts"])
        if number(alert.get("confidence")) != 0
    )
    return ReportReading("zap", day(data.get("created")) or day(data.get("@generated")), found, tools=("ZAP",))
