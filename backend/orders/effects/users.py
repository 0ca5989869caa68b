"""Writes who uses a line: the person's own record, shared by all lines of that person; a hand-over makes another one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.catalog.names import Catalogue
from backend.core.ids import new_id
from backend.lines.agreements import end_agreements
from backend.lines.changing import lock_lines, write_lines
from backend.lines.queries import Where, reach_of
from backend.lines.user_mails import addresses_of, tell_of_address
from backend.orders.effects.base import Effects
from backend.orders.kinds.plan import LineNow
from backend.orders.steps import Step
from tenants.scope import Scope


async def facts(scope: Scope, _asked: Sequence[Any], lines: Sequence[LineNow]) -> frozenset[UUID]:
    """Lines whose user has others beyond the actor's reach: a correction would change those too."""
    where = Where()
    where.add("l.id = ANY({0}::uuid[])", [line.id for line in lines])
    elsewhere = Where(values=where.values)
    reach_of(scope.actor, elsewhere, alias="o")
    if not elsewhere.conditions:
        return frozenset()
    rows = await scope.connection.fetch(
        f"SELECT l.id FROM line l WHERE {where.sql} AND EXISTS (SELECT FROM line o WHERE o.tenant_id = l.tenant_id"
        f" AND o.end_user_id = l.end_user_id AND o.id <> l.id AND NOT COALESCE({elsewhere.sql}, false))",
        *where.values,
    )
    return frozenset(row["id"] for row in rows)


async def done(scope: Scope, steps: Sequence[Step]) -> None:
    before = await addresses_of(scope, [step.line_id for step in steps])
    for step in steps:
        if earlier := before.get(step.line_id):
            email = step.change["email"]
            await tell_of_address(scope, step.item_id, step.line_id, earlier=earlier, now=email)
        person = await _correct(scope, step) if not step.change["another_person"] else None
        if person is None:
            await _replace(scope, step)
        if step.change["another_person"]:  # a contract that is still looked at is personal as well
            await end_agreements(scope, [step.line_id])


async def _correct(scope: Scope, step: Step) -> UUID | None:
    """The same person: every line that is theirs shows the new name."""
    change = step.change
    person: UUID | None = await scope.connection.fetchval(
        "UPDATE end_user u SET given_name = $2, family_name = $3, email = $4, language = $5"
        " FROM line l WHERE l.id = $1 AND l.tenant_id = u.tenant_id AND u.id = l.end_user_id RETURNING u.id",
        step.line_id,
        change["given_name"],
        change["family_name"],
        change["email"],
        change["language"],
    )
    if person is not None:
        others = await scope.connection.fetch(
            "SELECT id FROM line WHERE end_user_id = $1 AND id <> $2", person, step.line_id
        )
        lines = await lock_lines(scope, [row["id"] for row in others])
        await write_lines(scope, [(line, {"name": step.line["name"]}) for line in lines.values()])
    return person


async def _replace(scope: Scope, step: Step) -> None:
    """Another person: a record of their own; whoever used the line keeps theirs, and sees this line no more."""
    change, person = step.change, new_id()
    await scope.connection.execute(
        "INSERT INTO end_user (id, tenant_id, given_name, family_name, email, language) VALUES ($1, $2, $3, $4, $5, $6)",
        person,
        scope.tenant_id,
        change["given_name"],
        change["family_name"],
        change["email"],
        change["language"],
    )
    await scope.connection.execute("UPDATE line SET end_user_id = $2 WHERE id = $1", step.line_id, person)


async def present(
    _scope: Scope, _catalogue: Catalogue, _asked: Any, lines: Sequence[LineNow]
) -> dict[str, str]:
    """Who uses the line now, to start from."""
    line = lines[0]
    return {
        "given_name": line.given_name,
        "family_name": line.family_name,
        "email": line.email,
        "language": line.language,
    }


EFFECTS = Effects(facts=facts, done=done, choices=present)
