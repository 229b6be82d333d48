"""What someone says for the blanks of derived scenarios, and whether it makes sense there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mkdocs_jetty.cli.errors import WrongUse, plain
from mkdocs_jetty.show.review import FILLERS, blanks
from mkdocs_jetty.standards.model import Direction, Standard
from mkdocs_jetty.standards.quantities import parse, satisfies

NUMBERS: Mapping[str, str] = {**FILLERS, "calls": "1"}
KINDS = {"count": "whole number", "duration": "duration"}


def chosen(action: str | None, page: str | None, fills: Iterable[str]) -> dict[str, str]:
    """Return what the options `--action`, `--page` and `--fill` say.

    Raises:
        WrongUse: If one of them cannot be read.
    """
    found = {name: text for name, text in (("action", action), ("page", page)) if text}
    for each in fills:
        name, equals, text = each.partition("=")
        if not equals or not name or not text.strip():
            raise WrongUse(f"--fill takes NAME=TEXT, not {plain(each)}")
        found[name] = text
    found = {name: " ".join(text.split()) for name, text in found.items()}
    for name, text in found.items():
        if '"' in text:
            raise WrongUse(
                f"{name}: {plain(text)} has a double quote in it, which the steps read as an end of the text"
            )
        _see_sense(name, text)
    return found


def check(found: Mapping[str, str], standards: Sequence[Standard]) -> None:
    """See that there is a blank for each, and that no number is weaker than what a standard asks for.

    Raises:
        WrongUse: If not.
    """
    there = sorted({name for each in standards for name in blanks(each)} | {"action", "page"})
    unknown = sorted(set(found) - set(there))
    if unknown and standards:
        raise WrongUse(f"no scenario to be derived has a blank <{plain(unknown[0])}>; there are: {', '.join(there)}")
    for standard in standards:
        for name in found.keys() & blanks(standard):
            limit = _limit(standard, name)
            if limit and satisfies(found[name], *limit) is False:
                asked = f"{limit[0].replace('-', ' ')} {limit[1]}"
                raise WrongUse(f"{name}: {plain(found[name])} would prove nothing, {standard.id} asks for {asked}")


def _see_sense(name: str, text: str) -> None:
    """Where a number belongs there is one, and not zero."""
    usual = parse(NUMBERS.get(name, ""))
    if usual is None:
        return
    # With its package come pytest and all that the steps need, and no other command needs them.
    from mkdocs_jetty.steps.values import Count, Duration, amount  # noqa: PLC0415

    what, pattern = KINDS[usual.kind], {"count": Count.pattern, "duration": Duration.pattern}[usual.kind]
    if not re.fullmatch(pattern, text, re.IGNORECASE) or (usual.kind == "count" and "." in text):
        raise WrongUse(f"{name} takes a {what} such as {NUMBERS[name]}, not {plain(text)}")
    if amount(text, usual.kind) <= 0:
        raise WrongUse(f"{name}: {plain(text)} would try nothing; it takes a {what} above zero")


def _limit(standard: Standard, name: str) -> tuple[Direction, str] | None:
    """Return what a standard asks of a blank; of calls: the first one and its repetitions."""
    asked, retries = standard.thresholds.get(name), standard.thresholds.get("retries")
    if name == "calls" and asked is None and retries is not None and retries.value.isdecimal():
        return retries.direction, str(int(retries.value) + 1)
    return (asked.direction, asked.value) if asked else None
