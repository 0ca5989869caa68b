"""The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Errors go to stderr, results to stdout."""

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import asyncpg
import click

from backend.core.errors import Refusal
from backend.settings import SettingError, Settings, read_settings

P = ParamSpec("P")
R = TypeVar("R")


class Failed(click.ClickException):
    """A refusal: one line on stderr, exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's own signature
        click.echo(f"fleetline: {self.message}", err=True)


def _settings() -> Settings:
    _use_demo_when_alone()
    try:
        return read_settings()
    except SettingError as error:
        raise Failed(str(error)) from None


def _use_demo_when_alone() -> None:
    """Without settings of their own, commands in a clone speak to its demo."""
    if "FLEETLINE_DATABASE_URL" not in os.environ:
        from backend.demo.run import running_demo

        os.environ.update(running_demo())


def with_database(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Run a command's coroutine with the app's pool open; turn what is expected into one line."""

    async def work(*args: P.args, **kwargs: P.kwargs) -> R:
        from backend import context
        from tenants.transaction import engine, use_engine

        settings = _settings()
        context.use_settings(settings)
        use_engine(settings.database_url)
        await engine().open(size=2)
        try:
            return await function(*args, **kwargs)
        finally:
            await engine().close()

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return asyncio.run(work(*args, **kwargs))
        except Refusal as refusal:
            raise Failed(refusal.message) from None
        except (OSError, asyncpg.PostgresError) as error:
            raise Failed(f"the database does not answer: {error}") from None

    return command


def serving(function: Callable[[Settings], Awaitable[None]]) -> None:
    from tenants.transaction import BypassingLogin

    settings = _settings()
    try:
        asyncio.run(function(settings))  # type: ignore[arg-type]
    except BypassingLogin as error:
        raise Failed(str(error)) from None
    except (OSError, asyncpg.PostgresError) as error:
        raise Failed(f"the database does not answer: {error}") from None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fleetline")
def main() -> None:
    """Fleetline: a self-service portal for business mobile customers."""


@main.command()
@click.option("--reset", is_flag=True, help="Forget the demo's data first.")
def demo(*, reset: bool) -> None:
    """Start everything with demo data, here and now."""
    from backend.demo.run import DemoError, run_demo
    from backend.embedded_postgres import DatabaseError
    from backend.provision import ProvisionError

    try:
        sys.exit(run_demo(reset=reset))
    except (DemoError, DatabaseError, ProvisionError, SettingError) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(
            f"{error.strerror or error}: {error.filename or 'free some space and start again'}"
        ) from None
    except KeyboardInterrupt:
        sys.exit(130)


@main.command()
def web() -> None:
    """Serve the portal, sign-in and the REST interface."""
    import uvicorn

    settings = _settings()
    os.environ.setdefault(
        "REACTPY_ASYNC_RENDERING", "false"
    )  # concurrent rendering may end with a stale page
    uvicorn.run(
        "frontend.main:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=",".join(settings.trusted_proxies) or None,
        timeout_graceful_shutdown=3,
        ws_max_size=1024 * 1024,
    )


@main.command()
def worker() -> None:
    """Run the relay and the jobs."""
    from backend.worker import serve

    serving(serve)


@main.command()
def schedule() -> None:
    """Run recurring sweeps; several may run."""
    from backend.schedule import serve

    serving(serve)


@main.command()
def sandbox() -> None:
    """Play both carriers and a mailbox, for the demo and for tests."""
    from backend.sandbox.app import serve
    from backend.sandbox.world import Setup

    settings = _settings()
    listener = f"{settings.public_url}/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
    data = Path(os.environ.get("FLEETLINE_SANDBOX_DATA", ".fleetline/sandbox"))
    data.mkdir(parents=True, exist_ok=True)
    setup = Setup(
        data=data,
        callback_urls=dict.fromkeys(settings.carrier_secrets, listener),
        secrets=settings.carrier_secrets,
        mail_port=int(os.environ.get("FLEETLINE_SANDBOX_MAIL_PORT", "8025")),
    )
    serve(setup, port=int(os.environ.get("FLEETLINE_SANDBOX_PORT", "8010")))


@main.command()
def migrate() -> None:
    """Bring the database schema up to date (needs FLEETLINE_OWNER_DATABASE_URL)."""
    from backend.provision import ProvisionError, migrate

    settings = _settings()
    if not settings.owner_database_url:
        raise Failed("FLEETLINE_OWNER_DATABASE_URL is not set: migrations need the owner's login")
    try:
        click.echo(migrate(settings.owner_database_url), nl=False)
    except ProvisionError as error:
        raise Failed(str(error)) from None


@main.group()
def db() -> None:
    """The database: addresses, and setting up a server."""


@db.command("url")
@click.option("--role", type=click.Choice(["owner", "app", "relay"]), required=True)
def db_url(role: str) -> None:
    """Print the address of one login."""
    settings = _settings()
    urls = {
        "owner": settings.owner_database_url,
        "app": settings.database_url,
        "relay": settings.relay_database_url,
    }
    if not urls[role]:
        raise Failed(f"this deployment names no address for the role {role}")
    click.echo(urls[role])


@db.command("setup")
@click.option("--admin-url", required=True, help="A login that may create roles and databases.")
@click.option("--database", default="fleetline", show_default=True)
def db_setup(admin_url: str, database: str) -> None:
    """Make the four roles and the database on a PostgreSQL server, migrate, and print the settings to use."""
    import secrets

    from backend.provision import ROLES, ProvisionError, set_up

    passwords = {
        role: secrets.token_urlsafe(24) for role, rights in ROLES.items() if rights.startswith("LOGIN")
    }
    try:
        logins = asyncio.run(set_up(admin_url, database, passwords))
    except (OSError, asyncpg.PostgresError, ProvisionError) as error:
        raise Failed(str(error)) from None
    for name, value in logins.environment().items():
        click.echo(f"{name}={value}")


@main.group()
def tenant() -> None:
    """Customers of this deployment."""


@tenant.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--carrier", required=True, help="The code of a carrier profile.")
@click.option("--enterprise-number", default="", help="Ten digits; with it the first organisation is made.")
@click.option("--address", default="")
@click.option("--account", "accounts", multiple=True, metavar="NUMBER", help="A customer number; repeatable.")
@with_database
async def tenant_create(
    slug: str, name: str, carrier: str, enterprise_number: str, address: str, accounts: tuple[str, ...]
) -> None:
    """Make a customer with its organisation and customer numbers."""
    from backend.catalog.identifiers import enterprise_number as valid
    from backend.catalog.profiles import load_profiles
    from backend.lines.accounts import add_billing_account, add_organisation
    from backend.members.provision import create_tenant
    from tenants.scope import Actor

    known = load_profiles(_settings().profiles)
    if carrier not in known:
        raise Failed(f"no carrier has the code {carrier!r}: choose among {', '.join(sorted(known))}")
    digits = valid(enterprise_number) if enterprise_number else ""
    if digits is None:
        raise Failed(f"{enterprise_number!r} is not a Belgian enterprise number")
    actor = Actor(await create_tenant(slug, name, carrier), carrier=carrier)
    organisation = await add_organisation(actor, name=name, enterprise_number=digits, address=address)
    for number in accounts:
        await add_billing_account(actor, organisation_id=organisation, number=number)
    click.echo(str(actor.tenant_id))


async def _actor(slug: str) -> Any:
    from tenants.directory import find_tenant
    from tenants.scope import Actor

    tenant_id = await find_tenant(slug)
    if tenant_id is None:
        raise Failed(f"there is no tenant {slug!r}")
    return Actor(tenant_id)


@main.group()
def member() -> None:
    """People of a customer who sign in."""


@member.command("add")
@click.option("--tenant", "slug", required=True)
@click.option("--email", required=True)
@click.option("--role", "roles", required=True, multiple=True, help="Repeat for several.")
@click.option("--name", default="")
@click.option("--mobile", default=None)
@click.option("--language", type=click.Choice(["fr", "nl", "de", "en"]), default="en", show_default=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input (12 characters at least)."
)
@with_database
async def member_add(
    slug: str,
    email: str,
    roles: tuple[str, ...],
    name: str,
    mobile: str | None,
    language: str,
    *,
    password_stdin: bool,
) -> None:
    """Give a person access, with a new account or the one of this e-mail address."""
    from backend.members.service import add_member

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    await add_member(
        await _actor(slug),
        email=email,
        name=name or email.partition("@")[0],
        roles=roles,
        password=password,
        mobile=mobile,
        language=language,
    )


@main.group()
def fleet() -> None:
    """Lines of a customer."""


@fleet.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"), required=False)
@click.option("--tenant", "slug")
@click.option("--skip-bad-rows", is_flag=True, help="Import the good rows although others have errors.")
@click.option("--template", is_flag=True, help="Print the header that the file must have, and nothing else.")
def fleet_import(file: Any, slug: str | None, *, skip_bad_rows: bool, template: bool) -> None:
    """Import lines from a CSV file. All or nothing, unless bad rows may be skipped."""
    from backend.lines.importing import COLUMNS

    if template:
        click.echo(",".join(COLUMNS))
        return
    if file is None or slug is None:
        raise click.UsageError("Give FILE and --tenant, or --template.")
    _import(file, slug, skip_bad_rows=skip_bad_rows)


@with_database
async def _import(file: Any, slug: str, *, skip_bad_rows: bool) -> None:
    from backend.lines.importing import import_lines

    result = await import_lines(await _actor(slug), file, skip_bad_rows=skip_bad_rows)
    for error in result.errors:
        click.echo(f"row {error.row}, {error.column}: {error.message}", err=True)
    click.echo(f"imported: {result.imported}")
    if result.errors and not skip_bad_rows:
        raise Failed(f"nothing was imported: {len(result.errors)} errors")


@main.group()
def token() -> None:
    """Bearer tokens for the REST interface."""


@token.command("create")
@click.option("--tenant", "slug", required=True)
@click.option("--member", "email", required=True, metavar="EMAIL")
@click.option("--label", default="")
@with_database
async def token_create(slug: str, email: str, label: str) -> None:
    """Print a new token, and nothing else; it is shown this once."""
    from backend.members.service import find_member
    from backend.members.tokens import create_token

    actor = await _actor(slug)
    click.echo(await create_token(actor, await find_member(actor, email), label=label))


if __name__ == "__main__":
    main()
