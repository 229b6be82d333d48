"""What a program printed or raised, made fit to be shown: no secrets, no escapes, no paths of this machine, no flood.

Masking comes before shortening, so that no half of a secret is left at a cut. It is a net, not a guarantee.
"""

from __future__ import annotations

import base64
import os
import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 20_000
"""Characters that are kept of one text, half of them from its end."""

_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|CREDENTIAL", re.IGNORECASE)
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
        for pattern, replacement in self._paths:
            text = pattern.sub(replacement, text)
        return shorten(text)


def shorten(text: str, limit: int = LIMIT) -> str:
    """Keep the head and the tail of a text that is longer than the limit."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _secrets(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if len(value) >= _SHORTEST_SECRET and _SECRET_NAMES.search(name):
            raw = value.encode("utf-8", "surrogateescape")
            yield value
            yield urllib.parse.quote(raw, safe="")
            yield base64.b64encode(raw).decode("ascii").rstrip("=")


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
