"""A suite of pytest-bdd is the same here, test by test, but for what `differences.toml` gives a reason for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import tomlkit
from suite_cases import HERE, LINES_ABOVE, Case, case_files, in_home, read_cases, write_alone, write_together
from suite_runs import BIN, ROOT, Key, Outcomes, like_stock, run_check, run_pytest

if not (BIN / "jetty").exists():
    pytest.skip("`make test` makes the environment .venvs/suites", allow_module_level=True)

FILES = list(case_files())
# Its cases are about the bound functions, which scenarios on pages have not.
OF_FUNCTIONS = "scenario_function"
CASES = {f"{path.stem}/{case.slug}": (path, case) for path in FILES for case in read_cases(path)}


def may_stand_on_a_page(path: Path, case: Case) -> bool:
    """Whether what it shows holds for a page as well, by the project that it shares with others."""
    return not case.alone and not case.all("bound") and not case.all("broken") and path.stem != OF_FUNCTIONS


@dataclass(frozen=True)
class Runs:
    """The three runs of one project."""

    stock: Outcomes
    check: Outcomes
    plugin: Outcomes

    def of(self, case: Case) -> Iterator[Key]:
        """The scenarios of one case."""
        for key in sorted({*self.stock.words, *self.check.words, *self.plugin.words}, key=str):
            # Under `pytest`, what is wrong with a file is an item of its own, and no scenario.
            known = key in self.stock.words or key in self.check.words or self.plugin.of(key) != "failed"
            if known and (case.alone or in_home(key[0])[0] == case.slug):
                yield key


def run_all(root: Path) -> Runs:
    stock, check = run_pytest(root, "-p", "no:jetty"), run_check(root)
    return Runs(stock, check, run_pytest(root).with_rows_of(check))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> object:
    """The runs of a case: those of all cases that share its session, made once."""

    @cache
    def together(path: Path) -> Runs:
        root = tmp_path_factory.mktemp(path.stem)
        write_together([case for where, case in CASES.values() if where == path and not case.alone], root)
        return run_all(root)

    @cache
    def alone(name: str) -> Runs:
        root = tmp_path_factory.mktemp("alone")
        write_alone(CASES[name][1], root)
        return run_all(root)

    return lambda name: alone(name) if CASES[name][1].alone else together(CASES[name][0])


@pytest.fixture(scope="session")
def on_pages(tmp_path_factory: pytest.TempPathFactory) -> object:
    """What the scenarios of all cases that share a session come to on pages, by the file of the cases."""

    @cache
    def run(path: Path) -> Outcomes:
        root = tmp_path_factory.mktemp(f"{path.stem}-pages")
        shared = [case for where, case in CASES.values() if where == path and may_stand_on_a_page(where, case)]
        write_together(shared, root, on_pages=True)
        return run_check(root)

    return run


def cases(key: str, chosen: Iterable[str]) -> list[object]:
    """The chosen cases as parameters, each expected to fail where it shows a fault under this key."""
    found = []
    for name in chosen:
        faults = CASES[name][1].all(key)
        marks = [pytest.mark.xfail(strict=True, reason=reason) for reason in faults]
        found.append(pytest.param(name, id=name, marks=marks))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", cases("fault", CASES))
def test_a_suite_is_what_it_is_under_stock(name: str, runs: object) -> None:
    case = CASES[name][1]
    found: Runs = runs(name)  # type: ignore[operator]
    wrong = [*_differences(case, found), *_exits(case, found)]
    assert not wrong, "\n".join([case.sentence, *wrong])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", cases("fault-on-page", [name for name, each in CASES.items() if may_stand_on_a_page(*each)])
)
def test_on_pages_it_is_what_it_is_under_stock(name: str, runs: object, on_pages: object) -> None:
    path, case = CASES[name]
    stock, check = runs(name).stock, on_pages(path)  # type: ignore[operator]
    wrong = []
    for page, feature in case.pages.items():
        keys = {
            (page, line + LINES_ABOVE, row)
            for file, line, row in stock.words
            if file.endswith(f"/{case.slug}/{feature}")
        }
        for key in sorted(keys | {key for key in check.words if key[0] == page}, key=str):
            twin = (f"suite/{case.slug}/{feature}", key[1] - LINES_ABOVE, key[2])
            named = case.difference(check.names.get(key, "?"), twin[1])
            expected = named.here if named else stock.of(twin)
            if expected not in {check.of(key), like_stock(check.of(key))}:
                wrong.append(f"{key}: stock {expected}, on a page {check.of(key)} {check.said.get(key, '')}")
    assert not wrong, "\n".join([case.sentence, *wrong])


def _differences(case: Case, runs: Runs) -> Iterator[str]:
    keys = list(runs.of(case))
    if not keys and not runs.stock.problems:
        yield f"nothing was compared\n{runs.stock.text}\n{runs.check.text}"
    missed = dict(case.differences)
    for key in keys:
        name = runs.check.names.get(key, "?")
        twin = key
        if key[0] in case.pages:
            name, twin = f"page: {name}", (case.pages[key[0]], key[1] - LINES_ABOVE, key[2])
        named = case.difference(name, twin[1])
        if named:
            missed.pop(named.scenario, None)
        stock, check, plugin = runs.stock.of(twin), runs.check.of(key), runs.plugin.of(key)
        expected = named.here if named else stock
        if stock == "absent" and case.all("broken"):
            expected = " ".join(word for word in check.split() if word != "passed") or "red"
        where = f"{key[0]}:{key[1]} {name}: stock {stock}"
        if expected not in {check, like_stock(check)} or (named and not named.in_pytest and expected == stock):
            yield f"{where}, jetty check {check} {runs.check.said.get(key, '')}"
        if plugin != ((named and named.in_pytest) or in_pytest(expected)):
            yield f"{where}, pytest with our plugin {plugin} {runs.plugin.said.get(key, '')[-300:]}"
        for ours in (runs.check, runs.plugin):
            if (ids := sorted(runs.stock.ids[twin])) and ids != sorted(ours.ids[key]):
                yield f"{where}: parameters {ids}, ours {sorted(ours.ids[key])}"
    yield from (f"no scenario {name!r}, and so no difference" for name in missed)


def in_pytest(words: str) -> str:
    """What `jetty check` says, as pytest says it with our plugin."""
    if words == "unknown:not-selected":
        return "absent"
    known = {"undefined": "failed", "pending": "failed", "ambiguous": "failed"}
    return " ".join(sorted(known.get(word, re.sub(r"^unknown:.*", "failed", word)) for word in words.split()))


def _exits(case: Case, runs: Runs) -> Iterator[str]:
    if not case.alone:
        return
    asked = case.all("exit")
    fine = {"passed", "skipped", "flaky", "unknown:not-selected"}
    red = any(set(words) - fine for words in runs.check.words.values())
    expected = int(asked[0]) if asked else int(red if case.differences else runs.stock.code != 0)
    if runs.check.code != expected:
        yield f"exit: stock {runs.stock.code}, jetty check {runs.check.code}: {runs.check.text}"


def test_every_difference_has_its_reason_and_every_reason_its_case() -> None:
    reasons = tomlkit.parse(HERE.joinpath("differences.toml").read_text("utf-8")).unwrap()
    used = {each.reason for _, case in CASES.values() for each in case.differences.values()}
    assert used == set(reasons)
    assert len(CASES) >= 150


def test_the_guide_tells_every_difference() -> None:
    guide = (ROOT / "docs/guide/promises.md").read_text("utf-8")
    reasons = tomlkit.parse(HERE.joinpath("differences.toml").read_text("utf-8")).unwrap()
    assert [name for name, each in reasons.items() if f"| {each['what']} | {each['why']} |" not in guide] == []
