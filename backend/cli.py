"""The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Errors go to stderr, results to stdout."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
import click

from backend.command import CommandFailed, serving, settings_here, with_database
from backend.settings import SettingError


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
        raise CommandFailed(str(error)) from None
    except OSError as error:
        raise CommandFailed(
            f"{error.strerror or error}: {error.filename or 'free some space and start again'}"
        ) from None
    except KeyboardInterrupt:
        sys.exit(130)


@main.command()
def web() -> None:
    """Serve the portal, sign-in and the REST interface."""
    import uvicorn

    settings = settings_here()
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
    from backend.sandbox.sandbox import SandboxConfig

    settings = settings_here()
    listener = f"{settings.public_url}/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
    data = Path(os.environ.get("FLEETLINE_SANDBOX_DATA", ".fleetline/sandbox"))
    data.mkdir(parents=True, exist_ok=True)
    setup = SandboxConfig(
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

    settings = settings_here()
    if not settings.owner_database_url:
        raise CommandFailed("FLEETLINE_OWNER_DATABASE_URL is not set: migrations need the owner's login")
    try:
        click.echo(migrate(settings.owner_database_url), nl=False)
    except ProvisionError as error:
        raise CommandFailed(str(error)) from None


@main.group()
def db() -> None:
    """The database: addresses, and setting up a server."""


@db.command("url")
@click.option("--role", type=click.Choice(["owner", "app", "relay"]), required=True)
def db_url(role: str) -> None:
    """Print the address of one login."""
    settings = settings_here()
    urls = {
        "owner": settings.owner_database_url,
        "app": settings.database_url,
        "relay": settings.relay_database_url,
    }
    if not urls[role]:
        raise CommandFailed(f"this deployment names no address for the role {role}")
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
        raise CommandFailed(str(error)) from None
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
    from backend.lines.organisations import add_billing_account, add_organisation
    from backend.members.tenants import create_tenant
    from tenants.scope import Actor

    known = load_profiles(settings_here().profiles)
    if carrier not in known:
        raise CommandFailed(f"no carrier has the code {carrier!r}: choose among {', '.join(sorted(known))}")
    digits = valid(enterprise_number) if enterprise_number else ""
    if digits is None:
        raise CommandFailed(f"{enterprise_number!r} is not a Belgian enterprise number")
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
        raise CommandFailed(f"there is no tenant {slug!r}")
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
    from backend.lines.intake.file_import import COLUMNS

    if template:
        click.echo(",".join(COLUMNS))
        return
    if file is None or slug is None:
        raise click.UsageError("Give FILE and --tenant, or --template.")
    _import(file, slug, skip_bad_rows=skip_bad_rows)


@with_database
async def _import(file: Any, slug: str, *, skip_bad_rows: bool) -> None:
    from backend.lines.intake.file_import import import_lines

    result = await import_lines(await _actor(slug), file, skip_bad_rows=skip_bad_rows)
    for error in result.errors:
        click.echo(f"row {error.row}, {error.column}: {error.message}", err=True)
    click.echo(f"imported: {result.imported}")
    if result.errors and not skip_bad_rows:
        raise CommandFailed(f"nothing was imported: {len(result.errors)} errors")


@main.group()
def sim() -> None:
    """Blank SIM cards of a customer."""


@sim.command("add")
@click.option("--tenant", "slug", required=True)
@click.argument("file", type=click.File(), default="-")
@with_database
async def sim_add(slug: str, file: Any) -> None:
    """Take delivered blank cards into stock: one SIM number a line, from FILE or standard input."""
    from backend.lines.sims.stock import add_sims

    _report(await add_sims(await _actor(slug), [line.strip() for line in file if line.strip()]))


@main.group()
def number() -> None:
    """Numbers kept for a customer."""


@number.command("reserve")
@click.option("--tenant", "slug", required=True)
@click.argument("numbers", nargs=-1, required=True)
@with_database
async def number_reserve(slug: str, numbers: tuple[str, ...]) -> None:
    """Keep Belgian mobile numbers for a customer's new lines."""
    from backend.lines.sims.stock import reserve_numbers

    _report(await reserve_numbers(await _actor(slug), numbers))


def _report(taken: Any) -> None:
    """How many were taken in; exit code 1 where some were not."""
    click.echo(f"{taken.added} added")
    for words, left_out in (("not valid", taken.wrong), ("in use", taken.in_use)):
        for text in left_out:
            click.echo(f"{words}: {text}", err=True)
    if taken.wrong or taken.in_use:
        raise SystemExit(1)


@main.group()
def token() -> None:
    """Bearer tokens for the REST interface."""


@token.command("create")
@click.option("--tenant", "slug")
@click.option("--member", "email", metavar="EMAIL")
@click.option("--operator", metavar="NAME", help="A person of the operator's staff; belongs to no tenant.")
@click.option("--label", default="")
def token_create(slug: str | None, email: str | None, operator: str | None, label: str) -> None:
    """Print a new token, and nothing else; it is shown this once."""
    if (bool(slug), bool(email), operator is not None) not in {(True, True, False), (False, False, True)}:
        raise click.UsageError("Give --tenant and --member, or --operator.")
    _create_token(slug or "", email or "", operator, label)


@with_database
async def _create_token(slug: str, email: str, operator: str | None, label: str) -> None:
    from backend.members.operators import create_operator_token
    from backend.members.service import find_member
    from backend.members.tokens import create_token

    if operator is not None:
        click.echo(await create_operator_token(operator))
        return
    actor = await _actor(slug)
    click.echo(await create_token(actor, await find_member(actor, email), label=label))


@token.command("revoke")
@click.option("--operator", required=True, metavar="NAME", help="Ends every token of this person.")
@with_database
async def token_revoke(operator: str) -> None:
    """End the operator tokens of a person, at once and in every process."""
    from backend.members.operators import revoke_operator_tokens

    click.echo(f"revoked: {await revoke_operator_tokens(operator)}")


@main.command("rotate-key")
@with_database
async def rotate_key() -> None:
    """Make a new signing key: it takes over in two minutes, sign-ins go on, earlier keys go a day after."""
    from backend.core.secrets import SecretBox
    from backend.issuer.keys import SigningKeys

    click.echo(f"signs in two minutes: {await SigningKeys(SecretBox(settings_here().secret_keys)).rotate()}")


@main.group()
def usage() -> None:
    """Usage of lines, as carriers rate it."""


@usage.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slugs", multiple=True, help="Only numbers of this tenant; repeatable.")
@with_database
async def usage_import(file: Path, slugs: tuple[str, ...]) -> None:
    """Load usage records or bundle states of any number of tenants (docs/usage.md). A file may be loaded again."""
    from backend.usage.importing import import_file, rejected_path

    only = [(await _actor(slug)).tenant_id for slug in slugs]
    result = await import_file(file, only=only)
    click.echo(f"rows: {result.rows}, new: {result.taken}, known: {result.repeated}")
    if result.rejected:
        raise CommandFailed(f"{result.rejected} rows were rejected: see {rejected_path(file)}")


if __name__ == "__main__":
    main()
