"""Where an attack may go: to this machine, and to hosts that the project has listed.

Load, fuzzing and faults against a system of somebody else are at best rude. So a host that is neither loopback nor
listed is refused before the first byte is sent, and a production environment needs a flag of its own.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Literal
from urllib.parse import urlsplit

from mkdocs_jetty.steps.ports import Load, Target

Kind = Literal["load", "fuzz", "fault"]
WHAT = {"load": "load", "fuzz": "hostile input", "fault": "faults"}


class Refused(AssertionError):  # noqa: N818 - it names an outcome, as `Unavailable` does
    """An attack that may not be made."""


def allow(target: Target, kind: Kind, url: str | None = None) -> None:
    """Refuse an attack on what is not ours.

    Args:
        target: The system under test.
        kind: What would be sent.
        url: Where to, if not to the target's own address.

    Raises:
        Refused: If the host is neither loopback nor listed, or production is not meant to be attacked.
    """
    if target.environment == "production" and not target.production:
        raise Refused(f"{WHAT[kind]} in production needs `Target(production=True)`; nothing was sent")
    address = url or target.base_url
    if address is None:  # an application that is served for the test, on this machine
        return
    host = urlsplit(address).hostname or ""
    if host.casefold() in {each.casefold() for each in target.allowed_hosts} or is_loopback(host):
        return
    raise Refused(
        f"{WHAT[kind]} is only sent to this machine and to hosts in `Target(allowed_hosts=…)`, "
        f"and {host or 'a URL without a host'} is neither; nothing was sent"
    )


def cap(load: Load, *, users: int = 0, requests: int = 0, seconds: float = 0) -> None:
    """Refuse more than the configured caps.

    Raises:
        Refused: If one is exceeded.
    """
    asked = (("users", users, load.max_users), ("requests", requests, load.max_requests),
             ("seconds", seconds, load.max_seconds))  # fmt: skip
    for name, wanted, most in asked:
        if wanted > most:
            raise Refused(f"{wanted:g} {name} are more than `Load(max_{name}={most:g})` allows; nothing was sent")


def is_loopback(host: str) -> bool:
    """Tell whether every address of a host is this machine's own."""
    addresses = addresses_of(host)
    return bool(addresses) and all(ipaddress.ip_address(each).is_loopback for each in addresses)


def addresses_of(host: str) -> list[str]:
    """The addresses that a name stands for; none if it stands for nothing."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(each[4][0]).split("%")[0] for each in found})
