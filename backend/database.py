"""Opens a process's database, and refuses a schema that this version cannot work with."""

import asyncpg

from backend.core.database_errors import TRANSIENT_ERRORS, describe
from backend.core.secrets import SecretBox
from backend.issuer.keys import refuse_other_keys, require_signing_key
from backend.piccolo_app import APP_CONFIG
from backend.settings import Settings
from tenants.logins import refuse_unsafe_role
from tenants.time_limits import TimeLimits
from tenants.transaction import engine, outside_scope, use_engine

CONNECT_SECONDS = 10
COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""


class SchemaNotCurrent(RuntimeError):
    """The database lacks columns of this version; the sentence says what to do."""


class DatabaseNotUsable(RuntimeError):
    """The database does not answer, or refuses the login; the sentence says why."""


async def open_database(*, size: int, limits: TimeLimits | None = None) -> None:
    """Open this loop's pool, with limits of time where somebody waits for the answer.

    Raises DatabaseNotUsable, UnsafeDatabaseRole, and SchemaNotCurrent where the table classes have more columns.
    """
    try:
        await engine().open(size=size, limits=limits)
        try:
            await _refuse_older_schema()
        except BaseException:
            await engine().close()
            raise
    except TRANSIENT_ERRORS as error:
        words = describe(error) or f"the database does not answer: {error}"
        raise DatabaseNotUsable(f"FLEETLINE_DATABASE_URL: {words}") from error


async def check_database(settings: Settings) -> None:
    """Open and close the database of a process that is about to start, and open what it holds.

    Raises as `open_database` does, NoSigningKey and KeysDoNotOpen.
    """
    use_engine(settings.database_url)
    await open_database(size=1)
    try:
        await require_signing_key()
        await refuse_other_keys(SecretBox(settings.secret_keys))
    finally:
        await engine().close()


async def check_relay(url: str) -> None:
    """Connect once as the relay. Raises DatabaseNotUsable, and UnsafeDatabaseRole for another login."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        try:
            await refuse_unsafe_role(connection, "relay")
        finally:
            await connection.close()
    except TRANSIENT_ERRORS as error:
        words = describe(error) or f"the database does not answer: {error}"
        raise DatabaseNotUsable(f"FLEETLINE_RELAY_DATABASE_URL: {words}") from error


async def _refuse_older_schema() -> None:
    # `_meta` is where Piccolo describes a table.
    tables = [table._meta for table in APP_CONFIG.table_classes]  # noqa: SLF001 - as above
    wanted = {(table.tablename, column._meta.db_column_name) for table in tables for column in table.columns}  # noqa: SLF001 - as above
    async with outside_scope() as connection:
        found = {tuple(record) for record in await connection.fetch(COLUMNS)}
    if missing := sorted(wanted - found):
        raise SchemaNotCurrent(
            f"the database lacks {'.'.join(missing[0])}: run `fleetline migrate` before this version starts"
        )
