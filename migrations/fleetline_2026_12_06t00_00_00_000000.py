"""Direct debit: mandates, the payments that are made under them, and the days of invoices."""

from pathlib import Path
from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.manager import tables_then_sql
from migrations.mandates.tables import TABLES
from tenants.row_security import bytewise, definer, isolate

ID = "2026-12-06T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "direct debit"

FOLDER = Path(__file__).parent / "mandates"

# Sorted and compared keys (decision record 0001).
BYTEWISE = {"mandate": ("state", "request_key", "session_id", "provider_id", "reference")}


async def forwards() -> MigrationManager:
    statements = [
        # New keys are checked under the policies of the tables that they name. The new tables are empty.
        f"SELECT set_config('app.tenant_id', '{UUID(int=0)}', true)",
        *(bytewise(table, *columns) for table, columns in BYTEWISE.items()),
        *(isolate(table._meta.tablename) for table in TABLES),
        (FOLDER / "mandates.sql").read_text("utf-8"),
        definer((FOLDER / "directory.sql").read_text("utf-8")),
    ]
    return tables_then_sql(ID, DESCRIPTION, TABLES, statements)
