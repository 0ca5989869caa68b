"""Lines that are on order (domain 3.2): written with the order, numbered by the carrier, aborted where it comes to nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from backend.core.errors import Conflict
from backend.core.ids import new_id
from backend.lines.line_writes import lock_lines, update_lines
from backend.lines.search_keys import name_key, search_text
from tenants.scope import Scope

INSERT_USERS = """
INSERT INTO end_user (id, tenant_id, given_name, family_name, email, language)
SELECT id, $1, given, family, email, language
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t (id, given, family, email, language)
"""
INSERT_LINES = """
INSERT INTO line (id, tenant_id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account,
  cost_centre_id, end_user_id, name, name_key, search, sim_number, sim_kind, roaming_cap_cents, companion_sim,
  split_profile, debt_block)
SELECT id, $1, msisdn, 'ordered', product_type, plan, string_to_array(options, '|'), '{}', account_id, account, centre, person,
  name, name_key, search, sim_number, sim_kind, cap, '', '', false
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::uuid[], $10::uuid[],
  $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::int[])
  AS t (id, msisdn, product_type, plan, options, account_id, account, centre, person, name, name_key, search, sim_number,
    sim_kind, cap)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedLine:
    """One line on order, with who will use it."""

    id: UUID
    # "" until the carrier says which
    msisdn: str
    product_type: str
    plan: str
    options: Sequence[str]
    billing_account_id: UUID | None
    account: str
    cost_centre_id: UUID | None
    name: str
    given_name: str
    family_name: str
    email: str
    language: str
    sim_number: str
    sim_kind: str
    roaming_cap_cents: int | None


async def create_lines(scope: Scope, lines: Sequence[OrderedLine]) -> dict[UUID, UUID]:
    """Write lines and their users; returns the users by line. Raises Conflict (`number_taken`) where a number is live."""
    people = {line.id: new_id() for line in lines}
    await scope.connection.execute(
        INSERT_USERS,
        scope.tenant_id,
        list(people.values()),
        [line.given_name for line in lines],
        [line.family_name for line in lines],
        [line.email for line in lines],
        [line.language for line in lines],
    )
    searches = [
        search_text(name=line.name, msisdn=line.msisdn, sim_number=line.sim_number, account=line.account)
        for line in lines
    ]
    try:
        await scope.connection.execute(
            INSERT_LINES,
            scope.tenant_id,
            list(people),
            [line.msisdn for line in lines],
            [line.product_type for line in lines],
            [line.plan for line in lines],
            ["|".join(line.options) for line in lines],
            [line.billing_account_id for line in lines],
            [line.account for line in lines],
            [line.cost_centre_id for line in lines],
            list(people.values()),
            [line.name for line in lines],
            [name_key(line.name) for line in lines],
            searches,
            [line.sim_number for line in lines],
            [line.sim_kind for line in lines],
            [line.roaming_cap_cents for line in lines],
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict("This number cannot be used: choose another one.", code="number_taken") from error
    return people


async def assign_reserved_numbers(scope: Scope, taken: Sequence[tuple[str, UUID]]) -> None:
    """Reserved numbers go to lines. Raises Conflict (`number_taken`) where another was faster."""
    for number, line_id in taken:
        done = await scope.connection.fetchval(
            "UPDATE reserved_number SET line_id = $2 WHERE msisdn = $1 AND (line_id IS NULL OR line_id = $2) RETURNING id",
            number,
            line_id,
        )
        if done is None:
            raise Conflict("This number is not among your reserved ones any more.", code="number_taken")


async def mark_pending_active(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """The carrier has them."""
    await scope.connection.execute(
        "UPDATE line SET status = 'pending_active' WHERE id = ANY($1) AND status = 'ordered'", list(line_ids)
    )
    for line_id in line_ids:
        scope.invalidate(f"line:{line_id}")
    scope.invalidate("fleet")


async def set_numbers(scope: Scope, told: Mapping[UUID, Mapping[str, Any]]) -> None:
    """The carrier said which number, or which eSIM, lines on order get."""
    lines = await lock_lines(scope, list(told))
    changes = []
    for line_id, columns in told.items():
        other = {name: value for name, value in columns.items() if value and value != lines[line_id][name]}
        if other and lines[line_id]["status"] in {"ordered", "pending_active"}:
            changes.append((lines[line_id], other))
    await update_lines(scope, changes)


async def abort_lines(scope: Scope, line_ids: Sequence[UUID]) -> None:
    """They never come to be: their numbers are free again, and their users, known for them only, are forgotten."""
    ids = list(line_ids)
    rows = await scope.connection.fetch(
        "UPDATE line l SET status = 'aborted', end_user_id = NULL FROM line old WHERE l.id = ANY($1)"
        " AND l.status IN ('ordered', 'pending_active') AND old.tenant_id = l.tenant_id AND old.id = l.id"
        " RETURNING l.id, old.end_user_id",
        ids,
    )
    await scope.connection.execute("UPDATE reserved_number SET line_id = NULL WHERE line_id = ANY($1)", ids)
    await scope.connection.execute(
        "UPDATE split_agreement SET state = 'ended', ended_at = now(), end_user_id = NULL WHERE line_id = ANY($1)",
        ids,
    )
    people = [row["end_user_id"] for row in rows if row["end_user_id"]]
    await scope.connection.execute(
        "DELETE FROM end_user u WHERE u.id = ANY($1) AND u.member_id IS NULL"
        " AND NOT EXISTS (SELECT FROM line l WHERE l.tenant_id = u.tenant_id AND l.end_user_id = u.id)",
        people,
    )
    for row in rows:
        scope.invalidate(f"line:{row['id']}")
    scope.invalidate("fleet")
