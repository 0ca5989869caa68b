"""Who uses a line: the record of a person, which all lines of that person share."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from backend.core.ids import LineId, new_id
from backend.lines.line_writes import lock_lines, set_user, update_lines
from backend.lines.queries import SqlFilter, add_reach
from backend.lines.tables import EndUser
from tenants.scope import Scope

CORRECT = """
UPDATE end_user u SET given_name = $2, family_name = $3, email = $4, language = $5
FROM line l WHERE l.id = $1 AND l.tenant_id = u.tenant_id AND u.id = l.end_user_id RETURNING u.id
"""


class UserDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A person who uses lines."""

    given_name: str
    family_name: str
    email: str
    language: str


async def correct_user(scope: Scope, line_id: UUID, details: UserDetails, *, name: str) -> bool:
    """Correct the user of a line and give the user's other lines this name. False for a line without a user."""
    user_id = await scope.fetch_value(
        UUID,
        CORRECT,
        line_id,
        details.given_name,
        details.family_name,
        details.email,
        details.language,
    )
    if user_id is None:
        return False
    others = await scope.fetch_all(
        LineId, "SELECT id FROM line WHERE end_user_id = $1 AND id <> $2", user_id, line_id
    )
    lines = await lock_lines(scope, others)
    await update_lines(scope, [(line, {"name": name}) for line in lines.values()])
    return True


async def replace_user(scope: Scope, line_id: UUID, details: UserDetails, *, another_person: bool) -> None:
    """Give a line a user with a record of their own. The earlier user's record stays.

    `another_person`: what came before is none of the new user's business.
    """
    user_id = new_id()
    await EndUser.insert(
        EndUser(
            id=user_id,
            tenant_id=scope.tenant_id,
            given_name=details.given_name,
            family_name=details.family_name,
            email=details.email,
            language=details.language,
        )
    )
    await set_user(scope, line_id, user_id, another_person=another_person)


async def users_beyond_reach(scope: Scope, line_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of the lines whose user has other lines beyond the actor's reach."""
    where = SqlFilter()
    where.add("l.id = ANY({0}::uuid[])", list(line_ids))
    elsewhere = SqlFilter(values=where.values)
    add_reach(scope.actor, elsewhere, alias="o")
    if not elsewhere.conditions:
        return frozenset()
    return frozenset(
        await scope.fetch_all(
            LineId,
            f"SELECT l.id FROM line l WHERE {where.sql} AND EXISTS (SELECT FROM line o"
            " WHERE o.tenant_id = l.tenant_id AND o.end_user_id = l.end_user_id AND o.id <> l.id"
            f" AND NOT COALESCE({elsewhere.sql}, false))",
            *where.values,
        )
    )
