"""Which traits a feature may have, guessed from its words: a proposal for a person to confirm, never a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs_jetty.spec.model import Feature

WORDS: Mapping[str, tuple[str, ...]] = {
    "authentication": (
        "sign in", "signs in", "signed in", "sign up", "log in", "logs in", "logged in", "login", "password", "account",
        "one-time code", "two factor", "session",
    ),
    "ui": ("page", "button", "form", "screen", "click", "clicks", "see", "sees"),
    "api": ("api", "endpoint", "endpoints", "json", "client", "status 200", "token", "openapi"),
    "stores-data": (
        "save", "saves", "saved", "store", "stores", "stored", "create", "creates", "delete", "deletes", "update",
        "updates", "record", "records", "database", "edit", "edits",
    ),
    "handles-pii": ("email", "e-mail", "address", "phone", "name and address", "birthday", "personal data", "profile"),
    "health-data": ("patient", "patients", "diagnosis", "health record", "prescription", "medication"),
    "payment": ("pay", "pays", "paid", "payment", "card", "checkout", "invoice", "refund", "price"),
    "admin": ("admin", "administrator", "administrators", "operator", "role", "roles", "permission"),
    "multi-tenant": ("tenant", "tenants", "organisation", "organization", "workspace", "customer's data"),
    "file-upload": ("upload", "uploads", "uploaded", "attachment", "attach", "attaches"),
    "outbound-fetch": ("preview a link", "fetch a page", "fetches", "import from a url", "url of a picture"),
    "webhook": ("webhook", "webhooks", "callback"),
    "external-dependency": (
        "mail server", "provider", "third party", "payment provider", "sms", "partner", "gateway",
    ),
    "background-job": ("job", "jobs", "queue", "queued", "nightly", "schedule", "scheduled", "cron", "every night"),
    "public-endpoint": ("visitor", "visitors", "stranger", "anonymous", "public", "anyone", "not signed in"),
}  # fmt: skip
"""The words and phrases that speak for a trait, lower case."""


@dataclass(frozen=True)
class Guess:
    """A trait that a feature may have, and the words that speak for it."""

    trait: str
    because: tuple[str, ...]


def guessed(feature: Feature) -> tuple[Guess, ...]:
    """The traits that the words of a feature speak for, in the order of the table."""
    text = " ".join(_words_of(feature)).lower()
    found = ((trait, tuple(word for word in words if _occurs(word, text))) for trait, words in WORDS.items())
    return tuple(Guess(trait, because) for trait, because in found if because)


def _words_of(feature: Feature) -> Iterable[str]:
    yield feature.name
    yield feature.description
    for scenario in feature.scenarios:
        yield scenario.outline or scenario.name
        yield from (step.text for step in scenario.steps)


def _occurs(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
