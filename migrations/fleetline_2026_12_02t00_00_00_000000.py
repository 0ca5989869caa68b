"""Invoices: documents that come in, their charges and files, and the ledger."""

from pathlib import Path
from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.invoices import bank_tables, proof_tables, tables
from migrations.manager import tables_then_sql
from tenants.row_security import bytewise, definer, isolate

ID = "2026-12-02T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "invoices"

FOLDER = Path(__file__).parent / "invoices"
TABLES = [*tables.TABLES, *bank_tables.TABLES, *proof_tables.TABLES]

# Sorted and compared keys (decision record 0001).
BYTEWISE = {
    "billing_import": ("state",),
    "billing_import_item": ("outcome",),
    "received_document": ("issuer", "type_code", "number", "state"),
    "invoice": ("account", "issuer", "type_code", "number", "books_as", "collection", "structured"),
    "invoice_vat": ("category",),
    "invoice_charge": ("msisdn", "kind", "code", "cost_centre"),
    "invoice_file": ("kind",),
    "ledger_entry": ("kind", "provider_id"),
    "bank_statement": ("format", "account", "number", "state"),
    "bank_movement": ("structured", "state"),
    "charge_proof": ("verdict", "reason"),
    "invoice_dispute": ("state",),
}


async def forwards() -> MigrationManager:
    statements = [
        # New keys are checked under the policies of the tables that they name. The new tables are empty.
        f"SELECT set_config('app.tenant_id', '{UUID(int=0)}', true)",
        *(bytewise(table, *columns) for table, columns in BYTEWISE.items()),
        *(isolate(table._meta.tablename) for table in TABLES),
        _read("invoices"),
        _read("proof"),
        definer(_read("directory")),
    ]
    return tables_then_sql(ID, DESCRIPTION, TABLES, statements)


def _read(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text("utf-8")
