"""Policies, keys and grants of SIM cards, eSIM profiles, reserved numbers, agreements, ports and departures."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tenants.row_security import isolate

ID = "2026-11-21T02:06:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "policies and keys of SIMs, ports, departures"

ISOLATED = ("sim_card", "esim_profile", "reserved_number", "split_agreement", "port_in", "departure")
BYTEWISE = {
    "sim_card": ("number", "state"),
    "esim_profile": ("iccid", "state"),
    "reserved_number": ("msisdn",),
    "split_agreement": ("profile", "state"),
    "port_in": ("port_case", "state"),
    "departure": ("state",),
}

CONSTRAINTS = """
ALTER TABLE sim_card ADD CHECK (state IN ('stock', 'assigned', 'active', 'blocked', 'replaced', 'retired'));
ALTER TABLE esim_profile ADD CHECK (state IN ('requested', 'allocated', 'released', 'downloaded', 'installed', 'enabled',
  'disabled', 'deleted', 'expired', 'revoked', 'error'));
ALTER TABLE split_agreement ADD CHECK (state IN ('document_pending', 'under_review', 'active', 'ended'));
ALTER TABLE port_in ADD CHECK (port_case IN ('prepaid_other', 'private_other', 'professional_other', 'same_carrier'));
ALTER TABLE port_in ADD CHECK (state IN ('submitted', 'validating', 'info_required', 'accepted', 'executing', 'completed',
  'rejected', 'cancelled', 'failed'));
ALTER TABLE departure ADD CHECK (state IN ('requested', 'successor_invited', 'offer_chosen', 'converted_private',
  'converted_prepaid', 'withdrawn'));

ALTER TABLE sim_card ADD UNIQUE (tenant_id, id);
ALTER TABLE esim_profile ADD UNIQUE (tenant_id, id);
ALTER TABLE reserved_number ADD UNIQUE (tenant_id, id), ADD UNIQUE (tenant_id, msisdn);
ALTER TABLE split_agreement ADD UNIQUE (tenant_id, id);
ALTER TABLE port_in ADD UNIQUE (tenant_id, id), ADD UNIQUE (tenant_id, item_id);
ALTER TABLE departure ADD UNIQUE (tenant_id, id), ADD UNIQUE (tenant_id, item_id);

ALTER TABLE sim_card ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE sim_card ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE esim_profile ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE reserved_number ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE reserved_number ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE split_agreement ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE split_agreement ADD FOREIGN KEY (tenant_id, end_user_id) REFERENCES end_user (tenant_id, id);
ALTER TABLE port_in ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE departure ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

-- One card is in use at most once on the whole platform, and one number is kept for at most one customer.
CREATE UNIQUE INDEX sim_live ON sim_card (number) WHERE state NOT IN ('replaced', 'retired');
CREATE UNIQUE INDEX number_reserved ON reserved_number (msisdn);
CREATE UNIQUE INDEX agreement_open ON split_agreement (tenant_id, line_id, state) WHERE state <> 'ended';
CREATE INDEX sim_by_line ON sim_card (tenant_id, line_id);
CREATE INDEX sim_in_stock ON sim_card (tenant_id, number) WHERE state = 'stock';
CREATE INDEX esim_by_line ON esim_profile (tenant_id, line_id, created_at DESC);
CREATE INDEX esim_by_item ON esim_profile (tenant_id, item_id);
CREATE INDEX port_by_line ON port_in (tenant_id, line_id);
CREATE INDEX departure_by_line ON departure (tenant_id, line_id);

-- Whether a SIM number is in use anywhere: a card of any tenant, or any line's present one. Numbers only, no owner.
CREATE INDEX line_by_sim ON line (sim_number) WHERE sim_number <> '';
CREATE POLICY directory ON sim_card FOR SELECT TO fleetline_search USING (true);
CREATE FUNCTION directory_sims_taken(numbers text[]) RETURNS SETOF text LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.sim_number FROM line l WHERE l.sim_number = ANY(numbers)
       AND l.status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted')
     UNION SELECT s.number FROM sim_card s WHERE s.number = ANY(numbers) AND s.state <> 'stock' $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON sim_card, esim_profile, reserved_number, split_agreement, port_in, departure
  TO fleetline_app;
GRANT SELECT ON sim_card TO fleetline_search;
GRANT CREATE ON SCHEMA public TO fleetline_search;
ALTER FUNCTION directory_sims_taken(text[]) OWNER TO fleetline_search;
REVOKE ALL ON FUNCTION directory_sims_taken(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_sims_taken(text[]) TO fleetline_app;
REVOKE CREATE ON SCHEMA public FROM fleetline_search;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)

    async def run() -> None:
        from piccolo.engine import engine_finder

        connection = engine_finder().current_transaction.get().connection
        # Checking a key against a table under policies needs a tenant to be named; the new tables are empty.
        await connection.execute("SELECT set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true)")
        for table, columns in BYTEWISE.items():
            for column in columns:
                await connection.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C"')
        await connection.execute(CONSTRAINTS)
        for table in ISOLATED:
            await connection.execute(isolate(table))

    manager.add_raw(run)
    return manager
