"""Opens a process's database, and refuses a schema that this version cannot work with."""

from backend.piccolo_app import APP_CONFIG
from tenants.transaction import engine, outside_scope

COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""


class SchemaNotCurrent(RuntimeError):
    """The database lacks columns of this version; the sentence says what to do."""


async def open_database(*, size: int) -> None:
    """Open this loop's pool. Raises UnsafeDatabaseRole, and SchemaNotCurrent where the table classes have more columns."""
    await engine().open(size=size)
    try:
        await _refuse_older_schema()
    except BaseException:
        await engine().close()
        raise


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
