"""The sandbox: both carriers, a mailbox and payments without money as one separate web application, reached only by its address."""

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec
import uvicorn
from litestar import Litestar, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import Scope

from backend.sandbox.admin_api import AdminController
from backend.sandbox.carrier.documents import TmfError
from backend.sandbox.console.mails import MailController
from backend.sandbox.console.payment_routes import PaymentConsole
from backend.sandbox.console.routes import ConsoleController
from backend.sandbox.payments.documents import StripeError
from backend.sandbox.payments.pay_pages import PayController
from backend.sandbox.payments.stripe_api import stripe_call, stripe_error
from backend.sandbox.payments.transfer_pages import TransferController
from backend.sandbox.sandbox import Sandbox, SandboxConfig
from backend.sandbox.sms_api import SmsController
from backend.sandbox.tmf_api import (
    CancellingController,
    InventoryController,
    OrderingController,
    ResourceController,
    bad_input,
    tmf_error,
)
from backend.web.types import AnyRequest

LOG = logging.getLogger(__name__)
SHUTDOWN_SECONDS = 2


@get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


def same_origin_only(request: AnyRequest) -> None:
    """Refuse requests that a page of another site makes through its visitor's browser."""
    origin = request.headers.get("origin")
    if request.method != "GET" and origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise TmfError(403, "foreignOrigin", "This request comes from another site.")


async def log_bug(error: Exception, scope: Scope) -> None:
    """Anything but an answer in TMF's words or in HTTP's is a bug of the sandbox."""
    if not isinstance(
        error, TmfError | StripeError | HTTPException | msgspec.ValidationError | msgspec.DecodeError
    ):
        LOG.error("the sandbox failed on %s", scope["path"], exc_info=error)


def create_sandbox(setup: SandboxConfig) -> Litestar:
    """The application. It starts its carriers, its postman and its mailbox with its lifespan."""
    sandbox = Sandbox(setup)

    def the_sandbox() -> Sandbox:
        return sandbox

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with sandbox.running():
            yield

    return Litestar(
        route_handlers=[
            healthz,
            OrderingController,
            CancellingController,
            InventoryController,
            ResourceController,
            AdminController,
            ConsoleController,
            MailController,
            SmsController,
            stripe_call,
            PayController,
            TransferController,
            PaymentConsole,
        ],
        dependencies={"sandbox": Provide(the_sandbox, sync_to_thread=False)},
        exception_handlers={
            TmfError: tmf_error,
            StripeError: stripe_error,
            msgspec.ValidationError: bad_input,
            msgspec.DecodeError: bad_input,
        },
        before_request=same_origin_only,
        after_exception=[log_bug],
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )


def server(setup: SandboxConfig, host: str, port: int) -> uvicorn.Server:
    """A server for the sandbox that ends within three seconds of a signal."""
    return uvicorn.Server(
        uvicorn.Config(
            create_sandbox(setup),
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            # Its handlers would write past the rules of `core/logs.py`.
            log_config=None,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )


def serve(
    setup: SandboxConfig,
    *,
    host: str = "127.0.0.1",
    port: int = 8010,
    sockets: list[socket.socket] | None = None,
) -> None:
    """Run until SIGTERM or Ctrl-C."""
    server(setup, host, port).run(sockets)
