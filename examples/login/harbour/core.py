"""Harbour put together: its parts, and which of its protections are on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harbour import protections
from harbour.audit import AuditLog
from harbour.backup import backup
from harbour.database import Database
from harbour.mail import Mailer, Outbox, SmtpMailer
from harbour.migrations import MIGRATIONS, MigrationError, migrate, upgrade
from harbour.observe import Errors, Log, Metrics
from harbour.pages import Pages
from harbour.passwords import Passwords
from harbour.store import Store
from harbour.throttle import LoginThrottle, RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harbour.migrations import Migration
    from harbour.settings import Settings


class Harbour:
    """`clock` tells the time, so that a specification can let it pass; `without` takes protections out."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        mailer: Mailer | None = None,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._without = protections.checked(without)
        self.settings = settings.check() if self.on("production-configuration") else settings
        self.clock = clock
        self.breaking: dict[str, Exception] = {}
        """What a rehearsal lets fail: the route, and how."""
        self.database = Database(settings.database)
        self.upgrade()
        self.passwords = Passwords(settings.scrypt_cost, safe=self.on("credential-safety"))
        self.store = Store(
            self.database,
            self.passwords,
            safe_sessions=self.on("session-security"),
            safe_credentials=self.on("credential-safety"),
        )
        self.mailer = mailer or SmtpMailer(settings)
        self.outbox = Outbox(self.database, self.store, self.mailer, settings, clock)
        self.throttle = LoginThrottle(clock)
        self.rate_limit = RateLimit(clock)
        self.audit = AuditLog(self.database, settings.secret, clock, sealed=self.on("audit-log-integrity"))
        self.log = Log(
            clock, settings.log_file, structured=self.on("structured-logging"), redacted=self.on("log-redaction")
        )
        self.metrics = Metrics()
        self.errors = Errors(self.database, clock, "production" if settings.production else "development")
        self.pages = Pages(escaping=self.on("input-sanitization"), notice=self.on("privacy-notice"))

    def on(self, protection: str) -> bool:
        """Whether a protection is in place.

        Raises:
            ValueError: If there is none of that name.
        """
        if protection not in protections.ALL:
            raise ValueError(f"no protection is called {protection}")
        return protection not in self._without

    def upgrade(self) -> int:
        """Bring the schema to the last version."""
        return upgrade(self.settings.database, healthy=self.database.answers, rollback=self.on("rollback"))

    def downgrade(self, to: int, migrations: Sequence[Migration] = MIGRATIONS) -> int:
        """Take a release back by the ways that its steps bring along.

        Raises:
            MigrationError: If there is no way back.
        """
        if not self.on("rollback"):
            raise MigrationError("the steps bring no way back")
        return migrate(self.settings.database, migrations, to=to)

    def backup(self, target: Path) -> Path:
        return backup(self.settings.database, target, careful=self.on("restore-test"))

    def start(self) -> None:
        """Begin to send mail."""
        self.database.hold()
        self.outbox.start()

    def stop(self) -> None:
        self.outbox.stop()
        self.database.release()
