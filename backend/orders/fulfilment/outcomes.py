"""What follows from updated items: values on their lines, the effects of their kinds, the state of their orders."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from uuid import UUID

import msgspec

from backend.core import audit, clock
from backend.core.facts import OrderEnded, OrderWaiting
from backend.lines.lifecycle import AgreementState
from backend.lines.line_writes import lock_lines, update_lines
from backend.orders.effects import effects_of
from backend.orders.effects.events import ClosedItem, ItemUpdate
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ORDER_LIFECYCLE, ItemState, OrderFlag, OrderState, derive_order_state
from backend.orders.timeline_codes import OrderTimelineCode
from backend.orders.topics import invalidate_lines
from backend.orders.transitions import record_transition
from backend.timeline import service as timeline
from backend.timeline.schemas import TimelineSubject
from tenants.scope import Scope

# Pages of more lines than that are woken by the fleet's topic
MAX_LINE_TOPICS = 50
# Kinds that make lines: a contract for shared billing may come with one
CREATING = [kind.code for kind in KINDS.values() if kind.creates is not None]
# What was asked with such a line, where its contract came to nothing
SHARED_BILLING = "split_profile"

ITEM_STATES = """
SELECT state, count(*) AS items, bool_or(accepted_at IS NOT NULL) AS accepted, bool_or(kind = ANY($2)) AS creates
FROM change_order_item WHERE order_id = $1 GROUP BY state
"""
# Of new lines that are done: contracts without a decision, and those that came to nothing
CONTRACTS = """
SELECT count(*) FILTER (WHERE s.state = $3) AS undecided, count(*) FILTER (WHERE i.left_out ? $4) AS refused
FROM change_order_item i JOIN split_agreement s ON s.tenant_id = i.tenant_id AND s.item_id = i.id
WHERE i.order_id = $1 AND i.state = $2
"""
OTHERS_HELD = """
SELECT DISTINCT kind, reason FROM change_order_item
WHERE order_id = $1 AND state = $2 AND id <> ALL($3::uuid[]) LIMIT 100
"""
# A hold that expired is over once the order moves on
MOVE_ORDER = """
UPDATE change_order SET state = $2, ended_at = CASE WHEN $3 THEN now() END,
  flag = CASE WHEN $3 OR flag = $4 THEN $5 ELSE flag END
WHERE id = $1
"""


class ItemStateCount(msgspec.Struct, frozen=True):
    """How many items of an order are in one state; whether the carrier accepted one, and one makes a line."""

    state: str
    items: int
    accepted: bool
    creates: bool


class HeldReason(msgspec.Struct, frozen=True):
    """Why items of a kind are held."""

    kind: str
    reason: str


class ContractCount(msgspec.Struct, frozen=True):
    """How many contracts of an order are not decided, and how many were refused or ended."""

    undecided: int = 0
    refused: int = 0


async def write_to_lines(scope: Scope, done: Sequence[ItemUpdate], references: Mapping[UUID, str]) -> None:
    """Write the confirmed values of items that are done to their lines, and that they are done to the timelines.

    `references`: the reference of each order.
    """
    if not done:
        return
    lines = await lock_lines(scope, [update.line_id for update in done])
    changes, written = [], []
    for update in done:
        kind, line = KINDS[update.item.kind], lines[update.line_id]
        update.line = copy(line)
        changes.append((line, kind.confirmed_columns(line, update.change, update.reported)))
        params = {"reference": references[update.item.order_id], "kind": kind.code}
        written.append((update.line_id, {**params, **kind.timeline_params(update.change)}))
    await update_lines(scope, changes)
    await timeline.record_many(scope, TimelineSubject.LINE, OrderTimelineCode.DONE, written)
    invalidate_lines(scope, (update.line_id for update in done[:MAX_LINE_TOPICS]))


async def run_effects(scope: Scope, changed: Sequence[ItemUpdate]) -> None:
    """Call the effects of each kind with its items: updated, completed, failed or cancelled."""
    by_kind = defaultdict[str, list[ItemUpdate]](list)
    for update in changed:
        by_kind[update.item.kind].append(update)
    for kind, updates in by_kind.items():
        effects = effects_of(kind)
        if applied := [update for update in updates if update.applied is not None]:
            await effects.on_update(scope, applied)
        if done := [update for update in updates if update.state is ItemState.DONE]:
            await effects.on_completed(scope, done)
        closed = [
            ClosedItem(update.item_id, update.line_id, update.change, update.reason)
            for update in updates
            if update.state in {ItemState.FAILED, ItemState.CANCELLED}
        ]
        if closed:
            await effects.on_cancelled(scope, closed)


async def announce_waits(scope: Scope, changed: Sequence[ItemUpdate]) -> None:
    """Emit OrderWaiting for each order that begins to wait for its customer.

    An order of which another item waits for the customer already is not announced again.
    """
    new: dict[UUID, set[UUID]] = defaultdict(set)
    for update in changed:
        item = update.item
        held_anew = item.state != ItemState.HELD or item.reason != update.reason
        if update.state is ItemState.HELD and held_anew and KINDS[item.kind].customer_corrects(update.reason):
            new[item.order_id].add(item.id)
    for order_id, items in new.items():
        others = await scope.fetch_all(HeldReason, OTHERS_HELD, order_id, ItemState.HELD, list(items))
        if not any(KINDS[one.kind].customer_corrects(one.reason) for one in others):
            scope.emit(OrderWaiting(order_id=order_id, at=clock.now()))


async def settle_order(scope: Scope, order_id: UUID, current: OrderState, reference: str) -> None:
    """Move an order, whose row the caller has locked, to the state that follows from its items."""
    found = await scope.fetch_all(ItemStateCount, ITEM_STATES, order_id, CREATING)
    counts = {ItemState(one.state): one.items for one in found}
    accepted = any(one.accepted for one in found)
    scope.invalidate(f"order:{order_id}")
    derived = derive_order_state(current, counts, accepted=accepted)
    if (
        derived in ORDER_LIFECYCLE.final
        and current in ORDER_LIFECYCLE.open
        and any(one.creates for one in found)
    ):
        derived = await _with_contracts(scope, order_id, current, counts)
    for target in _path(current, derived, accepted=accepted):
        final = target in ORDER_LIFECYCLE.final
        await scope.execute(MOVE_ORDER, order_id, target, final, OrderFlag.HOLD_EXPIRED, OrderFlag.NONE)
        await record_transition(scope, order_id, current, target)
        current = target
        scope.invalidate("orders")
        if final:
            await audit.record(scope, f"order.{target}", "order", order_id, reference=reference)
            scope.emit(OrderEnded(order_id=order_id, state=target))


async def _with_contracts(
    scope: Scope, order_id: UUID, current: OrderState, counts: Mapping[ItemState, int]
) -> OrderState:
    """The state of an order whose items have ended: held while a contract of a new line is under review.

    Its lines are done: the requester is notified of that, and of what is waited for.
    """
    contracts = await scope.fetch_one(
        ContractCount, CONTRACTS, order_id, ItemState.DONE, AgreementState.UNDER_REVIEW, SHARED_BILLING
    )
    contracts = contracts or ContractCount()
    derived = derive_order_state(
        current, counts, accepted=True, undecided=contracts.undecided, refused=contracts.refused
    )
    if derived is OrderState.HELD and current is not OrderState.HELD:
        scope.emit(OrderWaiting(order_id=order_id, at=clock.now()))
    return derived


def _path(current: OrderState, target: OrderState, *, accepted: bool) -> list[OrderState]:
    """The moves from one state to the other: an order that ended at once was in progress in between."""
    if target == current:
        return []
    if current is OrderState.SUBMITTED and accepted and target is not OrderState.IN_PROGRESS:
        return [OrderState.IN_PROGRESS, target]
    return [target]
