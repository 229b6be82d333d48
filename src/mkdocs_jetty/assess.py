"""From a run to its verdict, the same way for every host: with the declaration, the preset, the reports and the ledger.

The judging itself is pure. What it needs of files, of the clock and of git is fetched here, and a mistake in what
people declared stops everything before anything runs.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.errors import ConfigError
from mkdocs_jetty.judge import ledger as ledgers
from mkdocs_jetty.judge.builds import Builds, read_builds
from mkdocs_jetty.judge.rows import expanded
from mkdocs_jetty.judge.standards import check_claims
from mkdocs_jetty.judge.verdict import judge
from mkdocs_jetty.site_file import option_place
from mkdocs_jetty.spec.model import Problem, Spec
from mkdocs_jetty.spec.owners import with_owners
from mkdocs_jetty.standards.model import DECLARATION, Declaration, Preset, Report, ReportFinding

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.judge.model import History, Verdict
    from mkdocs_jetty.run.model import Results
    from mkdocs_jetty.standards.catalogue import Catalogue

GIT_SECONDS = 5


@dataclass(frozen=True)
class Declared:
    """What people have declared, checked against the preset and the whole specification."""

    declaration: Declaration
    preset: Preset | None
    feature_ids: frozenset[str]
    """Of the whole specification, also where a part of it is assessed."""
    problems: tuple[Problem, ...]
    today: date


def declared(settings: Settings, spec: Spec) -> Declared:
    """Check the declaration: call it with the whole specification, before anything runs.

    Raises:
        ConfigError: If the declaration or its preset is wrong, with a line for each mistake.
    """
    declaration = settings.declaration
    today = this_day()
    ids = frozenset(feature.id for feature in spec.features)
    preset, problems = _settled(declaration, settings.root, ids, today)
    warnings = [Problem("warning", DECLARATION, None, None, text) for text in preset.warnings] if preset else []
    dropped = preset.dropped if preset else ()
    return Declared(declaration, preset, ids, (*problems, *warnings, *dropped), today)


def assess(settings: Settings, spec: Spec, results: Results, known: Declared | None = None) -> Verdict:
    """Judge a run.

    Args:
        settings: The project's settings.
        spec: What was read, or the part of it that was run.
        results: What happened.
        known: What `declared` said of the whole specification; needed where `spec` is a part of it.

    Raises:
        ConfigError: If the declaration or its preset is wrong.
    """
    known = known or declared(settings, spec)
    spec, results = expanded(with_owners(spec, settings.root), results)
    external = known.declaration.state == "external"
    ledger = ledgers.read(ledger_path(settings), ledger_name(settings))
    claims = check_claims(spec, known.preset, _known_ids(spec), external=external)
    traits = [*_strange_traits(settings.root, spec, known.preset), *_contradictions(spec)] if external else []
    verdict = judge(
        spec,
        results,
        name=settings.site_name,
        state=known.declaration.state,
        fail_on=settings.fail_on,
        preset=known.preset,
        declaration=known.declaration,
        findings=_findings(settings.root, known) if external else (),
        history=ledgers.history(ledger, spec),
        today=known.today,
        commit=results.commit if results.made_on else commit(settings.root),
        problems=(*known.problems, *claims, *traits, *ledger.problems),
        partial=known.feature_ids != {feature.id for feature in spec.features},
    )
    builds = read_builds(settings.root / settings.history) if settings.history else Builds()
    if builds.problem:
        place = option_place(settings.config_file, "history")
        said = f"`history`: {settings.history}: {builds.problem}; earlier builds are not shown"
        verdict = replace(verdict, problems=(*verdict.problems, Problem("warning", *place, None, said)))
    return replace(verdict, verified_on=results.made_on, builds=builds)


def record(settings: Settings, verdict: Verdict, *, whole: bool = True) -> bool:
    """Write into the ledger what the verdict saw; say whether anything changed."""
    path = ledger_path(settings)
    ledger = ledgers.read(path, ledger_name(settings))
    if any(problem.line is None for problem in ledger.problems):
        raise ConfigError(f"{ledger.problems[0]}; nothing was recorded")
    day = verdict.today or this_day()
    return ledgers.write(ledgers.update(ledger, verdict, day, verdict.commit, whole=whole), path)


def history(settings: Settings, spec: Spec) -> Mapping[str, History]:
    """Return what the ledger knows of each scenario."""
    return ledgers.history(ledgers.read(ledger_path(settings), ledger_name(settings)), spec)


def ledger_name(settings: Settings) -> str:
    """The ledger, as the project names it."""
    return settings.ledger


def ledger_path(settings: Settings) -> Path:
    """Tell where the ledger stands."""
    return settings.root / ledger_name(settings)


def evidence_paths(settings: Settings) -> list[Path]:
    """The files that a verdict rests on beside the specification and the steps."""
    reports = [settings.root / report.path for report in settings.declaration.reports]
    presets = [settings.root / name for name in settings.declaration.preset]
    files = [path for path in (*reports, *presets) if path.suffix]
    return [settings.root / DECLARATION, ledger_path(settings), *files]


def this_day() -> date:
    """The day for which to judge: `SOURCE_DATE_EPOCH` where set, so that a build can be repeated."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return datetime.fromtimestamp(int(epoch), timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        return datetime.now(timezone.utc).date()


def commit(root: Path) -> str | None:
    """Return what is checked out, by its short name; None without git."""
    command = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def _settled(
    declaration: Declaration, root: Path, ids: frozenset[str], today: date
) -> tuple[Preset | None, list[Problem]]:
    if declaration == Declaration():
        return None, []
    from mkdocs_jetty.standards.declaration import settled  # noqa: PLC0415 # for the projects that declare something

    return settled(declaration, root, ids, today)


def _known_ids(spec: Spec) -> frozenset[str]:
    """Every standard that a tag may name; the catalogue is long, and read only where one does."""
    if not any(scenario.standards for _, scenario in spec.scenarios()):
        return frozenset()
    return _catalogue().ids


def _catalogue() -> Catalogue:
    from mkdocs_jetty.standards.catalogue import load_catalogue  # noqa: PLC0415 # for the projects that have standards

    return load_catalogue()


def _findings(root: Path, known: Declared) -> tuple[ReportFinding, ...]:
    return tuple(_finding(root, report, known.preset) for report in known.declaration.reports)


def _finding(root: Path, report: Report, preset: Preset | None) -> ReportFinding:
    standard = preset.standard(report.standard) if preset else None
    if standard is None:
        return ReportFinding(report, ok=False, made_on=None, note="", error="the preset does not ask for its standard")
    from mkdocs_jetty.standards.reports import read_report  # noqa: PLC0415 # for the projects that have any

    try:
        return read_report(root, report, standard)
    except Exception as error:  # noqa: BLE001 # another tool's file: whatever it holds must not stop the verdict
        reason = f"cannot be read: {type(error).__name__}: {error}"
        return ReportFinding(report, ok=False, made_on=None, note="", error=reason)


def _strange_traits(root: Path, spec: Spec, preset: Preset | None) -> list[Problem]:
    """Traits that no standard knows: a standard that does not apply because of a typing error is a free pass."""
    names = {*_catalogue().traits, *_traits_of(preset)}
    problems = []
    for feature in spec.features:
        for trait in feature.traits:
            if trait not in names:
                close = difflib.get_close_matches(trait, sorted(names), 1)
                hint = f"did you mean `{close[0]}`?" if close else f"standards know {', '.join(sorted(names))}"
                message = f"no standard knows the trait `{trait}`; {hint}"
                line = _line_of_trait(root / feature.page, trait)
                problems.append(Problem("error", feature.page, line, None, message))
    return list(dict.fromkeys(problems))


PRIVATE = ("authentication", "admin", "multi-tenant", "handles-pii", "health-data", "payment")
"""Traits of what somebody signs in to, or what is not for everybody to see."""


def _contradictions(spec: Spec) -> list[Problem]:
    """Features that are declared public and have a trait of what is not."""
    found = []
    for feature in spec.features:
        private = [trait for trait in feature.traits if trait in PRIVATE]
        if feature.public is not None and private:
            message = f"it is declared `public` and has the trait `{private[0]}`, which contradict each other"
            found.append(Problem("error", feature.page, 1, None, message))
    return list(dict.fromkeys(found))


def _line_of_trait(page: Path, trait: str) -> int | None:
    """Tell where a page names a trait first: in its front matter, or a `.feature` file in its tags."""
    named = re.compile(rf"(?<![\w-]){re.escape(trait)}(?![\w-])")
    try:
        lines = page.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return None
    start = next((number for number, line in enumerate(lines) if re.search(r"\btraits?\b", line)), 0)
    return next((number for number, line in enumerate(lines[start:], start + 1) if named.search(line)), None)


def _traits_of(preset: Preset | None) -> Iterable[str]:
    groups = (group for standard in preset.standards for group in standard.applies.traits) if preset else ()
    return (trait for group in groups for trait in group)
