"""SIM cards of the tenant (domain 3.4): stock, held for an order, active, blocked, replaced; numbers are unique everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from backend.core import clock
from backend.core.errors import Conflict
from backend.core.facts import SimActivated
from backend.core.ids import new_id
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class SimUse:
    """What is known of SIM numbers that somebody typed."""

    # In the tenant's own stock
    stock: frozenset[str]
    # In use, here or anywhere, or in another tenant's stock: one answer
    taken: frozenset[str]
    # Held by an order of the tenant for this line
    own: Mapping[str, UUID]

    def refuses(self, number: str, line_id: UUID | None = None) -> str:
        """Why the number cannot be used; "" where it can. What an order holds for its own line does not count."""
        if line_id is not None and self.own.get(number) == line_id:
            return ""
        return "sim_in_use" if number in self.taken else ""


async def sim_use(scope: Scope, numbers: Sequence[str]) -> SimUse:
    """Look SIM numbers up, all at once."""
    wanted = [number for number in numbers if number]
    own = await scope.connection.fetch(
        "SELECT number, state, line_id FROM sim_card WHERE number = ANY($1::text[])", wanted
    )
    taken = await scope.connection.fetch(
        "SELECT number FROM directory_sims_taken($1::text[]) AS number", wanted
    )
    return SimUse(
        stock=frozenset(row["number"] for row in own if row["state"] == "stock"),
        taken=frozenset(row["number"] for row in taken),
        own={row["number"]: row["line_id"] for row in own if row["state"] == "assigned" and row["line_id"]},
    )


async def stock_of(scope: Scope, *, limit: int = 50) -> list[str]:
    """SIM numbers in the tenant's stock."""
    rows = await scope.connection.fetch(
        "SELECT number FROM sim_card WHERE state = 'stock' ORDER BY number LIMIT $1", limit
    )
    return [row["number"] for row in rows]


async def add_stock(scope: Scope, numbers: Sequence[str]) -> frozenset[str]:
    """Take delivered cards into stock; those that are known already stay as they are. Returns those that are new."""
    rows = await scope.connection.fetch(
        "INSERT INTO sim_card (id, tenant_id, number, state, changed_at, delivered)"
        " SELECT id, $1, number, 'stock', $4, true FROM unnest($2::uuid[], $3::text[]) AS t (id, number)"
        " ON CONFLICT DO NOTHING RETURNING number",
        scope.tenant_id,
        [new_id() for _ in numbers],
        list(numbers),
        clock.now(),
    )
    return frozenset(row["number"] for row in rows)


async def assign_sims(scope: Scope, held: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Keep cards for orders: (item, line, number). Raises Conflict (`sim_in_use`) where another was faster."""
    now = clock.now()
    wanted = sorted(
        held, key=lambda one: one[2]
    )  # always in the same order: two orders never wait for each other
    try:
        rows = await scope.connection.fetch(
            "INSERT INTO sim_card (id, tenant_id, number, state, line_id, item_id, changed_at)"
            " SELECT id, $1, number, 'assigned', line_id, item_id, $6"
            " FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[]) AS t (id, number, line_id, item_id)"
            " ON CONFLICT (number) WHERE state NOT IN ('replaced', 'retired') DO UPDATE SET state = 'assigned',"
            " line_id = EXCLUDED.line_id, item_id = EXCLUDED.item_id, changed_at = EXCLUDED.changed_at"
            " WHERE sim_card.state = 'stock' AND sim_card.tenant_id = EXCLUDED.tenant_id RETURNING number",
            scope.tenant_id,
            [new_id() for _ in wanted],
            [number for _, _, number in wanted],
            [line for _, line, _ in wanted],
            [item for item, _, _ in wanted],
            now,
        )
    except (asyncpg.UniqueViolationError, asyncpg.InsufficientPrivilegeError) as error:
        raise Conflict("This SIM number is already in use.", code="sim_in_use") from error
    if len(rows) != len(wanted):
        raise Conflict("This SIM number is already in use.", code="sim_in_use")


async def release_sims(scope: Scope, item_ids: Sequence[UUID]) -> None:
    """The orders came to nothing: cards that were delivered are stock again, others are nobody's."""
    await scope.connection.execute(
        "DELETE FROM sim_card WHERE item_id = ANY($1) AND state = 'assigned' AND NOT delivered",
        list(item_ids),
    )
    await scope.connection.execute(
        "UPDATE sim_card SET state = 'stock', line_id = NULL, item_id = NULL, changed_at = $2"
        " WHERE item_id = ANY($1) AND state = 'assigned'",
        list(item_ids),
        clock.now(),
    )


async def activate_sims(scope: Scope, active: Sequence[tuple[UUID, str, str]]) -> None:
    """The network uses other cards now: (line, old number, new number). The old ones are replaced for good."""
    now = clock.now()
    await scope.connection.executemany(
        "UPDATE sim_card SET state = 'replaced', item_id = NULL, changed_at = $3"
        " WHERE number = $1 AND line_id = $2 AND state IN ('active', 'blocked')",
        [(old, line, now) for line, old, new in active if old and old != new],
    )
    await scope.connection.executemany(
        "UPDATE sim_card SET state = 'active', item_id = NULL, changed_at = $3"
        " WHERE number = $1 AND line_id = $2 AND state = 'assigned'",
        [(new, line, now) for line, _, new in active],
    )
    for line, old, new in active:
        if new and new != old:
            scope.emit(SimActivated(line_id=line, sim_number=new))


async def block_sims(scope: Scope, line_ids: Sequence[UUID], *, blocked: bool) -> None:
    """Cards of lines that were lost or stolen are blocked; found again, they are active."""
    before, after = ("active", "blocked") if blocked else ("blocked", "active")
    await scope.connection.execute(
        "UPDATE sim_card SET state = $2, changed_at = $4 WHERE line_id = ANY($1) AND state = $3",
        list(line_ids),
        after,
        before,
        clock.now(),
    )
