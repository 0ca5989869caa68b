"""Puts the HTTP side together: sign-in, REST, callbacks, health. Everything that a process needs, it is handed."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

import backend.api.esim_confirmation
import backend.api.successor
import backend.subscriptions  # noqa: F401 - registers which jobs follow which event
from backend import runtime
from backend.api.auth import identity_routers
from backend.api.bulk import BulkController
from backend.api.callbacks import service_order_state_change
from backend.api.catalog import CatalogController
from backend.api.docs import documentation, openapi_json
from backend.api.documents import DocumentsController
from backend.api.health import healthz, metrics, readyz
from backend.api.lines import LinesController
from backend.api.operator.routes import operator_router
from backend.api.orders import OrdersController
from backend.api.public import public_router
from backend.api.usage import UsageController
from backend.database import open_database
from backend.members.tokens import authenticate_token
from backend.settings import Settings
from backend.web.metrics import MetricsMiddleware
from backend.web.origin import OriginCheck
from backend.web.problems import HANDLERS
from tenants.scope import Actor
from tenants.transaction import engine, use_engine

log = structlog.get_logger()

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


async def bearer(request: Request[Any, Any, Any]) -> Actor:
    """Who acts through the bearer token. Cookies are not looked at here."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    actor = await authenticate_token(token.strip()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise NotAuthorizedException("Send a valid token: Authorization: Bearer …")
    return actor


def create_api(
    settings: Settings, *, stylesheets: Sequence[str] = (), also: Sequence[Lifespan] = ()
) -> Litestar:
    """The application outside the portal's pages. Opens this process's database pool for as long as it runs,
    and what `also` opens, which belongs to the same process.
    """

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        runtime.use_settings(settings)
        use_engine(settings.database_url)
        await open_database(size=settings.pool_size)
        yield
        await engine().close()

    rest = Router(
        "/api/v1",
        route_handlers=[
            LinesController,
            CatalogController,
            OrdersController,
            UsageController,
            DocumentsController,
            BulkController,
        ],
        dependencies={"actor": Provide(bearer)},
        security=[{"token": []}],
    )
    return Litestar(
        route_handlers=[
            rest,
            operator_router(),
            openapi_json,
            documentation,
            service_order_state_change,
            healthz,
            readyz,
            metrics,
            *identity_routers(settings, stylesheets),
            public_router(settings, stylesheets),
        ],
        lifespan=[lifespan, *also],
        middleware=[MetricsMiddleware(), DefineMiddleware(OriginCheck, public_url=settings.public_url)],
        exception_handlers=HANDLERS,
        compression_config=CompressionConfig(backend="brotli", brotli_quality=4, brotli_gzip_fallback=True),
        openapi_config=OpenAPIConfig(
            title="Fleetline",
            version="1",
            description="The fleet, the catalogue and change orders: the same use cases as the portal's pages.",
            path="/api/openapi",
            render_plugins=[
                JsonRenderPlugin()
            ],  # none at all would mean the framework's, with scripts from elsewhere
            components=Components(
                security_schemes={
                    "token": SecurityScheme(type="http", scheme="bearer"),
                    "operator": SecurityScheme(
                        type="http", scheme="bearer", description="Of the operator's staff: never a member's."
                    ),
                }
            ),
        ),
        state=State({"stylesheets": tuple(stylesheets)}),
        request_max_body_size=2 * 1024 * 1024,
        logging_config=None,
    )
