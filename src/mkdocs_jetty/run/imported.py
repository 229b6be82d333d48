"""Results that were produced elsewhere: Cucumber Messages (NDJSON), matched to the scenarios on the pages.

A result counts only for a scenario that still says what was run: same file, same name, same steps with their tables
and doc strings. Everything else is reported, and nothing becomes green by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from mkdocs_jetty.run.messages import Key, MessagesFile, read_messages, worst_of
from mkdocs_jetty.run.model import Results, ScenarioResult
from mkdocs_jetty.run.scrub import Scrubber
from mkdocs_jetty.site_file import option_place
from mkdocs_jetty.spec.model import Feature, Problem, Scenario, Spec


class _File:
    """The results of one file, in its order, until each is taken by the scenario it belongs to."""

    def __init__(self, name: str, results: Iterable[tuple[Key, ScenarioResult]], wanted: Counter[Key]) -> None:
        self.name = name
        self.wanted = wanted
        self.by_key: dict[Key, list[ScenarioResult]] = defaultdict(list)
        self.rows: dict[Key, dict[str, list[ScenarioResult]]] = defaultdict(lambda: defaultdict(list))
        """By the key of the scenario whose name stands before the parameters."""
        for key, result in results:
            page, scenario, steps = key
            name, bracket, params = scenario.rpartition(" [")
            if key not in wanted and bracket and params.endswith("]") and (page, name, steps) in wanted:
                self.rows[page, name, steps][params.removesuffix("]")].append(result)
            else:
                self.by_key[key].append(result)

    def take(self, key: Key) -> ScenarioResult | None:
        """The result of the next scenario of this key; where a file has more than there are, the worst counts."""
        if rows := self.rows.get(key):
            found = {params: worst_of(results) for params, results in rows.items()}
            return replace(worst_of(found.values()), rows=found)
        results = self.by_key.get(key)
        if not results or not self.wanted[key]:
            return None
        if len(results) > self.wanted[key]:
            results[:] = [worst_of(results)] * self.wanted[key]
        self.wanted[key] -= 1
        return results.pop(0)

    def pages(self) -> set[str]:
        return {page for page, _, _ in self.by_key}

    def left(self, elsewhere: Collection[str]) -> Problem | None:
        """Return what matches no scenario of the pages that were looked at: it has changed since, or has gone."""
        left = [key for key, results in self.by_key.items() for _ in results if key[0] not in elsewhere]
        if not left:
            return None
        page, scenario, _ = left[0]
        count = "1 result matches" if len(left) == 1 else f"{len(left)} results match"
        message = (
            f"{count} no scenario as it stands on the pages and counts for nothing; the first: {scenario} ({page})"
        )
        return Problem("warning", self.name, None, None, message)


OLDEST = timedelta(days=30)
"""How old a file of results may be: what was true longer ago says nothing of now. A number of ours."""
EARLY = timedelta(days=1)
"""How far in the future its times may lie, since clocks differ."""


def with_imported(
    spec: Spec,
    results: Results,
    root: Path,
    names: Iterable[str],
    *,
    anywhere: bool = False,
    config_file: Path | None = None,
) -> Results:
    """Fill in what was not run here with what was run elsewhere; of several files the worst counts.

    Args:
        spec: The specification as it stands.
        results: What was run here; it wins.
        root: The project's directory.
        names: The files, relative to it.
        anywhere: Whether a file may stand outside the project.
        config_file: The site's file, where its option `results` names them.
    """
    wanted = Counter(_key(feature, scenario) for feature, scenario in spec.scenarios())
    files: list[_File] = []
    problems: list[Problem] = []
    made_on: list[date] = []
    names = list(names)
    clean = Scrubber(root) if names else None
    for name in names:
        found = _read(root, name, clean, anywhere=anywhere, config_file=config_file) if clean else None
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None and found.newest is not None:
            files.append(_File(name, found.results, wanted.copy()))
            made_on.append(found.newest.date())
            problems += [Problem("error", name, None, None, said) for said in found.failures]
    scenarios = dict(results.scenarios)
    used = False
    for feature, scenario in spec.scenarios():
        # Taken from every file, also where it does not count: what is left then matches nothing.
        taken = [result for file in files if (result := file.take(_key(feature, scenario)))]
        if taken and not scenario.defect and _is_open(scenarios.get(scenario.id)):
            scenarios[scenario.id] = worst_of(taken)
            used = True
    looked_at = {page.path for page in spec.pages}
    # A page that is there and was not looked at: this run is on a part of the project.
    elsewhere = {page for file in files for page in file.pages() if page not in looked_at and (root / page).exists()}
    problems += filter(None, (file.left(elsewhere) for file in files))
    return replace(
        results, scenarios=scenarios, problems=(*results.problems, *problems), executed=results.executed or used,
        made_on=min(made_on) if used and not results.executed else results.made_on,
    )  # fmt: skip


def _read(
    root: Path, name: str, clean: Scrubber, *, anywhere: bool, config_file: Path | None
) -> MessagesFile | Problem:
    """Return what a file holds, or why it counts for nothing."""
    path = root / name
    if not anywhere and not path.resolve().is_relative_to(root.resolve()):
        return Problem("error", name, None, None, "results have to stand inside the project; copy the file there")
    try:
        found = read_messages(path, clean)
    except OSError as error:
        if config_file and isinstance(error, FileNotFoundError):
            place = option_place(config_file, "results", name)
            return Problem("error", *place, None, f"`results` names `{name}`, which does not exist")
        return Problem("error", name, None, None, f"these results cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"these results cannot be read as Cucumber Messages (NDJSON): {type(error).__name__}: {error}"
        return Problem("error", name, None, None, message)
    why = _no_proof(found)
    return Problem("error", name, None, None, why) if why else found


def _no_proof(found: MessagesFile) -> str:
    """Why the time at which results were made keeps them from proving anything; empty where it does not."""
    if found.newest is None:
        return "these results do not say when they were made, so they prove nothing" if found.results else ""
    now = datetime.now(timezone.utc)
    if now - found.newest > OLDEST:
        days = (now - found.newest).days
        return f"these results are {days} days old; older than {OLDEST.days} days they prove nothing: run them again"
    early = found.newest - now > EARLY
    return f"these results were made on {found.newest.date()}, which is yet to come" if early else ""


def _is_open(result: ScenarioResult | None) -> bool:
    return result is None or (result.status == "unknown" and result.cause in {"execute-off", "not-selected"})


def _key(feature: Feature, scenario: Scenario) -> Key:
    steps = tuple((step.text, step.table, step.docstring) for step in scenario.steps)
    return feature.page, scenario.name, steps
