"""One invented carrier: takes service orders, carries them out in their time, keeps the lines, counts its effects."""

import time
from collections import Counter
from typing import Any

import msgspec

from backend.sandbox.carrier.amendments import check_amendment
from backend.sandbox.carrier.behaviour import (
    MESSAGES,
    Behaviour,
    EsimTrouble,
    Outcome,
    PortRejection,
    ScriptState,
)
from backend.sandbox.carrier.callbacks import Callback
from backend.sandbox.carrier.documents import CarrierOrder, TmfError
from backend.sandbox.carrier.esims import may_fail, trouble
from backend.sandbox.carrier.order_context import Failure, Pause
from backend.sandbox.carrier.order_intake import OrderIntake
from backend.sandbox.carrier.order_types import (
    MILESTONES,
    ORDER_TYPES,
    too_late,
)
from backend.sandbox.carrier.port_ins import reject
from backend.sandbox.carrier.requests import (
    read_amendment,
    stored_order,
)


class Carrier(OrderIntake):
    """What a carrier is asked from outside: orders, amendments and cancellations, and what a person does by hand."""

    def load(self) -> None:
        """Read what an earlier process left, and go on with what was running."""
        self.books.load()
        self.sims.load()
        rows = self._journal.rows
        for (document,) in rows("SELECT document FROM orders WHERE carrier = ? ORDER BY id", (self.code,)):
            order = stored_order(document)
            self._keep(order)
            self._schedule(order)
            if ORDER_TYPES[order.category].new and not order.ended:
                self.books.reserve(order.msisdn)
        found = rows("SELECT external_id, msisdn, times FROM effects WHERE carrier = ?", (self.code,))
        self.effects.update({(external_id, msisdn): times for external_id, msisdn, times in found})
        for (document,) in rows("SELECT document FROM scripts WHERE carrier = ?", (self.code,)):
            self.script = msgspec.json.decode(document, type=ScriptState)

    async def amend(self, order_id: str, body: bytes) -> CarrierOrder:
        """Add to an order or correct it. What says nothing new changes nothing, however late it comes."""
        item_id, values = read_amendment(body)
        order = self.find(order_id, item_id)
        new = {name: value for name, value in values.items() if order.asked.get(name) != value}
        if not new and order.waits_for != "information":
            return order
        if order.ended:
            raise TmfError(409, "orderEnded", f"The order is {order.state} already.")
        check_amendment(order, new)
        order.asked, order.amended = order.asked | new, order.amended | new
        callbacks = []
        if order.waits_for == "information" or (
            order.waits_for == "confirmation" and "esimConfirmedAt" in order.asked
        ):
            callbacks = self._resume(order, time.time())
        return await self._done(order, callbacks)

    async def cancel(self, order_id: str, reason: str, item_id: str = "") -> CarrierOrder:
        """Take an order back, or an item of a batch, on the customer's wish. Raises TmfError where it is too late."""
        order = self.find(order_id, item_id)
        if order.state == Outcome.CANCELLED:
            return order
        if order.ended or too_late(order):
            raise TmfError(409, "tooLate", "This order can no longer be cancelled.")
        callbacks = self._end(
            order, Outcome.CANCELLED, "", reason or "Cancelled by the customer.", time.time()
        )
        return await self._done(order, callbacks)

    async def finish(self, order_id: str, outcome: Outcome, message: str = "") -> CarrierOrder:
        """A person ends an order that is running or held. Raises TmfError where it has ended already."""
        order = self._open(order_id)
        now = time.time()
        if outcome is Outcome.HELD:
            callbacks = self._wait(
                order, Pause("information", True, "held", message or MESSAGES[outcome]), now
            )
        elif outcome is Outcome.COMPLETED:
            # Whatever the steps to come would wait for
            for step in order.steps:
                MILESTONES[step].run(self.context, order, by_hand=True)
            callbacks = self._end(order, outcome, "", "", now)
        else:
            callbacks = self._end(order, outcome, "", message or MESSAGES[outcome], now)
        return await self._done(order, callbacks)

    async def resume(self, order_id: str) -> CarrierOrder:
        """A person lets a held order go on, as an amendment would."""
        order = self._open(order_id)
        if order.waits_for != "information":
            raise TmfError(409, "notHeld", "The order waits for no information.")
        return await self._done(order, self._resume(order, time.time()))

    async def advance(self, order_id: str, step: str) -> CarrierOrder:
        """A person takes the next step of an order, for the donor or the device."""
        order = self._open(order_id)
        if order.steps[:1] != [step] or order.state == "held" or order.waits_for == "confirmation":
            raise TmfError(409, "notNext", f"The next step of this order is {' '.join(order.steps[:1])}.")
        return await self._done(order, self._advance(order, time.time(), by_hand=True))

    async def reject_port(self, order_id: str, reason: PortRejection) -> CarrierOrder:
        order = self._open(order_id)
        if order.steps[:1] != ["answered"] or order.state == "held":
            raise TmfError(409, "notNext", "This order does not wait for a donor's answer.")
        answer, now = reject(order, reason), time.time()
        if isinstance(answer, Failure):
            return await self._done(order, self._end(order, answer.outcome, answer.code, answer.message, now))
        return await self._done(order, self._wait(order, answer, now))

    async def set_esim_error(self, order_id: str, kind: EsimTrouble) -> CarrierOrder:
        """The activation code expires, or its download fails."""
        order = self._open(order_id)
        if not may_fail(order) or order.state == "held":
            raise TmfError(409, "notNow", "This order has no eSIM profile that could be downloaded now.")
        return await self._done(order, self._wait(order, trouble(order, kind), time.time()))

    def _open(self, order_id: str) -> CarrierOrder:
        order = self.find(order_id)
        if order.ended:
            raise TmfError(409, "orderEnded", f"The order is {order.state} already.")
        return order

    async def _done(self, order: CarrierOrder, callbacks: list[Callback]) -> CarrierOrder:
        self._save(order)
        callbacks += self._notify_batches(time.time())
        await self._journal.settled()
        self._send(callbacks)
        return order

    async def resend(self, order_id: str) -> CarrierOrder:
        """Tell the product once more how an order stands, whatever the behaviour says of callbacks."""
        order = self.find(order_id)
        heard = msgspec.structs.replace(order, behaviour=Behaviour())
        callbacks = self._notify(heard, time.time()) + self._notify_batches(time.time())
        await self._journal.settled()
        self._send(callbacks)
        return order

    def counts(self) -> dict[str, Any]:
        """Orders by state, and how often each was carried out, by its external id and by number."""
        by_external: Counter[str] = Counter()
        by_line: Counter[str] = Counter()
        for (external_id, msisdn), times in self.effects.items():
            by_external[external_id] += times
            by_line[msisdn] += times
        return {
            "orders": len(self.orders),
            "repeats": self.repeats,
            "states": dict(Counter(order.state for order in self.orders.values())),
            "effects": sum(by_external.values()),
            "by_external_id": dict(by_external),
            "by_line": dict(by_line),
        }

    async def forget_orders(self) -> None:
        """As if no order had ever come; the lines stay as the orders left them."""
        self.orders.clear()
        self.by_external.clear()
        self.batches.clear()
        self._changed.clear()
        self.effects.clear()
        self._due.clear()
        self.repeats = 0
        self._postman.forget(self.code)
        self._journal.add("DELETE FROM orders WHERE carrier = ?", self.code)
        self._journal.add("DELETE FROM effects WHERE carrier = ?", self.code)
        self.books.give_back_all()
        self.sims.forget_all()
        await self._journal.settled()
