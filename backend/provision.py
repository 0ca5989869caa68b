"""Prepares a PostgreSQL server for Fleetline: four roles, one database, then the migrations.

The owner holds the schema, the app's login is bound by policies, the relay sees the outbox only, and
`fleetline_search` (nobody logs in as it) owns the vetted lookup functions and the fleet view.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

ROLES = {
    "fleetline_owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT",
    "fleetline_app": "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT",
    "fleetline_relay": "LOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT",
    "fleetline_search": "NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT",
}


# Contrib modules that search stands on
EXTENSIONS = ("pg_trgm", "btree_gin")

# What makes a large object
LARGE_OBJECTS = "lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)"

LOCK_ROLES = "SELECT pg_advisory_xact_lock(hashtext('fleetline roles'))"
# Roles that somebody logs in as
LOGINS = ("fleetline_owner", "fleetline_app", "fleetline_relay")
# What stands in an address for a password that is not known here
UNKNOWN_PASSWORD = "PASSWORD"  # noqa: S105 - as above

# It stands in statements, in addresses and in the environment of programs
DATABASE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
# Of PostgreSQL itself
RESERVED = frozenset({"postgres", "template0", "template1"})

# Exit code of the process that migrates
TOO_OLD = 3


class ProvisionError(RuntimeError):
    """The server could not be prepared; the sentence says why."""


class SchemaTooOld(ProvisionError):
    """The database was made before the first release: no migration starts from there."""


@dataclass(frozen=True, slots=True)
class DatabaseRoles:
    """The three addresses that a deployment sets."""

    owner: str
    app: str
    relay: str

    def environment(self) -> dict[str, str]:
        return {
            "FLEETLINE_OWNER_DATABASE_URL": self.owner,
            "FLEETLINE_DATABASE_URL": self.app,
            "FLEETLINE_RELAY_DATABASE_URL": self.relay,
        }


def check_database_name(name: str) -> None:
    """Raise ProvisionError for a name that Fleetline gives no database."""
    if not DATABASE_NAME.fullmatch(name) or name in RESERVED:
        raise ProvisionError(
            f"{name!r} cannot be the name of a database here: letters without accents, digits, _ and -, at most 63, "
            "beginning with a letter, and none of PostgreSQL's own names"
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def role_url(admin_url: str, login: str, password: str, database: str) -> str:
    """The address of one login, on the server that `admin_url` names."""
    parts = urlsplit(admin_url)
    host = parts.hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    secret = f":{quote(password, safe='')}" if password else ""
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, f"{login}{secret}@{host}{port}", f"/{database}", parts.query, ""))


def logins_of(admin_url: str, database: str, passwords: Mapping[str, str]) -> DatabaseRoles:
    """The addresses of the three logins of a database."""
    return DatabaseRoles(*(role_url(admin_url, role, passwords.get(role, ""), database) for role in LOGINS))


async def create_roles(admin_url: str) -> frozenset[str]:
    """Create the roles that the server lacks, and return their names. Safe to repeat and to race.

    Needs a login that may create roles. Nobody can log in as a new one before `set_passwords`.
    """
    connection = await asyncpg.connect(admin_url)
    made = []
    try:
        async with connection.transaction():
            await connection.execute(LOCK_ROLES)
            for role, attributes in ROLES.items():
                exists = await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role
                )
                if not exists:
                    await connection.execute(f"CREATE ROLE {role} {attributes}")
                    made.append(role)
            await connection.execute("GRANT fleetline_search TO fleetline_owner")
    finally:
        await connection.close()
    return frozenset(made)


async def set_passwords(
    admin_url: str, passwords: Mapping[str, str], *, made: Collection[str] = (), replace: bool = False
) -> dict[str, str]:
    """Set the passwords of the roles in `made`, and of those that have none; with `replace` of all. Returns those set.

    Roles are one per server: a new password stops every deployment there until it is told, so this is the last step of
    whatever may fail.
    """
    connection = await asyncpg.connect(admin_url)
    given = {}
    try:
        async with connection.transaction():
            await connection.execute(LOCK_ROLES)
            for role, password in passwords.items():
                if replace or role in made or await _has_no_password(connection, role):
                    quoted = await connection.fetchval("SELECT quote_literal($1)", password)
                    await connection.execute(f"ALTER ROLE {_quoted(role)} PASSWORD {quoted}")
                    given[role] = password
    finally:
        await connection.close()
    return given


async def _has_no_password(connection: asyncpg.Connection, role: str) -> bool:
    """Whether a run that failed left the role without one; who is no superuser is not told."""
    if not await connection.fetchval("SELECT has_table_privilege('pg_authid', 'SELECT')"):
        return False
    found: bool = await connection.fetchval(
        "SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = $1", role
    )
    return found


async def create_database(admin_url: str, database: str, *, template: str = "") -> None:
    """Create the database, owned by the owner role, where it is not there yet. Raises ProvisionError for its name."""
    check_database_name(database)
    connection = await asyncpg.connect(admin_url)
    try:
        if not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database
        ):
            name = _quoted(database)
            copy = f" TEMPLATE {_quoted(template)}" if template else " TEMPLATE template0 ENCODING 'UTF8'"
            await connection.execute(f"CREATE DATABASE {name} OWNER fleetline_owner{copy}")
            await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            # Imports fill temporary tables
            await connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO fleetline_app")
            await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO fleetline_relay")
    finally:
        await connection.close()


async def drop_database(admin_url: str, database: str) -> None:
    """Drop the database, where it is there, whoever is connected to it."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")
    finally:
        await connection.close()


async def prepare_schema(admin_url: str, database: str) -> None:
    """Hand the schema to the owner, and make the extensions of search. Raises ProvisionError where they are missing."""
    connection = await asyncpg.connect(_with_database(admin_url, database))
    try:
        # NOINHERIT keeps the owner bound by policies, so it must own the schema by name.
        await connection.execute("ALTER SCHEMA public OWNER TO fleetline_owner")
        for name in EXTENSIONS:
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        # No policy guards large objects. A login that does not own these functions is warned, and changes nothing.
        await connection.execute(f"REVOKE EXECUTE ON FUNCTION {LARGE_OBJECTS} FROM PUBLIC")
    except asyncpg.FeatureNotSupportedError as error:
        raise ProvisionError(
            f"the server lacks the extension {name}: install PostgreSQL's contrib modules"
        ) from error
    finally:
        await connection.close()


def _with_database(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def as_owner(admin_url: str, database: str) -> str:
    """The admin's address of a database, acting as the owner role: the password of that role need not be known."""
    parts = urlsplit(_with_database(admin_url, database))
    query = "&".join(filter(None, (parts.query, "role=fleetline_owner")))
    return urlunsplit(parts._replace(query=query))


def migrate(owner_url: str) -> str:
    """Bring the schema up to date in a process of its own; concurrent starts wait for each other.

    Returns what Piccolo printed. Raises SchemaTooOld, or ProvisionError with its last words where a migration fails.
    """
    environment = {
        **os.environ,
        "FLEETLINE_OWNER_DATABASE_URL": owner_url,
        "PICCOLO_CONF": "backend.piccolo_conf",
    }
    run = subprocess.run(
        [sys.executable, "-m", "backend.provision"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == TOO_OLD:
        raise SchemaTooOld(
            "this database was made before the first release and cannot be brought up to date: "
            "make another one with `fleetline db setup --database NAME`"
        )
    if run.returncode:
        words = (run.stderr.strip() or run.stdout.strip()).splitlines()[-1:]
        raise ProvisionError("the migrations failed: " + "".join(words))
    return run.stdout


async def _forwards() -> int:
    # Reads PICCOLO_CONF when imported
    from piccolo.apps.migrations.commands.forwards import run_forwards

    connection = await asyncpg.connect(os.environ["FLEETLINE_OWNER_DATABASE_URL"])
    try:
        # Piccolo writes its list after the DDL, so two starts at once would collide.
        await connection.execute("SELECT pg_advisory_lock(hashtext('fleetline migrations'))")
        if await _made_before_release(connection):
            return TOO_OLD
        result = await run_forwards(app_name="fleetline")
        if not result.success:
            sys.stderr.write(f"{result.message}\n")
        return 0 if result.success else 1
    finally:
        await connection.close()


async def _made_before_release(connection: asyncpg.Connection) -> bool:
    """Whether a migration ran here that is older than the first one of this version."""
    from piccolo.apps.migrations.commands.base import BaseMigrationManager

    if not await connection.fetchval("SELECT to_regclass('migration') IS NOT NULL"):
        return False
    manager = BaseMigrationManager()
    folder = manager.get_app_config("fleetline").resolved_migrations_folder_path
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT FROM migration WHERE app_name = 'fleetline' AND name < $1)",
            min(manager.get_migration_modules(folder)),
        )
    )


async def set_up(
    admin_url: str, database: str, passwords: Mapping[str, str], *, new_passwords: bool = False
) -> DatabaseRoles:
    """Roles, database, extensions and schema on a server reached as `admin_url`. Safe to repeat.

    Roles that are there keep their passwords, and their addresses say `PASSWORD`; `new_passwords` replaces them.
    """
    check_database_name(database)
    made = await create_roles(admin_url)
    await create_database(admin_url, database)
    await prepare_schema(admin_url, database)
    await asyncio.to_thread(migrate, as_owner(admin_url, database))
    return await finish_logins(admin_url, database, passwords, made=made, replace=new_passwords)


async def finish_logins(
    admin_url: str, database: str, passwords: Mapping[str, str], *, made: Collection[str], replace: bool
) -> DatabaseRoles:
    """The last step: passwords for those that need one; returns the three addresses."""
    given = await set_passwords(admin_url, passwords, made=made, replace=replace)
    return logins_of(admin_url, database, {role: given.get(role, UNKNOWN_PASSWORD) for role in LOGINS})


if __name__ == "__main__":
    raise SystemExit(asyncio.run(_forwards()))
