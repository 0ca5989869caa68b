"""Moves the orders of one carrier from step to step in their time, and reports each state by callbacks."""

import asyncio
import contextlib
import heapq
import time
from collections import Counter
from typing import Any

import msgspec

from backend.catalog.schemas import CarrierProfile
from backend.core.ids import new_id
from backend.sandbox.carrier.amendments import resume
from backend.sandbox.carrier.behaviour import MESSAGES, Behaviour, EsimTrouble, Outcome
from backend.sandbox.carrier.callbacks import Callback, CallbackSender
from backend.sandbox.carrier.documents import CarrierOrder, TmfError, batch_document, moment, order_document
from backend.sandbox.carrier.line_register import LineRegister
from backend.sandbox.carrier.order_context import Failure, OrderContext, Pause
from backend.sandbox.carrier.order_types import MILESTONES, ORDER_TYPES, seconds_before
from backend.sandbox.carrier.port_ins import executes_at
from backend.sandbox.carrier.script import CarrierScript
from backend.sandbox.carrier.sims import Sims
from backend.sandbox.store import Store

# How much later an overtaken callback leaves
OVERTAKEN_SECONDS = 0.3


class OrderEngine(CarrierScript):
    """State in memory; every change is in the journal in the same transaction as the effect that it counts."""

    def __init__(
        self,
        profile: CarrierProfile,
        number_range: str,
        *,
        store: Store,
        sender: CallbackSender,
        base: Behaviour,
    ) -> None:
        super().__init__(profile.code, store, base, profile.items_per_order)
        self.name = profile.name
        self.orders: dict[str, CarrierOrder] = {}
        # Items of batches, by the batch's id and by its externalId
        self.batches: dict[str, list[CarrierOrder]] = {}
        # Of a batch: the items whose state has changed since its last event
        self._changed: dict[str, list[CarrierOrder]] = {}
        self.books = LineRegister(profile.code, store, number_range)
        self.sims = Sims(profile, self.books, store)
        self.context = OrderContext(profile, self.books, self.sims, self.orders)
        # (external id, number) -> times carried out
        self.effects: Counter[tuple[str, str]] = Counter()
        # Orders that came again and were answered with the first
        self.repeats = 0
        self._postman = sender
        self._due: list[tuple[float, str]] = []
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Move orders on when they are due, for as long as the sandbox runs."""
        while True:
            self._wake.clear()
            pause = self._due[0][0] - time.time() if self._due else None
            if pause is None or pause > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
                continue
            await self._advance_due()

    async def _advance_due(self) -> None:
        now = time.time()
        callbacks: list[Callback] = []
        while self._due and self._due[0][0] <= now:
            order = self.orders.get(heapq.heappop(self._due)[1])
            if order is None or order.due is None or order.due > now:
                # Forgotten, or moved on by a person in the meantime
                continue
            callbacks += self._advance(order, now)
        callbacks += self._notify_batches(now)
        await self._journal.settled()
        self._send(callbacks)

    def _advance(self, order: CarrierOrder, now: float, *, by_hand: bool = False) -> list[Callback]:
        """The next step of an order, and those after it that take no time. `by_hand`: a person insists."""
        while True:
            behaviour, began = order.behaviour, order.state != "acknowledged"
            if began and behaviour.outcome is not Outcome.COMPLETED and not by_hand:
                return self._meet_outcome(order, behaviour, now)
            order.state, order.waits_for, order.code, order.message = "inProgress", "", "", ""
            try:
                answer = MILESTONES[order.steps[0]].run(self.context, order, by_hand=by_hand)
            except TmfError as error:
                # The line has changed since the order was taken: it is gone, say
                answer = Failure(Outcome.FAILED, error.body["code"], error.body["reason"])
            by_hand = False
            if isinstance(answer, Failure):
                return self._end(order, answer.outcome, answer.code, answer.message, now)
            if isinstance(answer, Pause):
                return self._wait(order, answer, now)
            del order.steps[0]
            if not order.steps:
                return self._end(order, Outcome.COMPLETED, "", "", now)
            order.due = now + seconds_before(order, order.steps[0])
            if order.steps[0] == "executing":
                order.due = max(order.due, executes_at(order))
            if order.due > now:
                self._save(order)
                self._schedule(order)
                return self._notify(order, now)

    def _resume(self, order: CarrierOrder, now: float) -> list[Callback]:
        """What an order waited for has come."""
        if order.waits_for == "information":
            resume(self.context, order)
            calm = msgspec.structs.replace(
                order.behaviour, outcome=Outcome.COMPLETED, esim_trouble=EsimTrouble.NONE
            )
            order.behaviour = calm
        order.waits_for, order.state, order.code, order.message = "", "inProgress", "", ""
        order.due = now + seconds_before(order, order.steps[0])
        self._schedule(order)
        return self._notify(order, now) if order.due > now else []

    def _meet_outcome(self, order: CarrierOrder, behaviour: Behaviour, now: float) -> list[Callback]:
        message = behaviour.message or MESSAGES[behaviour.outcome]
        if behaviour.outcome is Outcome.HELD:
            return self._wait(order, Pause("information", True, behaviour.code or "held", message), now)
        return self._end(order, behaviour.outcome, behaviour.code, message, now)

    def _wait(self, order: CarrierOrder, wait: Pause, now: float) -> list[Callback]:
        order.waits_for, order.due = wait.what, None
        order.state = "held" if wait.held else "inProgress"
        order.code, order.message = wait.code, wait.message
        self._save(order)
        return self._notify(order, now)

    def _end(
        self, order: CarrierOrder, outcome: Outcome, code: str, message: str, now: float
    ) -> list[Callback]:
        order.state, order.code, order.message = outcome.value, code, message
        order.due, order.ended_at, order.waits_for = None, now, ""
        if outcome is Outcome.PARTIAL:
            self._carry_out_a_part(order)
        elif outcome is not Outcome.COMPLETED:
            ORDER_TYPES[order.category].rollback(self.context, order)
        if outcome in {Outcome.COMPLETED, Outcome.PARTIAL}:
            self._count(order)
        order.steps = []
        self._save(order)
        return self._notify(order, now)

    def _carry_out_a_part(self, order: CarrierOrder) -> None:
        """The first of the changes, where there are several; nothing else can be half done."""
        order_type = ORDER_TYPES[order.category]
        first = next((name for name in order_type.partial if order.asked.get(name)), None)
        if first is None:
            order_type.rollback(self.context, order)
            return
        part: dict[str, Any] = {name: [] for name in order_type.partial} | {first: order.asked[first][:1]}
        half = msgspec.structs.replace(order, asked=order.asked | part)
        order.reported |= order_type.carry_out(self.context, half)

    def _count(self, order: CarrierOrder) -> None:
        self.effects[order.external_id, order.msisdn] += 1
        self._journal.add(
            "INSERT INTO effects VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            self.code,
            order.external_id,
            order.msisdn,
        )

    def _notify(self, order: CarrierOrder, due: float) -> list[Callback]:
        """Write down the callbacks for the state that an order has just reached; a batch has one for many items."""
        if order.batch:
            self._changed.setdefault(order.batch, []).append(order)
            return []
        return self._call_back(order, order_document(order), due)

    def _notify_batches(self, due: float) -> list[Callback]:
        """Write down an event for each batch of which items have changed; items that behave otherwise have their own."""
        callbacks: list[Callback] = []
        for batch, items in self._changed.items():
            told: dict[tuple[Behaviour, bool], dict[str, CarrierOrder]] = {}
            for order in items:
                told.setdefault((order.behaviour, order.due is None), {})[order.id] = order
            for alike in told.values():
                some = list(alike.values())
                callbacks += self._call_back(some[0], batch_document(self.batches[batch], some), due)
        self._changed.clear()
        return callbacks

    def _call_back(self, order: CarrierOrder, document: dict[str, Any], due: float) -> list[Callback]:
        behaviour = order.behaviour
        # All that is not the end is overtaken
        if behaviour.reorder_callbacks and order.due is not None:
            due += sum(seconds_before(order, step) for step in order.steps) + OVERTAKEN_SECONDS
        event = {
            "eventId": str(new_id()),
            "eventTime": moment(time.time()),
            "eventType": "ServiceOrderStateChangeEvent",
            "event": {"serviceOrder": document},
        }
        body = msgspec.Raw(msgspec.json.encode(event))
        due += behaviour.callback_delay_ms / 1000
        callbacks = [
            Callback(id=str(new_id()), carrier=self.code, order_id=order.id, body=body, due=due)
            for _ in range(2 if behaviour.duplicate_callbacks else 1)
        ]
        for callback in callbacks if behaviour.lose_callbacks else ():
            self._postman.finish(callback, "lost")
        kept = [] if behaviour.lose_callbacks else callbacks
        for callback in kept:
            self._postman.note(callback)
        return kept

    def _send(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            self._postman.send(callback)

    def find(self, order_id: str, item_id: str = "") -> CarrierOrder:
        """An order by itself, or an item of a batch. Raises TmfError."""
        order = self.orders.get(order_id)
        if order is None and (batch := self.batches.get(order_id)):
            order = next((one for one in batch if one.external_id == item_id), None)
        if order is None:
            raise TmfError(404, "notFound", "This order does not exist.")
        return order

    def document(self, order_id: str) -> dict[str, Any]:
        """A service order as it stands. Raises TmfError."""
        if batch := self.batches.get(order_id):
            return batch_document(batch)
        return order_document(self.find(order_id))

    async def settled(self) -> None:
        await self._journal.settled()

    def _save(self, order: CarrierOrder) -> None:
        document = msgspec.json.encode(order)
        self._journal.add("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", self.code, order.id, document)

    def _schedule(self, order: CarrierOrder) -> None:
        if order.due is not None:
            heapq.heappush(self._due, (order.due, order.id))
            self._wake.set()
