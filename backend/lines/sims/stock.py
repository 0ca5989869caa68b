"""What a customer has in hand before there is a line: blank SIM cards that were delivered, numbers kept for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import normalise_msisdn as normal
from backend.catalog.identifiers import sim_number
from backend.core import audit
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.sims.cards import add_stock, sim_use
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class StockResult:
    """How many were taken in; those that were not, as they came."""

    added: int
    wrong: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)


@use_case(Permission.MEMBERS_MANAGE)
async def add_sims(scope: Scope, numbers: Sequence[str]) -> StockResult:
    """Take delivered blank cards into stock. A number that fails the carrier's rule, or is in use anywhere, is left out.

    In use, on order or in another customer's drawer is one answer. A card of the own stock is there already: said again,
    it is neither new nor wrong.
    """
    rule = (await catalogue_of(scope)).profile.sim_number
    good = {text: found for text in numbers if (found := sim_number(text, rule))}
    use = await sim_use(scope, list(good.values()))
    free = [found for found in dict.fromkeys(good.values()) if found not in use.taken]
    added = await add_stock(scope, free)
    await audit.record(scope, "sims.added", "fleet", None, count=len(added))
    return StockResult(
        len(added),
        [text for text in numbers if text not in good],
        [text for text, found in good.items() if found not in added | use.stock],
    )


@use_case(Permission.MEMBERS_MANAGE)
async def reserve_numbers(scope: Scope, numbers: Sequence[str]) -> StockResult:
    """Keep Belgian mobile numbers for the customer. One that is live or kept anywhere is left out, with one answer."""
    good = {text: found for text in numbers if (found := normal(text))}
    live = await scope.connection.fetch(
        "SELECT number FROM directory_numbers_taken($1::text[]) AS number", list(good.values())
    )
    taken = {row["number"] for row in live}
    free = [found for found in dict.fromkeys(good.values()) if found not in taken]
    rows = await scope.connection.fetch(
        "INSERT INTO reserved_number (id, tenant_id, msisdn) SELECT id, $1, number"
        " FROM unnest($2::uuid[], $3::text[]) AS t (id, number) ON CONFLICT DO NOTHING RETURNING msisdn",
        scope.tenant_id,
        [new_id() for _ in free],
        free,
    )
    kept = {row["msisdn"] for row in rows}
    await audit.record(scope, "numbers.reserved", "fleet", None, count=len(kept))
    return StockResult(
        len(kept),
        [text for text in numbers if text not in good],
        [text for text, found in good.items() if found not in kept],
    )
