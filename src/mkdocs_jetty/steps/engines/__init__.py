"""What makes load: built in, Locust, or the report of a load that ran elsewhere.

Which one is chosen by the fixture `jetty_load`, never by the wording of a step.
"""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs_jetty.run.outcomes import Unavailable
from mkdocs_jetty.standards.model import Environment
from mkdocs_jetty.steps.engines import builtin, calibrate, locust, report
from mkdocs_jetty.steps.engines.judge import Judge
from mkdocs_jetty.steps.engines.result import LoadResult, Plan, of_samples
from mkdocs_jetty.steps.ports import Load

__all__ = ["Judge", "LoadResult", "Plan", "has_own_addresses", "known", "read_report", "send"]

ENGINES = ("builtin", "locust", "report")
ONE_ADDRESS = "all users came from one address, so a limit for each address would see them as one"


def known(load: Load) -> None:
    """Refuse an engine that does not exist.

    Raises:
        Unavailable: If there is none of that name.
    """
    if load.engine not in ENGINES:
        raise Unavailable(f"no load engine `{load.engine}`: `jetty_load` may name {', '.join(ENGINES)}")


def send(
    base_url: str,
    environment: Environment,
    plan: Plan,
    load: Load,
    floors: calibrate.Floors,
    judge: Judge | None = None,
) -> LoadResult:
    """Send a load with the engine of `jetty_load`, and judge the answers as far as the engine can.

    Raises:
        Unavailable: If the engine or what it needs is missing.
        Inconclusive: If the driver was itself too slow.
    """
    known(load)
    own = has_own_addresses(base_url)
    notes = () if own or plan.users == 1 else (ONE_ADDRESS,)
    if load.engine == "locust":
        return locust.run(base_url, environment, plan, load, bound=own, notes=notes, judge=judge)
    floor = calibrate.floor_p95(plan, floors)
    samples, seconds = builtin.drive(base_url, plan, bound=own, judge=judge)
    notes = (*notes, judge.said) if judge else notes
    answered = ((each, 1) for each in samples)
    return replace(of_samples("builtin", environment, plan.users, answered, seconds, floor, notes), plan=plan)


def read_report(root: Path, environment: Environment, load: Load, asked: dict[str, str]) -> LoadResult:
    """Return what the report in `jetty_load` says."""
    if not load.report:
        raise Unavailable("the load engine `report` needs the file: `Load(engine='report', report='…')`")
    return report.load_report(root / load.report, environment, asked)


def has_own_addresses(base_url: str) -> bool:
    """Tell whether each user can have a source address: on Linux all of 127.0.0.0/8 is this machine."""
    host = urlsplit(base_url).hostname or ""
    if sys.platform != "linux":
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.version == 4 and address.is_loopback  # noqa: PLR2004 - IPv4
