"""The schema, one numbered step after the other, each with its way back.

A step happens wholly or not at all. An upgrade after which Harbour is not healthy is taken back step by step, and
what was written meanwhile stays.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harbour.database import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class MigrationError(Exception):
    """A step failed; the schema is as it was before the upgrade."""


@dataclass(frozen=True)
class Migration:
    """One step, and the way back."""

    number: int
    name: str
    up: tuple[str, ...]
    down: tuple[str, ...]


MIGRATIONS = (
    Migration(
        1,
        "accounts and sessions",
        (
            (
                "create table account (id integer primary key autoincrement, address text not null unique,"
                " name text not null, password text not null, role text not null default 'member')"
            ),
            (
                "create table session (token text primary key, opened real not null, seen real not null,"
                " account integer not null references account (id) on delete cascade)"
            ),
        ),
        ("drop table session", "drop table account"),
    ),
    Migration(
        2,
        "audit log, append-only",
        (
            (
                "create table audit (id integer primary key, event text not null, user_id integer,"
                " timestamp text not null,"
                " source_ip text not null, result text not null, action text not null, resource text not null,"
                " detail text not null, hash text not null)"
            ),
            "create table audit_head (only_one integer primary key check (only_one = 1), id integer, seal text)",
            "insert into audit_head values (1, 0, '')",
            "create trigger audit_keeps_updates before update on audit begin select raise(abort, 'append-only'); end",
            "create trigger audit_keeps_deletes before delete on audit begin select raise(abort, 'append-only'); end",
        ),
        ("drop table audit_head", "drop table audit"),
    ),
    Migration(
        3,
        "password resets and the outbox",
        (
            (
                "create table reset (token text primary key, expires real not null,"
                " account integer not null references account (id) on delete cascade)"
            ),
            (
                "create table outbox (id integer primary key, queued real not null,"
                " attempts integer not null default 0,"
                " next real not null, account integer not null references account (id) on delete cascade)"
            ),
        ),
        ("drop table outbox", "drop table reset"),
    ),
    Migration(
        4,
        "changes that take effect once, and error events",
        (
            (
                "create table done_once (account integer not null references account (id) on delete cascade,"
                " key text not null, at real not null, primary key (account, key))"
            ),
            (
                "create table error_event (id integer primary key, timestamp text not null, release text not null,"
                " environment text not null, request_id text not null, route text not null, kind text not null,"
                " stack text not null)"
            ),
        ),
        ("drop table error_event", "drop table done_once"),
    ),
)


def version(path: Path) -> int:
    """The number of the last step taken."""
    with closing(connect(path)) as connection:
        return _version(connection)


def migrate(path: Path, migrations: Sequence[Migration] = MIGRATIONS, *, to: int | None = None) -> int:
    """Go up or down to a version; the last one unless said otherwise.

    Raises:
        MigrationError: If a step failed. Its own changes are undone; steps before it stay.
    """
    with closing(connect(path, create=True)) as connection:
        connection.execute("pragma journal_mode = wal")
        target = max(each.number for each in migrations) if to is None else to
        for each in sorted(migrations, key=lambda one: one.number):
            if _version(connection) < each.number <= target:
                _step(connection, each, each.up, each.number)
        for each in sorted(migrations, key=lambda one: -one.number):
            if target < each.number <= _version(connection):
                _step(connection, each, each.down, each.number - 1)
        return _version(connection)


def upgrade(
    path: Path,
    migrations: Sequence[Migration] = MIGRATIONS,
    *,
    healthy: Callable[[], bool] = lambda: True,
    rollback: bool = True,
) -> int:
    """Go to the last version, and back to where it was if that fails or leaves Harbour unhealthy.

    Raises:
        MigrationError: If the upgrade was taken back.
    """
    before = version(path) if path.exists() else 0
    try:
        after = migrate(path, migrations)
        if healthy():
            return after
        raise MigrationError(f"Harbour is not healthy with version {after}")  # noqa: TRY301 - taken back like any failure
    except MigrationError:
        if rollback:
            migrate(path, migrations, to=before)
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _step(connection: sqlite3.Connection, migration: Migration, statements: Sequence[str], reached: int) -> None:
    connection.execute("begin immediate")
    try:
        for statement in statements:
            connection.execute(statement)
        if connection.execute("pragma foreign_key_check").fetchone():
            raise sqlite3.IntegrityError("rows without what they refer to")
        connection.execute(f"pragma user_version = {int(reached)}")
        connection.execute("commit")
    except sqlite3.Error as error:
        connection.execute("rollback")
        raise MigrationError(f"step {migration.number} ({migration.name}): {error}") from error
