"""SIM cards of the tenant (domain 3.4): in stock, kept for an order, active, blocked, replaced, retired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import msgspec

from backend.core import clock
from backend.core.errors import Conflict
from backend.core.facts import SimActivated
from backend.core.ids import new_id
from backend.lines.sims.sim_lifecycle import GONE, SimState
from backend.lines.tables import SimCard
from tenants.scope import Scope

KNOWN_CARDS = "SELECT number, state, line_id FROM sim_card WHERE number = ANY($1::text[])"
SIMS_TAKEN = "SELECT number FROM directory_sims_taken($1::text[]) AS number"
ADD_STOCK = """
INSERT INTO sim_card (id, tenant_id, number, state, changed_at, delivered)
SELECT id, $1, number, $5, $4, true FROM unnest($2::uuid[], $3::text[]) AS t (id, number)
ON CONFLICT DO NOTHING RETURNING number
"""
# The predicate is that of the index `sim_live`.
ASSIGN = f"""
INSERT INTO sim_card (id, tenant_id, number, state, line_id, item_id, changed_at)
SELECT id, $1, number, $7, line_id, item_id, $6
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[]) AS t (id, number, line_id, item_id)
ON CONFLICT (number) WHERE state NOT IN ({", ".join(f"'{state}'" for state in sorted(GONE))}) DO UPDATE
  SET state = EXCLUDED.state, line_id = EXCLUDED.line_id, item_id = EXCLUDED.item_id, changed_at = EXCLUDED.changed_at
  WHERE sim_card.state = $8 AND sim_card.tenant_id = EXCLUDED.tenant_id RETURNING number
"""
FORGET = "DELETE FROM sim_card WHERE item_id = ANY($1) AND state = $2 AND NOT delivered"
BACK_TO_STOCK = """
UPDATE sim_card SET state = $3, line_id = NULL, item_id = NULL, changed_at = $4 WHERE item_id = ANY($1) AND state = $2
"""
SET_STATE = """
UPDATE sim_card SET state = $4, item_id = NULL, changed_at = $3 WHERE number = $1 AND line_id = $2
  AND state = ANY($5::text[])
"""
SET_STATE_OF_LINES = "UPDATE sim_card SET state = $3, changed_at = $4 WHERE line_id = ANY($1) AND state = $2"


class CardRow(msgspec.Struct, frozen=True):
    """A card that the tenant knows."""

    number: str
    state: str
    line_id: UUID | None


class CardNumber(msgspec.Struct, frozen=True):
    """The number of a card."""

    number: str


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
    own = await scope.fetch_all(CardRow, KNOWN_CARDS, wanted)
    taken = await scope.fetch_all(CardNumber, SIMS_TAKEN, wanted)
    return SimUse(
        stock=frozenset(card.number for card in own if card.state == SimState.STOCK),
        taken=frozenset(card.number for card in taken),
        own={card.number: card.line_id for card in own if card.state == SimState.ASSIGNED and card.line_id},
    )


async def stock_of(scope: Scope, *, limit: int = 50) -> list[str]:
    """SIM numbers in the tenant's stock."""
    cards = await scope.select_all(
        CardNumber, SimCard, SimCard.state == SimState.STOCK, order_by=[SimCard.number], limit=limit
    )
    return [card.number for card in cards]


async def add_stock(scope: Scope, numbers: Sequence[str]) -> frozenset[str]:
    """Take delivered cards into stock; those that are known already stay as they are. Returns those that are new."""
    added = await scope.fetch_all(
        CardNumber,
        ADD_STOCK,
        scope.tenant_id,
        [new_id() for _ in numbers],
        list(numbers),
        clock.now(),
        SimState.STOCK,
    )
    return frozenset(card.number for card in added)


async def assign_sims(scope: Scope, held: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Keep cards for orders: (item, line, number). Raises Conflict (`sim_in_use`) where another was faster."""
    # Always in the same order: two orders never wait for each other
    wanted = sorted(held, key=lambda one: one[2])
    try:
        kept = await scope.fetch_all(
            CardNumber,
            ASSIGN,
            scope.tenant_id,
            [new_id() for _ in wanted],
            [number for _, _, number in wanted],
            [line for _, line, _ in wanted],
            [item for item, _, _ in wanted],
            clock.now(),
            SimState.ASSIGNED,
            SimState.STOCK,
        )
    except (asyncpg.UniqueViolationError, asyncpg.InsufficientPrivilegeError) as error:
        raise Conflict("This SIM number is already in use.", code="sim_in_use") from error
    if len(kept) != len(wanted):
        raise Conflict("This SIM number is already in use.", code="sim_in_use")


async def release_sims(scope: Scope, item_ids: Sequence[UUID]) -> None:
    """Orders came to nothing: cards that were delivered are stock again, others are forgotten."""
    items = list(item_ids)
    await scope.execute(FORGET, items, SimState.ASSIGNED)
    await scope.execute(BACK_TO_STOCK, items, SimState.ASSIGNED, SimState.STOCK, clock.now())


async def activate_sims(scope: Scope, active: Sequence[tuple[UUID, str, str]]) -> None:
    """The network uses other cards now: (line, old number, new number). The old ones are replaced for good."""
    now, in_use = clock.now(), [SimState.ACTIVE, SimState.BLOCKED]
    await scope.execute_many(
        SET_STATE,
        [(old, line, now, SimState.REPLACED, in_use) for line, old, new in active if old and old != new],
    )
    await scope.execute_many(
        SET_STATE, [(new, line, now, SimState.ACTIVE, [SimState.ASSIGNED]) for line, _, new in active]
    )
    for line, old, new in active:
        if new and new != old:
            scope.emit(SimActivated(line_id=line, sim_number=new))


async def block_sims(scope: Scope, line_ids: Sequence[UUID], *, blocked: bool) -> None:
    """Block the cards of lines that were lost or stolen; unblock them where the lines work again."""
    before, after = (SimState.ACTIVE, SimState.BLOCKED) if blocked else (SimState.BLOCKED, SimState.ACTIVE)
    await scope.execute(SET_STATE_OF_LINES, list(line_ids), before, after, clock.now())
