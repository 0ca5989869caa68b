"""Reads the facts from which the outcome of requests follows: one request with its counts, or a page of a list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

import msgspec

from backend.lines.lifecycle import AgreementState
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ITEM_LIFECYCLE, ItemState, OrderFlag, OrderState
from backend.orders.outcome import ItemCount, LeftOutCount, OrderOutcome, OutcomeFacts, WaitsFor, outcome_of
from backend.orders.undelivered import UNDELIVERED, undelivered_counts
from tenants.scope import Scope

# Reasons that are counted one by one for a state; rarer ones are counted together
MOST_REASONS = 20
OTHER = "other"
# The states whose reasons are shown
EXPLAINED = frozenset({ItemState.FAILED, ItemState.HELD, ItemState.SKIPPED})
# The states in which an order may wait for somebody
MAY_WAIT = frozenset({OrderState.IN_PROGRESS, OrderState.HELD})

ALIKE = f"""
SELECT order_id, kind, state, reason, coalesce(reported->>'esimState', '') AS esim_state,
  id IN (SELECT u.item_id FROM ({UNDELIVERED}) u) AS undelivered, count(*) AS items
FROM change_order_item
"""
COUNTS = f"{ALIKE} WHERE order_id = $1 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY items DESC, reason"
OPEN_COUNTS = f"""
{ALIKE} WHERE order_id = ANY($1) AND state = ANY($2) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY items DESC, reason
"""
LEFT_OUT = """
SELECT wish.value AS reason, count(*) AS wishes FROM change_order_item i, jsonb_each_text(i.left_out) wish
WHERE i.order_id = $1 AND i.state <> $2 GROUP BY 1 ORDER BY wishes DESC, reason LIMIT 20
"""
CONTRACTS = """
SELECT count(*) FROM split_agreement s
JOIN change_order_item i ON i.tenant_id = s.tenant_id AND i.id = s.item_id
WHERE i.order_id = $1 AND i.state = $2 AND s.state = $3
"""


class CountRecord(msgspec.Struct, frozen=True):
    """How many items of an order are alike: state, reason, the state of an ordered eSIM, its mail."""

    order_id: UUID
    kind: str
    state: str
    reason: str
    esim_state: str
    # Its user has not got the code or the link
    undelivered: bool
    items: int


class LeftOutRecord(msgspec.Struct, frozen=True):
    """How many wishes of an order were left out for a reason."""

    reason: str
    wishes: int


class OrderFacts(Protocol):
    """The columns of an order that its outcome needs."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def flag(self) -> str: ...
    @property
    def end_reason(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def missing(self) -> int: ...
    @property
    def refused_mails(self) -> int: ...


class CountedOutcome(msgspec.Struct, frozen=True):
    """The outcome of one request, with how many items are in which state."""

    outcome: OrderOutcome
    counts: Mapping[str, int]


async def one_outcome(scope: Scope, order: OrderFacts) -> CountedOutcome:
    """The outcome of one request, with its parts."""
    rows = await scope.fetch_all(CountRecord, COUNTS, order.id)
    counts = defaultdict[str, int](int)
    for row in rows:
        counts[row.state] += row.items
    left_out = (
        await scope.fetch_all(LeftOutRecord, LEFT_OUT, order.id, ItemState.SKIPPED) if order.missing else []
    )
    contracts = 0
    if order.state in MAY_WAIT and KINDS[order.kind].creates is not None:
        reviewed = await scope.fetch_value(
            int, CONTRACTS, order.id, ItemState.DONE, AgreementState.UNDER_REVIEW
        )
        contracts = reviewed or 0
    facts = msgspec.structs.replace(
        _facts(order, rows),
        left_out=tuple(LeftOutCount(reason=one.reason, wishes=one.wishes) for one in left_out),
        contracts=contracts,
        undelivered=sum(row.items for row in rows if row.undelivered),
    )
    return CountedOutcome(outcome_of(facts), dict(counts))


async def outcomes(scope: Scope, orders: Sequence[OrderFacts]) -> dict[UUID, OrderOutcome]:
    """The outcomes of the requests of a list, without their parts."""
    waiting = [order.id for order in orders if order.state in MAY_WAIT]
    rows = (
        await scope.fetch_all(CountRecord, OPEN_COUNTS, waiting, sorted(ITEM_LIFECYCLE.open))
        if waiting
        else []
    )
    by_order = defaultdict[UUID, list[CountRecord]](list)
    for row in rows:
        by_order[row.order_id].append(row)
    undelivered = await undelivered_counts(scope, [order.id for order in orders]) if orders else {}

    def outcome(order: OrderFacts) -> OrderOutcome:
        facts = _facts(order, by_order[order.id])
        return outcome_of(msgspec.structs.replace(facts, undelivered=undelivered.get(order.id, 0)))

    return {order.id: msgspec.structs.replace(outcome(order), parts=()) for order in orders}


def _facts(order: OrderFacts, rows: Sequence[CountRecord]) -> OutcomeFacts:
    return OutcomeFacts(
        state=OrderState(order.state),
        flag=OrderFlag(order.flag),
        end_reason=order.end_reason,
        due_on=order.due_on,
        missing=order.missing,
        open_items=sum(row.items for row in rows if row.state in ITEM_LIFECYCLE.open),
        items=_merged(rows),
        refused_mails=order.refused_mails,
    )


def _merged(rows: Sequence[CountRecord]) -> tuple[ItemCount, ...]:
    """The counts by state, reason and who is waited for; of many reasons of a state the rarest are one."""
    named: dict[ItemState, set[str]] = defaultdict(set)
    sums: dict[tuple[ItemState, str, WaitsFor], int] = defaultdict(int)
    for row in rows:
        state, kind = ItemState(row.state), KINDS[row.kind]
        party = kind.waits_for(state, row.reason, row.esim_state, undelivered=row.undelivered)
        reason = row.reason if state in EXPLAINED else ""
        # Reasons of our own are few: only a carrier's may be many
        if len(named[state]) < MOST_REASONS or state is ItemState.SKIPPED:
            named[state].add(reason)
        elif reason not in named[state]:
            reason = OTHER
        sums[state, reason, party] += row.items
    return tuple(
        ItemCount(state=state, reason=reason, waits_for=party, items=items)
        for (state, reason, party), items in sums.items()
    )
