"""The database and its keys."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from backend.command import CommandFailed, run, settings_here, with_database

if TYPE_CHECKING:
    from backend.provision import DatabaseRoles


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
    except (ValueError, ProvisionError) as error:
        raise CommandFailed(str(error)) from None
    runtime.use_settings(settings)
    run(keys.make_first())


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


admin_option = click.option(
    "--admin-url",
    envvar="FLEETLINE_ADMIN_DATABASE_URL",
    help="A login that row-level security does not bind; without one, the demo of this folder.",
)
database_option = click.option("--database", default="fleetline", show_default=True)
passwords_option = click.option(
    "--new-passwords",
    is_flag=True,
    help="Also for roles that are there: every deployment on this server stops until it has them.",
)


@db.command("setup")
@click.option(
    "--admin-url",
    required=True,
    envvar="FLEETLINE_ADMIN_DATABASE_URL",
    help="A login that may create roles and databases.",
)
@database_option
@passwords_option
def db_setup(admin_url: str, database: str, *, new_passwords: bool) -> None:
    """Make the four roles and the database on a PostgreSQL server, migrate, and print the settings to use."""
    from backend.provision import ProvisionError, set_up

    _check(admin_url)
    try:
        logins = run(set_up(admin_url, database, _made_up(), new_passwords=new_passwords))
    except ProvisionError as error:
        raise CommandFailed(str(error)) from None
    _print_settings(logins)


def _check(admin_url: str) -> None:
    """Refuse an address that is none, or that names several hosts."""
    from backend.setting_values import WrongValueError, database_url

    try:
        several = "," in urlsplit(database_url(admin_url)).netloc
    except WrongValueError as error:
        raise CommandFailed(f"--admin-url or FLEETLINE_ADMIN_DATABASE_URL {error}") from None
    if several:
        raise CommandFailed("--admin-url or FLEETLINE_ADMIN_DATABASE_URL must name one host")


def _made_up() -> dict[str, str]:
    """A password for each login, for those that will need one."""
    import secrets

    from backend.provision import LOGINS

    return {role: secrets.token_urlsafe(24) for role in LOGINS}


def _print_settings(logins: "DatabaseRoles") -> None:
    """The three addresses; stderr says which passwords are those of before."""
    from backend.provision import UNKNOWN_PASSWORD

    addresses = logins.environment()
    for name, value in addresses.items():
        click.echo(f"{name}={value}")
    if kept := [name for name, value in addresses.items() if f":{UNKNOWN_PASSWORD}@" in value]:
        click.echo(
            f"fleetline: the roles are one per server and those of {', '.join(kept)} were there already, with their "
            f"passwords: write these in place of {UNKNOWN_PASSWORD}. --new-passwords gives new ones; every deployment "
            "on this server then stops until it has them.",
            err=True,
        )


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
    _check(admin_url)
    try:
        size = back_up(admin_url, database, file)
    except BackupError as error:
        raise CommandFailed(str(error)) from None
    click.echo(
        f"{file}: {size:,} bytes. Keep FLEETLINE_SECRET_KEYS too (.fleetline/secrets.json for a demo)."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@admin_option
@database_option
@passwords_option
def restore(file: Path, admin_url: str | None, database: str, *, new_passwords: bool) -> None:
    """Make a new database from FILE, a backup, and print the settings to use; for a demo, replace its data."""
    from backend.backup import BackupError
    from backend.backup import restore as restore_database
    from backend.demo.run import restore_demo
    from backend.embedded_postgres import DatabaseError
    from backend.provision import ProvisionError

    try:
        if not admin_url:
            restore_demo(file)
            click.echo("restored: start the demo again")
            return
        _check(admin_url)
        logins = run(restore_database(admin_url, database, file, _made_up(), new_passwords=new_passwords))
    except (BackupError, DatabaseError, ProvisionError) as error:
        raise CommandFailed(str(error)) from None
    _print_settings(logins)


@click.command("rotate-key")
@with_database
async def rotate_key() -> None:
    """Make a new signing key: it takes over in two minutes, sign-ins go on, earlier keys go a day after."""
    from backend.core.secrets import SecretBox
    from backend.issuer.keys import SigningKeys, refuse_other_keys

    box = SecretBox(settings_here().secret_keys)
    await refuse_other_keys(box)
    click.echo(f"signs in two minutes: {await SigningKeys(box).rotate()}")
