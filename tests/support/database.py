"""Databases for tests: a migrated template on the embedded server (or the one given by URL), cloned per run."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from backend import provision
from backend.embedded_postgres import EmbeddedPostgres
from backend.provision import DatabaseRoles, role_url
from tests.support.serving import free_port

ROOT = Path(__file__).parents[2]
PASSWORDS = dict.fromkeys(("fleetline_owner", "fleetline_app", "fleetline_relay"), "test-only")


class TestDatabase:
    """One database of its own, as the product sees it, and the superuser's view of it."""

    __test__ = False

    def __init__(self, admin_url: str, name: str, server: EmbeddedPostgres | None) -> None:
        self.admin_url, self.name, self.server = admin_url, name, server

    @property
    def logins(self) -> DatabaseRoles:
        return DatabaseRoles(
            *(
                role_url(self.admin_url, role, PASSWORDS[role], self.name)
                for role in ("fleetline_owner", "fleetline_app", "fleetline_relay")
            )
        )

    @property
    def superuser_url(self) -> str:
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{self.name}"))

    async def drop(self) -> None:
        connection = await asyncpg.connect(self.admin_url)
        await connection.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        await connection.close()


def schema_tag() -> str:
    """A name that changes with the schema, so that a stale template is never used."""
    folder = ROOT / "migrations"
    files = [
        *sorted(folder.rglob("*.py")),
        *sorted(folder.rglob("*.sql")),
        ROOT / "tenants" / "row_security.py",
    ]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]


def start_server(folder: Path | None = None) -> tuple[str, EmbeddedPostgres | None]:
    """The server under test: given by FLEETLINE_TEST_DATABASE_URL, or an embedded one of this run."""
    if url := os.environ.get("FLEETLINE_TEST_DATABASE_URL"):
        return url, None
    home = folder or Path(tempfile.mkdtemp(prefix="fleetline-test-", dir="/tmp"))
    home.chmod(0o755)
    # Tests kill processes and never the machine: what was written to the system is safe, and no disk is waited for
    server = EmbeddedPostgres(home, {"fsync": "off"})
    # Tests kill it: the port is one that no connection takes while it is away.
    (server.home / "postgres.port").write_text(str(free_port()))
    return server.start(), server


@asynccontextmanager
async def database_of_its_own() -> AsyncIterator[TestDatabase]:
    """A database for whoever asks, with an embedded server of its own where none is given."""
    admin_url, server = start_server()
    database = await make_database(admin_url, server)
    yield database
    await database.drop()
    if server:
        server.stop()
        shutil.rmtree(server.home, ignore_errors=True)


async def make_database(admin_url: str, server: EmbeddedPostgres | None) -> TestDatabase:
    """A fresh clone of the migrated template; the template is made once per schema and server."""
    template = f"fleetline_template_{schema_tag()}"
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('fleetline test template'))")
        await provision.create_roles(admin_url)
        await provision.set_passwords(admin_url, PASSWORDS, replace=True)
        if not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", template
        ):
            partial = f"{template}_part"
            await connection.execute(f'DROP DATABASE IF EXISTS "{partial}" WITH (FORCE)')
            await provision.set_up(admin_url, partial, PASSWORDS, new_passwords=True)
            await connection.execute(f'ALTER DATABASE "{partial}" RENAME TO "{template}"')
        name = f"fleetline_test_{secrets.token_hex(5)}"
        await provision.create_database(admin_url, name, template=template)
        if server is None:
            # Nobody kills a server that is given by its address
            await connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    finally:
        await connection.close()
    return TestDatabase(admin_url, name, server)


def make_signing_key(logins: DatabaseRoles, secret_keys: str) -> None:
    """Make the issuer's first key, as a deployment does; it stays when a test's rows are deleted."""
    environment = {**os.environ, **logins.environment(), "FLEETLINE_SECRET_KEYS": secret_keys}
    command = (sys.executable, "-m", "backend.cli", "migrate")
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


TABLES_TO_EMPTY = """
SELECT string_agg(format('DELETE FROM %I;', relname), ' ' ORDER BY relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE relkind = 'r' AND nspname = 'public' AND relname NOT IN ('migration', 'issuer_key')
"""


async def empty(database: TestDatabase) -> None:
    """Delete every row: tests commit for real. As superuser, with foreign keys put aside."""
    connection = await asyncpg.connect(database.superuser_url)
    try:
        statements = await connection.fetchval(TABLES_TO_EMPTY)
        # What a failed test left open fails this one too, and does not hold it for ever
        await connection.execute(
            f"SET lock_timeout = '60s'; SET session_replication_role = replica; {statements}"
        )
    finally:
        await connection.close()
