"""Counts and times requests for Prometheus, by route template: no tenant and no person in any label."""

import time
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

REQUESTS = Counter("fleetline_requests_total", "Requests answered", ("method", "route", "status"))
SECONDS = Histogram("fleetline_request_seconds", "Time to answer", ("method", "route"))


class MetricsMiddleware(ASGIMiddleware):
    """Added first, so that it sees every answer."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        if scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await next_app(scope, receive, watched)
        finally:
            method, route = scope["method"], _template(scope)
            REQUESTS.labels(method, route, str(status)).inc()
            SECONDS.labels(method, route).observe(time.perf_counter() - began)


def _template(scope: Any) -> str:
    """The route as it is written, never the address as it was typed: labels stay few."""
    return str(scope.get("path_template") or "unknown")
