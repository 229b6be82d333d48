"""What scanners look for, told from their names: another's report does not answer a standard."""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = {
    "secrets": "secrets in the history and in images",
    "dependencies": "known vulnerabilities of dependencies",
    "static": "weaknesses in the source code",
    "dynamic": "weaknesses of the running system",
}
"""Each kind, and what it looks for."""
EXAMPLES = {
    "secrets": "gitleaks, trufflehog or detect-secrets",
    "dependencies": "pip-audit, osv-scanner, trivy or grype",
    "static": "bandit, semgrep or CodeQL",
    "dynamic": "ZAP, nuclei or schemathesis",
}
"""A few tools of each kind, by name."""
TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("gitleaks", ("secrets",)), ("trufflehog", ("secrets",)), ("detect-?secrets", ("secrets",)),
    ("ggshield|gitguardian", ("secrets",)), ("noseyparker", ("secrets",)),
    ("trivy", ("dependencies", "secrets")), ("snyk( open source)?", ("dependencies",)), ("snyk code", ("static",)),
    ("pip-?audit", ("dependencies",)), ("osv-?scanner", ("dependencies",)), ("grype", ("dependencies",)),
    ("npm[ -]audit", ("dependencies",)), ("(owasp )?dependency-?check", ("dependencies",)),
    ("cyclonedx", ("dependencies",)), ("safety", ("dependencies",)), ("cargo-?audit", ("dependencies",)),
    ("govulncheck", ("dependencies",)), ("bandit", ("static",)), ("semgrep( oss| pro)?", ("static",)),
    ("codeql", ("static",)), ("ruff", ("static",)), ("eslint", ("static",)), ("gosec", ("static",)),
    ("brakeman", ("static",)), (r"sonar\w*", ("static",)), ("(owasp )?zap", ("dynamic",)), ("nuclei", ("dynamic",)),
    ("schemathesis", ("dynamic",)), ("nikto", ("dynamic",)), ("burp.*", ("dynamic",)), ("wapiti", ("dynamic",)),
)  # fmt: skip
"""The names as the tools write them into their reports, as patterns, and the kinds that each is of."""


def kinds_of(name: str) -> tuple[str, ...]:
    """The kinds of scan that a tool of this name makes; none for a name that is not known here."""
    plain = " ".join(name.split()).casefold()
    return next((kinds for pattern, kinds in TOOLS if re.fullmatch(pattern, plain)), ())


def wanted(kinds: Iterable[str]) -> str:
    """Return what kinds of scan look for, each with a few tools, for a sentence."""
    return " and ".join(f"{KINDS[kind]} ({EXAMPLES[kind]})" for kind in kinds)
