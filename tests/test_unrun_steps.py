"""A step that gives back work which nobody did must not pass, and one that did its work may give back anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fault_projects import around, player

if TYPE_CHECKING:
    from pathlib import Path

    from fault_projects import Play


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return player(tmp_path)


RETRY = """
import contextlib, functools
def hidden(function):
    def inner(): return function()
    return inner
def wrapped(function):
    @functools.wraps(function)
    def inner(*given, **named): return function(*given, **named)
    return inner
class Later:
    def __await__(self):
        assert False
        yield
def numbers():
    yield from (1, 2)
"""
UNRUN = {
    "generator behind a decorator": "@when('it happens')\n@hidden\ndef happens():\n    assert False\n    yield\n",
    "generator behind functools.wraps": "@when('it happens')\n@wrapped\ndef happens():\n    assert False\n    yield\n",
    "generator behind a decorator, as a fixture": (
        "@when('it happens', target_fixture='x')\n@hidden\ndef happens():\n    assert False\n    yield\n"
    ),
    "async generator": "@when('it happens')\n@hidden\nasync def happens():\n    assert False\n    yield\n",
    "coroutine behind a decorator": "@when('it happens')\n@hidden\nasync def happens():\n    assert False\n",
    "awaitable": "@when('it happens')\ndef happens(): return Later()\n",
    "context manager": (
        "@when('it happens')\n@contextlib.contextmanager\ndef happens():\n    assert False\n    yield\n"
    ),
}
RUN = {
    "a generator": "@when('it happens')\ndef happens():\n    yield\n",
    "a fixture that is a generator": (
        "@when('it happens', target_fixture='x')\ndef happens(): return (n for n in (1, 2))\n"
        "@then('all is well')\ndef used(x): assert list(x) == [1, 2]\n"
    ),
    "a fixture from a generator function": (
        "@when('it happens', target_fixture='x')\n@wrapped\ndef happens(): return numbers()\n"
        "@then('all is well')\ndef used(x): assert list(x) == [1, 2]\n"
    ),
    "a fixture to await later": "@when('it happens', target_fixture='x')\ndef happens(): return Later()\n",
    "a generator at its end": (
        "@when('it happens')\ndef happens():\n    found = numbers()\n    list(found)\n    return found\n"
    ),
    "a decorator that runs the generator": (
        "@when('it happens')\ndef happens():\n    return list(hidden(numbers)())\n"
    ),
}


@pytest.mark.parametrize("case", UNRUN)
def test_a_step_whose_body_nobody_ran_is_red(play: Play, case: str) -> None:
    outcome = play({"features/bad.py": f"from pytest_bdd import when, then{RETRY}{UNRUN[case]}"})
    assert outcome.short == around("failed/error")
    assert "nothing" in outcome.says("fault")


@pytest.mark.parametrize("case", RUN)
def test_a_step_that_did_its_work_may_give_back_what_it_likes(play: Play, case: str) -> None:
    good = "from pytest_bdd import given, then\n@given('all is well')\ndef well(): pass\n"
    other = "" if "used" in RUN[case] else "@then('all is well')\ndef well_again(): pass\n"
    files = {
        "features/steps.py": good + other,
        "features/bad.py": f"from pytest_bdd import when, then{RETRY}{RUN[case]}",
    }
    assert play(files).short == around("passed")
