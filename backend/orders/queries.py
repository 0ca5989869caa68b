"""Which orders an actor may see, how they are filtered, and one order's row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.core.errors import NotFound
from backend.lines.queries import SqlFilter, add_reach
from backend.orders.kinds import KINDS, decode_request
from backend.orders.kinds.base import OrderKind
from backend.orders.lifecycle import OPEN_ORDERS, ItemState, OrderFlag, OrderState
from backend.orders.outcome import DELIVERS, UNDER_WAY
from backend.orders.schemas import OrderRequest
from backend.orders.tables import ChangeOrder
from backend.orders.undelivered import UNDELIVERED
from tenants.scope import Scope

# An order that ended, of which something was not carried out
UNSUCCESSFUL = [OrderState.PARTIAL, OrderState.FAILED, OrderState.REJECTED]


# As `outcome_of` says it: a price to accept, an item that the customer can put right, a mail that did not arrive
WAITS_FOR_CUSTOMER = f"""
((o.state = {{0}} AND o.flag = {{1}}) OR (o.flag <> ALL({{2}}) AND (
  (o.state = ANY({{3}}) AND EXISTS (SELECT FROM change_order_item i
    JOIN unnest({{5}}::text[], {{6}}::text[]) AS c (kind, reason) ON c.kind = i.kind AND i.reason LIKE c.reason
    WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id AND i.state = {{4}}))
  OR (o.state = ANY({{7}}) AND o.id IN (SELECT u.order_id FROM ({UNDELIVERED}) u)))))
"""


def _correctable() -> tuple[list[str], list[str]]:
    """Two lists of one length: a kind, and a reason that its customer can put right, as a pattern of LIKE."""
    pairs = [(code, reason) for code, kind in KINDS.items() for reason in sorted(kind.correctable)]
    patterns = [reason.replace("_", r"\_").replace("*", "%") for _, reason in pairs]
    return [code for code, _ in pairs], patterns


CORRECTABLE = _correctable()


REFERENCES = """
SELECT o.reference FROM change_order o WHERE o.id = ANY($1::uuid[])
UNION SELECT o.reference FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
  WHERE i.id = ANY($1::uuid[])
UNION SELECT o.reference FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id
  WHERE i.batch_id = ANY($1::uuid[])
ORDER BY reference LIMIT 5
"""


class OrderReference(msgspec.Struct, frozen=True):
    """What a customer calls a request by."""

    reference: str


class OrderHead(msgspec.Struct, frozen=True):
    """One placed order without its items."""

    id: UUID
    reference: str
    kind: str
    state: str
    flag: str
    due_on: date | None
    body: str

    @property
    def order_kind(self) -> OrderKind:
        return KINDS[self.kind]

    @property
    def request(self) -> OrderRequest:
        """What was asked."""
        return decode_request(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which requests.

    `group` is running, attention (it waits for the customer), ended, unsuccessful (ended, and not all was carried
    out), or "" for all.
    """

    group: str = ""
    kind: str = ""
    state: str = ""
    # Part of a reference, of a number, or of the requester's name
    search: str = ""
    line_id: UUID | None = None
    ended_since: datetime | None = None


def literals(words: Iterable[str]) -> str:
    """Words of our own as SQL literals, for a constant statement that has to match a partial index."""
    return ", ".join(f"'{word}'" for word in words)


def visible(scope: Scope) -> SqlFilter:
    """The condition on `change_order o` for orders that the actor may see: own ones, and those within reach.

    Every line of an order has to be within reach: the price of a partly reachable order would disclose other lines.
    """
    where = SqlFilter()
    where.add("o.state <> {0}", OrderState.DRAFT)
    if not scope.actor.reach.everything or scope.actor.end_user_id:
        outside = SqlFilter(values=where.values)
        add_reach(scope.actor, outside)
        where.add(
            "(o.requester_id = {0} OR NOT EXISTS (SELECT FROM change_order_item i JOIN line l"
            " ON l.tenant_id = i.tenant_id AND l.id = i.line_id WHERE i.order_id = o.id"
            f" AND NOT COALESCE({outside.sql or 'true'}, false)))",
            scope.actor.member_id,
        )
    return where


def matching(scope: Scope, wanted: OrderFilter) -> SqlFilter:
    """The condition on `change_order o` for visible orders that match the filter."""
    where = visible(scope)
    _add_group(where, wanted.group)
    if wanted.kind:
        where.add("o.kind = {0}", wanted.kind)
    if wanted.state:
        where.add("o.state = {0}", wanted.state)
    if wanted.ended_since:
        where.add("o.ended_at > {0}", wanted.ended_since)
    if wanted.line_id:
        where.add(
            "o.id IN (SELECT i.order_id FROM change_order_item i WHERE i.line_id = {0})", wanted.line_id
        )
    if text := wanted.search.strip():
        digits = "".join(character for character in text if character.isdecimal()).lstrip("0")
        where.add(
            "(strpos(o.reference, {0}) > 0 OR strpos(lower(o.requester_name), {1}) > 0 OR ({2} <> '' AND EXISTS"
            " (SELECT FROM change_order_item i WHERE i.tenant_id = o.tenant_id AND i.order_id = o.id"
            " AND strpos(i.msisdn, {2}) > 0)))",
            text.upper(),
            text.lower(),
            digits if len(digits) >= 3 and not any(character.isalpha() for character in text) else "",
        )
    return where


def _add_group(where: SqlFilter, group: str) -> None:
    match group:
        case "running":
            where.add("o.state = ANY({0})", OPEN_ORDERS)
        case "attention":
            where.add(
                WAITS_FOR_CUSTOMER,
                OrderState.SCHEDULED,
                OrderFlag.PRICE_CHANGED,
                [OrderFlag.CANCELLING, OrderFlag.HOLD_EXPIRED],
                UNDER_WAY,
                ItemState.HELD,
                *CORRECTABLE,
                DELIVERS,
            )
        case "unsuccessful":
            where.add("o.state = ANY({0})", UNSUCCESSFUL)
        case "ended":
            where.add("o.state <> ALL({0})", OPEN_ORDERS)


async def find(scope: Scope, reference: str) -> UUID:
    """The id of the order with this reference. Raises NotFound where it is missing, foreign or out of reach."""
    where = visible(scope)
    where.add("o.reference = {0}", reference)
    found = await scope.fetch_value(UUID, f"SELECT o.id FROM change_order o WHERE {where.sql}", *where.values)
    if found is None:
        raise NotFound
    return found


async def count(scope: Scope, wanted: OrderFilter) -> int:
    """How many visible orders match the filter."""
    where = matching(scope, wanted)
    return (
        await scope.fetch_value(int, f"SELECT count(*) FROM change_order o WHERE {where.sql}", *where.values)
        or 0
    )


async def count_open(scope: Scope) -> int:
    """How many visible orders have not ended."""
    return await count(scope, OrderFilter(group="running"))


async def order_head(scope: Scope, order_id: UUID, *, lock: bool = False) -> OrderHead:
    """The order's row, locked where asked. Raises NotFound where it is not there."""
    found = await scope.select_one(OrderHead, ChangeOrder, ChangeOrder.id == order_id, lock=lock)
    if found is None:
        raise NotFound
    return found


async def lock_order(scope: Scope, reference: str) -> OrderHead:
    """The order's row, locked. Raises NotFound where it is missing, foreign or out of reach."""
    return await order_head(scope, await find(scope, reference), lock=True)


async def references_of(scope: Scope, ids: Sequence[UUID]) -> list[str]:
    """The references of the requests that have one of these ids, or an item or batch with it; five at most."""
    found = await scope.fetch_all(OrderReference, REFERENCES, list(ids))
    return [one.reference for one in found]
