"""What the stock steps of `mkdocs_jetty.steps` need to know of Harbour."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from harbour.app import PAGES
from harbour.backup import restore
from harbour.gate import Access
from harbour.migrations import MIGRATIONS, Migration, MigrationError, migrate, version
from harbour.static import STYLESHEET

from mkdocs_jetty.steps.ports import Persona, Request, Target, loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import timedelta
    from pathlib import Path

    from conftest import MailServer, People, Person, Running

STRANGERS = frozenset({"visitor", "anonymous"})
MEMBER_PASSWORD = "correct horse battery"
WRONG_PASSWORD = "open sesame"
ROUTES = {"log in": "/sign-in", "ask for a link": "/reset", "change my name": "/profile"}
ROLE_CHANGE = "make Ada an administrator"
FAILING = Migration(
    5, "accounts under a name that nobody asks for",
    ("alter table account rename to person",), ("alter table person rename to account",),
)  # fmt: skip
NEEDS_THREE = "tampering needs three entries"


# ---- where, who, what ----


@pytest.fixture
def jetty_target(harbour: Running) -> Target:
    return Target(base_url=harbour.url)


@dataclass
class Users:
    """The people of the scenario, and a crowd that comes when it is called."""

    people: People
    members: dict[int, Persona] = field(default_factory=dict)

    def persona(self, name: str) -> Persona:
        if name in STRANGERS:
            return Persona(name)
        role = "admin" if name in {"admin", "administrator"} else "member"
        if not (known := [each for each in self.people.known.values() if each.role == role]):
            self.people.join(name, f"{name.replace(' ', '-')}@example.org", MEMBER_PASSWORD, role)
            known = [self.people[name]]
        return self._persona(known[0], name)

    def crowd(self, count: int) -> Sequence[Persona]:
        for number in range(len(self.members), count):
            name = f"member {number}"
            address = f"member{number}@example.org"
            account = self.people.harbour.store.add_account(name, address, MEMBER_PASSWORD)
            facts = {"address": address, "password": MEMBER_PASSWORD}
            self.members[number] = Persona(name, str(account.id), address=loopback(number), facts=facts)
        return [self.members[number] for number in range(count)]

    def _persona(self, person: Person, name: str) -> Persona:
        account = self.people.harbour.store.find(person.address)
        facts = {"address": person.address, "password": person.password}
        return Persona(name, str(account.id), person.role, facts=facts)


@pytest.fixture
def jetty_users(people: People) -> Users:
    return Users(people)


@pytest.fixture
def jetty_actions(people: People) -> Mapping[str, Callable[[Persona, bool], Request]]:
    def log_in(who: Persona, valid: bool) -> Request:
        password = who.facts["password"] if valid else WRONG_PASSWORD
        return Request("POST", "/sign-in", form={"address": who.facts["address"], "password": password})

    def ask_for_a_link(who: Persona, valid: bool) -> Request:
        return Request("POST", "/reset", form={"address": who.facts["address"] if valid else "nobody"})

    def change_my_name(_: Persona, valid: bool) -> Request:
        return Request("POST", "/profile", form={"name": "Augusta" if valid else ""})

    def save_my_profile(_: Persona, valid: bool) -> Request:
        # One key for each form that is opened, as the page of the profile gives it.
        key = secrets.token_urlsafe(16)
        return Request("POST", "/profile", form={"key": key, "name": "Augusta" if valid else ""})

    def promote_ada(_: Persona, valid: bool) -> Request:
        account = people.harbour.store.find(people["Ada"].address)
        return Request("POST", "/admin/role", form={"account": str(account.id), "role": "admin" if valid else "king"})

    return {
        "log in": log_in,
        "sign out": lambda *_: Request("POST", "/sign-out"),
        "ask for a link": ask_for_a_link,
        "change my name": change_my_name,
        "save my profile": save_my_profile,
        "read the audit log": lambda *_: Request("GET", "/admin/audit"),
        ROLE_CHANGE: promote_ada,
    }


@pytest.fixture
def jetty_pages() -> Mapping[str, str]:
    return {"login": "/sign-in", "password reset": "/reset"}


@pytest.fixture
def jetty_private_page() -> str:
    return "/harbour"


@pytest.fixture
def jetty_accepted() -> Callable[[httpx.Response], bool]:
    """Harbour sends a form that it took back to its own page; only to be sent to sign in is a refusal."""
    return lambda answer: answer.status_code < 400 and answer.headers.get("Location") != "/sign-in"


@pytest.fixture
def jetty_routes() -> Sequence[str]:
    return [path for path, method, _, access in PAGES if method == "GET" and access is not Access.PUBLIC]


@pytest.fixture
def jetty_roles() -> Sequence[str]:
    return ("visitor", "member", "admin")


@pytest.fixture
def jetty_permissions() -> Mapping[str, Collection[str]]:
    return {"read the audit log": ("admin",), ROLE_CHANGE: ("admin",), "change my name": ("member", "admin")}


# ---- what it tells ----


@pytest.fixture
def jetty_audit(harbour: Running) -> Callable[[], Sequence[Mapping[str, Any]]]:
    def entries() -> Sequence[Mapping[str, Any]]:
        return [{**asdict(each), **json.loads(each.detail)} for each in reversed(harbour.app.audit.entries())]

    return entries


@pytest.fixture
def jetty_audit_expected(harbour: Running, people: People, jetty_world: Any) -> Mapping[str, Any]:
    """Only a change of role has a target, an old and a new value."""
    if jetty_world.action != ROLE_CHANGE:
        return {}
    account = harbour.app.store.find(people["Ada"].address)
    return {"resource": f"account {account.id}", "old": "member", "new": "admin"}


@pytest.fixture
def jetty_logs(harbour: Running) -> Callable[[], Sequence[Mapping[str, Any]]]:
    """The log lines and, since only they name the release, the error events."""

    def lines() -> Sequence[Mapping[str, Any]]:
        file = harbour.app.settings.log_file
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        events = [{"level": "error", "time": each["timestamp"], **each} for each in harbour.app.errors.events()]
        return sorted([*map(_line, text.splitlines()), *events], key=lambda each: str(each.get("time", "")))

    return lines


def _line(text: str) -> Mapping[str, Any]:
    with suppress(ValueError):
        line = json.loads(text)
        if isinstance(line, dict):
            return line
    return {"message": text}


@pytest.fixture
def jetty_error_events(harbour: Running) -> Callable[[], Sequence[Mapping[str, Any]]]:
    return harbour.app.errors.events


@pytest.fixture
def jetty_metrics(harbour: Running) -> Callable[[], str]:
    headers = {"Authorization": f"Bearer {harbour.app.settings.metrics_token}"}
    return lambda: httpx.get(f"{harbour.url}/metrics", headers=headers, trust_env=False).raise_for_status().text


# ---- time, faults, releases ----


@dataclass
class Hook:
    """Harbour asks a clock for the time, and this one is ours."""

    harbour: Running
    name: str = "hook"

    def pass_by(self, span: timedelta) -> None:
        self.harbour.clock.ahead += span.total_seconds()


@pytest.fixture
def jetty_clock(harbour: Running) -> Hook:
    return Hook(harbour)


class Faults:
    """Takes down the mail server, or moves the database away."""

    def __init__(self, mail: MailServer, database: Path) -> None:
        self._mail = mail
        self._database = database
        self._away = database.with_suffix(".away")

    def break_(self, dependency: str, fault: str, **_: Any) -> None:
        if (dependency, fault) == ("mail server", "down"):
            self._mail.down()
        elif (dependency, fault) == ("database", "down"):
            self._database.rename(self._away)
        else:
            raise KeyError(f"a {dependency} that is {fault}")

    def restore(self) -> None:
        self._mail.up()
        if self._away.exists():
            self._away.rename(self._database)


@pytest.fixture
def jetty_faults(harbour: Running) -> Faults:
    return Faults(harbour.mail, harbour.app.settings.database)


@pytest.fixture
def jetty_missing_texts() -> Mapping[str, str]:
    return {"mail server": "Our mail server does not answer right now."}


@pytest.fixture
def jetty_unexpected(harbour: Running) -> Callable[[str], AbstractContextManager[None]]:
    @contextmanager
    def broken(action: str) -> Iterator[None]:
        route = ROUTES[action]
        harbour.app.breaking[route] = RuntimeError("select password from account, in /srv/harbour/store.py")
        yield
        del harbour.app.breaking[route]

    return broken


@dataclass
class Deploy:
    """A release of Harbour is its schema; the failing one keeps accounts where nobody finds them."""

    harbour: Running

    def version(self) -> str:
        return f"schema {version(self.harbour.app.settings.database)}"

    def deploy(self, version: str) -> None:
        if version != "failing":
            raise NotImplementedError(f"there is no release {version!r}")
        migrate(self.harbour.app.settings.database, (*MIGRATIONS, FAILING))
        assert not self.harbour.app.database.answers(), "the failing release is healthy"

    def rollback(self) -> None:
        self.harbour.app.downgrade(len(MIGRATIONS), (*MIGRATIONS, FAILING))


@pytest.fixture
def jetty_deploy(harbour: Running) -> Iterator[Deploy]:
    deploy = Deploy(harbour)
    yield deploy
    with suppress(MigrationError):
        migrate(harbour.app.settings.database, (*MIGRATIONS, FAILING), to=len(MIGRATIONS))


@pytest.fixture
def jetty_write_meanwhile(harbour: Running) -> Callable[[], None]:
    """Somebody joins by way of the failing release, which keeps accounts under a name of its own."""

    def join() -> None:
        with closing(sqlite3.connect(harbour.app.settings.database)) as connection, connection:
            connection.execute("insert into person (address, name, password) values ('joan@example.org', 'Joan', '')")

    return join


# ---- data ----


@dataclass(frozen=True)
class Copy:
    """A backup, and when it was made."""

    path: Path
    made_at: datetime


@dataclass
class Backup:
    """Harbour's own backup and restore."""

    harbour: Running
    folder: Path
    copies: list[Copy] = field(default_factory=list)

    def newest(self) -> Copy:
        path = self.folder / f"backup-{len(self.copies) + 1}.db"
        self.copies.append(Copy(self.harbour.app.backup(path), datetime.now(timezone.utc)))
        return self.copies[-1]

    def restore(self, backup: Copy) -> Mapping[str, Any]:
        return tables(restore(backup.path, self.folder / "empty" / "harbour.db"))

    def snapshot(self) -> Mapping[str, Any]:
        return tables(self.harbour.app.settings.database)


def tables(database: Path) -> Mapping[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(database)) as connection:
        sql = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
        names = [name for (name,) in connection.execute(sql).fetchall()]
        rows = {name: connection.execute(f"select * from {name}").fetchall() for name in names}  # noqa: S608
    # The failing release renames the table and keeps its rows; the data is the same.
    return {"account" if name == "person" else name: found for name, found in rows.items()}


@pytest.fixture
def jetty_assets() -> tuple[str, ...]:
    return (STYLESHEET,)


@pytest.fixture
def jetty_backup(harbour: Running, tmp_path: Path) -> Backup:
    return Backup(harbour, tmp_path)


@pytest.fixture
def jetty_snapshot(jetty_backup: Backup) -> Callable[[], Any]:
    """What people have stored; that a refusal is in the audit log is no change of theirs."""
    return lambda: jetty_backup.snapshot()["account"]


@pytest.fixture
def jetty_effects(harbour: Running) -> Mapping[str, Callable[[], Mapping[str, int]]]:
    def changes() -> Mapping[str, int]:
        events = [each.event for each in harbour.app.audit.entries()]
        return {"entry in the audit log": events.count("profile-change")}

    return {"save my profile": changes}


class AuditIntegrity:
    """Reaches into the file behind Harbour's back."""

    def __init__(self, harbour: Running) -> None:
        self._harbour = harbour
        self._rows = tables(harbour.app.settings.database)["audit"]
        self._triggers = self._sql("select sql from sqlite_master where type = 'trigger'")

    def verify(self) -> int | None:
        return min(self._harbour.app.audit.verify(), default=None)

    def alter(self) -> int:
        assert len(self._rows) > 2, NEEDS_THREE
        self._behind("update audit set source_ip = '10.0.0.1' where id = 1")
        return 1

    def remove(self) -> int:
        assert len(self._rows) > 2, NEEDS_THREE
        self._behind("delete from audit where id = 2")
        return 3

    def restore(self) -> None:
        marks = ", ".join("?" * len(self._rows[0]))
        self._behind("delete from audit")
        with closing(sqlite3.connect(self._harbour.app.settings.database)) as connection, connection:
            connection.executemany(f"insert into audit values ({marks})", self._rows)  # noqa: S608
            for (sql,) in self._triggers:
                connection.execute(sql)

    def change_as_application(self) -> bool:
        try:
            with self._harbour.app.database.writing() as connection:
                connection.execute("update audit set result = 'success'")
        except sqlite3.IntegrityError:
            return False
        return True

    def _behind(self, change: str) -> None:
        self._sql("drop trigger if exists audit_keeps_updates", "drop trigger if exists audit_keeps_deletes", change)

    def _sql(self, *statements: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._harbour.app.settings.database)) as connection, connection:
            return [row for each in statements for row in connection.execute(each).fetchall()]


@pytest.fixture
def jetty_audit_integrity(harbour: Running) -> AuditIntegrity:
    return AuditIntegrity(harbour)
