"""Mail: a port, its SMTP adapter, and an outbox that outlasts a mail server's bad day.

The outbox holds for whom a link is to be made and never the link: it is made when the mail goes out, so that no token
lies in the database and its half hour begins when the mail is sent.
"""

from __future__ import annotations

import random
import smtplib
import threading
import time
from contextlib import suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from harbour.database import Database
    from harbour.settings import Settings
    from harbour.store import Account, Store

FAILURES = 3
PAUSE_SECONDS = 2.0
LONGEST_WAIT = 300.0
BATCH = 20
TEXT = """Hello {name},

someone asked for a new password for your Harbour account. If it was you, choose one here within 30 minutes:

{link}

If it was not you, there is nothing to do: your password is as it was.
"""


class Mailer(Protocol):
    """Whatever can carry a mail."""

    def reachable(self) -> bool:
        """Whether a mail would be taken now; known within a second or so."""

    def send(self, message: EmailMessage) -> bool:
        """Whether the mail was taken."""


class SmtpMailer:
    """Calls the mail server, but leaves it alone for a moment after it has failed three times."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._failures = 0
        self._paused_until = 0.0

    def reachable(self) -> bool:
        return self._try(lambda server: server.noop())

    def send(self, message: EmailMessage) -> bool:
        return self._try(lambda server: server.send_message(message))

    def _try(self, action: Callable[[smtplib.SMTP], object]) -> bool:
        with self._lock:
            if time.monotonic() < self._paused_until:
                return False
        try:
            with self._open() as server:
                action(server)
        except (OSError, smtplib.SMTPException):
            self._failed()
            return False
        with self._lock:
            self._failures = 0
        return True

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._paused_until = time.monotonic() + PAUSE_SECONDS
                self._failures = 0

    def _open(self) -> smtplib.SMTP:
        settings = self._settings
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout)
        try:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
        except BaseException:
            server.close()
            raise
        return server


class Outbox:
    """What waits to be sent, and the thread that sends it."""

    def __init__(
        self, database: Database, store: Store, mailer: Mailer, settings: Settings, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._store = store
        self._mailer = mailer
        self._settings = settings
        self._clock = clock
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def queue(self, account: Account, within: sqlite3.Connection | None = None) -> None:
        """Remember that this account is to get a link."""
        now = self._clock()
        sql = "insert into outbox (queued, next, account) values (?, ?, ?)"
        if within is not None:
            within.execute(sql, (now, now, account.id))
        else:
            with self._database.writing() as connection:
                connection.execute(sql, (now, now, account.id))
        self._wake.set()

    def waiting(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("select count(*) from outbox").fetchone()[0])

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._wake.set()
        if self._thread:
            self._thread.join(self._settings.smtp_timeout * 4)

    def deliver(self) -> None:
        """Send what is due; what cannot be sent waits longer each time."""
        with self._database.reading() as connection:
            sql = "select id, account, attempts from outbox where next <= ? order by id limit ?"
            due = connection.execute(sql, (self._clock(), BATCH)).fetchall()
        for row in due:
            account = self._store.account(row["account"])
            if account is None or self._send(account):
                self._change("delete from outbox where id = ?", row["id"])
                continue
            wait = min(self._settings.mail_retry * 2 ** min(row["attempts"], 10), LONGEST_WAIT)
            later = self._clock() + wait * random.uniform(0.8, 1.2)  # noqa: S311 - no secret, only spread
            self._change("update outbox set attempts = attempts + 1, next = ? where id = ?", later, row["id"])

    def _send(self, account: Account) -> bool:
        token = self._store.new_reset(account, now=self._clock())
        message = EmailMessage()
        message["From"] = self._settings.mail_from
        message["To"] = account.address
        message["Subject"] = "A new password for Harbour"
        message.set_content(
            TEXT.format(name=account.name, link=f"{self._settings.public_url}/reset/choose?token={token}")
        )
        return self._mailer.send(message)

    def _change(self, sql: str, *values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(sql, values)

    def _work(self) -> None:
        while not self._ended.is_set():
            # The database may be away for a while; the outbox must not end with it.
            with suppress(Exception):
                self.deliver()
            self._wake.wait(self._settings.mail_retry)
            self._wake.clear()
