"""Limits on how often: attempts to sign in, and requests of one client.

Both count under a lock and before any work is done, so that fifty attempts at once cannot slip through a check that
each of them passes. Both live in the one process that serves: Harbour runs as one.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 10
WINDOW_SECONDS = 60
BLOCK_SECONDS = 5 * 60
CEILING = 100
REQUESTS = 60
MOST_KEYS = 100_000


@dataclass
class Tries:
    """What one account was tried with from one address."""

    failed: deque[float] = field(default_factory=deque)
    running: int = 0
    blocked_until: float = 0


class LoginThrottle:
    """Ten failures in a minute, then a quarter of an hour of nothing; a hundred in a row, then only a reset."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: dict[tuple[str, str], Tries] = {}
        self._in_a_row: dict[str, int] = {}

    def admit(self, account: str, source: str) -> int:
        """Zero if the attempt may go on (then `settle` must follow), or the seconds to wait."""
        now = self._clock()
        with self._lock:
            tries = self._tries.setdefault((account, source), Tries())
            while tries.failed and tries.failed[0] <= now - WINDOW_SECONDS:
                tries.failed.popleft()
            if tries.blocked_until > now:
                return math.ceil(tries.blocked_until - now)
            if len(tries.failed) + tries.running >= ATTEMPTS or self._in_a_row.get(account, 0) >= CEILING:
                return BLOCK_SECONDS
            tries.running += 1
            return 0

    def settle(self, account: str, source: str, *, failed: bool) -> None:
        """Say how an admitted attempt ended."""
        now = self._clock()
        with self._lock:
            tries = self._tries[account, source]
            tries.running -= 1
            if failed:
                tries.failed.append(now)
                self._in_a_row[account] = self._in_a_row.get(account, 0) + 1
                if len(tries.failed) >= ATTEMPTS:
                    tries.blocked_until = now + BLOCK_SECONDS
                    tries.failed.clear()
            else:
                tries.failed.clear()
                self._in_a_row.pop(account, None)
            self._forget(now)

    def forgive(self, account: str) -> None:
        """The owner has shown, by a reset, that the account is theirs."""
        with self._lock:
            self._in_a_row.pop(account, None)
            for key in [key for key, tries in self._tries.items() if key[0] == account and not tries.running]:
                del self._tries[key]

    def _forget(self, now: float) -> None:
        if len(self._tries) <= MOST_KEYS:
            return
        for key, tries in list(self._tries.items()):
            recent = tries.failed and tries.failed[-1] > now - WINDOW_SECONDS
            if not (tries.running or recent or tries.blocked_until > now):
                del self._tries[key]


class RateLimit:
    """Sixty requests a minute for each client, counted in a sliding window."""

    def __init__(self, clock: Callable[[], float], limit: int = REQUESTS, window: float = WINDOW_SECONDS) -> None:
        self._clock = clock
        self._limit = limit
        self._window = window
        self._lock = threading.Lock()
        self._seen: dict[str, deque[float]] = {}

    def admit(self, source: str) -> int:
        """Zero if the request may go on, or the seconds to wait."""
        now = self._clock()
        with self._lock:
            if len(self._seen) > MOST_KEYS:
                self._seen = {key: seen for key, seen in self._seen.items() if seen[-1] > now - self._window}
            seen = self._seen.setdefault(source, deque())
            while seen and seen[0] <= now - self._window:
                seen.popleft()
            if len(seen) >= self._limit:
                return max(1, math.ceil(seen[0] + self._window - now))
            seen.append(now)
            return 0
