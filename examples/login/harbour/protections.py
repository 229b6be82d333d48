"""The protections by name, so that a rehearsal can take out exactly one and watch what notices."""

from __future__ import annotations

ALL = frozenset(
    {
        "audit-log-authentication",
        "audit-log-integrity",
        "audit-log-privileged-actions",
        "authentication-enforced",
        "authorization-enforced",
        "caching",
        "credential-safety",
        "cross-site-protection",
        "data-erasure",
        "data-export",
        "error-disclosure",
        "error-tracking",
        "graceful-degradation",
        "health-checks",
        "input-sanitization",
        "log-redaction",
        "login-throttling",
        "performance-monitoring",
        "privacy-notice",
        "production-configuration",
        "rate-limiting",
        "request-limits",
        "restore-test",
        "rollback",
        "security-headers",
        "session-security",
        "structured-logging",
        "transaction-integrity",
        "vulnerability-disclosure",
    },
)


def checked(without: frozenset[str]) -> frozenset[str]:
    """The names as given.

    Raises:
        ValueError: If there is no protection of that name: it would be left on unnoticed.
    """
    if unknown := without - ALL:
        raise ValueError(f"no protection is called {', '.join(sorted(unknown))}")
    return without
