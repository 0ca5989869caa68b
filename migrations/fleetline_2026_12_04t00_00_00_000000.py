"""Notices of invoices: how each customer number gets them, and what it was reminded of."""

from pathlib import Path
from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.manager import tables_then_sql
from migrations.notices.tables import TABLES
from tenants.row_security import bytewise, isolate

ID = "2026-12-04T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "notices of invoices"

FOLDER = Path(__file__).parent / "notices"


async def forwards() -> MigrationManager:
    statements = [
        # New keys are checked under the policies of the tables that they name. The new tables are empty.
        f"SELECT set_config('app.tenant_id', '{UUID(int=0)}', true)",
        bytewise("invoice_delivery", "method"),
        *(isolate(table._meta.tablename) for table in TABLES),
        (FOLDER / "notices.sql").read_text("utf-8"),
    ]
    return tables_then_sql(ID, DESCRIPTION, TABLES, statements)
