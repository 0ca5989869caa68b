"""The whole schema of the first release. What each part says stands in `initial/`."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.initial.tables import TABLES
from migrations.manager import tables_then_sql
from tenants.row_security import bytewise, definer, isolate

ID = "2026-12-01T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the schema of the first release"

FOLDER = Path(__file__).parent / "initial"

# Sorted and compared keys (decision record 0001).
BYTEWISE = {
    "tenant": ("slug",),
    "inbox": ("source", "event_id"),
    "set_aside_message": ("source", "key", "subject", "state"),
    "recurring_run": ("name",),
    "public_link": ("purpose",),
    "account": ("email", "mobile"),
    "sign_in_attempt": ("key",),
    "document": ("purpose", "media_type"),
    "document_attachment": ("subject_kind",),
    "operator_token": ("name",),
    "billing_account": ("number",),
    "cost_centre": ("code",),
    "line": ("msisdn", "status", "product_type", "plan", "account", "name_key", "search", "sim_number"),
    "held_line_end": ("status",),
    "sim_card": ("number", "state"),
    "esim_profile": ("iccid", "state"),
    "reserved_number": ("msisdn",),
    "split_agreement": ("profile", "state"),
    "notification": ("key",),
    "timeline_entry": ("subject_kind", "code", "to_state"),
    "change_order": ("reference", "kind", "state", "request_key"),
    "change_order_item": ("kind", "state"),
    "saved_view": ("page", "name_key"),
    "port_in_case": ("port_case", "state"),
    "departure": ("state",),
    "usage_record": ("record_id", "service", "unit", "zone", "bucket"),
    "usage_month": ("service", "unit"),
    "usage_bucket": ("bucket", "unit"),
    "usage_alert": ("kind", "subject", "audience"),
    "bulk_upload": ("kind", "state"),
    "bulk_row": ("status",),
}


async def forwards() -> MigrationManager:
    return tables_then_sql(ID, DESCRIPTION, TABLES, _sql())


def _sql() -> list[str]:
    """What follows the tables, in order."""
    of_tenants = [table._meta.tablename for table in TABLES if hasattr(table, "tenant_id")]
    return [
        *(bytewise(table, *columns) for table, columns in BYTEWISE.items()),
        _read("constraints"),
        _read("indexes"),
        _read("fleet_counts"),
        isolate("tenant", key="id"),
        *(isolate(table) for table in (*of_tenants, "fleet_count")),
        _read("row_security"),
        definer(_read("directory")),
        _read("actors"),
    ]


def _read(name: str) -> str:
    return (FOLDER / f"{name}.sql").read_text("utf-8")
