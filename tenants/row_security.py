"""SQL that migrations use for policies and ownership, and the tables that no tenant owns, each with its reason."""

GLOBAL_TABLES: dict[str, str] = {
    "account": "a person signs in before the tenant is known and may belong to several; holds no customer data",
    "sign_in_attempt": "lock-out counts tries for accounts that may not exist, and addresses of no tenant",
    "issuer_session": "the built-in issuer knows people, not tenants",
    "authorization_code": "the built-in issuer knows people, not tenants; lives a minute",
    "access_token": "the built-in issuer knows people, not tenants; lives five minutes",
    "issuer_key": "the built-in issuer's signing keys, encrypted",
    "operator_token": "the operator's staff belong to no tenant; each call then opens one tenant's scope",
    "recurring_run": "which periodic task ran in which slot; names only",
    "migration": "Piccolo's own list of applied migrations",
}

TENANT = "current_setting('app.tenant_id')::uuid"


def isolate(table: str, *, key: str = "tenant_id") -> str:
    """SQL that binds every login, the owner included, to the tenant of its scope."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY tenant_only ON {table} TO fleetline_app, fleetline_owner"
        f" USING ({key} = {TENANT}) WITH CHECK ({key} = {TENANT});"
    )


def bytewise(table: str, *columns: str) -> str:
    """SQL that has columns sorted and compared by their bytes: the same order on every server, whatever its locale."""
    return "".join(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text COLLATE "C";' for column in columns)


def definer(statements: str) -> str:
    """SQL that runs statements as `fleetline_search`, which then owns the functions and views that they make."""
    return (
        "GRANT CREATE ON SCHEMA public TO fleetline_search; SET ROLE fleetline_search;"
        f"{statements}"
        "RESET ROLE; REVOKE CREATE ON SCHEMA public FROM fleetline_search;"
    )
