"""Policies, keys, indexes, lookup and grants of usage, letters and operator tokens."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tenants.row_security import isolate

ID = "2026-11-21T02:11:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "usage: policies, keys, indexes, directory of numbers"

ISOLATED = (
    "letter",
    "usage_record",
    "usage_month",
    "usage_bucket",
    "usage_unchecked",
    "usage_alert",
    "usage_cap_raise",
)

BYTEWISE = {
    "letter": ("key",),
    "operator_token": ("name",),
    "usage_record": ("record_id", "service", "unit", "zone", "bucket"),
    "usage_month": ("service", "unit"),
    "usage_bucket": ("bucket", "unit"),
    "usage_alert": ("kind", "subject", "audience"),
}

SERVICES = "('data', 'voice', 'sms', 'mms', 'premium')"
UNITS = "('bytes', 'seconds', 'pieces')"
ENDED = "('released_prepaid', 'released_private', 'terminated', 'aborted')"

CONSTRAINTS = f"""
ALTER TABLE letter ADD UNIQUE (tenant_id, key);
ALTER TABLE operator_token ADD CHECK (name <> '');

-- One record per tenant and id. No foreign key to the line: a million checks a file, and the import joins the line in
-- the statement that inserts.
ALTER TABLE usage_record DROP CONSTRAINT usage_record_pkey, ADD PRIMARY KEY (tenant_id, record_id);
ALTER TABLE usage_record ADD CHECK (service IN {SERVICES}), ADD CHECK (unit IN {UNITS});
ALTER TABLE usage_record ADD CHECK (amount >= 0 AND employer_amount BETWEEN 0 AND amount);
ALTER TABLE usage_record ADD CHECK (employer_cents >= 0 AND employee_cents >= 0);
CREATE INDEX usage_record_by_line ON usage_record (tenant_id, line_id, started_at);

ALTER TABLE usage_month ADD UNIQUE (tenant_id, line_id, period, service, unit, roaming, bundled);
ALTER TABLE usage_month ADD CHECK (service IN {SERVICES}), ADD CHECK (unit IN {UNITS});
ALTER TABLE usage_month ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
CREATE INDEX usage_month_by_period ON usage_month (tenant_id, period);

ALTER TABLE usage_bucket ADD UNIQUE (tenant_id, line_id, period, bucket);
ALTER TABLE usage_bucket ADD CHECK (unit IN {UNITS}), ADD CHECK (used >= 0 AND allowance >= 0);
ALTER TABLE usage_bucket ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE usage_unchecked ADD UNIQUE (tenant_id, line_id);
ALTER TABLE usage_unchecked ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE usage_alert ADD UNIQUE (tenant_id, id);
ALTER TABLE usage_alert ADD UNIQUE (tenant_id, line_id, period, kind, subject, threshold, ceiling, audience);
ALTER TABLE usage_alert ADD CHECK (kind IN ('bucket', 'roaming_cap', 'national_ceiling'));
ALTER TABLE usage_alert ADD CHECK (audience IN ('employer', 'user'));
ALTER TABLE usage_alert ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
CREATE INDEX usage_alert_open ON usage_alert (tenant_id, audience, period) WHERE closed_at IS NULL;

ALTER TABLE usage_cap_raise ADD UNIQUE (tenant_id, line_id, period), ADD CHECK (cents >= 0);
ALTER TABLE usage_cap_raise ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

-- For numbers whose tenant is not known yet: live lines and ended ones alike.
CREATE INDEX line_number ON line (msisdn);
"""

# A usage file names numbers of many tenants: the line that has the number now, or had it last.
DIRECTORY = f"""
CREATE FUNCTION directory_lines(numbers text[]) RETURNS TABLE (msisdn text, tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT ON (l.msisdn) l.msisdn, l.tenant_id, l.id FROM unnest(numbers) AS n (number)
  JOIN line l ON l.msisdn = n.number ORDER BY l.msisdn, l.status IN {ENDED}, l.id DESC $$;
GRANT CREATE ON SCHEMA public TO fleetline_search;
ALTER FUNCTION directory_lines(text[]) OWNER TO fleetline_search;
REVOKE ALL ON FUNCTION directory_lines(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_lines(text[]) TO fleetline_app;
REVOKE CREATE ON SCHEMA public FROM fleetline_search;
"""

GRANTS = "".join(
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO fleetline_app;" for table in (*ISOLATED, "operator_token")
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)

    async def run() -> None:
        from piccolo.engine import engine_finder

        connection = engine_finder().current_transaction.get().connection  # the migration's own transaction
        # A new key looks at the lines, under the owner's policies: no tenant has this id, and the new tables are empty.
        nobody = "00000000-0000-0000-0000-000000000000"
        await connection.execute(f"SELECT set_config('app.tenant_id', '{nobody}', true)")
        for table, columns in BYTEWISE.items():
            for column in columns:
                await connection.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C"')
        await connection.execute(CONSTRAINTS)
        for table in ISOLATED:
            await connection.execute(isolate(table))
        await connection.execute(DIRECTORY)
        await connection.execute(GRANTS)

    manager.add_raw(run)
    return manager
