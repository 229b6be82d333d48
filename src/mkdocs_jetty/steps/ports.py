"""What the steps need to know of the system under test: fixtures for you to override.

A port that nobody has filled raises `Unavailable`, so its scenario is "not run", with what is missing, and never green.
Override a fixture in your own `conftest.py`:

    @pytest.fixture
    def jetty_target(server):
        return Target(base_url=server.url)

    @pytest.fixture
    def jetty_actions():
        return {"log in": lambda who, valid: Request("POST", "/login", form={...})}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.standards.model import Environment
from mkdocs_jetty.steps.examples import EXAMPLES

HOME = "127.0.0.1"
"""Where a proxy on this machine would come from too."""
OWN = "127.0.0.2"
"""An address of one's own, which a system cannot mistake for that of a proxy beside it."""


@dataclass(frozen=True)
class Target:
    """The system under test.

    Attributes:
        base_url: Where it listens, `http://127.0.0.1:8000`; or else
        app: an ASGI or WSGI application to be served for the test.
        environment: Where this is observed.
        allowed_hosts: Hosts beside loopback that load, fuzzing and faults may be sent to.
        production: Whether a production environment may be attacked at all.
        trusted_proxy: Whether the system believes the `X-Forwarded-For` of whoever runs the scenarios, as it believes
            its own proxy.
    """

    base_url: str | None = None
    app: Any = None
    environment: Environment = "local"
    allowed_hosts: tuple[str, ...] = ()
    production: bool = False
    trusted_proxy: bool = False


@dataclass(frozen=True)
class Request:
    """One request, in a form that any engine can send."""

    method: str
    path: str
    form: Mapping[str, str] | None = None
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Persona:
    """Somebody who uses the system."""

    name: str
    user_id: str | None = None
    role: str = "user"
    address: str = OWN
    """The source address to connect from; on Linux all of 127.0.0.0/8 is local. Where `OWN` cannot be, it is `HOME`."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What their actions need: an address, a password."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What each of their requests carries, where no cookie says who they are: `{"Authorization": "Bearer …"}`."""


Action = Callable[[Persona, bool], Request]
"""Makes the request of an action for a persona; with wrong credentials or input where the flag is false."""


class Users(Protocol):
    """Who there is."""

    def persona(self, name: str) -> Persona:
        """The persona of this name; signed in by the action `sign in` where a step asks for it."""

    def crowd(self, count: int) -> Sequence[Persona]:
        """As many different users, each with an address of their own."""


class Clock(Protocol):
    """Lets time pass for the system under test."""

    name: str
    """The strategy, named in the result: `in-process`, `hook`, `contract` or `wait`."""

    def pass_by(self, span: timedelta) -> None:
        """Let this much time pass."""


class Faults(Protocol):
    """Breaks what the system depends on."""

    def break_(self, dependency: str, fault: str, **details: Any) -> None:
        """Break a dependency: `down`, `slow` (seconds), `hang` or `drop` (percent)."""

    def restore(self) -> None:
        """Mend everything."""


class Deploy(Protocol):
    """Starts, stops and replaces the system."""

    def deploy(self, version: str) -> None: ...
    def rollback(self) -> None: ...
    def version(self) -> str: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def start(self) -> None: ...


class Backup(Protocol):
    """Backs the data up and restores it into an empty environment."""

    def newest(self) -> Any:
        """The newest backup, with an attribute `made_at` (an aware datetime)."""

    def restore(self, backup: Any) -> Any:
        """Restore it into an empty environment and return a snapshot of the restored data."""

    def snapshot(self) -> Any:
        """A snapshot of the data as it is, comparable with `==`."""


@dataclass(frozen=True)
class Load:
    """How load is made: chosen here, never by the wording of a step.

    Attributes:
        engine: `builtin` (one machine, up to about 1,000 users at once), `locust` (a process of its own, or a master
            with workers on other machines), or `report` (the load ran elsewhere).
        workers: For `locust`, how many workers must join; 0 runs it in one process.
        start_workers: Called with the master's host and port, to start workers where the team has machines.
        max_users, max_requests, max_seconds: Caps.
        report: For `report`, the file.
    """

    engine: str = "builtin"
    workers: int = 0
    start_workers: Callable[[str, int], None] | None = None
    max_users: int = 1000
    max_requests: int = 100_000
    max_seconds: float = 120.0
    report: str | None = None


@dataclass
class World:
    """What the steps of one scenario hand on to each other."""

    persona: Persona = field(default_factory=lambda: Persona("anonymous"))
    action: str | None = None
    response: Any = None
    """The last answer, an `httpx.Response`."""
    responses: list[Any] = field(default_factory=list)
    load: Any = None
    """What a load step observed."""
    notes: dict[str, Any] = field(default_factory=dict)


class _Crowd:
    """Anonymous users, each with a loopback address of their own."""

    def persona(self, name: str) -> Persona:
        return Persona(name)

    def crowd(self, count: int) -> Sequence[Persona]:
        return [Persona(f"user-{number}", f"user-{number}", address=loopback(number)) for number in range(count)]


def loopback(number: int) -> str:
    """An address of this machine for the n-th user, from 127.0.1.1 on."""
    return f"127.{1 + number // 62_500}.{1 + number // 250 % 250}.{1 + number % 250}"


def missing(port: str, what: str) -> Unavailable:
    """Return what a port says that nobody has filled, with what it would return."""
    returned = EXAMPLES.get(port)
    example = f"; it returns {returned}" if returned else ""
    return Unavailable(f"this needs {what}: override the fixture `{port}` in features/conftest.py{example}")


@pytest.fixture
def jetty_target() -> Target:
    """The system under test; override it."""
    raise missing("jetty_target", "to know where the system listens")


@pytest.fixture
def jetty_actions() -> Mapping[str, Action]:
    """Verb phrase to action: `{"log in": make_request}`; override it."""
    return {}


@pytest.fixture
def jetty_pages() -> Mapping[str, str]:
    """Page name to path; a page that is not named here is taken by its name."""
    return {}


@pytest.fixture
def jetty_users() -> Users:
    """Who there is; anonymous users unless overridden."""
    return _Crowd()


@pytest.fixture
def jetty_audit() -> Callable[[], Sequence[Mapping[str, Any]]]:
    """Gives all entries of the audit log, oldest first; override it."""
    raise missing("jetty_audit", "to read the audit log")


@pytest.fixture
def jetty_audit_fields() -> Mapping[str, str]:
    """How a field is called in a scenario, and in an entry."""
    return {
        "user ID": "user_id", "timestamp": "timestamp", "IP address": "source_ip", "event": "event", "result": "result",
        "action": "action", "resource": "resource",
    }  # fmt: skip


@pytest.fixture
def jetty_logs() -> Callable[[], Sequence[Mapping[str, Any]]]:
    """Gives all structured log lines, oldest first; override it."""
    raise missing("jetty_logs", "to read the logs")


@pytest.fixture
def jetty_metrics() -> Callable[[], str]:
    """Gives the metrics as text in Prometheus' format; override it."""
    raise missing("jetty_metrics", "to read the metrics")


@pytest.fixture
def jetty_clock() -> Clock | None:
    """How to let time pass; without one, the promise in `Retry-After` is all that can be checked."""
    return None


@pytest.fixture
def jetty_faults() -> Faults:
    """How to break what the system depends on; override it."""
    raise missing("jetty_faults", "a way to break dependencies")


@pytest.fixture
def jetty_deploy() -> Deploy:
    """How to deploy and to stop the system; override it."""
    raise missing("jetty_deploy", "a way to deploy")


@pytest.fixture
def jetty_backup() -> Backup:
    """How to back up and restore; override it."""
    raise missing("jetty_backup", "a way to back up and restore")


@pytest.fixture
def jetty_load() -> Load:
    """How load is made."""
    return Load()


@pytest.fixture
def jetty_world() -> World:
    """What the steps of one scenario hand on to each other."""
    return World()


@pytest.fixture
def jetty_measure(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Record a number that a step ran with or observed: shown on the page, and compared with the preset."""
    return lambda name, value: record_property(f"jetty.{name}", str(value))


def action_named(actions: Mapping[str, Action], name: str) -> Action:
    """The action of this name.

    Raises:
        Unavailable: If the project has none.
    """
    found = actions.get(name) or next((each for key, each in actions.items() if _plain(key) == _plain(name)), None)
    if found is None:
        known = ", ".join(f"`{each}`" for each in actions) or "none"
        raise Unavailable(
            f"no action `{name}` in the fixture `jetty_actions` (there are: {known}); "
            f"it returns {EXAMPLES['jetty_actions']}"
        )
    return found


def _plain(name: str) -> str:
    """`Log in`, `login` and `sign-in` are one action."""
    plain = "".join(each for each in name.casefold() if each.isalnum())
    return {"login": "signin", "logout": "signout"}.get(plain, plain)


class AuditIntegrity(Protocol):
    """Reaches behind the application to its audit log, and has it verified."""

    def verify(self) -> Any:
        """Return what verification calls the first bad entry, or None if the log is sound."""

    def alter(self) -> Any:
        """Change one entry behind the application's back; gives what verification has to call it."""

    def remove(self) -> Any:
        """Remove one entry that others follow; gives what verification has to call the first bad place."""

    def restore(self) -> None:
        """Put the log back as it was."""

    def change_as_application(self) -> bool:
        """Try to change an entry with the application's own account; whether that succeeded."""


@pytest.fixture
def jetty_audit_integrity() -> AuditIntegrity:
    """How to tamper with the audit log and to verify it; override it."""
    raise missing("jetty_audit_integrity", "a way to tamper with the audit log and to verify it")


@pytest.fixture
def jetty_effects() -> Mapping[str, Callable[[], Mapping[str, int]]]:
    """Action to what the data shows of it, part by part; one run of the action raises every part by one.

    `{"place an order": lambda: {"order": count("orders"), "payment": count("payments")}}`
    """
    return {}


@pytest.fixture
def jetty_missing_texts() -> Mapping[str, str]:
    """Dependency to what an answer says when it is missing; one that is not named here is called by its name."""
    return {}


@pytest.fixture
def jetty_stored() -> Callable[[], Sequence[str]] | None:
    """Gives every text that the system keeps, as it keeps it; without it, only answers and pages can be looked at."""
    return None


@pytest.fixture
def jetty_allowed_licences() -> Sequence[str]:
    """The SPDX identifiers of the licences that are allowed; override it."""
    raise missing("jetty_allowed_licences", "the licences that are allowed")


@pytest.fixture
def jetty_root(request: pytest.FixtureRequest) -> Path:
    """The directory that the paths of reports are relative to."""
    return request.config.rootpath
