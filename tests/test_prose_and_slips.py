"""Descriptions as people write them, and slips as people make them: the one stops nothing, the other is never silent.

Each text is a `.feature` file of its own; all of them are read at once.
"""

# ruff: noqa: RUF001, E501 - letters that look alike are what this is about, and a text is a line

from __future__ import annotations

import pytest

from mkdocs_jetty.config import from_options
from mkdocs_jetty.spec.model import Problem, Scenario, Spec
from mkdocs_jetty.spec.reader import read

END = "\n  Scenario: a\n    Given x\n    When y\n    Then z\n"
FR = "# language: fr\nFonctionnalité: F\n{}\n  Scénario: a\n    Soit x\n    Quand y\n    Alors z\n"
DE = "# language: de\nFunktionalität: F\n{}\n  Szenario: a\n    Angenommen x\n    Wenn y\n    Dann z\n"
ES = "# language: es\nCaracterística: F\n{}\n  Escenario: a\n    Dado x\n    Cuando y\n    Entonces z\n"
PL = "# language: pl\nFunkcja: F\n{}\n  Scenariusz: a\n    Mając x\n    Gdy y\n    Wtedy z\n"
NL = "# language: nl\nFunctionaliteit: F\n{}\n  Scenario: a\n    Gegeven x\n    Als y\n    Dan z\n"
RU = "# language: ru\nФункция: F\n{}\n  Сценарий: a\n    Дано x\n    Когда y\n    Тогда z\n"
JA = "# language: ja\n機能: F\n{}\n  シナリオ: a\n    前提 x\n    もし y\n    ならば z\n"

PROSE = {
    # Below a feature.
    "user story": "Feature: F\n  As a user\n  I want to log in\n  So that I see my page\n" + END,
    "in order to": "Feature: F\n  In order to sleep\n  as the owner of a shop\n  I want to see red\n" + END,
    "wrapped at when": (
        "Feature: F\n  The door opens\n  when the card is known,\n"
        "  then it closes\n  and stays closed.\n" + END
    ),
    "wrapped at given": "Feature: F\n  All of it works\n  given enough memory.\n" + END,
    "wrapped at but": "Feature: F\n  A voucher lowers the price\n  but has no effect on the others\n" + END,
    "lower case after a sentence": "Feature: F\n  It is closed.\n  but has no effect on the others\n" + END,
    "name goes on": "Feature: A voucher lowers the price,\n  but has no effect on the others\n" + END,
    "dots": "Feature: F\n  . EXAMPLE:\n  .   When one file names another\n  .   Then it is read\n" + END,
    "dot and a sentence": "Feature: F\n  . When one file names another, it is read\n" + END,
    "dot and examples": "Feature: F\n  . EXAMPLES:\n  . * one\n  . SCENARIO: another\n" + END,
    "two dots": "Feature: F\n  .. When one file names another\n" + END,
    "slashes": "Feature: F\n  // Given a remark\n" + END,
    "semicolon": "Feature: F\n  ; Given a remark\n" + END,
    "quoted": 'Feature: F\n  "Given enough eyes, all bugs are shallow"\n' + END,
    "curly quotes": "Feature: F\n  “When in Rome”, they say\n" + END,
    "in parentheses": "Feature: F\n  (Then again, why not)\n" + END,
    "capital heading": "Feature: F\n  EXAMPLE:\n    one file names another\n" + END,
    "capital heading with a name": "Feature: F\n  EXAMPLE: one file\n    names another\n" + END,
    "underlined": "Feature: F\n  Background\n  ----------\n  There was no door before.\n" + END,
    "heading of a list": "Feature: F\n  Examples\n  - one\n  - two\n" + END,
    "rules": "Feature: F\n  Rules:\n  - one\n  - two\n" + END,
    "rule of thumb": "Feature: F\n  Rule of thumb: the smaller the better.\n" + END,
    "examples with a colon": "Feature: F\n  Examples:\n  - one\n  - two\n" + END,
    "examples with a name": "Feature: F\n  Examples: one, two\n  and three.\n" + END,
    "numbered examples": "Feature: F\n  Example 1: a red door\n  Example 2: a green one\n" + END,
    "give": "Feature: F\n  Give the user a choice, and be done\n" + END,
    "givens": "Feature: F\n  Givens are listed below\n" + END,
    "hand": "Feature: F\n  Hand the card over\n" + END,
    "andy": "Feature: F\n  Andy logs in every day\n" + END,
    "there": "Feature: F\n  There is a door. Than that there is no more.\n" + END,
    "then-clause": "Feature: F\n  Then-clauses are named in When's\n" + END,
    "whenever": "Feature: F\n  Whenever it rains\n  Thenceforth it pours\n" + END,
    "a sentence with When": "Feature: F\n  When one file names another, both are read.\n" + END,
    "a long sentence with When": (
        "Feature: F\n  When one file names another\n  and both are there, the first is read.\n"
        "" + END
    ),
    "a sentence with Given": "Feature: F\n  Given the size of the thing, this is no wonder!\n" + END,
    "and as a sentence": "Feature: F\n  It opens.\n\n  And it closes.\n" + END,
    "list in lower case": "Feature: F\n  Always:\n  - when it rains, it pours\n  - then it stops\n" + END,
    "markdown": "Feature: F\n  **Note** that _given_ names are short.\n  > a quote\n" + END,
    "link": "Feature: F\n  See https://example.org/given\n" + END,
    "stars": "Feature: F\n  *** no step ***\n" + END,
    # Below a scenario.
    "hanging name": (
        "Feature: F\n  Scenario: raises the limit\n              for each of them by one,\n"
        "              but leaves the rest as they are\n    When I add it\n"
    ),
    "hanging name without a comma": (
        "Feature: F\n  Scenario: raises the limit\n              for each of them\n"
        "              but leaves the rest\n    When I add it\n"
    ),
    "hanging name, one line": (
        "Feature: F\n  Scenario: raises the limit\n      but leaves the rest\n"
        "    When I add it\n"
    ),
    "hanging name, and": "Feature: F\n  Scenario: raises it\n      and lowers it again\n    When I add it\n",
    "hanging when": (
        "Feature: F\n  Scenario: raises the limit for all\n      of them\n"
        "      when asked\n    When I add it\n"
    ),
    "a comma": "Feature: F\n  Scenario: a\n    It is raised,\n    but not for others\n    When I add it\n",
    "a dash": "Feature: F\n  Scenario: a\n    It is raised \u2014\n    and more\n    When I add it\n",
    "as the steps": (
        "Feature: F\n  Scenario: a\n    It is raised for each\n"
        "    but has no effect on others\n    When I add it\n"
    ),
    "when as the steps": "Feature: F\n  Scenario: a\n    What happens\n    when people log in\n    Given a user\n",
    "then as the steps": "Feature: F\n  Scenario: a\n    It opens\n    then it shuts\n    When I push\n",
    "ends before a break": "Feature: F\n  Scenario: a\n    It opens\n    when pushed\n\n    Given x\n",
    "goes on below": "Feature: F\n  Scenario: a\n    when people log in\n    they see a page\n\n    Given x\n",
    "list below a scenario": "Feature: F\n  Scenario: a\n    Always:\n    - when it rains, it pours\n\n    Given x\n",
    "dots below a scenario": (
        "Feature: F\n  Scenario: a\n    . When one file names another\n"
        "    . EXAMPLE:\n    Given x\n"
    ),
    "examples follow": "Feature: F\n  Scenario: a\n    Examples follow.\n    Given x\n",
    "background noise": "Feature: F\n  Scenario: a\n    Background noise is filtered.\n    Given x\n",
    "below examples": (
        "Feature: F\n  Scenario Outline: a\n    Given <x>\n    Examples: b\n"
        "      what is left\n      when all is done\n      | x |\n      | 1 |\n"
    ),
    "below a rule": "Feature: F\n  Rule: r\n    A card opens\n    when it is known\n" + END,
    "below a background": "Feature: F\n  Background: b\n    What is there\n    when we begin\n    Given x\n" + END,
    # Other languages.
    "French": FR.format("  Un client paie\n  quand il veut\n  et comme il veut,\n  soit en ligne, soit ici.\n"),
    "French accents": FR.format("  Étant bien connu, le client paie.\n"),
    "German": DE.format("  Alles geht,\n  wenn man will\n  und dann geht es auch.\n  Danny wenigstens denkt so.\n"),
    "German, given": DE.format("  Gegebenenfalls wird gewartet.\n"),
    "Spanish": ES.format("  Dando clic en el botón\n  cuando se quiera\n  y como se quiera.\n"),
    "Polish": PL.format("  Gdyż tak jest lepiej.\n  Mają to wszyscy\n  kiedy chcą.\n"),
    "Dutch": NL.format("  Gegevens worden bewaard\n  als dat mag\n  en dan gewist.\n"),
    "Russian": RU.format("  Никогда не закрывается,\n  когда идёт дождь\n  и тогда тоже.\n"),
    "Russian with English": RU.format("  To be done\n  Ho hum\n"),
    "Japanese": JA.format("  雨が降ったら、もし傘があれば、開く。\n"),
    # Doc strings and tags.
    "Gherkin in a doc string": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n      Feature: G\n        Scenario: b\n          Given y\n      """\n'
    ),
    "Gherkin deep in a doc string": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n      text\n\n          Scenario: b\n      Given y\n      """\n'
    ),
    "a text left of its quotes": 'Feature: F\n  Scenario: a\n    Given x\n      """\nFrom: b\nGiven y\n      """\n',
    "Gherkin left of its quotes": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n'
        'Feature: G\n    Given y\n      """\n'
    ),
}  # fmt: skip

S = "Feature: F\n  Scenario: a\n    {}\n    Given x\n    When y\n"
SLIPS = {
    "lower case": (S.format("given lost"), 3),
    "upper case": (S.format("GIVEN lost"), 3),
    "and in lower case": (S.format("and lost"), 3),
    "when before Then": ("Feature: F\n  Scenario: a\n    when lost\n    Then z\n", 3),
    "when before Then, below prose": ("Feature: F\n  Scenario: a\n    As before\n    when lost\n    Then z\n", 4),
    "and before And, below prose": ("Feature: F\n  Scenario: a\n    As before\n    and lost\n    And z\n", 4),
    "colon": (S.format("Given: lost"), 3),
    "bullet": (S.format("- Given lost"), 3),
    "plus": (S.format("+ Given lost"), 3),
    "round bullet": (S.format("\u2022 Given lost"), 3),
    "number": (S.format("1. Given lost"), 3),
    "number in parentheses": (S.format("1) Given lost"), 3),
    "box": (S.format("- [ ] Given lost"), 3),
    "ticked box": (S.format("- [x] Given lost"), 3),
    "tick": (S.format("\u2713 Given lost"), 3),
    "emoji": (S.format("\u2705 Given lost"), 3),
    "bold": (S.format("**Given** lost"), 3),
    "emphasis": (S.format("_Given_ lost"), 3),
    "code": (S.format("`Given` lost"), 3),
    "quote": (S.format("> Given lost"), 3),
    "arrow": (S.format("-> Given lost"), 3),
    "full stop that slipped in": (S.format(".Given lost"), 3),
    "letter left out": (S.format("Givn lost"), 3),
    "letter twice": (S.format("Givven lost"), 3),
    "letters swapped": (S.format("Gievn lost"), 3),
    "last letter twice": (S.format("Givenn lost"), 3),
    "Whn": (S.format("Whn lost"), 3),
    "Wehn": (S.format("Wehn lost"), 3),
    "Thne": (S.format("Thne lost"), 3),
    "Adn": (S.format("Adn lost"), 3),
    "typed in lower case": (S.format("givn lost"), 3),
    "no-break space": (S.format("Given\u00a0lost"), 3),
    "zero width": (S.format("\u200bGiven lost"), 3),
    "zero width within": (S.format("Gi\u200bven lost"), 3),
    "soft hyphen within": (S.format("Gi\u00adven lost"), 3),
    "right-to-left mark": (S.format("\u200fGiven lost"), 3),
    "Cyrillic T": (S.format("\u0422hen lost"), 3),
    "Cyrillic e": (S.format("Giv\u0435n lost"), 3),
    "Cyrillic, lower case": (S.format("th\u0435n lost"), 3),
    "Cyrillic And": (S.format("\u0410nd lost"), 3),
    "Cyrillic behind a bullet": (S.format("- \u0422hen lost"), 3),
    "Greek": (S.format("\u0392ut lost"), 3),
    "Armenian": (S.format("T\u0570en lost"), 3),
    "Cherokee": (S.format("\u13a2hen lost"), 3),
    "full width": (S.format("\uff27\uff49\uff56\uff45\uff4e lost"), 3),
    "one of full width": (S.format("\uff27iven lost"), 3),
    "mathematical": (S.format("\U0001d406\U0001d422\U0001d42f\U0001d41e\U0001d427 lost"), 3),
    "dotless i": (S.format("G\u0131ven lost"), 3),
    "Latin in Russian": (RU.format("").replace("    Дано x", "    Koгдa lost\n    Дано x"), 5),
    "look-alike scenario": ("Feature: F\n  \u0405cenario: lost\n    Given x\n" + END, 2),
    "look-alike colon": ("Feature: F\n  Scenario\ua789 lost\n    Given x\n" + END, 2),
    "full-width colon": ("Feature: F\n  Scenario\uff1alost\n    Given x\n" + END, 2),
    "below a feature": ("Feature: F\n  Given lost\n" + END, 2),
    "several below a feature": ("Feature: F\n  Given lost\n  When lost\n  Then lost\n" + END, 2),
    "below a feature, after prose": ("Feature: F\n  Prose\n  Given lost\n" + END, 3),
    "below a feature, in lower case": ("Feature: F\n  given lost\n" + END, 2),
    "below a rule": ("Feature: F\n  Rule: r\n    Given lost\n" + END, 3),
    "below examples": (
        ("Feature: F\n  Scenario Outline: a\n    Given <x>\n    Examples:\n"
        "    Then lost\n    | x |\n    | 1 |\n"), 5,
    ),
    "scenario without a colon": ("Feature: F\n  Scenario lost\n    Given x\n" + END, 2),
    "scenario in lower case": ("Feature: F\n  scenario: lost\n    Given x\n" + END, 2),
    "scenario in upper case": ("Feature: F\n  SCENARIO: lost\n    Given x\n" + END, 2),
    "scenario misspelt": ("Feature: F\n  Scenaro: lost\n    Given x\n" + END, 2),
    "scenario in a scenario": ("Feature: F\n  Scenario: a\n  Scenario lost\n    Given x\n", 3),
    "scenario with prose in a scenario": (
        ("Feature: F\n  Scenario: a\n  scenario: lost\n    As before\n"
        "    Given x\n"), 3,
    ),
    "background without a colon": ("Feature: F\n  Background\n    Given lost\n" + END, 2),
    "background misspelt": ("Feature: F\n  Backgroud:\n    Given lost\n" + END, 2),
    "second feature": ("Feature: F\n  Feature: lost\n    As a user\n" + END, 2),
    "second feature without a name": ("Feature: F\n  Feature:\n    As a user\n" + END, 2),
    "rule in lower case": ("Feature: F\n  rule: lost\n" + END, 2),
    "English in French": (FR.format("").replace("    Soit x", "    Given lost\n    Soit x"), 5),
    "French in lower case": (FR.format("").replace("    Soit x", "    soit lost\n    Soit x"), 5),
    "French misspelt": (FR.format("").replace("    Soit x", "    Qaund lost\n    Soit x"), 5),
    "German misspelt": (DE.format("").replace("    Angenommen x", "    Angenomen lost\n    Angenommen x"), 5),
    "Japanese behind a bullet": (JA.format("").replace("    前提 x", "    ・前提 lost\n    前提 x"), 5),
    "doc string left open": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n      text\n  Scenario: lost\n    Given y\n      """\n' + END, 4,
    ),
    "empty doc string left open": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n  Scenario: lost\n    Given y\n      """\n' + END, 4,
    ),
    "doc string that takes in a step": (
        'Feature: F\n  Scenario: a\n    Given x\n      """\n      text\n    When lost\n      """\n    Then z\n', 4,
    ),
    "doc string of backticks left open": (
        "Feature: F\n  Scenario: a\n    Given x\n      ```\n      text\n  Rule: lost\n  Scenario: b\n    Given y\n      ```\n", 4,
    ),
    "doc string of a background left open": (
        'Feature: F\n  Background:\n    Given x\n      """\n      text\n  Scenario: lost\n    Given y\n      """\n' + END, 4,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    root = tmp_path_factory.mktemp("features")
    texts = {**{f"prose {name}": text for name, text in PROSE.items()}}
    texts |= {f"slip {name}": text for name, (text, _) in SLIPS.items()}
    for name, text in texts.items():
        (root / f"{name}.feature").write_text(text, encoding="utf-8")
    return read(from_options(root, None, "Site", root / "docs", {"features": ["*.feature"]}))


def told(spec: Spec, name: str) -> tuple[list[Problem], list[Scenario]]:
    page = f"{name}.feature"
    problems = [problem for problem in spec.problems if problem.page == page]
    return problems, [scenario for feature, scenario in spec.scenarios() if feature.page == page]


@pytest.mark.parametrize("name", PROSE)
def test_prose_stops_no_scenario_and_no_file(spec: Spec, name: str) -> None:
    problems, scenarios = told(spec, f"prose {name}")
    assert scenarios
    assert not [str(problem) for problem in problems if problem.level == "error"]
    assert {scenario.defect for scenario in scenarios} == {None}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_an_error_at_its_line_and_stops_what_it_belongs_to(spec: Spec, name: str) -> None:
    problems, scenarios = told(spec, f"slip {name}")
    assert SLIPS[name][1] in [problem.line for problem in problems if problem.level == "error"]
    assert "invalid-gherkin" in {scenario.defect for scenario in scenarios}
