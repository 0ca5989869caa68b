"""Reads what the rules of new lines need: customer numbers, cards, phone numbers, copied options, contracts."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.identifiers import normalise_msisdn, sim_number
from backend.core import clock
from backend.core.errors import NotFound
from backend.documents.service import own_document
from backend.lines.lifecycle import IN_FLEET
from backend.lines.organisations import centres_within_reach
from backend.lines.queries import SqlFilter, add_reach
from backend.lines.sims.cards import sim_use
from backend.orders.effects.move_account import accounts_within_reach
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.new_line import ESIM, NewLineFacts, NewLineRequest, same_line
from backend.orders.lifecycle import ItemState
from tenants.scope import Scope

# The purpose of a signed scan
CONTRACT = "split_contract"
KIND = "add_line"
# An order that is given twice by mistake is given twice within weeks
COMPARED_FOR = timedelta(days=30)
NOT_DONE = (ItemState.SKIPPED, ItemState.FAILED, ItemState.CANCELLED)

EARLIER = """
SELECT i.change->>'account' AS account, i.change->>'family_name' AS family_name, i.change->>'given_name' AS given_name,
  i.change->>'email' AS email, i.change->>'plan' AS plan
FROM change_order o JOIN change_order_item i ON i.tenant_id = o.tenant_id AND i.order_id = o.id
WHERE o.kind = $1 AND o.requested_at > $2 AND i.state <> ALL($3::text[]) AND i.change->>'sim_kind' = $4
  AND COALESCE(i.change->>'number', '') = '' AND lower(trim(i.change->>'email')) = ANY($5::text[])
"""
LIVE_NUMBERS = (
    "SELECT msisdn FROM line WHERE msisdn = ANY($1::text[]) AND msisdn <> '' AND status = ANY($2::text[])"
)


class PoolNumber(msgspec.Struct, frozen=True):
    """A reserved number, and the line that took it."""

    msisdn: str
    line_id: UUID | None


class LineOptions(msgspec.Struct, frozen=True):
    """The options of a line."""

    id: UUID
    msisdn: str
    options: list[str]


class EarlierLine(msgspec.Struct, frozen=True):
    """A new line that was ordered before, by the fields of `same_line`."""

    account: str
    family_name: str
    given_name: str
    email: str
    plan: str


def _twice(values: Sequence[str]) -> frozenset[str]:
    return frozenset(value for value, times in Counter(filter(None, values)).items() if times > 1)


async def load_context(
    scope: Scope, request: Sequence[NewLineRequest], lines: Sequence[LineSnapshot]
) -> NewLineFacts:
    """Read what the rules need for all these requests, in a few statements whatever their number."""
    rule = (await catalogue_of(scope)).profile.sim_number
    cards = [sim_number(one.sim_number, rule) or "" for one in request if one.sim_kind != ESIM]
    numbers = [normalise_msisdn(one.kind_fields.get("number", "")) or "" for one in request]
    use = await sim_use(scope, cards)
    centres = await centres_within_reach(scope)
    reserved = await scope.fetch_all(
        PoolNumber, "SELECT msisdn, line_id FROM reserved_number WHERE msisdn = ANY($1::text[])", numbers
    )
    return NewLineFacts(
        accounts=await accounts_within_reach(scope),
        centres={one.code: one.id for one in centres},
        sims_taken=use.taken,
        sims_held=use.own,
        reserved={one.msisdn: one.line_id for one in reserved},
        copied=await copied_options(
            scope, {one.copy_options_from for one in request if one.copy_options_from}
        ),
        documents=await contracts_among(scope, {one.document_id for one in request if one.document_id}),
        twice=_twice(cards) | _twice(numbers),
        numbers_here=await _in_fleet(scope, numbers),
        numbers_taken=await _live(scope, numbers),
        # Lines that are there already belong to an order: it is not compared with itself
        again=frozenset() if lines else await _ordered_again(scope, request),
    )


async def _ordered_again(scope: Scope, requests: Sequence[NewLineRequest]) -> frozenset[tuple[str, ...]]:
    """New lines that stand in this request more than once, or were ordered in the last weeks."""
    times = Counter(key for one in requests if (key := same_line(one)))
    emails = sorted({one.email.strip().casefold() for one in requests if same_line(one)})
    if not emails:
        return frozenset()
    earlier = await scope.fetch_all(
        EarlierLine, EARLIER, KIND, clock.now() - COMPARED_FOR, NOT_DONE, ESIM, emails
    )
    before = {tuple(text.strip().casefold() for text in msgspec.structs.astuple(line)) for line in earlier}
    return frozenset(key for key, count in times.items() if count > 1 or key in before)


async def copied_options(scope: Scope, typed: set[str]) -> dict[str, tuple[str, ...]]:
    """Options of lines within reach, by what was typed to name them: an id or a number."""
    ids = {text: id_ for text in typed if (id_ := _uuid(text))}
    numbers = {text: number for text in typed if (number := normalise_msisdn(text))}
    if not ids and not numbers:
        return {}
    where = SqlFilter()
    where.add(
        "(l.id = ANY({0}::uuid[]) OR l.msisdn = ANY({1}::text[]))", list(ids.values()), list(numbers.values())
    )
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    add_reach(scope.actor, where)
    lines = await scope.fetch_all(
        LineOptions, f"SELECT l.id, l.msisdn, l.options FROM line l WHERE {where.sql}", *where.values
    )
    by_id = {line.id: tuple(line.options) for line in lines}
    by_number = {line.msisdn: tuple(line.options) for line in lines}
    found = {text: by_id.get(id_) for text, id_ in ids.items()}
    found |= {text: by_number.get(number) for text, number in numbers.items()}
    return {text: options for text, options in found.items() if options is not None}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def contracts_among(scope: Scope, ids: set[UUID]) -> frozenset[UUID]:
    """Those of the ids that are signed contracts which the actor may attach."""
    found = set()
    for document_id in ids:
        try:
            found.add((await own_document(scope, document_id, purpose=CONTRACT)).id)
        except NotFound:
            continue
    return frozenset(found)


async def _in_fleet(scope: Scope, numbers: Sequence[str]) -> frozenset[str]:
    """Numbers of lines in the fleet and within reach."""
    where = SqlFilter()
    where.add("l.msisdn = ANY({0}::text[])", [number for number in numbers if number])
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    add_reach(scope.actor, where)
    return frozenset(
        await scope.fetch_all(str, f"SELECT l.msisdn FROM line l WHERE {where.sql}", *where.values)
    )


async def _live(scope: Scope, numbers: Sequence[str]) -> frozenset[str]:
    """Numbers of lines of this company, beyond reach too. Whether another company has one is for nobody to see."""
    return frozenset(await scope.fetch_all(str, LIVE_NUMBERS, list(numbers), list(IN_FLEET)))
