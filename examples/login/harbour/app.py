"""The application: which address answers what, and who may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from harbour import admin, operations, profile, reset, sign_in
from harbour.core import Harbour
from harbour.edge import Edge
from harbour.forms import HEADER_LIMIT
from harbour.gate import Access, Gate
from harbour.visit import COOKIE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

__all__ = ["COOKIE", "PAGES", "Harbour", "create_app", "server_config"]

KEEP_ALIVE_SECONDS = 5
STOP_SECONDS = 20
BACKLOG = 4096
PAGES = (
    ("/", "GET", sign_in.home, Access.PUBLIC),
    ("/sign-in", "GET", sign_in.sign_in_form, Access.PUBLIC),
    ("/sign-in", "POST", sign_in.sign_in, Access.PUBLIC),
    ("/sign-out", "POST", sign_in.sign_out, Access.PUBLIC),
    ("/sign-out", "GET", sign_in.sign_out_link, Access.PUBLIC),
    ("/reset", "GET", reset.ask_form, Access.PUBLIC),
    ("/reset", "POST", reset.ask, Access.PUBLIC),
    ("/reset/choose", "GET", reset.choose_form, Access.PUBLIC),
    ("/reset/choose", "POST", reset.choose, Access.PUBLIC),
    ("/privacy", "GET", operations.privacy, Access.PUBLIC),
    ("/harbour", "GET", sign_in.harbour, Access.MEMBER),
    ("/profile", "GET", profile.show, Access.MEMBER),
    ("/profile", "POST", profile.change, Access.MEMBER),
    ("/profile/export", "GET", profile.export, Access.MEMBER),
    ("/profile/delete", "POST", profile.delete, Access.MEMBER),
    ("/admin/audit", "GET", admin.audit, Access.ADMIN),
    ("/admin/role", "POST", admin.role, Access.ADMIN),
)
MESSAGES = {
    404: ("Not here", "There is no such page."),
    405: ("Not like that", "This page cannot be asked for that way."),
}


def create_app(harbour: Harbour) -> ASGIApp:
    gate, machines = Gate(harbour), operations.Operations(harbour)

    def missing(_: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        title, text = MESSAGES.get(status, MESSAGES[404])
        headers = {"Cache-Control": "no-store", **(getattr(error, "headers", None) or {})}
        return HTMLResponse(harbour.pages.message(title, text), status, headers=headers)

    routes = [
        Route(path, gate.endpoint(path, handler, access), methods=[method]) for path, method, handler, access in PAGES
    ]
    routes += [
        Route("/health/live", machines.live),
        Route("/health/ready", machines.ready),
        Route("/metrics", machines.metrics),
        Route("/static/{digest}/harbour.css", machines.stylesheet),
        Route("/.well-known/security.txt", machines.security_txt),
    ]
    return Edge(Starlette(routes=routes, exception_handlers={404: missing, 405: missing}), harbour)


def server_config(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 8080) -> uvicorn.Config:
    """Without a banner and an access log of its own; and without uvicorn's trust in any proxy on this machine."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        backlog=BACKLOG,
        http="h11",
        h11_max_incomplete_event_size=2 * HEADER_LIMIT,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
