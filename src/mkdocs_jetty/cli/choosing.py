"""Which scenarios a check runs: the last failed ones, those of changed pages, or one machine's share of all."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from mkdocs_jetty.cli.errors import WrongUse
from mkdocs_jetty.config import Settings
from mkdocs_jetty.judge.model import Verdict
from mkdocs_jetty.show.words import plural
from mkdocs_jetty.spec.model import Spec

LAST_FAILED = "lastfailed.json"
GIT_SECONDS = 20


@dataclass(frozen=True)
class Choice:
    """What is to run, and why."""

    ids: frozenset[str]
    said: str
    """One line for whoever started it."""


def last_failed(settings: Settings, spec: Spec) -> Choice | None:
    """The scenarios that were red when they ran last; None where none is known, so that all run."""
    known = _failed(settings)
    found = frozenset(scenario.id for _, scenario in spec.scenarios() if scenario.id in known)
    return Choice(found, f"running {plural(len(found), 'scenario')} that failed last") if found else None


def remember_failed(settings: Settings, verdict: Verdict) -> None:
    """Note what is red now; what did not run stays as it was known.

    Raises:
        OSError: If the note cannot be written.
    """
    known = _failed(settings)
    for feature in verdict.features:
        for judged in feature.scenarios:
            if judged.red and not judged.known_red:
                known.add(judged.scenario.id)
            elif judged.result.status != "unknown":
                known.discard(judged.scenario.id)
    there = {scenario.id for _, scenario in verdict.spec.scenarios()}
    pages = {page.path for page in verdict.spec.pages}
    path = settings.cache_dir / LAST_FAILED
    kept = sorted(key for key in known if key in there or not pages)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _failed(settings: Settings) -> set[str]:
    try:
        found = json.loads((settings.cache_dir / LAST_FAILED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def changed(settings: Settings, spec: Spec) -> Choice | None:
    """The scenarios of pages with changes that are not committed; None where more than pages has changed.

    Raises:
        WrongUse: If the project is in no git repository.
    """
    files = _changed_files(settings.root)
    pages = {page.path for page in spec.pages}
    by_source = {scenario.source: feature.page for feature, scenario in spec.scenarios() if scenario.source}
    docs = settings.docs_dir
    others = [
        path for path in files
        if path not in pages and path not in by_source and not _is_prose(settings.root / path, docs)
    ]  # fmt: skip
    if others:
        return None
    wanted = {path for path in files if path in pages} | {by_source[path] for path in files if path in by_source}
    ids = frozenset(scenario.id for feature, scenario in spec.scenarios() if feature.page in wanted)
    return Choice(ids, f"running {plural(len(ids), 'scenario')} on {plural(len(wanted), 'changed page')}")


def _is_prose(path: Path, docs: Path) -> bool:
    return path.suffix == ".md" and path.is_relative_to(docs)


def _changed_files(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "."]
    prefix = ["git", "-C", str(root), "rev-parse", "--show-prefix"]
    try:
        answers = [
            subprocess.run(each, capture_output=True, timeout=GIT_SECONDS, check=False) for each in (command, prefix)
        ]
    except (OSError, subprocess.SubprocessError) as error:
        raise WrongUse(f"--changed asks git what has changed, and git cannot be run: {error}") from error
    status, within = answers
    if status.returncode or within.returncode:
        raise WrongUse("--changed asks git what has changed, and this project is in no git repository")
    here = within.stdout.decode("utf-8", "surrogateescape").strip()
    names = (entry[3:].decode("utf-8", "surrogateescape") for entry in status.stdout.split(b"\0") if len(entry) > 3)  # noqa: PLR2004
    return [name.removeprefix(here) for name in names]


def share(spec: Spec, text: str) -> Choice:
    """One machine's share of all scenarios: `2/5` is the second of five parts, the same on every machine.

    Raises:
        WrongUse: If the text is no such fraction.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise WrongUse(f"--shard {text}: a part and how many there are, such as 2/5")
    part, parts = int(found[1]), int(found[2])
    ids = [scenario.id for _, scenario in spec.scenarios()]
    # Whole stretches, so that most pages run on one machine.
    own = ids[(part - 1) * len(ids) // parts : part * len(ids) // parts]
    return Choice(frozenset(own), f"running {plural(len(own), 'scenario')} of {len(ids)}, part {part} of {parts}")


def both(first: Choice | None, second: Choice | None) -> Choice | None:
    """Return what two choices have in common."""
    if first is None or second is None:
        return first or second
    return Choice(first.ids & second.ids, second.said)


def only_what_ran(fail_on: Collection[str]) -> tuple[str, ...]:
    """Return what may close the gate of a run on a part: what is incomplete because it was left out must not."""
    return tuple(each for each in fail_on if each in ("red", "flaky"))
