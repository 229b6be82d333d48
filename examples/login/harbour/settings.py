"""The configuration, read from the environment once, at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_LENGTH = 32
YES = frozenset({"1", "true", "yes", "on"})


class ConfigurationError(Exception):
    """Harbour must not start like this."""


@dataclass(frozen=True)
class Settings:
    """What differs from one installation to the next."""

    database: Path = Path("harbour.db")
    production: bool = False
    debug: bool = False
    secret: str = "for development only"
    public_url: str = "http://127.0.0.1:8080"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    smtp_timeout: float = 0.8
    mail_from: str = "harbour@example.org"
    mail_retry: float = 5.0
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = ""
    security_contact: str = "mailto:security@example.org"
    log_file: Path | None = None
    scrypt_cost: int = 2**14

    def check(self) -> Settings:
        """These settings, if Harbour may start with them.

        Raises:
            ConfigurationError: If production would be served with what is meant for development.
        """
        if not self.production:
            return self
        if len(self.secret) < SECRET_LENGTH or self.secret == Settings.secret:
            raise ConfigurationError(f"HARBOUR_SECRET must have at least {SECRET_LENGTH} characters in production")
        if self.debug:
            raise ConfigurationError("HARBOUR_DEBUG must be off in production")
        if not self.public_url.startswith("https://"):
            raise ConfigurationError("HARBOUR_PUBLIC_URL must begin with https:// in production")
        return self


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read `HARBOUR_…`.

    Raises:
        ConfigurationError: If a value cannot be read, or production lacks what it needs.
    """

    def text(name: str, default: str) -> str:
        return environment.get(f"HARBOUR_{name}", default)

    log_file = text("LOG_FILE", "")
    try:
        return Settings(
            database=Path(text("DATABASE", "harbour.db")),
            production=text("MODE", "development") == "production",
            debug=text("DEBUG", "").lower() in YES,
            secret=text("SECRET", Settings.secret),
            public_url=text("PUBLIC_URL", Settings.public_url).rstrip("/"),
            smtp_host=text("SMTP_HOST", Settings.smtp_host),
            smtp_port=int(text("SMTP_PORT", "25")),
            smtp_user=text("SMTP_USER", ""),
            smtp_password=text("SMTP_PASSWORD", ""),
            smtp_starttls=text("SMTP_STARTTLS", "").lower() in YES,
            mail_from=text("MAIL_FROM", Settings.mail_from),
            trusted_proxies=tuple(filter(None, text("TRUSTED_PROXIES", "").replace(" ", "").split(","))),
            metrics_token=text("METRICS_TOKEN", ""),
            security_contact=text("SECURITY_CONTACT", Settings.security_contact),
            log_file=Path(log_file) if log_file else None,
        ).check()
    except ValueError as error:
        raise ConfigurationError(f"the environment cannot be read: {error}") from None
