"""Copies of the database that were looked at, and the way back from them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from harbour.database import connect

if TYPE_CHECKING:
    from pathlib import Path


class BackupError(Exception):
    """There is no good copy, or no empty place to put one."""


def backup(database: Path, target: Path, *, careful: bool = True) -> Path:
    """Copy the database while it is in use.

    Raises:
        BackupError: If there is nothing to copy, something in the way, or the copy is damaged.
    """
    if target.exists():
        raise BackupError(f"{target} is there already")
    if not careful:
        # What many do: it misses whatever still waits in the write-ahead log.
        shutil.copyfile(database, target)
        return target
    _copy(database, target)
    return target


def restore(copy: Path, database: Path) -> Path:
    """Put a copy where there is no database.

    Raises:
        BackupError: If the copy is damaged, or a database is there already.
    """
    if database.exists():
        raise BackupError(f"{database} is there already: restore into an empty place and look at it first")
    check(copy)
    database.parent.mkdir(parents=True, exist_ok=True)
    _copy(copy, database)
    return database


def check(database: Path) -> None:
    """See that a file is a whole database of Harbour's.

    Raises:
        BackupError: If it is not.
    """
    try:
        with closing(connect(database)) as connection:
            found = connection.execute("pragma integrity_check").fetchone()[0]
            connection.execute("select count(*) from account").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{database} cannot be read: {error}") from error
    if found != "ok":
        raise BackupError(f"{database} is damaged: {found}")


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(connect(source)) as reading, closing(sqlite3.connect(part)) as writing:
            reading.backup(writing)
            # A copy that stands alone: without a write-ahead log beside it.
            writing.execute("pragma journal_mode = delete")
        part.chmod(0o600)
        check(part)
        os.replace(part, target)  # noqa: PTH105 - at once or not at all
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{source} cannot be copied: {error}") from error
    finally:
        part.unlink(missing_ok=True)
