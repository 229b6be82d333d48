"""Ways round a limit that cost nothing: to come without the cookie that it counts by, or to claim another address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mkdocs_jetty.run.outcomes import Inconclusive
from mkdocs_jetty.steps.answers import leads_to_sign_in, must
from mkdocs_jetty.steps.client import SIGN_IN, Driver, described
from mkdocs_jetty.steps.ports import Persona, Request

ELSEWHERE = "203.0.113.77"
"""An address for documentation, RFC 5737: nobody's."""
CLAIM = {"X-Forwarded-For": ELSEWHERE, "X-Real-IP": ELSEWHERE, "Forwarded": f"for={ELSEWHERE}"}
UNAUTHORIZED = 401


def next_attempt(driver: Driver, who: Persona) -> Request:
    """The request that was repeated, once more and in earnest; without the hidden fields of its form."""
    notes = driver.world.notes
    attempted = notes.get("attempted")
    must(attempted, "no attempt was made before this step, so there is nothing to be blocked")
    if attempted == "path":
        return Request("GET", notes["path"])
    return driver.plain(str(driver.world.action), who)


def cannot_be_dodged(driver: Driver, measure: Callable[[str, object], None], refused: Callable[[Any], bool]) -> None:
    """Fail where who is refused is let in again without cookies, or with a made-up `X-Forwarded-For`.

    Args:
        driver: The driver, refused at present.
        measure: Records what was not tried.
        refused: Whether an answer is the refusal.

    Raises:
        Inconclusive: If such an answer is neither the refusal nor a success.
    """
    with driver.without_cookies(driver.me):
        _still_refused(driver, _anew(driver), "without my cookies", refused)
    claimed = driver.filled(next_attempt(driver, driver.me), driver.me)
    own = {name.casefold() for name in claimed.headers} & {name.casefold() for name in CLAIM}
    if driver.target.trusted_proxy or own:
        measure("claimed address", "not tried: the system trusts what is said here")
        return
    claimed = replace(claimed, headers={**claimed.headers, **CLAIM})
    _still_refused(driver, driver.send(claimed, driver.me), f"with `X-Forwarded-For: {ELSEWHERE}`", refused)


def _anew(driver: Driver) -> Any:
    """The attempt of somebody who has just arrived; who signs in first, where nothing else is let in."""
    answer = _sent(driver)
    named = [name for name in SIGN_IN if name in driver.actions]
    if not (answer.status_code == UNAUTHORIZED or leads_to_sign_in(answer)) or not named:
        return answer
    action = driver.world.action
    try:
        driver.sign_in(driver.me)
    except AssertionError:
        return driver.world.response
    finally:
        driver.world.action = action
    return _sent(driver)


def _sent(driver: Driver) -> Any:
    return driver.send(driver.from_a_form(next_attempt(driver, driver.me), driver.me), driver.me)


def _still_refused(driver: Driver, answer: Any, how: str, refused: Callable[[Any], bool]) -> None:
    if refused(answer):
        return
    hint = "" if "cookies" in how else "; if it may trust who runs this, say `Target(trusted_proxy=True)`"
    must(not driver.accepted(answer), f"I am refused, and let in {how}: {described(answer)}{hint}")
    raise Inconclusive(f"{how} I am neither refused by the limit nor let in: {described(answer)}")
