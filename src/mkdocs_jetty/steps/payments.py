"""Phrases for payments: where the number of a card may not be, and which scripts a payment page may run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

import pytest
from pytest_bdd import then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.markup import attributes, elements, name_of, parse, text_of
from mkdocs_jetty.steps.ports import missing

pytest_plugins = ["mkdocs_jetty.steps.client"]

Measure = Callable[[str, object], None]
PAY, NUMBER, CODE = "pay", "card number", "card code"
INLINE = "text/javascript", "application/javascript", "module", ""


@pytest.fixture
def jetty_approved_scripts() -> Collection[str]:
    """The digests of the scripts that a payment page may run, `sha384-…` as `integrity` has them; override it."""
    raise missing("jetty_approved_scripts", "the digests of the approved scripts")


class _Scripts:
    def __init__(self, text: str) -> None:
        self.outside: list[tuple[str, str]] = []
        self.inside: list[str] = []
        for element in elements(parse(text)):
            of = attributes(element)
            if name_of(element) == "script" and of.get("src"):
                self.outside.append((of["src"], of.get("integrity", "")))
            elif name_of(element) == "script" and of.get("type", "") in INLINE:
                self.inside.append(text_of(element))


def digests(content: bytes) -> set[str]:
    """The digests of a script, as browsers know them."""
    return {f"{name}-{base64.b64encode(hashlib.new(name, content).digest()).decode()}"
            for name in ("sha256", "sha384", "sha512")}  # fmt: skip


@then("every script on the page is approved, with a matching digest")
def _every_script_page_approved_matching(
    jetty_driver: Driver, jetty_approved_scripts: Collection[str], jetty_measure: Measure
) -> None:
    """A script from a file also says its digest on the page, so that the browser refuses another."""
    response, approved = jetty_driver.world.response, set(jetty_approved_scripts)
    assert response is not None, "no page was requested"
    assert response.status_code < 400, f"the page cannot be opened: {described(response)}"  # noqa: PLR2004
    scripts = _Scripts(response.text)
    if not scripts.outside and not scripts.inside:
        raise Inconclusive("there is no script on the page")
    for source, integrity in scripts.outside:
        said = set(integrity.split())
        assert said, f"{source} has no `integrity`"
        assert said & approved, f"{source} is not approved: {integrity}"
        answer = jetty_driver.get(urljoin(str(response.url), source))
        assert digests(answer.content) & said & approved, f"{source} is not what the page says"
    for text in scripts.inside:
        assert digests(text.encode()) & approved, f"a script in the page is not approved: {text.strip()[:60]!r}"
    jetty_measure("scripts", len(scripts.outside) + len(scripts.inside))


@when("I pay with a test card")
def _pay_test_card(jetty_driver: Driver) -> None:
    facts = jetty_driver.me.facts
    if len(facts.get(NUMBER, "")) < 13 or not facts.get(CODE):  # noqa: PLR2004 - the shortest card number
        raise Unavailable(f"`Persona.facts` has no `{NUMBER}` and `{CODE}` of a test card")
    response = jetty_driver.act(PAY)
    assert jetty_driver.accepted(response), f"I could not pay: {described(response)}"
    jetty_driver.world.notes["paid"] = response


@then("its number and code occur nowhere in storage or logs")
def _number_code_occur_nowhere_storage(
    jetty_driver: Driver, jetty_stored: Callable[[], Sequence[str]] | None,
    jetty_logs: Callable[[], Sequence[Mapping[str, Any]]],
) -> None:  # fmt: skip
    assert "paid" in jetty_driver.world.notes, "nobody has paid"
    if jetty_stored is None:
        raise missing("jetty_stored", "to read every text that the system keeps")
    facts = jetty_driver.me.facts
    number = re.compile(r"[\s-]?".join(_digits(facts[NUMBER])))
    code = re.compile(rf"(?<!\d){re.escape(facts[CODE])}(?!\d)")
    kept = {"storage": list(jetty_stored()), "logs": [json.dumps(dict(each), default=str) for each in jetty_logs()]}
    empty = [name for name, texts in kept.items() if not texts]
    if empty:
        raise Inconclusive(f"there is nothing in {' and '.join(empty)}, so nothing was searched")
    for name, texts in kept.items():
        assert not any(number.search(text) for text in texts), f"the number of the card is in {name}"
        assert not any(code.search(text) for text in texts), f"the code of the card is in {name}"


@then("the page shows at most its first six and last four digits")
def _page_shows_at_most_first(jetty_driver: Driver) -> None:
    paid = jetty_driver.world.notes.get("paid")
    assert paid is not None, "nobody has paid"
    shown = re.sub(r"(?<=\d)[\s-](?=\d)", "", jetty_driver.final(paid).text)
    hidden = _digits(jetty_driver.me.facts[NUMBER])[6:-4]
    whole = _digits(jetty_driver.me.facts[NUMBER])
    assert whole not in shown, "the page shows the whole number"
    assert whole[:6] + hidden not in shown, "the page shows more than the first six digits"
    assert hidden + whole[-4:] not in shown, "the page shows more than the last four digits"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
