"""What a program printed or raised, made fit to be shown: no secrets, no escapes, no paths of this machine, no flood.

Masking comes before shortening, so that no half of a secret is left at a cut. It is a net, not a guarantee.
"""

from __future__ import annotations

import base64
import html
import json
import os
import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 20_000
"""Characters that are kept of one text, half of them from its end."""

_SECRET_NAMES = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|(?:^|_|DB)PASS(?:_|$)|(?:API|ACCESS|PRIVATE|SIGNING|ENCRYPTION|ACCOUNT|SSH|GPG)_?KEY"
    r"|_KEY$|^KEY$|CREDENTIAL|(?:^|_)AUTH(?:_|$)|AUTHORIZATION|COOKIE|(?:^|_)DSN$|CONN(?:ECTION)?_?STR(?:ING)?"
    r"|(?:DATABASE|DB|REDIS|BROKER|MONGO|AMQP|POSTGRES|MYSQL|WEBHOOK)\w*_(?:URL|URI)$|(?:^|_)(?:PAT|PWD|JWT)$|WEBHOOK",
    re.IGNORECASE,
)
"""Names of variables whose values are kept to oneself."""
_NO_SECRETS = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK"})
_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|gl(?:pat|ptt|dt|rt|soat)-[\w-]{16,}"  # GitHub, GitLab
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|ya29\.[\w-]{20,}"  # Amazon, Google
    r"|xox[abeoprs]-[\w-]{10,}|(?:sk|rk|pk)_(?:live|test)_\w{16,}|sk-[\w-]{20,}"  # Slack, Stripe, and kin
    r"|npm_\w{30,}|pypi-[\w-]{40,}|dop_v1_\w{40,}|SG\.[\w-]{16,}\.[\w-]{16,}|hvs\.[\w-]{20,}"  # registries, others
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"  # JSON Web Tokens
    r"|\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$[^\s'\"<>]+|\$scrypt\$[^\s'\"<>]+"  # hashes
    r"|(?:pbkdf2_sha\d+|scrypt|argon2)[:$]\d+[^\s'\"<>]{20,}|pbkdf2:sha\d+:\d+\$[^\s'\"<>]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
"""What is a secret by its own shape: the shapes that their issuers document."""
_NAMED = re.compile(
    r"(?P<name>(?:\b(?:proxy-)?authorization\b['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token|digest)\s+)"  # headers
    r"|(?:\b(?:set-)?cookie\b['\"]?\s*[:=]\s*['\"]?[\w.-]+=)"
    r"|(?:\b[\w-]*(?:session|sessid|csrf|xsrf|auth|token|jwt|sid)[\w-]*=(?!=))"  # cookies, queries
    r"|(?:\bbearer\s+))(?P<value>[^\s;,&'\"<>]{6,})",
    re.IGNORECASE,
)
"""What is a secret by the name in front of it, in headers, cookies and addresses."""
_QUOTED = re.compile(
    r"(?P<name>['\"][\w-]*(?:passw(?:or)?d|secret|token|api_?key|session_?id|cookie|authorization)['\"]\s*:\s*)"
    r"(?P<quote>['\"])(?P<value>[^'\"\n]{6,})(?P=quote)",
    re.IGNORECASE,
)
"""The same in JSON and in what Python prints of a dictionary."""
_IN_ADDRESS = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", re.IGNORECASE)
_SHORTEST_SECRET = 8
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and its kin: titles, hyperlinks
    r"|\x1b[ -/]*[0-~]?",
)
_LINE_ENDS = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Scrubber:
    """Cleans texts for one project; made once for a run."""

    def __init__(self, root: Path, hidden: tuple[Path, ...] = (), environ: Mapping[str, str] | None = None) -> None:
        secrets = sorted(_secrets(os.environ if environ is None else environ), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, secrets))) if secrets else None
        self._paths = [
            *(rule for path in (*_spellings(root), *hidden) for rule in _path_rules(path, ".")),
            *_path_rules(_home(), "~")[1:],
        ]

    def __call__(self, text: str) -> str:
        """Return the text as it may be shown."""
        text = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
        text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", _CONTROLS.sub("", text))
        if self._secrets:
            text = self._secrets.sub("***", text)
        text = _without_secrets(text)
        for pattern, replacement in self._paths:
            text = pattern.sub(replacement, text)
        return shorten(text)


def _without_secrets(text: str) -> str:
    """A text without what is a secret by its shape or by the name in front of it."""
    text = _TOKENS.sub("***", text)
    text = _IN_ADDRESS.sub(r"\g<before>***@", text)
    text = _NAMED.sub(r"\g<name>***", text)
    return _QUOTED.sub(r"\g<name>\g<quote>***\g<quote>", text)


def shorten(text: str, limit: int = LIMIT) -> str:
    """Keep the head and the tail of a text that is longer than the limit."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET_NAMES.search(name) and name.upper() not in _NO_SECRETS:
            raw = value.encode("utf-8", "surrogateescape")
            yield from {
                value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
                html.escape(value), urllib.parse.quote(raw), urllib.parse.quote(raw, safe=""),
                urllib.parse.quote_plus(raw), base64.b64encode(raw).decode("ascii").rstrip("="),
                base64.urlsafe_b64encode(raw).decode("ascii").rstrip("="),
            }  # fmt: skip


def _spellings(path: Path) -> tuple[Path, ...]:
    resolved = path.resolve()
    return (path,) if resolved == path else (path, resolved)


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def _path_rules(path: Path | None, name: str) -> list[tuple[re.Pattern[str], str]]:
    """What stands below the directory loses it; the directory itself gets the name."""
    if path is None or path == Path(path.anchor):
        return []
    start = rf"(?<![\w.-]){re.escape(str(path))}"
    return [(re.compile(rf"{start}[/\\](?=[^\s/\\])"), ""), (re.compile(rf"{start}(?![\w-]|\.\w)"), name)]
