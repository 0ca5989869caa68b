"""Names every table of the product for Piccolo; the only module that imports all of them."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

TABLE_MODULES = [
    "tenants.tables",
    "backend.core.tables",
    "backend.issuer.tables",
    "backend.documents.tables",
    "backend.timeline.tables",
    "backend.members.tables",
    "backend.lines.tables",
    "backend.notifications.tables",
    "backend.orders.tables",
    "backend.saved_views.tables",
    "backend.usage.tables",
    "backend.bulk.tables",
    "backend.billing.tables",
    "backend.billing.bank.tables",
    "backend.billing.mandates.tables",
    "backend.billing.payments.tables",
    "backend.billing.delivery.tables",
    "backend.billing.reminders.tables",
    "backend.billing.proof.tables",
    "backend.billing.disputes.tables",
]

APP_CONFIG = AppConfig(
    app_name="fleetline",
    migrations_folder_path=str(Path(__file__).parents[1] / "migrations"),
    table_classes=table_finder(TABLE_MODULES),
    migration_dependencies=[],
    commands=[],
)
