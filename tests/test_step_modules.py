"""Whose steps and fixtures hold for a scenario, where several step modules define the same."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from fault_projects import player

if TYPE_CHECKING:
    from pathlib import Path

    from fault_projects import Play

CONFIG = "site_name: S\nplugins:\n  - jetty:\n      features: [features]\n"


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return player(tmp_path)


def module(value: str, *, binds: str = "", steps: str = "", scope: str = "function") -> str:
    """A step module with a fixture `app` of this value, and a step of its own that wants this value."""
    bound = f"from pytest_bdd import scenarios\nscenarios('{binds}')\n" if binds else ""
    return (
        "import pytest\nfrom pytest_bdd import given, then\n"
        f"@pytest.fixture(scope='{scope}')\ndef app(): return {value!r}\n"
        f"@then('the app is {value}')\ndef is_it(app): assert app == {value!r}\n{steps}{bound}"
    )


def feature(name: str, *steps: str) -> str:
    lines = "".join(f"    Then {step}\n" for step in steps)
    return f"Feature: {name}\n  Scenario: {name}\n{lines}"


def page(*steps: str, named: str = "") -> str:
    lines = "".join(f"  Then {step}\n" for step in steps)
    meta = f"---\njetty:\n  steps: {named}\n---\n" if named else ""
    return f"{meta}# Page\n\n```gherkin\nScenario: page\n{lines}```\n"


def test_a_feature_file_has_the_fixtures_of_the_module_that_binds_it(play: Play) -> None:
    broken = "raise RuntimeError('the real one is broken')"
    outcome = play({
        "mkdocs.yml": CONFIG, "docs/a.md": "# A\n",
        "features/a.feature": feature("a", "the app is a"),
        "features/b.feature": feature("b", "the app is b"),
        "features/test_a.py": module("a", binds="a.feature").replace("return 'a'", broken),
        "features/test_b.py": module("b", binds="b.feature"),
    })  # fmt: skip
    assert outcome.short == {"a": "failed/error", "b": "passed"}
    assert "the real one is broken" in outcome.says("a")


def test_a_feature_file_prefers_the_steps_of_the_module_that_binds_it(play: Play) -> None:
    user = "@given('a user')\n@then('a user')\ndef user(app): assert app == '{}'\n"
    by_name = "from pytest_bdd import scenario\n@scenario('both.feature', 'b')\ndef test_b(): pass\n"
    outcome = play({
        "mkdocs.yml": CONFIG, "docs/a.md": "# A\n",
        "features/a.feature": feature("a", "a user", "the app is a"),
        "features/both.feature": feature("b", "a user", "the app is b"),
        "features/test_a.py": module("a", binds="a.feature", steps=user.format("a")),
        "features/test_b.py": module("b", steps=user.format("b")) + by_name,
    })  # fmt: skip
    assert outcome.short == {"a": "passed", "b": "passed"}


def test_two_modules_that_bind_the_same_feature_each_use_their_own_steps(play: Play) -> None:
    user = "@then('a user')\ndef user(app): assert app == '{}'\n"
    outcome = play({
        "mkdocs.yml": CONFIG, "docs/a.md": "# A\n", "features/a.feature": feature("a", "a user"),
        "features/test_a.py": module("a", binds="a.feature", steps=user.format("a")),
        "features/test_b.py": module("b", binds="a.feature", steps=user.format("b")),
    })  # fmt: skip
    assert set(outcome.short.values()) == {"passed"}


@pytest.mark.parametrize("named", ["", "test_a.py", "[test_a.py]"])
@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_page_has_the_fixtures_of_the_module_that_it_names_or_that_serves_it(
    play: Play, named: str, scope: str
) -> None:
    noisy = "@pytest.fixture(autouse=True)\ndef noise(): raise RuntimeError('of another module')\n"
    outcome = play({
        "docs/a.md": page("the app is a", named=named),
        "features/test_a.py": module("a", scope=scope),
        "features/test_b.py": module("b", scope=scope) + noisy,
    })  # fmt: skip
    assert outcome.short == {"page": "passed"}


def test_the_autouse_fixtures_of_the_module_that_serves_a_step_hold(play: Play) -> None:
    noisy = "@pytest.fixture(autouse=True)\ndef noise(): raise RuntimeError('here')\n"
    outcome = play({"docs/a.md": page("the app is a"), "features/test_a.py": module("a") + noisy})
    assert outcome.short == {"page": "failed/setup"}


@pytest.mark.parametrize("names", [("steps_a.py", "steps_b.py"), ("test_a.py", "test_b.py")])
@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_step_never_gets_the_fixture_of_another_module(play: Play, names: tuple[str, str], scope: str) -> None:
    one, two = (f"features/{name}" for name in names)
    own = {"docs/a.md": page("the app is a"), "docs/b.md": page("the app is b").replace(": page", ": other")}
    mixed = {"docs/c.md": page("the app is a", "the app is b").replace(": page", ": mixed")}
    outcome = play({**own, **mixed, one: module("a", scope=scope), two: module("b", scope=scope)})
    assert outcome.short == {"page": "passed", "other": "passed", "mixed": "ambiguous"}
    assert f"{one}:3" in outcome.says("mixed")
    assert f"{two}:3" in outcome.says("mixed")
    assert outcome.verdict.fails


def test_naming_a_module_settles_which_fixture_is_meant(play: Play) -> None:
    both = {"features/steps_a.py": module("a"), "features/steps_b.py": module("b")}
    extra = "from pytest_bdd import then\n@then('an app')\ndef one(app): assert app == 'a'\n"
    unnamed = play({**both, "features/extra.py": extra, "docs/a.md": page("an app")})
    assert unnamed.short == {"page": "ambiguous"}
    named = play({"docs/a.md": page("an app", named="steps_a.py")})
    assert named.short == {"page": "passed"}


@pytest.mark.parametrize("way", ["indirect", "dynamic"])
def test_a_fixture_that_is_asked_for_by_another_fixture_is_checked_too(play: Play, way: str) -> None:
    asks = {
        "indirect": "@pytest.fixture\ndef shop(app): return app\n@then('a shop')\ndef a_shop(shop): pass\n",
        "dynamic": "@then('a shop')\ndef a_shop(request): request.getfixturevalue('app')\n",
    }[way]
    head = "import pytest\nfrom pytest_bdd import then\n"
    files = {"features/steps_a.py": module("a"), "features/steps_b.py": module("b"), "features/x.py": head + asks}
    outcome = play({**files, "docs/a.md": page("a shop")})
    assert outcome.short == {"page": "ambiguous"}


def test_two_autouse_fixtures_of_one_name_are_ambiguous_because_one_would_not_run(play: Play) -> None:
    clean = "import pytest\n@pytest.fixture(autouse=True)\ndef clean(): pass\n"
    files = {"features/x.py": clean, "features/y.py": clean, "features/steps_a.py": module("a")}
    outcome = play({**files, "docs/a.md": page("the app is a")})
    assert outcome.short == {"page": "ambiguous"}
    assert "features/x.py:2, features/y.py:2" in outcome.says("page")


HONEST = {
    "imported": {"features/steps_a.py": module("a"), "features/x.py": "from steps_a import *\n"},
    "in a conftest as well": {"features/steps_a.py": module("a"), "features/conftest.py": "from steps_a import *\n"},
    "as a plugin": {"features/steps_a.py": module("a"), "conftest.py": "pytest_plugins = ['features.steps_a']\n"},
    "beside the page": {
        "features/steps_a.py": module("z").replace("the app is z", "the app is a").replace("== 'z'", "== 'a'"),
        "docs/conftest.py": "import pytest\n@pytest.fixture\ndef app(): return 'a'\n",
    },
    "extended": {
        "features/conftest.py": "import pytest\n@pytest.fixture\ndef app(): return ''\n",
        "features/steps_a.py": module("a").replace("def app(): return 'a'", "def app(app): return app + 'a'"),
    },
    "overridden where its author sees it": {
        "features/conftest.py": "import pytest\n@pytest.fixture\ndef app(): return ''\n",
        "features/test_a.py": module("a"),
    },
    "made by a step": {
        "features/steps_b.py": module("b"), "features/steps_c.py": module("c"),
        "features/x.py": dedent("""
            from pytest_bdd import then
            @then("made", target_fixture="app")
            def made(): return "a"
            @then("the app is a")
            def is_a(app): assert app == "a"
        """),
        "docs/a.md": page("made", "the app is a"),
    },
}  # fmt: skip


@pytest.mark.parametrize("case", HONEST)
def test_a_fixture_that_can_only_be_one_is_not_ambiguous(play: Play, case: str) -> None:
    outcome = play({"docs/a.md": page("the app is a"), **HONEST[case]})
    assert outcome.short == {"page": "passed"}
    assert outcome.errors == []


def test_a_session_fixture_of_a_bound_module_is_made_once(play: Play) -> None:
    once = "made = []\n@pytest.fixture(scope='session', autouse=True)\ndef once(): made.append(1); assert made == [1]\n"
    outcome = play({
        "mkdocs.yml": CONFIG, "docs/a.md": "# A\n",
        "features/a.feature": feature("a", "the app is a"), "features/b.feature": feature("b", "the app is a"),
        "features/test_a.py": module("a", binds="a.feature', 'b.feature") + once,
    })  # fmt: skip
    assert outcome.short == {"a": "passed", "b": "passed"}


@pytest.mark.parametrize("name", ["steps.py", "test_it.py", "json.py"])
def test_two_modules_of_one_name_both_serve(play: Play, name: str) -> None:
    outcome = play({
        "docs/a.md": page("the app is x", "one"), "docs/b.md": page("the app is y").replace(": page", ": other"),
        f"features/x/{name}": module("x", steps="@then('one')\ndef one(): pass\n"), f"features/y/{name}": module("y"),
    })  # fmt: skip
    assert outcome.errors == []
    assert outcome.short == {"page": "passed", "other": "passed"}


def test_the_second_module_of_a_name_still_explains_its_assertions(play: Play) -> None:
    bad = module("y").replace("assert app == 'y'", "assert app == 'z'")
    outcome = play({
        "docs/a.md": page("the app is y"), "features/x/steps.py": module("x"), "features/y/steps.py": bad,
    })  # fmt: skip
    assert outcome.short == {"page": "failed/assertion"}
    assert "'y' == 'z'" in outcome.says("page")


OK = "from pytest_bdd import then\n@then('ok')\ndef ok(): pass\n"


@pytest.mark.parametrize("folder", ["build", "dist", "node_steps", ".hidden"])
def test_steps_are_found_in_folders_that_pytest_does_not_descend_into_by_their_names(play: Play, folder: str) -> None:
    assert play({"docs/a.md": page("ok"), f"features/{folder}/steps.py": OK}).short == {"page": "passed"}


@pytest.mark.parametrize(
    "said", ['collect_ignore = ["old.py"]', 'collect_ignore_glob = ["ol*"]', 'collect_ignore = ["sub"]']
)
def test_what_the_project_tells_pytest_to_ignore_is_no_step_module(play: Play, said: str) -> None:
    broken = "raise RuntimeError('nobody loads this')\n"
    name = "features/sub/old.py" if "sub" in said else "features/old.py"
    outcome = play({
        "docs/a.md": page("ok"), "features/steps.py": OK, "features/conftest.py": said, name: broken,
    })  # fmt: skip
    assert outcome.short == {"page": "passed"}
    assert outcome.errors == []
