"""Online payments: attempts, refunds, and what the payment service says."""

from pathlib import Path
from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.manager import tables_then_sql
from migrations.payments.tables import TABLES
from tenants.row_security import bytewise, definer, isolate

ID = "2026-12-05T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "online payments"

FOLDER = Path(__file__).parent / "payments"

# Sorted and compared keys (decision record 0001).
BYTEWISE = {
    "payment": ("state", "request_key", "session_id", "intent_id"),
    "payment_refund": ("state", "request_key", "provider_id"),
    "provider_event": ("event_id",),
    "payment_case": ("kind", "state", "provider_id"),
}


async def forwards() -> MigrationManager:
    statements = [
        # New keys are checked under the policies of the tables that they name. The new tables are empty.
        f"SELECT set_config('app.tenant_id', '{UUID(int=0)}', true)",
        *(bytewise(table, *columns) for table, columns in BYTEWISE.items()),
        *(isolate(table._meta.tablename) for table in TABLES),
        (FOLDER / "payments.sql").read_text("utf-8"),
        definer((FOLDER / "directory.sql").read_text("utf-8")),
    ]
    return tables_then_sql(ID, DESCRIPTION, TABLES, statements)
