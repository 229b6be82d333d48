"""Runs what has to run and takes the rest from earlier runs: of this process, and with `cache: true` of earlier ones.

What is kept on disk counts for the same Python with the same packages, and for 30 days, as results from elsewhere do.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_jetty.run import runner
from mkdocs_jetty.run.fingerprint import Fingerprint, after_run, fingerprint
from mkdocs_jetty.run.imported import OLDEST
from mkdocs_jetty.run.model import Results, ScenarioResult, StepDefinition, together
from mkdocs_jetty.run.reuse import Earlier, Made, Plan, digests_of, oldest, plan, remembered
from mkdocs_jetty.run.standby import Standby
from mkdocs_jetty.spec.transfer import from_json, to_json

if TYPE_CHECKING:
    from mkdocs_jetty.config import Settings
    from mkdocs_jetty.run.runner import OnResult
    from mkdocs_jetty.spec.model import Spec

FILE = "results.json"
"""Below the option `cache_dir`."""
IGNORED = ".gitignore"
SCHEMA = 2


@dataclass(frozen=True)
class Kept:
    """What stands on disk of the last whole run."""

    schema: int
    installed: str
    specification: str
    sources: str
    others: str
    options: str
    files: Mapping[str, str]
    digests: Mapping[str, str]
    days: Mapping[str, str]
    """When each scenario ran, `2026-11-25`."""
    commits: Mapping[str, str | None]
    scenarios: Mapping[str, ScenarioResult]
    definitions: tuple[StepDefinition, ...]


class Memory:
    """Remembers the last run of each part of a site: a site in several languages is built part by part."""

    def __init__(self) -> None:
        self.read: frozenset[str] = frozenset()
        """The files of the project that were read in any run of this process."""
        self._parts: dict[int, Earlier] = {}

    def run(
        self,
        spec: Spec,
        settings: Settings,
        now: Made,
        *,
        part: int = 0,
        watched: Sequence[Path] = (),
        in_process: bool = False,
        on_plan: Callable[[Plan], None] | None = None,
        on_result: OnResult | None = None,
        standby: Standby | None = None,
    ) -> Results:
        """Run what does not hold any more.

        Args:
            spec: What there is.
            settings: The project's settings; `cache` says whether anything is reused.
            now: This day, and what is checked out.
            part: Which part of the site it is.
            watched: Files and folders that the site's author says it depends on.
            in_process: Whether earlier runs of this process count where `cache` is `auto`.
            on_plan: Told what is going to run, before it does.
            on_result: Told of each scenario as it ends.
            standby: Processes that wait for a run.
        """
        before, digests = fingerprint(settings, spec, watched), digests_of(spec)
        on_disk = settings.cache is True
        earlier = self._parts.pop(part, None) or (_load(settings) if on_disk and not part else None)
        due = _recent(
            plan(earlier, before, spec, reuse=on_disk or (in_process and settings.cache == "auto")), earlier, now
        )
        if on_plan:
            on_plan(due)
        results = runner.run(spec, settings, on_result, plan=due, standby=standby)
        self.read |= results.read
        if results.interrupted:  # that is no answer to remember
            return results
        if earlier and not due.first:
            # Nothing ran, so nothing has said again what there was to say of the run as a whole.
            results = replace(results, problems=earlier.results.problems)
        if earlier and due.held:
            results = replace(results, definitions=_all_definitions(earlier, due, results))
        stands_for = after_run(before, settings, spec, watched, results.written)
        self._parts[part] = kept = remembered(earlier, due, results, stands_for, digests, now)
        if on_disk and not part:
            _save(settings, kept)
        since = oldest(kept.made[id_] for id_ in due.held)
        return replace(results, made_on=since[0], commit=since[1]) if since else results


def _all_definitions(earlier: Earlier, due: Plan, results: Results) -> tuple[StepDefinition, ...]:
    """The step definitions, of which the children of this run know only how what ran here uses them."""
    held = {step.definition for result in due.held.values() for step in result.steps}
    before = (replace(each, used=each.place in held) for each in earlier.results.definitions)
    return together((*results.definitions, *before))


def _recent(due: Plan, earlier: Earlier | None, now: Made) -> Plan:
    """Without what is too old to count."""
    old = [id_ for id_ in due.held if earlier and now[0] - earlier.made[id_][0] > OLDEST]
    if not old:
        return due
    return Plan({id_: result for id_, result in due.held.items() if id_ not in old}, (*due.first, *old))


# ---- on disk ----


def _save(settings: Settings, kept: Earlier) -> None:
    """Keep a run for the next process; where it cannot be written, the next one runs everything."""
    stands_for = kept.fingerprint
    scenarios = {} if kept.results.problems else dict(kept.results.scenarios)
    text = to_json(Kept(
        SCHEMA, installed(), stands_for.specification, stands_for.sources, stands_for.others, stands_for.options,
        stands_for.files, kept.digests, {id_: made[0].isoformat() for id_, made in kept.made.items()},
        {id_: made[1] for id_, made in kept.made.items()}, scenarios, kept.results.definitions,
    ))  # fmt: skip
    path = settings.cache_dir / FILE
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.parent / IGNORED).exists():
            (path.parent / IGNORED).write_text("*\n", encoding="utf-8")
        draft = path.with_suffix(".tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def _load(settings: Settings) -> Earlier | None:
    """The last whole run; None where there is none, or none that counts here."""
    try:
        kept = from_json(Kept, (settings.cache_dir / FILE).read_text(encoding="utf-8"))
        made = {id_: (date.fromisoformat(day), kept.commits[id_]) for id_, day in kept.days.items()}
    except (OSError, ValueError, KeyError, RecursionError):
        return None
    if kept.schema != SCHEMA or kept.installed != installed() or made.keys() != kept.digests.keys():
        return None
    stands_for = Fingerprint(kept.specification, kept.sources, kept.others, kept.files, kept.options)
    return Earlier(Results(kept.scenarios, definitions=kept.definitions), stands_for, kept.digests, made)


def installed() -> str:
    """A digest of this Python and of all packages that are installed beside it."""
    packages = sorted(f"{each.name} {each.version}" for each in distributions())
    return hashlib.sha256(repr((sys.version, sys.platform, packages)).encode()).hexdigest()
