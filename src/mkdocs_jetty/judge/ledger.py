"""The memory of red before green: when each scenario was first seen red, first green, and each time red again.

One scenario a line, in the order of pages and ids, so that git merges what two people recorded on their own. A line
that cannot be read is reported and kept: somebody's history may stand in it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, Literal

from mkdocs_jetty.judge.model import History, JudgedScenario, Verdict
from mkdocs_jetty.judge.rows import base_id
from mkdocs_jetty.spec.model import Problem, Scenario, Spec

DEFAULT = ".jetty/ledger.jsonl"
Mark = tuple[date, "str | None"]
"""A day, and the commit that was checked out."""
DIGEST_LENGTH = 16


@dataclass(frozen=True)
class Entry:
    """What is remembered of one scenario."""

    page: str
    id: str
    digest: str
    """Of the text of its steps: what tells a renamed scenario from a new one."""
    name: str
    red: Mark | None = None
    """None while it has never been seen red."""
    green: Mark | None = None
    again: tuple[Mark, ...] = ()
    challenged: date | None = None
    now: Literal["red", "green"] | None = None
    """How it was when it was last recorded; without it, each record of a long red would count as a new one."""
    red_digest: str | None = None
    """Of the steps that were last seen red: the red of other steps says nothing of these."""

    @property
    def key(self) -> tuple[str, str]:
        """What the lines are sorted by."""
        return (self.page, self.id)


@dataclass(frozen=True)
class Ledger:
    """All entries by scenario id, and the lines that could not be read."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


# ---- the file ----


def read(path: Path, name: str | None = None) -> Ledger:
    """Read a ledger; where there is none it is empty."""
    name = name or path.as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Ledger()
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"{error.strerror or error}"
        return Ledger(problems=(Problem("warning", name, None, None, f"the ledger cannot be read: {reason}"),))
    return parse(text, name)


def write(ledger: Ledger, path: Path) -> bool:
    """Write a ledger in one move; say whether anything changed."""
    text = dump(ledger)
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.name == ".jetty":
        _keep_in_git(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _keep_in_git(path: Path) -> None:
    """The folder's other files are results of one machine and stay out of git; the ledger is everybody's."""
    ignore = path.with_name(".gitignore")
    lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else ["*"]
    missing = [line for line in ("!.gitignore", f"!{path.name}") if line not in lines]
    if missing or not ignore.exists():
        ignore.write_text("\n".join([*lines, *missing]) + "\n", encoding="utf-8")


def parse(text: str, name: str) -> Ledger:
    """Read the lines of a ledger."""
    entries: dict[str, Entry] = {}
    unread: list[str] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = _entry(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            unread.append(line)
            message = "this line of the ledger cannot be read; it is kept as it is. Restore it from git, or delete it"
            problems.append(Problem("warning", name, number, None, message))
            continue
        # Two branches that met the same scenario leave two lines.
        entries[entry.id] = _joined(entries[entry.id], entry) if entry.id in entries else entry
    return Ledger(entries, tuple(unread), tuple(problems))


def dump(ledger: Ledger) -> str:
    """The lines of a ledger, sorted; those that could not be read come last."""
    lines = [_line(entry) for entry in sorted(ledger.entries.values(), key=lambda entry: entry.key)]
    return "".join(f"{line}\n" for line in (*lines, *ledger.unread))


def _line(entry: Entry) -> str:
    record = {
        "page": entry.page,
        "id": entry.id,
        "digest": entry.digest,
        "name": entry.name,
        "red": _mark_record(entry.red),
        "green": _mark_record(entry.green),
        "again": [[day.isoformat(), commit] for day, commit in entry.again],
        "challenged": entry.challenged.isoformat() if entry.challenged else None,
        "now": entry.now,
        "red_digest": entry.red_digest,
    }
    return json.dumps(record, ensure_ascii=True)


def _mark_record(mark: Mark | None) -> dict[str, str | None] | None:
    return {"on": mark[0].isoformat(), "commit": mark[1]} if mark else None


def _entry(record: dict[str, Any]) -> Entry:
    challenged = record.get("challenged")
    red = _mark(record.get("red"))
    return Entry(
        page=_text(record["page"]),
        id=_text(record["id"]),
        digest=_text(record["digest"]),
        name=_text(record["name"]),
        red=red,
        green=_mark(record.get("green")),
        again=tuple((date.fromisoformat(day), _optional(commit)) for day, commit in record.get("again") or ()),
        challenged=date.fromisoformat(challenged) if challenged is not None else None,
        now=_now(record.get("now")),
        # Lines from before it was kept: the steps were then as they were last recorded.
        red_digest=_optional(record.get("red_digest", record["digest"] if red else None)),
    )


def _mark(value: Any) -> Mark | None:
    return None if value is None else (date.fromisoformat(value["on"]), _optional(value.get("commit")))


def _now(value: Any) -> Literal["red", "green"] | None:
    if value in (None, "red", "green"):
        return value  # type: ignore[no-any-return] # one of the three
    raise ValueError(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _optional(value: Any) -> str | None:
    return None if value is None else _text(value)


def _joined(first: Entry, second: Entry) -> Entry:
    again = {**dict(second.again), **dict(first.again)}
    return replace(
        second,
        red=_earlier(first.red, second.red),
        green=_earlier(first.green, second.green),
        again=tuple(sorted(again.items(), key=lambda mark: mark[0])),
        challenged=max((day for day in (first.challenged, second.challenged) if day), default=None),
        red_digest=second.red_digest or first.red_digest,
    )


def _earlier(first: Mark | None, second: Mark | None) -> Mark | None:
    return min((mark for mark in (first, second) if mark), key=lambda mark: mark[0], default=None)


# ---- what it remembers ----


def digest(scenario: Scenario) -> str:
    """Return what a scenario's steps say, whatever its name, its tags and its place."""
    said = [[step.type, step.text, step.table, step.docstring] for step in scenario.steps]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:DIGEST_LENGTH]


def history(ledger: Ledger, spec: Spec) -> dict[str, History]:
    """Return what is known of each scenario of the specification, under its present id."""
    now = {scenario.id: digest(scenario) for _, scenario in spec.scenarios()}
    return {scenario_id: _history(entry, now[scenario_id]) for scenario_id, entry in _remembered(ledger, spec).items()}


def update(ledger: Ledger, verdict: Verdict, today: date, commit: str | None = None, *, whole: bool = True) -> Ledger:
    """Record what was seen today.

    Args:
        ledger: What was known.
        verdict: What is true now.
        today: The day.
        commit: What was checked out.
        whole: Whether the verdict is on the whole project, so that what it does not hold has gone.
    """
    known = _remembered(ledger, verdict.spec)
    rows = _rows(ledger)
    entries: dict[str, Entry] = {}
    for feature in verdict.features:
        for judged in feature.scenarios:
            scenario = judged.scenario
            if scenario.id in rows and judged.result.status in {"skipped", "unknown"}:
                # Only a run says which rows there are.
                entries.update({row.id: row for row in rows[scenario.id]})
                continue
            before = known.get(scenario.id, Entry("", "", "", ""))
            now = digest(scenario)
            # Other steps may prove something; they have to be challenged anew.
            challenged = before.challenged if before.digest == now else None
            entry = replace(
                before, page=feature.feature.page, id=scenario.id, digest=now, name=scenario.name, challenged=challenged
            )
            seen = _seen(judged, entry, (today, commit))
            if seen.now is not None or scenario.id in known:
                entries[scenario.id] = seen
    used = {entry.id for entry in known.values()}
    broken = {problem.page for problem in verdict.problems if problem.level == "error"}
    # A page that does not parse at the moment has lost its scenarios for the moment only.
    kept = {
        entry.id: entry
        for entry in ledger.entries.values()
        if entry.id not in used and entry.id not in entries and (not whole or entry.page in broken)
    }
    return replace(ledger, entries={**kept, **entries})


def challenge(ledger: Ledger, scenario_ids: Iterable[str], today: date) -> Ledger:
    """Record that these scenarios passed without their When steps."""
    chosen = set(scenario_ids)
    entries = {
        key: replace(entry, challenged=today) if key in chosen else entry for key, entry in ledger.entries.items()
    }
    return replace(ledger, entries=entries)


def _remembered(ledger: Ledger, spec: Spec) -> dict[str, Entry]:
    """The entry of each scenario: by its id, or else by its text where a rename left no doubt.

    What a scenario has shown holds for each of the tests that it becomes (its rows), and what all of them have shown
    for the one that they become.
    """
    scenarios = [scenario for _, scenario in spec.scenarios()]
    ids = {scenario.id for scenario in scenarios}
    found = {key: ledger.entries[key] for key in ids if key in ledger.entries}
    rows = _rows(ledger)
    for one in scenarios:
        if one.id not in found and base_id(one) in ledger.entries:
            found[one.id] = ledger.entries[base_id(one)]
        elif one.id not in found and one.id in rows:
            found[one.id] = reduce(_of_both, rows[one.id])
    used = {each for one in scenarios if one.id in found for each in (one.id, base_id(one))}
    new = [((_feature(one.id), digest(one), one.params), one.id) for one in scenarios if one.id not in found]
    vanished = [
        ((_feature(each.id), each.digest, _params(each.id)), each)
        for each in ledger.entries.values()
        if each.id not in ids and each.id not in used
    ]
    copies = Counter(key for key, _ in new) + Counter(key for key, _ in vanished)
    gone = dict(vanished)
    pair = 2
    found.update({scenario_id: gone[key] for key, scenario_id in new if key in gone and copies[key] == pair})
    return found


def _rows(ledger: Ledger) -> Mapping[str, list[Entry]]:
    """The entries of rows, by the id of their scenario."""
    rows: dict[str, list[Entry]] = {}
    for entry in ledger.entries.values():
        if (params := _params(entry.id)) is not None:
            rows.setdefault(entry.id.removesuffix(f"[{params}]"), []).append(entry)
    return rows


def _params(scenario_id: str) -> str | None:
    _, bracket, params = scenario_id.partition("[")
    return params.removesuffix("]") if bracket else None


def _of_both(first: Entry, second: Entry) -> Entry:
    """Return what two rows have both shown: what only one of them has, their scenario has not."""
    red = max(first.red, second.red, key=lambda mark: mark[0]) if first.red and second.red else None
    green = max(first.green, second.green, key=lambda mark: mark[0]) if first.green and second.green else None
    return replace(_joined(first, second), red=red, green=green)


def _feature(scenario_id: str) -> str:
    return scenario_id.split("/", 1)[0]


def _seen(judged: JudgedScenario, entry: Entry, mark: Mark) -> Entry:
    if judged.proven:
        return replace(entry, green=entry.green or mark, now="green")
    if not _truly_red(judged):
        return entry
    if entry.green is None:
        return replace(entry, red=entry.red or mark, now="red", red_digest=entry.digest)
    again = (*entry.again, mark) if entry.now != "red" else entry.again
    return replace(entry, again=again, now="red", red_digest=entry.digest)


def _truly_red(judged: JudgedScenario) -> bool:
    """Tell whether it ran and did not hold; what never ran shows nothing, and an unexpected pass is no red."""
    result = judged.result
    return result.status in {"failed", "pending", "undefined", "ambiguous"} and result.cause != "wip-passed"


def _history(entry: Entry, now: str) -> History:
    red, green = entry.red or (None, None), entry.green or (None, None)
    challenged = entry.challenged if entry.digest == now else None
    seen = entry.red is None or entry.red_digest == now
    return History(red[0], red[1], green[0], green[1], entry.again, challenged, red_as_it_stands=seen)
