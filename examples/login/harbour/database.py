"""One SQLite file, and connections to it that any thread may use, one call after the other."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 10
MOST_IDLE = 50


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection that leaves the beginning and end of transactions to its caller."""
    # Without mode=rw a lost file would come back empty, and everyone would seem to have no account.
    address = f"{path.resolve().as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma synchronous = normal")
    return connection


class Database:
    """Reads and whole transactions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # SQLite lets writers poll for their turn; a lock of our own hands it on at once.
        self._turn = threading.Lock()
        self._idle: deque[tuple[int, sqlite3.Connection]] = deque()
        self._keeping = False

    def hold(self) -> None:
        """Keep connections for the next call: closing the last one would copy the whole write-ahead log each time."""
        self._keeping = True

    def release(self) -> None:
        self._keeping = False
        while self._idle:
            self._idle.pop()[1].close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        file = self._file()
        connection = self._take(file) or connect(self.path)
        try:
            yield connection
        finally:
            if self._keeping and not connection.in_transaction and len(self._idle) < MOST_IDLE:
                self._idle.append((file, connection))
            else:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing, one writer at a time."""
        with self._turn, self.reading() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def _file(self) -> int:
        """Which file it is: a kept connection would go on with one that was moved away."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _take(self, file: int) -> sqlite3.Connection | None:
        while self._idle:
            try:
                kept, connection = self._idle.pop()
            except IndexError:
                return None
            if kept == file:
                return connection
            connection.close()
        return None

    def answers(self) -> bool:
        """Whether the accounts can be read."""
        try:
            with self.reading() as connection:
                connection.execute("select 1 from account limit 1").fetchone()
        except sqlite3.Error:
            return False
        return True
