"""The example is a real project: its own pytest and its own site must hold, in place and as a user runs them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples" / "login"))

from harbour.app import Harbour, create_app
from harbour.backup import BackupError, restore
from harbour.database import Database
from harbour.migrations import MIGRATIONS, Migration, MigrationError, upgrade, version
from harbour.protections import ALL as PROTECTIONS
from harbour.settings import ConfigurationError, Settings
from harbour.static import STYLESHEET
from harbour.store import Store

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "login"
SECONDS = 300
SCENARIOS = 130
TODAY = "1795392000"
"""2026-11-23, midnight in UTC: the attestations of the example depend on it."""

pytestmark = pytest.mark.slow


def run(*arguments: str, cwd: Path = EXAMPLE) -> subprocess.CompletedProcess[str]:
    # The outer pytest's own variables would reach into the inner one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["SOURCE_DATE_EPOCH"] = TODAY
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def output(done: subprocess.CompletedProcess[str]) -> str:
    return f"{done.stdout}\n{done.stderr}"


def test_every_scenario_that_does_something_fails_without_doing_it(tmp_path: Path) -> None:
    shutil.copytree(
        EXAMPLE, tmp_path / "login", ignore=shutil.ignore_patterns("site", ".jetty", ".cache", "__pycache__")
    )
    done = run("mkdocs_jetty.cli", "challenge", cwd=tmp_path / "login")
    assert done.returncode == 0, output(done)
    told = re.search(r"all (\d+) challenged scenarios fail without their When steps", output(done))
    assert told, output(done)
    assert int(told[1]) > 120


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    target = tmp_path_factory.mktemp("site")
    return target, run("mkdocs", "build", "-d", str(target))


@pytest.fixture(scope="module")
def spec(site: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[str, object]:
    target, done = site
    written = target / "jetty" / "spec.json"
    assert written.is_file(), output(done)
    answer: dict[str, object] = json.loads(written.read_text(encoding="utf-8"))
    return answer


def test_pytest_runs_every_scenario_of_the_pages_and_all_pass(tmp_path: Path) -> None:
    done = run("pytest", "docs", "-p", "no:cacheprovider", f"--junit-xml={tmp_path / 'junit.xml'}")
    assert done.returncode == 0, output(done)
    assert f"{SCENARIOS} passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_site_builds(site: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = site
    assert done.returncode == 0, output(done)


def test_the_site_says_that_the_project_is_green(spec: dict[str, object]) -> None:
    assert spec["project"]["verdict"] == "green", spec["problems"]  # type: ignore[index]


def test_every_scenario_passed_in_the_site(spec: dict[str, object]) -> None:
    counts = spec["counts"]
    assert counts["passed"] == counts["scenarios"] == SCENARIOS  # type: ignore[index]


def test_every_mode_of_every_feature_is_green(spec: dict[str, object]) -> None:
    found = {feature["id"]: [mode["status"] for mode in feature["modes"].values()] for feature in spec["features"]}  # type: ignore[attr-defined]
    names = ("login", "sign-out", "reset-password", "profile", "audit-view")
    assert found == dict.fromkeys(names, ["green"] * 3)


Probe = Callable[[Harbour, httpx.AsyncClient], Awaitable[bool]]
PASSWORD = "correct horse battery"
ADA = {"address": "ada@example.org", "password": PASSWORD}
WRONG = {**ADA, "password": "incorrect horse"}


class NoMail:
    """A mail server that is down."""

    def reachable(self) -> bool:
        return False

    def send(self, message: EmailMessage) -> bool:
        raise ConnectionError(message["To"])


async def throttled(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    tried = await asyncio.gather(*(client.post("/sign-in", data=WRONG) for _ in range(50)))
    last = await client.post("/sign-in", data=ADA)
    refused = sum(answer.status_code == 429 for answer in tried)
    text = "Too many login attempts. Please try again later."
    return (refused, last.status_code, last.headers.get("Retry-After")) == (40, 429, "300") and text in last.text


async def rate_limited(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    answers = await asyncio.gather(*(client.get("/reset") for _ in range(61)))
    return [answer.status_code for answer in answers].count(429) == 1


async def limited(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    body = await client.post("/reset", data={"address": "a" * 2_000_000})
    return body.status_code == 413 and (await client.get("/reset", headers={"X": "y" * 20_000})).status_code == 431


async def sanitized(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    answer = await client.post("/sign-in", data={"address": '"><script>', "password": "x"})
    return answer.status_code == 422 and "<script>" not in answer.text


async def authenticated(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    return (await client.get("/profile")).headers.get("Location") == "/sign-in"


async def authorized(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    return (await client.get("/admin/audit")).status_code == 403


async def headed(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    headers = (await client.get("/sign-in")).headers
    safe = "default-src 'none'" in headers.get("Content-Security-Policy", "") and "unsafe" not in str(headers)
    return safe and "X-Powered-By" not in headers


async def own_site_only(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    await client.post("/profile", data={"name": "Eve"}, headers={"Origin": "https://evil.example"})
    return harbour.store.find(ADA["address"]).name == "Ada"  # type: ignore[union-attr]


async def safe_session(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    cookie = (await client.post("/sign-in", data=ADA)).headers["Set-Cookie"]
    harbour.clock.now += 3601  # type: ignore[attr-defined]
    return "HttpOnly" in cookie and (await client.get("/harbour")).status_code == 303


async def safe_credentials(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    unknown = await client.post("/sign-in", data={**WRONG, "address": "eve@example.org"})
    known = await client.post("/sign-in", data=WRONG)
    return unknown.text.replace("eve@", "ada@") == known.text and bool(harbour.passwords.problems("password1234"))


async def discreet(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    harbour.breaking["/reset"] = RuntimeError("select secret")
    answer = await client.get("/reset")
    return answer.status_code == 500 and "secret" not in answer.text and answer.headers["X-Request-ID"] in answer.text


async def tracked(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    harbour.breaking["/reset"] = RuntimeError("boom")
    answer = await client.get("/reset")
    return [event["request_id"] for event in harbour.errors.events()] == [answer.headers["X-Request-ID"]]


async def audited(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    told = [(each.event, each.user_id, each.source_ip, each.result) for each in harbour.audit.entries()]
    return told == [("sign-in", 1, "127.0.0.9", "success")]


async def refusals_audited(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    await client.get("/admin/audit")
    return harbour.audit.entries()[0].result == "refused"


async def sealed(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    with harbour.database.writing() as connection:
        connection.execute("drop trigger audit_keeps_updates")
        connection.execute("update audit set source_ip = '10.0.0.1'")
    return harbour.audit.verify() == [1]


async def redacted(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    text = logged(harbour)
    return PASSWORD not in text and ADA["address"] not in text and "/sign-in" in text


async def structured(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    answer = await client.post("/sign-in", data=ADA)
    try:
        line = json.loads(logged(harbour))
    except ValueError:
        return False
    return (line["request_id"], line["status"]) == (answer.headers["X-Request-ID"], 303)


async def measured(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.get("/sign-in")
    return 'harbour_requests_total{method="GET",path="/sign-in",status="200"} 1' in (await client.get("/metrics")).text


async def unready(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    file = harbour.settings.database
    file.rename(file.with_suffix(".away"))
    answers = [(await client.get(path)).status_code for path in ("/health/ready", "/health/live")]
    file.with_suffix(".away").rename(file)
    return [*answers, (await client.get("/health/ready")).status_code] == [503, 200, 200]


async def cached(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    stored = (await client.get(STYLESHEET)).headers.get("Cache-Control")
    return (stored, (await client.get("/sign-in")).headers.get("Cache-Control")) == (
        "public, max-age=31536000, immutable",
        "no-store",
    )


async def degrades(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    answer = await client.post("/reset", data=ADA)
    return "mail server does not answer" in answer.text and harbour.outbox.waiting() == 1


async def disclosed(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    return "Expires: " in (await client.get("/.well-known/security.txt")).text


async def noticed(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    return "/privacy" in (await client.get("/sign-in")).text and (await client.get("/privacy")).status_code == 200


async def exported(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    return ADA["address"] in (await client.get("/profile/export")).text


async def erased(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    await client.post("/profile/delete", data={"leave": PASSWORD})
    return harbour.store.find(ADA["address"]) is None


async def once(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    await client.post("/sign-in", data=ADA)
    change = {"name": "Augusta", "key": "one"}
    await asyncio.gather(*(client.post("/profile", data=change) for _ in range(2)))
    return [each.event for each in harbour.audit.entries()].count("profile-change") == 1


async def restores(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    folder = harbour.settings.database.parent
    # While someone reads, what was written last waits in the write-ahead log.
    with harbour.database.reading() as reading:
        reading.execute("begin")
        reading.execute("select * from account").fetchall()
        harbour.store.add_account("Grace", "grace@example.org", PASSWORD)
        copy = harbour.backup(folder / "copy.db")
    try:
        database = Database(restore(copy, folder / "empty" / "harbour.db"))
    except BackupError:
        return False
    return Store(database, harbour.passwords).find("grace@example.org") is not None


async def rolls_back(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    bad = Migration(5, "bad", ("alter table account rename to gone",), ("alter table gone rename to account",))
    path = harbour.settings.database
    with suppress(MigrationError):
        upgrade(path, (*MIGRATIONS, bad), healthy=harbour.database.answers, rollback=harbour.on("rollback"))
    return version(path) == 4 and (await client.post("/sign-in", data=ADA)).status_code == 303


async def configured(harbour: Harbour, client: httpx.AsyncClient) -> bool:
    try:
        Harbour(replace(harbour.settings, production=True, debug=True), without=PROTECTIONS - on_in(harbour))
    except ConfigurationError:
        return True
    return False


PROBES: dict[str, Probe] = {
    "audit-log-authentication": audited,
    "audit-log-integrity": sealed,
    "audit-log-privileged-actions": refusals_audited,
    "authentication-enforced": authenticated,
    "authorization-enforced": authorized,
    "caching": cached,
    "credential-safety": safe_credentials,
    "cross-site-protection": own_site_only,
    "data-erasure": erased,
    "data-export": exported,
    "error-disclosure": discreet,
    "error-tracking": tracked,
    "graceful-degradation": degrades,
    "health-checks": unready,
    "input-sanitization": sanitized,
    "log-redaction": redacted,
    "login-throttling": throttled,
    "performance-monitoring": measured,
    "privacy-notice": noticed,
    "production-configuration": configured,
    "rate-limiting": rate_limited,
    "request-limits": limited,
    "restore-test": restores,
    "rollback": rolls_back,
    "security-headers": headed,
    "session-security": safe_session,
    "structured-logging": structured,
    "transaction-integrity": once,
    "vulnerability-disclosure": disclosed,
}


class Clock:
    """Time that passes when a test says so."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def logged(harbour: Harbour) -> str:
    assert harbour.settings.log_file
    return harbour.settings.log_file.read_text(encoding="utf-8")


def on_in(harbour: Harbour) -> frozenset[str]:
    return frozenset(name for name in PROTECTIONS if harbour.on(name))


def holds(probe: Probe, folder: Path, without: frozenset[str] = frozenset()) -> bool:
    settings = Settings(database=folder / "harbour.db", log_file=folder / "harbour.log", scrypt_cost=16)
    harbour = Harbour(settings, clock=Clock(), mailer=NoMail(), without=without)
    harbour.store.add_account("Ada", ADA["address"], PASSWORD)

    async def probing() -> bool:
        transport = httpx.ASGITransport(create_app(harbour), client=("127.0.0.9", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await probe(harbour, client)

    return asyncio.run(probing())


def test_every_protection_has_a_probe() -> None:
    assert set(PROBES) == PROTECTIONS


@pytest.mark.parametrize("name", sorted(PROBES))
def test_a_protection_holds_and_its_absence_is_noticed(name: str, tmp_path: Path) -> None:
    for folder in ("with", "without"):
        (tmp_path / folder).mkdir()
    assert holds(PROBES[name], tmp_path / "with")
    assert not holds(PROBES[name], tmp_path / "without", frozenset({name}))
