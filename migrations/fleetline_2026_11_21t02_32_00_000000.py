"""A card in another customer's stock is as taken as one in use: no answer tells the two apart."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-21T02:32:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "cards in another customer's stock are taken"

# Only its owner replaces a function, and only where it may create one.
TAKEN = """
GRANT CREATE ON SCHEMA public TO fleetline_search;
SET ROLE fleetline_search;
CREATE OR REPLACE FUNCTION directory_sims_taken(numbers text[]) RETURNS SETOF text LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.sim_number FROM line l WHERE l.sim_number = ANY(numbers)
       AND l.status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted')
     UNION SELECT s.number FROM sim_card s WHERE s.number = ANY(numbers) AND (s.state <> 'stock'
       OR s.tenant_id IS DISTINCT FROM nullif(current_setting('app.tenant_id', true), '')::uuid) $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM fleetline_search;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)

    async def run() -> None:
        from piccolo.engine import engine_finder

        await engine_finder().current_transaction.get().connection.execute(TAKEN)

    manager.add_raw(run)
    return manager
