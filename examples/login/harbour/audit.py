"""The audit log: one entry after the other, none changed, each sealed with the one before it.

The seal is keyed, so that whoever can write to the file but does not know the secret cannot mend it; the seal of the
head tells when the newest entries are missing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from harbour.database import Database

FIELDS = "event, user_id, timestamp, source_ip, result, action, resource, detail"


@dataclass(frozen=True)
class Entry:
    """Who did what, when, from where, and how it ended."""

    event: str
    user_id: int | None
    timestamp: str
    source_ip: str
    result: str
    action: str
    resource: str
    detail: str


class AuditLog:
    """`sealed` is the protection `audit-log-integrity`."""

    def __init__(self, database: Database, secret: str, clock: Callable[[], float], *, sealed: bool = True) -> None:
        self._database = database
        self._key = hashlib.sha256(f"audit {secret}".encode()).digest()
        self._clock = clock
        self._sealed = sealed

    def write(
        self,
        event: str,
        *,
        user_id: int | None,
        source_ip: str,
        result: str,
        action: str,
        resource: str,
        detail: Mapping[str, object] | None = None,
        within: sqlite3.Connection | None = None,
    ) -> None:
        """Add an entry; `within` another transaction if it must stand or fall with it."""
        told = json.dumps(detail or {}, sort_keys=True)
        entry = Entry(event, user_id, timestamp(self._clock()), source_ip, result, action, resource, told)
        if within is not None:
            self._append(within, entry)
            return
        with self._database.writing() as connection:
            self._append(connection, entry)

    def entries(self, *, user_id: int | None = None, limit: int = -1, offset: int = 0) -> list[Entry]:
        """The newest first."""
        sql = f"select {FIELDS} from audit where ?1 is null or user_id = ?1 order by id desc limit ?2 offset ?3"  # noqa: S608
        with self._database.reading() as connection:
            return [Entry(*row) for row in connection.execute(sql, (user_id, limit, offset)).fetchall()]

    def verify(self) -> list[int]:
        """The numbers of the entries that were altered, or at which some are missing."""
        if not self._sealed:
            return []
        with self._database.reading() as connection:
            rows = connection.execute(f"select id, hash, {FIELDS} from audit order by id").fetchall()  # noqa: S608
            head, seal = connection.execute("select id, seal from audit_head").fetchone()
        broken, before = [], ""
        for position, row in enumerate(rows, 1):
            if row["id"] != position or not hmac.compare_digest(row["hash"], self._seal(before, Entry(*row[2:]))):
                broken.append(int(row["id"]))
            before = row["hash"]
        if head != len(rows) or not hmac.compare_digest(seal, before):
            broken.append(int(head))
        return sorted(set(broken))

    def _append(self, connection: sqlite3.Connection, entry: Entry) -> None:
        last, before = connection.execute("select id, seal from audit_head").fetchone()
        seal = self._seal(before, entry) if self._sealed else ""
        values = asdict(entry)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(
            f"insert into audit (id, hash, {FIELDS}) values (:id, :hash, {marks})",  # noqa: S608 - names of our own
            {**values, "id": last + 1, "hash": seal},
        )
        connection.execute("update audit_head set id = ?, seal = ?", (last + 1, seal))

    def _seal(self, before: str, entry: Entry) -> str:
        text = json.dumps([before, asdict(entry)], sort_keys=True)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def timestamp(now: float) -> str:
    return datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds")
