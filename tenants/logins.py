"""Which login a process has: one that policies bind, and the one that is meant for it."""

from typing import Any

LOGIN = """
SELECT current_user AS login, rolsuper OR rolbypassrls AS bypasses,
  EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relkind = 'r' AND relname = 'tenant') AS owns,
  EXISTS (SELECT FROM pg_roles m WHERE m.rolname = $1 AND pg_has_role(r.oid, m.oid, 'USAGE')) AS fits
FROM pg_roles r WHERE rolname = current_user
"""


class UnsafeDatabaseRole(RuntimeError):
    """The database login could step round the policies, or is another one than it should be: nothing may run with it."""


async def refuse_unsafe_role(connection: Any, role: str = "app") -> None:
    """Raise UnsafeDatabaseRole where row-level security would not bind this login, or where it is not the role's."""
    login, bypasses, owns, fits = await connection.fetchrow(LOGIN, f"fleetline_{role}")
    use = f"use the {role}'s login (`fleetline db url --role {role}`)"
    if bypasses or owns:
        raise UnsafeDatabaseRole(
            f"refusing to start: the login {login!r} can step round row-level security; {use}"
        )
    if not fits:
        raise UnsafeDatabaseRole(f"refusing to start: the login {login!r} is not the {role}'s; {use}")
