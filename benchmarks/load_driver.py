"""What the load driver needs for itself: a burst against a server that does nothing, ours and one with httpx.

Both take turns against the same server, in a process of its own. What counts is the ratio in the same run. Exit
status 1: a gate is missed.
"""

import argparse
import asyncio
import statistics
import sys
import time

import httpx

from mkdocs_jetty.steps.engines.builtin import drive
from mkdocs_jetty.steps.engines.calibrate import null_server
from mkdocs_jetty.steps.engines.result import Plan, quantile
from mkdocs_jetty.steps.ports import Request, loopback

USERS = (100, 500, 1000)
GATE = 0.5
"""The highest ratio to httpx that is let pass."""
FORM = {"name": "ann", "password": "secret"}


def ours(url: str, users: int) -> list[float]:
    plan = Plan("burst", [Request("POST", "/login", form=FORM)] * users, [loopback(n) for n in range(users)])
    samples, _ = drive(url, plan, bound=sys.platform == "linux")
    return [sample.seconds for sample in samples]


def with_httpx(url: str, users: int) -> list[float]:
    """A client for each user, made before; one TLS context for all, without which it would be slower still."""

    async def burst() -> list[float]:
        context = httpx.create_ssl_context()
        limits = httpx.Limits(max_connections=1)
        clients = [httpx.AsyncClient(verify=context, limits=limits, timeout=60) for _ in range(users)]
        gate = asyncio.Event()
        opened = 0.0

        async def once(client: httpx.AsyncClient) -> float:
            await gate.wait()
            response = await client.post(f"{url}/login", data=FORM)
            assert response.status_code == 200
            return time.perf_counter() - opened

        tasks = [asyncio.create_task(once(client)) for client in clients]
        await asyncio.sleep(0.1)
        opened = time.perf_counter()
        gate.set()
        seconds = await asyncio.gather(*tasks)
        for client in clients:
            await client.aclose()
        return seconds

    return asyncio.run(burst())


def p95(seconds: list[float]) -> float:
    return quantile([(each, 1) for each in sorted(seconds)], 0.95)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=USERS)
    parser.add_argument("--repeat", type=int, default=3, help="turns (default 3)")
    options = parser.parse_args()
    kept = True
    print(f"p95 of a burst, median of {options.repeat}")
    print(f"{'users':>6}{'mkdocs-jetty':>15}{'httpx':>12}{'ratio':>8}{'gate':>10}")
    with null_server() as url:
        for warm_up in (ours, with_httpx):
            warm_up(url, 20)
        for users in options.users:
            turns = [(p95(ours(url, users)), p95(with_httpx(url, users))) for _ in range(options.repeat)]
            mine, other = (statistics.median(column) for column in zip(*turns, strict=True))
            ratio = mine / other
            kept = kept and ratio <= GATE
            said = f"<= {GATE:.2f}  {'kept' if ratio <= GATE else 'MISSED'}"
            print(f"{users:>6}{mine * 1000:>12.0f} ms{other * 1000:>9.0f} ms{ratio:>8.2f}  {said}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
