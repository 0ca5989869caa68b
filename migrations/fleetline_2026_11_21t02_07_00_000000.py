"""Which SIM cards were delivered: one that somebody only typed is nobody's stock when its request comes to nothing."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Boolean

ID = "2026-11-21T02:07:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "delivered SIM cards"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)
    manager.add_column(
        table_class_name="SimCard",
        tablename="sim_card",
        column_name="delivered",
        db_column_name="delivered",
        column_class_name="Boolean",
        column_class=Boolean,
        params={"default": False, "null": False, "primary_key": False, "unique": False, "index": False},
        schema=None,
    )
    return manager
