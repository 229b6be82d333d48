"""Passwords to be tried, and what is kept of them."""

from __future__ import annotations

import re

SAMPLE = 30
"""So many common passwords are tried for a length."""
COMMON = (
    # 8 to 11 characters
    "password", "password1", "password123", "passw0rd", "12345678", "123456789", "1234567890", "11111111", "00000000",
    "87654321", "qwertyuiop", "qwerty123", "1q2w3e4r", "1qaz2wsx", "asdfghjkl", "abcd1234", "iloveyou", "sunshine",
    "princess", "football", "baseball", "superman", "trustno1", "letmein1", "welcome1", "admin123", "computer",
    "whatever", "starwars", "michelle",
    # 12 to 14
    "123456789012", "1234567890123", "111111111111", "000000000000", "123123123123", "123456123456", "password1234",
    "password12345", "mypassword123", "qwerty123456", "qwertyuiop12", "qwertyuiop123", "qwertyqwerty", "1q2w3e4r5t6y",
    "1qaz2wsx3edc", "q1w2e3r4t5y6", "zaq12wsxcde3", "asdfghjkl123", "asdfasdfasdf", "zxcvbnm12345", "abcdefghijkl",
    "abcdefg12345", "abc123abc123", "iloveyou1234", "sunshine1234", "princess1234", "football1234", "superman1234",
    "letmein12345", "welcome12345", "administrator", "changeme1234",
    # 15 and more
    "123456789012345", "111111111111111", "123456789123456789", "1234567890123456", "12345678901234567890",
    "1234567890qwertyuiop", "qwertyuiopasdfgh", "qwertyuiopasdfghjkl", "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop1234567890", "qwertyuiop123456789", "1q2w3e4r5t6y7u8i", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv",
    "1qaz2wsx3edc4rfv5tgb", "abcdefghijklmno", "abcdefghijklmnop", "abcdefghijklmnopqrstuvwxyz", "passwordpassword",
    "password12345678", "password123456789", "thisismypassword", "iloveyouforever",
    "manchesterunited", "correcthorsebatterystaple", "zxcvbnmasdfghjkl", "zxcvbnmasdfghjklqwertyuiop",
)  # fmt: skip
"""Passwords that the published lists of common and of breached ones hold, for each length that a preset asks for."""
SLOW = (
    (re.compile(r"\$argon2(?:id|i|d)\$"), 0),
    (re.compile(r"\$2[abxy]\$(\d\d)\$"), 10),
    (re.compile(r"^\$?scrypt[$:](?:ln=)?(\d+)"), 14),
    (re.compile(r"^\$?pbkdf2[_:-]sha(?:256|512)[:$](?:i=)?(\d+)"), 100_000),
)
"""What a slow hash begins with, and the least cost it may have."""


def common(shortest: int | None = None) -> list[str]:
    """Common passwords that are long enough, those that are hardly so first; some of each length without a number."""
    if shortest is None:
        return list(COMMON)
    return sorted((each for each in COMMON if len(each) >= shortest), key=len)[:SAMPLE]


def uncommon(length: int) -> str:
    """A password of this length that nobody else has."""
    return "".join(chr(33 + (number * 37 + 11) % 90) for number in range(length))


def is_slow(kept: str) -> bool:
    """Whether a stored value is a hash that takes its time: Argon2, bcrypt, scrypt, or PBKDF2 with rounds enough."""
    for pattern, least in SLOW:
        found = pattern.search(kept)
        if found:
            return not least or int(found[1]) >= least
    return False
