"""Phrases for personal data: what people are told, what is done without asking them, their copy, their erasure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import pytest
from pytest_bdd import given, then, when

from mkdocs_jetty.run.outcomes import Inconclusive, Unavailable
from mkdocs_jetty.steps.client import Driver, described
from mkdocs_jetty.steps.cookies import LIKELY, cookies_set
from mkdocs_jetty.steps.markup import attributes, elements, name_of, parse, text_of
from mkdocs_jetty.steps.ports import Backup, Persona, missing

pytest_plugins = ["mkdocs_jetty.steps.client", "mkdocs_jetty.steps.sessions"]

Measure = Callable[[str, object], None]
Stores = Mapping[str, Callable[[Persona], Sequence[str]]]
EXPORT, ERASE = "ask for my data", "ask for my erasure"
NOTICE = re.compile(r"privacy|data.protection|datenschutz|confidentialit", re.IGNORECASE)
NO_DATA = {"hidden", "submit", "button", "image", "reset", "password", "checkbox", "search"}
NECESSARY = re.compile(r"csrf|xsrf|consent", re.IGNORECASE)
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href"}


class Retention(Protocol):
    """Records and their keeping time."""

    def add(self, expired: bool) -> Any:
        """Add a record past its keeping time, or one within it; gives what names it."""

    def run(self) -> None:
        """Run the job that removes what is past its time."""

    def has(self, record: Any) -> bool:
        """Tell whether a record is still there."""


@pytest.fixture
def jetty_privacy_names() -> Mapping[str, str]:
    """How the field of a form is called in the privacy notice; by its own name unless it is named here."""
    return {}


@pytest.fixture
def jetty_stores() -> Stores:
    """Store to what it holds of a person, as texts; override it."""
    raise missing("jetty_stores", "to read what each store holds of a person")


@pytest.fixture
def jetty_retention() -> Retention:
    """Records and their keeping time; override it."""
    raise missing("jetty_retention", "records past their keeping time, and the job that removes them")


# ---- notice and consent ----


class _Page:
    def __init__(self, response: Any) -> None:
        self.url = str(response.url)
        self.fields: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.loaded: list[str] = []
        for element in elements(parse(response.text)):
            self._take(name_of(element), attributes(element), text_of(element))

    def _take(self, tag: str, of: dict[str, str], text: str) -> None:
        kind = of.get("type", "text").lower() if tag == "input" else tag
        if tag in {"input", "textarea", "select"} and kind not in NO_DATA and of.get("name"):
            self.fields.append(of["name"])
        if tag == "a" and of.get("href"):
            self.links.append((urljoin(self.url, of["href"]), text))
        if of.get(LOADS.get(tag, "")) and not (tag == "link" and of.get("rel", "") in {"canonical", "alternate"}):
            self.loaded.append(urljoin(self.url, of[LOADS[tag]]))


def _page(driver: Driver) -> _Page:
    response = driver.world.notes.get("page", driver.world.response)
    assert response is not None, "no page was requested"
    assert "html" in response.headers.get("content-type", ""), f"this is no page: {described(response)}"
    driver.world.notes["page"] = response
    return _Page(response)


@then("the privacy notice is one click away and names every field asked for")
def _privacy_notice_one_click_away(
    jetty_driver: Driver, jetty_privacy_names: Mapping[str, str], jetty_measure: Measure
) -> None:
    page = _page(jetty_driver)
    if not page.fields:
        raise Inconclusive("the page has no field, so it asks for nothing")
    found = next((to for to, text in page.links if NOTICE.search(text) or NOTICE.search(urlsplit(to).path)), None)
    assert found, "the page has no link to a privacy notice"
    notice = jetty_driver.final(jetty_driver.get(found))
    assert notice.status_code < 400, f"the privacy notice cannot be read: {described(notice)}"  # noqa: PLR2004
    text = " ".join(notice.text.split()).casefold()
    lacking = [each for each in page.fields if jetty_privacy_names.get(each, each).casefold() not in text]
    jetty_measure("fields", len(page.fields))
    assert not lacking, f"the privacy notice does not name {', '.join(lacking)}"


@then("without my consent nothing is kept with me or loaded from elsewhere")
def _without_my_consent_nothing_kept(jetty_driver: Driver, jetty_session_cookie: str | None) -> None:
    """No cookie but those of the session and against forgery; no script, image or frame of another host."""
    page = _page(jetty_driver)
    seen = [jetty_driver.world.notes["page"], *jetty_driver.world.responses]
    kept = {cookie.name for response in seen for cookie in cookies_set(response) if cookie.value}
    extra = {each for each in kept if each != jetty_session_cookie
             and not LIKELY.search(each) and not NECESSARY.search(each)}  # fmt: skip
    assert not extra, f"cookies are set without consent: {', '.join(sorted(extra))}"
    host = urlsplit(page.url).hostname
    foreign = {name for each in page.loaded if (name := urlsplit(each).hostname) not in {host, None}}
    assert not foreign, f"loaded from elsewhere without consent: {', '.join(sorted(map(str, foreign)))}"


# ---- a copy, and erasure ----


@given("data of mine in every store")
def _data_mine_every_store(jetty_driver: Driver, jetty_stores: Stores) -> None:
    assert jetty_stores, "`jetty_stores` names no store"
    mine = {name: list(read(jetty_driver.me)) for name, read in jetty_stores.items()}
    empty = [name for name, texts in mine.items() if not texts]
    if empty:
        raise Unavailable(f"there is no data of {jetty_driver.me.name} in {', '.join(empty)}, so nothing can be seen")
    jetty_driver.world.notes["mine"] = mine


def _mine(driver: Driver) -> Mapping[str, Sequence[str]]:
    mine: Mapping[str, Sequence[str]] | None = driver.world.notes.get("mine")
    assert mine, "no data was looked at: write `Given data of mine in every store`"
    return mine


@then("the export holds all of it and nothing of others")
def _export_holds_all_nothing_others(jetty_driver: Driver, jetty_stores: Stores) -> None:
    """In the answer, or in the file that it leads to."""
    mine = _mine(jetty_driver)
    response = jetty_driver.world.response
    assert response is not None, "nothing was asked for"
    export = jetty_driver.final(response)
    assert jetty_driver.accepted(export), f"there is no export: {described(export)}"
    kind = export.headers.get("content-type", "")
    assert any(each in kind for each in ("json", "csv", "xml", "zip")), f"{kind or 'this'} is not for machines"
    lacking = [name for name, texts in mine.items() if not all(text in export.text for text in texts)]
    assert not lacking, f"the export does not hold what is kept in {', '.join(lacking)}"
    other, own = jetty_driver.somebody_else(), {text for texts in mine.values() for text in texts}
    strange = {text for read in jetty_stores.values() for text in read(other)} - own
    if not strange:
        raise Inconclusive(f"there is no data of {other.name}, so nothing shows that it is left out")
    assert not any(text in export.text for text in strange), f"the export holds data of {other.name}"


@then("no store finds me")
def _no_store_finds_me(jetty_driver: Driver, jetty_stores: Stores) -> None:
    mine = _mine(jetty_driver)
    left = [name for name in mine if set(jetty_stores[name](jetty_driver.me)) & set(mine[name])]
    assert not left, f"I am still in {', '.join(left)}"


@then("a restore of an older backup erases me again")
def _restore_older_backup_erases_me(jetty_driver: Driver, jetty_backup: Backup) -> None:
    backup = jetty_driver.world.notes.get("older backup")
    assert backup is not None, "there is no backup from before"
    restored = repr(jetty_backup.restore(backup))
    found = [text for texts in _mine(jetty_driver).values() for text in texts if text in restored]
    assert not found, f"{len(found)} texts of mine are back"


# ---- retention ----


@given("a record past its keeping time and one within it")
def _record_past_keeping_time_one(jetty_driver: Driver, jetty_retention: Retention) -> None:
    old, young = jetty_retention.add(True), jetty_retention.add(False)
    assert jetty_retention.has(old), "the old record was never there"
    assert jetty_retention.has(young), "the young record was never there"
    jetty_driver.world.notes["records"] = (old, young)


@when("the retention job runs")
def _retention_job_runs(jetty_driver: Driver, jetty_retention: Retention) -> None:
    assert "records" in jetty_driver.world.notes, "there is no record to look at"
    jetty_retention.run()


@then("the one past its keeping time is gone")
def _one_past_keeping_time_gone(jetty_driver: Driver, jetty_retention: Retention) -> None:
    assert not jetty_retention.has(jetty_driver.world.notes["records"][0]), "it is still there"


@then("the one within its keeping time is kept")
def _one_within_keeping_time_kept(jetty_driver: Driver, jetty_retention: Retention) -> None:
    assert jetty_retention.has(jetty_driver.world.notes["records"][1]), "it is gone as well"


def pytest_bdd_before_step(request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
    """Take the backup that is older than the erasure, and see that I am in it."""
    asks = any(each.name == "a restore of an older backup erases me again" for each in scenario.steps)
    notes = request.getfixturevalue("jetty_world").notes if asks else {}
    if asks and step.type == "when" and "older backup" not in notes:
        backup = request.getfixturevalue("jetty_backup")
        kept = repr(backup.snapshot())
        if not any(text in kept for texts in notes.get("mine", {}).values() for text in texts):
            raise Inconclusive("no text of mine is in the data that `jetty_backup` backs up")
        notes["older backup"] = backup.newest()
