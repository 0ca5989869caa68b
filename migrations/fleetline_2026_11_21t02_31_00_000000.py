"""Policies, keys and grants of files, public links and bulk files."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from tenants.row_security import isolate

ID = "2026-11-21T02:31:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "documents, public links, bulk files"

ISOLATED = ("document", "public_link", "bulk_upload", "bulk_row")
BYTEWISE = {
    "document": ("purpose", "media_type"),
    "public_link": ("purpose",),
    "bulk_upload": ("kind", "state"),
    "bulk_row": ("status",),
}

CONSTRAINTS = """
ALTER TABLE document ADD CHECK (size BETWEEN 1 AND 10485760 AND octet_length(content) = size);
ALTER TABLE document ADD CHECK (octet_length(sha256) = 32);
ALTER TABLE bulk_upload ADD CHECK (state IN ('uploaded', 'validating', 'needs_fix', 'ready', 'ordered', 'failed'));
ALTER TABLE bulk_upload ADD CHECK ((state = 'ordered') = (order_id IS NOT NULL));
ALTER TABLE bulk_row ADD CHECK (status IN ('ok', 'warning', 'error', 'skipped'));

ALTER TABLE document ADD UNIQUE (tenant_id, id);
ALTER TABLE public_link ADD UNIQUE (tenant_id, id);
ALTER TABLE bulk_upload ADD UNIQUE (tenant_id, id);
ALTER TABLE bulk_row ADD UNIQUE (tenant_id, upload_id, number);

ALTER TABLE document ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE document ADD FOREIGN KEY (tenant_id, uploaded_by) REFERENCES member (tenant_id, id);
ALTER TABLE public_link ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, id);
ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, requester_id) REFERENCES member (tenant_id, id);
ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, order_id) REFERENCES change_order (tenant_id, id);
ALTER TABLE bulk_row ADD FOREIGN KEY (tenant_id, upload_id) REFERENCES bulk_upload (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE bulk_row ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

CREATE INDEX public_link_by_subject ON public_link (tenant_id, subject_id);
CREATE INDEX bulk_upload_by_time ON bulk_upload (tenant_id, created_at DESC);
CREATE INDEX bulk_upload_by_document ON bulk_upload (tenant_id, document_id);

-- What people hand in is packed already.
ALTER TABLE document ALTER COLUMN content SET STORAGE EXTERNAL;
"""

DIRECTORY = """
GRANT SELECT, INSERT, UPDATE, DELETE ON public_link, bulk_upload, bulk_row TO fleetline_app;
GRANT SELECT, INSERT, DELETE ON document TO fleetline_app;
REVOKE UPDATE ON document FROM fleetline_app;

CREATE POLICY directory ON public_link FOR SELECT TO fleetline_search USING (true);
GRANT SELECT ON public_link TO fleetline_search;
CREATE FUNCTION directory_public_link(key bytea) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.tenant_id, l.id FROM public_link l WHERE l.token_hash = key $$;
GRANT CREATE ON SCHEMA public TO fleetline_search;
ALTER FUNCTION directory_public_link(bytea) OWNER TO fleetline_search;
REVOKE CREATE ON SCHEMA public FROM fleetline_search;
SET ROLE fleetline_search;
REVOKE ALL ON FUNCTION directory_public_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_public_link(bytea) TO fleetline_app;
RESET ROLE;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="fleetline", description=DESCRIPTION)

    async def run() -> None:
        from piccolo.engine import engine_finder

        connection = engine_finder().current_transaction.get().connection  # the migration's own transaction
        for table, columns in BYTEWISE.items():
            for column in columns:
                await connection.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C"')
        # New keys are checked against tables that have policies: no tenant's rows, and the new tables are empty.
        await connection.execute("SELECT set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true)")
        await connection.execute(CONSTRAINTS)
        for table in ISOLATED:
            await connection.execute(isolate(table))
        await connection.execute(DIRECTORY)

    manager.add_raw(run)
    return manager
