"""The catalogue of a migrated database: what holds for every table, today's and tomorrow's."""

import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from piccolo.apps.migrations.auto.schema_snapshot import SchemaSnapshot
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.columns import UUID, Text, Timestamptz
from piccolo.constraints import Unique
from piccolo.table import Table

from backend.piccolo_app import APP_CONFIG
from tenants.row_security import GLOBAL_TABLES
from tests.support.database import TestDatabase

TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS tenant,
  pg_get_userbyid(c.relowner) AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r'
"""


@pytest.fixture
async def catalogue(database: TestDatabase) -> asyncpg.Connection:
    connection = await asyncpg.connect(database.superuser_url)
    yield connection
    await connection.close()


async def test_every_table_with_a_tenant_is_isolated_and_every_other_one_has_its_reason(
    catalogue: asyncpg.Connection,
) -> None:
    rows = await catalogue.fetch(TABLES)
    assert len(rows) > 20
    for row in rows:
        isolated = row["tenant"] or row["name"] == "tenant"
        assert isolated != (row["name"] in GLOBAL_TABLES), row["name"]
        assert row["owner"] == "fleetline_owner", row["name"]
        if isolated:
            assert row["enabled"], f"{row['name']} has no row-level security"
            assert row["forced"], f"{row['name']}: its owner steps round the policies"
    assert set(GLOBAL_TABLES) == {row["name"] for row in rows} & set(GLOBAL_TABLES), (
        "an exemption is not needed any more"
    )
    assert all(len(reason) > 20 for reason in GLOBAL_TABLES.values())


async def test_policies_bind_the_app_and_the_owner_to_the_tenant_of_the_scope(
    catalogue: asyncpg.Connection,
) -> None:
    rows = await catalogue.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public'")
    by_table: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        by_table.setdefault(row["tablename"], []).append(row)
    for row in await catalogue.fetch(TABLES):
        if not row["tenant"]:
            continue
        own = [policy for policy in by_table[row["name"]] if policy["policyname"] == "tenant_only"]
        assert len(own) == 1, row["name"]
        assert set(own[0]["roles"]) == {"fleetline_app", "fleetline_owner"}
        for clause in (own[0]["qual"], own[0]["with_check"]):
            assert clause == "(tenant_id = (current_setting('app.tenant_id'::text))::uuid)"
        for policy in by_table[row["name"]]:
            if policy["policyname"] != "tenant_only":
                roles = set(policy["roles"])
                assert roles in ({"fleetline_search"}, {"fleetline_relay"}), (row["name"], roles)


async def test_no_login_of_ours_bypasses_policies(catalogue: asyncpg.Connection) -> None:
    rows = await catalogue.fetch(
        "SELECT * FROM pg_roles WHERE rolname LIKE 'fleetline\\_%' AND rolname <> 'fleetline_super'"
    )
    assert {row["rolname"] for row in rows} >= {
        "fleetline_owner",
        "fleetline_app",
        "fleetline_relay",
        "fleetline_search",
    }
    for row in rows:
        assert not row["rolsuper"]
        assert not row["rolbypassrls"]
        assert not row["rolinherit"]
        assert row["rolcanlogin"] == (row["rolname"] != "fleetline_search")


async def test_definer_functions_and_views_are_vetted(catalogue: asyncpg.Connection) -> None:
    """Only the search role owns what runs with its rights; each is named here, with fixed search path."""
    functions = await catalogue.fetch(
        "SELECT p.proname, pg_get_userbyid(p.proowner) AS owner, p.proconfig,"
        " (SELECT array_agg(r.rolname::text) FROM pg_roles r WHERE r.rolname LIKE 'fleetline\\_%' AND NOT r.rolsuper"
        " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')) AS callers FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef"
    )
    assert {row["proname"] for row in functions} == {
        "directory_every_tenant",
        "directory_holders",
        "directory_batch",
        "directory_communication",
        "directory_due_debits",
        "directory_lapsed_mandates",
        "directory_mandate",
        "directory_payment",
        "directory_pending_payments",
        "directory_customers",
        "directory_item",
        "directory_lines",
        "directory_members",
        "directory_memberships",
        "directory_numbers_taken",
        "directory_open_invoices",
        "directory_open_items",
        "directory_order",
        "directory_public_link",
        "directory_session",
        "directory_tenant",
        "directory_tenants",
        "directory_sims_taken",
        "directory_token",
    }
    for row in functions:
        assert row["owner"] == "fleetline_search"
        assert set(row["callers"]) == {"fleetline_app", "fleetline_search"}, row["proname"]
        assert any(setting.startswith("search_path=") for setting in row["proconfig"])
    views = await catalogue.fetch(
        "SELECT viewname, viewowner, definition FROM pg_views WHERE schemaname = 'public'"
        " AND viewowner LIKE 'fleetline%'"
    )
    assert [row["viewname"] for row in views] == ["fleet"]
    assert "(tenant_id = (current_setting('app.tenant_id'::text))::uuid)" in views[0]["definition"].replace(
        "line.", ""
    )  # PostgreSQL before 16 spells the table out
    assert "puk" not in views[0]["definition"].replace(
        "line.", ""
    )  # PostgreSQL before 16 spells the table out


async def test_foreign_keys_between_tenant_tables_carry_the_tenant(catalogue: asyncpg.Connection) -> None:
    """A key without the tenant could point into another one, since keys bypass policies."""
    rows = await catalogue.fetch(
        "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent,"
        " (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.conrelid"
        " AND a.attnum = ANY(c.conkey)) AS columns FROM pg_constraint c WHERE c.contype = 'f'"
    )
    tenant_tables = {row["name"] for row in await catalogue.fetch(TABLES) if row["tenant"]}
    assert rows
    for row in rows:
        if row["child"] in tenant_tables and row["parent"] in tenant_tables:
            assert "tenant_id" in row["columns"], row


async def test_the_relay_sees_the_outbox_and_nothing_else(database: TestDatabase) -> None:
    relay = await asyncpg.connect(database.logins.relay)
    try:
        await relay.fetch("SELECT id FROM outbox")
        for statement in (
            "SELECT 1 FROM line",
            "SELECT 1 FROM member",
            "DELETE FROM outbox",
            "UPDATE outbox SET job = ''",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await relay.execute(statement)
    finally:
        await relay.close()


# Of the tables that no policy guards: what the app's login may do there, and which columns it may change
RIGHTS: dict[str, tuple[str, str]] = {
    "access_token": ("SELECT INSERT DELETE", ""),
    "account": ("SELECT INSERT", "mobile password_hash"),
    "authorization_code": ("SELECT INSERT DELETE", "expires_at used_at"),
    "issuer_key": ("SELECT", ""),
    "issuer_session": ("SELECT INSERT DELETE", ""),
    "migration": ("", ""),
    "operator_token": ("SELECT", "last_used_at"),
    "recurring_run": ("SELECT INSERT DELETE", ""),
    "sign_in_attempt": ("SELECT INSERT DELETE", "failures last_at locked_until"),
}
GIVEN = """
SELECT p.privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
  WITH ORDINALITY AS p (privilege, place) WHERE has_table_privilege('fleetline_app', $1::text, p.privilege) ORDER BY p.place
"""
# Given for all columns or for some
CHANGEABLE = """
SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
  AND has_column_privilege('fleetline_app', attrelid, attnum, 'UPDATE') ORDER BY attname
"""


async def test_who_may_write_what_no_policy_guards(catalogue: asyncpg.Connection) -> None:
    assert set(RIGHTS) == set(GLOBAL_TABLES)
    for table, (may, columns) in RIGHTS.items():
        given = [row[0] for row in await catalogue.fetch(GIVEN, table)]
        changeable = [row[0] for row in await catalogue.fetch(CHANGEABLE, table)]
        assert (" ".join(given), " ".join(changeable)) == (may, columns), table
        for login in ("fleetline_relay", "fleetline_search"):
            held = "SELECT has_any_column_privilege($1, $2::text, 'SELECT, INSERT, UPDATE')"
            assert not await catalogue.fetchval(held, login, table), (login, table)
    assert not await catalogue.fetch(
        "SELECT grantee, table_name FROM information_schema.role_table_grants"
        " WHERE grantee = 'PUBLIC' AND table_schema = 'public'"
    )


async def test_the_app_makes_no_key_and_no_token_of_the_staff(database: TestDatabase) -> None:
    app = await asyncpg.connect(database.logins.app)
    try:
        for statement in (
            "INSERT INTO issuer_key (kid, sealed, created_at) VALUES ('k', '', now())",
            "UPDATE issuer_key SET created_at = now()",
            "DELETE FROM issuer_key",
            "INSERT INTO operator_token (id) VALUES (gen_random_uuid())",
            "UPDATE operator_token SET expires_at = now() + interval '9 years'",
            "UPDATE operator_token SET revoked_at = NULL",
            "DELETE FROM operator_token",
            "UPDATE account SET email = 'somebody@else.example'",
            "DELETE FROM account",
            "CREATE TABLE beside (id int)",
            # No policy guards a large object: one company could read another's
            "SELECT lo_create(0)",
            "SELECT lo_creat(-1)",
            "SELECT lo_from_bytea(0, 'x')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)
        # Imports need it
        await app.execute("CREATE TEMPORARY TABLE staged (id int)")
    finally:
        await app.close()
    relay = await asyncpg.connect(database.logins.relay)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await relay.execute("CREATE TEMPORARY TABLE staged (id int)")
    await relay.close()


async def test_without_a_scope_there_are_no_rows(database: TestDatabase) -> None:
    for login in (database.logins.app, database.logins.owner):
        connection = await asyncpg.connect(login)
        try:
            for table in ("line", "member", "outbox", "change_order", "tenant"):
                with pytest.raises(asyncpg.UndefinedObjectError):
                    await connection.fetch(f"SELECT * FROM {table}")
        finally:
            await connection.close()
    app = await asyncpg.connect(database.logins.app)
    with pytest.raises(asyncpg.UndefinedObjectError):
        await app.fetch("SELECT * FROM fleet")
    await app.close()


async def differences(tables: list[type[Table]]) -> list[str]:
    """What `piccolo migrations new --auto` would write, and constraints that say something else than the tables'.

    Piccolo itself compares constraints by their names only.
    """
    manager = AutoMigrationManager(auto_input="n")
    app = replace(APP_CONFIG, table_classes=tables)
    found = [text for each in await manager.get_alter_statements(app) for text in each.statements]
    snapshot = SchemaSnapshot(await manager.get_migration_managers(app)).get_snapshot()
    migrated = {(table.tablename, one._meta.name): one.ddl for table in snapshot for one in table.constraints}
    for table in tables:
        for one in table._meta.constraints:
            name = (table._meta.tablename, one._meta.name)
            if migrated.get(name, one.ddl) != one.ddl:
                found.append(f"{name}: {one.ddl}")
    return found


@pytest.fixture
def migrations_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piccolo puts the folder of migrations on the path, and leaves it there."""
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.mark.usefixtures("migrations_path")
async def test_the_migrations_make_the_tables_of_the_classes() -> None:
    assert len(APP_CONFIG.table_classes) > 40
    assert await differences(APP_CONFIG.table_classes) == []


@pytest.mark.usefixtures("migrations_path")
async def test_a_change_without_a_migration_is_noticed() -> None:
    class RecurringRun(Table):
        id = UUID(primary_key=True, default=None)
        name = Text(null=True, default=None)
        slot = Timestamptz()
        owner = Text()
        recurring_run_name_slot_key = Unique(["slot", "name"])

    others = [table for table in APP_CONFIG.table_classes if table.__name__ != "RecurringRun"]
    found = await differences([*others, RecurringRun])
    assert len(found) == 3, found
    column, added, constraint = sorted(
        found, key=lambda text: ("alter_column" not in text, "add_column" not in text)
    )
    assert "column_name='name'" in column
    assert "column_name='owner'" in added
    assert constraint == "('recurring_run', 'recurring_run_name_slot_key'): UNIQUE (\"slot\", \"name\")"


def test_the_wheel_carries_the_sql_of_migrations() -> None:
    """Hatch takes every file of a package, unless its settings or .gitignore say otherwise."""
    root = Path(__file__).parents[2]
    assert list((root / "migrations").rglob("*.sql"))
    build = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build.keys() == {"targets"}
    assert build["targets"]["wheel"].keys() == {"packages"}
    assert "migrations" in build["targets"]["wheel"]["packages"]
    assert "sql" not in (root / ".gitignore").read_text("utf-8")
