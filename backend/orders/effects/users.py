"""Writes who uses a line: the person's own record, shared by all lines of that person; a hand-over makes another one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.core.ids import new_id
from backend.lines.agreements import end_agreements
from backend.lines.line_writes import lock_lines, update_lines
from backend.lines.notifications import addresses_of, notify_old_address
from backend.lines.queries import SqlFilter, add_reach
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ItemUpdate
from backend.orders.kinds.base import LineSnapshot
from tenants.scope import Scope


async def _load_context(
    scope: Scope, _asked: Sequence[Any], lines: Sequence[LineSnapshot]
) -> frozenset[UUID]:
    """Lines whose user has others beyond the actor's reach: a correction would change those too."""
    where = SqlFilter()
    where.add("l.id = ANY({0}::uuid[])", [line.id for line in lines])
    elsewhere = SqlFilter(values=where.values)
    add_reach(scope.actor, elsewhere, alias="o")
    if not elsewhere.conditions:
        return frozenset()
    rows = await scope.connection.fetch(
        f"SELECT l.id FROM line l WHERE {where.sql} AND EXISTS (SELECT FROM line o WHERE o.tenant_id = l.tenant_id"
        f" AND o.end_user_id = l.end_user_id AND o.id <> l.id AND NOT COALESCE({elsewhere.sql}, false))",
        *where.values,
    )
    return frozenset(row["id"] for row in rows)


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    before = await addresses_of(scope, [update.line_id for update in updates])
    for update in updates:
        if earlier := before.get(update.line_id):
            email = update.change["email"]
            await notify_old_address(scope, update.item_id, update.line_id, earlier=earlier, now=email)
        person = await _correct(scope, update) if not update.change["another_person"] else None
        if person is None:
            await _replace(scope, update)
        # A contract that is still looked at is personal as well
        if update.change["another_person"]:
            await end_agreements(scope, [update.line_id])


async def _correct(scope: Scope, update: ItemUpdate) -> UUID | None:
    """The same person: every line that is theirs shows the new name."""
    change = update.change
    person: UUID | None = await scope.connection.fetchval(
        "UPDATE end_user u SET given_name = $2, family_name = $3, email = $4, language = $5"
        " FROM line l WHERE l.id = $1 AND l.tenant_id = u.tenant_id AND u.id = l.end_user_id RETURNING u.id",
        update.line_id,
        change["given_name"],
        change["family_name"],
        change["email"],
        change["language"],
    )
    if person is not None:
        others = await scope.connection.fetch(
            "SELECT id FROM line WHERE end_user_id = $1 AND id <> $2", person, update.line_id
        )
        lines = await lock_lines(scope, [row["id"] for row in others])
        await update_lines(scope, [(line, {"name": update.line["name"]}) for line in lines.values()])
    return person


async def _replace(scope: Scope, update: ItemUpdate) -> None:
    """Another person: a record of their own; whoever used the line keeps theirs, and sees this line no more."""
    change, person = update.change, new_id()
    await scope.connection.execute(
        "INSERT INTO end_user (id, tenant_id, given_name, family_name, email, language) VALUES ($1, $2, $3, $4, $5, $6)",
        person,
        scope.tenant_id,
        change["given_name"],
        change["family_name"],
        change["email"],
        change["language"],
    )
    await scope.connection.execute("UPDATE line SET end_user_id = $2 WHERE id = $1", update.line_id, person)


async def present(
    _scope: Scope, _catalogue: Catalogue, _asked: Any, lines: Sequence[LineSnapshot]
) -> dict[str, str]:
    """Who uses the line now, to start from."""
    line = lines[0]
    return {
        "given_name": line.given_name,
        "family_name": line.family_name,
        "email": line.email,
        "language": line.language,
    }


USERS_EFFECTS = Effects(load_context=_load_context, on_completed=_on_completed, form_choices=present)
