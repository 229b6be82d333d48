"""For machines and for those who look after Harbour: health, metrics, static files, security.txt, privacy."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response

from harbour.static import CONTENT, DIGEST

if TYPE_CHECKING:
    from starlette.requests import Request

    from harbour.core import Harbour
    from harbour.visit import Visit

YEAR = 365 * 24 * 60 * 60
EXPIRES_DAYS = 180
NO_STORE = {"Cache-Control": "no-store"}


class Operations:
    """Answers that need no visitor."""

    def __init__(self, harbour: Harbour) -> None:
        self._harbour = harbour

    def live(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    def ready(self, _: Request) -> Response:
        if self._harbour.database.answers() or not self._harbour.on("health-checks"):
            return JSONResponse({"status": "ok"}, headers=NO_STORE)
        return JSONResponse({"status": "unavailable"}, 503, headers={**NO_STORE, "Retry-After": "5"})

    def metrics(self, request: Request) -> Response:
        """In production for those only who know the token; without one it does not exist."""
        settings = self._harbour.settings
        closed = bool(settings.metrics_token) or settings.production
        if closed and self._harbour.on("production-configuration"):
            given = request.headers.get("authorization", "").encode()
            if not settings.metrics_token or not hmac.compare_digest(
                given, f"Bearer {settings.metrics_token}".encode()
            ):
                return PlainTextResponse("Not found\n", 404)
        return Response(
            self._harbour.metrics.text(), headers=NO_STORE, media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    def stylesheet(self, request: Request) -> Response:
        tag = f'"{DIGEST}"'
        if request.path_params["digest"] != DIGEST:
            return PlainTextResponse("Not found\n", 404)
        headers = {"ETag": tag}
        if self._harbour.on("caching"):
            headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        if request.headers.get("if-none-match") == tag and self._harbour.on("caching"):
            return Response(status_code=304, headers=headers)
        return Response(CONTENT, headers=headers, media_type="text/css")

    def security_txt(self, _: Request) -> Response:
        if not self._harbour.on("vulnerability-disclosure"):
            return PlainTextResponse("Not found\n", 404)
        settings = self._harbour.settings
        now = datetime.fromtimestamp(self._harbour.clock(), timezone.utc).replace(microsecond=0)
        expires = (now + timedelta(days=EXPIRES_DAYS)).isoformat().replace("+00:00", "Z")
        return PlainTextResponse(
            f"Contact: {settings.security_contact}\nExpires: {expires}\nPreferred-Languages: en\n"
            f"Canonical: {settings.public_url}/.well-known/security.txt\n",
        )


def privacy(visit: Visit) -> Response:
    if not visit.harbour.on("privacy-notice"):
        return visit.page(visit.harbour.pages.message("Not here", "There is no such page."), 404)
    return visit.page(visit.harbour.pages.privacy())
