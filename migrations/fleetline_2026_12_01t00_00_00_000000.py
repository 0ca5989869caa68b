"""The whole schema of the first release. What each part says stands in `initial/`."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

from migrations.initial.tables import TABLES
from tenants.row_security import bytewise, definer, isolate

ID = "2026-12-01T00:00:00:000000"
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


class FirstMigration(MigrationManager):
    """Makes the tables, then runs the SQL, in one transaction. Piccolo runs raw SQL before it makes tables."""

    async def run(self, backwards: bool = False) -> None:
        async with engine_finder().transaction() as transaction:
            await super().run(backwards)
            for statements in _sql():
                await transaction.connection.execute(statements)


async def forwards() -> MigrationManager:
    manager = FirstMigration(migration_id=ID, app_name="fleetline", description=DESCRIPTION)
    for table in TABLES:
        where = {"table_class_name": table.__name__, "tablename": table._meta.tablename}
        manager.add_table(table.__name__, tablename=table._meta.tablename)
        for column in table._meta.columns:
            manager.add_column(
                **where,
                column_name=column._meta.name,
                db_column_name=column._meta.db_column_name,
                column_class=type(column),
                params=dict(column._meta.params),
            )
        for constraint in table._meta.constraints:
            manager.add_constraint(
                **where,
                constraint_name=constraint._meta.name,
                constraint_class=type(constraint),
                params=constraint._meta.params,
            )
    return manager


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
