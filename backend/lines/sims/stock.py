"""What a customer has in hand before there is a line: blank SIM cards that were delivered, numbers kept for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import normalise_msisdn as normal
from backend.catalog.identifiers import sim_number
from backend.core import audit
from backend.core.ids import new_id
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from backend.lines.sims.cards import add_stock, sim_use
from tenants.scope import Scope

NUMBERS_TAKEN = "SELECT number FROM directory_numbers_taken($1::text[]) AS number"
RESERVE = """
INSERT INTO reserved_number (id, tenant_id, msisdn) SELECT id, $1, number
FROM unnest($2::uuid[], $3::text[]) AS t (id, number) ON CONFLICT DO NOTHING RETURNING msisdn
"""


class TakenNumber(msgspec.Struct, frozen=True):
    """A number that is live somewhere."""

    number: str


class ReservedRow(msgspec.Struct, frozen=True):
    """A number that is kept from now on."""

    msisdn: str


@dataclass(frozen=True, slots=True)
class StockResult:
    """How many were taken in; those that were not, as they came."""

    added: int
    wrong: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)


async def numbers_taken(scope: Scope, numbers: Sequence[str]) -> frozenset[str]:
    """Those of the numbers that have a live line, with any customer: who it is is not said (domain 4.8)."""
    return frozenset(one.number for one in await scope.fetch_all(TakenNumber, NUMBERS_TAKEN, list(numbers)))


@use_case(Permission.MEMBERS_MANAGE)
async def add_sims(scope: Scope, numbers: Sequence[str]) -> StockResult:
    """Take delivered blank cards into stock. Numbers that fail the carrier's rule, or are in use anywhere, are left out.

    In use, on order and in another customer's stock are one answer. A card of the own stock that is named again is
    neither new nor wrong.
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
    taken = await numbers_taken(scope, list(good.values()))
    free = [found for found in dict.fromkeys(good.values()) if found not in taken]
    rows = await scope.fetch_all(ReservedRow, RESERVE, scope.tenant_id, [new_id() for _ in free], free)
    kept = {row.msisdn for row in rows}
    await audit.record(scope, "numbers.reserved", "fleet", None, count=len(kept))
    return StockResult(
        len(kept),
        [text for text in numbers if text not in good],
        [text for text, found in good.items() if found not in kept],
    )
