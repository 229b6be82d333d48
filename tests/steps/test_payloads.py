"""Hostile input and exposed paths: a good shop passes, and each kind of bad one fails for its own reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from step_projects import run, said

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.steps.corpora import CORPORA, Payload, active, corpus, entries, executed, revealed

THREE = """    Then every one is refused or stored as plain text
    And no payload changes what is executed
    And no response reveals an internal error"""
BAD = {
    "html": ("html", "write a note", "every one is refused or stored as plain text", "the page has"),
    "sql": ("sql", "write a note", "every one is refused or stored as plain text", "status 500"),
    "template": ("template", "write a note", "no payload changes what is executed", "53758223"),
    "bypass": ("sql", "log in", "no payload changes what is executed", "signed in with wrong credentials"),
    "sql and reveal": ("sql", "write a note", "no response reveals an internal error", "Traceback"),
    "mangle": ("html", "write a note", "every one is refused or stored as plain text", "kept as something else"),
    "deaf": ("html", "write a note", "every one is refused or stored as plain text", "refuses ordinary input too"),
}
CONFTEST = """
@pytest.fixture
def jetty_stored(shop):
    return lambda: shop.rows("notes")


@given("the shop is somebody else's", target_fixture="jetty_target")
def _():
    return Target(base_url="http://192.0.2.1")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    good = "".join(
        f'  Scenario: good {name}\n    When each payload from the "{name}" corpus is sent to write a note\n{THREE}\n'
        for name in CORPORA
    )
    good += f'  Scenario: good sign-in\n    When each payload from the "sql" corpus is sent to log in\n{THREE}\n'
    bad = "".join(
        f'  Scenario: bad {weak}\n    Given a shop without {weak}\n'
        f'    When each payload from the "{name}" corpus is sent to {action}\n    Then {then}\n'
        for weak, (name, action, then, _) in BAD.items()
    )  # fmt: skip
    other = """
  Scenario: limited
    Given a shop without limited
    When each payload from the "html" corpus is sent to write a note
    Then every one is refused or stored as plain text
  Scenario: no such corpus
    When each payload from the "xml" corpus is sent to write a note
    Then every one is refused or stored as plain text
  Scenario: no such action
    When each payload from the "sql" corpus is sent to fly
    Then every one is refused or stored as plain text
  Scenario: elsewhere
    Given the shop is somebody else's
    When each payload from the "sql" corpus is sent to write a note
    Then every one is refused or stored as plain text
  Scenario: nothing exposed
    When I request each path from the exposure list
    Then none of them is served
  Scenario: one page for all
    Given a shop without catch-all
    When I request each path from the exposure list
    Then none of them is served
  Scenario: exposed
    Given a shop without exposed
    When I request each path from the exposure list
    Then none answers with content
  Scenario: nothing requested
    Then none of them is served
"""
    return run(tmp_path_factory.mktemp("payloads"), "payloads exposure", good + bad + other, CONFTEST)


@pytest.mark.parametrize("name", [*CORPORA, "sign-in"])
def test_a_shop_that_keeps_text_as_text_passes_each_corpus(found: dict[str, Any], name: str) -> None:
    scenario = found[f"good {name}"]
    assert scenario["status"] == "passed", said(scenario)
    assert int(scenario["measured"]["requests"]) >= int(scenario["measured"]["payloads"]) >= 15


@pytest.mark.parametrize("weak", BAD)
def test_a_shop_without_a_protection_fails_and_says_what_was_executed(found: dict[str, Any], weak: str) -> None:
    assert found[f"bad {weak}"]["status"] == "failed"
    assert BAD[weak][3] in said(found[f"bad {weak}"])


def test_what_a_limiter_turned_away_unread_proves_nothing(found: dict[str, Any]) -> None:
    assert found["limited"]["cause"] == "inconclusive"


def test_an_unknown_corpus_or_action_is_not_run_and_another_host_is_refused(found: dict[str, Any]) -> None:
    assert found["no such corpus"]["cause"] == found["no such action"]["cause"] == "unavailable"
    assert found["elsewhere"]["status"] == "failed"
    assert "nothing was sent" in said(found["elsewhere"])


def test_exposed_files_are_found_and_one_page_for_every_path_is_not_taken_for_them(found: dict[str, Any]) -> None:
    assert found["nothing exposed"]["status"] == "passed", said(found["nothing exposed"])
    assert found["one page for all"]["status"] == "passed", said(found["one page for all"])
    assert "served: /.env" in said(found["exposed"])
    assert found["nothing requested"]["status"] == "failed"


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_is_commented_by_section_and_says_nothing_twice(name: str) -> None:
    payloads = corpus(name)
    assert len(payloads) == len(set(payloads)) >= 15
    for each in payloads:
        assert each.sign != "shows" or each.value not in each.text, f"{each.text} shows its own sign"
        assert each.sign != "takes" or float(each.value) > 1


def test_the_notation_of_characters_and_signs() -> None:
    assert Payload("x\r\nX-Jetty: made", "header", "x-jetty") in corpus("header")
    assert Payload("{{7331*7333}}", "shows", "53758223") in corpus("template")
    assert all(each.text.startswith("/") for each in entries("exposure"))
    with pytest.raises(Unavailable, match="there are: sql"):
        corpus("../ports")


@pytest.mark.parametrize(
    ("page", "is_active"),
    [
        ("<script>jetty()</script>", True), ("<a href=' java\tscript:jetty()'>x</a>", True), ("<b data-jetty>", True),
        ("<img onerror=jetty()>", True), ("<button formaction='javascript:jetty()'>", True),
        ("<animate attributeName=href to='javascript:jetty()'>", True),
        ("<input value='javascript:jetty()'>", False), ("<p title='data:text/html,jetty()'>", False),
        ("&lt;script&gt;jetty()", False),
        ('<input value="&#34; onfocus=jetty()">', False),
        ('<script>var text = "jetty()"</script>', False), ("<textarea>plain jetty()</textarea>", False),
    ],
)  # fmt: skip
def test_only_what_a_browser_would_run_is_active(page: str, is_active: bool) -> None:
    answer = httpx.Response(200, html=page)
    assert (active(answer) is not None) is is_active


def test_signs_in_an_answer() -> None:
    def answer(**more: Any) -> httpx.Response:
        made = httpx.Response(200, **more)
        made.elapsed = timedelta(seconds=4.2)
        return made

    assert executed(Payload("x", "takes", "4"), answer(), 0.1)
    assert not executed(Payload("x", "takes", "4"), answer(), 4.0)
    assert executed(Payload("x", "header", "x-jetty"), answer(headers={"X-Jetty": "made"}), 0)
    assert not executed(Payload("say 9", "shows", "9"), answer(text="you said: say 9"), 0)


@pytest.mark.parametrize("text", ['File "/srv/app/x.py", line 3, in f', "sqlite3.OperationalError: no such table",
                                  "SELECT name FROM users", "Werkzeug/2.0.1"])  # fmt: skip
def test_what_reveals_the_inside(text: str) -> None:
    assert revealed(httpx.Response(500, text=text))
    assert not revealed(httpx.Response(500, text=f"you sent {text}"), [text])
    assert not revealed(httpx.Response(500, text="Something went wrong. Reference 12345678"))
