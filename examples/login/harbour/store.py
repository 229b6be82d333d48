"""Accounts, sessions and resets.

Neither a password nor a token can be read back from the file: only their hashes are kept.
"""

# ruff: noqa: S608 - the only thing put into a query as text is a list of columns of our own

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harbour.passwords import fingerprint

if TYPE_CHECKING:
    from harbour.database import Database
    from harbour.passwords import Passwords

MEMBER, ADMIN = "member", "admin"
ROLES = (MEMBER, ADMIN)
IDLE_SECONDS = 60 * 60
ABSOLUTE_SECONDS = 24 * 60 * 60
RESET_SECONDS = 30 * 60
TOUCH_SECONDS = 30
FOREVER = 10 * 365 * 24 * 60 * 60
COLUMNS = "account.id, account.address, account.name, account.role"


class AddressTakenError(Exception):
    """Another account has this address."""


@dataclass(frozen=True)
class Account:
    """Someone who may enter."""

    id: int
    address: str
    name: str
    role: str = MEMBER


class Store:
    """What is kept of people. `safe_sessions` and `safe_credentials` are protections that can be taken out."""

    def __init__(
        self, database: Database, passwords: Passwords, *, safe_sessions: bool = True, safe_credentials: bool = True
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._idle = IDLE_SECONDS if safe_sessions else FOREVER
        self._absolute = ABSOLUTE_SECONDS if safe_sessions else FOREVER
        self._once = safe_credentials

    def add_account(self, name: str, address: str, password: str, role: str = MEMBER) -> Account:
        row = (normal(address), name, self._passwords.hash(password), role)
        try:
            with self._database.writing() as connection:
                sql = "insert into account (address, name, password, role) values (?, ?, ?, ?)"
                number = connection.execute(sql, row).lastrowid
        except sqlite3.IntegrityError:
            raise AddressTakenError(f"{normal(address)} has an account already") from None
        return Account(number or 0, normal(address), name, role)

    def find(self, address: str) -> Account | None:
        return self._one(f"select {COLUMNS} from account where address = ?", normal(address))

    def account(self, number: int) -> Account | None:
        return self._one(f"select {COLUMNS} from account where id = ?", number)

    def everyone(self, limit: int) -> list[Account]:
        with self._database.reading() as connection:
            rows = connection.execute(f"select {COLUMNS} from account order by id limit ?", (limit,)).fetchall()
        return [Account(*row) for row in rows]

    def authenticate(self, address: str, password: str) -> Account | None:
        """The account with this address, if the password is its own."""
        with self._database.reading() as connection:
            sql = f"select {COLUMNS}, password from account where address = ?"
            row = connection.execute(sql, (normal(address),)).fetchone()
        right = self._passwords.matches(password, row["password"] if row else None)
        return Account(*row[:4]) if row and right else None

    def open_session(self, account: Account, *, now: float, instead_of: str = "") -> str:
        """The token of a new session, in place of one from before."""
        token = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            connection.execute(
                "delete from session where token = ? or seen <= ? or opened <= ?",
                (fingerprint(instead_of), now - self._idle, now - self._absolute),
            )
            connection.execute("insert into session values (?, ?, ?, ?)", (fingerprint(token), now, now, account.id))
        return token

    def visitor(self, token: str, *, now: float) -> Account | None:
        """Whose session this is, while it lasts; being seen makes it last."""
        if not token:
            return None
        sql = f"""select {COLUMNS}, seen from session join account on account.id = session.account
                  where token = ? and seen > ? and opened > ?"""
        mark = fingerprint(token)
        with self._database.reading() as connection:
            row = connection.execute(sql, (mark, now - self._idle, now - self._absolute)).fetchone()
        if row and now - row["seen"] > TOUCH_SECONDS:
            with self._database.writing() as connection:
                connection.execute("update session set seen = ? where token = ?", (now, mark))
        return Account(*row[:4]) if row else None

    def close_session(self, token: str) -> None:
        with self._database.writing() as connection:
            connection.execute("delete from session where token = ?", (fingerprint(token),))

    def sessions(self, account: Account) -> list[tuple[float, float]]:
        """When each was opened and last seen."""
        with self._database.reading() as connection:
            rows = connection.execute("select opened, seen from session where account = ?", (account.id,)).fetchall()
        return [(row["opened"], row["seen"]) for row in rows]

    def new_reset(self, account: Account, *, now: float) -> str:
        """The token of a link that works once; an earlier one stops working."""
        token = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            connection.execute("delete from reset where account = ? or expires <= ?", (account.id, now))
            connection.execute(
                "insert into reset values (?, ?, ?)", (fingerprint(token), now + RESET_SECONDS, account.id)
            )
        return token

    def reset_owner(self, token: str, *, now: float) -> Account | None:
        sql = f"select {COLUMNS} from reset join account on account.id = reset.account where token = ? and expires > ?"
        return self._one(sql, fingerprint(token), now if self._once else 0)

    def use_reset(self, token: str, password: str, *, now: float) -> Account | None:
        """Whose password is now this one. Two uses at the same moment: one of them is too late."""
        hashed = self._passwords.hash(password)
        account = self.reset_owner(token, now=now)
        if account is None:
            return None
        with self._database.writing() as connection:
            if self._once:
                used = connection.execute("delete from reset where token = ?", (fingerprint(token),)).rowcount
                if not used:
                    return None
            connection.execute("update account set password = ? where id = ?", (hashed, account.id))
            connection.execute("delete from session where account = ?", (account.id,))
        return account

    def _one(self, sql: str, *values: object) -> Account | None:
        with self._database.reading() as connection:
            row = connection.execute(sql, values).fetchone()
        return Account(*row) if row else None


def normal(address: str) -> str:
    """One spelling for all the ways to type an address."""
    return address.strip().casefold()
