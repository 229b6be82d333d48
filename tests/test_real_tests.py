"""A scenario is a pytest test like any other: what pytest does around a test function holds for it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from mkdocs_jetty.config import load
from mkdocs_jetty.run.runner import run
from mkdocs_jetty.spec.reader import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs_jetty.run.model import Results, ScenarioResult

    Play = Callable[..., "Outcome"]

CONFIG = "site_name: S\nplugins:\n  - jetty:\n      features: [{features}]\n      steps: [{steps}]\n{more}"


class Outcome:
    """What became of each scenario, by its name."""

    def __init__(self, results: Results, names: dict[str, str]) -> None:
        self.results = results
        self.scenarios: dict[str, ScenarioResult] = {names[id_]: each for id_, each in results.scenarios.items()}
        self.problems = [str(problem) for problem in results.problems]

    @property
    def short(self) -> dict[str, str]:
        return {name: short(result) for name, result in self.scenarios.items()}

    def rows(self, name: str) -> dict[str, str]:
        return {params: short(result) for params, result in self.scenarios[name].rows.items()}

    def says(self, name: str) -> str:
        result = self.scenarios[name]
        return "\n".join(filter(None, (result.message, *(step.message for step in result.steps))))


def short(result: ScenarioResult) -> str:
    return f"{result.status}/{result.cause}" if result.cause else result.status


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """What writes a project and runs its specification."""

    def play(files: dict[str, str], *, features: str = "features", steps: str = "features", more: str = "") -> Outcome:
        options = "".join(f"      {line}\n" for line in more.splitlines())
        config = {"mkdocs.yml": CONFIG.format(features=features, steps=steps, more=options), "docs/index.md": "# S\n"}
        for name, text in {**config, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip(), encoding="utf-8")
        settings = load(tmp_path / "mkdocs.yml")
        spec = read(settings)
        names = {scenario.id: scenario.name for _, scenario in spec.scenarios()}
        return Outcome(run(spec, settings), names)

    return play


def feature(*names: str, step: str = "Given it is so") -> str:
    return "Feature: F\n" + "".join(f"  Scenario: {name}\n    {step}\n" for name in names)


def page(*steps: str, name: str = "page", meta: str = "") -> str:
    lines = "".join(f"  {step}\n" for step in steps)
    return f"{meta}# Page of {name}\n\n```gherkin\nScenario: {name}\n{lines}```\n"


SO = "from pytest_bdd import given, scenarios\n@given('it is so')\ndef so(): pass\n"

# ---- the function ----

COUNT = """
import pytest
from pytest_bdd import scenario, given, then, parsers

@given(parsers.parse("the sum of {a:d} and {b:d}"), target_fixture="total")
def total(a, b, request): return a + b + request.getfixturevalue("offset")
@then(parsers.parse("it is {n:d}"))
def it_is(total, n): assert total == n
@pytest.fixture
def offset(): return 0
@pytest.fixture
def broken(): raise RuntimeError("no database")
@pytest.fixture
def leaking():
    yield
    raise RuntimeError("a file is left open")

@scenario("count.feature", "Body says no")
def test_two(request): assert request.getfixturevalue("total") == 5
@pytest.mark.skip(reason="not today")
@scenario("count.feature", "Skipped in Python")
def test_skip(): pass
@pytest.mark.skipif("True", reason="nor tomorrow")
@scenario("count.feature", "Skipped on a condition")
def test_skipif(): pass
@pytest.mark.parametrize("offset", [0, 1])
@scenario("count.feature", "On two offsets")
def test_param(offset): pass
@pytest.mark.xfail(strict=True)
@scenario("count.feature", "Strictly expected to fail")
def test_xf(): pass
@pytest.mark.usefixtures("broken")
@scenario("count.feature", "With a fixture that fails")
def test_b(): pass
@scenario("count.feature", "With a fixture whose teardown fails")
def test_l(leaking): pass
@scenario("count.feature", "As it should be")
def test_good(request): assert request.getfixturevalue("total") == 4
"""


def test_what_stands_around_the_steps_counts(play: Play) -> None:
    names = [
        "Body says no", "Skipped in Python", "Skipped on a condition", "On two offsets", "Strictly expected to fail",
        "With a fixture that fails", "With a fixture whose teardown fails", "As it should be",
    ]  # fmt: skip
    text = feature(*names, step="Given the sum of 2 and 2").replace(
        "Scenario: On two offsets\n    Given the sum of 2 and 2\n",
        "Scenario: On two offsets\n    Given the sum of 2 and 2\n    Then it is 4\n",
    )
    outcome = play({"features/count.feature": text, "features/test_count.py": COUNT})
    assert outcome.short == {
        "Body says no": "failed/assertion",
        "Skipped in Python": "skipped",
        "Skipped on a condition": "skipped",
        "On two offsets": "failed/assertion",
        "Strictly expected to fail": "failed/assertion",
        "With a fixture that fails": "failed/setup",
        "With a fixture whose teardown fails": "failed/teardown",
        "As it should be": "passed",
    }
    assert outcome.rows("On two offsets") == {"0": "passed", "1": "failed/assertion"}
    assert "not today" in outcome.says("Skipped in Python")
    assert "no database" in outcome.says("With a fixture that fails")
    assert "in the test function test_two, after its steps: assert 4 == 5" in outcome.says("Body says no")


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("pytest.mark.usefixtures('database')", "failed/setup"),
        ("pytest.mark.skipif('True', reason='no')", "skipped"),
        ("pytest.mark.xfail(strict=True)", "failed/assertion"),
    ],
)
def test_the_marks_of_the_module_count(play: Play, mark: str, expected: str) -> None:
    module = (
        f"import pytest\n{SO}@pytest.fixture\ndef database(): raise OSError('down')\n"
        f"pytestmark = [{mark}]\nscenarios('a.feature')\n"
    )
    outcome = play({"features/a.feature": feature("a"), "features/test_a.py": module})
    assert outcome.short == {"a": expected}


def test_a_feature_bound_by_two_modules_is_two_tests(play: Play) -> None:
    module = f"{SO}scenarios('../features/a.feature')\n".replace("pass", "assert {}")
    outcome = play(
        {
            "features/a.feature": feature("a"),
            "tests/test_api.py": module.format("True"),
            "tests/test_browser.py": module.format("False"),
        },
        steps="tests",
    )
    assert outcome.short == {"a": "failed/assertion"}
    assert outcome.rows("a") == {"tests/test_api.py": "passed", "tests/test_browser.py": "failed/assertion"}


def test_a_module_that_binds_a_scenario_twice_makes_a_row_of_each(play: Play) -> None:
    module = f"from pytest_bdd import scenario\n{SO}" + "".join(
        f"@scenario('a.feature', 'a')\ndef test_{name}(): {body}\n" for name, body in (("x", "pass"), ("y", "assert 0"))
    )
    outcome = play({"features/a.feature": feature("a"), "features/test_a.py": module})
    assert outcome.rows("a") == {"test_x": "passed", "test_y": "failed/assertion"}


def test_the_rows_of_an_outline_are_scenarios_and_its_parameters_are_rows(play: Play) -> None:
    text = """
        Feature: F
          Scenario Outline: <n> of two
            Given <n> and more
            Examples:
              | n |
              | 1 |
              | 2 |
    """
    module = """
        import pytest
        from pytest_bdd import given, parsers, scenario
        @given(parsers.parse("{n:d} and more"))
        def more(n, extra): assert n + extra < 4
        @pytest.mark.parametrize("extra", [0, 2], ids=["none", "some"])
        @scenario("a.feature", "<n> of two")
        def test_it(extra): pass
    """
    outcome = play({"features/a.feature": text, "features/test_a.py": module})
    assert outcome.rows("1 of two") == {"none": "passed", "some": "passed"}
    assert outcome.rows("2 of two") == {"none": "passed", "some": "failed/assertion"}


def test_a_scenario_that_no_module_binds_runs_as_one_on_a_page(play: Play) -> None:
    module = f"{SO}from pytest_bdd import scenario\n@scenario('a.feature', 'a')\ndef test_a(): assert 0\n"
    outcome = play({"features/a.feature": feature("a", "b"), "features/test_a.py": module})
    assert outcome.short == {"a": "failed/assertion", "b": "passed"}


def test_what_was_read_is_what_runs(play: Play, tmp_path: Path) -> None:
    change = f"""
        from pathlib import Path
        file = Path({str(tmp_path)!r}) / "features/a.feature"
        file.write_text(file.read_text().replace("the hard thing", "an easy thing"))
    """
    steps = """
        from pytest_bdd import given, scenarios
        @given("an easy thing")
        def easy(): pass
        scenarios("a.feature")
    """
    outcome = play(
        {
            "features/a.feature": feature("a", step="Given the hard thing"),
            "features/conftest.py": change,
            "features/test_a.py": steps,
        }
    )
    assert outcome.short == {"a": "failed/assertion"}
    assert "'an easy thing' where the specification has 'the hard thing'" in outcome.says("a")


def test_a_page_that_changes_during_the_run_runs_as_it_was_read(play: Play, tmp_path: Path) -> None:
    steps = f"""
        from pathlib import Path
        from pytest_bdd import given
        (Path({str(tmp_path)!r}) / "docs/a.md").unlink()
        (Path({str(tmp_path)!r}) / "mkdocs.yml").write_text("nonsense: [")
        @given("the hard thing")
        def hard(): assert 0
    """
    outcome = play({"docs/a.md": page("Given the hard thing"), "features/steps.py": steps}, features="")
    assert outcome.short == {"page": "failed/assertion"}


# ---- conftest.py ----

GUARD = "import pytest\n@pytest.fixture(autouse=True)\ndef guard(): assert False\n"


@pytest.mark.parametrize("steps", ["tests/step_defs/test_a.py", "tests/step_defs", "tests"])
def test_the_conftest_beside_a_step_module_holds(play: Play, steps: str) -> None:
    files = {
        "tests/features/a.feature": feature("a"),
        "tests/step_defs/test_a.py": f"{SO}scenarios('../features/a.feature')\n",
    }
    outcome = play({**files, "tests/step_defs/conftest.py": GUARD}, features="tests/features", steps=steps)
    assert outcome.short == {"a": "failed/setup"}
    broken = play({"tests/step_defs/conftest.py": "import no_such_module\n"}, features="tests/features", steps=steps)
    assert broken.short["a"] != "passed"
    assert broken.problems[0].startswith("tests/step_defs/conftest.py:1: this `conftest.py` does not import")


@pytest.mark.parametrize("kind", ["bound", "page"])
def test_the_conftest_above_the_steps_holds(play: Play, kind: str) -> None:
    names = ("one", "needs a fixture", "step above")
    texts = ("it is so", "it counts three", "it is defined above")
    scenarios = "".join(f"  Scenario: {name}\n    Given {text}\n" for name, text in zip(names, texts, strict=True))
    module = """
        from pytest_bdd import given, scenarios
        @given("it is so")
        def so(): pass
        @given("it counts three")
        def three(num): assert num == 3
    """
    above = """
        import pytest
        from pytest_bdd import given
        @given("it is defined above")
        def above(): pass
        @pytest.fixture
        def num(): return 3
        @pytest.fixture(autouse=True)
        def guard(request): assert "one" not in request.node.name
    """
    files = {"tests/conftest.py": above, "tests/bdd/test_a.py": module}
    if kind == "bound":
        files["features/a.feature"] = f"Feature: A\n{scenarios}"
        files["tests/bdd/test_a.py"] = dedent(module) + "scenarios('../../features/a.feature')\n"
    else:
        files["docs/a.md"] = f"# A\n\n```gherkin\n{scenarios}```\n"
    outcome = play(files, steps="tests/bdd", features="features" if kind == "bound" else "")
    assert outcome.short == {"one": "failed/setup", "needs a fixture": "passed", "step above": "passed"}


@pytest.mark.parametrize("kind", ["bound", "page"])
@pytest.mark.parametrize("steps", ["tests", "tests/bdd", "tests/conftest.py, tests/bdd"])
def test_the_conftest_of_a_sibling_directory_does_not_hold(play: Play, kind: str, steps: str) -> None:
    sibling = """
        import pytest
        from pytest_bdd import given
        @pytest.fixture(autouse=True)
        def fake(monkeypatch): monkeypatch.setenv("GATEWAY", "fake")
        @pytest.fixture
        def num(): return 4
        @given("it is so")
        def so(): raise AssertionError("of another directory")
        def pytest_bdd_before_step(step): assert step.name != "it is so"
    """
    module = """
        import os
        from pytest_bdd import given, scenarios
        @given("it is so")
        def so(num): assert os.environ.get("GATEWAY") is None and num == 3
        @given("it is here")
        def here(): pass
    """
    files = {
        "tests/conftest.py": "import pytest\n@pytest.fixture\ndef num(): return 3\n",
        "tests/unit/conftest.py": sibling.replace("def pytest_bdd", "#" if kind == "bound" else "def pytest_bdd"),
        "tests/unit/test_unit.py": "def test_unit(): assert 0\n",
        "tests/bdd/test_a.py": module,
    }
    if kind == "bound":
        files["features/a.feature"] = feature("a")
        files["tests/bdd/test_a.py"] = dedent(module) + "scenarios('../../features/a.feature')\n"
    else:
        files["docs/a.md"] = page("Given it is here", "And it is so", name="a")
    outcome = play(files, steps=steps, features="features" if kind == "bound" else "")
    assert outcome.short == {"a": "passed"}


def test_a_scenario_that_nothing_serves_stands_beside_the_steps(play: Play) -> None:
    outcome = play({"docs/a.md": page("Given nobody knows"), "features/conftest.py": GUARD}, features="")
    assert outcome.short == {"page": "failed/setup"}


def test_a_plain_step_module_holds_in_its_directory_only(play: Play) -> None:
    def module(name: str) -> str:
        return (
            f"import pytest\nfrom pytest_bdd import given\n@given('it is {name}')\n"
            f"def it(app): assert app == '{name}'\n"
            f"@pytest.fixture\ndef app(): return '{name}'\n"
            "@pytest.fixture(autouse=True)\ndef mine(request):\n"
            f"    assert request.node.name == '{name}'\n"
            "def pytest_bdd_before_scenario(scenario):\n"
            f"    assert scenario.name == '{name}'\n"
        )

    outcome = play(
        {
            "docs/a.md": page("Given it is x", name="x"), "docs/b.md": page("Given it is y", name="y"),
            "features/x/steps.py": module("x"), "features/y/steps.py": module("y"),
        },
        features="",
    )  # fmt: skip
    assert outcome.short == {"x": "passed", "y": "passed"}


@pytest.mark.parametrize("scope", ["function", "module", "package", "session"])
@pytest.mark.parametrize("package", [False, True])
def test_fixtures_of_every_scope_are_set_up_and_torn_down(
    play: Play, tmp_path: Path, scope: str, package: bool
) -> None:
    log = tmp_path / "log"
    conftest = f"""
        import pytest
        @pytest.fixture(scope="{scope}")
        def app():
            with open({str(log)!r}, "a") as file: file.write("up ")
            yield
            with open({str(log)!r}, "a") as file: file.write("down ")
    """
    files = {
        "docs/a.md": "# A\n\n```gherkin\nScenario: a\n  Given an app\nScenario: b\n  Given an app\n```\n",
        "docs/b.md": page("Given an app", name="c"),
        "tests/bdd/conftest.py": conftest,
        "tests/bdd/steps.py": "from pytest_bdd import given\n@given('an app')\ndef an_app(app): pass\n",
    }
    if package:
        files |= {"tests/__init__.py": "", "tests/bdd/__init__.py": ""}
    outcome = play(files, features="", steps="tests")
    assert outcome.short == {"a": "passed", "b": "passed", "c": "passed"}
    times = {"function": 3, "module": 2, "package": 1, "session": 1}[scope]
    assert log.read_text() == "up down " * times


# ---- parameters ----

ENGINE = """
import pytest
from pytest_bdd import given, then
@pytest.fixture(autouse=True)
def engine(request): return getattr(request, "param", "petrol")
@given("the engine starts")
def starts(): pass
@then("it runs on petrol")
def runs(engine): assert engine == "petrol"
"""
WAYS = {
    "pytest_generate_tests": """
def pytest_generate_tests(metafunc):
    if "engine" in metafunc.fixturenames: metafunc.parametrize("engine", ["petrol", "diesel"], indirect=True)
""",
    "pytest_bdd_apply_tag": """
def pytest_bdd_apply_tag(tag, function):
    if tag == "engines":
        pytest.mark.usefixtures("engine")(function)
        pytest.mark.parametrize("engine", ["petrol", "diesel"])(function)
        return True
""",
    "fixture": "",
}


@pytest.mark.parametrize("kind", ["bound", "page"])
@pytest.mark.parametrize("way", WAYS)
def test_every_set_of_parameters_is_a_row(play: Play, kind: str, way: str) -> None:
    conftest = ENGINE + WAYS[way]
    if way == "fixture":
        conftest = conftest.replace("autouse=True", "autouse=True, params=['petrol', 'diesel']")
    text = "@engines\nScenario: drive\n  Given the engine starts\n  Then it runs on petrol\n"
    files = {"features/conftest.py": conftest, "docs/a.md": f"# A\n\n```gherkin\n{text}```\n"}
    if kind == "bound":
        files["docs/a.md"] = "# A\n"
        files["features/a.feature"] = f"Feature: A\n{text}"
        files["features/test_a.py"] = "from pytest_bdd import scenarios\nscenarios('a.feature')\n"
    outcome = play(files, features="features" if kind == "bound" else "")
    assert outcome.short == {"drive": "failed/assertion"}
    assert outcome.rows("drive") == {"petrol": "passed", "diesel": "failed/assertion"}


def test_one_value_is_a_row_too(play: Play) -> None:
    conftest = ENGINE.replace("autouse=True", "autouse=True, params=['petrol']")
    outcome = play({"docs/a.md": page("Given the engine starts"), "features/conftest.py": conftest}, features="")
    assert outcome.rows("page") == {"petrol": "passed"}


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_crash_costs_its_own_row_only(play: Play, end: str) -> None:
    conftest = (ENGINE + "import os\n").replace("autouse=True", "autouse=True, params=['petrol', 'steam', 'diesel']")
    conftest = conftest.replace("def starts(): pass", f"def starts(engine):\n    if engine == 'steam': {end}")
    text = "Given the engine starts", "Then it runs on petrol"
    outcome = play({"docs/a.md": page(*text), "features/conftest.py": conftest}, features="")
    assert outcome.rows("page") == {"petrol": "passed", "steam": "failed/crash", "diesel": "failed/assertion"}
    assert outcome.problems == []


# ---- hooks ----


@pytest.mark.parametrize("hook", ["pytest_configure", "pytest_sessionstart", "pytest_generate_tests"])
def test_hooks_beside_the_steps_are_called_wherever_the_pages_lie(play: Play, tmp_path: Path, hook: str) -> None:
    argument = {"pytest_configure": "config", "pytest_sessionstart": "session"}.get(hook, "metafunc")
    conftest = f"""
        from pathlib import Path
        def {hook}({argument}): Path({str(tmp_path / "called")!r}).touch()
    """
    files = {"docs/a.md": page("Given it is so"), "features/steps.py": SO, "features/conftest.py": conftest}
    outcome = play(files, features="")
    assert outcome.short == {"page": "passed"}
    assert (tmp_path / "called").exists()


# ---- ambiguity ----

EXACT = """
from pytest_bdd import given, when, parsers, scenarios
@given("nobody wrote this")
def nobody(): pass
@when(parsers.parse('I send "{text}"'))
def a(text): pass
@when('I send "now"')
def b(): pass
"""
LONGER = """
from pytest_bdd import given, parsers, scenarios
@given(parsers.parse('a car of type "{t}"'))
def short(t): assert {short}
@given(parsers.parse('a car of type "{t}" and colour "{c}"'))
def long(t, c): assert {long}
"""


@pytest.mark.parametrize("kind", ["bound", "page"])
def test_the_exact_text_is_no_rival_of_a_pattern(play: Play, kind: str) -> None:
    files = scenario_of(kind, EXACT, "Given nobody wrote this", 'When I send "now"')
    outcome = play(files, features="features" if kind == "bound" else "")
    assert outcome.short == {"page": "passed"}


@pytest.mark.parametrize("kind", ["bound", "page"])
def test_ambiguity_is_an_error_that_names_what_pytest_bdd_would_take(play: Play, kind: str) -> None:
    module = LONGER.replace("{short}", "True").replace("{long}", "True")
    files = scenario_of(kind, module, 'Given a car of type "x" and colour "y"')
    outcome = play(files, features="features" if kind == "bound" else "")
    assert outcome.short == {"page": "ambiguous"}
    assert "2 step definitions match: features/test_a.py:2, features/test_a.py:4" in outcome.says("page")
    assert "; pytest-bdd would take features/test_a.py:" in outcome.says("page")


@pytest.mark.parametrize("kind", ["bound", "page"])
def test_ambiguity_that_warns_runs_what_pytest_bdd_would_take(play: Play, kind: str) -> None:
    module = LONGER.replace("{short}", "True").replace("{long}", "True")
    files = scenario_of(kind, module, 'Given a car of type "x" and colour "y"')
    outcome = play(files, features="features" if kind == "bound" else "", more="ambiguous: warn")
    result = outcome.scenarios["page"]
    assert result.status == "passed"
    assert result.ambiguous_steps
    assert result.steps[0].candidates == ("features/test_a.py:2", "features/test_a.py:4")


def scenario_of(kind: str, module: str, *steps: str) -> dict[str, str]:
    """One scenario, on a page or in a `.feature` file that the module binds."""
    if kind == "page":
        return {"docs/a.md": page(*steps), "features/test_a.py": module.lstrip()}
    text = "Feature: A\n  Scenario: page\n" + "".join(f"    {step}\n" for step in steps)
    return {"features/a.feature": text, "features/test_a.py": f"{module.lstrip()}scenarios('a.feature')\n"}


# ---- steps that do not check ----


@pytest.mark.parametrize("body", ["...", "'''Some words.'''", "'''Some words.'''\n    ..."])
@pytest.mark.parametrize("head", ["def so():", "async def so():"])
def test_a_step_without_a_body_is_pending(play: Play, body: str, head: str) -> None:
    steps = f"from pytest_bdd import given\n@given('it is so')\n{head}\n    {body}\n"
    outcome = play({"docs/a.md": page("Given it is so"), "features/steps.py": steps}, features="")
    assert outcome.short == {"page": "pending"}


@pytest.mark.parametrize("body", ["pass", "'''Some words.'''\n    pass", "return", "return None", "0 == 0"])
def test_a_step_with_a_body_is_none_of_our_business(play: Play, body: str) -> None:
    steps = f"from pytest_bdd import given\n@given('it is so')\ndef so():\n    {body}\n"
    outcome = play({"docs/a.md": page("Given it is so"), "features/steps.py": steps}, features="")
    assert outcome.short == {"page": "passed"}


DOUBTS = {
    "return False": "it returned False",
    "return map(print, [1])": "lazy `map`",
    "return pool.submit(lambda: 1 / 0)": "a future that nothing waits for",
    "t = threading.Thread(target=divmod, args=(1, 0)); t.start(); t.join()": "failed meanwhile: ZeroDivisionError",
}


@pytest.mark.parametrize("body", DOUBTS)
def test_what_makes_a_pass_doubtful_is_named(play: Play, body: str) -> None:
    steps = (
        "import threading, concurrent.futures\nfrom pytest_bdd import then\n"
        "pool = concurrent.futures.ThreadPoolExecutor()\n"
        f"@then('it is so')\ndef so(): {body}\n"
    )
    outcome = play({"docs/a.md": page("Then it is so"), "features/steps.py": steps}, features="")
    (step,) = outcome.scenarios["page"].steps
    assert DOUBTS[body] in " ".join(step.warnings)


@pytest.mark.parametrize("asked", [None, "", "1"])
def test_bytecode_is_kept_of_the_plugins_and_of_nothing_in_the_project(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str | None
) -> None:
    """A plugin that pytest rewrote is not rewritten by every process; a step module may change within a second."""
    kept = tmp_path / "kept"
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(kept))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    if asked is not None:
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", asked)
    steps = """
        import os
        from pytest_bdd import given
        @given("it is so")
        def so(): assert os.environ["PYTHONDONTWRITEBYTECODE"] == VALUE
    """.replace("VALUE", repr("1" if asked is None else asked))
    outcome = play({"features/one.feature": feature("One"), "features/steps.py": steps})
    assert outcome.short == {"One": "passed"}
    found = [path for path in kept.rglob("*.pyc") if "-pytest-" in path.name]
    of_the_project = [path for path in found if path.is_relative_to(kept.joinpath(*tmp_path.parts[1:]))]
    assert (len(found) > len(of_the_project), bool(of_the_project)) == (asked != "1", asked == "")


CAPTURING = """\
from pytest_bdd import given, parsers, then, when
@given("it is so")
def _(): pass
@given(parsers.parse('a cart with {n:d} "{what}"'))
def cart(n, what):
    \"\"\"Fill
    the cart.

    More of it.
    \"\"\"
    return None
@when(parsers.re(r"I (?P<verb>buy|sell) (?P<n>\\d+) pears?(?P<again> again)?"))
def buy(verb, n): pass
@then(parsers.cfparse("I own {n:d}"), converters={"n": str})
def own(n): assert n == "4"
class Parser(parsers.StepParser):
    def is_matching(self, name): return name == self.name
    def parse_arguments(self, name): return {}
@then(Parser("a parser of our own"))
def ours(): pass
@then("never used")
def nothing(): pass
"""


def test_what_a_definition_captures_is_told_with_its_place(play: Play) -> None:
    text = """
        Feature: F
          Scenario: S
            Given it is so
            And a cart with 12 "red pears"
            When I buy 3 pears
            Then I own 4
            And a parser of our own
    """
    outcome = play({"features/f.feature": dedent(text), "features/steps.py": CAPTURING})
    assert outcome.short == {"S": "passed"}
    assert [step.spans for step in outcome.scenarios["S"].steps] == [
        (), ((12, 14), (16, 25)), ((2, 5), (6, 7)), ((6, 7),), None,
    ]  # fmt: skip
    known = {each.pattern: each for each in outcome.results.definitions}
    assert [pattern for pattern, each in known.items() if not each.used] == ["never used"]
    cart = known['a cart with {n:d} "{what}"']
    assert (cart.place, cart.type, cart.description, cart.stock) == (
        "features/steps.py:4",
        "given",
        "Fill the cart.",
        False,
    )


def test_a_definition_is_used_by_a_step_that_is_not_reached(play: Play) -> None:
    text = "Feature: F\n  Scenario: S\n    Given it is so\n    Then I own 3\n    And never used\n"
    outcome = play({"features/f.feature": text, "features/steps.py": CAPTURING})
    assert outcome.short == {"S": "failed/assertion"}
    assert {each.pattern for each in outcome.results.definitions if each.used} == {
        "it is so",
        "I own {n:d}",
        "never used",
    }
