"""A migration that makes tables and then runs SQL, in one transaction. Piccolo would run raw SQL before it makes tables."""

from collections.abc import Sequence

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder
from piccolo.table import Table


class TablesThenSql(MigrationManager):
    """Makes its tables, then runs `statements` in their order."""

    statements: Sequence[str] = ()

    async def run(self, backwards: bool = False) -> None:
        async with engine_finder().transaction() as transaction:
            await super().run(backwards)
            for statements in self.statements:
                await transaction.connection.execute(statements)


def tables_then_sql(
    migration_id: str, description: str, tables: Sequence[type[Table]], statements: Sequence[str]
) -> TablesThenSql:
    """A migration of these tables, as their classes say, and of what follows them in SQL."""
    manager = TablesThenSql(migration_id=migration_id, app_name="fleetline", description=description)
    manager.statements = statements
    for table in tables:
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
