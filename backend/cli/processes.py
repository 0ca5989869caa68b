"""The processes of a deployment: demo, web, worker, schedule, sandbox."""

import contextlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import click

from backend.command import CommandFailed, file_problem, run, serving, settings_here
from backend.core.database_errors import describe
from backend.settings import SettingError

# The portal's door for what the payment service says
WEBHOOKS = "/api/callbacks/stripe"

if TYPE_CHECKING:
    import socket

    import uvicorn


@click.command()
@click.option("--reset", is_flag=True, help="Forget the demo's data first.")
def demo(*, reset: bool) -> None:
    """Start everything with demo data, here and now."""
    from backend.demo.run import DemoError, run_demo
    from backend.embedded_postgres import DatabaseError
    from backend.provision import ProvisionError

    try:
        sys.exit(run_demo(reset=reset))
    except (DemoError, DatabaseError, ProvisionError, SettingError) as error:
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise CommandFailed(describe(error) or file_problem(error)) from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandFailed(describe(error) or "") from None
    except KeyboardInterrupt:
        sys.exit(130)


@click.command()
def web() -> None:
    """Serve the portal, sign-in and the REST interface."""
    import uvicorn

    from backend.database import check_database
    from backend.ports import check_free

    settings = settings_here()
    # Inside the server each of these would end in a traceback
    check_free("FLEETLINE_PORT", settings.port, settings.host)
    run(check_database(settings))
    # Concurrent rendering may end with a stale page.
    os.environ.setdefault("REACTPY_ASYNC_RENDERING", "false")
    config = uvicorn.Config(
        "frontend.main:serve",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        # Its handlers would write past the rules of `core/logs.py`.
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=",".join(settings.trusted_proxies) or None,
        timeout_graceful_shutdown=3,
        http="backend.web.connection:BoundedHttpProtocol",
        ws_max_size=1024 * 1024,
        ws_max_queue=4,
    )
    server = _announcing(config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(1)


def _announcing(config: "uvicorn.Config") -> "uvicorn.Server":
    """A server that says in the log when it takes requests, and where."""
    import structlog
    import uvicorn

    class AnnouncingServer(uvicorn.Server):
        """Uvicorn's server with one entry more."""

        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)
            if self.started:
                structlog.get_logger().info("web ready", host=config.host, port=config.port)

    return AnnouncingServer(config)


@click.command()
def worker() -> None:
    """Run the relay and the jobs."""
    from backend.worker import serve

    serving(serve)


@click.command()
def schedule() -> None:
    """Run periodic tasks; several may run."""
    from backend.schedule import serve

    serving(serve)


@click.command()
def sandbox() -> None:
    """Play every carrier, a mailbox and a payment service, for the demo and for tests."""
    from backend.catalog.profiles import load_profiles
    from backend.demo.bank_files import BANK_FILES
    from backend.ports import check_free, read_port
    from backend.sandbox.app import serve
    from backend.sandbox.payments.payments import PaymentSetup
    from backend.sandbox.sandbox import SandboxConfig

    settings = settings_here()
    listener = f"{settings.public_url}/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
    data = Path(os.environ.get("FLEETLINE_SANDBOX_DATA", "") or ".fleetline/sandbox")
    ports = {
        "FLEETLINE_SANDBOX_PORT": read_port("FLEETLINE_SANDBOX_PORT", 8010),
        "FLEETLINE_SANDBOX_MAIL_PORT": read_port("FLEETLINE_SANDBOX_MAIL_PORT", 8025),
    }
    for name, port in ports.items():
        check_free(name, port)
    data.mkdir(parents=True, exist_ok=True)
    setup = SandboxConfig(
        data=data,
        callback_urls=dict.fromkeys(settings.carrier_secrets, listener),
        secrets=settings.carrier_secrets,
        carriers=load_profiles(settings.profiles),
        mail_port=ports["FLEETLINE_SANDBOX_MAIL_PORT"],
        payments=PaymentSetup(
            key=settings.stripe_key,
            webhook_url=f"{settings.public_url}{WEBHOOKS}",
            webhook_secret=next(iter(settings.stripe_webhook_secret), ""),
            merchant=settings.operator.name,
            iban=next(iter(settings.operator.ibans), ""),
            bank_files=BANK_FILES,
        ),
    )
    try:
        serve(setup, port=ports["FLEETLINE_SANDBOX_PORT"])
    except sqlite3.Error as error:
        raise CommandFailed(f"FLEETLINE_SANDBOX_DATA: the sandbox's memory in {data}: {error}") from None
