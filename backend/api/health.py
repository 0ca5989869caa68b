"""Liveness, readiness and metrics for those who run the deployment."""

import hmac
from typing import Any

from litestar import MediaType, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from backend.core.database_errors import TRANSIENT_ERRORS
from backend.runtime import settings
from backend.web.problems import problem_response
from backend.web.types import AnyRequest
from tenants.transaction import engine

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "testclient"})


@get("/healthz", include_in_schema=False, media_type=MediaType.TEXT, sync_to_thread=False)
def healthz() -> str:
    """The process answers."""
    return "ok"


@get("/readyz", include_in_schema=False)
async def readyz() -> Response[Any]:
    """The process can do its work: the database answers."""
    try:
        async with engine().pool.acquire(timeout=2) as connection:
            await connection.fetchval("SELECT 1", timeout=2)
    except (*TRANSIENT_ERRORS, AttributeError) as error:
        return problem_response(
            503, detail=f"The database does not answer: {type(error).__name__}.", code="not_ready"
        )
    return Response("ok", media_type=MediaType.TEXT)


@get("/metrics", include_in_schema=False)
async def metrics(request: AnyRequest) -> Response[Any]:
    """Prometheus metrics without tenant labels, for loopback or with the metrics token."""
    token = settings().metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    # Behind a proxy on this host every client looks like loopback, so a forwarded request needs the token.
    local = (
        bool(request.client and request.client.host in LOOPBACK) and "x-forwarded-for" not in request.headers
    )
    if not local and not (token and hmac.compare_digest(given, token)):
        return problem_response(
            403, detail="Metrics are for loopback, or with the metrics token.", code="forbidden"
        )
    return Response(generate_latest(REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST})
