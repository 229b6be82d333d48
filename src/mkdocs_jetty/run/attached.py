"""What steps attach to their results: text, JSON, pictures, videos, traces. What it is, its content says."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

LARGEST = 5_000_000
"""Bytes of one attachment."""
MOST = 20
"""Attachments of one scenario."""
TEXT, JSON, OTHER = "text/plain", "application/json", "application/octet-stream"
_BEGINNINGS = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"), (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"), (4, b"ftyp", "video/mp4"), (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"), (0, b"%PDF-", "application/pdf"),
)  # fmt: skip
"""How files begin, by https://mimesniff.spec.whatwg.org/; where, what, and what they are then."""
ENDINGS = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "video/mp4": "mp4",
    "video/webm": "webm", "application/zip": "zip", "application/pdf": "pdf", TEXT: "txt", JSON: "json", OTHER: "bin",
}  # fmt: skip


@dataclass(frozen=True)
class Attachment:
    """One thing that a step attached."""

    name: str
    media_type: str
    text: str | None = None
    """What it says, of text and JSON."""
    data: str | None = None
    """What it holds, in Base64, of everything else."""

    @property
    def content(self) -> bytes:
        """What it holds."""
        return base64.b64decode(self.data) if self.data is not None else (self.text or "").encode("utf-8", "replace")

    @property
    def file(self) -> str:
        """The name of a file for it: the same content has the same name."""
        return f"{hashlib.sha256(self.content).hexdigest()[:20]}.{ENDINGS.get(self.media_type, 'bin')}"


def attachment(content: object, name: str | None = None) -> Attachment:
    """Make an attachment of what a step has.

    Args:
        content: A path of a file, bytes, text, or anything that can be JSON.
        name: What to call it; a file by its own name.

    Raises:
        OSError: If the file cannot be read.
    """
    if isinstance(content, Path):
        return of_bytes(name or content.name, content.read_bytes())
    if isinstance(content, (bytes, bytearray, memoryview)):
        return of_bytes(name or "attachment", bytes(content))
    if isinstance(content, str):
        return of_bytes(name or "text", content.encode("utf-8", "replace"))
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    return _limited(Attachment(name or "data", JSON, text), len(text))


def of_bytes(name: str, data: bytes) -> Attachment:
    """Make an attachment of a file's content, which says what it is: markup is text, and never more than that."""
    media_type = next((kind for at, begins, kind in _BEGINNINGS if data[at : at + len(begins)] == begins), None)
    text = _text(data) if media_type is None else None
    if text is not None:
        return _limited(Attachment(name, JSON if _is_json(name, text) else TEXT, text), len(data))
    return _limited(Attachment(name, media_type or OTHER, data=base64.b64encode(data).decode("ascii")), len(data))


def _limited(made: Attachment, size: int) -> Attachment:
    if size <= LARGEST:
        return made
    said = f"left out: {size / 1e6:.1f} MB is more than {LARGEST / 1e6:.0f} MB"
    return Attachment(made.name, TEXT, said)


def _text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _is_json(name: str, text: str) -> bool:
    if not name.endswith(".json"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def checked(name: object, media_type: object, text: object, data: object) -> Attachment | None:
    """An attachment as another process tells of it: what it holds says what it is, once more.

    Args:
        name: What it is called.
        media_type: What it is said to be.
        text: What it says; or else
        data: what it holds, in Base64.
    """
    if isinstance(text, str):
        kind = JSON if media_type == JSON else TEXT
        return _limited(Attachment(str(name), kind, text), len(text))
    try:
        return of_bytes(str(name), base64.b64decode(data, validate=True)) if isinstance(data, str) else None
    except ValueError:
        return None


def told(made: Attachment) -> dict[str, Any]:
    """Return what another process is told of it."""
    return {"name": made.name, "media_type": made.media_type, "text": made.text, "data": made.data}


def pictures(config: pytest.Config, since: float) -> list[Path]:
    """Return what pytest-playwright has kept of a test that is over: screenshots, videos, traces.

    Args:
        config: pytest's configuration.
        since: When the test began, in seconds since the epoch.
    """
    kept = config.getoption("--output", None) if config.pluginmanager.hasplugin("playwright") else None
    if not isinstance(kept, str):
        return []
    found = (path for path in Path(config.rootpath, kept).rglob("*") if path.suffix in {".png", ".webm", ".zip"})
    return sorted(path for path in found if path.is_file() and path.stat().st_mtime >= since)
