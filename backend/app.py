"""Puts the HTTP side together: sign-in, REST, callbacks, health. Everything that a process needs, it is handed."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

import backend.api.esim_confirmation
import backend.api.successor
import backend.subscriptions  # noqa: F401 - registers which jobs follow which event
from backend import runtime
from backend.api.analysis import AnalysisController
from backend.api.auth import identity_routers
from backend.api.bulk import BulkController
from backend.api.callbacks import service_order_state_change
from backend.api.catalog import CatalogController
from backend.api.docs import documentation, openapi_json
from backend.api.documents import DocumentsController
from backend.api.drafts import DraftsController
from backend.api.health import healthz, metrics, readyz
from backend.api.invoice_proof import DisputesController, InvoiceProofController
from backend.api.invoice_settings import InvoiceSettingsController
from backend.api.invoices import InvoicesController
from backend.api.lines import LinesController
from backend.api.mandates import MandatesController
from backend.api.notifications import NotificationsController
from backend.api.operator.routes import operator_router
from backend.api.orders import OrdersController
from backend.api.payment_events import payment_event
from backend.api.payments import PaymentsController
from backend.api.public import public_router
from backend.api.saved_views import SavedViewsController
from backend.api.usage import UsageController
from backend.database import open_database
from backend.members.tokens import authenticate_token
from backend.settings import Settings
from backend.web.bodies import json_is_json
from backend.web.metrics import MetricsMiddleware
from backend.web.origin import OriginCheck
from backend.web.problems import HANDLERS
from backend.web.refusals import bearer_token, log_refusal, trust_proxies
from backend.web.types import AnyConnection, AnyRequest
from tenants.scope import Actor
from tenants.time_limits import TimeLimits
from tenants.transaction import engine, use_engine

log = structlog.get_logger()

# A database that is frozen must not hold requests. Exports are read in parts, each a statement of its own.
WEB_LIMITS = TimeLimits(begin=8, statement=20)
LARGEST_REQUEST = 2 * 1024 * 1024
OPENAPI = OpenAPIConfig(
    title="Fleetline",
    version="1",
    description="The fleet, the catalogue and change orders: the same use cases as the portal's pages.",
    path="/api/openapi",
    # Without a plugin the framework would add its own pages, with scripts from elsewhere.
    render_plugins=[JsonRenderPlugin()],
    components=Components(
        security_schemes={
            "token": SecurityScheme(type="http", scheme="bearer"),
            "operator": SecurityScheme(
                type="http", scheme="bearer", description="Of the operator's staff: never a member's."
            ),
        }
    ),
)

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


async def token_required(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """A guard: who acts through the bearer token is known before a body is read. Cookies are not looked at here."""
    actor = await authenticate_token(bearer_token(connection))
    if actor is None:
        log_refusal(connection, "token")
        raise NotAuthorizedException("Send a valid token: Authorization: Bearer …")
    connection.state.actor = actor


def bearer(request: AnyRequest) -> Actor:
    """Who acts, as the guard found."""
    actor: Actor = request.state.actor
    return actor


def create_api(
    settings: Settings, *, stylesheets: Sequence[str] = (), also: Sequence[Lifespan] = ()
) -> Litestar:
    """The application outside the portal's pages.

    It opens this process's database pool for as long as it runs, and what `also` opens in the same process.
    """

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        runtime.use_settings(settings)
        use_engine(settings.database_url)
        await open_database(size=settings.pool_size, limits=WEB_LIMITS)
        yield
        await engine().close()

    trust_proxies(settings.trusted_proxies)
    return Litestar(
        route_handlers=[
            rest_router(),
            operator_router(),
            openapi_json,
            documentation,
            service_order_state_change,
            payment_event,
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
        openapi_config=OPENAPI,
        state=State({"stylesheets": tuple(stylesheets)}),
        request_max_body_size=LARGEST_REQUEST,
        logging_config=None,
    )


def rest_router() -> Router:
    """The REST interface for customers, behind their tokens."""
    return Router(
        "/api/v1",
        route_handlers=[
            LinesController,
            CatalogController,
            OrdersController,
            UsageController,
            InvoicesController,
            MandatesController,
            PaymentsController,
            InvoiceSettingsController,
            InvoiceProofController,
            DisputesController,
            AnalysisController,
            DocumentsController,
            BulkController,
            DraftsController,
            NotificationsController,
            SavedViewsController,
        ],
        guards=[token_required, json_is_json],
        dependencies={"actor": Provide(bearer, sync_to_thread=False)},
        security=[{"token": []}],
    )
