"""A phrase that could not see what it claims does not pass: weak systems that look right, and right ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from bureau import MESSAGES, SCRIPTS, Bureau
from target import Box, build

from mkdocs_jetty.steps import serving
from mkdocs_jetty.steps.baselines import lacking
from mkdocs_jetty.steps.visible import shown

if TYPE_CHECKING:
    from conftest import Project, Ran

HERE = Path(__file__).parent
GLUE = (
    f"""
import sys
sys.path.insert(0, {str(HERE)!r})
"""
    """
import pytest
from bureau import Bureau
from pytest_bdd import given, parsers
from mkdocs_jetty.steps.ports import Persona, Request, Target, loopback

ADA = Persona(
    "ada", "1", facts={"user": "ada", "password": "right-horse-1", "url": "https://example.com/"}
)
BOB = Persona("bob", "2", address=loopback(7), facts={"user": "bob", "password": "battery-staple-2"})


@pytest.fixture
def bureau():
    return Bureau()


@given(parsers.parse("a bureau that is {weak}"))
def _(bureau, weak):
    bureau.weak = set(weak.split(" and "))


@pytest.fixture
def jetty_target(bureau):
    return Target(app=bureau)


@pytest.fixture
def jetty_users():
    class Users:
        def persona(self, name):
            return ADA
        def crowd(self, count):
            return ([ADA, BOB] * count)[:count]
    return Users()


@pytest.fixture
def jetty_actions():
    def log_in(who, valid):
        secret = who.facts["password"] if valid else "wrong"
        return Request("POST", "/login", form={"user": who.facts["user"], "password": secret})

    return {
        "log in": log_in, "enter": log_in,
        "change my name": lambda who, valid: Request("POST", "/name", json={"name": "Augusta" if valid else ""}),
        "preview a link": lambda who, valid: Request("POST", "/fetch", form={"url": who.facts.get("url", "")}),
        "search": lambda who, valid: Request("GET", "/search?q=moths"),
    }


@pytest.fixture
def jetty_pages(request):
    return {} if "no page" in request.node.name else {"login": "/login", "profile": "/profile"}


@pytest.fixture
def jetty_stored(bureau, request):
    return (lambda: [bureau.name]) if "stored" in request.node.name else None


@pytest.fixture
def jetty_foreign():
    return [Request("GET", "/documents/of-bob"), Request("DELETE", "/documents/of-bob")]


@pytest.fixture
def jetty_routes(request):
    return ["/reports"] if "mistyped" not in request.node.name else ["/raports"]


@pytest.fixture
def jetty_logs(bureau):
    return lambda: bureau.logs
"""
)


def hostile(corpus: str, action: str, *then: str) -> str:
    lines = "".join(f"  And {each}\n" for each in then)
    return f'\n  When each payload from the "{corpus}" corpus is sent to {action}\n{lines.replace("And", "Then", 1)}'


TEXT, CODE = "every one is refused or stored as plain text", "no payload changes what is executed"
INSIDE = "no response reveals an internal error"
HEADED = "\n  When I request the login page\n  Then the response carries the standard security headers\n"
EACH = "  And every page, unknown address and wrong attempt to log in carries the standard security headers\n"
SAID = '\n  When I request /say\n  Then I see a message "Too many attempts"\n'
ADDRESS = "\n  When I give each internal address to preview a link\n  Then no internal address is contacted\n"
FOREIGN = "\n  Given I am signed in\n  When I reach for each object of another user\n  Then I am refused each time\n"
ROUTES = ("\n  Given I am not signed in\n  When I request each non-public route of this feature\n"
          "  Then every one refuses me\n")  # fmt: skip
MARKED = ("\n  When I log in with marked secret values\n"
          "  Then none of the marked values occurs in logs, traces or error events\n")  # fmt: skip
CORS = "\n  When I request the login page\n  Then an unlisted origin is allowed no cross-origin read\n"
RIGHT = {
    "name": hostile("html", "change my name", TEXT, CODE, INSIDE),
    "name, stored": hostile("html", "change my name", TEXT, CODE, INSIDE),
    "sign-in": hostile("sql", "log in", TEXT, CODE, INSIDE),
    "sign-in, refreshed": "\n  Given a bureau that is refreshed" + hostile("sql", "log in", TEXT, CODE, INSIDE),
    "sign-in by another name": hostile("sql", "enter", CODE),
    "headers": HEADED + EACH, "message": SAID, "addresses": ADDRESS, "foreign": FOREIGN, "routes": ROUTES,
    "marked": MARKED, "cors": CORS,
}  # fmt: skip
# What is not met: the body, the weakness, and the cause with a part of what is said.
WRONG: dict[str, tuple[str, str, str, str]] = {
    "overwritten": (hostile("html", "change my name", TEXT), "raw", "assertion", "/profile, after"),
    "overwritten, executed": (hostile("html", "change my name", CODE), "raw", "assertion", "/profile, after"),
    "broken page": (hostile("html", "change my name", TEXT), "breaks", "assertion", "/profile, after"),
    "revealing page": (hostile("html", "change my name", INSIDE), "breaks", "assertion", "Traceback"),
    "kept otherwise, stored": (hostile("html", "change my name", TEXT), "limited name", "assertion", "something else"),
    "no page": (hostile("html", "change my name", TEXT), "raw", "inconclusive", "nowhere to be seen"),
    "refreshed": (hostile("sql", "log in", CODE), "bypass and refreshed", "assertion", "signed in with wrong"),
    "by another name": (hostile("sql", "enter", CODE), "bypass and refreshed", "assertion", "done with wrong input"),
    "vague": (hostile("sql", "log in", CODE), "vague and refreshed", "inconclusive", "jetty_accepted"),
    **{f"policy, {each}": (HEADED, each, "assertion", "Content-Security-Policy") for each in SCRIPTS},
    "one page": (HEADED + EACH, "only the page", "assertion", "/profile (200)"),
    "success only": (HEADED + EACH, "only success", "assertion", "a wrong attempt to log in (401)"),
    **{f"message in {each}": (SAID, each, "assertion", "the answer says") for each in MESSAGES},
    "background": (ADDRESS, "background", "assertion", "contacted"),
    "walled": (ADDRESS, "walled", "inconclusive", "an ordinary address is refused"),
    "deaf": (ADDRESS, "deaf", "inconclusive", "an ordinary address is refused"),
    "shared": (FOREIGN, "shared", "assertion", "not refused"),
    "absent": (FOREIGN, "absent", "inconclusive", "its owner cannot GET /documents/of-bob"),
    "open": (ROUTES, "open", "assertion", "not refused: /reports"),
    "mistyped": (ROUTES, "-", "inconclusive", "/raports opens for nobody"),
    "session in the log": (MARKED, "logged", "assertion", "hold a marked value"),
    "reflected": (CORS, "reflected", "assertion", "POST /login lets"),
}


@pytest.fixture(scope="module")
def ran(project: Project) -> Ran:
    wrong = {name: f"\n  Given a bureau that is {weak}{body}" for name, (body, weak, *_) in WRONG.items()}
    names = ("payloads", "headers", "logs", "partners", "ownership")
    families = ", ".join(f"mkdocs_jetty.steps.{each}" for each in names)
    right = {f"right: {name}": body for name, body in RIGHT.items()}
    return project({**right, **wrong}, GLUE, f"[features, {families}]")


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_system_passes(ran: Ran, name: str) -> None:
    result = ran[f"right: {name}"]
    assert (result.status, result.message) == ("passed", None), [step.message for step in result.steps]


@pytest.mark.parametrize("name", WRONG)
def test_a_weak_one_does_not_and_it_is_said_why(ran: Ran, name: str) -> None:
    result, (*_, cause, says) = ran[name], WRONG[name]
    assert result.cause == cause, result
    assert says in " ".join(str(step.message) for step in result.steps), result


# ---- content security policies, by CSP Level 3 ----

REST = "; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; default-src 'none'"


def carrying(policy: str) -> httpx.Headers:
    every = {"Strict-Transport-Security": "max-age=1", "X-Content-Type-Options": "nosniff",
             "Referrer-Policy": "no-referrer", "Permissions-Policy": "camera=()"}  # fmt: skip
    return httpx.Headers({**every, "Content-Security-Policy": policy})


@pytest.mark.parametrize("scripts", [
    "script-src 'self'", "script-src 'nonce-aB' 'unsafe-inline'",
    "script-src 'nonce-a' 'strict-dynamic' https: * 'unsafe-inline'",
    "script-src", "Script-Src 'NONE'", "script-src *; script-src-elem 'self'; script-src-attr 'none'",
    "script-src https://cdn.example https://*.cdn.example", "script-src 'sha256-x=' 'unsafe-inline'",
    "script-src *, script-src 'self'",
])  # fmt: skip
def test_a_policy_that_keeps_strange_scripts_out(scripts: str) -> None:
    assert lacking(carrying(scripts + REST), "standard") == ""


@pytest.mark.parametrize("scripts", [
    "script-src 'nonce-a' https:", "script-src 'nonce-a' HTTPS:", "script-src 'self' 'Unsafe-Inline'",
    "script-src 'self'; script-src-elem * 'unsafe-inline'", "script-src 'self'; script-src-attr 'unsafe-inline'",
    "script-src 'strict-dynamic' 'unsafe-eval'", "script-src *:*", "script-src http://*", "script-src data:",
    "script-src-elem 'self'", "script-src 'self' 'unsafe-hashes'", "script-src *, script-src https:",
])  # fmt: skip
def test_a_policy_that_lets_strange_scripts_in(scripts: str) -> None:
    rest = REST.replace("; default-src 'none'", "") if "elem 'self'" in scripts else REST
    assert "scripts" in lacking(carrying(scripts + rest), "standard")


def test_a_policy_that_is_stricter_in_one_of_two_headers_holds() -> None:
    loose = "frame-ancestors *; object-src *; base-uri *; script-src *"
    assert lacking(carrying(f"{loose}, script-src 'self'{REST}"), "standard") == ""
    assert lacking(carrying(f"{loose}, {loose}"), "standard").count("allows") == 2


# ---- what a person reads ----


@pytest.mark.parametrize(("page", "text"), [
    ("<p>Too <b>man</b>y</p>", "Too many"), ("one<br>two<p>three", "one two three"), ("a &amp; b", "a & b"),
    ("<ul><li hidden>no<li>yes</ul>", "yes"), ("<div style='visibility:hidden'><p>no</p></div>yes", "yes"),
    ("<noscript>no</noscript><dialog>no</dialog><dialog open>yes</dialog>", "yes"),
    ("<div hidden><img><p>no</div>yes", "yes"), ("<p>1 < 2</p>", "1 < 2"),
])  # fmt: skip
def test_what_a_page_shows(page: str, text: str) -> None:
    assert shown(httpx.Response(200, html=page)) == text


def test_what_is_no_page_is_read_as_it_is() -> None:
    assert shown(httpx.Response(200, text="<!-- plain -->  text")) == "<!-- plain --> text"
    assert shown(httpx.Response(200, json={"error": "a < b"})) == '{"error":"a < b"}'


# ---- the server that is ours ----


@pytest.mark.parametrize("app", [Bureau(), build(Box())], ids=["wsgi", "asgi"])
def test_an_application_that_is_served_gets_no_server_header_of_ours(app: object) -> None:
    with serving.serve(app) as url:
        assert "server" not in httpx.get(f"{url}/login").headers
        assert "server" not in httpx.post(f"{url}/nowhere").headers


def test_a_server_header_of_the_application_stays() -> None:
    def app(_: object, start: object) -> list[bytes]:
        start("200 OK", [("Server", "mine/1.0")])  # type: ignore[operator]
        return [b""]

    with serving.serve(app) as url:
        assert httpx.get(url).headers["server"] == "mine/1.0"
