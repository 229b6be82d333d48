"""Accounts and sessions in one SQLite file.

Neither a password nor a session's token can be read back from it: only their hashes are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COST = 2**14
BLOCK_SIZE = 8
SALT_BYTES = 16

SCHEMA = """
create table if not exists account (
    id integer primary key,
    address text not null unique,
    name text not null,
    password text not null
);
create table if not exists session (
    token text primary key,
    account integer not null references account (id) on delete cascade,
    expires real not null
);
"""


class AddressTakenError(Exception):
    """Another account has this address."""


@dataclass(frozen=True)
class Account:
    """Someone who may enter."""

    id: int
    address: str
    name: str


class Store:
    """Opens a connection for each call, so that any thread may use it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # An unknown address must cost as much time as a known one, or the time tells them apart.
        self._nobody = hash_password(secrets.token_hex())
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(SCHEMA)

    def add_account(self, name: str, address: str, password: str) -> None:
        row = (normal(address), name, hash_password(password))
        try:
            with self._connect() as connection:
                connection.execute("insert into account (address, name, password) values (?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise AddressTakenError(f"{normal(address)} has an account already") from None

    def authenticate(self, address: str, password: str) -> Account | None:
        """The account with this address, if the password is its own."""
        query = "select id, address, name, password from account where address = ?"
        with self._connect() as connection:
            row = connection.execute(query, (normal(address),)).fetchone()
        right = password_matches(password, row[3] if row else self._nobody)
        return Account(*row[:3]) if row and right else None

    def open_session(self, account: Account, *, now: float, seconds: float) -> str:
        """The token of a new session."""
        token = secrets.token_urlsafe(32)
        with self._connect() as connection:
            connection.execute("delete from session where expires <= ?", (now,))
            connection.execute("insert into session values (?, ?, ?)", (fingerprint(token), account.id, now + seconds))
        return token

    def visitor(self, token: str, *, now: float) -> Account | None:
        """Whose session this is, while it lasts."""
        query = """
            select account.id, account.address, account.name from session
            join account on account.id = session.account where token = ? and expires > ?
        """
        with self._connect() as connection:
            row = connection.execute(query, (fingerprint(token), now)).fetchone()
        return Account(*row) if row else None

    def close_session(self, token: str) -> None:
        with self._connect() as connection:
            connection.execute("delete from session where token = ?", (fingerprint(token),))

    def clear(self) -> None:
        """Forget everyone."""
        with self._connect() as connection:
            connection.execute("delete from session")
            connection.execute("delete from account")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute("pragma foreign_keys = on")
            yield connection


def normal(address: str) -> str:
    """One spelling for all the ways to type an address."""
    return address.strip().casefold()


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    return f"{salt.hex()}${_scrypt(password, salt).hex()}"


def password_matches(password: str, hashed: str) -> bool:
    salt, _, digest = hashed.partition("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def fingerprint(token: str) -> str:
    """What is kept of a token: whoever reads the file cannot enter with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK_SIZE, p=1)
