"""Requests of every kind: the day they are planned for, what somebody has to decide, what the carrier told."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import JSONB, Date, Text

ID = "2026-11-21T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "planned requests, what the carrier told"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)
    manager.add_column(
        table_class_name="ChangeOrder",
        tablename="change_order",
        column_name="due_on",
        db_column_name="due_on",
        column_class_name="Date",
        column_class=Date,
        params={"default": None, "null": True, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    manager.add_column(
        table_class_name="ChangeOrder",
        tablename="change_order",
        column_name="attention",
        db_column_name="attention",
        column_class_name="Text",
        column_class=Text,
        params={"default": "", "null": False, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    manager.add_column(
        table_class_name="ChangeOrderItem",
        tablename="change_order_item",
        column_name="told",
        db_column_name="told",
        column_class_name="JSONB",
        column_class=JSONB,
        params={"default": "{}", "null": False, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )

    async def run() -> None:
        from piccolo.engine import engine_finder

        connection = engine_finder().current_transaction.get().connection
        # Numbers that the carrier has not given yet are "": many lines may wait for theirs.
        await connection.execute(
            "DROP INDEX line_live_number;"
            "CREATE UNIQUE INDEX line_live_number ON line (msisdn) WHERE msisdn <> ''"
            " AND status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted');"
        )

    manager.add_raw(run)
    return manager
