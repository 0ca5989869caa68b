"""Takes orders for one carrier: alone or several in a batch, each once by its id."""

import time
from collections.abc import Sequence
from typing import Any

from backend.core.ids import new_id
from backend.sandbox.carrier.documents import CarrierOrder, TmfError, batch_document, order_document
from backend.sandbox.carrier.order_engine import OrderEngine
from backend.sandbox.carrier.order_types import order_type_of, seconds_before
from backend.sandbox.carrier.requests import ReceivedBatch, ReceivedOrder, read_orders


class OrderIntake(OrderEngine):
    """What happens to a service order when it comes in."""

    async def accept(self, body: bytes) -> tuple[dict[str, Any], bool]:
        """Take an order, or find the one that its externalId already names; returns it. On disk when this returns."""
        received = read_orders(body, self.most_items)
        if received.external_id:
            return await self._accept_batch(received)
        (asked,) = received.orders
        if existing := self.by_external.get(asked.external_id):
            self.repeats += 1
            await self._journal.settled()
            return order_document(existing), False
        order = self._take(asked)
        await self._journal.settled()
        self._schedule(order)
        return order_document(order), True

    async def _accept_batch(self, received: ReceivedBatch) -> tuple[dict[str, Any], bool]:
        """Take a batch: an item that cannot be taken is rejected, the others go on."""
        if existing := self.batches.get(received.external_id):
            self.repeats += 1
            await self._journal.settled()
            return batch_document(existing), False
        if any(asked.external_id in self.by_external for asked in received.orders):
            raise TmfError(409, "itemKnown", "An item of this order is one of another order.")
        batch, orders = str(new_id()), list[CarrierOrder]()
        for asked in received.orders:
            try:
                order = self._take(asked, batch=batch, batch_external_id=received.external_id)
            except TmfError as refusal:
                order = self._new_order(asked, batch=batch, batch_external_id=received.external_id)
                order.state, order.ended_at = "rejected", order.ordered_at
                order.code, order.message = refusal.body["code"], refusal.body["reason"]
                self._keep(order)
                self._save(order)
            orders.append(order)
        self._carry_out_together([order for order in orders if not order.ended])
        await self._journal.settled()
        for order in orders:
            self._schedule(order)
        return batch_document(orders), True

    def _carry_out_together(self, orders: Sequence[CarrierOrder]) -> None:
        """Give the items of a batch that behave as its first one the same time: one event tells of them all."""
        for order in orders[1:]:
            if order.behaviour == orders[0].behaviour:
                order.ordered_at, order.pace = orders[0].ordered_at, orders[0].pace
                order.due = order.ordered_at + seconds_before(order, order.steps[0])
                self._save(order)

    def _take(self, received: ReceivedOrder, **batch: str) -> CarrierOrder:
        """Check an order and keep what it needs. Raises TmfError where it is refused."""
        order_type, order = (
            order_type_of(received.category, received.action),
            self._new_order(received, **batch),
        )
        if not order_type.new and self.context.line(order).customer not in {order.customer, ""}:
            raise TmfError(404, "unknownLine", f"{order.msisdn} is not a line of {order.customer}.")
        order_type.check(self.context, order)
        behaviour = self.script.take(received.msisdn)
        if self.script.rules or behaviour != self.script.standing:
            self.save_script()
        if behaviour.refuse:
            raise TmfError(
                behaviour.refuse_status,
                behaviour.refuse,
                behaviour.message or "The carrier refuses this order.",
            )
        order.behaviour, order.pace = behaviour, behaviour.delay_seconds()
        order_type.reserve(self.context, order)
        order.steps = order_type.steps(order)
        order.due = order.ordered_at + seconds_before(order, order.steps[0])
        self._keep(order)
        self._save(order)
        return order

    def _keep(self, order: CarrierOrder) -> None:
        """Where orders are found by their ids."""
        self.orders[order.id] = self.by_external[order.external_id] = order
        if order.batch:
            items = self.batches.setdefault(order.batch, [])
            items.append(order)
            self.batches[order.batch_external_id] = items

    def _new_order(self, received: ReceivedOrder, **batch: str) -> CarrierOrder:
        return CarrierOrder(
            id=str(new_id()),
            carrier=self.code,
            external_id=received.external_id,
            customer=received.customer,
            msisdn=received.msisdn,
            category=received.category,
            action=received.action,
            asked=received.values,
            original=received.original,
            behaviour=self.script.standing,
            steps=[],
            pace=0.0,
            ordered_at=time.time(),
            due=None,
            **batch,  # type: ignore[arg-type] # its two ids
        )
