"""The database and its keys."""

import asyncio
from pathlib import Path

import asyncpg
import click

from backend.command import CommandFailed, settings_here, with_database


@click.command()
def migrate() -> None:
    """Bring the database up to date: its schema, and the first signing key (needs FLEETLINE_OWNER_DATABASE_URL)."""
    from backend import runtime
    from backend.core.secrets import SecretBox
    from backend.issuer.keys import SigningKeys
    from backend.provision import ProvisionError, migrate

    settings = settings_here()
    if not settings.owner_database_url:
        raise CommandFailed("FLEETLINE_OWNER_DATABASE_URL is not set: migrations need the owner's login")
    try:
        keys = SigningKeys(SecretBox(settings.secret_keys))
        click.echo(migrate(settings.owner_database_url), nl=False)
        runtime.use_settings(settings)
        asyncio.run(keys.make_first())
    except (OSError, ValueError, asyncpg.PostgresError, ProvisionError) as error:
        raise CommandFailed(str(error)) from None


@click.group()
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


admin_option = click.option(
    "--admin-url",
    envvar="FLEETLINE_ADMIN_DATABASE_URL",
    help="A login that row-level security does not bind; without one, the demo of this folder.",
)
database_option = click.option("--database", default="fleetline", show_default=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@admin_option
@database_option
def backup(file: Path, admin_url: str | None, database: str) -> None:
    """Write the whole database to FILE, while the product runs."""
    from backend.backup import BackupError, back_up
    from backend.demo.run import running_server

    if not admin_url and not (admin_url := running_server()):
        raise CommandFailed("no demo runs in this folder: give --admin-url")
    try:
        size = back_up(admin_url, database, file)
    except (OSError, BackupError) as error:
        raise CommandFailed(str(error)) from None
    click.echo(
        f"{file}: {size:,} bytes. Keep FLEETLINE_SECRET_KEYS too (.fleetline/secrets.json for a demo)."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@admin_option
@database_option
def restore(file: Path, admin_url: str | None, database: str) -> None:
    """Make a new database from FILE, a backup, and print the settings to use; for a demo, replace its data."""
    import secrets

    from backend.backup import BackupError
    from backend.backup import restore as restore_database
    from backend.demo.run import DemoError, restore_demo
    from backend.embedded_postgres import DatabaseError
    from backend.provision import ROLES, ProvisionError

    passwords = {
        role: secrets.token_urlsafe(24) for role, rights in ROLES.items() if rights.startswith("LOGIN")
    }
    try:
        if not admin_url:
            restore_demo(file)
            click.echo("restored: start the demo again")
            return
        logins = asyncio.run(restore_database(admin_url, database, file, passwords))
    except (
        OSError, asyncpg.PostgresError, BackupError, DatabaseError, DemoError, ProvisionError
    ) as error:  # fmt: skip
        raise CommandFailed(str(error)) from None
    for name, value in logins.environment().items():
        click.echo(f"{name}={value}")


@click.command("rotate-key")
@with_database
async def rotate_key() -> None:
    """Make a new signing key: it takes over in two minutes, sign-ins go on, earlier keys go a day after."""
    from backend.core.secrets import SecretBox
    from backend.issuer.keys import SigningKeys

    click.echo(f"signs in two minutes: {await SigningKeys(SecretBox(settings_here().secret_keys)).rotate()}")
