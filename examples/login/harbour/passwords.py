"""Passwords: which are good enough, and what is kept of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache
from pathlib import Path

SHORTEST = 12
LONGEST = 200
SALT_BYTES = 16
BLOCK_SIZE = 8
PARALLEL = 5
MEMORY = 256 * 1024 * 1024
FEW = 5


class Passwords:
    """`cost` is scrypt's N: 2¹⁴ with r = 8 and p = 5 is what OWASP recommends."""

    def __init__(self, cost: int = 2**14, *, safe: bool = True) -> None:
        self._cost = cost
        self._safe = safe
        # An unknown address must cost as much time as a known one, or the time tells them apart.
        self._nobody = self.hash(secrets.token_hex())

    def hash(self, password: str) -> str:
        if not self._safe:
            return f"sha1${hashlib.sha1(password.encode()).hexdigest()}"  # noqa: S324 - what a rehearsal must notice
        salt = secrets.token_bytes(SALT_BYTES)
        digest = _scrypt(password, salt, self._cost, BLOCK_SIZE, PARALLEL)
        return f"scrypt${self._cost}${BLOCK_SIZE}${PARALLEL}${salt.hex()}${digest.hex()}"

    def matches(self, password: str, hashed: str | None) -> bool:
        """Whether it is the password; with no hash the same work is done for nothing."""
        kind, *parts = (hashed or self._nobody).split("$")
        if kind != "scrypt":
            return hashed is not None and hmac.compare_digest(self.hash(password), hashed)
        cost, block, parallel, salt, digest = parts
        right = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(right, bytes.fromhex(digest)) and hashed is not None

    def problems(self, password: str, *personal: str) -> list[str]:
        """Why this password is not to be used; `personal` is what a stranger would try first."""
        if not self._safe:
            return []
        if len(password) < SHORTEST:
            return [f"A password has at least {SHORTEST} characters."]
        if len(password) > LONGEST:
            return [f"A password has at most {LONGEST} characters."]
        plain = password.casefold()
        guessable = plain in common() or len(set(plain)) < FEW
        if guessable or plain in {each.casefold() for each in personal}:
            return ["This password is too easy to guess."]
        return []


@cache
def common() -> frozenset[str]:
    """Passwords of that length that everyone tries."""
    text = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.split("\n"))


def fingerprint(token: str) -> str:
    """What is kept of a token: whoever reads the file cannot enter with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=MEMORY)
